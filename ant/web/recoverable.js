/** Archived and deleted sessions: bring them back, or remove them for good. */
import { announce } from "./live.js";
import { post, remove, said, sessionPath } from "./api.js";
import { ask } from "./parts.js";
import { may, recoverable } from "./state.js";
import { nameOf } from "./text.js";
import { ago } from "./times.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

const failure = signal("");

/** @typedef {import("./types.js").Session} Session */

/** @param {Session} session */
async function restore(session) {
  try {
    const done = await post(sessionPath(session.id, "restore"));
    failure.value = "";
    announce(`${nameOf(done)} is back.`);
  } catch (error) {
    failure.value = said(error);
  }
}

/** @param {Session} session */
async function removeForGood(session) {
  const agreed = await ask({
    title: "Delete for good?",
    text: `${nameOf(session)}, its transcript and its messages cannot be brought back.`,
    yes: "Delete for good",
  });
  if (!agreed) return;
  try {
    await remove(sessionPath(session.id), { hard: "true" });
    failure.value = "";
  } catch (error) {
    failure.value = said(error);
  }
}

/** The list, closed at first; nothing if it is empty. */
export function parts() {
  const list = recoverable.value.filter((each) => !isPrivateChat(each));
  if (!list.length) return "";
  return html`<details class="recoverable">
    <summary>Archived and deleted <span class="number">${list.length}</span></summary>
    ${failure.value ? html`<p class="note">${failure.value}</p>` : ""}
    <ul class="lines">
      ${list.map(
        (each) => html`<li class="line">
          <span class="state">${each.archived ? "archived" : "deleted"}</span>
          <bdi class="name" title=${nameOf(each)}>${nameOf(each)}</bdi>
          <span class="where">${each.archived ? ago(each.updated_at) : ago(each.deleted_at)}</span>
          ${may("admin")
            ? html`<button class="button small" @click=${() => void restore(each)}>Restore</button>
                <button class="button small danger" @click=${() => void removeForGood(each)}>Delete for good</button>`
            : ""}
        </li>`,
      )}
    </ul>
  </details>`;
}

/** The private chat of a terminal comes and goes with the terminal. @param {Session} chat */
function isPrivateChat(chat) {
  return recoverable.value.some((each) => each.linked_chat_id === chat.id);
}
