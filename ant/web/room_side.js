/**
 * What a room has besides its messages: members, tasks, files, links.
 *
 * `new RoomSide(id)` has the signals `members`, `tasks`, `files`, `links`; `.read()` reads
 * them, `.heard(frame)` keeps them current, `.handles()` are the names in the room.
 */
import { get, patch, post, remove, said, sessionPath } from "./api.js";
import { ask, stateMark } from "./parts.js";
import { myHandle, sender, setHandle } from "./room_composer.js";
import { href } from "./router.js";
import { may, rooms, sessions } from "./state.js";
import { nameOf, visible } from "./text.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html } from "./vendor/lit-html.js";
import { batch, signal } from "./vendor/signals-core.js";

/** @typedef {import("./types.js").Frame} Frame */
/** @typedef {{id: string, kind: string, name: string, handle: string | null, alias: string | null, role: string, session_status: string | null}} Member */
/** @typedef {{id: string, title: string, status: string, assigned_to: string | null, description: string | null}} Task */
/** @typedef {{id: string, file_path: string, note: string | null, flagged_by: string | null}} FileRef */
/** @typedef {{id: string, relationship: string, source_room_id: string, target_room_id: string, source_name: string, target_name: string}} Link */

const DONE = new Set(["done", "completed", "complete", "closed"]);

export class RoomSide {
  /** @param {string} id */
  constructor(id) {
    this.id = id;
    this.members = signal(/** @type {Member[]} */ ([]));
    this.tasks = signal(/** @type {Task[]} */ ([]));
    this.files = signal(/** @type {FileRef[]} */ ([]));
    this.links = signal(/** @type {Link[]} */ ([]));
    this.failure = signal("");
  }

  handles() {
    const names = this.members.value.map((each) => each.alias ?? each.handle ?? "").filter(Boolean);
    return ["@everyone", ...new Set(names)];
  }

  async read() {
    await this.run(async () => {
      const [people, tasks, files, links] = await Promise.all(
        ["participants", "tasks", "file-refs", "links"].map((each) => get(sessionPath(this.id, each))),
      );
      batch(() => {
        this.members.value = people.participants;
        this.tasks.value = tasks.tasks.filter((/** @type {Task} */ each) => each.status !== "deleted");
        this.files.value = files.refs;
        this.links.value = [...links.outgoing, ...links.incoming];
      });
    });
  }

  /** @param {Frame} frame */
  heard(frame) {
    const without = (/** @type {any[]} */ list, /** @type {string} */ id) => list.filter((each) => each.id !== id);
    switch (frame.type) {
      case "participants_changed":
      case "room_link_created":
      case "room_link_deleted":
        return void this.read();
      case "task_created":
      case "task_updated": {
        const { task } = frame;
        const at = this.tasks.value.findIndex((each) => each.id === task.id);
        this.tasks.value = at < 0 ? [...this.tasks.value, task] : this.tasks.value.with(at, task);
        return;
      }
      case "task_deleted":
        this.tasks.value = without(this.tasks.value, frame.taskId);
        return;
      case "file_ref_created":
        // `ref` of an event is the file; that of an answer would be a text.
        this.files.value = [...without(this.files.value, /** @type {any} */ (frame.ref).id), /** @type {any} */ (frame.ref)];
        return;
      case "file_ref_deleted":
        this.files.value = without(this.files.value, frame.refId);
    }
  }

  /** @private @param {() => Promise<unknown>} act @returns {Promise<boolean>} */
  async run(act) {
    try {
      await act();
      this.failure.value = "";
      return true;
    } catch (error) {
      this.failure.value = said(error);
      return false;
    }
  }

  /** @private A form with one field. @param {string} label @param {string} word @param {(text: string) => Promise<unknown>} act @param {string} [list] */
  field(label, word, act, list = "") {
    const submit = async (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      const form = /** @type {HTMLFormElement} */ (event.currentTarget);
      const input = /** @type {HTMLInputElement} */ (form.elements.namedItem("text"));
      const text = input.value.trim();
      if (text && (await this.run(() => act(text)))) input.value = "";
    };
    return html`<form class="one" @submit=${submit} autocomplete="off">
      <input name="text" aria-label=${label} placeholder=${label} list=${list} />
      <button class="button small">${word}</button>
    </form>`;
  }

  /** @private @param {Member} member */
  async removeMember(member) {
    const name = visible(member.name);
    if (!(await ask({ title: `Remove ${name}?`, text: "It gets no more messages of this room.", yes: "Remove" }))) return;
    await this.run(() => remove(sessionPath(this.id, "participants"), member.kind === "session" ? { session_id: member.id } : { handle: member.handle }));
  }

