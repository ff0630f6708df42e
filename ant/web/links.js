/**
 * Links in text of others: shown as they are, opened only after a confirmation.
 *
 * - `linked(text)` is a template of the text, in which addresses are buttons.
 * - `openLink(uri)` shows the whole target and asks.
 */
import { dialog } from "./parts.js";
import { visible } from "./text.js";
import { html } from "./vendor/lit-html.js";

const ADDRESS = /(https?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}])/;

/** @param {string} text */
export function linked(text) {
  return text
    .split(ADDRESS)
    .map((part, i) =>
      i % 2 ? html`<button class="link" @click=${() => openLink(part)}>${visible(part)}</button>` : visible(part, { lines: true }),
    );
}

/** @param {string} uri */
export function openLink(uri) {
  const isWeb = /^https?:\/\//i.test(uri);
  dialog("Open this link?", (close) => html`
    <p class="mono"><bdi>${visible(uri)}</bdi></p>
    ${isWeb ? "" : html`<p class="note">It is no web address, so this page does not open it.</p>`}
    <div class="actions">
      <button class="button" autofocus @click=${close}>Stay here</button>
      ${isWeb ? html`<a class="button" href=${uri} target="_blank" rel="noopener noreferrer" @click=${close}>Open</a>` : ""}
    </div>`);
}
