/**
 * REST calls. Every refusal is a `Problem`, the one error shape of ANT.
 *
 * - `get`, `post`, `patch`, `remove` return the JSON of the answer.
 * - `url(path)` resolves a path against the page, so that a base path works.
 * - `onSignedOut(fn)` registers what to do after a 401.
 *
 * A call is sent once. Nothing is kept for later while the server is away.
 */

/** A request that ANT refused, or that did not reach it (`status` is 0 then). */
export class Problem extends Error {
  /** @param {{status?: number, type?: string, detail?: string}} body */
  constructor({ status = 0, type = "", detail = "" }) {
    super(detail || `The server answered ${status} without a reason.`);
    this.status = status;
    /** The end of the error's URN, such as `prompt-changed`. */
    this.kind = type.split(":").pop() ?? "";
  }
}

/** @type {() => void} */
let signedOut = () => {};

/** @param {() => void} fn Runs after a 401. */
export function onSignedOut(fn) {
  signedOut = fn;
}

/** @param {string} path Relative to the page, such as `api/status`. */
export function url(path) {
  return new URL(path, document.baseURI);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {{query?: Record<string, string | number | undefined | null>, body?: unknown}} [rest]
 * @returns {Promise<any>} The JSON of the answer; null if it has none.
 * @throws {Problem}
 */
export async function call(method, path, { query = {}, body } = {}) {
  const target = url(path);
  for (const [name, value] of Object.entries(query)) {
    if (value != null && value !== "") target.searchParams.set(name, String(value));
  }
  let answer;
  try {
    answer = await fetch(target, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Problem({ detail: "The server did not answer." });
  }
  const text = await answer.text().catch(() => "");
  let json = null;
  try {
    json = text ? JSON.parse(text) : null;
  } catch {
    if (answer.ok) throw new Problem({ status: answer.status, detail: "The answer is not JSON." });
  }
  if (answer.ok) return json;
  if (answer.status === 401) signedOut();
  throw new Problem({ ...json, status: answer.status });
}

/** @type {(path: string, query?: Record<string, any>) => Promise<any>} */
export const get = (path, query) => call("GET", path, { query });
/** @type {(path: string, body?: unknown) => Promise<any>} */
export const post = (path, body = {}) => call("POST", path, { body });
/** @type {(path: string, body: unknown) => Promise<any>} */
export const patch = (path, body) => call("PATCH", path, { body });
/** @type {(path: string, query?: Record<string, any>) => Promise<any>} */
export const remove = (path, query) => call("DELETE", path, { query });

/** @param {string} id @param {string} [rest] */
export const sessionPath = (id, rest = "") =>
  `api/sessions/${encodeURIComponent(id)}${rest && `/${rest}`}`;

/** A sentence for a person about an error. @param {unknown} error */
export function said(error) {
  return error instanceof Error ? error.message : String(error);
}
