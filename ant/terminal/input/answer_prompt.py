"""Answering a prompt under the write lock: read, look, compare, press, look again.

Between a look and the key that it allows there is no checkpoint: what the program has
written by then was read and compared. What it draws after the last look is beyond
anyone. Enter is pressed only on a screen that shows what it will take.
"""

from collections.abc import Callable
from typing import Protocol

import attrs
import trio

from ant.core.errors import Conflict, NotAnOption, NotRunning, PromptChanged
from ant.terminal.input.keys import ENTER, goal_of, next_move
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Form, Kind, Prompt, Verdict
from ant.terminal.screen.snapshot import ScreenSnapshot

SETTLE_S = 0.3
"""What a screen that is being drawn is given to show the prompt again."""

REACT_S = 1.5
"""What a program is given to show that a marker moved or a text was typed."""

WATCH_S = 3.0
"""How long a prompt is watched after it was answered."""

MOVES = 400
"""Keys on the way to an option: a list on one screen has far fewer rows."""

COLS_MIN = 40
"""A line this short is on one row of any terminal; a longer one may be wrapped."""

_STEM, _TAIL = 20, 200

QUIET_S = 0.05
"""Without output for so long, a screen that shows something else means it."""


class TerminalOps(Protocol):
    """Whoever holds the write lock of a terminal.

    `settle_s` is what its program wants between a text and Enter; `end` is one past the
    last byte that was read.
    """

    @property
    def settle_s(self) -> float: ...

    @property
    def end(self) -> int: ...

    def snapshot(self) -> tuple[ScreenSnapshot, Verdict]:
        """Read the terminal until it would block, and judge what it shows.

        Raises `Conflict` where that cannot be had, and `NotRunning`.
        """
        ...

    def is_repeated_prompt(self, snapshot: ScreenSnapshot, verdict: Verdict) -> bool:
        """Whether what was glanced at asks anew what was asked, and answered, before.

        An answer to the one before is not meant for it.
        """
        ...

    def press(self, data: bytes) -> None:
        """Write it all, now. Raises `NotRunning`, `CapacityReached`."""
        ...

    async def write(self, data: bytes) -> None:
        """Write it all, waiting for room. Raises as `press`; a part may be written."""
        ...

    async def wait_output(self, patience_s: float) -> bool:
        """Wait for output; whether some came."""
        ...


@attrs.frozen
class SentAnswer:
    """An answer that was sent: `line` is what stands where it was typed, if it was.

    `above` rows said the same before: the program may ask the very same again.
    """

    chosen: str
    line: str | None = None
    above: int = 0

    def is_answered(self, snapshot: ScreenSnapshot) -> bool | None:
        """Whether the line was taken; None where there is none to tell by."""
        if self.line is None:
            return None
        if _count(snapshot, self.line) > self.above:
            return True
        return False if snapshot.typed_at.strip() == self.line else None


async def give(ops: TerminalOps, fingerprint: str, choice: Choice) -> SentAnswer:
    """Answer the prompt with that fingerprint; what was sent.

    Raises `PromptChanged` when it is not what is shown, or no longer, and `NotAnOption`
    when the choice means nothing to it. Then nothing was taken: at most the marker of
    a menu has moved, or a line was typed that nobody sent.
    *Cancellation:* as there.
    """
    snapshot, prompt = await _shown(ops, fingerprint, SETTLE_S)
    goal = goal_of(prompt, choice)
    if goal.text is not None:
        await _write(ops, snapshot, prompt, goal.text)
        typed = "" if prompt.form is Form.SECRET else goal.text
        line = (snapshot.typed_at + typed).strip()
        return SentAnswer(goal.chosen, line, _count(snapshot, line))
    for _ in range(MOVES):
        move = next_move(prompt, goal, snapshot.modes)
        ops.press(move.data)
        if move.takes:
            return SentAnswer(goal.chosen)
        snapshot, prompt = await _moved(ops, fingerprint, prompt)
    raise Conflict("The option cannot be reached by arrow keys; nothing was chosen.")


async def is_gone(ops: TerminalOps, fingerprint: str, given: SentAnswer) -> bool:
    """Watch a prompt that was answered; whether it goes within `WATCH_S`.

    With its program it has gone, and with its line it has, though the same is asked
    again. While that puts out too much to be looked at, it goes on being watched.
    """
    with trio.move_on_after(WATCH_S):
        while True:
            try:
                snapshot, verdict = ops.snapshot()
            except NotRunning:
                return True
            except Conflict:
                pass
            else:
                asked, answered = verdict.prompt, given.is_answered(snapshot)
                is_other = asked is None or asked.fingerprint != fingerprint
                if answered or (is_other and answered is None):
                    return True
            await ops.wait_output(WATCH_S)
    return False


