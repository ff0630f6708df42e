/**
 * The fleet: a live tile of each terminal, those that need a person first.
 *
 * Tiles are rows of text from the server's screen. Only visible tiles are streamed. They
 * keep their places while none comes or goes and none begins or ceases to need a person,
 * and while the pointer or the focus is on them.
 */
import { createDialog, sessionMenu } from "./session_dialogs.js";
import { parts as recoverablePart } from "./recoverable.js";
import { keep, kept } from "./kept.js";
import { agentOf, emptyState, stateMark } from "./parts.js";
import { href } from "./router.js";
import { RowsView } from "./rows_view.js";
import { loaded, may, places, STATES, stateOf, terminals } from "./state.js";
import { byName, folderOf, nameOf, visible } from "./text.js";
import { ago } from "./times.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html, nothing } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {import("./types.js").Session} Session */
/** @typedef {{view: RowsView, leave: (() => void) | null}} Tile */

const TILE_ROWS = 10;
const GROUPS = /** @type {const} */ ({ folder: "Folder", room: "Room", workspace: "Workspace", state: "State", none: "None" });
const STORED = "ant.fleet.group";

/** @type {Map<string, Tile>} */
const tiles = new Map();
/** @type {IntersectionObserver | null} */
let observer = null;
const filter = signal("");
const grouping = signal(kept(STORED) ?? "folder");
/** Changes when the pointer and the focus have left the tiles: they may be sorted again. */
const calm = signal(0);
/** The order of the tiles as they are drawn. @type {string[]} */
let order = [];
/** What the order was made for: the tiles, and which of them need a person. */
let sortedFor = "";
/** The last rank of the states that need a person. */
const NEEDS_PERSON = STATES.lost.rank;

/** @param {import("./router.js").Route} shown */
export function enterFleet({ query }) {
  filter.value = query.get("q") ?? "";
  order = [];
  observer = new IntersectionObserver(seen, { rootMargin: "100px" });
  for (const { view } of tiles.values()) observer.observe(view.element);
  const kind = query.get("new");
  if (kind) {
    history.replaceState(null, "", href("fleet"));
    createDialog(kind === "chat" ? "chat" : "terminal");
  }
  return () => {
    observer?.disconnect();
    observer = null;
    for (const tile of tiles.values()) tile.leave?.();
    tiles.clear();
  };
}

/** @param {IntersectionObserverEntry[]} entries */
function seen(entries) {
  for (const { target, isIntersecting } of entries) {
    for (const [id, tile] of tiles) {
      if (tile.view.element !== target) continue;
      if (isIntersecting) tile.leave ??= tile.view.watch(id);
      else if (tile.leave) {
        tile.leave();
        tile.leave = null;
      }
    }
  }
}

/** @param {string} id */
function tileOf(id) {
  let tile = tiles.get(id);
  if (!tile) {
    tile = { view: new RowsView({ last: TILE_ROWS, isTile: true }), leave: null };
    tiles.set(id, tile);
    observer?.observe(tile.view.element);
  }
  return tile;
}

/** Stop what is shown no longer. @param {Set<string>} ids */
function forget(ids) {
  for (const [id, tile] of tiles) {
    if (ids.has(id)) continue;
    observer?.unobserve(tile.view.element);
    tile.leave?.();
    tiles.delete(id);
  }
}

/** Whether a session has all words of the filter; `is:busy` is a state. @param {Session} session */
function fits(session) {
  const text = [nameOf(session), folderOf(session), session.handle, agentOf(session), session.workspace_id]
    .join("\n")
    .toLowerCase();
  return filter.value
    .toLowerCase()
    .split(/\s+/)
    .filter(Boolean)
    .every((word) => (word.startsWith("is:") ? STATES[stateOf(session)].word === word.slice(3) : text.includes(word)));
}

