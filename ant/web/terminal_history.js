/**
 * A part of a terminal's transcript, as text: where a hit, a command or a prompt stands.
 *
 * `new HistoryView(id, offset)` reads the bytes around an offset; `.view()` is a template.
 * `Earlier` and `Later` read on. What was not recorded is one dim line.
 */
import { get, said, sessionPath } from "./api.js";
import { errorState } from "./parts.js";
import { href } from "./router.js";
import { visible } from "./text.js";
import { ago } from "./times.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html, nothing } from "./vendor/lit-html.js";
import { batch, signal } from "./vendor/signals-core.js";

/** @typedef {{byte_offset: number, size: number, text: string, ts_ms: number}} Piece */
/** @typedef {{from: number, to: number}} Gap */

const PIECES = 40;
const BEFORE = 8;

export class HistoryView {
  /** @param {string} id @param {number} offset */
  constructor(id, offset) {
    this.id = id;
    this.offset = offset;
    this.pieces = signal(/** @type {Piece[]} */ ([]));
    this.gaps = signal(/** @type {Gap[]} */ ([]));
    this.earlier = signal(/** @type {number | null} */ (null));
    this.later = signal(/** @type {number | null} */ (null));
    this.failure = signal("");
    this.isRead = signal(false);
    void this.begin();
  }

  /** @private */
  async begin() {
    await this.read({ to: this.offset, limit: BEFORE });
    await this.read({ from: this.offset, limit: PIECES });
    this.isRead.value = true;
    // The template is drawn before the next frame but one.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      const mark = document.querySelector(".transcript mark");
      mark?.scrollIntoView({ block: "center" });
    }));
  }

  /** @private @param {Record<string, number>} where */
  async read(where) {
    try {
      const page = await get(sessionPath(this.id, "terminal/history"), { order: "asc", ...where });
      const isBack = where.to !== undefined;
      const rows = /** @type {Piece[]} */ (isBack ? [...page.rows].sort((a, b) => a.byte_offset - b.byte_offset) : page.rows);
      batch(() => {
        this.failure.value = "";
        this.pieces.value = isBack ? [...rows, ...this.pieces.value] : [...this.pieces.value, ...rows];
        this.gaps.value = [...this.gaps.value, ...page.gaps];
        if (isBack) this.earlier.value = page.previous;
        if (!isBack) this.later.value = rows.length && page.next < page.end ? page.next : null;
      });
    } catch (error) {
      this.failure.value = said(error);
    }
  }

  /** @private @param {Piece} piece */
  pieceView(piece) {
    const gap = this.gaps.value.find((each) => each.to === piece.byte_offset);
    const end = piece.byte_offset + piece.size;
    const isHere = this.offset >= piece.byte_offset && this.offset < end;
    const text = visible(piece.text, { lines: true });
    return html`${gap ? html`<span class="gap">── ${gap.to - gap.from} bytes are missing ──\n</span>` : ""}${isHere ? html`<mark title="byte ${this.offset}">${text}</mark>` : text}`;
  }

  view() {
    const first = this.pieces.value[0];
    return html`<div class="history">
      <p class="history-bar">
        <a class="button small" href=${href("terminal", this.id)}>Back to the live screen</a>
        <span class="hint">Transcript at byte ${this.offset.toLocaleString("en")}${first ? html`, ${ago(first.ts_ms)} ago` : ""}</span>
      </p>
      ${this.failure.value ? errorState(this.failure.value) : ""}
      ${this.earlier.value !== null ? html`<button class="button" @click=${() => this.read({ to: this.earlier.value ?? 0, limit: PIECES })}>Earlier</button>` : nothing}
      <pre class="transcript" tabindex="0" role="region" aria-label="Transcript">${repeat(this.pieces.value, (each) => each.byte_offset, (each) => this.pieceView(each))}</pre>
      ${this.isRead.value && !this.pieces.value.length ? html`<p class="hint">There is no output here.</p>` : ""}
      ${this.later.value !== null ? html`<button class="button" @click=${() => this.read({ from: this.later.value ?? 0, limit: PIECES })}>Later</button>` : nothing}
    </div>`;
  }
}
