"""The record of typed lines, also with real programs that ask for a secret."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from ant.core import clock
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.input.typed_lines import (
    EVERY_S,
    KEPT,
    LINE_S,
    LONGEST_S,
    PAUSE_S,
    SETTLE_S,
    TypedLines,
    TypedSeen,
    clean,
)
from ant.terminal.observations import InputSeen, Observation
from ant.terminal.run_session import run_session
from tests.live.waiting import eventually
from tests.terminal.running import Onlooker


def record(*pieces: tuple[bytes, bool | None], shows: bool = True) -> TypedSeen | None:
    """The record of these inputs, typed one after the other."""
    lines = TypedLines()
    for n, (data, shown) in enumerate(pieces):
        lines.feed(data, shown, float(n) / 1000, n)
    return lines.take(shows, 1.0, over=True)


def test_a_shown_line_is_recorded() -> None:
    """However it was cut; its Enter counts as a byte."""
    for pieces in ([b"make test\r"], [b"ma", b"ke test", b"\r"]):
        seen = record(*((piece, True) for piece in pieces))
        assert TypedSeen(10, 0, ("make test",), False, 0) == seen


@pytest.mark.parametrize(
    "pieces",
    [
        [(b"secret\n", False)],
        [(b"sec", False), (b"ret", True), (b"\n", True)],
        [(b"sec", True), (b"ret", False), (b"\n", True)],
        [(b"secret", True), (b"\n", False)],
        [(b"secret", True)],
        [(b"\x1b[200~secret\x1b[201~", False), (b"\r", False)],
    ],
)
def test_a_line_that_was_hidden_in_part_is_only_counted(
    pieces: list[tuple[bytes, bool | None]],
) -> None:
    """From its first byte to its Enter."""
    size = sum(len(data) for data, _ in pieces)
    enter = 1 if pieces[-1][0].endswith((b"\n", b"\r")) else 0
    seen = record(*pieces)
    assert seen is not None
    assert (size, size - enter, ()) == (seen.size, seen.hidden, seen.lines) or (
        size,
        size,
        (),
    ) == (seen.size, seen.hidden, seen.lines)


def test_the_next_line_is_another() -> None:
    """A hidden line does not hide the next one."""
    seen = record((b"secret\n", False), (b"ls\n", True))
    assert seen is not None
    assert (10, ("ls",)) == (seen.size, seen.lines)


def test_what_follows_an_enter_in_one_write_is_typed_ahead() -> None:
    """No program was reading that line yet."""
    seen = record((b"sudo ls\nsecret\nmore", True), (b"\n", True))
    assert seen is not None
    assert ("sudo ls",) == seen.lines


def test_a_large_paste_is_counted_at_once() -> None:
    """Its first line is recorded; half a million others are not parsed."""
    lines, begin = TypedLines(), clock.monotonic()
    lines.feed(b"first\n" + b"x\n" * (1 << 19), True, 0.0, 0)
    assert clock.monotonic() - begin < 0.1
    seen = lines.take(True, 1.0)
    assert seen is not None
    assert (6 + (1 << 20), 1 << 20, ("first",)) == (seen.size, seen.hidden, seen.lines)


def test_doubt_is_resolved_by_a_last_look() -> None:
    """Where it is unknown whether a program was reading the line."""
    assert ("ls",) == record((b"ls\n", None), shows=True).lines  # type: ignore[union-attr]
    seen = record((b"ls\n", None), shows=False)
    assert seen is not None
    assert ((), 2) == (seen.lines, seen.hidden)


def test_reports_are_not_typed() -> None:
    """Mouse and focus reports, and replies to queries."""
    for report in (b"\x1b[<35;10;5M", b"\x1b[M !!", b"\x1b[I", b"\x1b[12;40R", b""):
        assert record((report, False)) is None
    seen = record((b"\x1b[<0;1;1Mx", False))
    assert seen is not None
    assert 1 == seen.size


def test_when_a_record_is_due() -> None:
    """Soon after an Enter, after a pause, and never more often than `EVERY_S`."""
    lines = TypedLines()
    assert (None, None) == (lines.due, lines.take(True, 0.0))
    lines.feed(b"ls\n", True, 10.0, 0)
    assert 10.0 + SETTLE_S == lines.due
    assert lines.take(True, lines.due) is not None
    lines.feed(b"ls\n", True, 10.3, 0)
    assert 10.0 + SETTLE_S + EVERY_S == lines.due
    assert lines.take(True, 12.0) is not None
    for n in range(100):
        lines.feed(b"j", False, 20.0 + n, 0)
        if n == 0:
            assert 20.0 + PAUSE_S == lines.due
    assert 20.0 + LONGEST_S == lines.due
    seen = lines.take(True, 200.0)
    assert seen is not None
    assert (100, 100) == (seen.size, seen.hidden)


def test_a_line_without_an_enter_waits_and_is_given_up() -> None:
    """It may yet be a secret; then its end is hidden as well."""
    lines = TypedLines()
    lines.feed(b"ls\nsec", True, 0.0, 0)
    seen = lines.take(True, 1.0)
    assert seen is not None
    assert ("ls",) == seen.lines
    lines = TypedLines()
    lines.feed(b"sec", True, 0.0, 7)
    assert LINE_S == lines.due
    assert lines.take(True, LINE_S - 1) is None
    assert TypedSeen(3, 3, (), False, 7) == lines.take(True, LINE_S)
    lines.feed(b"ret\n", True, LINE_S + 1, 9)
    seen = lines.take(True, LINE_S + 9)
    assert seen is not None
    assert (4, ()) == (seen.size, seen.lines)


def test_recorded_text_is_bounded() -> None:
    """That of one line, and that of one record; further bytes are counted."""
    seen = record((b"x" * (KEPT + 9) + b"\n", True))
    assert seen is not None
    assert (KEPT + 10, ("x" * KEPT,), True) == (seen.size, seen.lines, seen.cut)
    line = b"y" * (KEPT // 2) + b"\n"
    seen = record(*[(line, True)] * 3)
    assert seen is not None
    assert (2, True) == (len(seen.lines), seen.cut)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"helo\x7fp", "help"),
        (b"rm -rf\x15ls", "ls"),
        (b"wrong\x03right", "right"),
        (b"\x1b[200~pasted\x1b[201~", "pasted"),
        (b"a\x1b[D\x1b[3~b\x1bOHc\x1b]0;t\x07\x00\x1b", "abc"),
        ("grün".encode(), "grün"),
        (b"\xff", "�"),
    ],
)
def test_the_text_of_a_line(data: bytes, text: str) -> None:
    """Without keys that move the cursor, and without erased characters."""
    assert text == clean(data)


@given(st.lists(st.tuples(st.binary(max_size=12), st.booleans()), max_size=20))
def test_every_byte_is_counted_and_no_hidden_one_is_kept(
    pieces: list[tuple[bytes, bool]],
) -> None:
    """Whatever is typed: recorded text comes from shown pieces only."""
    marked = [
        (bytes(b for b in data if b != 0x1B).replace(b"s", b""), shown)
        for data, shown in pieces
    ]
    given_ = [(data if ok else b"s" + data, ok) for data, ok in marked]
    seen = record(*given_)
    total = sum(len(data) for data, _ in given_)
    assert (seen.size if seen else 0) == total
    assert "s" not in "".join(seen.lines if seen else ())


class Listener(Onlooker):
    """Collects typed input as the recorder does."""

    def __init__(self, argv: tuple[str, ...], cwd: str) -> None:
        super().__init__(argv, cwd)
        self.lines = TypedLines()

    def on_observation(self, observation: Observation) -> None:
        if isinstance(observation, InputSeen):
            now, end = trio.current_time(), self.flow.tail.end
            self.lines.feed(observation.data, observation.shown, now, end)
        super().on_observation(observation)

    def said(self, text: bytes) -> bool:
        tail = self.flow.tail
        return text in tail.read(tail.base, 1 << 20)

    async def reads(self, shows: bool) -> None:
        """Wait until a program reads a line, and input shows, or does not."""

        def waits() -> bool:
            tty = self.live.terminal.tty()
            return bool(tty and tty.reading) and (
                self.live.terminal.shows_input() is shows
            )

        await eventually(waits)

    def record(self) -> TypedSeen:
        seen = self.lines.take(self.live.terminal.shows_input(), 1e9, over=True)
        assert seen is not None
        return seen


@asynccontextmanager
async def listening(cwd: Path, *argv: str) -> AsyncIterator[Listener]:
    """A program with an operator that types; ended after the block."""
    async with trio.open_nursery() as nursery:
        listener = Listener(argv, str(cwd))
        live = await nursery.start(run_session, PromptDetector(), listener)
        try:
            yield listener
        finally:
            live.stop(0.1)


SECRET = "Tr0ub4dor"
ASKERS = {
    "read -s": ("bash", "-c", "read a; read -s b; read c; echo got $a ${#b} $c; read"),
    "getpass": (
        "python3",
        "-c",
        "import getpass; a = input(); b = getpass.getpass(''); c = input();"
        "print('got', a, len(b), c); input()",
    ),
    "stty": (
        "bash",
        "-c",
        "read a; stty -echo; read b; stty echo; read c; echo got $a ${#b} $c; read",
    ),
}


@pytest.mark.parametrize("asker", ASKERS)
async def test_a_secret_is_only_counted(tmp_path: Path, asker: str) -> None:
    """Typed key by key and at once; the lines around it are recorded."""
    async with listening(tmp_path, *ASKERS[asker]) as here:
        for line, shows in (("first", True), (SECRET, False), ("third", True)):
            await here.reads(shows)
            keys = line if line == SECRET else [line]
            for key in keys:
                here.live.type_nowait(key.encode())
            here.live.type_nowait(b"\n")
        await here.until(lambda: here.said(b"got first 9 third"))
        seen = here.record()
        assert set(seen.lines) <= {"first", "third"}
        assert "third" in seen.lines
        assert 22 == seen.size


async def test_what_is_typed_ahead_of_a_secret_is_only_counted(tmp_path: Path) -> None:
    """It shows, since echo is still on; which program reads it is not known yet."""
    script = "sleep 0.15; read -s b; echo got ${#b}; read"
    async with listening(tmp_path, "bash", "-c", script) as here:
        here.live.type_nowait(SECRET.encode() + b"\n")
        await here.until(lambda: here.said(b"got 9"))
        assert TypedSeen(10, 9, (), False, 0) == here.record()


async def test_a_line_that_the_shell_edits_itself_is_only_counted(
    tmp_path: Path,
) -> None:
    """ANT cannot know what the shell shows."""
    argv = ("bash", "--norc", "--noprofile", "-i")
    async with listening(tmp_path, *argv) as here:
        await here.until(lambda: here.said(b"$ "))
        here.live.type_nowait(b"echo one two\r")
        await here.until(lambda: here.said(b"one two\r\n"))
        assert () == here.record().lines
