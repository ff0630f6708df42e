/**
 * What the server has, as signals. Events of the socket keep them current; nothing polls.
 *
 * - `sessions` (by id), `recoverable`, `prompts` (pending, by terminal), `agents` (states
 *   by terminal), `places` (folder and rooms by terminal), `answers` (the newest closed
 *   prompts), `me` (what the caller may do).
 * - `stateOf(session)` is one of `STATES`, for lists and counts. `counts` has the counts.
 * - `load()` reads all of it; `may(scope)` says whether the caller has a scope.
 */
import { get, Problem, said, sessionPath } from "./api.js";
import { link, onFrame, onOpen } from "./connection.js";
import { together } from "./drawing.js";
import { batch, computed, signal } from "./vendor/signals-core.js";

/** @typedef {import("./types.js").Session} Session */
/** @typedef {import("./types.js").Prompt} Prompt */
/** @typedef {import("./types.js").AgentStatus} AgentStatus */
/** @typedef {import("./types.js").Frame} Frame */

const ANSWERS = 20;

/** @type {import("./vendor/signals-core.js").Signal<Map<string, Session>>} */
export const sessions = signal(new Map());
/** @type {import("./vendor/signals-core.js").Signal<Session[]>} */
export const recoverable = signal([]);
/** @type {import("./vendor/signals-core.js").Signal<Map<string, Prompt>>} */
export const prompts = signal(new Map());
/** @type {import("./vendor/signals-core.js").Signal<Map<string, AgentStatus>>} */
export const agents = signal(new Map());
/**
 * Where each terminal is, as of the last `load` or change of the list.
 * @type {import("./vendor/signals-core.js").Signal<Map<string, {folder: string | null, rooms: {id: string, name: string}[]}>>}
 */
export const places = signal(new Map());
/** The last rows of the screens, by the ids of the prompts on them, as of the last `load`. @type {Map<string, string[]>} */
export const screens = new Map();
/** The newest closed prompts, the newest first. @type {import("./vendor/signals-core.js").Signal<Prompt[]>} */
export const answers = signal([]);
/**
 * Who calls, and what the caller may do.
 * @type {import("./vendor/signals-core.js").Signal<import("./types.js").Caller>}
 */
export const me = signal({ kind: "operator", label: null, scopes: [], session_id: null, expires_at: null });
/** Whether all of it was read once. */
export const loaded = signal(false);
/** Why it could not be read; empty if it could. */
export const loadError = signal("");

/** @param {import("./types.js").Scope} scope */
export function may(scope) {
  const { scopes } = me.value;
  if (scopes.includes(scope)) return true;
  return scope !== "answer" && scopes.includes("admin");
}

/**
 * The states of a session: a shape and a word each, those that need a person first.
 * @type {Record<string, {glyph: string, word: string, rank: number}>}
 */
export const STATES = {
  waiting: { glyph: "●", word: "waiting", rank: 0 },
  error: { glyph: "!", word: "error", rank: 1 },
  lost: { glyph: "✕", word: "lost", rank: 2 },
  quiet: { glyph: "?", word: "quiet", rank: 3 },
  ready: { glyph: "✓", word: "ready", rank: 4 },
  busy: { glyph: "▸", word: "busy", rank: 5 },
  used: { glyph: "◦", word: "in use", rank: 6 },
  ended: { glyph: "▪", word: "ended", rank: 7 },
  room: { glyph: "#", word: "room", rank: 8 },
};

/** The state of a session, a key of `STATES`. @param {Session} session */
export function stateOf(session) {
  if (session.type === "chat") return "room";
  if (prompts.value.has(session.id)) return "waiting";
  if (session.status === "lost") return "lost";
  if (session.status !== "running") return session.status === "starting" ? "busy" : "ended";
  const state = agents.value.get(session.id)?.state;
  if (state === "busy" || state === "ready" || state === "error") return state;
  // It waits without a prompt: a pager or an editor, which a person uses.
  if (state === "waiting") return "used";
  return "quiet";
}