  /** @private @param {Member} member */
  memberView(member) {
    const name = visible(member.name);
    const session = sessions.value.get(member.id);
    return html`<li>
      ${member.kind === "session" ? html`<a href=${href("terminal", member.id)}><bdi>${name}</bdi></a>` : html`<bdi>${name}</bdi>`}
      <span class="hint"><bdi>${member.alias === member.name ? "" : visible(member.alias)}</bdi> ${session ? stateMark(session) : member.kind === "session" ? visible(member.session_status) : "person"}</span>
      ${may("admin") || may("post") ? html`<button class="button small" aria-label="Remove ${name}" @click=${() => this.removeMember(member)}>✕</button>` : ""}
    </li>`;
  }

  /** @private @param {Task} task */
  taskView(task) {
    const isDone = DONE.has(task.status);
    const path = sessionPath(this.id, `tasks/${encodeURIComponent(task.id)}`);
    const toggle = () => this.run(() => patch(path, { status: isDone ? "proposed" : "done" }));
    return html`<li class=${isDone ? "over" : ""}>
      <label><input type="checkbox" .checked=${isDone} ?disabled=${!may("post")} @change=${toggle} /> <bdi title=${visible(task.description)}>${visible(task.title)}</bdi></label>
      <span class="hint">${visible(task.status).replaceAll("_", " ")} <bdi>${visible(task.assigned_to)}</bdi></span>
    </li>`;
  }

  /** @private @param {Link} each */
  linkView(each) {
    const isOut = each.source_room_id === this.id;
    const [id, name] = isOut ? [each.target_room_id, each.target_name] : [each.source_room_id, each.source_name];
    return html`<li>
      <span aria-hidden="true">${isOut ? "→" : "←"}</span> <a href=${href("room", id)}><bdi>${visible(name)}</bdi></a>
      <span class="hint">${visible(each.relationship).replaceAll("_", " ")}</span>
      ${may("admin") ? html`<button class="button small" aria-label="Remove the link to ${visible(name)}" @click=${() => this.removeLink(each, visible(name))}>✕</button>` : ""}
    </li>`;
  }

  /** @private @param {Link} link @param {string} name */
  async removeLink(link, name) {
    if (!(await ask({ title: `Remove the link to ${name}?`, text: "Both rooms stay.", yes: "Remove" }))) return;
    await this.run(() => remove(sessionPath(this.id, "links"), { linkId: link.id }));
  }

  view() {
    const mayPost = may("post");
    const others = rooms.value.filter((each) => each.id !== this.id);
    const isTaken = sender() === null;
    const link = (/** @type {string} */ text) => {
      const room = others.find((each) => nameOf(each) === text || each.name === text);
      return post(sessionPath(this.id, "links"), room ? { targetRoomId: room.id } : { title: text });
    };
    const member = (/** @type {string} */ handle) => post(sessionPath(this.id, "participants"), { handle });
    return html`<aside class="side room-side" aria-label="About this room">
      ${this.failure.value ? html`<p class="note" role="alert"><bdi>${visible(this.failure.value)}</bdi></p>` : ""}
      <h2>Members</h2>
      <ul>${repeat(this.members.value, (each) => each.id, (each) => this.memberView(each))}</ul>
      ${mayPost
        ? html`${this.field("Add a handle, such as @docs", "Add", member, "handles")}
            <datalist id="handles">${[...sessions.value.values()].filter((each) => each.handle && each.type !== "chat").map((each) => html`<option value=${each.handle ?? ""}></option>`)}</datalist>
            <p class="hint">You post as <bdi>${visible(myHandle.value)}</bdi>. ${isTaken ? "A terminal has this name, so your messages have none." : ""}</p>
            ${this.field("Your name in rooms", "Change", async (text) => setHandle(text))}`
        : ""}
      <h2>Tasks</h2>
      <ul>${repeat(this.tasks.value, (each) => each.id, (each) => this.taskView(each))}</ul>
      ${mayPost ? this.field("New task", "Add", (title) => post(sessionPath(this.id, "tasks"), { title, created_by: sender() })) : ""}
      <h2>Files</h2>
      <ul>${repeat(this.files.value, (each) => each.id, (each) => html`<li>
        <bdi class="mono" title=${visible(each.note)}>${visible(each.file_path)}</bdi>
        ${mayPost ? html`<button class="button small" aria-label="Remove ${visible(each.file_path)}" @click=${() => this.run(() => remove(sessionPath(this.id, "file-refs"), { refId: each.id }))}>✕</button>` : ""}
      </li>`)}</ul>
      ${mayPost ? this.field("Path of a file", "Flag", (file_path) => post(sessionPath(this.id, "file-refs"), { file_path, flagged_by: sender() })) : ""}
      <h2>Links</h2>
      <ul>${repeat(this.links.value, (each) => each.id, (each) => this.linkView(each))}</ul>
      ${may("admin")
        ? html`${this.field("A room, or the name of a new one", "Link", link, "rooms")}
            <datalist id="rooms">${others.map((each) => html`<option value=${nameOf(each)}></option>`)}</datalist>`
        : ""}
    </aside>`;
  }
}
