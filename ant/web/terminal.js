/**
 * The screen of a terminal: at a desk xterm.js; on a phone, for who only views, and where
 * the reader wants text, rows of text; or its transcript at an offset
 * (`#/terminal/ID?offset=4096`). Beside it is what happened in it.
 */
import { cards } from "./cards.js";
import { copyText } from "./clipboard.js";
import { link, onFrame } from "./connection.js";
import { cardView } from "./inbox.js";
import { keep, kept } from "./kept.js";
import { leader } from "./leader.js";
import { openPalette } from "./palette.js";
import { errorState, stateMark, whereOf } from "./parts.js";
import { COARSE } from "./renderer.js";
import { go } from "./router.js";
import { sessionMenu } from "./session_dialogs.js";
import { loaded, may, sessions } from "./state.js";
import { Emulator } from "./terminal_emulator.js";
import { formOf, HistoryView } from "./terminal_history.js";
import { inputNote, isReadOnly } from "./terminal_input.js";
import { TextView } from "./terminal_text.js";
import { TerminalSide } from "./terminal_side.js";
import { nameOf, visible } from "./text.js";
import { html, nothing } from "./vendor/lit-html.js";
import { computed, effect, signal, untracked } from "./vendor/signals-core.js";

/** @typedef {import("./router.js").Route} Route */
/**
 * @typedef {object} Shown
 * @property {string} id
 * @property {Emulator | null} emulator
 * @property {TextView | null} text
 * @property {HistoryView | null} history
 * @property {TerminalSide} side
 */

const SIDE = "ant.terminal.side";
const TEXT = "ant.terminal.text";
const NARROW = matchMedia("(max-width: 1099px)");

const shown = signal(/** @type {Shown | null} */ (null));
const hasSide = signal(kept(SIDE) !== "closed" && !NARROW.matches);

/** Whether this browser shows screens as text, though it could draw them. */
const asText = signal(kept(TEXT) === "1");
const isViewer = computed(() => loaded.value && !may("type"));
const isRows = computed(() => COARSE || asText.value || isViewer.value);

/** Where a key after the leader leads. @type {Record<string, () => void>} */
const LEADS = {
  k: openPalette,
  i: () => go("inbox"),
  f: () => go("fleet"),
  r: () => go("rooms"),
  s: () => go("settings"),
  n: () => go("inbox"),
  "/": () => openFind(),
};

/** @param {Route} route */
export function enterTerminal(route) {
  let leave = () => {};
  const stop = effect(() => {
    const rows = isRows.value;
    untracked(() => {
      leave();
      leave = open(route, rows);
    });
  });
  return () => (stop(), leave());
}

