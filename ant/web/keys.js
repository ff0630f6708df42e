/**
 * The keys of the page. A field, a dialog and a terminal keep their keys.
 *
 * - `listen()` starts. `KEYS` is the list that `?` shows.
 * - An element with `data-item` is a stop of `j` and `k`. Enter opens the link with
 *   `data-open` in it. An element with `data-keys="own"` gets every key but the leader.
 */
import { answerByDigit } from "./inbox.js";
import { leader } from "./leader.js";
import { openPalette } from "./palette.js";
import { dialog } from "./parts.js";
import { go, route } from "./router.js";
import { html } from "./vendor/lit-html.js";

/** @type {[string, string][]} */
export const KEYS = [
  ["n", "next waiting card"],
  ["1 … 9", "choose this option, on a focused card"],
  ["j k", "next, previous"],
  ["Enter", "open the terminal"],
  ["/", "search"],
  ["g i", "inbox"],
  ["g f", "fleet"],
  ["g r", "rooms"],
  ["g s", "settings"],
  ["Ctrl K", "commands"],
  ["?", "this list"],
];

/** @type {Record<string, string>} */
const PLACES = { i: "inbox", f: "fleet", r: "rooms", s: "settings" };
const GO_MS = 1500;
/** Frames to wait for a screen, at most: half a second. */
const FRAMES = 30;

let goAt = 0;

export function listen() {
  addEventListener("keydown", pressed);
}

/** Whether an element takes text or keys by itself. @param {Element | null} element */
function keepsKeys(element) {
  if (!element) return false;
  return (
    element.matches("input, textarea, select, [contenteditable]") ||
    element.closest("dialog, [data-keys=own]") !== null
  );
}

/** @param {KeyboardEvent} event */
function pressed(event) {
  const element = document.activeElement;
  if (event.isComposing || event.defaultPrevented) return;
  if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
    if (element?.closest("[data-keys=own]")) return;
    event.preventDefault();
    return openPalette();
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape" && element?.matches("input, textarea")) {
    return /** @type {HTMLElement} */ (element).blur();
  }
  if (keepsKeys(element)) return;
  const card = element?.closest("article.card");
  if (/^[1-9]$/.test(event.key) && card) {
    event.preventDefault();
    // A key that is held down is one answer and no second one.
    if (!event.repeat) answerByDigit(/** @type {HTMLElement} */ (card), event.key);
    return;
  }
  if (performance.now() - goAt < GO_MS && PLACES[event.key]) {
    goAt = 0;
    event.preventDefault();
    return go(PLACES[event.key]);
  }
  const act = ACTS[event.key];
  if (!act) return;
  if (act(element) !== false) event.preventDefault();
}

/** @type {Record<string, (element: Element | null) => boolean | void>} */
const ACTS = {
  g: () => void (goAt = performance.now()),
  j: (element) => step(element, 1),
  k: (element) => step(element, -1),
  n: () => nextCard(),
  "/": () => focusSearch(),
  "?": () => showKeys(),
  Enter: (element) => {
    if (!element?.matches("[data-item]:not(a, button)")) return false;
    const link = element.querySelector("[data-open]");
    if (link instanceof HTMLElement) link.click();
  },
};

/** @param {Element | null} element @param {number} by */
function step(element, by) {
  const items = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("main [data-item]")]);
  if (!items.length) return;
  const at = items.indexOf(/** @type {HTMLElement} */ (element?.closest("[data-item]")));
  focus(items[Math.min(items.length - 1, Math.max(0, at < 0 ? 0 : at + by))]);
}

/** @param {HTMLElement} item */
function focus(item) {
  item.focus({ preventScroll: true });
  item.scrollIntoView({ block: "nearest" });
}

function nextCard() {
  if (route.value.name !== "inbox") {
    go("inbox");
    whenShown(".screen-inbox", focusCard, FRAMES);
  } else {
    focusCard();
  }
}

/** Run a function once an element is drawn. @param {string} selector @param {() => void} fn @param {number} frames */
function whenShown(selector, fn, frames) {
  if (document.querySelector(selector)) fn();
  else if (frames) requestAnimationFrame(() => whenShown(selector, fn, frames - 1));
}

/** Focus the open card after the focused one, or the first. */
function focusCard() {
  const open = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("article.card.open")]);
  if (!open.length) return;
  const now = document.activeElement?.closest("article.card");
  const isAfter = (/** @type {HTMLElement} */ each) =>
    now && now.compareDocumentPosition(each) & Node.DOCUMENT_POSITION_FOLLOWING;
  focus(open.find((each) => each !== now && isAfter(each)) ?? open[0]);
}

function focusSearch() {
  const field = document.querySelector("main input[type=search]") ?? document.getElementById("find");
  if (field instanceof HTMLElement && field.offsetParent !== null) field.focus();
  else go("search");
}

function showKeys() {
  dialog(
    "Keys",
    (close) => html`<dl class="keys">
        ${[...KEYS, [leader.value, "in a terminal: the next key is the page's"]].map(([key, text]) => html`<dt><kbd>${key}</kbd></dt><dd>${text}</dd>`)}
      </dl>
      <div class="actions"><button class="button" autofocus @click=${close}>Close</button></div>`,
  );
}
