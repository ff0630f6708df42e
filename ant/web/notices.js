/**
 * Notices of this browser about new prompts of terminals that nobody looks at here.
 *
 * - `notices` is a signal: `off`, `on`, `denied` by the browser, `insecure` where the page
 *   came by http from another machine, or `none` where the browser has none.
 * - `setNotices(on)` asks the browser; `testNotice()` shows one; `follow()` starts.
 *
 * A notice has the session and the question. One that is answered elsewhere goes away.
 */
import { keep, kept } from "./kept.js";
import { go, route } from "./router.js";
import { prompts, sessions } from "./state.js";
import { nameOf, visible } from "./text.js";
import { effect, signal, untracked } from "./vendor/signals-core.js";

const STORED = "ant.notices";
const LONGEST = 140;

/** @returns {"on" | "off" | "denied" | "insecure" | "none"} */
function present() {
  if (!isSecureContext) return "insecure";
  if (!("Notification" in window)) return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && kept(STORED) ? "on" : "off";
}

/** Whether this browser shows notices. */
export const notices = signal(present());

/** @param {boolean} on */
export async function setNotices(on) {
  if (on) await Notification.requestPermission();
  keep(STORED, on ? "1" : "");
  notices.value = present();
}

/** @type {Map<string, Notification>} Those that are shown, by prompt. */
const shown = new Map();

/**
 * @param {string} title
 * @param {string} body
 * @param {string} tag A notice replaces one with the same tag.
 * @returns {Notification | null} Null where only a service worker may show one.
 */
function show(title, body, tag) {
  try {
    return new Notification(title, { body: body.slice(0, LONGEST), tag });
  } catch {
    notices.value = "none";
    return null;
  }
}

/** Show one now; whether the browser took it. */
export function testNotice() {
  return show("ANT", "This is how a new prompt is told.", "ant-test") !== null;
}

/** Tell new prompts from now on. */
export function follow() {
  /** @type {Set<string> | null} */
  let known = null;
  effect(() => {
    const pending = [...prompts.value.values()];
    untracked(() => {
      const ids = new Set(pending.map((each) => each.id));
      for (const [id, notice] of shown) {
        if (ids.has(id)) continue;
        notice.close();
        shown.delete(id);
      }
      if (known && notices.value === "on") {
        for (const prompt of pending) if (!known.has(prompt.id) && !isSeen(prompt.session_id)) tell(prompt);
      }
      known = ids;
    });
  });
}

/** Whether this page shows that a terminal waits, to somebody who looks. @param {string} id */
function isSeen(id) {
  if (document.hidden || !document.hasFocus()) return false;
  const { name, id: shown } = route.value;
  return name === "inbox" || name === "fleet" || shown === id || shown === sessions.value.get(id)?.linked_chat_id;
}

/** @param {import("./types.js").Prompt} prompt */
function tell(prompt) {
  const title = nameOf(sessions.value.get(prompt.session_id));
  const notice = show(title, visible(prompt.summary), prompt.session_id);
  if (!notice) return;
  notice.onclick = () => {
    focus();
    go("inbox");
  };
  shown.set(prompt.id, notice);
}
