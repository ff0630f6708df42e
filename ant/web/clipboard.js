/**
 * The clipboard of the browser, also on a page that came by http from another machine:
 * there a browser lends it only by the old command, and only for writing.
 *
 * - `copyText(text)` resolves to whether the text is on the clipboard.
 * - `readClipboard()` resolves to its text, or throws a sentence for a person.
 */

/** @param {string} text @returns {Promise<boolean>} */
export async function copyText(text) {
  try {
    if (navigator.clipboard) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // It was refused; the old command may be allowed.
  }
  const field = document.createElement("textarea");
  field.value = text;
  // A dialog keeps the focus in itself.
  const place = document.querySelector("dialog[open]") ?? document.body;
  const before = document.activeElement;
  place.append(field);
  field.select();
  const done = document.execCommand("copy");
  field.remove();
  if (before instanceof HTMLElement) before.focus();
  return done;
}

/** @returns {Promise<string>} */
export async function readClipboard() {
  if (!navigator.clipboard) {
    throw new Error("A browser gives its clipboard to https pages only. Paste into the line instead.");
  }
  try {
    return await navigator.clipboard.readText();
  } catch {
    throw new Error("The browser refused its clipboard. Allow it for this page, or paste into the line.");
  }
}
