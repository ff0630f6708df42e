/**
 * Text from outside, made safe to show. Programs, agents and people choose it.
 *
 * - `visible(text)` spells hidden characters, such as marks of the direction of text, as
 *   `⟨202E⟩`. With `{lines: true}` it keeps line breaks and tabs.
 * - `nameOf(session)` and `folderOf(session)` are visible texts.
 * - `wrapped(rows)` are rows of a screen for this window: a narrow one wraps them.
 * - `byName` compares two sessions; `count(n, one, many)` is `1 card`, `2 cards`.
 *
 * The page puts text into text nodes and attributes only, never into HTML.
 */

/** The ranges of `ant/core/visible_text.py`; a test holds both together. */
export const HIDDEN =
  "\\u{0}-\\u{1f}\\u{7f}-\\u{9f}\\u{ad}\\u{600}-\\u{605}\\u{61c}\\u{6dd}\\u{70f}" +
  "\\u{890}-\\u{891}\\u{8e2}\\u{34f}\\u{115f}-\\u{1160}\\u{17b4}-\\u{17b5}\\u{3164}" +
  "\\u{ffa0}\\u{180b}-\\u{180f}\\u{200b}-\\u{200f}\\u{2028}-\\u{202e}\\u{2060}-\\u{206f}" +
  "\\u{feff}\\u{fff9}-\\u{fffb}\\u{110bd}\\u{110cd}\\u{13430}-\\u{1343f}" +
  "\\u{1bca0}-\\u{1bca3}\\u{1d173}-\\u{1d17a}\\u{e0001}\\u{e0020}-\\u{e007f}";

const FINDER = new RegExp(`(?<=[^\\u{0}-\\u{7f}${HIDDEN}])[\\u{200c}\\u{200d}]|[${HIDDEN}]`, "gu");
const JOINERS = new Set(["\u200c", "\u200d"]);

/**
 * The text with its hidden characters spelled by their numbers. Joiners stay where
 * words and emoji need them: right after a visible character that is not ASCII.
 *
 * @param {string | null | undefined} text
 * @param {{lines?: boolean}} [options] `lines` keeps line breaks and tabs.
 * @returns {string}
 */
export function visible(text, { lines = false } = {}) {
  return (text ?? "").replace(FINDER, (char, at, whole) => {
    if (lines && (char === "\n" || char === "\t")) return char;
    if (lines && char === "\r" && whole[at + 1] === "\n") return "";
    if (JOINERS.has(char) && at > 0 && whole.charCodeAt(at - 1) > 0x7f) return char;
    const code = /** @type {number} */ (char.codePointAt(0));
    return `⟨${code.toString(16).toUpperCase().padStart(2, "0")}⟩`;
  });
}

/**
 * The name under which the page shows a session.
 *
 * @param {import("./types.js").Session | undefined} session
 */
export function nameOf(session) {
  if (!session) return "(unknown session)";
  const { name, display_name: shown, handle } = session;
  // ANT makes a display name of each name, for handles. A person's own goes before.
  return visible(shown && `@${shown}` !== handle ? shown : name);
}

const narrow = matchMedia("(max-width: 699px)");

/**
 * Rows of a screen; where they wrap, without the frames that a program draws.
 *
 * @param {string} rows
 */
export function wrapped(rows) {
  if (!narrow.matches) return rows;
  return rows.replace(/[─━═╌┄]{20,}[╮╯┐┘]?$/gm, (rule) => rule.slice(0, 20)).replace(/\s+[│┃]$/gm, "");
}

const collator = new Intl.Collator(undefined, { numeric: true });

/** The order of names: `worker 2` before `worker 10`. @param {{name: string}} a @param {{name: string}} b */
export const byName = (a, b) => collator.compare(a.name, b.name);

/**
 * The folder in which a session's program starts; empty without one.
 *
 * @param {import("./types.js").Session | undefined} session
 */
export function folderOf(session) {
  return visible(session?.root_dir ?? "");
}

/**
 * A number with its noun.
 *
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export function count(n, one, many = `${one}s`) {
  return `${n} ${n === 1 ? one : many}`;
}
