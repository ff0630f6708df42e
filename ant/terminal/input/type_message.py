"""Types a message into a program that is free to receive it, and sends it.

ANT does not type into a dialog, after a draft of an operator, or a line that the line
discipline would truncate. It types the text, waits until the screen shows it, and then
presses Enter. It does not press Enter if the text does not show, or a dialog came up.
"""

import re
import unicodedata

import attrs
import trio

from ant.core.errors import Conflict, NotRunning, Withheld
from ant.terminal.agents.driver import Driver
from ant.terminal.detect.composer import composer_of, find_composer
from ant.terminal.detect.drafts import draft_of
from ant.terminal.input.addressee import Check
from ant.terminal.input.answer_prompt import QUIET_S, SETTLE_S, TerminalOps
from ant.terminal.input.keys import ENTER, refuse_controls
from ant.terminal.layout.hints import is_footer
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.screen.snapshot import ScreenSnapshot

LINE_MAX = 4000
"""Bytes of a line in canonical mode: Linux drops what is beyond 4,096."""

SHOWN_S = 20.0
"""How long a program may take to show a typed text. Qwen Code 0.24.4 took up to 13.9 s
after a turn, on a machine with eight times as many programs at work as processors."""

YIELD_S = 5.0
"""How long ANT waits for a typed text to show while other input waits behind it."""

REACT_POLL_S = 0.5
"""Between two snapshots while ANT waits for a reaction and there is no output."""

HOLD_S = 0.25
"""How long a reaction must last: a half-drawn frame has no composer either."""

_PASTED = re.compile(r"\[Pasted\b", re.IGNORECASE)
"""What agents show in place of a long paste."""

_NO_WIDTH = ("Mn", "Me", "Cf", "Cc")
"""Categories of characters that a screen may omit: marks, joiners, selectors."""

_TAIL = 60
"""Characters at the end of a text that are enough to find it on the screen."""


@attrs.frozen
class TypeResult:
    """The result of typing a text. A reaction to it comes after the offset `end`.

    `submitted`: Enter was pressed. `sure`: the program was known to be at rest.
    """

    end: int
    submitted: bool
    sure: bool


async def type_message(
    ops: TerminalOps, driver: Driver | None, text: str, check: Check | None = None
) -> TypeResult:
    """Type a text and send it; `check` may refuse before the first key and Enter.

    Raises `Withheld` with a reason when nothing was typed, `NotAnOption` for control
    characters, `NotRunning`, `CapacityReached`. *Cancellation:* at most the text stands
    there unsent.
    """
    refuse_controls(text)
    snapshot, sure = await _wait_free(ops, driver, check)
    paste = snapshot.modes.bracketed_paste and (driver is None or driver.paste)
    cooked = snapshot.tty is not None and snapshot.tty.canonical
    if not paste and "\n" in text:
        raise Withheld(
            "The program accepts one line at a time, and the text has several.",
            "line_too_long",
        )
    if cooked and len(text.encode()) > LINE_MAX:
        raise Withheld(
            f"The text is longer than a line in canonical mode: {LINE_MAX} bytes.",
            "line_too_long",
        )
    data = text.encode()
    await ops.write(b"\x1b[200~" + data + b"\x1b[201~" if paste else data)
    for pause_s in (0.0, ops.settle_s):  # A slow program shows the text late.
        await trio.sleep(pause_s)
        if not await _wait_shown(ops, snapshot, text, check):
            return TypeResult(ops.end, submitted=False, sure=sure)
    ops.press(ENTER)
    end = ops.end
    if driver is not None and driver.again_ms:
        await _press_again(ops, driver, text)
    return TypeResult(end, submitted=True, sure=sure)


async def reacts(
    ops: TerminalOps, driver: Driver | None, end: int, text: str, patience_s: float
) -> int | None:
    """Watch for evidence that the program took a text; its offset, or None.

    The evidence: the text no longer stands where it was typed; and the program is
    working, has opened a dialog, or has printed something after `end` that does not
    just repeat the text; and that lasts for `HOLD_S`. Raises `NotRunning`.
    """
    seen: tuple[int, float] | None = None
    with trio.move_on_after(patience_s):
        while True:
            try:
                snapshot, verdict = ops.snapshot()
            except NotRunning:
                raise
            except Conflict:
                return ops.end  # It prints too much for a snapshot: it reacts.
            is_typed = _stands_unsent(snapshot, verdict, driver, text)
            taken = ops.end > end and not is_typed
            if not (taken and _shows_reaction(snapshot, verdict, text)):
                seen = None
            elif seen is None:
                seen = ops.end, trio.current_time()
            elif trio.current_time() - seen[1] >= HOLD_S:
                return seen[0]
            await ops.wait_output(REACT_POLL_S if seen is None else HOLD_S)
    return None


