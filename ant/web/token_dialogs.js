/** Dialogs of keys: sign a device in, make an access token. */
import { post, said, url } from "./api.js";
import { dialog } from "./parts.js";
import { may } from "./state.js";
import { duration } from "./times.js";
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

/** @param {string} secret @param {string} hint @param {() => void} close */
function shown(secret, hint, close) {
  const copied = signal("Copy");
  return html`<p>${hint}</p>
    <pre class="rows secret" tabindex="0">${secret}</pre>
    <div class="actions">
      <button class="button" @click=${() => void navigator.clipboard?.writeText(secret).then(() => (copied.value = "Copied"))}>Copy</button>
      <button class="button first" @click=${close}>Done</button>
    </div>`;
}

/** A form whose answer is a secret that is shown once. @param {{title: string, fields: () => unknown, send: (form: FormData) => Promise<{secret: string, hint: string}>, closed?: () => void}} ask */
function secretDialog({ title, fields, send, closed }) {
  const failure = signal("");
  /** @type {import("./vendor/signals-core.js").Signal<{secret: string, hint: string} | null>} */
  const made = signal(null);
  const view = (/** @type {() => void} */ close) => {
    if (made.value) return shown(made.value.secret, made.value.hint, close);
    const submit = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
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

export function pairDialog() {
  secretDialog({
    title: "Sign a device in",
    fields: () => html`${labelAndDays("Phone", 90)} ${scopeBoxes(["view", "answer", "type", "post"])}`,
    send: async (form) => {
      const { path, expires_in } = await post("api/sign-in/codes", common(form));
      const hint = `Open this link on the device within ${duration(expires_in * 1000)}. It works once. Its address must be one that the device reaches; ant open --qr shows a code to scan.`;
      return { secret: url(path.replace(/^\//, "")).href, hint };
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
