/**
 * The options of a prompt, as buttons: their order is the program's, their weight is ours.
 *
 * An option that allows more than this once has a dashed border and is never the first in
 * weight. The page sends an option by its place in the list, never a key.
 */
import { visible } from "./text.js";

/** `LASTING` of `ant/terminal/model/prompt.py`; a test holds both together. */
export const LASTING =
  "\\b(always|never|don.t ask|do not ask|session|every|all|remember|again|auto\\w*|" +
  "forever|and|any|permanent\\w*|until|hours?|minutes?|days?|whole|entire|everything|" +
  "future|from now|without|bypass|full access|yolo)\\b";

const lasting = new RegExp(LASTING, "i");
const refuses = /^\W*(no|n|deny|reject|decline|cancel|abort|quit|exit)\b/i;

/**
 * @typedef {object} Choice
 * @property {number} index
 * @property {string} digit The key that chooses it: `1` to `9`, or empty.
 * @property {string} label
 * @property {boolean} isLasting Whether it allows more than this once.
 * @property {boolean} isFirst Whether it is the first in weight.
 * @property {boolean} isDenial Whether it refuses.
 * @property {boolean | null} checked Null if it has no box.
 */

/** @param {import("./types.js").Prompt} prompt @returns {Choice[]} */
export function choicesOf(prompt) {
  const lasts = prompt.options.map(
    ({ label, lasting: isTold }) => isTold || (lasting.test(label) && !refuses.test(label)),
  );
  const first = lasts.indexOf(false);
  return prompt.options.map((option, index) => ({
    index,
    digit: index < 9 ? String(index + 1) : "",
    label: visible(option.label) || visible(option.keys) || "(no label)",
    isLasting: lasts[index],
    isFirst: index === first,
    isDenial: refuses.test(option.label),
    checked: option.checked,
  }));
}

/** Whether a line of text answers the prompt. @param {import("./types.js").Prompt} prompt */
export const takesText = (prompt) => prompt.form === "line" || prompt.form === "secret";