/** Active terminals and agents. */
export const terminals = computed(() =>
  [...sessions.value.values()].filter((each) => each.type !== "chat"),
);

/** Rooms: chats that are not the private chat of a terminal. */
export const rooms = computed(() => {
  const linked = new Set(terminals.value.map((each) => each.linked_chat_id));
  return [...sessions.value.values()].filter((each) => each.type === "chat" && !linked.has(each.id));
});

/** The number of terminals in each state. */
export const counts = computed(() => {
  /** @type {Record<string, number>} */
  const found = {};
  for (const each of terminals.value) found[stateOf(each)] = (found[stateOf(each)] ?? 0) + 1;
  return found;
});

/** @type {Frame[] | null} Events that came while the state is read: they go on top. */
let held = null;
let again = false;

/** Read everything anew. Events that come meanwhile are applied to the result. */
export async function load() {
  if (held) {
    again = true;
    return;
  }
  applyOften();
  held = [];
  try {
    const [list, overview, caller] = await Promise.all([
      readSessions(),
      get("api/status"),
      get("api/caller"),
    ]);
    batch(() => {
      sessions.value = new Map(list.sessions.map((each) => [each.id, each]));
      recoverable.value = list.recoverable;
      take(overview);
      me.value = caller;
      loaded.value = true;
      loadError.value = "";
    });
  } catch (error) {
    if (!(error instanceof Problem && error.status === 401)) loadError.value = said(error);
  }
  const events = held ?? [];
  held = null;
  batch(() => events.forEach(apply));
  if (again) {
    again = false;
    await load();
  }
}

/** @returns {Promise<{sessions: Session[], recoverable: Session[]}>} */
async function readSessions() {
  /** @type {{sessions: Session[], recoverable: Session[]}} */
  const all = { sessions: [], recoverable: [] };
  let after;
  do {
    const page = await get("api/sessions", { after });
    all.sessions.push(...page.sessions);
    all.recoverable.push(...page.recoverable);
    after = page.next;
  } while (after);
  return all;
}

/** @param {{terminals: import("./types.js").TerminalStatus[]}} overview */
function take(overview) {
  const pending = overview.terminals.map((each) => each.prompt).filter((each) => each !== null);
  screens.clear();
  for (const { prompt, screen } of overview.terminals) if (prompt && screen) screens.set(prompt.id, screen);
  takePlaces(overview);
  prompts.value = new Map(pending.map((each) => [each.session_id, each]));
  agents.value = new Map(
    overview.terminals.flatMap((each) =>
      each.agent_status ? [[each.session.id, each.agent_status]] : [],
    ),
  );
}

/** @param {{terminals: import("./types.js").TerminalStatus[]}} overview */
function takePlaces({ terminals: found }) {
  places.value = new Map(
    found.map(({ session, folder, rooms: its }) => [session.id, { folder: folder ?? null, rooms: its ?? [] }]),
  );
}

/**
 * A copy of a map with one entry changed; null removes it.
 * @template T
 * @param {Map<string, T>} map
 * @param {string} key
 * @param {T | null} value
 */
function changed(map, key, value) {
  const copy = new Map(map);
  if (value === null) copy.delete(key);
  else copy.set(key, value);
  return copy;
}

/** States and times of programs at work change often: they are applied together. */
const OFTEN = new Set(["agent_status_updated", "session_activity"]);
/** @type {Frame[]} */
let often = [];

function applyOften() {
  const frames = often;
  often = [];
  batch(() => frames.forEach(change));
}

/** @param {Frame} frame */
function apply(frame) {
  if (OFTEN.has(frame.type)) {
    often.push(frame);
    return together(applyOften);
  }
  // An older state must not follow what ends it.
  applyOften();
  change(frame);
}

