/**
 * The list of messages of a room, with the ledger of each.
 *
 * `new MessageList(feed, {act})` has an `element` that scrolls: it stays at the newest
 * message, or keeps its place while older ones are read. `.show(id)` scrolls to a message;
 * it reads at most twenty pages for that. `ticks(deliveries)` is a template.
 */
import { cards } from "./cards.js";
import { drawn } from "./drawing.js";
import { cardView } from "./inbox.js";
import { linked } from "./links.js";
import { emptyState, errorState } from "./parts.js";
import { href } from "./router.js";
import { sessions } from "./state.js";
import { nameOf, visible } from "./text.js";
import { ago } from "./times.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html, nothing } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {import("./room_feed.js").Message} Message */
/** @typedef {import("./room_feed.js").Delivery} Delivery */
/** @typedef {import("./room_feed.js").RoomFeed} RoomFeed */
/** @typedef {{act?: (message: Message) => unknown, hasCards?: boolean}} Options */

/** The shape of each state of a delivery; the word stands beside it. @type {Record<string, string>} */
const TICKS = {
  queued: "◌", withheld: "‖", typed: "›", submitted: "»", reacted: "✓", acked: "✓✓",
  unconfirmed: "?", failed: "✕", dead: "✕", skipped: "–",
};
const GOOD = new Set(["reacted", "acked"]);
const BAD = new Set(["failed", "dead"]);
const NEAR_PX = 48;
const OLDER_PX = 240;
const PAGES_BACK = 20;

/** Whom a name or an id of a session means. @param {string | null | undefined} id */
export function whoIs(id) {
  const session = sessions.value.get(id ?? "");
  return session ? nameOf(session) : visible(id ?? "somebody");
}

/** @param {Delivery} delivery */
function tick(delivery) {
  const { state, reason, error, file } = delivery;
  const kind = GOOD.has(state) ? "good" : BAD.has(state) ? "bad" : "";
  return html`<details class="tick ${kind}" data-state=${state}>
    <summary>
      <span aria-hidden="true">${TICKS[state] ?? "·"}</span> <bdi>${whoIs(delivery.targetId)}</bdi>
      ${visible(state)}${reason ? html` <span class="hint">(${visible(reason).replaceAll("_", " ")}${delivery.final && state === "withheld" ? ", for good" : ""})</span>` : ""}
    </summary>
    <ol>
      ${(delivery.transitions ?? []).map(
        (each) => html`<li>
          <span aria-hidden="true">${TICKS[each.state] ?? "·"}</span> ${visible(each.state)}
          ${each.reason ? visible(each.reason).replaceAll("_", " ") : ""}
          ${each.offset === null ? "" : html`<a href=${href("terminal", delivery.targetId, { offset: each.offset })}>byte ${each.offset}</a>`}
          <span class="hint">${new Date(each.at).toLocaleTimeString([], { hour12: false })}</span>
        </li>`,
      )}
    </ol>
    ${error ? html`<p class="hint"><bdi>${visible(error)}</bdi></p>` : ""}
    ${file ? html`<p class="hint mono"><bdi>${visible(file)}</bdi></p>` : ""}
  </details>`;
}

/** @param {Delivery[]} deliveries */
export const ticks = (deliveries) =>
  deliveries.length ? html`<div class="ticks">${repeat(deliveries, (each) => each.id, tick)}</div>` : nothing;

/** What the card of a prompt says, once it is no longer open. @param {Message} message */
function closedCard(message) {
  let text = message.content;
  try {
    text = JSON.parse(message.content).text ?? text;
  } catch {
    // Somebody posted it by hand: it is shown as it is.
  }
  const { chosen, status } = message.meta;
  return html`<p><bdi>${visible(text, { lines: true })}</bdi></p>
    <p class="hint">${chosen ? html`<span aria-hidden="true">✓</span> “${visible(String(chosen))}”` : visible(String(status ?? "a question"))}</p>`;
}

/** @param {Message} message @param {boolean} hasCards */
function body(message, hasCards) {
  if (message.msg_type !== "agent_event") return html`<p class="content"><bdi>${linked(message.content)}</bdi></p>`;
  const card = hasCards && cards.value.find((each) => each.prompt.id === message.meta.prompt_id);
  return card ? cardView(card) : closedCard(message);
}

export class MessageList {
  /**
   * @param {RoomFeed} feed
   * @param {Options} [options] `act` are the buttons of a message. Without `hasCards` a prompt
   *   is a line of text, where its card stands beside the list.
   */
  constructor(feed, { act, hasCards = true } = {}) {
    this.feed = feed;
    this.act = act;
    this.hasCards = hasCards;
    this.element = document.createElement("div");
    this.element.className = "messages";
    this.element.tabIndex = 0;
    this.element.setAttribute("role", "region");
    this.element.setAttribute("aria-label", "Messages");
    this.content = document.createElement("div");
    this.element.append(this.content);
    /** The messages of a search, the oldest first; null shows all of the room. */
    this.only = signal(/** @type {Message[] | null} */ (null));
    /** The id of the message that an address leads to. @private */ this.wanted = signal("");
    /** @private */ this.isSought = false;
    /** @private */ this.isAtEnd = true;
    /** @private */ this.fromEnd = 0;
    /** @private */ this.first = "";
    /** @private */ this.observer = new ResizeObserver(() => this.place());
    /** @private */ this.stops = [() => this.observer.disconnect()];
    this.element.addEventListener("scroll", () => this.scrolled(), { passive: true });
  }

