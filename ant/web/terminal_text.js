/**
 * A terminal as text: rows, a row of keys, and a line to compose in. It is what a phone
 * shows, and a desk where somebody wants it.
 *
 * - `new TextView(id)` has `.element`, `.size`, `.watch()` and `.keys()`, a template.
 *
 * It never changes the size by itself: a keyboard that opens takes room of this page only.
 */
import { get, said, sessionPath } from "./api.js";
import { readClipboard } from "./clipboard.js";
import { request } from "./connection.js";
import { RowsView } from "./rows_view.js";
import { cleaned, inputNote, mayPaste, mayType, type } from "./terminal_input.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {import("./terminal_emulator.js").Size} Size */

/** @type {[string, string, string][]} The word on a key, its name, and what it types. */
const KEYS = [
  ["Esc", "Esc", "\x1b"],
  ["Tab", "Tab", "\t"],
  ["←", "Left", "D"],
  ["↑", "Up", "A"],
  ["↓", "Down", "B"],
  ["→", "Right", "C"],
  ["^C", "Control C", "\x03"],
];

/** The pause before the Enter of a line. Codex takes one that comes sooner for a line of a paste. */
const ENTER_MS = 300;
const NEAR_PX = 24;
/** Room below the last row. */
const FOOT_PX = 8;

