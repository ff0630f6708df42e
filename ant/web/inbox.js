/**
 * The inbox: a card for each waiting prompt, and below who is busy, ready, quiet or lost.
 *
 * `inbox()` is the view. `answerByDigit(element, digit)` answers the focused card.
 */
import { cards, choose, isArmed, isStill, mine, outcome, reasons, sendBoxes, sendText } from "./cards.js";
import { link } from "./connection.js";
import { detailsView } from "./details.js";
import { announce } from "./live.js";
import { choicesOf, takesText } from "./options.js";
import { agentOf, emptyState, mark, stateMark, whereOf } from "./parts.js";
import { go, href } from "./router.js";
import { agents, answers, loaded, may, sessions, STATES, stateOf, terminals } from "./state.js";
import { byName, count, nameOf, visible, wrapped } from "./text.js";
import { ago } from "./times.js";
import { repeat } from "./vendor/directives/repeat.js";
import { html, nothing } from "./vendor/lit-html.js";

/** @typedef {import("./cards.js").Card} Card */

/** What the pointer went down on: a click counts for that prompt only. */
let pressed = { prompt: "", still: false };

/** @param {Card} card */
function pressBegins(card) {
  pressed = { prompt: card.prompt.id, still: isStill(card) };
}

/** @param {Card} card @param {PointerEvent | MouseEvent} event @param {() => void} act */
function pressEnds(card, event, act) {
  const begun = pressed.still && pressed.prompt === card.prompt.id;
  // Enter has no pointer; a screen reader may click without a press.
  const mayPress = event.detail === 0 || begun || (!pressed.prompt && isStill(card));
  const ok = mayPress && isArmed(card);
  pressed = { prompt: "", still: false };
  if (ok) act();
  else if (card.phase === "open") announce("The card has just changed. Look again, then press.");
}

/**
 * Answer the focused card by a digit. A card that has just changed is not answered.
 *
 * @param {HTMLElement} element The card.
 * @param {string} digit
 */
export function answerByDigit(element, digit) {
  const card = cards.value.find((each) => each.id === element.dataset.item);
  if (!card || !may("answer")) return;
  if (!isArmed(card)) {
    if (card.phase === "open") announce("The card has just changed. Look again, then press.");
    return;
  }
  void choose(card, Number(digit) - 1);
}

/** @param {Card} card */
function textAnswer(card) {
  const isSecret = card.prompt.form === "secret";
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.currentTarget);
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("answer"));
    if (!field.value && !isSecret) return field.focus();
    if (!isArmed(card)) return announce("The card has just changed. Look again, then send.");
    if (await sendText(card, field.value)) field.value = "";
  };
  return html`<form class="answer" @submit=${send} autocomplete="off">
    <input
      name="answer"
      type=${isSecret ? "password" : "text"}
      autocomplete=${isSecret ? "new-password" : "off"}
      autocapitalize="off"
      spellcheck="false"
      aria-label="Answer to ${nameOf(sessions.value.get(card.id))}"
      placeholder=${isSecret ? "Type a secret; it is stored nowhere" : "Type an answer"}
    />
    <button class="button first" ?disabled=${card.phase !== "open"}>Send</button>
  </form>`;
}

/** @param {Card} card */
function buttons(card) {
  const boxes = card.prompt.form === "boxes";
  const choices = choicesOf(card.prompt);
  const off = card.phase !== "open" || link.value.state !== "open";
  return html`${choices.map(
      (each) => html`<button
        class="button option ${each.isLasting ? "lasting" : ""} ${each.isFirst && !boxes ? "first" : ""}"
        ?disabled=${off}
        aria-pressed=${boxes && each.checked !== null ? String(card.ticked.has(each.index)) : nothing}
        @pointerdown=${() => pressBegins(card)}
        @click=${(/** @type {MouseEvent} */ event) =>
          pressEnds(card, event, () => void choose(card, each.index))}
      >
        ${each.digit ? html`<span class="digit">${each.digit}</span>` : ""}
        ${boxes && each.checked !== null
          ? html`<span aria-hidden="true">${card.ticked.has(each.index) ? "☑" : "☐"}</span>`
          : ""}
        <bdi class="label">${each.label}</bdi>
      </button>`,
    )}
    ${boxes
      ? html`<button
          class="button first"
          ?disabled=${off}
          @pointerdown=${() => pressBegins(card)}
          @click=${(/** @type {MouseEvent} */ event) =>
            pressEnds(card, event, () => void sendBoxes(card))}
        >
          Send the ticked
        </button>`
      : ""}`;
}

