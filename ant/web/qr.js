/**
 * A text as a QR code, for the camera of a phone: `qrCode(text, name)` is a template, dark on
 * light in each scheme, as cameras want it.
 *
 * The library comes when the first code is shown.
 */
import { html } from "./vendor/lit-html.js";

/** The margin around a code that its standard asks for, in modules. */
const QUIET = 4;

/** @type {Promise<typeof import("./vendor/lean-qr.js")> | null} */
let library = null;

/** The dark modules as a path, one square each. @param {{size: number, get: (x: number, y: number) => boolean}} code */
function pathOf(code) {
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) if (code.get(x, y)) path += `M${x} ${y}h1v1h-1z`;
  }
  return path;
}

/**
 * @param {string} text
 * @param {string} name What the code is of, for who does not see it.
 * @returns {Promise<unknown>}
 */
export async function qrCode(text, name) {
  library ??= import("./vendor/lean-qr.js");
  const { generate, mode } = await library;
  // A link is ASCII: one part, which every camera reads.
  const code = generate(mode.ascii(text));
  const side = code.size + 2 * QUIET;
  return html`<svg class="qr" role="img" aria-label=${name} data-size=${code.size} viewBox="${-QUIET} ${-QUIET} ${side} ${side}" shape-rendering="crispEdges">
    <path fill="#000" d=${pathOf(code)}></path>
  </svg>`;
}