export class TextView {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.rows = new RowsView();
    this.element = document.createElement("div");
    this.element.className = "text-rows";
    /** @private */ this.cursor = document.createElement("i");
    this.cursor.className = "cursor";
    this.element.append(this.rows.element);
    this.rows.element.append(this.cursor);
    this.rows.drawn = () => this.follow();
    /** Where `follow` has put the ground, in px; and whether a person left it there. */
    /** @private */ this.place = 0;
    /** @private */ this.follows = true;
    /** @private */ this.row = 0;
    this.size = signal(/** @type {Size | null} */ (null));
    this.title = signal("");
    /** The offset after the last byte of what is shown. */
    this.offset = 0;
    this.failure = signal("");
    this.isControl = signal(false);
    this.isRaw = signal(false);
    this.isEmpty = signal(true);
  }

  /** @returns {() => void} Leaves the terminal. */
  watch() {
    const scrolled = (/** @type {Event} */ event) => {
      const ground = /** @type {HTMLElement} */ (event.target);
      if (ground.contains(this.element)) this.follows = ground.scrollTop >= this.place - NEAR_PX;
    };
    // A scroll does not bubble, and the ground is not there yet.
    addEventListener("scroll", scrolled, { capture: true, passive: true });
    // It has no place at first; later a card or a keyboard takes room of the ground.
    /** @type {Element | null} */
    let ground = null;
    const observer = new ResizeObserver(() => {
      const place = this.element.parentElement;
      // To observe it again would tell its size again, without end.
      if (place && place !== ground) observer.observe((ground = place));
      this.follow();
    });
    observer.observe(this.element);
    const leave = this.rows.watch(this.id, {
      refused: (error) => (this.failure.value = error.message),
      frame: (frame) => {
        if (frame.type === "terminal_size") this.size.value = /** @type {any} */ (frame);
        if (frame.type === "screen_rows") {
          const { row, col, visible } = frame.cursor;
          this.cursor.hidden = !visible;
          this.cursor.style.transform = `translate(calc(${col} * 1ch), calc(${row} * 1lh))`;
          this.title.value = frame.title;
          this.offset = frame.offset;
          this.row = row;
        }
      },
    });
    return () => {
      leave();
      observer.disconnect();
      removeEventListener("scroll", scrolled, { capture: true });
    };
  }

  /** Keep the last row in view, unless somebody reads further up. @private */
  follow() {
    const ground = this.element.parentElement;
    const last = this.rows.line(Math.max(this.rows.used - 1, this.cursor.hidden ? 0 : this.row));
    if (!ground || !last || !this.follows) return;
    const below = last.getBoundingClientRect().bottom + FOOT_PX - ground.getBoundingClientRect().bottom;
    ground.scrollTop += below;
    this.place = ground.scrollTop;
  }

  /** Put the cursor into the line, unless somebody types elsewhere. */
  focus() {
    if (document.activeElement?.closest("input, textarea, dialog")) return;
    const line = document.querySelector(".compose input");
    if (line instanceof HTMLElement) line.focus();
  }

  /** Take the size that fits this screen, until this view is left. */
  async fit() {
    const line = document.createElement("span");
    line.textContent = "m".repeat(10);
    this.rows.element.append(line);
    const { width, height } = line.getBoundingClientRect();
    line.remove();
    const place = this.element.parentElement ?? this.element;
    const cols = Math.max(20, Math.floor((place.clientWidth - 20) / (width / 10)));
    const above = place.querySelector(".earlier")?.clientHeight ?? 0;
    const rows = Math.max(5, Math.floor((place.clientHeight - above - 16) / Math.max(height, 15)));
    try {
      await request({ type: "terminal_resize", sessionId: this.id, cols, rows, take: true });
    } catch (error) {
      inputNote.value = said(error);
    }
  }

  /** @private @param {string} text */
  type(text) {
    return type(this.id, text);
  }

  /** @private @param {string} code */
  async press(code) {
    if (!/^[A-D]$/.test(code)) return this.type(code);
    // An arrow has two codes, and the program chooses which.
    try {
      const { modes } = await get(sessionPath(this.id, "terminal/screen"));
      return this.type(modes.application_cursor ? `\x1bO${code}` : `\x1b[${code}`);
    } catch (error) {
      inputNote.value = said(error);
    }
  }

  /** @private */
  async paste() {
    try {
      const text = cleaned(await readClipboard());
      const { modes } = await get(sessionPath(this.id, "terminal/screen"));
      const isBracketed = modes.bracketed_paste;
      if (!text || !mayType() || !(await mayPaste(text, isBracketed))) return;
      const lines = text.replace(/\r?\n/g, "\r");
      await this.type(isBracketed ? `\x1b[200~${lines}\x1b[201~` : lines);
    } catch (error) {
      inputNote.value = said(error);
    }
  }

  /** @private @param {InputEvent} event */
  changed(event) {
    const field = /** @type {HTMLInputElement} */ (event.target);
    // A text that an input method still composes is not typed yet.
    if (!event.isComposing && (this.isControl.value || this.isRaw.value)) void this.typeField(field);
    this.isEmpty.value = !field.value;
  }

  /** @private @param {HTMLInputElement} field */
  async typeField(field) {
    const text = field.value;
    field.value = "";
    if (!text) return;
    if (!this.isControl.value) return this.type(text);
    this.isControl.value = false;
    const code = text.toUpperCase().charCodeAt(0);
    if (code >= 0x40 && code < 0x60) await this.type(String.fromCharCode(code & 0x1f) + text.slice(1));
    else inputNote.value = `There is no Ctrl ${text}.`;
  }

  /** @private @param {SubmitEvent} event */
  async send(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("line"));
    const text = field.value;
    if (text) {
      if (!(await this.type(text))) return;
      if (field.value === text) field.value = "";
      this.isEmpty.value = !field.value;
      await new Promise((resolve) => setTimeout(resolve, ENTER_MS));
    }
    await this.type("\r");
  }

  /** @private @param {KeyboardEvent} event */
  key(event) {
    if (event.key === "Enter" && event.isComposing) event.preventDefault();
    const field = /** @type {HTMLInputElement} */ (event.target);
    if (event.key === "Backspace" && this.isRaw.value && !field.value) void this.type("\x7f");
  }

  /** @private @param {[string, string, string]} key */
  keyView([word, name, code]) {
    return html`<button aria-label=${name} @click=${() => this.press(code)}>${word}</button>`;
  }

  keys() {
    // A key must not take the focus: the keyboard of the phone would close.
    const stay = (/** @type {Event} */ event) => event.preventDefault();
    return html`<div class="text-keys">
      <div class="key-row" role="toolbar" aria-label="Keys" @pointerdown=${stay} @mousedown=${stay}>
        ${KEYS.slice(0, 2).map((each) => this.keyView(each))}
        <button aria-pressed=${String(this.isControl.value)} @click=${() => (this.isControl.value = !this.isControl.value)}>Ctrl</button>
        ${KEYS.slice(2).map((each) => this.keyView(each))}
        <button @click=${() => this.paste()}>Paste</button>
        <button aria-pressed=${String(this.isRaw.value)} @click=${() => (this.isRaw.value = !this.isRaw.value)}>Raw</button>
      </div>
      <form class="compose" autocomplete="off" @submit=${(/** @type {SubmitEvent} */ event) => this.send(event)}>
        <input
          name="line"
          aria-label="Line to type"
          placeholder=${this.isControl.value ? "A letter for Ctrl" : this.isRaw.value ? "Each key is typed at once" : "Type, then send"}
          autocapitalize="off"
          autocorrect="off"
          spellcheck="false"
          enterkeyhint="send"
          @input=${(/** @type {InputEvent} */ event) => this.changed(event)}
          @compositionend=${(/** @type {InputEvent} */ event) => this.isRaw.value && this.typeField(/** @type {any} */ (event.target))}
          @keydown=${(/** @type {KeyboardEvent} */ event) => this.key(event)}
        />
        <button class="button first">${this.isEmpty.value ? "Enter" : "Send"}</button>
      </form>
    </div>`;
  }
}
