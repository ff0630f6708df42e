/**
 * The start of the page, and its frame: the top bar, the navigation, the screen.
 *
 * A screen is one module; `SCREENS` names its view. A view is a function that returns a
 * template and reads signals. A screen that needs to know when it is shown or left
 * exports `enter(route)`, which may return a function that runs when it is left.
 */
import { onSignedOut } from "./api.js";
import * as cards from "./cards.js";
import { connect, link, signOut } from "./connection.js";
import { drawn } from "./drawing.js";
import { fleet, enterFleet } from "./fleet.js";
import { inbox } from "./inbox.js";
import { listen } from "./keys.js";
import { spoken } from "./live.js";
import * as notices from "./notices.js";
import { openPalette } from "./palette.js";
import { errorState } from "./parts.js";
import { enterRoom, room } from "./room.js";
import { rooms as roomsScreen } from "./rooms.js";
import { go, href, route } from "./router.js";
import { enterSearch, search } from "./search.js";
import { enterSettings, settings } from "./settings.js";
import { signIn } from "./sign_in.js";
import { counts, follow, load, loaded, loadError, may, rooms, STATES, terminals } from "./state.js";
import { enterTerminal, terminal } from "./terminal.js";
import { clockTime } from "./times.js";
import { isOutdated, watchVersion } from "./version.js";
import { html } from "./vendor/lit-html.js";
import { effect, untracked } from "./vendor/signals-core.js";

/** @typedef {import("./router.js").Route} Route */
/**
 * @typedef {object} Screen
 * @property {string} title
 * @property {(route: Route) => unknown} view
 * @property {(route: Route) => (() => void) | void} [enter]
 */

/** @type {Record<string, Screen>} */
const SCREENS = {
  inbox: { title: "Inbox", view: inbox },
  fleet: { title: "Fleet", view: fleet, enter: enterFleet },
  rooms: { title: "Rooms", view: roomsScreen },
  room: { title: "Room", view: room, enter: enterRoom },
  terminal: { title: "Terminal", view: terminal, enter: enterTerminal },
  search: { title: "Search", view: search, enter: enterSearch },
  settings: { title: "Settings", view: settings, enter: enterSettings },
};

/** The entry of the navigation that a screen belongs to. */
const PARENT = /** @type {Record<string, string>} */ ({ room: "rooms", terminal: "fleet" });

/** @param {string} name @param {string} text @param {number | string} number */
function entry(name, text, number = "") {
  const current = PARENT[route.value.name] ?? route.value.name;
  return html`<a href=${href(name)} aria-current=${name === current ? "page" : "false"} class="nav-${name}">
    <span>${text}</span> <span class="number">${number || ""}</span>
  </a>`;
}

function navigation() {
  return html`<nav class="nav" aria-label="Screens">
    ${entry("inbox", "Inbox", cards.waitingCount())}
    ${entry("fleet", "Fleet", terminals.value.length)} ${entry("rooms", "Rooms", rooms.value.length)}
    ${entry("search", "Search")} ${entry("settings", "Settings")}
    <div class="now" aria-label="Now" role="group">
      <h2>Now</h2>
      ${["busy", "ready", "quiet", "lost"].map(
        (each) => html`<a href=${href("fleet", "", { q: `is:${each}` })}>
          <span><span aria-hidden="true">${STATES[each].glyph}</span> ${STATES[each].word}</span>
          <span class="number">${counts.value[each] ?? 0}</span>
        </a>`,
      )}
    </div>
  </nav>`;
}

function connectionNote() {
  const { state, seen } = link.value;
  if (state !== "away") return "";
  return html`<span class="away" role="status" title=${new Date(seen).toLocaleString()}>
    <span aria-hidden="true">✕</span> away, last seen ${clockTime(seen)}
  </span>`;
}

/** @param {SubmitEvent} event */
function searchFor(event) {
  event.preventDefault();
  const form = /** @type {HTMLFormElement} */ (event.currentTarget);
  go("search", "", { q: /** @type {HTMLInputElement} */ (form.elements.namedItem("q")).value });
}

function topBar() {
  const waiting = cards.waitingCount();
  return html`<header class="bar">
    <a class="brand" href=${href("inbox")}>ANT</a>
    <form class="find" role="search" @submit=${searchFor}>
      <input id="find" name="q" type="search" aria-label="Search" placeholder="Search messages, terminals, events" autocomplete="off" />
      <kbd aria-hidden="true">/</kbd>
    </form>
    ${waiting
      ? html`<a class="pill" href=${href("inbox")}><span aria-hidden="true">●</span> ${waiting} waiting</a>`
      : ""}
    ${connectionNote()}
    <button class="palette-key" @click=${openPalette} aria-label="Ctrl K: commands"><kbd>Ctrl K</kbd></button>
  </header>`;
}

function page() {
  if (link.value.state === "signed-out") return signIn();
  const screen = SCREENS[route.value.name] ?? SCREENS.inbox;
  return html`<a class="skip" href="#main" @click=${skip}>Skip to the content</a>
    ${topBar()}
    ${isOutdated.value
      ? html`<div class="notice" role="status">ANT was updated. <button class="link" @click=${() => location.reload()}>Reload this page</button></div>`
      : ""}
    ${may("answer") || !loaded.value
      ? ""
      : html`<div class="notice">This sign-in may not answer prompts. ${may("type") ? "" : "It only views."}</div>`}
    <div class="body">
      ${navigation()}
      <main id="main" tabindex="-1" class="main-${route.value.name}">
        ${loadError.value ? errorState(loadError.value, () => void load()) : ""}
        ${loaded.value || loadError.value ? screen.view(route.value) : html`<p class="hint">Loading…</p>`}
      </main>
    </div>
    <div class="spoken" aria-live="polite">${spoken.value}</div>`;
}

/** @param {Event} event */
function skip(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

/** Call `enter` of each screen, and what it returned when it is left. */
function followScreens() {
  let leave = /** @type {(() => void) | void} */ (undefined);
  let before = "";
  effect(() => {
    const now = route.value;
    untracked(() => {
      const place = `${now.name}/${now.id}`;
      if (place !== before) scrollTo(0, 0);
      before = place;
      leave?.();
      leave = SCREENS[now.name]?.enter?.(now);
    });
  });
}

/** The number of waiting prompts, in the title of the tab. */
function followTitle() {
  effect(() => {
    const waiting = cards.waitingCount();
    const { title } = SCREENS[route.value.name] ?? SCREENS.inbox;
    document.title = `${waiting ? `(${waiting}) ` : ""}${title} · ANT`;
  });
}

onSignedOut(signOut);
follow();
cards.follow();
notices.follow();
watchVersion();
followTitle();
followScreens();
listen();
const root = /** @type {HTMLElement} */ (document.getElementById("app"));
root.replaceChildren();
drawn(page, root);
connect();
