/** The list of rooms: chats that are not the private chat of a terminal. */
import { emptyState } from "./parts.js";
import { href } from "./router.js";
import { may, rooms as all } from "./state.js";
import { nameOf, visible } from "./text.js";
import { ago } from "./times.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html } from "./vendor/lit-html.js";

/** The screen. */
export function rooms() {
  const sorted = [...all.value].sort((a, b) =>
    (b.last_activity ?? b.created_at).localeCompare(a.last_activity ?? a.created_at),
  );
  return html`<div class="screen-rooms">
    <header class="title">
      <h1 tabindex="-1">Rooms</h1>
      ${may("admin") ? html`<a class="button" href=${href("fleet", "", { new: "chat" })}>New room</a>` : ""}
    </header>
    ${sorted.length
      ? html`<ul class="lines">
          ${repeat(
            sorted,
            (each) => each.id,
            (each) => html`<li>
              <a class="line" data-item=${each.id} href=${href("room", each.id)}>
                <span class="state" aria-hidden="true">#</span>
                <bdi class="name" title=${nameOf(each)}>${nameOf(each)}</bdi>
                <bdi class="where">${visible(each.handle)}</bdi>
                <span class="since">${ago(each.last_activity)}</span>
              </a>
            </li>`,
          )}
        </ul>`
      : emptyState("There is no room yet.", "A room is a chat in which people and agents talk. Each terminal also has a private chat.")}
  </div>`;
}
