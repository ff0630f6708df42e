"""Answers a prompt under the write lock: read, compare the screen, press a key, repeat.

There is no checkpoint between a snapshot and the key that it allows. So the key is
based on everything the program has written by then. What the program draws after the
last snapshot cannot be known. ANT presses Enter only on a screen that shows what Enter
will accept.
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
"""How long a screen that is being redrawn may take to show the prompt again."""

REACT_S = 1.5
"""How long a program may take to move a marker, or to show a typed text."""

WATCH_S = 3.0
"""How long ANT watches a prompt that it has answered."""

MARKED_S = 0.15
"""How long ANT waits between a moved marker on the screen and Enter, at least.

Continue 1.5.47 draws the marker before it acts on it. It took the row before when Enter
came within some milliseconds of the frame.
"""

MOVES = 400
"""Arrow keys on the way to an option, at most: a screen has far fewer rows."""

COLS_MIN = 40
"""A shorter line is on one row of any terminal; a longer one may be wrapped."""

_STEM, _TAIL = 20, 200

QUIET_S = 0.05
"""Silence after which a screen that shows something else is no redraw."""


class TerminalOps(Protocol):
    """A terminal, for the holder of its write lock.

    `settle_s` is the pause its program needs between a text or a moved marker on the
    screen and Enter. `end` is the offset after the last byte that was read.
    `is_awaited`: other input waits for the write lock.
    """

    @property
    def settle_s(self) -> float: ...

    @property
    def end(self) -> int: ...

    @property
    def is_awaited(self) -> bool: ...

    def until_keys_s(self, fingerprint: str) -> float:
        """Return the seconds until the program takes keys in this prompt, 0 if now."""
        ...

    def snapshot(self) -> tuple[ScreenSnapshot, Verdict]:
        """Read the terminal until it would block; the screen, and the verdict on it.

        Raises `Conflict` where there is no current screen, and `NotRunning`.
        """
        ...

    def is_repeated_prompt(self, snapshot: ScreenSnapshot, verdict: Verdict) -> bool:
        """Whether this snapshot shows a new prompt that looks like the last one.

        An answer to the last one must not go to it.
        """
        ...

    def press(self, data: bytes) -> None:
        """Write all of `data` now. Raises `NotRunning`, `CapacityReached`."""
        ...

    async def write(self, data: bytes) -> None:
        """Write all of `data`, waiting for room.

        Raises as `press`; a part may be written then.
        """
        ...

    async def wait_output(self, patience_s: float) -> bool:
        """Wait for output; whether there was any."""
        ...


@attrs.frozen
class SentAnswer:
    """An answer that was sent; `chosen` is what it chose.

    `line` is the row with the answer without blanks, if it was typed. `above` rows had
    the same text before: the program may ask the very same thing again.
    """

    chosen: str
    line: str | None = None
    above: int = 0

    def is_answered(self, snapshot: ScreenSnapshot) -> bool | None:
        """Whether the program has accepted the line; None for an answer without one."""
        if self.line is None:
            return None
        if _count(snapshot, self.line) > self.above:
            return True
        return False if _unspaced(snapshot.typed_at) == self.line else None


async def send_answer(ops: TerminalOps, fingerprint: str, choice: Choice) -> SentAnswer:
    """Answer the prompt with this fingerprint; what was sent.

    Raises `PromptChanged` when the screen does not show this prompt, or no longer does,
    and `NotAnOption` when the choice is no answer to it. Then nothing was chosen: at
    most the marker of a menu has moved, or a line stands there unsent.
    *Cancellation:* the same.
    """
    snapshot, prompt = await _shown(ops, fingerprint, SETTLE_S)
    if wait_s := ops.until_keys_s(fingerprint):  # At most `driver.WAIT_MAX_MS`.
        await trio.sleep(wait_s)
        snapshot, prompt = await _shown(ops, fingerprint, SETTLE_S)
    goal = goal_of(prompt, choice)
    if goal.text is not None:
        await _write(ops, snapshot, prompt, goal.text)
        typed = "" if prompt.form is Form.SECRET else goal.text
        line = _unspaced(snapshot.typed_at + typed)
        return SentAnswer(goal.chosen, line, _count(snapshot, line))
    has_moved = False
    for _ in range(MOVES):
        move = next_move(prompt, goal, snapshot.modes)
        if move.takes and has_moved:  # It may draw a row before it takes Enter.
            await trio.sleep(max(MARKED_S, ops.settle_s))
            snapshot, prompt = await _shown(ops, fingerprint, SETTLE_S)
            has_moved = False
            continue
        ops.press(move.data)
        if move.takes:
            return SentAnswer(goal.chosen)
        snapshot, prompt = await _moved(ops, fingerprint, prompt)
        has_moved = True
    raise Conflict("Arrow keys do not reach this option; nothing was chosen.")


async def wait_gone(ops: TerminalOps, fingerprint: str, sent: SentAnswer) -> bool:
    """Watch a prompt that was answered; whether it goes within `WATCH_S`.

    It has gone when its program has ended, and when the program has accepted the typed
    line, even if the same is asked again. While the program prints too much for a
    snapshot, the watch goes on.
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
                prompt, accepted = verdict.prompt, sent.is_answered(snapshot)
                is_other = prompt is None or prompt.fingerprint != fingerprint
                if accepted or (is_other and accepted is None):
                    return True
            await ops.wait_output(WATCH_S)
    return False


