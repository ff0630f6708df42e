/**
 * The live region: `announce(text)` has a screen reader say a sentence. Only the number of
 * waiting prompts, new cards and results are said, never output.
 */
import { signal } from "./vendor/signals-core.js";
import { visible } from "./text.js";

/** The last sentence. */
export const spoken = signal("");

/** @param {string} text */
export function announce(text) {
  spoken.value = visible(text);
}
