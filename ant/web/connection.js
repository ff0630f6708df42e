/**
 * The socket: one connection to `/ws`, which comes back by itself without a hole.
 *
 * - `link` is a signal: whether the connection is open, and when it was last.
 * - `onFrame(type, fn)` hears frames; `onOpen(fn)` runs after each connection.
 * - `join(sessionId, ask, listener)` streams a session until the returned function is
 *   called. A lost connection joins again; output goes on at its last byte.
 * - `request(frame)` sends a command and returns its `ack`. It is sent now or not at all.
 *
 * After a lost connection the socket sends `resume`, so no logged event is missed.
 * Nothing that somebody types is kept for later.
 */
import { call, Problem, url } from "./api.js";
import { batch, signal } from "./vendor/signals-core.js";

/** @typedef {import("./types.js").Frame} Frame */
/**
 * @typedef {object} Listener What a joined session tells. All of it is optional.
 * @property {(frame: Frame) => void} [frame] A JSON frame of this session.
 * @property {(bytes: Uint8Array, offset: number) => void} [bytes] Output, with `binary`.
 * @property {(ack: Frame) => void} [joined] The `ack`, after each join.
 * @property {(error: Problem) => void} [refused] The join failed.
 */
/**
 * @typedef {object} Join
 * @property {string} id
 * @property {Record<string, unknown>} ask The fields of `join_session`.
 * @property {Listener} listener
 * @property {number | null} end The offset after the last byte that came.
 */

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5000;
/** A server that stops takes a moment; ten times as long as a slow answer on a phone. */
const ACK_MS = 10_000;
const PROBE_MS = 4000;
const HEADER_BYTES = 13;

/**
 * `state` is `connecting` before the first connection, then `open` or `away`.
 * `signed-out` is final: the page has to be opened anew. `seen` is when the last frame
 * came, in epoch milliseconds.
 */
export const link = signal(
  /** @type {{state: "connecting" | "open" | "away" | "signed-out", seen: number}} */ ({
    state: "connecting",
    seen: Date.now(),
  }),
);

/** @type {Map<string, Set<(frame: Frame) => void>>} */
const hearers = new Map();
/** @type {Set<(isFirst: boolean) => void>} */
const openers = new Set();
/** @type {Map<string, Join>} */
const joins = new Map();
/** @type {Map<number, Join>} */
const streams = new Map();
/** @type {Map<string, {resolve: (ack: Frame) => void, reject: (error: Problem) => void}>} */
const waiting = new Map();

/** @type {WebSocket | null} */
let socket = null;
let pause = FIRST_PAUSE_MS;
let refs = 0;
let seen = Date.now();
/** @type {{epoch: string, seq: number} | null} */
let place = null;
/** Whether the missed events have not begun to come: until then `place` stays. */
let resuming = false;
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * @param {string} type The type of a frame, or `*` for each one.
 * @param {(frame: Frame) => void} fn
 * @returns {() => void} Ends it.
 */
export function onFrame(type, fn) {
  const set = hearers.get(type) ?? new Set();
  hearers.set(type, set.add(fn));
  return () => void set.delete(fn);
}

/** @param {(isFirst: boolean) => void} fn Runs when the server has said `hello`. */
export function onOpen(fn) {
  openers.add(fn);
}

/** Connect, and stay connected. */
export function connect() {
  addEventListener("online", () => probe());
  document.addEventListener("visibilitychange", () => document.hidden || probe());
  addEventListener("pagehide", () => socket?.close());
  open();
}

/** The credentials are no longer valid: do not connect again. */
export function signOut() {
  if (link.value.state === "signed-out") return;
  link.value = { state: "signed-out", seen };
  clearTimeout(timer);
  socket?.close();
}

/**
 * @param {string} id
 * @param {Record<string, unknown>} ask Such as `{screenRows: true}` or `{binary: true}`.
 * @param {Listener} listener
 * @returns {() => void} Leaves the session.
 */
export function join(id, ask, listener) {
  const entry = { id, ask, listener, end: null };
  joins.set(id, entry);
  if (link.value.state === "open") void sendJoin(entry);
  return () => {
    // Another view may have joined the same session since.
    if (joins.get(id) !== entry) return;
    joins.delete(id);
    if (link.value.state === "open") send({ type: "leave_session", sessionId: id });
  };
}

/**
 * @param {Frame} frame
 * @param {number} [patience] Milliseconds to wait for the `ack`.
 * @returns {Promise<Frame>} The `ack`. Without one it is not known whether it was done.
 * @throws {Problem}
 */
export function request(frame, patience = ACK_MS) {
  if (link.value.state !== "open" || socket?.readyState !== WebSocket.OPEN) {
    return Promise.reject(new Problem({ detail: "Not connected. Nothing was sent." }));
  }
  const ref = String(++refs);
  const answer = new Promise((resolve, reject) => {
    const late = patience < Infinity ? setTimeout(() => settle(ref, null), patience) : undefined;
    waiting.set(ref, {
      resolve: (ack) => (clearTimeout(late), resolve(ack)),
      reject: (error) => (clearTimeout(late), reject(error)),
    });
  });
  send({ ...frame, ref });
  return answer;
}

/** @param {Frame} frame */
function send(frame) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame));
}

