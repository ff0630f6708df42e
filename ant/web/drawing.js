/**
 * Draws views: `drawn(view, root)` renders a template, and again when a signal that the
 * template read has changed. Changes of one moment are drawn once. What changes often and
 * needs no hurry goes through `together(fn)`: four times a second at most, all at once.
 */
import { render } from "./vendor/lit-html.js";
import { effect } from "./vendor/signals-core.js";

/** A hidden page has no animation frames; its title and its live region still change. */
const LATEST_MS = 100;

/** @param {() => void} fn Runs once, before the next frame or after 100 ms. */
export function soon(fn) {
  let ran = false;
  const once = () => {
    if (ran) return;
    ran = true;
    clearTimeout(timer);
    cancelAnimationFrame(frame);
    fn();
  };
  const timer = setTimeout(once, LATEST_MS);
  const frame = requestAnimationFrame(once);
}

/** Many changes cost as much to paint as one, if they are drawn at the same time. */
const TOGETHER_MS = 250;
/** @type {Set<() => void>} */
const planned = new Set();

/** @param {() => void} fn Runs once, with others, within 250 ms. */
export function together(fn) {
  if (!planned.size) {
    setTimeout(() => {
      const all = [...planned];
      planned.clear();
      all.forEach((each) => each());
    }, TOGETHER_MS);
  }
  planned.add(fn);
}

/**
 * @param {() => unknown} view A template that reads signals.
 * @param {HTMLElement} root
 * @returns {() => void} Ends it.
 */
export function drawn(view, root) {
  let stop = () => {};
  let ended = false;
  const draw = () => {
    if (ended) return;
    stop();
    let isFirst = true;
    stop = effect(() => {
      if (isFirst) {
        isFirst = false;
        render(view(), root);
      } else {
        soon(draw);
      }
    });
  };
  draw();
  return () => {
    ended = true;
    stop();
  };
}
