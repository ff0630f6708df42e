/** The palette of Ctrl+K: sessions, screens and commands by a part of their name. */
import { dialog, stateMark } from "./parts.js";
import { go } from "./router.js";
import { may, rooms, STATES, stateOf, terminals } from "./state.js";
import { byName, nameOf } from "./text.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

const SHOWN = 12;

/**
 * @typedef {object} Command
 * @property {string} text
 * @property {unknown} mark
 * @property {() => void} run
 */

let isOpen = false;

/** @returns {Command[]} */
function commands() {
  const sorted = [...terminals.value].sort(
    (a, b) => STATES[stateOf(a)].rank - STATES[stateOf(b)].rank || byName(a, b),
  );
  return [
    ...sorted.map((each) => ({
      text: nameOf(each),
      mark: stateMark(each),
      run: () => go("terminal", each.id),
    })),
    ...rooms.value.map((each) => ({
      text: nameOf(each),
      mark: stateMark(each),
      run: () => go("room", each.id),
    })),
    ...["inbox", "fleet", "rooms", "search", "settings"].map((each) => ({
      text: `Go to ${each}`,
      mark: "",
      run: () => go(each),
    })),
    ...(may("admin")
      ? [{ text: "New terminal, agent or chat", mark: "", run: () => go("fleet", "", { new: 1 }) }]
      : []),
  ];
}

/** Whether all words of the query are in the text. @param {string} text @param {string} query */
function fits(text, query) {
  const low = text.toLowerCase();
  return query.toLowerCase().split(/\s+/).every((word) => low.includes(word));
}

export function openPalette() {
  if (isOpen) return;
  isOpen = true;
  const query = signal("");
  const at = signal(0);
  const found = () => commands().filter((each) => fits(each.text, query.value)).slice(0, SHOWN);
  const view = (/** @type {() => void} */ close) => {
    const list = found();
    const chosen = Math.min(at.value, list.length - 1);
    // Who types fast presses Enter before the list is drawn anew.
    const chosenNow = () => found()[Math.min(at.value, found().length - 1)];
    const run = (/** @type {Command | undefined} */ command) => {
      if (!command) return;
      close();
      command.run();
    };
    const key = (/** @type {KeyboardEvent} */ event) => {
      if (event.isComposing) return;
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (by) at.value = (chosen + by + list.length) % Math.max(1, list.length);
      else if (event.key === "Enter") run(chosenNow());
      else return;
      event.preventDefault();
    };
    return html`<input
        type="text"
        role="combobox"
        aria-expanded="true"
        aria-controls="commands"
        aria-activedescendant=${list.length ? `command-${chosen}` : ""}
        aria-label="Command or session"
        placeholder="A session, a screen or a command"
        autocomplete="off"
        autofocus
        @input=${(/** @type {InputEvent} */ event) => {
          query.value = /** @type {HTMLInputElement} */ (event.target).value;
          at.value = 0;
        }}
        @keydown=${key}
      />
      <ul id="commands" role="listbox" aria-label="Commands">
        ${list.map(
          (each, i) => html`<li id="command-${i}" role="option" aria-selected=${i === chosen} @click=${() => run(each)}>
            <bdi>${each.text}</bdi> ${each.mark}
          </li>`,
        )}
      </ul>
      ${list.length ? "" : html`<p class="hint">Nothing has this name.</p>`}`;
  };
  dialog("Commands", view, { bare: true, closed: () => (isOpen = false) });
}
