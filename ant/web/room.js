/** The screen of a room: its messages with their ledger, and who and what is in it. */
import { get, patch, post, said, sessionPath } from "./api.js";
import { kept, keep } from "./kept.js";
import { errorState } from "./parts.js";
import { Composer, myHandle, sender } from "./room_composer.js";
import { RoomFeed } from "./room_feed.js";
import { MessageList } from "./room_messages.js";
import { RoomSide } from "./room_side.js";
import { sessionMenu } from "./session_dialogs.js";
import { may, sessions } from "./state.js";
import { nameOf, visible } from "./text.js";
import { html } from "./vendor/lit-html.js";
import { effect, signal, untracked } from "./vendor/signals-core.js";

/** @typedef {import("./room_feed.js").Message} Message */
/** @typedef {{id: string, feed: RoomFeed, list: MessageList, side: RoomSide, composer: Composer}} Shown */

const SIDE = "ant.room.side";
/** The words that show the pinned messages. */
const PINNED = "is:pinned";
const NARROW = matchMedia("(max-width: 1099px)");

const shown = signal(/** @type {Shown | null} */ (null));
const hasSide = signal(kept(SIDE) !== "closed" && !NARROW.matches);
const failure = signal("");
const query = signal("");

/** @param {import("./router.js").Route} route */
export function enterRoom({ id, query: asked }) {
  failure.value = "";
  query.value = "";
  if (NARROW.matches) hasSide.value = false;
  const feed = new RoomFeed(id);
  const side = new RoomSide(id);
  const list = new MessageList(feed, { act: (message) => actions(id, message) });
  const composer = new Composer(feed, () => side.handles(), "Message, or @name …");
  shown.value = { id, feed, list, side, composer };
  list.start();
  const wanted = asked.get("message");
  if (wanted) void list.show(wanted);
  const leave = feed.watch((frame) => side.heard(frame), () => void side.read(), myHandle.peek());
  const stopReading = effect(() => {
    const last = feed.messages.value.at(-1);
    untracked(() => void markRead(feed, last));
  });
  return () => {
    leave();
    stopReading();
    list.stop();
    shown.value = null;
  };
}

/** Tell that a person has the newest message before the eyes. @param {RoomFeed} feed @param {Message | undefined} message */
async function markRead(feed, message) {
  const reader = sender();
  if (!message || !reader || document.hidden || !may("post") || message.sender_id === reader) return;
  if (feed.reads.value.get(message.id)?.some((each) => each.reader_handle === reader)) return;
  // A receipt that fails says nothing wrong: the message is not marked.
  await post(sessionPath(feed.id, `messages/${encodeURIComponent(message.id)}/read`), { reader_id: reader }).catch(() => {});
}

/** @param {string} id @param {Message} message */
function actions(id, message) {
  if (!may("post")) return "";
  const pin = async () => {
    try {
      await patch(sessionPath(id, `messages/${encodeURIComponent(message.id)}/pin`), { pinned: !message.pinned });
    } catch (error) {
      failure.value = said(error);
    }
  };
  const reply = () => {
    const it = shown.value;
    if (!it) return;
    it.composer.replyTo.value = message;
    /** @type {HTMLElement | null} */ (document.querySelector(".screen-room textarea"))?.focus();
  };
  return html`<span class="acts">
    <button class="button small" @click=${reply}>Reply</button>
    <button class="button small" aria-pressed=${String(message.pinned)} @click=${pin}>Pin</button>
  </span>`;
}

/** Show what fits the words, or the pinned messages, or all. @param {Shown} it @param {string} words */
async function search(it, words) {
  query.value = words;
  failure.value = "";
  if (!words || words === PINNED) {
    it.list.only.value = words ? it.feed.messages.value.filter((each) => each.pinned) : null;
    return;
  }
  try {
    const { results } = await get(sessionPath(it.id, "messages/search"), { q: words, limit: 100 });
    if (query.value === words) it.list.only.value = results.reverse();
  } catch (error) {
    failure.value = said(error);
  }
}

function toggleSide() {
  hasSide.value = !hasSide.value;
  if (!NARROW.matches) keep(SIDE, hasSide.value ? "open" : "closed");
}

/** @param {Shown} it */
function bar(it) {
  const session = sessions.value.get(it.id);
  const name = nameOf(session);
  const submit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    void search(it, /** @type {HTMLInputElement} */ (form.elements.namedItem("words")).value.trim());
  };
  return html`<header class="terminal-bar">
    <h1 tabindex="-1" title=${name}><bdi>${name}</bdi></h1>
    <span class="where"><bdi>${visible(session?.handle)}</bdi></span>
    <form role="search" class="room-search" @submit=${submit}>
      <input type="search" name="words" aria-label="Search this room" placeholder="Search this room" .value=${query.value}
        @search=${(/** @type {Event} */ event) => /** @type {HTMLInputElement} */ (event.target).value || search(it, "")} />
    </form>
    <button class="button small" aria-pressed=${String(query.value === PINNED)} @click=${() => search(it, query.value === PINNED ? "" : PINNED)}>Pinned</button>
    <button class="button small" aria-pressed=${String(hasSide.value)} @click=${toggleSide}>Details</button>
    <button class="button small more" aria-label="Actions of ${name}" @click=${() => sessionMenu(it.id)}>⋯</button>
  </header>`;
}

/** The screen. @param {import("./router.js").Route} route */
export function room({ id }) {
  const it = shown.value;
  if (!it || it.id !== id) return "";
  if (!sessions.value.has(id)) {
    return html`<div class="screen-lost">${errorState("There is no such room, or it was archived or deleted.")}</div>`;
  }
  return html`<div class="screen-room ${hasSide.value ? "with-side" : ""}">
    <section class="room-main" aria-label="Room ${nameOf(sessions.value.get(id))}">
      ${bar(it)}
      ${failure.value ? errorState(failure.value) : ""}
      ${it.list.only.value
        ? html`<p class="strip">${it.list.only.value.length} found. <button class="button small" @click=${() => search(it, "")}>Show all</button></p>`
        : ""}
      ${it.list.element}
      ${may("post") ? it.composer.view() : ""}
    </section>
    ${hasSide.value ? it.side.view() : ""}
  </div>`;
}
