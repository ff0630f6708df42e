/**
 * The screen of a terminal: at a desk xterm.js, on a phone rows of text, or its transcript
 * at an offset (`#/terminal/ID?offset=4096`); beside it what happened in it.
 */
import { cards } from "./cards.js";
import { link, onFrame } from "./connection.js";
import { cardView } from "./inbox.js";
import { keep, kept } from "./kept.js";
import { openPalette } from "./palette.js";
import { errorState, stateMark, whereOf } from "./parts.js";
import { go } from "./router.js";
import { sessionMenu } from "./session_dialogs.js";
import { may, sessions } from "./state.js";
import { Emulator } from "./terminal_emulator.js";
import { HistoryView } from "./terminal_history.js";
import { inputNote, isReadOnly } from "./terminal_input.js";
import { PhoneView } from "./terminal_phone.js";
import { TerminalSide } from "./terminal_side.js";
import { nameOf, visible } from "./text.js";
import { html, nothing } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {import("./router.js").Route} Route */
/**
 * @typedef {object} Shown
 * @property {string} id
 * @property {Emulator | null} emulator
 * @property {PhoneView | null} phone
 * @property {HistoryView | null} history
 * @property {TerminalSide} side
 */

const SIDE = "ant.terminal.side";
const NARROW = matchMedia("(max-width: 1099px)");

const shown = signal(/** @type {Shown | null} */ (null));
const hasSide = signal(kept(SIDE) !== "closed" && !NARROW.matches);

/** Where a key after the leader leads. @type {Record<string, () => void>} */
const LEADS = {
  k: openPalette,
  i: () => go("inbox"),
  f: () => go("fleet"),
  r: () => go("rooms"),
  s: () => go("settings"),
  n: () => go("inbox"),
};

/** @param {Route} route */
export function enterTerminal({ id, query }) {
  const side = new TerminalSide(id);
  const offset = query.get("offset");
  const isCoarse = matchMedia("(pointer: coarse)").matches;
  const history = offset !== null && /^\d{1,15}$/.test(offset) ? new HistoryView(id, Number(offset)) : null;
  const phone = !history && isCoarse ? new PhoneView(id) : null;
  const emulator = history || phone ? null : new Emulator(id);
  inputNote.value = "";
  if (NARROW.matches) hasSide.value = false;
  shown.value = { id, emulator, phone, history, side };
  const stops = [side.watch(), () => (shown.value = null)];
  // The events of the terminal come over the same join as its output.
  stops.push(onFrame("*", (frame) => {
    if (frame.sessionId === id) side.heard(frame);
    if (frame.type === "gap" && frame.scope === "events") void side.read();
  }));
  void side.read();
  if (phone) stops.push(phone.watch());
  if (emulator) {
    stops.push(() => emulator.close());
    emulator.element.addEventListener("leader", (event) => leader(/** @type {CustomEvent} */ (event).detail));
    void emulator.open().then(() => {
      if (!document.activeElement?.closest("input, textarea, dialog")) emulator.focus();
    });
  }
  const view = globalThis.visualViewport;
  const follow = () => {
    const isOpen = view !== null && view.height < innerHeight * 0.8;
    document.documentElement.style.setProperty("--view", view ? `${view.height}px` : "100dvh");
    document.documentElement.classList.toggle("keyboard", isOpen);
  };
  if (phone && view) {
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
function leader(key) {
  const act = LEADS[key.toLowerCase()];
  if (act) act();
  else document.querySelector(/** @type {any} */ (".screen-terminal h1"))?.focus();
}

function toggleSide() {
  hasSide.value = !hasSide.value;
  if (!NARROW.matches) keep(SIDE, hasSide.value ? "open" : "closed");
}

/** @param {Shown} it */
function sizePart({ emulator, phone }) {
  const view = emulator ?? phone;
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
  const title = visible(it.emulator?.title.value || it.phone?.title.value);
  return html`<header class="terminal-bar">
    ${session ? stateMark(session) : ""}
    <h1 tabindex="-1" title=${name}><bdi>${name}</bdi></h1>
    <span class="where" title="${whereOf(session)} ${title}"><bdi>${whereOf(session)}</bdi>${title ? html` · <bdi>${title}</bdi>` : ""}</span>
    ${sizePart(it)}
    ${may("type")
      ? html`<button class="button small" aria-pressed=${String(isReadOnly.value)} @click=${() => (isReadOnly.value = !isReadOnly.value)}>Read only</button>`
      : ""}
    <button class="button small" aria-pressed=${String(hasSide.value)} @click=${toggleSide}>Timeline</button>
    <button class="button small more" aria-label="Actions of ${name}" @click=${() => sessionMenu(it.id)}>⋯</button>
  </header>`;
}

/** @param {Emulator | null} emulator */
function copyPart(emulator) {
  const text = emulator?.copy.value;
  if (!emulator || !text) return "";
  const done = () => (emulator.copy.value = "");
  const copy = () => {
    void navigator.clipboard?.writeText(text).catch(() => (inputNote.value = "The browser refused the clipboard."));
    done();
  };
  return html`<p class="strip">The program wants to copy <bdi class="mono">${visible(text.slice(0, 60))}</bdi>
    <button class="button small" @click=${copy}>Copy</button> <button class="button small" @click=${done}>No</button></p>`;
}

/** @param {Shown} it */
function strips({ emulator, phone }) {
  const status = emulator?.status.value || phone?.failure.value;
  return html`${link.value.state === "away" ? html`<p class="strip">Not connected. What you type goes nowhere until the page is back.</p>` : ""}
    ${inputNote.value ? html`<p class="strip" role="alert"><bdi>${visible(inputNote.value)}</bdi></p>` : ""}
    ${emulator?.leads.value ? html`<p class="strip">Ctrl+] and then: <kbd>k</kbd> commands, <kbd>i</kbd> inbox, <kbd>f</kbd> fleet, <kbd>Esc</kbd> leave the terminal, <kbd>Ctrl+]</kbd> itself</p>` : ""}
    ${status ? html`<p class="strip"><bdi>${visible(status)}</bdi></p>` : ""}
    ${copyPart(emulator)}`;
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
  return html`<div class="screen-terminal ${it.phone ? "phone" : ""} ${hasSide.value ? "with-side" : ""}">
    <section class="terminal-main" data-fit aria-label="Terminal ${name}">
      ${bar(it)}
      ${card ? cardView(card) : ""}
      <div class="ground ${it.history ? "of-history" : "of-screen"}" role="region" tabindex=${it.phone ? 0 : nothing} aria-label="Screen of ${name}">
        ${it.history ? it.history.view() : (it.emulator ?? it.phone)?.element}
      </div>
      ${strips(it)}
      ${it.phone && may("type") ? it.phone.keys() : ""}
    </section>
    ${hasSide.value ? it.side.view() : ""}
  </div>`;
}
