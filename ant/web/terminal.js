/** A terminal: its screen as rows of text. */
import { errorState, stateMark } from "./parts.js";
import { RowsView } from "./rows_view.js";
import { sessions } from "./state.js";
import { folderOf, nameOf } from "./text.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/** @type {import("./vendor/signals-core.js").Signal<RowsView | null>} */
const view = signal(null);
const failure = signal("");

/** @param {import("./router.js").Route} route */
export function enterTerminal({ id }) {
  const rows = new RowsView();
  failure.value = "";
  view.value = rows;
  return rows.watch(id, { refused: (error) => (failure.value = error.message) });
}

/** The screen. @param {import("./router.js").Route} route */
export function terminal({ id }) {
  const session = sessions.value.get(id);
  return html`<div class="screen-terminal">
    <header class="title">
      ${session ? stateMark(session) : ""}
      <h1 tabindex="-1"><bdi>${nameOf(session)}</bdi></h1>
      <p><bdi>${folderOf(session)}</bdi></p>
    </header>
    ${failure.value ? errorState(failure.value) : ""}
    <div class="screen-ground" tabindex="0" role="region" aria-label="Screen of ${nameOf(session)}">${view.value?.element}</div>
  </div>`;
}
