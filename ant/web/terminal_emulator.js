/**
 * The terminal of a desk: xterm.js, fed with the bytes of a session.
 *
 * - `new Emulator(id)` has an `element`, the signals `size`, `title`, `status` and `copy`,
 *   and `open()`, `close()`, `focus()`, `fit()`.
 * - `extent()` says which bytes it was fed, for tests: a gap is counted and drawn.
 *
 * The begin of the stream is kept for a reload: the screen there, and its offset. What
 * came since is read again from the transcript, so the page shows the same bytes.
 */
import { get, post, said, sessionPath } from "./api.js";
import { copyText } from "./clipboard.js";
import { join, request } from "./connection.js";
import { isLeader } from "./leader.js";
import { openLink } from "./links.js";
import { loadWebgl, startWebgl } from "./renderer.js";
import { forgetBegin, keepBegin, readBegin } from "./terminal_begin.js";
import { cleaned, inputNote, isReadOnly, mayPaste, mayType, type } from "./terminal_input.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {{cols: number, rows: number, owner: "self" | "other" | "nobody", handle: string | null}} Size */
/** @typedef {import("./terminal_begin.js").Begin} Begin */

const FONT_PX = 13;
const SMALLEST_PX = 7;
const SCROLLBACK = 10_000;
/** Bytes that xterm.js has and has not drawn. Its own limit is 50 MB; it drops what is beyond. */
const AHEAD = 512 * 1024;
/** Bytes that wait for xterm.js. Beyond it the view goes on at the present screen, and says so. */
const BACKLOG = 8 * 1024 * 1024;
/** The most bytes that are read again after a reload. */
const AGAIN = 4 * 1024 * 1024;
/** How long a size has to stand before its screen is kept: a window is dragged in many steps. */
const RENEW_MS = 400;
const COPY_MAX = 100_000;
const REPLY = /^(\x1b\[[?>=]?[\d;:]*(\$y|[cnRtyu])|\x1b\[[IO]|\x1b\][\d;]+;?[^\x07\x1b]*(\x07|\x1b\\)|\x1bP[^\x1b]*\x1b\\)+$/;
const RESET = "\x1b[?1000;1002;1003;1004;1005;1006;1015;2004;1049l\x1b[!p\x1b[H\x1b[2J";

/** The colours on the dark ground, which is the same by day and night. */
const THEME = {
  background: "#0f0f0f", foreground: "#e8e7e3", cursor: "#f0a45a", selectionBackground: "#4a4a46",
  black: "#2a2a28", red: "#f28b82", green: "#7fbf90", yellow: "#d9b44a", blue: "#8ab4f8",
  magenta: "#d7a6e0", cyan: "#78c6cf", white: "#c9c8c2", brightBlack: "#8a8982", brightRed: "#f7a8a1",
  brightGreen: "#9bd3aa", brightYellow: "#e8cb74", brightBlue: "#a9c8fa", brightMagenta: "#e3bfe9",
  brightCyan: "#97d8df", brightWhite: "#f7f6f2",
};

/** @param {number} n */
const bytesText = (n) => `${n.toLocaleString("en")} ${n === 1 ? "byte" : "bytes"}`;

export class Emulator {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.element = document.createElement("div");
    this.element.className = "emulator";
    this.element.dataset.keys = "own";
    /** @type {any} */ (this.element).emulator = this;
    this.size = signal(/** @type {Size | null} */ (null));
    this.title = signal("");
    this.status = signal("");
    /** What the program wants to put on the clipboard. */
    this.copy = signal("");
    /** Whether the leader was pressed, and the next key is the page's. */
    this.leads = signal(false);
    /** @private @type {import("./vendor/xterm.js").Terminal | null} */ this.term = null;
    /** @private @type {(Uint8Array | (() => void))[]} */ this.queue = [];
    /** @private */ this.queued = 0;
    /** A test makes it smaller. */ this.backlog = BACKLOG;
    /** @private */ this.inFlight = 0;
    /** @private */ this.offset = 0;
    /** @private */ this.shown = { start: 0, end: 0, fed: 0, gaps: /** @type {[number, number][]} */ ([]) };
    /** @private */ this.liveFrom = Infinity;
    /** @private */ this.wantsScreen = true;
    /** @private */ this.isClosed = false;
    /** @private */ this.isOwner = false;
    /** @private */ this.hasSized = false;
    /** @private */ this.isRevealing = false;
    /** @private @type {Begin | null} */ this.again = null;
    /** @private */ this.isFresh = true;
    /** @private */ this.isAgain = false;
    /** @private */ this.leave = () => {};
    /** @private @type {(() => void) | null} */ this.freeContext = null;
    /** @private @type {ReturnType<typeof setTimeout> | undefined} */ this.later = undefined;
    /** @private @type {ReturnType<typeof setTimeout> | undefined} */ this.renewing = undefined;
    /** @private @type {() => void} */ this.stands = () => {};
    /** Resolves once the element has a place in the page. @private @type {Promise<void>} */
    this.placed = new Promise((resolve) => (this.stands = resolve));
    /** @private */ this.observer = new ResizeObserver(() => {
      if (this.element.isConnected) this.stands();
      this.arrange();
    });
    this.observer.observe(this.element);
  }

  /** Which bytes were given to xterm.js, and which of them it has drawn. */
  extent() {
    return { ...this.shown, queued: this.queued, inFlight: this.inFlight };
  }

  /** The lines of the buffer, with the scrollback. */
  text() {
    const buffer = this.term?.buffer.active;
    const lines = [];
    for (let y = 0; buffer && y < buffer.length; y++) {
      const line = buffer.getLine(y);
      const text = line?.translateToString(true) ?? "";
      if (line?.isWrapped && lines.length) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    return lines.join("\n");
  }

  async open() {
    if (!document.querySelector("link[data-xterm]")) {
      const link = document.createElement("link");
      link.rel = "stylesheet";
      link.dataset.xterm = "";
      link.href = new URL("vendor/xterm.css", import.meta.url).href;
      document.head.append(link);
    }
    const [{ Terminal }, { UnicodeGraphemesAddon }, WebglAddon] = await Promise.all([
      import("./vendor/xterm.js"),
      import("./vendor/addon-unicode-graphemes.js"),
      loadWebgl(),
      this.placed,
    ]);
    if (this.isClosed) return;
    const term = (this.term = new Terminal({
      allowProposedApi: true,
      fontFamily: getComputedStyle(this.element).fontFamily,
      fontSize: FONT_PX,
      lineHeight: 1.3,
      scrollback: SCROLLBACK,
      theme: THEME,
      macOptionIsMeta: true,
      linkHandler: {
        activate: (_event, uri) => openLink(uri),
        hover: (_event, uri) => (this.status.value = `Link to ${uri}`),
        leave: () => (this.status.value = ""),
      },
    }));
    term.loadAddon(new UnicodeGraphemesAddon());
    term.open(this.element);
    // The letters have another width then.
    if (WebglAddon) this.freeContext = startWebgl(term, WebglAddon, () => this.arrange());
    term.attachCustomKeyEventHandler((event) => this.key(event));
    term.onData((data) => void this.typed(data));
    // Old mouse reports are bytes and no text.
    term.onBinary((data) => void this.typedBytes(data));
    term.onTitleChange((title) => (this.title.value = title));
    term.parser.registerOscHandler(52, (data) => this.wantsCopy(data));
    this.element.addEventListener("paste", (event) => void this.paste(event), true);
    this.observer.observe(this.element.parentElement ?? this.element);
    this.start();
  }

  close() {
    this.isClosed = true;
    clearTimeout(this.later);
    clearTimeout(this.renewing);
    this.leave();
    this.observer.disconnect();
    this.term?.dispose();
    this.freeContext?.();
    this.queue = [];
  }

  focus() {
    this.term?.focus();
  }

  // The stream

  /** @private */
  start() {
    this.again = readBegin(this.id);
    if (this.again) this.join({ from: this.again.offset });
    else this.join({ screen: true });
  }

  /** @private @param {Record<string, unknown>} ask */
  join(ask) {
    this.wantsScreen = ask.screen === true;
    this.liveFrom = Infinity;
    this.leave = join(this.id, { binary: true, ...ask }, {
      frame: (frame) => this.heard(frame),
      bytes: (bytes, offset) => this.feed(bytes, offset),
      joined: (ack) => this.joined(ack),
      refused: (error) => {
        if (this.again) this.restart();
        else this.status.value = error.message;
      },
    });
  }

  /** Begin at the present screen: what was kept for a reload does not fit. @private */
  restart() {
    this.again = null;
    this.isAgain = false;
    this.isFresh = true;
    forgetBegin(this.id);
    this.queue = [];
    this.queued = 0;
    this.join({ screen: true });
  }

  /** @private @param {Frame} ack */
  joined(ack) {
    this.liveFrom = ack.end ?? 0;
    const begin = this.again;
    if (begin) {
      const isFar = ack.end - begin.offset > AGAIN || ack.offset !== begin.offset;
      if (isFar) return this.restart();
      this.again = null;
      this.isAgain = true;
      this.draw(begin);
    }
    // A lost connection lost the ownership, too.
    if (this.isOwner) void this.sendSize();
    if (!this.queue.length && !this.inFlight) this.reached(this.shown.end);
  }

  /** Draw a screen in place of what led to it. @private @param {Begin} screen */
  draw({ offset, cols, rows, data }) {
    const isFresh = this.isFresh;
    this.isFresh = false;
    if (!isFresh && offset > this.offset) this.gap(this.offset, offset, "\r\n".repeat(rows));
    this.offset = offset;
    this.queue.push(() => {
      if (isFresh) {
        this.term?.reset();
        this.shown = { start: offset, end: offset, fed: 0, gaps: [] };
      }
      this.term?.resize(cols, rows);
      this.term?.write(isFresh ? data : RESET + data);
      this.reached(offset);
    });
    this.pump();
  }

  /** A dim line in the place of bytes that are not shown. @private @param {number} from @param {number} to @param {string} [after] */
  gap(from, to, after = "") {
    this.queue.push(() => {
      this.shown.gaps.push([from, to]);
      const text = ` ${bytesText(to - from)} are not shown here `;
      this.term?.write(`\x1b[?1049l\x1b[0m\r\n\x1b[2m──${text}──\x1b[0m\r\n${after}`);
      this.reached(to);
    });
    this.offset = to;
    this.pump();
  }

  /** All before this offset was drawn. @private @param {number} offset */
  reached(offset) {
    this.shown.end = offset;
    if (offset >= this.liveFrom) this.liveFrom = 0;
  }

  /** @private @param {Frame} frame */
  heard(frame) {
    if (frame.type === "screen") {
      const begin = /** @type {any} */ (frame);
      this.wantsScreen = false;
      this.title.value = begin.title;
      this.draw(begin);
      keepBegin(this.id, begin);
    } else if (frame.type === "gap" && frame.scope === "terminal" && !this.wantsScreen) {
      this.gap(frame.from, frame.to);
    } else if (frame.type === "terminal_size") {
      this.sized(/** @type {any} */ (frame));
    }
  }

  /** @private @param {Uint8Array} bytes @param {number} offset */
  feed(bytes, offset) {
    this.queue.push(bytes);
    this.queued += bytes.length;
    this.offset = offset + bytes.length;
    if (this.queued > this.backlog) {
      // It goes on at the screen of now; the transcript has what is left out.
      const chunks = this.queue.filter((each) => each instanceof Uint8Array);
      const left = chunks.reduce((sum, each) => sum + each.length, 0);
      this.queue = this.queue.filter((each) => typeof each === "function");
      this.queued -= left;
      this.offset -= left;
      forgetBegin(this.id);
      this.join({ screen: true });
    }
    this.pump();
  }

  /** @private */
  pump() {
    const term = this.term;
    while (term && this.queue.length && this.inFlight < AHEAD) {
      const next = this.queue[0];
      if (typeof next === "function") {
        // It changes the size or the screen: all before it has to be drawn.
        if (this.inFlight) return;
        this.queue.shift();
        next();
        continue;
      }
      this.queue.shift();
      this.inFlight += next.length;
      term.write(next, () => {
        this.inFlight -= next.length;
        this.queued -= next.length;
        this.shown.fed += next.length;
        this.reached(this.shown.end + next.length);
        if (!this.inFlight) this.revealSoon();
        this.pump();
      });
    }
  }

  // The size

  /** @private @param {Size} size */
  sized(size) {
    const before = this.size.value;
    this.size.value = size;
    this.isOwner = size.owner === "self";
    const begin = readBegin(this.id);
    if (begin && (begin.cols !== size.cols || begin.rows !== size.rows)) {
      forgetBegin(this.id);
      // What was drawn again was written for another size.
      if (!before && this.isAgain) return this.restart();
      clearTimeout(this.renewing);
      this.renewing = setTimeout(() => void this.renew(), RENEW_MS);
    }
    this.queue.push(() => {
      this.term?.resize(size.cols, size.rows);
      this.arrange();
    });
    this.pump();
  }

  /** Keep the screen of now for a reload: the one before had another size. @private */
  async renew() {
    try {
      const { offset, cols, rows, ansi } = await get(sessionPath(this.id, "terminal/screen"));
      const size = this.size.value;
      if (size?.cols === cols && size?.rows === rows) keepBegin(this.id, { offset, cols, rows, data: ansi });
    } catch {
      // A reload begins at the screen of then.
    }
  }

  /** The size that fits the place, at the normal size of letters. @private */
  fitting() {
    const place = /** @type {HTMLElement | null} */ (this.element.closest("[data-fit]"));
    const screen = this.element.querySelector(".xterm-screen");
    const term = this.term;
    if (!place || !screen || !term) return null;
    const cell = screen.getBoundingClientRect();
    const scale = FONT_PX / (term.options.fontSize ?? FONT_PX);
    const title = place.querySelector("header")?.getBoundingClientRect().height ?? 0;
    const cols = Math.floor((place.clientWidth - 36) / ((cell.width / term.cols) * scale));
    const rows = Math.floor((place.clientHeight - title - 20) / ((cell.height / term.rows) * scale));
    return cols > 1 && rows > 1 ? { cols: Math.min(cols, 1000), rows: Math.min(rows, 500) } : null;
  }

  /** The place changed: the owner's terminal follows, another one is scaled. @private */
  arrange() {
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      const [term, fit, size] = [this.term, this.fitting(), this.size.value];
      if (!term || !fit || !size) return;
      if (this.isOwner && (fit.cols !== size.cols || fit.rows !== size.rows)) return void this.sendSize();
      const small = Math.floor((FONT_PX * fit.cols) / size.cols);
      const px = Math.max(SMALLEST_PX, Math.min(FONT_PX, small));
      if (term.options.fontSize !== px) term.options.fontSize = px;
      this.reveal();
    }, 120);
  }

  /** After output, once a frame. @private */
  revealSoon() {
    if (this.isRevealing) return;
    this.isRevealing = true;
    requestAnimationFrame(() => {
      this.isRevealing = false;
      this.reveal(true);
    });
  }

  /** Where not all rows have room, the last one with text is seen. @private @param {boolean} [down] Only scroll down. */
  reveal(down = false) {
    const [term, ground] = [this.term, this.element.parentElement];
    const screen = this.element.querySelector(".xterm-screen")?.getBoundingClientRect();
    if (!term || !ground || !screen || ground.scrollHeight <= ground.clientHeight) return;
    const { baseY, cursorY } = term.buffer.active;
    let last = term.rows - 1;
    while (last > cursorY && !term.buffer.active.getLine(baseY + last)?.translateToString(true)) last--;
    const bottom = screen.top + ((last + 1) * screen.height) / term.rows;
    const below = bottom + 8 - ground.getBoundingClientRect().bottom;
    if (below > 0 || !down) ground.scrollTop += below;
  }

  /** Take the size, until this view is left. */
  async fit() {
    await this.sendSize(true);
    this.focus();
  }

  /** @private @param {boolean} [take] */
  async sendSize(take = false) {
    const fit = this.fitting();
    if (!fit || !mayType()) return;
    this.hasSized = true;
    try {
      await request({ type: "terminal_resize", sessionId: this.id, ...fit, take });
    } catch (error) {
      inputNote.value = said(error);
    }
  }

  // What the person does

  /** @private @param {string} data */
  typed(data) {
    // Keys and pastes come in an event; xterm.js replies to a query while it reads output.
    const isByHand = globalThis.event instanceof UIEvent && !(globalThis.event instanceof FocusEvent);
    if (REPLY.test(data) && !isByHand) {
      // A query in old output got its reply long ago.
      if (!this.isOwner || this.liveFrom || isReadOnly.value) return;
    } else if (!this.hasSized && mayType()) {
      // Who types from here may size, and so owns the size.
      void this.sendSize();
    }
    return type(this.id, data);
  }

  /** @private @param {string} data A character for each byte. */
  async typedBytes(data) {
    if (!mayType()) return;
    try {
      await post(sessionPath(this.id, "terminal/input"), { data_b64: btoa(data) });
    } catch (error) {
      inputNote.value = said(error);
    }
  }

  /** @private @param {ClipboardEvent} event */
  async paste(event) {
    event.preventDefault();
    event.stopPropagation();
    const text = cleaned(event.clipboardData?.getData("text/plain") ?? "");
    const isBracketed = this.term?.modes.bracketedPasteMode ?? false;
    if (text && mayType() && (await mayPaste(text, isBracketed))) this.term?.paste(text);
    this.focus();
  }

  /** Every key is the program's, but the leader and the one after it. @private @param {KeyboardEvent} event */
  key(event) {
    if (event.type !== "keydown" || ["Control", "Shift", "Alt", "Meta"].includes(event.key)) return true;
    if (this.leads.value) {
      this.leads.value = false;
      if (isLeader(event)) return true;
      event.preventDefault();
      event.stopPropagation();
      this.element.dispatchEvent(new CustomEvent("leader", { detail: event.key, bubbles: true }));
      return false;
    }
    if (isLeader(event)) {
      event.preventDefault();
      this.leads.value = true;
      return false;
    }
    if (event.ctrlKey && event.shiftKey && event.key === "C" && this.term?.hasSelection()) {
      event.preventDefault();
      void copyText(this.term.getSelection());
      return false;
    }
    return true;
  }

  /** @private @param {string} data */
  wantsCopy(data) {
    const encoded = data.slice(data.indexOf(";") + 1);
    if (this.liveFrom || encoded === "?" || encoded.length > COPY_MAX) return true;
    try {
      const bytes = Uint8Array.from(atob(encoded), (each) => each.charCodeAt(0));
      this.copy.value = new TextDecoder().decode(bytes);
    } catch {
      // It is no base64: the program wants nothing that could be copied.
    }
    return true;
  }
}
