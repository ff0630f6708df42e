/**
 * The cards of the inbox: what each shows, and how an answer is given.
 *
 * - `cards` is a signal: the cards in their order. A card belongs to a terminal.
 * - `choose(card, index)`, `sendText(card, text)` and `sendBoxes(card)` answer.
 * - `reasons` has what is typed as the reason of a denial; an agent's hook takes it.
 * - `isArmed(card)` says whether a key may answer it; `isStill(card)` whether a pointer may.
 *
 * Nothing moves under a finger: a new card comes last, a changed prompt keeps its place
 * and is not armed for 400 ms, and an answered card stays until ANT says `resolved`.
 */
import { get, post, Problem, said, sessionPath } from "./api.js";
import { link } from "./connection.js";
import { agents, answers, prompts, screens, sessions } from "./state.js";
import { announce } from "./live.js";
import { choicesOf } from "./options.js";
import { count, nameOf } from "./text.js";
import { batch, effect, signal, untracked } from "./vendor/signals-core.js";

/** @typedef {import("./types.js").Prompt} Prompt */
/**
 * @typedef {object} Card
 * @property {string} id The id of the terminal.
 * @property {Prompt} prompt
 * @property {"open" | "sending" | "typed" | "done"} phase
 * @property {string} note What the person has to know, such as that the prompt changed.
 * @property {string} refusal Why the last answer was refused; the next prompt says it, too.
 * @property {boolean} isChanged Whether another prompt stood on this card before.
 * @property {string[]} rows The last rows of the screen; empty until they are read.
 * @property {Set<number>} ticked The boxes that are ticked, if the prompt has boxes.
 * @property {string} via How the last answer went: `keys` or `hook`; empty before.
 * @property {number} changedAt When the card last changed, in ms of `performance.now()`.
 */

export const DISARM_MS = 400;
const LINGER_MS = 900;
const FADE_MS = 120;
const ROWS = 10;
const NOT_CONNECTED = "Not connected. Nothing was pressed.";

/** What was typed as the reason of a denial, by prompt. @type {Map<string, string>} */
export const reasons = new Map();

/** @type {import("./vendor/signals-core.js").Signal<Card[]>} */
export const cards = signal([]);
/** The ids of the prompts that this page has answered. @type {Set<string>} */
export const mine = new Set();
/** When a card last left or came above others, in ms of `performance.now()`. */
let movedAt = 0;

/** The number of cards that wait for a person. */
export const waitingCount = () => cards.value.filter((each) => each.phase !== "done").length;

/** Whether a key may answer a card. @param {Card} card */
export function isArmed(card) {
  return card.phase === "open" && performance.now() - card.changedAt >= DISARM_MS;
}

/** Whether a pointer may answer a card: no card has moved lately, either. @param {Card} card */
export function isStill(card) {
  return isArmed(card) && performance.now() - movedAt >= DISARM_MS;
}

/** @param {string} id @param {Partial<Card>} change */
function update(id, change) {
  cards.value = cards.value.map((each) => (each.id === id ? { ...each, ...change } : each));
}

/** @param {Prompt} prompt @returns {Card} */
function cardOf(prompt) {
  return {
    id: prompt.session_id,
    prompt,
    phase: "open",
    note: "",
    refusal: "",
    isChanged: false,
    via: "",
    rows: screens.get(prompt.id) ?? [],
    ticked: ticked(prompt),
    changedAt: performance.now(),
  };
}

/** @param {Prompt} prompt */
function ticked(prompt) {
  return new Set(prompt.options.flatMap((each, i) => (each.checked ? [i] : [])));
}

/** Keep the cards current from now on. */
export function follow() {
  effect(() => {
    const pending = [...prompts.value.values()].sort((a, b) => a.ts - b.ts);
    untracked(() => batch(() => reconcile(pending)));
  });
  effect(() => {
    if (link.value.state === "open") untracked(forgetAway);
  });
  effect(followWays);
}

/** What each card said of where its answer goes. @type {Map<string, string>} */
let ways = new Map();

