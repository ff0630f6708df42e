/**
 * The leader: the one key in a terminal that is the page's, and not the program's.
 *
 * - `leader` is a signal, such as `Ctrl+]`. This browser keeps it.
 * - `isLeader(event)` says whether a key is it; `leaderName(event)` names a key that may be.
 * - `leaderDialog()` asks for another one: keyboards have `]` in many places.
 */
import { keep, kept } from "./kept.js";
import { announce } from "./live.js";
import { dialog } from "./parts.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

const STORED = "ant.leader";
export const USUAL = "Ctrl+]";

export const leader = signal(kept(STORED) || USUAL);

/**
 * The name of a key that may be the leader: with Ctrl or Alt, or F1 to F24. Others are
 * typed all the time.
 *
 * @param {KeyboardEvent} event
 * @returns {string} Empty for a key that may not be.
 */
export function leaderName({ key, ctrlKey, altKey, metaKey }) {
  if (metaKey) return "";
  const held = `${ctrlKey ? "Ctrl+" : ""}${altKey ? "Alt+" : ""}`;
  if (/^F\d\d?$/.test(key)) return held + key;
  if (key === " ") return held && `${held}Space`;
  return held && key.length === 1 ? held + key.toUpperCase() : "";
}

/** @param {KeyboardEvent} event */
export const isLeader = (event) => leaderName(event) === leader.value;

/** @param {string} name */
export function setLeader(name) {
  leader.value = name;
  keep(STORED, name);
  announce(`The leader is ${name}.`);
}

export function leaderDialog() {
  const refused = signal("");
  dialog("Press the new leader", (close) => {
    const pressed = (/** @type {KeyboardEvent} */ event) => {
      if (["Escape", "Tab", "Control", "Shift", "Alt", "Meta", "AltGraph"].includes(event.key)) return;
      event.preventDefault();
      const name = leaderName(event);
      if (!name) return void (refused.value = "It needs Ctrl or Alt, or is a function key.");
      setLeader(name);
      close();
    };
    return html`<p>Ctrl or Alt with a character, or a function key. The browser keeps some for itself, such as Ctrl+W.</p>
      ${refused.value ? html`<p class="note" role="alert">${refused.value}</p>` : ""}
      <div class="actions">
        <button class="button" @click=${close}>Cancel</button>
        <button class="button first" autofocus @keydown=${pressed}>Press a key now</button>
      </div>`;
  });
}
