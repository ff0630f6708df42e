/**
 * What draws the terminal of a desk: WebGL, or elements of the page (DOM).
 *
 * - `choice` is a signal, `automatic` first. This browser keeps it.
 * - `loadWebgl()` loads the addon where it is wanted; null elsewhere.
 * - `startWebgl(…)` draws with it from now on, until the context is lost or it is freed.
 *
 * Browsers allow about 16 contexts in all tabs together, so each is freed with its terminal.
 */
import { keep, kept } from "./kept.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {import("./vendor/xterm.js").Terminal} Terminal */
/** @typedef {typeof import("./vendor/addon-webgl.js").WebglAddon} Addon */

/** Whether a finger points here. Such a device shows rows of text in place of a terminal. */
export const COARSE = matchMedia("(pointer: coarse)").matches;

const STORED = "ant.renderer";

/** Automatic is WebGL where the browser has a graphics card for it. */
export const CHOICES = ["automatic", "WebGL", "DOM"];

export const choice = signal(CHOICES.find((each) => each === kept(STORED)) ?? CHOICES[0]);

/** @param {string} name */
export function setRenderer(name) {
  choice.value = name;
  keep(STORED, name);
}

/** @param {WebGL2RenderingContext | null} context */
const lose = (context) => context?.getExtension("WEBGL_lose_context")?.loseContext();

/** @type {boolean | undefined} */
let isFast;

/** Programs that draw in place of a graphics card. Not every browser counts each as slow. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/** Whether a graphics card draws WebGL: a program that does is slower than elements. */
function hasHardware() {
  if (isFast === undefined) {
    const context = document.createElement("canvas").getContext("webgl2", { failIfMajorPerformanceCaveat: true });
    const info = context?.getExtension("WEBGL_debug_renderer_info");
    const name = context?.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? context.RENDERER);
    isFast = context !== null && !SOFTWARE.test(name);
    lose(context);
  }
  return isFast;
}

/** @returns {Promise<Addon | null>} */
export async function loadWebgl() {
  if (choice.value === "DOM" || (choice.value === "automatic" && !hasHardware())) return null;
  try {
    return (await import("./vendor/addon-webgl.js")).WebglAddon;
  } catch {
    // The server went away: elements need no further file.
    return null;
  }
}

/**
 * @param {Terminal} term An open terminal.
 * @param {Addon} Addon
 * @param {() => void} lost Called after the terminal went back to elements.
 * @returns {(() => void) | null} Frees the context once the terminal is disposed. Null if the
 *   browser makes no context; elements draw on then.
 */
export function startWebgl(term, Addon, lost) {
  const element = /** @type {HTMLElement} */ (term.element);
  const before = new Set(element.querySelectorAll("canvas"));
  const added = () => [...element.querySelectorAll("canvas")].filter((each) => !before.has(each));
  const addon = new Addon();
  try {
    term.loadAddon(addon);
  } catch {
    // A driver may fail at any step, and the addon then leaves its canvas behind.
    addon.dispose();
    added().forEach((each) => each.remove());
    return null;
  }
  const canvas = added().find((each) => each.getContext("webgl2"));
  // The addon would wait three seconds for the context, and show nothing meanwhile.
  element.addEventListener("webglcontextlost", (event) => {
    if (event.target !== canvas) return;
    event.stopPropagation();
    addon.dispose();
    lost();
  }, true);
  return () => lose(canvas?.getContext("webgl2") ?? null);
}
