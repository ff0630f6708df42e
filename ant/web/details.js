/**
 * What a permission is about, exactly: the command, the edit, or whatever a tool gets.
 *
 * `detailsView(details)` is a template of the `details` of a prompt, which an agent's own
 * hook reported. All of it is text from outside. Nothing is cut here: what is long scrolls.
 */
import { visible } from "./text.js";
import { html } from "./vendor/lit-html.js";

/** @typedef {import("./types.js").PromptDetails} PromptDetails */

/** Fields of many lines, and what stands before each of their lines. @type {Record<string, string>} */
const TEXTS = { command: "", plan: "", old_string: "- ", new_string: "+ ", content: "+ ", new_source: "+ " };
const KINDS = /** @type {Record<string, string>} */ ({ "- ": "removed", "+ ": "added" });

/** @param {string} name @param {string} text */
function textView(name, text) {
  const before = TEXTS[name];
  const lines = visible(text.replace(/\n$/, ""), { lines: true }).replace(/^/gm, before);
  return html`<pre class="screen exact ${KINDS[before] ?? ""}" tabindex="0" role="region" aria-label=${name.replaceAll("_", " ")}>${lines}</pre>`;
}

/** @param {string} name @param {unknown} value */
function factView(name, value) {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return html`<p class="fact"><span class="hint">${visible(name).replaceAll("_", " ")}</span> <bdi class="mono">${visible(text, { lines: true })}</bdi></p>`;
}

/** @param {[string, unknown]} field @returns {unknown} */
function fieldView([name, value]) {
  if (typeof value === "string" && name in TEXTS) return textView(name, value);
  const isList = Array.isArray(value) && value.length > 0 && value.every((each) => each !== null && typeof each === "object");
  return isList ? value.map(fieldsView) : factView(name, value);
}

/** The short facts first, such as a path; then the texts, in the order of the tool. @param {Record<string, unknown>} input */
function fieldsView(input) {
  const isText = (/** @type {[string, unknown]} */ [name, value]) => name in TEXTS && typeof value === "string";
  const all = Object.entries(input);
  return [...all.filter((each) => !isText(each)), ...all.filter(isText)].map(fieldView);
}

/** @param {PromptDetails | null | undefined} details */
export function detailsView(details) {
  if (!details) return "";
  const { tool, input, folder, mode, complete } = details;
  const facts = { ...(folder ? { folder } : {}), ...(mode && mode !== "default" ? { mode } : {}) };
  return html`<div class="details" role="group" aria-label="What ${visible(tool)} would do">
    ${fieldsView({ ...facts, ...input })}
    ${complete ? "" : html`<p class="note">The agent's input is longer than this. Look at its screen.</p>`}
  </div>`;
}
