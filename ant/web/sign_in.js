/** The screen for a browser that is not signed in: how to get a link. */
import { html } from "./vendor/lit-html.js";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/** Where a phone reaches this server; ADDRESS stands for what only a person knows. */
function forPhone() {
  const { protocol, hostname, port, pathname } = new URL(document.baseURI);
  const host = LOOPBACK.has(hostname) ? "ADDRESS" : hostname;
  return `${protocol}//${host}${port && `:${port}`}${pathname.replace(/\/$/, "")}`;
}

export function signIn() {
  return html`<main class="sign-in">
    <h1>Sign in to ANT</h1>
    <p>This browser is not signed in, or its sign-in has ended. Run this on the host of ANT:</p>
    <pre class="rows" tabindex="0">ant open</pre>
    <p>It prints a link that works once, for 60 seconds. Open the link in this browser.</p>
    <p>For a phone, scan a code instead:</p>
    <pre class="rows" tabindex="0">ant open --qr --url ${forPhone()}</pre>
    <button class="button first" @click=${() => location.reload()}>I have signed in</button>
  </main>`;
}
