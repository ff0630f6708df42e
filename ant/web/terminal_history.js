/**
 * A part of a terminal's transcript: where a hit, a command or a prompt stands.
 *
 * `new HistoryView(id, offset, form, line)` reads what is around a byte offset; `.view()`
 * is a template. It has three forms (`FORMS`): the lines as they were last shown, the text
 * of the bytes, and the screen as the program had drawn it at that byte. `Earlier` and
 * `Later` read on. Bytes that were not recorded are one dim line.
 */
import { get, said, sessionPath } from "./api.js";
import { errorState } from "./parts.js";
import { href } from "./router.js";
import { visible, wrapped } from "./text.js";
import { ago } from "./times.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html, nothing } from "./vendor/lit-html.js";
import { batch, signal } from "./vendor/signals-core.js";

/** @typedef {"lines" | "bytes" | "screen"} Form */
/**
 * A row of the answer; `line`, `start` and `end` are there for lines only.
 * @typedef {{byte_offset: number, size: number, text: string, ts_ms: number, line?: number, start?: number, end?: number}} Piece
 */
/** @typedef {{from: number, to: number}} Gap */

export const FORMS = /** @type {[Form, string][]} */ ([
  ["lines", "Lines"],
  ["bytes", "Bytes"],
  ["screen", "Screen"],
]);
/** Matches each line: the search by lines is what has them. */
const EVERY_LINE = "re:^";
/** The rows of a page, and those before the offset at first. @type {Record<string, [number, number]>} */
const PAGES = { lines: [200, 60], bytes: [40, 8] };

export class HistoryView {
  /** @param {string} id @param {number} offset @param {Form} form @param {number | null} line The number of the line to mark. */
  constructor(id, offset, form, line) {
    this.id = id;
    this.offset = offset;
    this.form = form;
    this.line = line;
    this.pieces = signal(/** @type {Piece[]} */ ([]));
    this.gaps = signal(/** @type {Gap[]} */ ([]));
    this.earlier = signal(/** @type {number | null} */ (null));
    this.later = signal(/** @type {number | null} */ (null));
    this.screen = signal(/** @type {string[]} */ ([]));
    this.failure = signal("");
    this.isRead = signal(false);
    void this.begin();
  }