/** @param {URLSearchParams} query @param {string} name @returns {number | null} */
function numberOf(query, name) {
  const text = query.get(name) ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** @param {Route} route @param {boolean} rows Whether to show rows of text. */
function open({ id, query }, rows) {
  const side = new TerminalSide(id);
  const offset = numberOf(query, "offset");
  const history = offset === null ? null : new HistoryView(id, offset, formOf(query.get("as")), numberOf(query, "line"));
  const text = !history && rows ? new TextView(id) : null;
  const emulator = history || text ? null : new Emulator(id);
  inputNote.value = "";
  if (NARROW.matches) hasSide.value = false;
  shown.value = { id, emulator, text, history, side };
  const stops = [side.watch(), () => (shown.value = null)];
  // The events of the terminal come over the same join as its output.
  stops.push(onFrame("*", (frame) => {
    if (frame.sessionId === id) side.heard(frame);
    if (frame.type === "gap" && frame.scope === "events") void side.read();
  }));
  void side.read();
  if (text) {
    stops.push(text.watch());
    if (!COARSE) requestAnimationFrame(() => requestAnimationFrame(() => text.focus()));
  }
  if (emulator) {
    stops.push(() => emulator.close());
    emulator.element.addEventListener("leader", (event) => led(/** @type {CustomEvent} */ (event).detail));
    void emulator.open().then(() => {
      if (!document.activeElement?.closest("input, textarea, dialog")) emulator.focus();
    });
  }
  const view = globalThis.visualViewport;
  const follow = () => {
    // Who zooms in sees less of the page, too, but has no keyboard on it.
    const height = view ? view.height * view.scale : innerHeight;
    const isOpen = height < innerHeight * 0.8;
    document.documentElement.style.setProperty("--view", view ? `${height}px` : "100dvh");
    document.documentElement.classList.toggle("keyboard", isOpen);
  };
  if (text && view) {
    follow();
    view.addEventListener("resize", follow);
    stops.push(() => {
      view.removeEventListener("resize", follow);
      document.documentElement.classList.remove("keyboard");
    });
  }
  return () => stops.forEach((each) => each());
}

/** @param {string} key The key after the leader. */
function led(key) {
  const act = LEADS[key.toLowerCase()];
  if (act) act();
  else document.querySelector(/** @type {any} */ (".screen-terminal h1"))?.focus();
}

/** Show the column, with the cursor in its search. */
function openFind() {
  hasSide.value = true;
  // It is drawn before the next frame but one.
  const focus = () => /** @type {HTMLElement | null} */ (document.querySelector(".side input[type=search]"))?.focus();
  requestAnimationFrame(() => requestAnimationFrame(focus));
}

function toggleText() {
  asText.value = !asText.value;
  keep(TEXT, asText.value ? "1" : "");
}

function toggleSide() {
  hasSide.value = !hasSide.value;
  if (!NARROW.matches) keep(SIDE, hasSide.value ? "open" : "closed");
}

/** @param {Shown} it */
function sizePart({ emulator, text }) {
  const view = emulator ?? text;
  const size = view?.size.value;
  if (!view || !size) return "";
  const owner = {
    self: "sized by this page",
    other: size.handle ? `sized by ${visible(size.handle)}` : "sized by another page",
    nobody: "nobody's size",
  };
  return html`<span class="size">${size.cols}×${size.rows}, <bdi>${owner[size.owner]}</bdi></span>
    ${may("type") && size.owner !== "self"
      ? html`<button class="button small" title="Take the size until you leave this screen" ?disabled=${isReadOnly.value} @click=${() => view.fit()}>Fit to this screen</button>`
      : ""}`;
}

/** @param {Shown} it */
function bar(it) {
  const session = sessions.value.get(it.id);
  const name = nameOf(session);
  const title = visible(it.emulator?.title.value || it.text?.title.value);
  return html`<header class="terminal-bar">
    ${session ? stateMark(session) : ""}
    <h1 tabindex="-1" title=${name}><bdi>${name}</bdi></h1>
    <span class="where" title="${whereOf(session)} ${title}"><bdi>${whereOf(session)}</bdi>${title ? html` · <bdi>${title}</bdi>` : ""}</span>
    ${sizePart(it)}
    ${may("type") && !it.history
      ? html`<button class="button small" aria-pressed=${String(isReadOnly.value)} @click=${() => (isReadOnly.value = !isReadOnly.value)}>Read only</button>`
      : ""}
    ${it.history || COARSE || isViewer.value
      ? ""
      : html`<button class="button small" title="Rows of text, for reading aloud and for selection" aria-pressed=${String(asText.value)} @click=${toggleText}>Text</button>`}
    <button class="button small" aria-pressed=${String(hasSide.value)} @click=${toggleSide}>Timeline</button>
    <button class="button small more" aria-label="Actions of ${name}" @click=${() => sessionMenu(it.id)}>⋯</button>
  </header>`;
}

/** @param {Emulator | null} emulator */
function copyPart(emulator) {
  const text = emulator?.copy.value;
  if (!emulator || !text) return "";
  const done = () => (emulator.copy.value = "");
  const copy = async () => {
    done();
    if (!(await copyText(text))) inputNote.value = "The browser refused the clipboard. Nothing was copied.";
  };
  return html`<p class="strip">The program wants to copy <bdi class="mono">${visible(text.slice(0, 60))}</bdi>
    <button class="button small" @click=${copy}>Copy</button> <button class="button small" @click=${done}>No</button></p>`;
}

/** @param {Shown} it */
function strips({ emulator, text }) {
  const status = emulator?.status.value || text?.failure.value;
  return html`${link.value.state === "away" ? html`<p class="strip">Not connected. What you type goes nowhere until the page is back.</p>` : ""}
    ${inputNote.value ? html`<p class="strip" role="alert"><bdi>${visible(inputNote.value)}</bdi></p>` : ""}
    ${emulator?.leads.value ? html`<p class="strip">${leader.value} and then: <kbd>k</kbd> commands, <kbd>/</kbd> find, <kbd>i</kbd> inbox, <kbd>f</kbd> fleet, <kbd>Esc</kbd> leave the terminal, <kbd>${leader.value}</kbd> itself</p>` : ""}
    ${status ? html`<p class="strip"><bdi>${visible(status)}</bdi></p>` : ""}
    ${copyPart(emulator)}`;
}

/** Rows are the screen of now; what left it is in the transcript. @param {TextView} view */
function earlier(view) {
  return html`<button class="earlier" @click=${() => go("terminal", view.id, { offset: view.offset })}>↑ Earlier output</button>`;
}

/** The screen. @param {Route} route */
export function terminal({ id }) {
  const it = shown.value;
  if (!it || it.id !== id) return "";
  if (!sessions.value.has(id) && !it.history) {
    return html`<div class="screen-lost">${errorState("There is no such terminal, or it was archived or deleted.")}</div>`;
  }
  const card = cards.value.find((each) => each.id === id);
  const name = nameOf(sessions.value.get(id));
  return html`<div class="screen-terminal ${it.text ? "as-text" : ""} ${hasSide.value ? "with-side" : ""}">
    <section class="terminal-main" data-fit aria-label="Terminal ${name}">
      ${bar(it)}
      ${card ? cardView(card) : ""}
      <div class="ground ${it.history ? "of-history" : "of-screen"}" role="region" tabindex=${it.text ? 0 : nothing} aria-label="Screen of ${name}">
        ${it.text ? earlier(it.text) : ""} ${it.history ? it.history.view() : (it.emulator ?? it.text)?.element}
      </div>
      ${strips(it)}
      ${it.text && may("type") ? it.text.keys() : ""}
    </section>
    ${hasSide.value ? it.side.view() : ""}
  </div>`;
}
