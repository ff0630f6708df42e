"""A screen with its offset: cut characters, and bytes that are fed twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.screen import emulator
from ant.terminal.screen.display import Display, warm_up

TEXT = (
    "one\r\n\x1b[1mtwo\x1b[0m \u6f22\u5b57 \U0001f600e\u0301\r\n"
    "\x1b]2;title\x07\x1b[?2004h\x1b[3;5Hx\xe9"
).encode() + b"\xff\xe6\xbc."


def shown(display: Display) -> object:
    drawing = display.drawing()
    return drawing.lines, drawing.cursor, drawing.title, drawing.modes, drawing.offset


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_a_drawing_and_the_bytes_after_it(cuts: list[int]) -> None:
    """A fresh screen with the drawing continues from its offset and is the same."""
    display, at = Display.blank(20, 5, 100), 0
    for cut in sorted(cuts):
        display.feed(TEXT[at:cut], 100 + cut)
        at = cut
        picture = display.picture()
        rest = TEXT[picture.offset - 100 :]
        assert rest[:1] < b"\x80" or rest[0] >= 0xC0, "inside a character"
        later, whole = Display.of(picture), Display.blank(20, 5, 100)
        later.feed(rest, 100 + len(TEXT))
        whole.feed(TEXT, 100 + len(TEXT))
        assert shown(whole) == shown(later)


def test_bytes_are_taken_once() -> None:
    """Bytes that are fed again, in whole or in part, change nothing."""
    display = Display.blank(20, 2, 0)
    display.feed(b"abc", 3)
    assert b"" == display.feed(b"abc", 3)
    display.feed(b"bcde", 5)
    display.feed(b"ab", 2)
    assert ("abcde", "") == display.drawing().lines
    display.feed(b"!", 1000)
    assert (1000, "abcde!") == (display.end, display.drawing().lines[0])


def test_a_character_waits_for_its_end() -> None:
    """The offset is where it began, so that a client can get text from there."""
    display = Display.blank(20, 2, 0)
    display.feed(b"a\xf0\x9f", 3)
    assert (3, 1, ("a", "")) == (
        display.end,
        display.drawing().offset,
        display.drawing().lines,
    )
    display.feed(b"\x98", 4)
    assert 1 == display.drawing().offset
    display.feed(b"\x80", 5)
    assert (5, ("a\U0001f600", "")) == (
        display.drawing().offset,
        display.drawing().lines,
    )


def test_replies_are_for_the_bytes_fed_last() -> None:
    """Each reply is returned once."""
    display = Display.blank(20, 2, 0)
    assert b"\x1b[1;3R" == display.feed(b"ab\x1b[6n", 6)
    assert b"" == display.feed(b"c", 7)


def test_a_size_applies_from_the_next_byte() -> None:
    """It is part of the picture."""
    display = Display.blank(20, 2, 0)
    display.resize(4, 3)
    display.feed(b"abcdef", 6)
    drawing = display.drawing()
    assert (4, 3, ("abcd", "ef", "")) == (drawing.cols, drawing.rows, drawing.lines)


def test_without_a_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """A display cannot be made: `ImportError`."""
    monkeypatch.setattr(emulator, "ADAPTERS", [])
    with pytest.raises(ImportError):
        Display.blank(20, 2, 0)


def test_a_warm_up_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """It uses a library if there is one, and does nothing without."""
    warm_up()
    monkeypatch.setattr(emulator, "ADAPTERS", [])
    warm_up()


def test_lost_bytes_are_skipped() -> None:
    """They end a character that had begun; the offset never moves back."""
    display = Display.blank(10, 1, 0)
    display.feed(b"ab\xe2\x9c", 4)
    display.pass_over(104)
    display.pass_over(50)
    display.feed(b"cd", 106)
    assert (display.end, display.drawing().lines[0].rstrip()) == (106, "abcd")


@pytest.mark.parametrize(
    "begun", ["\x1b]2;title", "\x1bP+q", "\x1b[3", "\x1b_Gi=1;", ""]
)
@pytest.mark.parametrize("adapter", emulator.ADAPTERS)
def test_a_sequence_whose_end_is_lost(
    monkeypatch: pytest.MonkeyPatch, adapter: str, begun: str
) -> None:
    """It swallows nothing of what comes after the lost bytes."""
    monkeypatch.setattr(emulator, "ADAPTERS", [adapter])
    display = Display.blank(20, 1, 0)
    first = f"ab{begun}".encode()
    display.feed(first, len(first))
    display.pass_over(100)
    display.feed(b"cd", 102)
    drawing = display.drawing()
    assert ("abcd", "") == (drawing.lines[0].rstrip(), drawing.title)
