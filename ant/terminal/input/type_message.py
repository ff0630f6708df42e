"""Typing a message into a program: only where it is free to be typed into.

Never into a dialog, never over what a person has begun, never a line that the line
discipline would lose. The text is typed, seen to stand there, and then sent: Enter is a
key of its own, and is not pressed where the text does not show or a dialog came up.
"""

import re
import unicodedata

import attrs
import trio

from ant.core.errors import Conflict, NotRunning, Withheld
from ant.terminal.agents.driver import Driver
from ant.terminal.detect.composer import composer_of
from ant.terminal.detect.drafts import draft_of
from ant.terminal.detect.menus import is_footer
from ant.terminal.input.addressee import Check
from ant.terminal.input.answer_prompt import QUIET_S, SETTLE_S, TerminalOps
from ant.terminal.input.keys import ENTER, refuse_controls
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.screen.snapshot import ScreenSnapshot

LINE_MAX = 4000
"""Bytes of a line in canonical mode: at 4,096 Linux drops what is beyond them."""

SHOWN_S = 5.0
"""What a program is given to show a text that was typed."""

REACT_POLL_S = 0.5
"""Between two looks for a reaction while nothing is put out."""

HOLD_S = 0.25
"""How long a reaction must be there: a frame that is half drawn has no composer."""

_PASTED = re.compile(r"\[Pasted\b", re.IGNORECASE)
"""What agents show instead of a long paste."""

_NO_WIDTH = ("Mn", "Me", "Cf", "Cc")
"""Categories of characters that a screen may drop: marks, joiners, selectors."""

_TAIL = 60
"""Characters at the end of a text by which it is known on the screen."""


@attrs.frozen
class TypeResult:
    """What became of a text: `end` is the offset where the reaction to it begins.

    `submitted`: Enter was pressed. `sure`: the program was known to be at rest.
    """

    end: int
    submitted: bool
    sure: bool


async def say(
    ops: TerminalOps, driver: Driver | None, text: str, check: Check | None = None
) -> TypeResult:
    """Type a text and send it; `check` may refuse before the first key and the last.

    Raises `Withheld` with a reason when nothing was typed, `NotAnOption` for control
    characters, `NotRunning`, `CapacityReached`. *Cancellation:* at most the text stands
    there unsent.
    """
    refuse_controls(text)
    snapshot, sure = await _free(ops, driver, check)
    paste = snapshot.modes.bracketed_paste and (driver is None or driver.paste)
    cooked = snapshot.tty is not None and snapshot.tty.canonical
    if not paste and "\n" in text:
        raise Withheld("The program takes one line at a time.", "line_too_long")
    if cooked and len(text.encode()) > LINE_MAX:
        raise Withheld(f"A line may have {LINE_MAX} bytes here.", "line_too_long")
    data = text.encode()
    await ops.write(b"\x1b[200~" + data + b"\x1b[201~" if paste else data)
    await trio.sleep(ops.settle_s)
    if not await _stands(ops, snapshot, text, check):
        return TypeResult(ops.end, submitted=False, sure=sure)
    ops.press(ENTER)
    end = ops.end
    if driver is not None and driver.again_ms:
        await _again(ops, driver, text)
    return TypeResult(end, submitted=True, sure=sure)


async def reacts(
    ops: TerminalOps, driver: Driver | None, end: int, text: str, patience_s: float
) -> int | None:
    """Watch for evidence that the program took a text; the offset it came by, or None.

    It no longer stands where it was typed, and the program works, opened a dialog, or
    has put out something after `end` that is no repetition of it; and that stays so for
    a moment. Raises `NotRunning`.
    """
    seen: tuple[int, float] | None = None
    with trio.move_on_after(patience_s):
        while True:
            try:
                snapshot, verdict = ops.snapshot()
            except NotRunning:
                raise
            except Conflict:
                return ops.end  # It puts out more than can be looked at.
            is_typed = _stands_unsent(snapshot, verdict, driver, text)
            taken = ops.end > end and not is_typed
            if not (taken and _is_moved(snapshot, verdict, text)):
                seen = None
            elif seen is None:
                seen = ops.end, trio.current_time()
            elif trio.current_time() - seen[1] >= HOLD_S:
                return seen[0]
            await ops.wait_output(REACT_POLL_S if seen is None else HOLD_S)
    return None


async def _free(
    ops: TerminalOps, driver: Driver | None, check: Check | None
) -> tuple[ScreenSnapshot, bool]:
    """The look on which it may be typed, once the screen is whole."""
    snapshot, verdict = ops.snapshot()
    with trio.move_on_after(SETTLE_S):
        while await ops.wait_output(QUIET_S):
            snapshot, verdict = ops.snapshot()
    snapshot, verdict = ops.snapshot()
    if verdict.kind is Kind.DIALOG:
        raise Withheld("A dialog is open; typing would choose something.", "dialog")
    if draft_of(snapshot, driver):
        raise Withheld("Somebody has begun to type there.", "draft")
    if verdict.kind is Kind.BUSY:
        raise Withheld("The program is working.", "busy")
    if verdict.kind is Kind.QUESTION and not verdict.rule.endswith("/question"):
        raise Withheld("The program waits for an answer to something else.", "dialog")
    if verdict.kind is Kind.QUIET_UNKNOWN and _is_menu_like(snapshot):
        raise Withheld("What is shown may be a menu.", "unknown")
    if check is not None:
        check(snapshot, verdict, "")
    return snapshot, verdict.kind is not Kind.QUIET_UNKNOWN