/** @param {Frame} frame */
function change(frame) {
  const id = frame.sessionId ?? "";
  switch (frame.type) {
    case "sessions_changed":
      return sessionsChanged(frame);
    case "handle_updated":
    case "cli_flag_updated":
      return refresh(id);
    case "session_exited":
      agents.value = changed(agents.value, id, null);
      return refresh(id);
    case "agent_status_updated":
      agents.value = changed(agents.value, id, frame.status);
      return;
    case "session_activity": {
      const session = sessions.value.get(id);
      if (session) {
        const now = { ...session, last_activity: frame.last_activity };
        sessions.value = changed(sessions.value, id, now);
      }
      return;
    }
    case "prompt_detected":
    case "prompt_updated":
      if (frame.prompt.status === "pending") prompts.value = changed(prompts.value, id, frame.prompt);
      return;
    case "prompt_bridge_resolved":
      if (prompts.value.get(id)?.id === frame.promptId) {
        prompts.value = changed(prompts.value, id, null);
      }
      remember(frame);
  }
}

/** Keep how a prompt was closed. @param {Frame} frame */
function remember(frame) {
  const others = answers.value.filter((each) => each.id !== frame.promptId);
  answers.value = [frame.prompt, ...others].slice(0, ANSWERS);
}

/** @param {Frame} frame */
function sessionsChanged(frame) {
  // Who came, left, or joined a room is elsewhere now.
  placesAreStale = true;
  const removed = frame.removedIds ?? [];
  if (removed.length) {
    batch(() => {
      const left = new Map(sessions.value);
      const open = new Map(prompts.value);
      for (const id of removed) {
        left.delete(id);
        open.delete(id);
      }
      sessions.value = left;
      prompts.value = open;
    });
  }
  // What can be restored is in the list only; so is what several changes did at once.
  const id = frame.sessionId;
  if (removed.length || !id || recoverable.value.some((each) => each.id === id)) relist();
  else refresh(id);
}

/** @type {Set<string>} */
const stale = new Set();
let listIsStale = false;
let placesAreStale = false;
let reading = false;

/** Read a session again, together with others that change now. @param {string} id */
function refresh(id) {
  if (!id) return;
  stale.add(id);
  void readStale();
}

function relist() {
  listIsStale = true;
  void readStale();
}

async function readStale() {
  if (reading) return;
  reading = true;
  await Promise.resolve();
  while (listIsStale || placesAreStale || stale.size) {
    const ids = [...stale];
    const all = listIsStale || ids.length > 4;
    const where = placesAreStale ? get("api/status").then(takePlaces) : null;
    stale.clear();
    listIsStale = placesAreStale = false;
    try {
      await Promise.all([where, ...(all ? [readList()] : ids.map(readOne))]);
    } catch (error) {
      // `load` follows when the server is back.
      ids.forEach((id) => stale.add(id));
      if (link.value.state === "open" && error instanceof Problem) loadError.value = error.message;
      break;
    }
  }
  reading = false;
}

async function readList() {
  const list = await readSessions();
  batch(() => {
    sessions.value = new Map(list.sessions.map((each) => [each.id, each]));
    recoverable.value = list.recoverable;
  });
}

/** @param {string} id */
async function readOne(id) {
  try {
    /** @type {Session} */
    const session = await get(sessionPath(id));
    const isActive = !session.archived && session.deleted_at === null;
    sessions.value = changed(sessions.value, id, isActive ? session : null);
  } catch (error) {
    if (!(error instanceof Problem && error.status === 404)) throw error;
    sessions.value = changed(sessions.value, id, null);
  }
}

/** Keep the state current from now on. */
export function follow() {
  // `load` reads what there is after `hello`; a `resume` repeats older events.
  let known = 0;
  onFrame("hello", (frame) => void (known = frame.seq ?? 0));
  onFrame("*", (frame) => {
    if (frame.type === "gap" && frame.scope === "events") void load();
    else if (frame.seq !== undefined && frame.seq <= known) {
      // How a prompt was closed is in no list: only the repeated event tells it.
      if (frame.type === "prompt_bridge_resolved") remember(frame);
    } else if (held) held.push(frame);
    else apply(frame);
  });
  onOpen(() => void load());
}
