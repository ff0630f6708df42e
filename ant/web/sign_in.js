/** The screen for a browser that is not signed in: how to get a link. */
import { html } from "./vendor/lit-html.js";

export function signIn() {
  return html`<main class="sign-in">
    <h1>Sign in to ANT</h1>
    <p>This browser is not signed in, or its sign-in has ended. Run this on the host of ANT:</p>
    <pre class="rows" tabindex="0">ant open</pre>
    <p>It prints a link that works once, for 60 seconds. Open the link in this browser.</p>
    <p>For a phone, scan a code instead:</p>
    <pre class="rows" tabindex="0">ant open --qr --url http://ADDRESS:6458</pre>
    <button class="button first" @click=${() => location.reload()}>I have signed in</button>
  </main>`;
}
