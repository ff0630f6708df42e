/**
 * Draws the rows of a terminal's screen as text, from `screen_rows` frames.
 *
 * - `new RowsView({last: 10})` shows the last ten rows that have text; without `last` all.
 *   With `isTile` it is drawn together with other tiles, four times a second at most.
 * - `.element` is a `<pre>`; `.apply(frame)` takes a frame; `.watch(id)` joins a session
 *   and returns a function that leaves it.
 *
 * Colours 0 to 15 are those of the stylesheet, so that they can be read on its ground.
 */
import { join } from "./connection.js";
import { soon, together } from "./drawing.js";
import { visible } from "./text.js";

/** @typedef {import("./types.js").Span} Span */
/** @typedef {import("./types.js").ScreenRows} ScreenRows */

const STYLES = /** @type {const} */ (["bold", "dim", "italic", "underline", "strike"]);
const CUBE = [0, 95, 135, 175, 215, 255];

/** A colour of the palette or `#rrggbb`, as CSS. @param {string} colour */
export function css(colour) {
  if (colour.startsWith("#")) return /^#[0-9a-f]{6}$/i.test(colour) ? colour : "inherit";
  const n = Number(colour);
  if (n < 16) return `var(--ansi-${n})`;
  if (n < 232) {
    const [r, g, b] = [36, 6, 1].map((size) => CUBE[Math.floor((n - 16) / size) % 6]);
    return `rgb(${r} ${g} ${b})`;
  }
  const grey = 8 + 10 * (n - 232);
  return `rgb(${grey} ${grey} ${grey})`;
}

/** @param {Span} span @returns {Node} */
function drawnSpan(span) {
  const text = span.hidden ? " ".repeat(span.text.length) : visible(span.text);
  const names = STYLES.filter((each) => span[each]);
  const fg = span.inverse ? (span.bg ?? "ground") : span.fg;
  const bg = span.inverse ? (span.fg ?? "ink") : span.bg;
  if (!names.length && !fg && !bg) return document.createTextNode(text);
  const element = document.createElement("span");
  element.className = names.map((each) => `t-${each}`).join(" ");
  if (fg) element.style.color = fg === "ground" ? "var(--rows-ground)" : css(fg);
  if (bg) element.style.backgroundColor = bg === "ink" ? "var(--rows-ink)" : css(bg);
  element.textContent = text;
  return element;
}

export class RowsView {
  /** @param {{last?: number, isTile?: boolean}} [options] */
  constructor({ last, isTile = false } = {}) {
    this.element = document.createElement("pre");
    this.element.className = "rows";
    this.title = "";
    this.cols = 0;
    this.rows = 0;
    /** The number of rows up to the last one with text. */
    this.used = 0;
    /** Runs each time that the element was brought up to date. */
    this.drawn = () => {};
    /** @private */ this.last = last;
    /** @private */ this.isTile = isTile;
    /** @private */ this.isDrawn = false;
    /** @private @type {Map<number, Span[]>} */ this.content = new Map();
    /** @private @type {Map<number, HTMLElement>} */ this.lines = new Map();
    /** @private @type {Set<number>} */ this.dirty = new Set();
    /** @private */ this.planned = false;
  }

  /**
   * Show a session until the returned function is called.
   *
   * @param {string} id
   * @param {import("./connection.js").Listener} [also] Hears the same frames.
   */
  watch(id, also = {}) {
    return join(id, { screenRows: true }, {
      ...also,
      frame: (frame) => {
        if (frame.type === "screen_rows") this.apply(/** @type {any} */ (frame));
        also.frame?.(frame);
      },
    });
  }

  /** @param {ScreenRows} frame */
  apply(frame) {
    if (frame.full) {
      for (const row of this.content.keys()) this.dirty.add(row);
      this.content.clear();
    }
    this.cols = frame.cols;
    this.rows = frame.rows;
    this.title = frame.title;
    for (const { row, spans } of frame.changed) {
      this.content.set(row, spans);
      this.dirty.add(row);
    }
    if (!frame.complete || this.planned) return;
    this.planned = true;
    const draw = () => soon(() => this.draw());
    if (this.isTile && this.isDrawn) together(draw);
    else draw();
  }

  /** Bring the element up to date. */
  draw() {
    this.planned = false;
    this.isDrawn = true;
    const isText = (/** @type {Span[]} */ spans) => spans.some((each) => each.text.trim());
    let end = 0;
    for (const [row, spans] of this.content) if (row >= end && isText(spans)) end = row + 1;
    this.used = end;
    if (this.last === undefined) end = this.rows;
    const begin = this.last === undefined ? 0 : Math.max(0, end - this.last);
    for (const [row, line] of this.lines) {
      if (row >= begin && row < end) continue;
      line.remove();
      this.lines.delete(row);
    }
    /** @type {HTMLElement | null} */
    let before = null;
    for (let row = begin; row < end; row++) {
      let line = this.lines.get(row);
      if (!line || this.dirty.has(row)) {
        line ??= document.createElement("div");
        line.replaceChildren(...(this.content.get(row) ?? []).map(drawnSpan));
        this.lines.set(row, line);
      }
      /** @type {ChildNode | null} */
      const place = before ? before.nextSibling : this.element.firstChild;
      if (place !== line) this.element.insertBefore(line, place);
      before = line;
    }
    this.dirty.clear();
    this.drawn();
  }

  /** The element of a row, if it is drawn. @param {number} row */
  line(row) {
    return this.lines.get(row);
  }
}