def _count(snapshot: ScreenSnapshot, line: str) -> int:
    rows = snapshot.lines[: snapshot.cursor.row]
    return sum(each.strip() == line for each in rows) if line else 0


async def _shown(
    ops: TerminalOps, fingerprint: str, patience_s: float
) -> tuple[ScreenSnapshot, Prompt]:
    """The look that shows the prompt; a redraw under way is waited for."""
    with trio.move_on_after(patience_s):
        # The scope can be cancelled at once, also where the first look returns.
        await trio.lowlevel.checkpoint()
        while True:
            snapshot, verdict = ops.snapshot()
            prompt = verdict.prompt
            if prompt is not None and prompt.fingerprint == fingerprint:
                if ops.is_repeated_prompt(snapshot, verdict):
                    break
                return snapshot, prompt
            if not await ops.wait_output(QUIET_S):
                break
    raise PromptChanged("The screen does not show this prompt; nothing was chosen.")


async def _moved(
    ops: TerminalOps, fingerprint: str, before: Prompt
) -> tuple[ScreenSnapshot, Prompt]:
    with trio.move_on_after(REACT_S):
        while True:
            await ops.wait_output(REACT_S)
            snapshot, prompt = await _shown(ops, fingerprint, SETTLE_S)
            if prompt.options != before.options:
                return snapshot, prompt
    raise Conflict("The menu does not move by arrow keys; nothing was chosen.")


async def _write(
    ops: TerminalOps, snapshot: ScreenSnapshot, prompt: Prompt, text: str
) -> None:
    """Type a line, see it stand there, and send it."""
    if prompt.draft:
        raise PromptChanged("Somebody has begun to type an answer; nothing was typed.")
    if "\n" in text and not snapshot.modes.bracketed_paste:
        raise NotAnOption("This program takes one line; the answer has more.")
    whole = text.encode()
    if snapshot.modes.bracketed_paste and prompt.form is Form.LINE:
        whole = b"\x1b[200~" + whole + b"\x1b[201~"
    if whole:
        await ops.write(whole)
        await trio.sleep(ops.settle_s)
    cooked = snapshot.tty is None or snapshot.tty.canonical
    at_once = prompt.form is Form.WORDS and not cooked
    stands = _standing(snapshot, prompt, text)
    if not await _send(ops, prompt, stands, at_once):
        raise Conflict("What was typed does not show, so Enter was not pressed.")


def _standing(
    snapshot: ScreenSnapshot, prompt: Prompt, text: str
) -> Callable[[ScreenSnapshot], bool]:
    """Whether a later look shows the text where it was typed, or a mask of it."""
    before = snapshot.typed_at.strip()[-_STEM:]
    fits = len(snapshot.typed_at) + len(text) < COLS_MIN and "\n" not in text
    tail = "".join(text.split())[-_TAIL:]

    def stands(now: ScreenSnapshot) -> bool:
        typed = now.typed_at
        if prompt.form is Form.SECRET:
            _, found, mask = typed.rpartition(before)
            return bool(found) and not mask.strip("*• ")
        if fits:
            return typed.rstrip().endswith((before + " " + text, before + text))
        shown = "".join("".join(now.bare).split())
        return tail in shown and now.cursor != snapshot.cursor

    return stands if text else lambda now: True


async def _send(
    ops: TerminalOps,
    prompt: Prompt,
    stands: Callable[[ScreenSnapshot], bool],
    at_once: bool,
) -> bool:
    """Press Enter on the first quiet screen on which the text stands; whether one came.

    Another dialog is not what was answered: nothing is pressed there. Where a program
    takes a key `at_once`, its prompt is gone without Enter.
    """
    with trio.move_on_after(REACT_S):
        while True:
            if await ops.wait_output(QUIET_S):
                continue
            now, verdict = ops.snapshot()
            asked = verdict.prompt
            same = asked is not None and asked.fingerprint == prompt.fingerprint
            if stands(now) and (same or asked is None or asked.kind is not Kind.DIALOG):
                ops.press(ENTER)
                return True
            if at_once and not same:
                return True
            if asked is not None and asked.kind is Kind.DIALOG and not same:
                raise PromptChanged(
                    "Another dialog has come up; Enter was not pressed."
                )
            await ops.wait_output(REACT_S)
    return False
