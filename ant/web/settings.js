/** Settings: keys and devices, this browser, limits that were met, versions. */
import { get, post, remove, said } from "./api.js";
import { onFrame } from "./connection.js";
import { leader, leaderDialog, setLeader, USUAL } from "./leader.js";
import { announce } from "./live.js";
import { notices, setNotices, testNotice } from "./notices.js";
import { pairDialog, tokenDialog } from "./token_dialogs.js";
import { ask, errorState } from "./parts.js";
import { choice, CHOICES, COARSE, setRenderer } from "./renderer.js";
import { may, me } from "./state.js";
import { duration, ago, now } from "./times.js";
import { visible } from "./text.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/**
 * @typedef {object} Token
 * @property {string} id
 * @property {"token" | "device"} kind
 * @property {string} label
 * @property {string[]} scopes
 * @property {string | null} session_id
 * @property {string} created_at
 * @property {string | null} expires_at
 * @property {string | null} last_used_at
 * @property {string | null} last_address
 */

/** @type {import("./vendor/signals-core.js").Signal<Token[] | null>} */
const tokens = signal(null);
/** @type {import("./vendor/signals-core.js").Signal<any>} */
const health = signal(null);
const failure = signal("");

/** How long the figures wait for more events: a flood of them is one call. */
const FIGURES_MS = 1000;

export function enterSettings() {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let later;
  const soon = () => {
    later ??= setTimeout(() => {
      later = undefined;
      void readFigures();
    }, FIGURES_MS);
  };
  void read();
  const stops = [
    onFrame("access_tokens_changed", () => void read()),
    // What changes a figure is told, such as output of a terminal. A reply tells nothing.
    onFrame("*", (frame) => frame.ref || soon()),
    () => clearTimeout(later),
  ];
  return () => stops.forEach((each) => each());
}

async function readFigures() {
  try {
    health.value = await get("api/health");
  } catch {
    // The figures stay. The page says that the server is away.
  }
}

async function read() {
  failure.value = "";
  try {
    health.value = await get("api/health");
    if (may("admin")) tokens.value = (await get("api/tokens")).tokens;
  } catch (error) {
    failure.value = said(error);
  }
}

/** @param {Token} token */
async function revoke(token) {
  const text = token.kind === "device" ? "That browser is signed out at once." : "Programs with this token are refused at once.";
  if (!(await ask({ title: `Revoke ${visible(token.label)}?`, text, yes: "Revoke" }))) return;
  try {
    await remove(`api/tokens/${encodeURIComponent(token.id)}`);
    announce(`${visible(token.label)} is revoked.`);
    await read();
  } catch (error) {
    failure.value = said(error);
  }
}

async function signOutHere() {
  if (!(await ask({ title: "Sign this browser out?", text: "To come back, run ant open on the host.", yes: "Sign out" }))) return;
  try {
    await post("api/sign-out");
    location.reload();
  } catch (error) {
    failure.value = said(error);
  }
}

/** @param {Token} token */
function tokenRow(token) {
  const soon = token.expires_at ? new Date(token.expires_at).getTime() - now.value : null;
  return html`<li class="line">
    <span class="state">${token.kind}</span>
    <bdi class="name" title=${visible(token.label)}>${visible(token.label)}</bdi>
    <span class="where">${token.scopes.join(", ")}${soon === null ? "" : `; ends in ${duration(soon)}`}</span>
    <span class="since" title=${token.last_address ? `from ${visible(token.last_address)}` : ""}>${token.last_used_at ? ago(token.last_used_at) : "never used"}</span>
    <button class="button small danger" aria-label="Revoke ${visible(token.label)}" @click=${() => void revoke(token)}>Revoke</button>
  </li>`;
}

function keysPart() {
  const caller = me.value;
  return html`<section aria-label="Keys and devices">
    <h2 class="rule">Keys and devices</h2>
    <p class="hint">This browser: ${caller.label ? html`<bdi>${visible(caller.label)}</bdi>` : "the operator"}, ${caller.kind === "operator" ? "may do everything" : caller.scopes.join(", ")}.
      ${caller.kind === "device" ? html`<button class="link" @click=${() => void signOutHere()}>Sign out</button>` : ""}</p>
    ${may("admin")
      ? html`${tokens.value?.length
            ? html`<ul class="lines">${tokens.value.map(tokenRow)}</ul>`
            : html`<p class="hint">Signed-in browsers and access tokens are listed here. There is none.</p>`}
          <div class="actions left">
            <button class="button" @click=${() => pairDialog()}>Sign a device in</button>
            <button class="button" @click=${() => tokenDialog(() => void read())}>New access token</button>
          </div>`
      : html`<p class="hint">To see and change keys, a sign-in needs the scope admin.</p>`}
  </section>`;
}