/** @param {Card} card */
function answering(card) {
  if (card.phase === "done") {
    return html`<p class="result"><span aria-hidden="true">✓</span> <bdi>${visible(outcome(card.prompt))}</bdi></p>`;
  }
  if (!may("answer")) return html`<p class="hint">This sign-in may look, and not answer.</p>`;
  if (card.prompt.form === "view") {
    return html`<p class="hint">This can be answered in the terminal only.</p>`;
  }
  if (takesText(card.prompt)) return textAnswer(card);
  return html`${buttons(card)} ${reasonPart(card)}`;
}

/** The state of a card's agent, if it is about the card's prompt. @param {Card} card */
function stateFor(card) {
  const state = agents.value.get(card.id);
  return state?.promptId === card.prompt.id ? state : undefined;
}

/**
 * How the answer to an agent goes, and how many requests come after it. It stands below
 * the buttons, which must not move when it changes.
 *
 * @param {Card} card
 */
function wayPart(card) {
  const state = card.phase === "done" ? undefined : stateFor(card);
  const isAgent = card.prompt.details || agentOf(sessions.value.get(card.id));
  if (!state?.via || !isAgent || card.prompt.form === "view") return "";
  const more = state.queued ?? 0;
  return html`<p class="hint way">
    ${state.via === "hook" ? "Its hook takes the answer: no key is pressed." : "The answer goes by keys."}
    ${more ? html`<b>${count(more, "more request")} behind this one.</b>` : ""}
  </p>`;
}

/** A hook tells its agent why something was denied; a key cannot. @param {Card} card */
function reasonPart(card) {
  const { id, details } = card.prompt;
  const denial = choicesOf(card.prompt).find((each) => each.isDenial);
  if (!details || !denial) return "";
  if (stateFor(card)?.via === "keys") {
    if (!reasons.get(id)) return "";
    return html`<p class="note reason">The agent's hook has left. Keys tell no reason.</p>`;
  }
  const deny = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (isArmed(card)) void choose(card, denial.index);
    else announce("The card has just changed. Look again, then press.");
  };
  const form = () => html`<form class="reason" autocomplete="off" @submit=${deny}>
    <input
      name="reason"
      maxlength="4000"
      aria-label="Reason, if you deny it"
      placeholder="Reason, if you deny it"
      ?disabled=${card.phase !== "open"}
      value=${reasons.get(id) ?? ""}
      @input=${(/** @type {InputEvent} */ event) => reasons.set(id, /** @type {HTMLInputElement} */ (event.target).value)}
    />
  </form>`;
  // The next prompt on this card gets a field of its own, without the text of this one.
  return repeat([id], (each) => each, form);
}

/** The rows that show the prompt: its own text if that is long, else the screen's last rows. @param {Card} card */
function rowsOf(card) {
  const own = card.prompt.raw_text.replace(/\s+$/, "");
  const rows = own.split("\n").length >= 10 || !card.rows.length ? own : card.rows.join("\n");
  return wrapped(rows);
}

/** The rows, unless there is only one: that is the question. @param {string} rows @param {string} name */
function screenPart(rows, name) {
  if (!rows.trim().includes("\n")) return "";
  return html`<details open>
    <summary>Last rows of the screen</summary>
    <pre class="screen" tabindex="0" role="region" aria-label="Last rows of the screen of ${name}">${visible(rows, { lines: true })}</pre>
  </details>`;
}