/** The sessions in the order to draw them. @param {Session[]} found */
function sorted(found) {
  calm.value;
  const best = [...found].sort(
    (a, b) => STATES[stateOf(a)].rank - STATES[stateOf(b)].rank || byName(a, b),
  );
  const grid = document.querySelector(".tiles");
  const isUsed = grid && (grid.matches(":hover") || grid.contains(document.activeElement));
  const ids = (/** @type {Session[]} */ list) => list.map((each) => each.id).join();
  const needy = best.filter((each) => STATES[stateOf(each)].rank <= NEEDS_PERSON);
  // Programs at work are busy and ready by turns: their tiles would never stand still.
  const sortFor = `${ids(found)} ${ids(needy)}`;
  if (order.length && (isUsed || sortFor === sortedFor)) {
    const place = new Map(order.map((id, i) => [id, i]));
    best.sort((a, b) => (place.get(a.id) ?? Infinity) - (place.get(b.id) ?? Infinity) || 0);
  } else {
    sortedFor = sortFor;
  }
  order = best.map((each) => each.id);
  return best;
}

/** @param {Session} session */
function groupOf(session) {
  if (grouping.value === "folder") return visible(places.value.get(session.id)?.folder) || folderOf(session) || "Home";
  if (grouping.value === "room") {
    const room = places.value.get(session.id)?.rooms[0];
    return room ? `#${visible(room.name)}` : "No room";
  }
  if (grouping.value === "workspace") return visible(session.workspace_id) || "No workspace";
  if (grouping.value === "state") return STATES[stateOf(session)].word;
  return "";
}

/** @param {Session} session */
function tileView(session) {
  const name = nameOf(session);
  const agent = agentOf(session);
  return html`<article class="tile tile-${stateOf(session)}" data-item=${session.id} tabindex="0" aria-label=${name}>
    <header>
      ${stateMark(session)}
      <h3 title=${name}><a data-open href=${href("terminal", session.id)}><bdi>${name}</bdi></a></h3>
      ${agent && !name.includes(agent) ? html`<bdi class="where">${agent}</bdi>` : ""}
      <span class="since">${ago(session.last_activity)}</span>
      <button class="button small" aria-label="Actions of ${name}" @click=${() => sessionMenu(session.id)}>⋯</button>
    </header>
    <a class="tile-rows" tabindex="-1" aria-hidden="true" href=${href("terminal", session.id)}>${tileOf(session.id).view.element}</a>
    ${session.terminal?.status_reason ? html`<p class="note">${visible(session.terminal.status_reason)}</p>` : ""}
  </article>`;
}

function groups() {
  const found = terminals.value.filter(fits);
  const list = sorted(found);
  forget(new Set(list.map((each) => each.id)));
  /** @type {Map<string, Session[]>} */
  const byName = new Map();
  for (const each of list) {
    const name = groupOf(each);
    byName.set(name, [...(byName.get(name) ?? []), each]);
  }
  return repeat(
    byName,
    ([name]) => name,
    ([name, members]) => html`<section aria-label=${name || "Terminals"}>
      ${name ? html`<h2 class="rule" title=${name}><bdi>${name}</bdi> <span class="number">${members.length}</span></h2>` : ""}
      <div class="grid">${repeat(members, (each) => each.id, tileView)}</div>
    </section>`,
  );
}

/** @param {Event} event */
function regroup(event) {
  grouping.value = /** @type {HTMLSelectElement} */ (event.target).value;
  keep(STORED, grouping.value);
  order = [];
}

/** The screen. */
export function fleet() {
  const none = !terminals.value.some(fits);
  return html`<div class="screen-fleet">
    <header class="title">
      <h1 tabindex="-1">Fleet</h1>
      <input
        class="filter"
        type="search"
        aria-label="Filter"
        placeholder="Filter: a name, a folder, is:busy"
        .value=${filter.value}
        @input=${(/** @type {InputEvent} */ event) => (filter.value = /** @type {HTMLInputElement} */ (event.target).value)}
      />
      <label class="choice">Group
        <select @change=${regroup}>
          ${Object.entries(GROUPS).map(
            ([key, text]) => html`<option value=${key} ?selected=${key === grouping.value}>${text}</option>`,
          )}
        </select>
      </label>
      ${may("admin") ? html`<button class="button first" @click=${() => createDialog("terminal")}>New</button>` : nothing}
    </header>
    <div class="tiles" @pointerleave=${() => calm.value++} @focusout=${() => calm.value++}>${groups()}</div>
    ${none && loaded.value
      ? terminals.value.length
        ? emptyState("Nothing fits this filter.", html`<button class="button" @click=${() => (filter.value = "")}>Show all</button>`)
        : emptyState("No terminal runs yet.", may("admin") ? "New starts a shell, an agent or any program." : "")
      : ""}
    ${recoverablePart()}
  </div>`;
}

