/**
 * Parts that several screens use.
 *
 * - `stateMark(session)` is the shape and the word of a state.
 * - `whereOf(session)` is its rooms and its folder, such as `#release · /srv/app`.
 * - `agentOf(session)` is the name of the agent CLI in a terminal, if one is known.
 * - `marked(snippet)` is a text in which a search has marked what it found.
 * - `emptyState(title, text)` and `errorState(text, retry)` stand for missing content.
 * - `ask({title, text, yes})` asks once before something is destroyed; true if agreed.
 * - `dialog(title, view)` opens a dialog and returns a function that closes it.
 */
import { drawn } from "./drawing.js";
import { agents, places, STATES, stateOf } from "./state.js";
import { folderOf, visible } from "./text.js";
import { html } from "./vendor/lit-html.js";

/** @typedef {import("./types.js").Session} Session */

/** @param {string} state A key of `STATES`. @param {string} [word] In place of the state's own. */
export function mark(state, word = STATES[state].word) {
  const { glyph } = STATES[state];
  return html`<span class="state state-${state}"><span aria-hidden="true">${glyph}</span> ${word}</span>`;
}

/** @param {Session} session */
export const stateMark = (session) => mark(stateOf(session), endOf(session));

/** How a program ended, if it did not end well. @param {Session} session */
function endOf(session) {
  if (session.status !== "exited" || !session.terminal) return undefined;
  const { exit_code: code, exit_signal: signal } = session.terminal;
  return code ? `exit ${code}` : signal ? `signal ${signal}` : undefined;
}

/** @param {Session | undefined} session */
export function agentOf(session) {
  if (!session) return "";
  const rule = agents.value.get(session.id)?.rule ?? "";
  const driver = rule.includes("/") && !rule.startsWith("shell/") ? rule.split("/")[0] : "";
  return visible(session.cli_flag ?? driver);
}

/** @param {Session | undefined} session */
export function whereOf(session) {
  const place = places.value.get(session?.id ?? "");
  const rooms = (place?.rooms ?? []).map(({ name }) => `#${visible(name)}`);
  return [...rooms, visible(place?.folder) || folderOf(session)].filter(Boolean).join(" · ");
}

/** A text with `<mark>…</mark>` in it. It is split, and never parsed as HTML. @param {string} snippet */
export function marked(snippet) {
  return snippet.split(/<\/?mark>/).map((part, i) => (i % 2 ? html`<mark>${visible(part)}</mark>` : visible(part)));
}

/** @param {string} title @param {unknown} [text] */
export function emptyState(title, text = "") {
  return html`<div class="empty"><p class="empty-title">${title}</p><p>${text}</p></div>`;
}

/** @param {string} text @param {() => void} [retry] */
export function errorState(text, retry) {
  return html`<div class="problem" role="alert">
    <p>${visible(text)}</p>
    ${retry ? html`<button class="button" @click=${retry}>Try again</button>` : ""}
  </div>`;
}

/**
 * @param {string} title
 * @param {(close: () => void) => unknown} view
 * @param {{wide?: boolean, bare?: boolean, closed?: () => void}} [options] `bare` has no heading.
 * @returns {() => void} Closes it.
 */
export function dialog(title, view, { wide = false, bare = false, closed } = {}) {
  const element = document.createElement("dialog");
  element.className = wide ? "dialog wide" : "dialog";
  element.setAttribute("aria-label", title);
  document.body.append(element);
  const close = () => element.close();
  const stop = drawn(
    () => html`${bare ? "" : html`<h2>${title}</h2>`}${view(close)}`,
    element,
  );
  element.addEventListener("close", () => {
    stop();
    element.remove();
    closed?.();
  });
  // A click beside the dialog closes it.
  element.addEventListener("pointerdown", (event) => event.target === element && close());
  element.showModal();
  return close;
}

/**
 * @param {{title: string, text: string, yes: string}} words
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, yes }) {
  return new Promise((resolve) => {
    let agreed = false;
    dialog(
      title,
      (close) => html`
        <p>${text}</p>
        <div class="actions">
          <button class="button" autofocus @click=${close}>Keep</button>
          <button class="button danger" @click=${() => ((agreed = true), close())}>${yes}</button>
        </div>`,
      { closed: () => resolve(agreed) },
    );
  });
}
