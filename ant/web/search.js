/** The search over messages, terminals, events and tasks. A hit opens its place. */
import { get, said } from "./api.js";
import { emptyState, errorState, marked } from "./parts.js";
import { go, href, route } from "./router.js";
import { sessions } from "./state.js";
import { count, nameOf, visible } from "./text.js";
import { ago } from "./times.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

const SCOPES = { messages: "Messages", terminals: "Terminals", events: "Events", tasks: "Tasks" };
const LIMIT = 50;

/**
 * @typedef {object} Hit
 * @property {string} scope
 * @property {string} session
 * @property {string} text
 * @property {string} at
 * @property {string} link
 * @property {string} by
 */

/** @type {import("./vendor/signals-core.js").Signal<{state: "idle" | "busy" | "done", hits: Hit[], complete: boolean}>} */
const result = signal({ state: "idle", hits: [], complete: true });
const failure = signal("");
let asked = 0;

/** @param {import("./router.js").Route} shown */
export function enterSearch({ query }) {
  void run(query.get("q") ?? "", query.get("scope") ?? "");
}

/** @param {string} q @param {string} scope */
async function run(q, scope) {
  const turn = ++asked;
  failure.value = "";
  if (!q.trim()) {
    result.value = { state: "idle", hits: [], complete: true };
    return;
  }
  result.value = { ...result.value, state: "busy" };
  try {
    const found = await get("api/search", { q, scope: scope || Object.keys(SCOPES).join(","), limit: LIMIT });
    if (turn === asked) result.value = { state: "done", hits: hitsOf(found), complete: found.complete };
  } catch (error) {
    if (turn !== asked) return;
    failure.value = said(error);
    result.value = { state: "done", hits: [], complete: true };
  }
}

/** @param {any} found @returns {Hit[]} */
function hitsOf(found) {
  /** @type {Hit[]} */
  const hits = [];
  for (const each of found.results ?? []) {
    const session = each.session_id;
    const link = href("room", session, { message: each.id });
    hits.push({ scope: "messages", session, text: textOf(each), at: each.created_at, link, by: each.sender_id ?? each.role });
  }
  for (const each of found.terminals ?? []) {
    const link = href("terminal", each.session_id, { offset: each.start, line: each.line });
    hits.push({ scope: "terminals", session: each.session_id, text: each.snippet ?? each.text, at: each.at, link, by: `line ${each.line}` });
  }
  for (const each of found.events ?? []) {
    const link = href("terminal", each.session_id, each.start == null ? {} : { offset: each.start });
    hits.push({ scope: "events", session: each.session_id, text: each.snippet, at: each.created_at ?? each.at, link, by: each.kind });
  }
  for (const each of found.tasks ?? []) {
    const link = href("room", each.session_id, { task: each.id });
    hits.push({ scope: "tasks", session: each.session_id, text: each.title ?? each.snippet, at: each.created_at, link, by: each.status });
  }
  return hits.sort((a, b) => b.at.localeCompare(a.at));
}

/** The card of a prompt is JSON; a person wants its text. @param {any} message @returns {string} */
function textOf(message) {
  try {
    const event = message.content?.startsWith("{") ? JSON.parse(message.content) : null;
    if (typeof event?.text === "string") return event.text;
  } catch {
    // It only begins like JSON.
  }
  return message.snippet ?? message.content;
}

/** Who or what a hit is by; a sender may be a session, whose name comes later. @param {Hit} hit */
function byOf({ scope, by }) {
  const session = scope === "messages" ? sessions.value.get(by) : undefined;
  return session ? nameOf(session) : visible(scope === "messages" ? by : by.replaceAll("_", " "));
}

/** @param {SubmitEvent} event */
function submit(event) {
  event.preventDefault();
  const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
  go("search", "", { q: String(form.get("q")), ...scopeNow() });
}

/** @returns {Record<string, string>} */
function scopeNow() {
  const scope = route.value.query.get("scope");
  return scope ? { scope } : {};
}

/** @param {Hit} hit */
function hitView(hit) {
  return html`<li>
    <a class="hit" data-item=${hit.link} data-open href=${hit.link}>
      <span class="hit-head"><bdi class="name">${nameOf(sessions.value.get(hit.session))}</bdi>
        <bdi class="where">${SCOPES[/** @type {keyof typeof SCOPES} */ (hit.scope)].toLowerCase()} · ${byOf(hit)}</bdi>
        <span class="since">${ago(hit.at)}</span></span>
      <bdi class=${hit.scope === "terminals" ? "text mono" : "text"}>${marked(hit.text)}</bdi>
    </a>
  </li>`;
}

/** The screen. @param {import("./router.js").Route} shown */
export function search({ query }) {
  const q = query.get("q") ?? "";
  const scope = query.get("scope") ?? "";
  const { state, hits, complete } = result.value;
  return html`<div class="screen-search">
    <header class="title"><h1 tabindex="-1">Search</h1></header>
    <form class="search-form" role="search" aria-label="Everything" @submit=${submit}>
      <input name="q" type="search" .value=${q} aria-label="Words to find" placeholder="Words, mess*, or re:a.*b" autocomplete="off" />
      <button class="button first">Search</button>
    </form>
    <div class="tabs" role="group" aria-label="Where">
      ${[["", "All"], ...Object.entries(SCOPES)].map(
        ([key, text]) => html`<a href=${href("search", "", { q, ...(key ? { scope: key } : {}) })} aria-current=${key === scope ? "true" : "false"}>${text}</a>`,
      )}
    </div>
    ${failure.value ? errorState(failure.value) : ""}
    ${state === "busy" ? html`<p class="hint">Searching…</p>` : ""}
    ${state === "idle" ? emptyState("Find what was said, printed or asked.", "Every word must occur. Quotes are not needed.") : ""}
    ${state === "done" && !failure.value
      ? html`<p class="hint" role="status">${count(hits.length, "hit")}${complete ? "" : "; the search stopped at its bound, so there may be more"}</p>
          ${hits.length ? html`<ul class="hits">${hits.map(hitView)}</ul>` : emptyState("Nothing was found.", "Try fewer words, or mess* for the beginning of a word.")}`
      : ""}
  </div>`;
}