/** A card, on every screen that shows its terminal. @param {Card} card */
export function cardView(card) {
  const session = sessions.value.get(card.id);
  const name = nameOf(session);
  const agent = agentOf(session);
  const { prompt } = card;
  const given = card.via === "hook" ? "The agent has the answer." : "Typed.";
  const said = { sending: "Sending…", typed: `${given} Waiting for the program…`, open: "", done: "" };
  return html`<article
    class="card ${card.phase} ${card.isChanged && card.phase === "open" ? "changed" : ""}"
    tabindex="0"
    data-item=${card.id}
    data-prompt=${prompt.id}
    aria-label="${name} waits"
  >
    <header>
      ${card.phase === "done"
        ? html`<span class="state state-ready"><span aria-hidden="true">✓</span> done</span>`
        : mark("waiting")}
      <h3 title=${name}>${agent && !name.includes(agent) ? html`<span class="agent">${agent} · </span>` : ""}<bdi>${name}</bdi></h3>
      <span class="where" title=${whereOf(session)}><bdi>${whereOf(session)}</bdi></span>
      <span class="waited">${ago(prompt.detected_at)}</span>
    </header>
    <p class="question" tabindex=${prompt.question.split("\n").length > 12 ? 0 : nothing}><bdi>${visible(prompt.question, { lines: true })}</bdi></p>
    ${detailsView(prompt.details)}
    ${screenPart(rowsOf(card), name)}
    ${card.note ? html`<p class="note"><bdi>${visible(card.note)}</bdi></p>` : ""}
    ${said[card.phase] ? html`<p class="note quiet-note">${said[card.phase]}</p>` : ""}
    <footer>
      ${answering(card)}
      <a class="open" data-open href=${href("terminal", card.id)}>Open terminal <span aria-hidden="true">↗</span></a>
      ${wayPart(card)}
    </footer>
  </article>`;
}

/** @param {string} state */
function group(state) {
  const found = terminals.value.filter((each) => stateOf(each) === state);
  if (!found.length) return "";
  const sorted = found.sort(byName);
  return html`<section class="group" aria-label=${STATES[state].word}>
    <ul class="lines">
      ${repeat(
        sorted,
        (each) => each.id,
        (each) => html`<li>
          <a class="line" data-item=${each.id} data-open href=${href("terminal", each.id)}>
            ${stateMark(each)}
            <bdi class="name" title=${nameOf(each)}>${nameOf(each)}</bdi>
            <bdi class="where" title=${whereOf(each)}>${reason(each) || whereOf(each)}</bdi>
            <span class="since">${ago(agents.value.get(each.id)?.detectedAt ?? each.last_activity)}</span>
          </a>
        </li>`,
      )}
    </ul>
  </section>`;
}

/** @param {import("./types.js").Session} session */
function reason(session) {
  return visible(session.terminal?.status_reason ?? agents.value.get(session.id)?.activity ?? "");
}

function resolvedView() {
  const gone = answers.value.filter((each) => !cards.value.some((card) => card.prompt.id === each.id));
  if (!gone.length) return "";
  return html`<section class="resolved" aria-label="Resolved just now">
    <h2 class="rule">Resolved just now</h2>
    <ul class="lines">
      ${gone.slice(0, 5).map(
        (each) => html`<li class="line">
          <span class="state state-ready" aria-hidden="true">✓</span>
          <bdi class="name">${nameOf(sessions.value.get(each.session_id))}</bdi>
          <bdi class="where ${mine.has(each.id) ? "by-you" : ""}" title=${visible(each.summary)}>${visible(outcome(each))}</bdi>
          <span class="since">${ago(each.closed_at)}</span>
        </li>`,
      )}
    </ul>
  </section>`;
}

/** The screen. */
export function inbox() {
  const open = cards.value;
  return html`<div class="screen-inbox">
    <header class="title">
      <h1 tabindex="-1">Inbox</h1>
      ${open.length > 1 ? html`<p>who has waited longest is first</p>` : ""}
    </header>
    ${open.length || !loaded.value
      ? html`<div class="cards">${repeat(open, (each) => each.id, cardView)}</div>`
      : nobodyWaits()}
    ${resolvedView()}
    ${["error", "lost", "quiet", "busy", "ready", "used"].map(group)}
  </div>`;
}

function nobodyWaits() {
  if (terminals.value.length) {
    return emptyState("Nobody waits for you.", "A card comes here as soon as a program asks something.");
  }
  const start = html`Start a terminal or an agent, and its questions come here.
    ${may("admin")
      ? html`<br /><button class="button first" @click=${() => go("fleet", "", { new: 1 })}>New terminal</button>`
      : ""}`;
  return emptyState("No terminal runs yet.", start);
}
