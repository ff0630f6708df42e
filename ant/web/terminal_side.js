/**
 * The column beside a terminal: its chat, its commands, its prompts, its deliveries, and
 * a search of all that it has printed.
 *
 * `new TerminalSide(id)` has `.watch()`, which keeps it current until the returned
 * function is called, `.heard(frame)` for the frames of the terminal, and `.view()`.
 * A hit, a command, a prompt and a delivery lead to their bytes in the transcript.
 */
import { get, said, sessionPath } from "./api.js";
import { emptyState, errorState, marked } from "./parts.js";
import { Composer } from "./room_composer.js";
import { RoomFeed } from "./room_feed.js";
import { MessageList, ticks } from "./room_messages.js";
import { href } from "./router.js";
import { may, sessions } from "./state.js";
import { count, nameOf, visible } from "./text.js";
import { ago, duration } from "./times.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html } from "./vendor/lit-html.js";
import { batch, computed, effect, signal } from "./vendor/signals-core.js";

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {import("./room_feed.js").Delivery} Delivery */
/** @typedef {{id: number, kind: string, text: string, ts_ms: number, start: number | null, end: number | null, payload: Record<string, any>}} RunEvent */
/** @typedef {{line: number, start: number, snippet: string, ts_ms: number}} Hit */
/** @typedef {"chat" | "blocks" | "prompts" | "deliveries"} Tab */

const PAGE = 100;
const HITS = 50;
const KEPT = 300;
/** The kinds of run events that a prompt may have, as it opens. */
const PROMPTS = ["question", "permission", "error"];
const ANSWERS = ["approval_decision", "prompt_response", "prompt_closed"];
const TABS = /** @type {[Tab, string][]} */ ([
  ["chat", "Chat"],
  ["blocks", "Blocks"],
  ["prompts", "Prompts"],
  ["deliveries", "Deliveries"],
]);

/**
 * The search of a terminal's output. `hits` are lines, the newest first; null without a search.
 * @type {import("./vendor/signals-core.js").Signal<{id: string, words: string, hits: Hit[] | null}>}
 */
const search = signal({ id: "", words: "", hits: null });

/** The tab stays from one terminal to the next. */
const tab = signal(/** @type {Tab} */ ("chat"));

