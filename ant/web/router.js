/**
 * The screens by the fragment of the address, such as `#/terminal/c8T61D?offset=4096`.
 *
 * - `route` is a signal: `{name, id, query}`.
 * - `href(name, id, query)` is the address of a screen; `go(...)` opens it.
 */
import { signal } from "./vendor/signals-core.js";

/**
 * @typedef {object} Route
 * @property {string} name The screen, such as `inbox`.
 * @property {string} id The session that the screen shows; empty without one.
 * @property {URLSearchParams} query
 */

/** @returns {Route} */
function read() {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const [name, id = ""] = path.split("/");
  return { name: name || "inbox", id: decoded(id), query: new URLSearchParams(query) };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

/** The screen that the address names. */
export const route = signal(read());
addEventListener("hashchange", () => (route.value = read()));

/**
 * @param {string} name
 * @param {string} [id]
 * @param {Record<string, string | number>} [query]
 */
export function href(name, id = "", query = {}) {
  const words = new URLSearchParams(
    Object.entries(query).map(([key, value]) => [key, String(value)]),
  ).toString();
  return `#/${name}${id && `/${encodeURIComponent(id)}`}${words && `?${words}`}`;
}

/** @type {(name: string, id?: string, query?: Record<string, string | number>) => void} */
export function go(name, id, query) {
  location.hash = href(name, id, query);
}
