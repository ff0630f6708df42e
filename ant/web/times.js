/**
 * Times: relative on the page, exact on hover.
 *
 * - `now` is a signal that changes every five seconds, so relative times go on.
 * - `ago(time)` is a `<time>` such as `4 min`.
 * - `clockTime(time)` is `14:02`.
 */
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

const TICK_MS = 5000;

/** The present time in epoch milliseconds, at most five seconds behind. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), TICK_MS);

/** @param {number} ms */
export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min`;
  if (s < 86400) return `${Math.floor(s / 3600)} h`;
  return `${Math.floor(s / 86400)} d`;
}

/** @param {string | number | Date} time */
export function clockTime(time) {
  return new Date(time).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false });
}

/**
 * How long ago something was, with the exact time on hover.
 *
 * @param {string | number | null | undefined} time RFC 3339, or epoch milliseconds.
 */
export function ago(time) {
  if (time == null) return "";
  const at = new Date(time);
  const text = duration(Math.max(now.value, Date.now()) - at.getTime());
  return html`<time datetime=${at.toISOString()} title=${at.toLocaleString()}>${text}</time>`;
}