export class TerminalSide {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.events = signal(/** @type {Map<number, RunEvent>} */ (new Map()));
    this.deliveries = signal(/** @type {Map<string, Delivery>} */ (new Map()));
    this.failure = signal("");
    // Hits stay while somebody goes from one to the next, and end with another terminal.
    if (search.peek().id !== id) search.value = { id, words: "", hits: null };
    /** @private @type {MessageList | null} */ this.list = null;
    /** @private @type {Composer | null} */ this.composer = null;
    /** @private */ this.chat = signal("");
  }

  watch() {
    const room = computed(() => sessions.value.get(this.id)?.linked_chat_id ?? "");
    /** @type {(() => void)[]} */
    let leave = [];
    const stop = effect(() => {
      const chat = room.value;
      leave.forEach((each) => each());
      leave = [];
      if (!chat) return;
      const feed = new RoomFeed(chat);
      const list = new MessageList(feed, { hasCards: false });
      list.start();
      this.list = list;
      this.composer = new Composer(feed, () => [], "Message this terminal");
      leave.push(feed.watch(), () => list.stop());
      this.chat.value = chat;
    });
    return () => (stop(), leave.forEach((each) => each()));
  }

  /** Read the lists: the terminal was joined, or its events were missed. */
  async read() {
    try {
      const kinds = ["command_block", ...PROMPTS, ...ANSWERS];
      const pages = kinds.map((kind) => get(sessionPath(this.id, "run-events"), { kind, limit: PAGE }));
      const [ledger, ...found] = await Promise.all([get(sessionPath(this.id, "deliveries"), { limit: PAGE }), ...pages]);
      batch(() => {
        this.takeEvents(found.flatMap((each) => each.events));
        for (const each of ledger.deliveries) this.takeDelivery(each);
        this.failure.value = "";
      });
    } catch (error) {
      this.failure.value = said(error);
    }
  }

  /** @param {Frame} frame A frame of the terminal. */
  heard(frame) {
    if (frame.type === "run_event_created") this.takeEvents([frame.event]);
    if (frame.type === "delivery_updated") this.takeDelivery(frame.delivery);
  }

  /** @private @param {RunEvent[]} found */
  takeEvents(found) {
    const all = new Map(this.events.value);
    for (const each of found) {
      const isShown = each.kind === "command_block" || each.payload.prompt_id;
      if (isShown) all.set(each.id, each);
    }
    // The oldest leave first: a page that stays open for weeks must not grow.
    const ids = [...all.keys()].sort((a, b) => a - b);
    for (const id of ids.slice(0, Math.max(0, ids.length - KEPT))) all.delete(id);
    this.events.value = all;
  }

  /** @private @param {Delivery} delivery */
  takeDelivery(delivery) {
    if (delivery.targetId !== this.id) return;
    const all = new Map(this.deliveries.value);
    all.delete(delivery.id);
    all.set(delivery.id, delivery);
    for (const id of [...all.keys()].slice(0, Math.max(0, all.size - KEPT))) all.delete(id);
    this.deliveries.value = all;
  }

  /** Search all output; no words end the search. @param {string} words */
  async find(words) {
    const { id } = this;
    this.failure.value = "";
    search.value = { id, words, hits: words ? search.value.hits : null };
    if (!words) return;
    try {
      const { rows } = await get(sessionPath(id, "terminal/history"), { grep: words, limit: HITS });
      const now = search.value;
      if (now.id === id && now.words === words) search.value = { ...now, hits: rows };
    } catch (error) {
      this.failure.value = said(error);
    }
  }

  /** @private The newest first. @param {(event: RunEvent) => boolean} isWanted */
  found(isWanted) {
    return [...this.events.value.values()].filter(isWanted).sort((a, b) => b.id - a.id);
  }

  /** @private @param {RunEvent} event @param {Record<string, any> | null} place @param {unknown} text @param {unknown} facts */
  jump(event, place, text, facts) {
    const inside = html`<bdi class="mono">${text}</bdi>
      <span class="facts-line">${facts} <span class="hint">${ago(event.ts_ms)}</span></span>`;
    return place === null
      ? html`<div class="jump" data-item=${event.id}>${inside}</div>`
      : html`<a class="jump" data-item=${event.id} href=${href("terminal", this.id, place)}>${inside}</a>`;
  }

  /** @private */
  blocks() {
    const found = this.found((each) => each.kind === "command_block");
    if (!found.length) return emptyState("No command yet.", "Commands are listed if the shell marks its prompts.");
    return repeat(found, (each) => each.id, (each) => {
      const { exit_code: code, duration_ms: ms } = each.payload;
      const end = code ? html`<span class="bad">exit ${code}</span>` : code === 0 ? html`<span class="good">exit 0</span>` : "";
      const start = each.payload.command_start ?? each.start;
      return this.jump(each, start == null ? null : { offset: start }, visible(each.text), html`command ${end} ${typeof ms === "number" ? duration(ms) : ""}`);
    });
  }

  /** @private */
  prompts() {
    const found = this.found((each) => PROMPTS.includes(each.kind) && each.payload.prompt_bridge === true);
    if (!found.length) return emptyState("No prompt yet.", "What the program asks is listed here, with its answer.");
    const ends = new Map(this.found((each) => ANSWERS.includes(each.kind)).map((each) => [each.payload.prompt_id, each]));
    return repeat(found, (each) => each.id, (each) => {
      const end = ends.get(each.payload.prompt_id);
      const chosen = end?.payload.chosen;
      const facts = chosen
        ? html`<span class="good">“${visible(String(chosen))}”${end.payload.by ? html`, by <bdi>${visible(String(end.payload.by))}</bdi>` : ""}</span>`
        : visible(String(end?.payload.status ?? "prompt"));
      // A program erases its dialogs: the screen of then has it, the lines do not.
      const place = each.end ?? each.start;
      return this.jump(each, place === null ? null : { offset: place, as: "screen" }, visible(each.text, { lines: true }), facts);
    });
  }

  /** @private */
  ledger() {
    const found = [...this.deliveries.value.values()].sort((a, b) => b.updated_at.localeCompare(a.updated_at));
    if (!found.length) return emptyState("No delivery yet.", "Messages for this terminal are listed here, step by step.");
    return repeat(found, (each) => each.id, (each) => {
      const last = (each.transitions ?? []).findLast(({ offset }) => offset !== null);
      const room = sessions.value.get(each.session_id);
      const place = href("room", each.session_id, { message: each.message_id });
      return html`<div class="jump">
        ${ticks([each])}
        <span class="facts-line">${room ? html`<a href=${place}>message in <bdi>${nameOf(room)}</bdi></a>` : "message"}
          ${last ? html`<a href=${href("terminal", this.id, { offset: last.offset ?? 0 })}>byte ${last.offset}</a>` : ""}
          <span class="hint">${ago(each.updated_at)}</span></span>
      </div>`;
    });
  }

  /** @private @param {Hit[]} hits */
  lines(hits) {
    if (!hits.length) return emptyState("Nothing was found.", "The words are looked for as they stand. After re: comes a regular expression.");
    return repeat(hits, (each) => each.line, (each) => html`<a class="jump" data-item=${each.line} href=${href("terminal", this.id, { offset: each.start, line: each.line })}>
      <bdi class="mono">${marked(each.snippet)}</bdi>
      <span class="facts-line">line ${each.line} <span class="hint">${ago(each.ts_ms)}</span></span>
    </a>`);
  }

  /** @private */
  chatView() {
    if (!this.chat.value) return emptyState("No chat.", "This terminal has no linked chat.");
    return html`${this.list?.element} ${may("post") ? this.composer?.view() : ""}`;
  }

  view() {
    const { words, hits } = search.value;
    const submit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.currentTarget);
      void this.find(/** @type {HTMLInputElement} */ (form.elements.namedItem("words")).value.trim());
    };
    const content = { chat: () => this.chatView(), blocks: () => this.blocks(), prompts: () => this.prompts(), deliveries: () => this.ledger() };
    return html`<aside class="side" aria-label="About this terminal">
      <form role="search" class="find-form" aria-label="This terminal" @submit=${submit}>
        <input type="search" name="words" aria-label="Find in this terminal" placeholder="Find in all its output" autocomplete="off" .value=${words}
          @search=${(/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).value || this.find("")} />
      </form>
      ${hits ? html`<p class="strip" role="status">${count(hits.length, "line")}${hits.length === HITS ? ", the newest" : ""}. <button class="button small" @click=${() => this.find("")}>Close</button></p>` : ""}
      <div class="side-tabs" role="tablist">
        ${TABS.map(
          ([key, text]) => html`<button role="tab" aria-selected=${String(!hits && key === tab.value)} @click=${() => (void this.find(""), (tab.value = key))}>${text}</button>`,
        )}
      </div>
      ${this.failure.value ? errorState(this.failure.value, () => void this.read()) : ""}
      <div class="side-content side-${hits ? "hits" : tab.value}" role="tabpanel" tabindex="0" aria-label=${hits ? "found" : tab.value}>${hits ? this.lines(hits) : content[tab.value]()}</div>
    </aside>`;
  }
}
