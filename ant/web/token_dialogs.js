/** Dialogs of keys: sign a device in, make an access token. */
import { post, said, url } from "./api.js";
import { copyText } from "./clipboard.js";
import { keep, kept } from "./kept.js";
import { dialog } from "./parts.js";
import { qrCode } from "./qr.js";
import { may } from "./state.js";
import { duration, now } from "./times.js";
import { visible } from "./text.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

const SCOPES = /** @type {const} */ ({
  view: "see everything",
  answer: "answer prompts",
  type: "type into terminals",
  post: "post messages",
  admin: "change sessions and settings",
});

const DAY_S = 86400;
/** Where this browser keeps the address that devices reach. */
const ADDRESS = "ant.address";

/** @param {string[]} chosen */
function scopeBoxes(chosen) {
  return html`<fieldset class="types">
    <legend>May</legend>
    ${Object.entries(SCOPES).map(
      ([key, text]) => html`<label><input
          type="checkbox"
          name="scopes"
          value=${key}
          ?checked=${chosen.includes(key)}
          ?disabled=${!may(/** @type {import("./types.js").Scope} */ (key))}
        /> ${text} <span class="where">${key}</span></label>`,
    )}
  </fieldset>`;
}

/** @typedef {{secret: string, hint: string, code?: unknown, until?: number}} Made `until`: when it ends, in epoch ms. */

/** A form whose answer is a secret that is shown once. @param {{title: string, fields: () => unknown, send: (form: FormData) => Promise<Made>, closed?: () => void}} ask */
function secretDialog({ title, fields, send, closed }) {
  const failure = signal("");
  const copied = signal("Copy");
  const made = signal(/** @type {Made | null} */ (null));
  const shown = (/** @type {Made} */ { secret, hint, code, until }, /** @type {() => void} */ close) => {
    if (until && now.value >= until) {
      return html`<p class="note" role="alert">The link has expired.</p>
        <div class="actions">
          <button class="button" @click=${close}>Close</button>
          <button class="button first" @click=${() => (made.value = null)}>Make another</button>
        </div>`;
    }
    return html`<p>${hint} ${until ? html`<span class="hint">It ends in ${duration(until - now.value)}.</span>` : ""}</p>
      ${code ?? ""}
      <pre class="rows secret" tabindex="0">${secret}</pre>
      <div class="actions">
        <button class="button" @click=${async () => (copied.value = (await copyText(secret)) ? "Copied" : "Select it and copy")}>${copied.value}</button>
        <button class="button first" @click=${close}>Done</button>
      </div>`;
  };
  const view = (/** @type {() => void} */ close) => {
    if (made.value) return shown(made.value, close);
    const submit = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      failure.value = "";
      copied.value = "Copy";
      try {
        made.value = await send(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)));
      } catch (error) {
        failure.value = said(error);
      }
    };
    return html`<form class="form" @submit=${submit}>
      ${fields()} ${failure.value ? html`<p class="note" role="alert">${visible(failure.value)}</p>` : ""}
      <div class="actions">
        <button type="button" class="button" @click=${close}>Cancel</button>
        <button class="button first">Make</button>
      </div>
    </form>`;
  };
  dialog(title, view, { closed });
}

/** @param {FormData} form */
const common = (form) => ({
  label: String(form.get("label")).trim(),
  scopes: form.getAll("scopes").map(String),
  expires_in: Number(form.get("days")) ? Number(form.get("days")) * DAY_S : undefined,
});

/** @param {string} placeholder @param {number} days */
const labelAndDays = (placeholder, days) => html`
  <label>Name <input name="label" required maxlength="200" autofocus autocomplete="off" placeholder=${placeholder} /></label>
  <label>Ends after days <input name="days" type="number" min="1" max="3650" value=${days || ""} placeholder="never" /></label>`;

/** The addresses at which only this machine reaches itself. */
const LOOPBACK = /^https?:\/\/(localhost|127\.|\[::1\])/;

export function pairDialog() {
  const here = url("").href.replace(/\/$/, "");
  const address = kept(ADDRESS) || here;
  secretDialog({
    title: "Sign a device in",
    fields: () => html`${labelAndDays("Phone", 90)}
      <label>Address of this server on that device
        <input name="address" type="url" required pattern="https?://.+" maxlength="300" value=${address} autocomplete="off" autocapitalize="off" spellcheck="false" /></label>
      ${LOOPBACK.test(address) ? html`<p class="hint">A phone does not reach ${new URL(address).hostname}. For one, give the address of this machine in its network; ANT has to listen there.</p>` : ""}
      ${scopeBoxes(["view", "answer", "type", "post"])}`,
    send: async (form) => {
      const base = new URL(String(form.get("address")).trim().replace(/\/*$/, "/"));
      const { path, expires_in } = await post("api/sign-in/codes", common(form));
      keep(ADDRESS, base.href);
      const secret = new URL(path.replace(/^\//, ""), base).href;
      return {
        secret,
        code: await qrCode(secret, "QR code of the link"),
        hint: "Scan the code with the device, or open the link there. It works once.",
        until: Date.now() + expires_in * 1000,
      };
    },
  });
}

/** @param {() => void} closed */
export function tokenDialog(closed) {
  secretDialog({
    title: "New access token",
    fields: () => html`${labelAndDays("CI", 30)} ${scopeBoxes(["view"])}`,
    send: async (form) => {
      const { token } = await post("api/tokens", common(form));
      return { secret: token, hint: "This is shown once. Store it now; ANT keeps its hash only." };
    },
    closed,
  });
}
