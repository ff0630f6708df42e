"""A screen that counts: offsets, characters that are cut, bytes that come twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.screen import base
from ant.terminal.screen.display import Display, warm_up

TEXT = (
    "one\r\n\x1b[1mtwo\x1b[0m \u6f22\u5b57 \U0001f600e\u0301\r\n"
    "\x1b]2;title\x07\x1b[?2004h\x1b[3;5Hx\xe9"
).encode() + b"\xff\xe6\xbc."


def shown(display: Display) -> object:
    drawing = display.drawing()
    return drawing.lines, drawing.cursor, drawing.title, drawing.modes, drawing.offset


@given(st.lists(st.integers(0, len(TEXT)), max_size=8))
def test_a_drawing_and_what_follows_it(cuts: list[int]) -> None:
    """Drawn at any byte, a fresh screen goes on from there and is the same."""
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
    """Who comes second with them, or with some of them, changes nothing."""
    display = Display.blank(20, 2, 0)
    display.feed(b"abc", 3)
    assert b"" == display.feed(b"abc", 3)
    display.feed(b"bcde", 5)
    display.feed(b"ab", 2)
    assert ("abcde", "") == display.drawing().lines
    display.feed(b"!", 1000)
    assert (1000, "abcde!") == (display.end, display.drawing().lines[0])


def test_a_character_waits_for_its_end() -> None:
    """The offset is where it began, so that text can be sent from there."""
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


def test_answers_are_for_what_was_fed_last() -> None:
    """Each once."""
    display = Display.blank(20, 2, 0)
    assert b"\x1b[1;3R" == display.feed(b"ab\x1b[6n", 6)
    assert b"" == display.feed(b"c", 7)


def test_a_size_is_had_from_the_next_byte_on() -> None:
    """And is part of the picture."""
    display = Display.blank(20, 2, 0)
    display.resize(4, 3)
    display.feed(b"abcdef", 6)
    drawing = display.drawing()
    assert (4, 3, ("abcd", "ef", "")) == (drawing.cols, drawing.rows, drawing.lines)


def test_without_a_library_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is said as Python says it."""
    monkeypatch.setattr(base, "ADAPTERS", [])
    with pytest.raises(ImportError):
        Display.blank(20, 2, 0)


def test_a_warm_up_needs_no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """With one, it uses it; without, there is nothing to be slow."""
    warm_up()
    monkeypatch.setattr(base, "ADAPTERS", [])
    warm_up()


def test_what_was_left_out_is_passed_over() -> None:
    """There are no such bytes: half a character before them is none; never back."""
    display = Display.blank(10, 1, 0)
    display.feed(b"ab\xe2\x9c", 4)
    display.pass_over(104)
    display.pass_over(50)
    display.feed(b"cd", 106)
    assert (display.end, display.drawing().lines[0].rstrip()) == (106, "abcd")