  start() {
    this.observer.observe(this.content);
    this.observer.observe(this.element);
    this.stops.push(drawn(() => this.view(), this.content));
  }

  stop() {
    this.stops.forEach((each) => each());
  }

  /** @private */
  scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.element;
    this.isAtEnd = scrollHeight - scrollTop - clientHeight < NEAR_PX;
    this.fromEnd = scrollHeight - scrollTop;
    if (scrollTop < OLDER_PX && this.feed.isRead.value && !this.only.value) void this.feed.older();
  }

  /** Scroll to a message, and mark it. @param {string} id */
  async show(id) {
    await this.feed.firstRead;
    const has = () => this.feed.messages.value.some((each) => each.id === id);
    for (let n = 0; n < PAGES_BACK && !has() && this.feed.hasOlder.value; n++) await this.feed.older();
    if (!has()) {
      this.feed.failure.value = "That message was deleted, or it is older than what this page reads.";
      return;
    }
    this.isAtEnd = false;
    this.isSought = true;
    this.wanted.value = id;
    // It is drawn before the next frame but one, and later if that changes the height.
    requestAnimationFrame(() => requestAnimationFrame(() => this.seek()));
  }

  /** Scroll to the message of the address, once it is drawn. @private @returns {boolean} Whether that was done. */
  seek() {
    const found = this.element.querySelector(".message.wanted");
    if (!this.isSought || !(found instanceof HTMLElement)) return false;
    this.isSought = false;
    this.first = this.feed.messages.value[0]?.id ?? "";
    found.scrollIntoView({ block: "center" });
    found.focus({ preventScroll: true });
    return true;
  }

  /** The content has another height: stay at the end, or keep the place under older ones. @private */
  place() {
    if (this.seek()) return;
    const first = this.feed.messages.value[0]?.id ?? "";
    if (this.isAtEnd) this.element.scrollTop = this.element.scrollHeight;
    else if (first !== this.first) this.element.scrollTop = this.element.scrollHeight - this.fromEnd;
    this.first = first;
    // A list that has no scroll bar yet has room for more.
    if (this.element.clientHeight && this.element.scrollHeight <= this.element.clientHeight) this.scrolled();
  }

  /** @private @param {Message} message */
  messageView(message) {
    const { feed } = this;
    const reply = message.reply_to && feed.messages.value.find((each) => each.id === message.reply_to);
    const reads = feed.reads.value.get(message.id) ?? [];
    const kind = `${message.pinned ? "pinned" : ""} ${this.wanted.value === message.id ? "wanted" : ""}`;
    return html`<article class="message ${kind}" data-item=${message.id} tabindex="0">
      <header>
        <bdi class="name">${whoIs(message.sender_id ?? message.role)}</bdi>
        ${message.target ? html`<bdi class="where">to ${whoIs(message.target)}</bdi>` : ""}
        ${message.pinned ? html`<span class="where">pinned</span>` : ""}
        <span class="since">${ago(message.created_at)}</span>
        ${this.act?.(message) ?? ""}
      </header>
      ${message.reply_to
        ? html`<blockquote>${reply ? html`<bdi>${whoIs(reply.sender_id)}: ${visible(reply.content.slice(0, 160))}</bdi>` : "an earlier message"}</blockquote>`
        : ""}
      ${body(message, this.hasCards)}
      ${ticks(feed.deliveries.value.get(message.id) ?? [])}
      ${reads.length ? html`<p class="hint reads">read by <bdi>${reads.map((each) => visible(each.reader_handle ?? each.reader_name)).join(", ")}</bdi></p>` : ""}
    </article>`;
  }

  /** @private */
  view() {
    const { feed } = this;
    const only = this.only.value;
    const shown = only ? only.map((each) => feed.messages.value.find((now) => now.id === each.id) ?? each) : feed.messages.value;
    const typing = [...feed.typing.value.keys()].map((each) => visible(each));
    return html`${feed.failure.value ? errorState(feed.failure.value) : ""}
      ${feed.hasOlder.value && !only ? html`<p class="hint older">Earlier messages come when you scroll.</p>` : ""}
      ${!shown.length && feed.isRead.value ? emptyState(only ? "No message here fits." : "No message yet.") : ""}
      ${repeat(shown, (each) => each.id, (each) => this.messageView(each))}
      ${typing.length ? html`<p class="hint typing"><bdi>${typing.join(", ")}</bdi> ${typing.length === 1 ? "types" : "type"}…</p>` : ""}`;
  }
}