function open() {
  clearTimeout(timer);
  const address = url("ws");
  address.protocol = address.protocol.replace("http", "ws");
  const mine = (socket = new WebSocket(address));
  mine.binaryType = "arraybuffer";
  mine.onmessage = (event) => socket === mine && heard(event.data);
  mine.onclose = (event) => socket === mine && closed(event.code);
}

/** @param {number} code */
function closed(code) {
  const wasOpen = link.value.state === "open";
  socket = null;
  streams.clear();
  resuming = false;
  for (const ref of [...waiting.keys()]) settle(ref, null);
  if (link.value.state === "signed-out") return;
  if (code === 4401) return signOut();
  if (wasOpen) pause = FIRST_PAUSE_MS;
  if (link.value.state !== "connecting" || pause > FIRST_PAUSE_MS) {
    link.value = { state: "away", seen };
  }
  // A browser does not tell why a handshake failed. A 401 leads to `signOut`.
  if (!wasOpen) call("GET", "api/status").catch(() => {});
  timer = setTimeout(open, pause * (0.75 + Math.random() / 2));
  pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
}

/** Find out now whether the connection works: the network or the page woke up. */
function probe() {
  if (link.value.state === "away") {
    pause = FIRST_PAUSE_MS;
    if (!socket) open();
  } else if (link.value.state === "open") {
    const mine = socket;
    const late = setTimeout(() => {
      if (socket !== mine) return;
      mine?.close();
      closed(1006);
    }, PROBE_MS);
    request({ type: "presence_ping" }).then(
      () => clearTimeout(late),
      () => clearTimeout(late),
    );
  }
}

/** @param {string | ArrayBuffer} data */
function heard(data) {
  seen = Date.now();
  if (typeof data !== "string") return heardBytes(data);
  /** @type {Frame} */
  const frame = JSON.parse(data);
  batch(() => {
    if (frame.type === "hello") return void greeted(frame);
    if (frame.ref) settle(frame.ref, frame);
    if (frame.seq !== undefined && frame.type !== "ack" && place && !resuming) {
      place.seq = Math.max(place.seq, frame.seq);
    }
    const entry = joins.get(frame.sessionId ?? "");
    if (entry) {
      if (frame.type === "terminal_output") entry.end = frame.end;
      if (frame.type === "screen") entry.end = frame.offset;
      if (frame.type === "gap" && frame.scope === "terminal") entry.end = frame.to;
      entry.listener.frame?.(frame);
    }
    tell(frame);
  });
}

/** @param {ArrayBuffer} data */
function heardBytes(data) {
  const view = new DataView(data);
  const entry = view.getUint8(0) === 1 ? streams.get(view.getUint32(1)) : undefined;
  if (!entry || joins.get(entry.id) !== entry) return;
  const offset = Number(view.getBigUint64(5));
  const bytes = new Uint8Array(data, HEADER_BYTES);
  entry.end = offset + bytes.length;
  entry.listener.bytes?.(bytes, offset);
}

/** @param {Frame} frame */
function tell(frame) {
  for (const type of [frame.type, "*"]) {
    for (const fn of hearers.get(type) ?? []) fn(frame);
  }
}

/**
 * @param {string} ref
 * @param {Frame | null} frame Null: the connection closed, or the answer is late.
 */
function settle(ref, frame) {
  const entry = waiting.get(ref);
  waiting.delete(ref);
  if (frame?.type === "ack") return entry?.resolve(frame);
  const lost = { detail: "The connection broke. It is not known whether this was done." };
  entry?.reject(new Problem(frame ? { ...frame, type: frame.problem } : lost));
}

/** @param {Frame} hello */
function greeted(hello) {
  const before = place;
  pause = FIRST_PAUSE_MS;
  link.value = { state: "open", seen };
  for (const entry of joins.values()) void sendJoin(entry);
  const { epoch, seq = 0 } = hello;
  if (before && before.epoch === epoch) {
    resuming = true;
    request({ type: "resume", seq: before.seq, epoch }).then(
      () => (resuming = false),
      (error) => error instanceof Problem && error.status && missed(hello),
    );
  } else {
    place = { epoch, seq };
    resuming = false;
    if (before) missed(hello);
  }
  tell(hello);
  for (const fn of openers) fn(before === null);
}

/** The server has another event log, or cannot resume: read the state anew. @param {Frame} hello */
function missed(hello) {
  const { epoch, seq = 0 } = hello;
  place = { epoch, seq };
  resuming = false;
  tell({ type: "gap", scope: "events", from: 0, to: seq + 1 });
}

/** @param {Join} entry */
async function sendJoin(entry) {
  const from = entry.end === null ? {} : { from: entry.end, screen: false };
  const ask = entry.ask.screenRows ? entry.ask : { ...entry.ask, ...from };
  try {
    // Without its `ack` the bytes of a join have no place. A lost connection joins again.
    const ack = await request({ type: "join_session", sessionId: entry.id, ...ask }, Infinity);
    if (joins.get(entry.id) !== entry) return;
    if (ack.stream !== undefined) streams.set(ack.stream, entry);
    if (entry.end === null && ack.offset !== undefined) entry.end = ack.offset;
    entry.listener.joined?.(ack);
  } catch (error) {
    if (error instanceof Problem && error.status && joins.get(entry.id) === entry) {
      entry.listener.refused?.(error);
    }
  }
}