async def _wait_free(
    ops: TerminalOps, driver: Driver | None, check: Check | None
) -> tuple[ScreenSnapshot, bool]:
    """Wait until the screen is drawn; the snapshot on which ANT may type.

    Also whether the program is known to be at rest. Raises `Withheld`.
    """
    snapshot, verdict = ops.snapshot()
    with trio.move_on_after(SETTLE_S):
        while await ops.wait_output(QUIET_S):
            snapshot, verdict = ops.snapshot()
    snapshot, verdict = ops.snapshot()
    if verdict.kind is Kind.DIALOG:
        raise Withheld("A dialog is open, and keys could choose an option.", "dialog")
    if draft_of(snapshot, driver):
        raise Withheld("An operator has begun to type in the terminal.", "draft")
    if verdict.kind is Kind.BUSY:
        raise Withheld("The program is working.", "busy")
    if verdict.kind is Kind.QUESTION and not verdict.rule.endswith("/question"):
        raise Withheld("The program waits for an answer to a question.", "dialog")
    if verdict.kind is Kind.QUIET_UNKNOWN and _is_menu_like(snapshot):
        raise Withheld("The screen may show a menu.", "unknown")
    if check is not None:
        check(snapshot, verdict, "")
    return snapshot, verdict.kind is not Kind.QUIET_UNKNOWN


def _is_menu_like(snapshot: ScreenSnapshot) -> bool:
    """Whether an unknown screen shows anything that keys may act on."""
    if snapshot.modes.alternate or not snapshot.cursor.visible:
        return True
    rows = range(max(snapshot.last - 8, 0), snapshot.last + 1)
    hints = (is_footer(snapshot, row) and snapshot.bare[row].strip() for row in rows)
    return any(hints) or (snapshot.tty is not None and snapshot.tty.ignores_input)


async def _wait_shown(
    ops: TerminalOps, before: ScreenSnapshot, text: str, check: Check | None
) -> bool:
    """Wait for the text to show; whether it does, and may be sent."""
    yields_at = trio.current_time() + YIELD_S
    with trio.move_on_after(SHOWN_S):
        while True:
            prints = await ops.wait_output(QUIET_S)
            if ops.is_awaited and trio.current_time() >= yields_at:
                break
            if prints:
                continue
            snapshot, verdict = ops.snapshot()
            if verdict.kind is Kind.DIALOG:
                return False
            if snapshot.lines != before.lines and _shows(snapshot, text):
                return _may_receive(snapshot, verdict, text, check)
            await ops.wait_output(REACT_POLL_S)
    return False


def _may_receive(
    snapshot: ScreenSnapshot, verdict: Verdict, text: str, check: Check | None
) -> bool:
    """Whether the program that shows the text may still receive it."""
    try:
        if check is not None:
            check(snapshot, verdict, text)
    except Withheld:
        return False
    return True


def _shows(snapshot: ScreenSnapshot, text: str) -> bool:
    tail = _visible(text)[-_TAIL:]
    return tail in _visible("".join(snapshot.bare)) or any(
        map(_PASTED.search, snapshot.bare)
    )


def _stands_unsent(
    snapshot: ScreenSnapshot, verdict: Verdict, driver: Driver | None, text: str
) -> bool:
    """Whether the text still stands unsent where it was typed.

    A dialog, or a row that shows that the agent is working, may have replaced the
    composer. Then what looks like a composer is the sent text, in the transcript. A
    composer that only its form shows still has the text, also while the agent works.
    """
    if not _is_typed(snapshot, driver, text) or driver is None:
        return _is_typed(snapshot, driver, text)
    composer = composer_of(snapshot, driver)
    if composer is None:
        has_composer = find_composer(snapshot) is not None
        is_open = verdict.kind is Kind.DIALOG
        return not (is_open or (_is_busy(verdict) and not has_composer))
    if verdict.kind is not Kind.DIALOG:
        return True
    typed, between = _visible(text), range(composer[0] + 1, verdict.rows[0])
    return all(
        snapshot.is_blank(row) or _visible(snapshot.bare[row]) in typed
        for row in between
    )


def _is_busy(verdict: Verdict) -> bool:
    """Whether the screen itself shows that the program is working."""
    is_shown = verdict.rule != "time" and not verdict.is_by_output
    return verdict.kind is Kind.BUSY and is_shown


def _is_typed(snapshot: ScreenSnapshot, driver: Driver | None, text: str) -> bool:
    """Whether the text still stands in the composer, or after the prompt."""
    typed = draft_of(snapshot, driver)
    if _PASTED.match(typed):
        return True
    draft = _visible(typed)
    return bool(draft) and draft[:_TAIL] in _visible(text)


def _visible(text: str) -> str:
    """The characters of a text that a screen shows, without blanks."""
    return "".join(
        char
        for char in text
        if not (char.isspace() or unicodedata.category(char) in _NO_WIDTH)
    )


def _shows_reaction(snapshot: ScreenSnapshot, verdict: Verdict, text: str) -> bool:
    """Whether the program is working or asks, or there is new text below the text."""
    is_dialog = verdict.kind is Kind.DIALOG
    return is_dialog or _is_busy(verdict) or _is_below(snapshot, text)


def _is_below(snapshot: ScreenSnapshot, text: str) -> bool:
    """Whether there are rows that are not blank below the last row of the text."""
    tail = text.split("\n")[-1].strip()[-20:]
    rows = [row for row, line in enumerate(snapshot.bare) if tail and tail in line]
    if not rows:
        return True  # It has scrolled away, or the program shows it in another form.
    below = snapshot.bare[rows[-1] + 1 : snapshot.last + 1]
    return any(line.strip() for line in below)


async def _press_again(ops: TerminalOps, driver: Driver, text: str) -> None:
    """Press Enter again where the first one did not send: the text still stands."""
    await trio.sleep(driver.again_ms / 1000)
    snapshot, verdict = ops.snapshot()
    if verdict.kind is not Kind.DIALOG and _is_typed(snapshot, driver, text):
        ops.press(ENTER)
