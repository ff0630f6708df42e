/**
 * Where a person writes a message: with completion of `@` names, a reply, and a note.
 *
 * - `myHandle` is the name under which this browser takes part, such as `@ada`.
 * - `new Composer(feed, names)` has `.replyTo` and `.view()`; `names()` are the handles.
 */
import { post, said, sessionPath } from "./api.js";
import { link } from "./connection.js";
import { keep, kept } from "./kept.js";
import { sessions } from "./state.js";
import { visible } from "./text.js";
import { html, nothing } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {import("./room_feed.js").RoomFeed} RoomFeed */
/** @typedef {import("./room_feed.js").Message} Message */

const STORED = "ant.handle";
const TYPING_MS = 3000;
const SHOWN = 6;

export const myHandle = signal(kept(STORED) ?? "@operator");

/** @param {string} name With or without `@`. */
export function setHandle(name) {
  myHandle.value = `@${name.trim().replace(/^@/, "")}`;
  keep(STORED, myHandle.value);
}

/** The name to post under; null where a terminal has it, which this page must not be. */
export function sender() {
  const isTaken = [...sessions.value.values()].some((each) => each.handle === myHandle.value);
  return isTaken || myHandle.value === "@" ? null : myHandle.value;
}

export class Composer {
  /** @param {RoomFeed} feed @param {() => string[]} names @param {string} placeholder */
  constructor(feed, names, placeholder) {
    this.feed = feed;
    this.names = names;
    this.placeholder = placeholder;
    this.replyTo = signal(/** @type {Message | null} */ (null));
    this.note = signal("");
    /** The beginning of a name before the cursor. @private */ this.begun = signal("");
    /** @private */ this.chosen = signal(0);
    /** @private */ this.isSending = signal(false);
    /** When it was told that this person types; 0 if it was not. @private */ this.typedAt = 0;
  }

  /** @private @param {HTMLTextAreaElement} field The word before the cursor, if it is a name. */
  word(field) {
    return /(?:^|[\s(\[])(@[^\s@]*)$/.exec(field.value.slice(0, field.selectionStart))?.[1];
  }

  /** @private @param {Event} event */
  changed(event) {
    const field = /** @type {HTMLTextAreaElement} */ (event.target);
    this.begun.value = this.word(field)?.toLowerCase() ?? "";
    this.chosen.value = 0;
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight + 2, 160)}px`;
    if (field.value && Date.now() - this.typedAt > TYPING_MS) this.tellTyping(true);
  }

  /** @private */
  found() {
    const begun = this.begun.value;
    return begun ? this.names().filter((each) => each.toLowerCase().startsWith(begun)).slice(0, SHOWN) : [];
  }

  /** @private @param {boolean} typing */
  tellTyping(typing) {
    if (!typing && !this.typedAt) return;
    this.typedAt = typing ? Date.now() : 0;
    const handle = sender();
    // It is a courtesy: the room works without it.
    if (handle && link.value.state === "open") post(sessionPath(this.feed.id, "typing"), { handle, typing }).catch(() => {});
  }

  /** @private @param {HTMLTextAreaElement} field @param {string} name */
  complete(field, name) {
    const at = field.selectionStart;
    const begin = at - (this.word(field)?.length ?? 0);
    field.setRangeText(`${name} `, begin, at, "end");
    this.begun.value = "";
    field.focus();
  }

  /** @private @param {KeyboardEvent} event */
  key(event) {
    const field = /** @type {HTMLTextAreaElement} */ (event.target);
    const found = this.found();
    if (event.isComposing) return;
    if (found.length && ["ArrowDown", "ArrowUp"].includes(event.key)) {
      event.preventDefault();
      const by = event.key === "ArrowDown" ? 1 : -1;
      this.chosen.value = (this.chosen.value + by + found.length) % found.length;
    } else if (found.length && ["Enter", "Tab"].includes(event.key)) {
      event.preventDefault();
      this.complete(field, found[this.chosen.value]);
    } else if (event.key === "Escape" && (found.length || this.replyTo.value)) {
      event.preventDefault();
      this.begun.value = "";
      this.replyTo.value = null;
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      field.form?.requestSubmit();
    }
  }

  /** @private @param {SubmitEvent} event */
  async send(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("content"));
    const content = field.value;
    if (!content.trim() || this.isSending.value) return;
    if (link.value.state !== "open") return void (this.note.value = "Not connected. Nothing was posted.");
    this.isSending.value = true;
    try {
      const reply_to = this.replyTo.value?.id ?? null;
      await this.feed.post({ content, sender_id: sender(), reply_to });
      if (field.value === content) field.value = "";
      this.begun.value = "";
      field.style.height = "auto";
      this.replyTo.value = null;
      this.note.value = "";
      this.tellTyping(false);
    } catch (error) {
      this.note.value = said(error);
    }
    this.isSending.value = false;
  }

  view() {
    const found = this.found();
    const reply = this.replyTo.value;
    return html`<form class="composer" @submit=${(/** @type {SubmitEvent} */ event) => this.send(event)} autocomplete="off">
      ${this.note.value ? html`<p class="note" role="alert">${visible(this.note.value)}</p>` : ""}
      ${reply
        ? html`<p class="reply-note">Reply to <bdi>${visible(reply.content.slice(0, 80))}</bdi>
            <button type="button" class="button small" aria-label="No reply" @click=${() => (this.replyTo.value = null)}>✕</button></p>`
        : ""}
      ${found.length
        ? html`<ul class="names" role="listbox" aria-label="Names" id="names">
            ${found.map(
              (each, i) => html`<li role="option" id="name-${i}" aria-selected=${String(i === this.chosen.value)}
                @pointerdown=${(/** @type {PointerEvent} */ event) => {
                  event.preventDefault();
                  const form = /** @type {HTMLElement} */ (event.currentTarget).closest("form");
                  this.complete(/** @type {any} */ (form?.elements.namedItem("content")), each);
                }}
              ><bdi>${visible(each)}</bdi></li>`,
            )}
          </ul>`
        : ""}
      <div class="composer-line">
        <textarea name="content" rows="1" aria-label="Message" placeholder=${this.placeholder}
          aria-controls=${found.length ? "names" : nothing}
          aria-activedescendant=${found.length ? `name-${this.chosen.value}` : nothing}
          @input=${(/** @type {Event} */ event) => this.changed(event)}
          @keydown=${(/** @type {KeyboardEvent} */ event) => this.key(event)}
          @blur=${() => this.tellTyping(false)}
        ></textarea>
        <button class="button first" ?disabled=${this.isSending.value}>Send</button>
      </div>
    </form>`;
  }
}