def _is_menu_like(snapshot: ScreenSnapshot) -> bool:
    """Whether an unknown screen has anything that keys may act on."""
    if snapshot.modes.alternate or not snapshot.cursor.visible:
        return True
    rows = range(max(snapshot.last - 8, 0), snapshot.last + 1)
    hints = (is_footer(snapshot, row) and snapshot.bare[row].strip() for row in rows)
    return any(hints) or (snapshot.tty is not None and snapshot.tty.ignores_input)


async def _stands(
    ops: TerminalOps, before: ScreenSnapshot, text: str, check: Check | None
) -> bool:
    """Whether the text shows where it was typed, and no dialog has come up."""
    with trio.move_on_after(SHOWN_S):
        while True:
            if await ops.wait_output(QUIET_S):
                continue
            snapshot, verdict = ops.snapshot()
            if verdict.kind is Kind.DIALOG:
                return False
            if snapshot.lines != before.lines and _shows(snapshot, text):
                return _may_send(snapshot, verdict, text, check)
            await ops.wait_output(SHOWN_S)
    return False


def _may_send(
    snapshot: ScreenSnapshot, verdict: Verdict, text: str, check: Check | None
) -> bool:
    """Whether who shows the text is still the one it was typed for."""
    try:
        if check is not None:
            check(snapshot, verdict, text)
    except Withheld:
        return False
    return True


def _shows(snapshot: ScreenSnapshot, text: str) -> bool:
    tail = _drawn(text)[-_TAIL:]
    return tail in _drawn("".join(snapshot.bare)) or any(
        map(_PASTED.search, snapshot.bare)
    )


def _stands_unsent(
    snapshot: ScreenSnapshot, verdict: Verdict, driver: Driver | None, text: str
) -> bool:
    """Whether the text stands where it was typed, and not above what came of it.

    A dialog, or a row that says that the agent works, may have taken the composer's
    place; then what looks like one is a row of the transcript: the text that was sent.
    """
    if not _is_typed(snapshot, driver, text) or driver is None:
        return _is_typed(snapshot, driver, text)
    composer = composer_of(snapshot, driver)
    if composer is None:
        return not (verdict.kind is Kind.DIALOG or _is_busy(verdict))
    if verdict.kind is not Kind.DIALOG:
        return True
    typed, between = _drawn(text), range(composer[0] + 1, verdict.rows[0])
    return all(
        snapshot.is_blank(row) or _drawn(snapshot.bare[row]) in typed for row in between
    )


def _is_busy(verdict: Verdict) -> bool:
    """Whether the program says that it works."""
    is_told = verdict.rule != "time" and not verdict.is_by_output
    return verdict.kind is Kind.BUSY and is_told


def _is_typed(snapshot: ScreenSnapshot, driver: Driver | None, text: str) -> bool:
    """Whether the text still stands in the composer, or behind the prompt."""
    begun = draft_of(snapshot, driver)
    if _PASTED.match(begun):
        return True
    draft = _drawn(begun)
    return bool(draft) and draft[:_TAIL] in _drawn(text)


def _drawn(text: str) -> str:
    """What takes room on a screen, without blanks."""
    return "".join(
        char
        for char in text
        if not (char.isspace() or unicodedata.category(char) in _NO_WIDTH)
    )


def _is_moved(snapshot: ScreenSnapshot, verdict: Verdict, text: str) -> bool:
    """Whether the program works or asks, or shows something else below the text."""
    is_dialog = verdict.kind is Kind.DIALOG
    return is_dialog or _is_busy(verdict) or _is_below(snapshot, text)


def _is_below(snapshot: ScreenSnapshot, text: str) -> bool:
    """Whether rows with something on them stand below the last row of the text."""
    tail = text.split("\n")[-1].strip()[-20:]
    rows = [row for row, line in enumerate(snapshot.bare) if tail and tail in line]
    if not rows:
        return True  # It has scrolled away, or was never shown as it is.
    below = snapshot.bare[rows[-1] + 1 : snapshot.last + 1]
    return any(line.strip() for line in below)


async def _again(ops: TerminalOps, driver: Driver, text: str) -> None:
    """A second Enter where the first only went on the line: the text stands still."""
    await trio.sleep(driver.again_ms / 1000)
    snapshot, verdict = ops.snapshot()
    if verdict.kind is not Kind.DIALOG and _is_typed(snapshot, driver, text):
        ops.press(ENTER)