/** A card that says something else of its way may have grown: the cards below it move. */
function followWays() {
  const now = new Map(
    cards.value.map(({ id, prompt }) => {
      const state = agents.value.get(id);
      return [id, state?.promptId === prompt.id ? `${state.via} ${state.queued}` : ""];
    }),
  );
  if ([...now].some(([id, way]) => (ways.get(id) ?? way) !== way)) movedAt = performance.now();
  ways = now;
}

/** The server is back: the note that it was away is of no use any more. */
function forgetAway() {
  if (!cards.value.some((each) => each.note === NOT_CONNECTED)) return;
  cards.value = cards.value.map((each) => (each.note === NOT_CONNECTED ? { ...each, note: "" } : each));
}

/** @param {Prompt[]} pending The longest wait first. */
function reconcile(pending) {
  const open = new Map(pending.map((each) => [each.session_id, each]));
  const next = cards.value.map((card) => {
    const prompt = open.get(card.id);
    open.delete(card.id);
    if (prompt?.id !== card.prompt.id) reasons.delete(card.prompt.id);
    if (!prompt) return card.phase === "done" ? card : finished(card);
    if (prompt.id === card.prompt.id) return updated(card, prompt);
    const wasAnswered = card.phase === "typed" || mine.has(card.prompt.id);
    const note = card.refusal || (wasAnswered ? "Answered. This is the next question." : "It changed.");
    if (!wasAnswered) announce(`The question of ${nameOf(sessions.value.get(card.id))} changed.`);
    void readRows(prompt);
    return { ...cardOf(prompt), isChanged: true, note };
  });
  for (const prompt of open.values()) {
    next.push(cardOf(prompt));
    void readRows(prompt);
  }
  const before = waitingCount();
  cards.value = next;
  tell([...open.values()], before);
}

/** Say who waits since, and how many wait now. @param {Prompt[]} fresh @param {number} before */
function tell(fresh, before) {
  const total = `${waitingCount()} waiting.`;
  if (fresh.length === 1) {
    announce(`${nameOf(sessions.value.get(fresh[0].session_id))} waits: ${fresh[0].summary} ${total}`);
  } else if (fresh.length) {
    announce(`${count(fresh.length, "new prompt")}. ${total}`);
  } else if (before !== waitingCount()) {
    announce(total);
  }
}

/** A card whose prompt is the same one, with other options perhaps. @param {Card} card @param {Prompt} prompt */
function updated(card, prompt) {
  if (prompt === card.prompt) return card;
  const asked = (/** @type {Prompt} */ each) =>
    JSON.stringify([each.question, each.form, each.options.map((option) => [option.label, option.keys])]);
  if (asked(prompt) === asked(card.prompt)) {
    if (!prompt.details === !card.prompt.details) return { ...card, prompt };
    // The buttons move under what is said now: neither a key nor a pointer may hit them.
    movedAt = performance.now();
    return { ...card, prompt, changedAt: movedAt };
  }
  return { ...cardOf(prompt), rows: card.rows, isChanged: true, note: "It changed." };
}

/** A card whose prompt is gone: it shows the outcome, and leaves soon. @param {Card} card */
function finished(card) {
  setTimeout(() => {
    const now = cards.value.find((each) => each.id === card.id);
    if (now?.phase !== "done" || now.prompt.id !== card.prompt.id) return;
    movedAt = performance.now();
    // The focus does not go to another card by itself: a second key must not answer it.
    const focused = document.activeElement?.closest("article.card");
    if (focused instanceof HTMLElement && focused.dataset.item === card.id) {
      document.querySelector("h1")?.focus({ preventScroll: true });
    }
    cards.value = cards.value.filter((each) => each !== now);
  }, LINGER_MS + FADE_MS);
  return { ...card, phase: /** @type {const} */ ("done"), note: "", changedAt: performance.now() };
}

/** How a closed prompt ended, in words. @param {Prompt} prompt */
export function outcome(prompt) {
  const closed = answers.value.find((each) => each.id === prompt.id) ?? prompt;
  if (closed.answer) {
    const by = mine.has(prompt.id) ? "you" : closed.answer.by;
    return `“${closed.answer.chosen}”${by ? `, by ${by}` : ""}`;
  }
  if (closed.reason === "program_ended") return "its program ended";
  if (closed.reason === "program_lost") return "its program is lost";
  if (closed.status === "discarded") return "dismissed";
  return "answered in the terminal, or gone";
}

