/**
 * What a person types into a terminal, from any view of it.
 *
 * - `type(id, text)` types text exactly as it is, and resolves to whether ANT accepted it.
 * - `isReadOnly` is the switch that stops all typing of this page.
 * - `inputNote` says why the last input was not typed.
 * - `cleaned(text)` and `mayPaste(text, isBracketed)` are for what comes from a clipboard.
 *
 * Nothing is kept for later: what cannot be sent now is not typed.
 */
import { said } from "./api.js";
import { request } from "./connection.js";
import { ask } from "./parts.js";
import { may } from "./state.js";
import { count } from "./text.js";
import { signal } from "./vendor/signals-core.js";

export const isReadOnly = signal(false);
export const inputNote = signal("");

/** Whether this page may type now. */
export const mayType = () => may("type") && !isReadOnly.value;

/**
 * @param {string} id
 * @param {string} text Sent as UTF-8. Enter is `\r`.
 * @returns {Promise<boolean>}
 */
export async function type(id, text) {
  if (!mayType()) {
    inputNote.value = may("type") ? "This page is read-only. Nothing was typed." : "This sign-in may not type.";
    return false;
  }
  try {
    await request({ type: "terminal_input", sessionId: id, data: text });
    if (inputNote.value) inputNote.value = "";
    return true;
  } catch (error) {
    inputNote.value = `Not typed, or not known to be: ${said(error)}`;
    return false;
  }
}

/** A text without control characters but tabs and line ends: a paste must not press keys. @param {string} text */
export const cleaned = (text) => text.replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]/g, "");

/**
 * Ask before a paste that the program would run line by line.
 *
 * @param {string} text
 * @param {boolean} isBracketed Whether the program marks pastes, so that it runs nothing.
 */
export async function mayPaste(text, isBracketed) {
  if (isBracketed || !/[\r\n]/.test(text)) return true;
  const lines = count(text.split(/\r\n|\r|\n/).length, "line");
  return ask({ title: `Paste ${lines}?`, text: "The program may run each line at once.", yes: "Paste" });
}