  /** @private */
  async begin() {
    if (this.form === "screen") {
      await this.readScreen();
    } else {
      const [page, before] = PAGES[this.form];
      await this.read({ to: this.offset, limit: before });
      await this.read({ from: this.offset, limit: page });
      if (this.form === "bytes") this.pieces.value = this.pieces.value.flatMap((each) => this.cut(each));
    }
    this.isRead.value = true;
    // The template is drawn before the next frame but one.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const mark = document.querySelector(".transcript mark");
      mark?.scrollIntoView({ block: "center" });
    }));
  }

  /** @private What of a piece is before the offset: the piece from there on has the rest. @param {Piece} piece @returns {Piece[]} */
  cut(piece) {
    const size = this.offset - piece.byte_offset;
    const rest = this.pieces.value.find((each) => each.byte_offset === this.offset);
    if (size <= 0 || size >= piece.size || !rest) return [piece];
    if (!piece.text.endsWith(rest.text)) return [];
    return [{ ...piece, size, text: piece.text.slice(0, piece.text.length - rest.text.length) }];
  }

  /** @private */
  async readScreen() {
    try {
      const { lines } = await get(sessionPath(this.id, "prompt-bridge/explain"), { offset: this.offset });
      while (lines.length && !lines[lines.length - 1].trim()) lines.pop();
      this.screen.value = lines;
    } catch (error) {
      this.failure.value = said(error);
    }
  }

  /** @private @param {Record<string, number>} where */
  async read(where) {
    try {
      const isBack = where.to !== undefined;
      const grep = this.form === "lines" ? { grep: EVERY_LINE } : {};
      const page = await get(sessionPath(this.id, "terminal/history"), { order: isBack ? "desc" : "asc", ...grep, ...where });
      const rows = /** @type {Piece[]} */ (isBack ? [...page.rows].reverse() : page.rows);
      batch(() => {
        this.failure.value = "";
        const known = new Set(this.pieces.value.map((each) => this.keyOf(each)));
        const fresh = rows.filter((each) => !known.has(this.keyOf(each)));
        this.pieces.value = isBack ? [...fresh, ...this.pieces.value] : [...this.pieces.value, ...fresh];
        this.gaps.value = [...this.gaps.value, ...page.gaps];
        if (isBack) this.earlier.value = page.previous;
        if (!isBack) this.later.value = rows.length && page.next < page.end ? page.next : null;
      });
    } catch (error) {
      this.failure.value = said(error);
    }
  }

  /** @private A line has a number, and an empty one no bytes. @param {Piece} piece */
  keyOf(piece) {
    return piece.line ?? piece.byte_offset;
  }

  /** @private The piece that is marked: the line of the hit, or what has the byte. */
  marked() {
    const all = this.pieces.value;
    const named = this.line !== null && all.find((each) => each.line === this.line && (each.start ?? 0) <= this.offset);
    if (named) return named;
    const isHere = (/** @type {Piece} */ each) => this.offset >= each.byte_offset && this.offset < each.byte_offset + each.size;
    return all.find(isHere) ?? (this.form === "lines" ? all.find((each) => each.byte_offset >= this.offset) : undefined);
  }

  /** @private @param {Piece} piece @param {Piece | undefined} marked */
  pieceView(piece, marked) {
    const gap = this.gaps.value.find((each) => each.to === piece.byte_offset);
    const text = visible(wrapped(piece.text), { lines: true });
    return html`${gap ? html`<span class="gap">── ${gap.to - gap.from} bytes are missing ──\n</span>` : ""}${piece === marked ? this.markView(piece, text) : text}${this.form === "lines" ? "\n" : ""}`;
  }

  /** @private A piece that begins at the byte is marked up to the end of the line. @param {Piece} piece @param {string} text */
  markView(piece, text) {
    const isExact = this.form === "bytes" && piece.byte_offset === this.offset;
    const [, before, line, after] = (isExact && /^(\s*)([^\n]+)([^]*)$/.exec(text)) || ["", "", text || " ", ""];
    return html`${before}<mark title="byte ${this.offset}">${line}</mark>${after}`;
  }

  /** @private */
  content() {
    if (this.form === "screen") {
      return html`<pre class="transcript screen-then" tabindex="0" role="region" aria-label="Screen at byte ${this.offset}">${visible(wrapped(this.screen.value.join("\n")), { lines: true })}</pre>`;
    }
    const [page] = PAGES[this.form];
    const marked = this.marked();
    return html`${this.earlier.value !== null ? html`<button class="button" @click=${() => this.read({ to: this.earlier.value ?? 0, limit: page })}>Earlier</button>` : nothing}
      <pre class="transcript" tabindex="0" role="region" aria-label="Transcript">${repeat(this.pieces.value, (each) => this.keyOf(each), (each) => this.pieceView(each, marked))}</pre>
      ${this.isRead.value && !this.pieces.value.length ? html`<p class="hint">There is no output here.</p>` : ""}
      ${this.later.value !== null ? html`<button class="button" @click=${() => this.read({ from: this.later.value ?? 0, limit: page })}>Later</button>` : nothing}`;
  }

  view() {
    const marked = this.marked();
    return html`<div class="history">
      <p class="history-bar">
        <a class="button small" href=${href("terminal", this.id)}>Back to the live screen</a>
        <span class="forms" role="group" aria-label="Show as">
          ${FORMS.map(
            ([form, word]) => html`<a class="button small" aria-current=${String(form === this.form)}
              href=${href("terminal", this.id, { offset: this.offset, as: form })}>${word}</a>`,
          )}
        </span>
        <span class="hint">${this.form === "screen" ? "The screen" : "Transcript"} at byte ${this.offset.toLocaleString("en")}${marked ? html`, ${ago(marked.ts_ms)} ago` : ""}</span>
      </p>
      ${this.failure.value ? errorState(this.failure.value) : ""}
      ${this.content()}
    </div>`;
  }
}

/** The form that an address names. @param {string | null} name @returns {Form} */
export const formOf = (name) => (name === "bytes" || name === "screen" ? name : "lines");