def _count(snapshot: ScreenSnapshot, line: str) -> int:
    rows = snapshot.lines[: snapshot.cursor.row]
    return sum(_unspaced(each) == line for each in rows) if line else 0


def _unspaced(text: str) -> str:
    """Return a text without blanks: those behind a prompt may show only with it."""
    return "".join(text.split())


async def _shown(
    ops: TerminalOps, fingerprint: str, patience_s: float
) -> tuple[ScreenSnapshot, Prompt]:
    """A snapshot that shows the prompt; wait for a redraw in progress."""
    with trio.move_on_after(patience_s):
        # So that the caller can be cancelled even if the first snapshot returns.
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
    raise PromptChanged(
        "The screen does not show this prompt any more; nothing was chosen."
    )


async def _moved(
    ops: TerminalOps, fingerprint: str, before: Prompt
) -> tuple[ScreenSnapshot, Prompt]:
    """A snapshot that shows the prompt with another row marked."""
    with trio.move_on_after(REACT_S):
        while True:
            await ops.wait_output(REACT_S)
            snapshot, prompt = await _shown(ops, fingerprint, SETTLE_S)
            if prompt.options != before.options:
                return snapshot, prompt
    raise Conflict("The menu does not react to arrow keys; nothing was chosen.")


async def _write(
    ops: TerminalOps, snapshot: ScreenSnapshot, prompt: Prompt, text: str
) -> None:
    """Type a line, wait until the screen shows it, and send it."""
    if prompt.draft:
        raise PromptChanged(
            "An operator has begun to type an answer; nothing was typed."
        )
    if "\n" in text and not snapshot.modes.bracketed_paste:
        raise NotAnOption("This program accepts one line; the answer has several.")
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
        raise Conflict("The screen does not show the typed text; it was not sent.")


def _standing(
    snapshot: ScreenSnapshot, prompt: Prompt, text: str
) -> Callable[[ScreenSnapshot], bool]:
    """A test whether a later snapshot shows the typed text, or a mask of a secret."""
    before = snapshot.typed_at.strip()[-_STEM:]
    fits = len(snapshot.typed_at) + len(text) < COLS_MIN and "\n" not in text
    tail = _unspaced(text)[-_TAIL:]

    def stands(now: ScreenSnapshot) -> bool:
        typed = now.typed_at
        if prompt.form is Form.SECRET:
            _, found, mask = typed.rpartition(before)
            return bool(found) and not mask.strip("*• ")
        if fits:
            line = typed.rstrip()
            return line.endswith(text) and (
                line.removesuffix(text).rstrip().endswith(before)
            )
        shown = _unspaced("".join(now.bare))
        return tail in shown and now.cursor != snapshot.cursor

    return stands if text else lambda now: True


async def _send(
    ops: TerminalOps,
    prompt: Prompt,
    stands: Callable[[ScreenSnapshot], bool],
    at_once: bool,
) -> bool:
    """Press Enter on the first quiet screen that shows the text; whether one came.

    Raises `PromptChanged`, and presses nothing, when another dialog comes up. Where a
    program accepts a key `at_once`, its prompt goes without Enter.
    """
    with trio.move_on_after(REACT_S):
        while True:
            if await ops.wait_output(QUIET_S):
                continue
            now, verdict = ops.snapshot()
            shown = verdict.prompt
            same = shown is not None and shown.fingerprint == prompt.fingerprint
            if stands(now) and (same or shown is None or shown.kind is not Kind.DIALOG):
                ops.press(ENTER)
                return True
            if at_once and not same:
                return True
            if shown is not None and shown.kind is Kind.DIALOG and not same:
                raise PromptChanged(
                    "Another dialog has come up; Enter was not pressed."
                )
            await ops.wait_output(REACT_S)
    return False
