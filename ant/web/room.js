/** A room: its messages as they come. */
import { get, said, sessionPath } from "./api.js";
import { join, onFrame } from "./connection.js";
import { emptyState, errorState } from "./parts.js";
import { sessions } from "./state.js";
import { nameOf, visible } from "./text.js";
import { ago } from "./times.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {{id: string, content: string, sender_id: string | null, role: string, created_at: string}} Message */

/** @type {import("./vendor/signals-core.js").Signal<Message[]>} */
const messages = signal([]);
const failure = signal("");

/** @param {import("./router.js").Route} route */
export function enterRoom({ id }) {
  messages.value = [];
  failure.value = "";
  const read = async () => {
    try {
      messages.value = (await get(sessionPath(id, "messages"))).messages;
    } catch (error) {
      failure.value = said(error);
    }
  };
  const offGap = onFrame("gap", (frame) => frame.scope === "events" && void read());
  const leave = join(id, {}, {
    joined: () => void read(),
    refused: (error) => (failure.value = error.message),
    frame: (frame) => {
      const others = messages.value.filter((each) => each.id !== (frame.msgId ?? frame.id));
      if (frame.type === "message_created") messages.value = [...others, /** @type {any} */ (frame)];
      if (frame.type === "message_deleted") messages.value = others;
    },
  });
  return () => (leave(), offGap());
}

/** The screen. @param {import("./router.js").Route} route */
export function room({ id }) {
  return html`<div class="screen-room">
    <header class="title"><h1 tabindex="-1"><bdi>${nameOf(sessions.value.get(id))}</bdi></h1></header>
    ${failure.value ? errorState(failure.value) : ""}
    ${messages.value.length || failure.value ? "" : emptyState("No message yet.")}
    ${repeat(
      messages.value,
      (each) => each.id,
      (each) => html`<article class="message" data-item=${each.id} tabindex="0">
        <header><bdi class="name">${visible(each.sender_id ?? each.role)}</bdi> ${ago(each.created_at)}</header>
        <p><bdi>${visible(each.content, { lines: true })}</bdi></p>
      </article>`,
    )}
  </div>`;
}
