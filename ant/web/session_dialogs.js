/**
 * What is done to a session: create, rename, start, archive, delete.
 *
 * - `createDialog(type)` asks for a new session; `sessionMenu(id)` lists the actions.
 * - `words(text)` splits a command into arguments, as a shell does with quotes.
 */
import { patch, post, remove, said, sessionPath } from "./api.js";
import { announce } from "./live.js";
import { ask, dialog } from "./parts.js";
import { go } from "./router.js";
import { may, sessions, stateOf } from "./state.js";
import { nameOf, visible } from "./text.js";
import { html } from "./vendor/lit-html.js";
import { signal } from "./vendor/signals-core.js";

/** @typedef {"terminal" | "agent" | "chat"} Type */

/**
 * The arguments of a command. Quotes and backslashes keep blanks; nothing is expanded.
 *
 * @param {string} text
 * @returns {string[] | null} Null if a quote is not closed.
 */
export function words(text) {
  const found = [];
  const part = /\s*((?:[^\s"'\\]|\\[\s\S]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+)/gy;
  let end = 0;
  for (let hit = part.exec(text); hit; hit = part.exec(text)) {
    end = part.lastIndex;
    found.push(
      hit[1].replace(/\\([\s\S])|"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'/g, (_, escaped, double, single) =>
        escaped ?? single ?? double.replace(/\\(["\\$`])/g, "$1"),
      ),
    );
  }
  return text.slice(end).trim() ? null : found;
}

/** @param {FormData} form @returns {Record<string, unknown>} */
function requestOf(form) {
  const text = (/** @type {string} */ name) => String(form.get(name) ?? "").trim();
  const type = text("type");
  /** @type {Record<string, unknown>} */
  const body = { name: text("name"), type };
  if (type === "chat") return body;
  const command = words(text("command"));
  if (command === null) throw new Error("A quote in the command is not closed.");
  if (command.length) body.command = command;
  if (text("folder")) body.root_dir = text("folder");
  if (text("host")) body.host = text("host");
  return body;
}

/** @param {Type} type */
export function createDialog(type) {
  const kind = signal(type);
  const failure = signal("");
  const command = signal("");
  const busy = signal(false);
  const view = (/** @type {() => void} */ close) => {
    const submit = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
      busy.value = true;
      failure.value = "";
      try {
        const made = await post("api/sessions", requestOf(form));
        close();
        go(made.type === "chat" ? "room" : "terminal", made.id);
      } catch (error) {
        failure.value = said(error);
      }
      busy.value = false;
    };
    const args = words(command.value);
    return html`<form class="form" @submit=${submit}>
      <fieldset class="types">
        <legend>What</legend>
        ${["terminal", "agent", "chat"].map(
          (each) => html`<label><input
              type="radio"
              name="type"
              value=${each}
              ?checked=${each === kind.value}
              @change=${() => (kind.value = /** @type {Type} */ (each))}
            /> ${each}</label>`,
        )}
      </fieldset>
      <label>Name <input name="name" required maxlength="200" autofocus autocomplete="off" /></label>
      ${kind.value === "chat"
        ? ""
        : html`<label>Command
              <input
                name="command"
                class="mono"
                autocomplete="off"
                autocapitalize="off"
                spellcheck="false"
                placeholder=${kind.value === "agent" ? "claude" : "your login shell"}
                @input=${(/** @type {InputEvent} */ event) => (command.value = /** @type {HTMLInputElement} */ (event.target).value)}
              /></label>
            ${args === null || args.length > 1
              ? html`<p class="hint args">${args === null
                  ? "A quote is not closed."
                  : args.map((each) => html`<code>${visible(each)}</code> `)}</p>`
              : ""}
            <label>Folder <input name="folder" class="mono" autocomplete="off" autocapitalize="off" spellcheck="false" placeholder="~" /></label>
            <label>Runs in
              <select name="host">
                <option value="">what the server is set to</option>
                <option value="pty">a PTY of the server</option>
                <option value="tmux">tmux, which outlives the server</option>
              </select></label>`}
      ${failure.value ? html`<p class="note" role="alert">${visible(failure.value)}</p>` : ""}
      <div class="actions">
        <button type="button" class="button" @click=${close}>Cancel</button>
        <button class="button first" ?disabled=${busy.value}>Create</button>
      </div>
    </form>`;
  };
  dialog("New", view);
}

/** @param {string} id */
export function renameDialog(id) {
  const session = sessions.value.get(id);
  if (!session) return;
  const failure = signal("");
  dialog("Rename", (close) => {
    const submit = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = new FormData(/** @type {HTMLFormElement} */ (event.currentTarget));
      try {
        await patch(sessionPath(id), { name: String(form.get("name")).trim() });
        close();
      } catch (error) {
        failure.value = said(error);
      }
    };
    return html`<form class="form" @submit=${submit}>
      <label>Name <input name="name" required maxlength="200" autofocus autocomplete="off" value=${session.name} /></label>
      ${failure.value ? html`<p class="note" role="alert">${visible(failure.value)}</p>` : ""}
      <div class="actions">
        <button type="button" class="button" @click=${close}>Cancel</button>
        <button class="button first">Rename</button>
      </div>
    </form>`;
  });
}

/** The actions of a session. @param {string} id */
export function sessionMenu(id) {
  const session = sessions.value.get(id);
  if (!session) return;
  const name = nameOf(session);
  const failure = signal("");
  const isRunning = session.status === "running" || session.status === "starting";
  dialog(name, (close) => {
    /** @param {() => Promise<unknown>} act @param {string} done */
    const run = (act, done) => async () => {
      try {
        await act();
        announce(`${name} ${done}.`);
        close();
      } catch (error) {
        failure.value = said(error);
      }
    };
    const archive = run(() => patch(sessionPath(id), { archived: true }), "is archived");
    const destroy = async () => {
      close();
      const text = isRunning ? "Its program is ended. " : "";
      if (!(await ask({ title: `Delete ${name}?`, text: `${text}It can be restored for ${visible(session.ttl)}.`, yes: "Delete" }))) return;
      try {
        await remove(sessionPath(id));
        announce(`${name} is deleted.`);
      } catch (error) {
        dialog("Not deleted", () => html`<p>${visible(said(error))}</p>`);
      }
    };
    const stop = async () => {
      close();
      if (await ask({ title: `Archive ${name}?`, text: "Its program is ended. The transcript stays.", yes: "Archive" })) {
        await archive();
      }
    };
    return html`<div class="menu">
      <button class="button" autofocus @click=${() => (close(), go(session.type === "chat" ? "room" : "terminal", id))}>Open</button>
      ${may("type") && session.type !== "chat" && !isRunning
        ? html`<button class="button" @click=${run(() => post(sessionPath(id, "terminal/start")), "starts")}>Start again</button>`
        : ""}
      ${may("admin")
        ? html`<button class="button" @click=${() => (close(), renameDialog(id))}>Rename</button>
            <button class="button" @click=${isRunning ? stop : archive}>Archive</button>
            <button class="button danger" @click=${destroy}>Delete</button>`
        : ""}
      ${failure.value ? html`<p class="note" role="alert">${visible(failure.value)}</p>` : ""}
      <p class="hint">${stateOf(session)}, ${session.terminal?.host ?? "chat"} <bdi>${visible(session.handle)}</bdi></p>
      <div class="actions"><button class="button" @click=${close}>Close</button></div>
    </div>`;
  });
}
