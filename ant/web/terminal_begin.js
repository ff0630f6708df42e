/**
 * The begin of a terminal's stream, which this tab keeps for a reload: the screen there, and
 * its offset. A browser may refuse; a reload begins at the screen of then.
 */

/** @typedef {{offset: number, cols: number, rows: number, data: string}} Begin */

/** @param {string} id */
const key = (id) => `ant.begin.${id}`;

/** @param {string} id @returns {Begin | null} */
export function readBegin(id) {
  try {
    return JSON.parse(sessionStorage.getItem(key(id)) ?? "null");
  } catch {
    return null;
  }
}

/** @param {string} id @param {Begin} begin */
export function keepBegin(id, { offset, cols, rows, data }) {
  try {
    sessionStorage.setItem(key(id), JSON.stringify({ offset, cols, rows, data }));
  } catch {
    // A reload begins at the screen of then.
  }
}

/** @param {string} id */
export function forgetBegin(id) {
  try {
    sessionStorage.removeItem(key(id));
  } catch {
    // It was never kept.
  }
}
