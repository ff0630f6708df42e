/**
 * The messages of a room, kept current: for the room screen and the chat of a terminal.
 *
 * `new RoomFeed(id)` has the signals `messages`, `deliveries` and `reads` (both by
 * message), `typing`, `hasOlder` and `failure`. `.watch(heard)` joins the room until the
 * returned function is called; `.older()` reads the page before; `.post(body)` posts.
 */
import { get, post, Problem, said, sessionPath } from "./api.js";
import { join, onFrame } from "./connection.js";
import { batch, signal } from "./vendor/signals-core.js";

/** @typedef {import("./types.js").Frame} Frame */
/**
 * @typedef {object} Message
 * @property {string} id
 * @property {string} content
 * @property {string} role
 * @property {string | null} sender_id
 * @property {string | null} reply_to
 * @property {string | null} target
 * @property {string} msg_type
 * @property {Record<string, any>} meta
 * @property {string} created_at
 * @property {boolean} pinned
 */
/**
 * @typedef {object} Delivery
 * @property {string} id
 * @property {string} message_id
 * @property {string} session_id The room.
 * @property {string} targetId
 * @property {string} state
 * @property {string | null} reason
 * @property {string | null} error
 * @property {string | null} file
 * @property {boolean} final
 * @property {string} updated_at
 * @property {{state: string, reason: string | null, at: string, offset: number | null}[]} transitions
 */
/** @typedef {{session_id: string, reader_name: string, reader_handle: string | null, read_at: string}} Read */

const PAGE = 50;
const TYPING_MS = 6000;

export class RoomFeed {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.messages = signal(/** @type {Message[]} */ ([]));
    this.deliveries = signal(/** @type {Map<string, Delivery[]>} */ (new Map()));
    this.reads = signal(/** @type {Map<string, Read[]>} */ (new Map()));
    this.typing = signal(/** @type {Map<string, number>} */ (new Map()));
    this.hasOlder = signal(false);
    this.isRead = signal(false);
    /** @private @type {() => void} */ this.wasRead = () => {};
    /** Resolves once the newest page is there. @type {Promise<void>} */
    this.firstRead = new Promise((resolve) => (this.wasRead = resolve));
    this.failure = signal("");
    /** @private */ this.isReading = false;
    /** @private @type {Frame[] | null} */ this.held = null;
  }

  /**
   * @param {(frame: Frame) => void} [heard] Hears every frame of the room.
   * @param {() => void} [missed] Runs when the state of the room has to be read.
   * @param {string | null} [handle] Under which this page is present.
   */
  watch(heard, missed, handle = null) {
    const read = () => (void this.read(), missed?.());
    const offGap = onFrame("gap", (frame) => frame.scope === "events" && read());
    const leave = join(this.id, handle ? { handle } : {}, {
      joined: read,
      refused: (error) => (this.failure.value = error.message),
      frame: (frame) => {
        if (this.held) this.held.push(frame);
        else this.apply(frame);
        heard?.(frame);
      },
    });
    return () => (leave(), offGap());
  }

  /** The newest page; events that come meanwhile are applied after it. @private */
  async read() {
    this.held ??= [];
    try {
      const [page, ledger, reads] = await Promise.all([
        get(sessionPath(this.id, "messages"), { limit: PAGE }),
        get(sessionPath(this.id, "deliveries"), { limit: 4 * PAGE }),
        get(sessionPath(this.id, "reads")),
      ]);
      batch(() => {
        const known = new Set(page.messages.map((/** @type {Message} */ each) => each.id));
        const first = page.messages[0]?.created_at ?? "";
        const older = this.isRead.value ? this.messages.value.filter((each) => !known.has(each.id) && each.created_at < first) : [];
        this.messages.value = [...older, ...page.messages];
        if (!older.length) this.hasOlder.value = page.next !== null;
        this.take(ledger.deliveries);
        this.reads.value = new Map(Object.entries(reads.reads));
        this.isRead.value = true;
        this.wasRead();
        this.failure.value = "";
      });
    } catch (error) {
      this.failure.value = said(error);
    }
    const frames = this.held ?? [];
    this.held = null;
    batch(() => frames.forEach((each) => this.apply(each)));
  }

  /** Read the messages before the first one. */
  async older() {
    const first = this.messages.value[0];
    if (!first || !this.hasOlder.value || this.isReading) return;
    this.isReading = true;
    try {
      const page = await get(sessionPath(this.id, "messages"), { before: first.id, limit: PAGE });
      batch(() => {
        const known = new Set(this.messages.value.map((each) => each.id));
        const fresh = page.messages.filter((/** @type {Message} */ each) => !known.has(each.id));
        this.messages.value = [...fresh, ...this.messages.value];
        this.hasOlder.value = page.next !== null;
      });
    } catch (error) {
      this.failure.value = said(error);
    }
    this.isReading = false;
  }

  /** Read the ledger of one message. @param {string} id */
  async readDeliveries(id) {
    try {
      this.take((await get(sessionPath(this.id, `messages/${encodeURIComponent(id)}/deliveries`))).deliveries);
    } catch (error) {
      // A message that was deleted meanwhile has no ledger.
      if (!(error instanceof Problem && error.status === 404)) this.failure.value = said(error);
    }
  }

  /** @private @param {Delivery[]} found */
  take(found) {
    const all = new Map(this.deliveries.value);
    for (const each of found) {
      const known = all.get(each.message_id) ?? [];
      const before = known.find((other) => other.id === each.id);
      // An answer may be older than an event that came meanwhile.
      if (before && before.transitions.length > each.transitions.length) continue;
      all.set(each.message_id, before ? known.map((other) => (other === before ? each : other)) : [...known, each]);
    }
    this.deliveries.value = all;
  }

  /** @private @param {Frame} frame */
  apply(frame) {
    const id = frame.msgId ?? frame.messageId ?? frame.id;
    const others = () => this.messages.value.filter((each) => each.id !== id);
    switch (frame.type) {
      case "message_created":
        this.messages.value = [...others(), /** @type {any} */ (frame)];
        // What a message skips is no event of its own.
        void this.readDeliveries(id);
        return this.stopTyping(frame.sender_id);
      case "message_updated":
      case "message_pinned": {
        const { meta, pinned } = frame;
        const change = { ...(meta === undefined ? {} : { meta }), ...(pinned === undefined ? {} : { pinned }) };
        this.messages.value = this.messages.value.map((each) => (each.id === id ? { ...each, ...change } : each));
        return;
      }
      case "message_deleted":
        this.messages.value = others();
        return;
      case "delivery_updated":
        return this.take([{ ...frame.delivery, message_id: frame.delivery.message_id ?? frame.msgId }]);
      case "message_read":
        this.reads.value = new Map(this.reads.value).set(id, frame.reads);
        return;
      case "typing":
        if (!frame.typing) return this.stopTyping(frame.handle);
        this.typing.value = new Map(this.typing.value).set(frame.handle, Date.now());
        setTimeout(() => this.stopTyping(frame.handle, TYPING_MS), TYPING_MS);
    }
  }

  /** @private @param {string | null} handle @param {number} [after] */
  stopTyping(handle, after = 0) {
    const since = this.typing.value.get(handle ?? "");
    if (since === undefined || Date.now() - since < after) return;
    const left = new Map(this.typing.value);
    left.delete(handle ?? "");
    this.typing.value = left;
  }

  /** @param {Record<string, unknown>} body */
  post(body) {
    return post(sessionPath(this.id, "messages"), { role: "user", client_id: crypto.randomUUID?.() ?? null, ...body });
  }
}