const WORDS = {
  on: "This browser tells new prompts while the page is open in a tab, unless you look at the terminal that asks.",
  off: "This browser tells nothing.",
  denied: "The browser does not allow this page to show notices. Change that in its settings.",
  insecure: "A browser shows notices of https pages only, and of pages of its own machine.",
  none: "This browser cannot show notices of a page.",
};

function noticesPart() {
  const state = notices.value;
  return html`<section aria-label="Notices">
    <h2 class="rule">Notices</h2>
    <p class="hint">${WORDS[state]}</p>
    ${state === "on" || state === "off"
      ? html`<div class="actions left">
          <button class="button" @click=${() => void setNotices(state === "off")}>${state === "on" ? "Turn off" : "Turn on"}</button>
          ${state === "on" ? html`<button class="button" @click=${() => void testNotice()}>Send a test</button>` : ""}
        </div>`
      : ""}
  </section>`;
}

function keyboardPart() {
  return html`<section aria-label="Keyboard">
    <h2 class="rule">Keyboard</h2>
    <p class="hint">In a terminal every key is the program's. After the leader, <kbd>${leader.value}</kbd>, the next key is the page's.</p>
    <div class="actions left">
      <button class="button" @click=${leaderDialog}>Change the leader</button>
      ${leader.value === USUAL ? "" : html`<button class="button" @click=${() => setLeader(USUAL)}>Back to ${USUAL}</button>`}
    </div>
  </section>`;
}

function terminalsPart() {
  return html`<section aria-label="Terminals">
    <h2 class="rule">Terminals</h2>
    <p class="hint">How this browser draws a terminal at a desk. Automatic is WebGL where the browser has a graphics card for it. If letters are wrong or missing, choose DOM.</p>
    <label class="choice">Drawn by
      <select @change=${(/** @type {any} */ event) => setRenderer(event.target.value)}>
        ${CHOICES.map((each) => html`<option ?selected=${each === choice.value}>${each}</option>`)}
      </select></label>
  </section>`;
}

function limitsPart() {
  const met = health.value.limits.filter((/** @type {any} */ each) => each.count > 0);
  return html`<section aria-label="Limits met">
    <h2 class="rule">Limits met since the start</h2>
    ${met.length
      ? html`<dl class="facts">${met.map(
          (/** @type {any} */ each) => html`<dt>${each.name} <span class="number">${each.count}</span></dt><dd>${each.policy}</dd>`,
        )}</dl>`
      : html`<p class="hint">None.</p>`}
  </section>`;
}

function serverPart() {
  const { status, version, started_at, active_session_count, session_cap, pressure, tmux, advice, degraded_tasks } = health.value;
  const mib = (/** @type {number} */ bytes) => `${Math.round(bytes / 2 ** 20)} MiB`;
  return html`<section aria-label="Server">
    <h2 class="rule">Server</h2>
    ${advice ? html`<p class="note">${advice}</p>` : ""}
    ${degraded_tasks.map((/** @type {any} */ each) => html`<p class="note">${visible(JSON.stringify(each))}</p>`)}
    <dl class="facts">
      <dt>Status</dt><dd>${status}</dd>
      <dt>ANT</dt><dd>${version}, for ${ago(started_at)}</dd>
      <dt>tmux</dt><dd>${tmux ? visible(tmux.version) : "not installed"}</dd>
      <dt>Sessions</dt><dd>${active_session_count}${session_cap ? ` of ${session_cap}` : ""}</dd>
      <dt>Memory</dt><dd>${mib(pressure.rss_bytes)}</dd>
      <dt>Processor</dt><dd>${pressure.cpu_pct.toFixed(1)} % of a core</dd>
      <dt>Loop delay</dt><dd>${pressure.loop_delay_ms_p50.toFixed(1)} ms, at most ${pressure.loop_delay_ms_max.toFixed(0)} ms in the last minute</dd>
    </dl>
    <p class="after"><a href="docs">API reference</a></p>
  </section>`;
}

/** The screen. */
export function settings() {
  return html`<div class="screen-settings">
    <header class="title"><h1 tabindex="-1">Settings</h1></header>
    ${failure.value ? errorState(failure.value, () => void read()) : ""} ${keysPart()} ${noticesPart()} ${keyboardPart()} ${COARSE ? "" : terminalsPart()}
    ${health.value ? html`${limitsPart()} ${serverPart()}` : ""}
  </div>`;
}