/** @param {Prompt} prompt */
async function readRows(prompt) {
  if (screens.has(prompt.id)) return;
  try {
    const screen = await get(sessionPath(prompt.session_id, "terminal/screen"));
    /** @type {string[]} */
    const lines = screen.lines.map((/** @type {string} */ line) => line.trimEnd());
    while (lines.length && !lines[lines.length - 1]) lines.pop();
    const card = cards.value.find((each) => each.id === prompt.session_id);
    if (card?.prompt.id !== prompt.id) return;
    // The buttons move: neither a key nor a pointer may hit what it did not aim at.
    movedAt = performance.now();
    update(card.id, { rows: lines.slice(-ROWS), changedAt: movedAt });
  } catch {
    // The rows are a help only; the card has the text of the prompt itself.
  }
}

/** @param {Card} card @param {number} index */
export function choose(card, index) {
  if (card.prompt.form === "view") return;
  if (card.prompt.form === "boxes" && card.prompt.options[index]?.checked !== null) {
    return toggle(card, index);
  }
  const option = choicesOf(card.prompt)[index];
  if (!option) return;
  const text = option.isDenial ? reasons.get(card.prompt.id)?.trim() : "";
  return send(card, { type: "select", choice: { index, ...(text ? { text } : {}) } });
}

/** @param {Card} card @param {number} index */
function toggle(card, index) {
  const set = new Set(card.ticked);
  if (!set.delete(index)) set.add(index);
  update(card.id, { ticked: set });
}

/** Send the ticked boxes. @param {Card} card */
export function sendBoxes(card) {
  return send(card, { type: "select", choice: { indexes: [...card.ticked].sort((a, b) => a - b) } });
}

/** @param {Card} card @param {string} text */
export function sendText(card, text) {
  return send(card, { type: "text", choice: { text } });
}

/**
 * @param {Card} card
 * @param {Record<string, unknown>} answer
 * @returns {Promise<boolean>} Whether ANT typed it.
 */
async function send(card, answer) {
  const { id, prompt } = card;
  if (link.value.state !== "open") {
    update(id, { note: NOT_CONNECTED });
    return false;
  }
  /** @param {Partial<Card>} change */
  const show = (change) => {
    const now = cards.value.find((each) => each.id === id);
    if (now?.prompt.id === prompt.id && now.phase !== "done") update(id, change);
  };
  update(id, { phase: "sending", note: "" });
  try {
    mine.add(prompt.id);
    const body = { prompt_id: prompt.id, source: "page", ...answer };
    const done = await post(sessionPath(id, "prompt-bridge/respond"), body);
    const via = done.prompt.answer?.via ?? "";
    const given = via === "hook" ? "The agent has the answer" : "Typed";
    const stays = { phase: "open", note: `${given}, but the question is still there.`, changedAt: performance.now() };
    show(done.resolved ? { phase: "typed", via } : /** @type {Partial<Card>} */ (stays));
    return true;
  } catch (error) {
    mine.delete(prompt.id);
    const isOther = error instanceof Problem && error.status === 409;
    const note = isOther ? `It changed. Nothing was pressed. ${error.message}` : sentence(error);
    const refusal = isOther ? note : "";
    show({ phase: "open", note, refusal, changedAt: performance.now() });
    announce(note);
    if (isOther) await readPending(id, note);
    return false;
  }
}

/** @param {unknown} error */
function sentence(error) {
  if (error instanceof Problem && error.status === 0) {
    return "The server did not answer. The answer may have been given: look before you answer again.";
  }
  return said(error);
}

/** Show the prompt that is there now, without waiting for its event. @param {string} id @param {string} note */
async function readPending(id, note) {
  try {
    const { pending } = await get(sessionPath(id, "prompt-bridge/pending"));
    batch(() => {
      const now = new Map(prompts.value);
      if (pending) now.set(id, pending);
      else now.delete(id);
      prompts.value = now;
      update(id, { note, refusal: note });
    });
  } catch {
    // The event of the new prompt tells the same.
  }
}
