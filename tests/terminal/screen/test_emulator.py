"""The screen interface: what both libraries show, and what real programs draw."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st

from ant.terminal.host.host_terminal import Spec
from ant.terminal.host.pty import open_pty
from ant.terminal.screen import emulator, modes
from ant.terminal.screen.emulator import ADAPTERS, ScreenEmulator, open_screen
from ant.terminal.screen.modes import Cursor, Modes
from tests.strategies import CUTS, cut, terminal_bytes

Make = Callable[[int, int], ScreenEmulator]

FOUND = {adapter.__name__: adapter for adapter in ADAPTERS}
GHOSTTY, AVT = (
    pytest.param(
        FOUND.get(name),
        id=name,
        marks=pytest.mark.skipif(name not in FOUND, reason=f"{package} is missing"),
    )
    for name, package in (("GhosttyScreen", "pyghostty"), ("AvtScreen", "pyavt"))
)
both = pytest.mark.parametrize("make", [GHOSTTY, AVT])

ROWS, COLS = 5, 20


def shown(
    make: Make, data: bytes, cols: int = COLS, rows: int = ROWS
) -> ScreenEmulator:
    """Return a screen that was fed these bytes."""
    one = make(cols, rows)
    one.feed(data)
    return one


def rows_of(one: ScreenEmulator) -> list[str]:
    """Return its text without the blank rows at the end; check that those are blank."""
    text = one.text()
    assert one.rows == len(text)
    while text and not text[-1]:
        text.pop()
    return text


def everything(one: ScreenEmulator) -> tuple[list[str], Cursor, str, Modes, bytes]:
    """Return the whole state of a screen."""
    return one.text(), one.cursor, one.title, one.modes, one.ansi()


def copied(make: Make, one: ScreenEmulator) -> ScreenEmulator:
    """Return a fresh screen that was fed the drawing of the other."""
    return shown(make, one.ansi(), one.cols, one.rows)


TWELVE = b"".join(b"%d\r\n" % n for n in range(12))
FILLED = b"aaaaa\r\nbbbbb\r\nccccc\r\nddddd\r\neeeee"

CASES: dict[str, tuple[bytes, list[str], tuple[int, int]]] = {
    "nothing": (b"", [], (0, 0)),
    "text": (b"hello", ["hello"], (0, 5)),
    "carriage return": (b"hello\rJ", ["Jello"], (0, 1)),
    "line feed": (b"a\nb", ["a", " b"], (1, 2)),
    "new line": (b"a\r\nb", ["a", "b"], (1, 1)),
    "vertical tab, form feed": (b"a\x0bb\x0cc", ["a", " b", "  c"], (2, 3)),
    "backspace": (b"abc\b\bX", ["aXc"], (0, 2)),
    "backspace at the margin": (b"\b\bX", ["X"], (0, 1)),
    "tab": (b"a\tb\tc", ["a       b       c"], (0, 17)),
    "tab at the margin": (b"\t\t\t\t\tx", [" " * 19 + "x"], (0, 19)),
    "back tab": (b"\x1b[1;18H\x1b[Zx", [" " * 16 + "x"], (0, 17)),
    "tab stops": (b"\x1b[3g\x1b[1;4H\x1bH\r\tx", ["   x"], (0, 4)),
    "bell and null": (b"a\x07\x00b", ["ab"], (0, 2)),
    "wrapping": (b"x" * 25, ["x" * 20, "xxxxx"], (1, 5)),
    "the last column waits": (b"x" * 20, ["x" * 20], (0, 19)),
    "and then wraps": (b"x" * 20 + b"y", ["x" * 20, "y"], (1, 1)),
    "autowrap off": (b"\x1b[?7l" + b"x" * 25 + b"y", ["x" * 19 + "y"], (0, 19)),
    "scrolling": (TWELVE, ["8", "9", "10", "11"], (4, 0)),
    "wide": ("漢字x".encode(), ["漢字x"], (0, 5)),
    "wide wraps whole": (b"a" * 19 + "漢".encode(), ["a" * 19, "漢"], (1, 2)),
    "half of a wide one": ("漢字\r x".encode(), [" x字"], (0, 2)),
    "emoji": ("🙂|".encode(), ["🙂|"], (0, 3)),
    "cursor to": (b"\x1b[3;4Hx\x1b[fy", ["y", "", "   x"], (0, 1)),
    "cursor moves": (b"\x1b[3;3H\x1b[A\x1b[2C\x1b[B\x1b[3Dx", ["", "", " x"], (2, 2)),
    "cursor lines": (b"abc\x1b[2Ex\x1b[Fy", ["abc", "y", "x"], (1, 1)),
    "column, row": (b"\x1b[5Ga\x1b[3db", ["    a", "", "     b"], (2, 6)),
    "save and restore": (b"ab\x1b7\x1b[4;4H\x1b8c", ["abc"], (0, 3)),
    "huge numbers": (b"\x1b[99999;99999Hx", ["", "", "", "", " " * 19 + "x"], (4, 19)),
    "erase to the end": (FILLED + b"\x1b[2;3H\x1b[J", ["aaaaa", "bb"], (1, 2)),
    "erase to the start": (
        FILLED + b"\x1b[4;3H\x1b[1J",
        ["", "", "", "   dd", "eeeee"],
        (3, 2),
    ),
    "erase all": (FILLED + b"\x1b[2J", [], (4, 5)),
    "erase in line": (
        b"aaaaa\x1b[3G\x1b[K\r\nbbbbb\x1b[3G\x1b[1K\r\nccccc\x1b[2K",
        ["aa", "   bb"],
        (2, 5),
    ),
    "erase characters": (b"abcdef\x1b[2G\x1b[3X", ["a   ef"], (0, 1)),
    "insert lines": (
        FILLED + b"\x1b[2;1H\x1b[2L",
        ["aaaaa", "", "", "bbbbb", "ccccc"],
        (1, 0),
    ),
    "delete lines": (FILLED + b"\x1b[2;1H\x1b[2M", ["aaaaa", "ddddd", "eeeee"], (1, 0)),
    "insert characters": (b"abcdef\x1b[2G\x1b[2@", ["a  bcdef"], (0, 1)),
    "delete characters": (b"abcdef\x1b[2G\x1b[2P", ["adef"], (0, 1)),
    "insert mode": (b"abc\r\x1b[4hx\x1b[4ly", ["xybc"], (0, 2)),
    "repeat": (b"a\x1b[4bb", ["aaaaab"], (0, 6)),
    "scroll region": (
        FILLED + b"\x1b[2;4r\x1b[4;1H\nX",
        ["aaaaa", "ccccc", "ddddd", "X", "eeeee"],
        (3, 1),
    ),
    "reverse index in a region": (
        FILLED + b"\x1b[2;4r\x1b[2;1H\x1bMX",
        ["aaaaa", "X", "bbbbb", "ccccc", "eeeee"],
        (1, 1),
    ),
    "below the region": (
        FILLED + b"\x1b[1;2r\x1b[5;1H\n\nX",
        ["aaaaa", "bbbbb", "ccccc", "ddddd", "Xeeee"],
        (4, 1),
    ),
    "origin mode": (
        FILLED + b"\x1b[2;4r\x1b[?6h\x1b[2;2HX\x1b[99;1HY",
        ["aaaaa", "bbbbb", "cXccc", "Ydddd", "eeeee"],
        (3, 1),
    ),
    "scroll up and down": (
        FILLED + b"\x1b[2S\x1b[T",
        ["", "ccccc", "ddddd", "eeeee"],
        (4, 5),
    ),
    "alternate screen": (b"main\x1b[?1049h\x1b[Halt", ["alt"], (0, 3)),
    "and back": (b"main\x1b[?1049h\x1b[Halt\x1b[?1049l", ["main"], (0, 4)),
    "and blank the next time": (
        b"\x1b[?1049hold\x1b[?1049l\x1b[?1049h",
        [],
        (0, 0),
    ),
    "line drawing": (b"\x1b(0lqk\x1b(Bq", ["┌─┐q"], (0, 4)),
    "alignment pattern": (b"\x1b#8", ["E" * 20] * 5, (0, 0)),
    "colours": (b"\x1b[1;31mred\x1b[38:2::1:2:3;4:3mx\x1b[m", ["redx"], (0, 4)),
    "titles": (b"\x1b]0;t\x07a\x1b]2;t\x1b\\b", ["ab"], (0, 2)),
    "kitty keyboard": (b"a\x1b[>1u\x1b[=3;1u\x1b[?u\x1b[<ub", ["ab"], (0, 2)),
    "modify other keys": (b"a\x1b[>4;2mb\x1b[>4mc", ["abc"], (0, 3)),
    "device control string": (b"a\x1bP+q544e\x1b\\b\x1bPq#0;2\x1b\\c", ["abc"], (0, 3)),
    "application command": (b"a\x1b_Gi=1;AAAA\x1b\\b", ["ab"], (0, 2)),
    "privacy message": (b"a\x1b^hidden\x1b\\b", ["ab"], (0, 2)),
    "link": (b"\x1b]8;;http://h/\x1b\\a\x1b]8;;\x1b\\b", ["ab"], (0, 2)),
    "shell marks": (b"\x1b]133;A\x07$ \x1b]133;B\x07ls", ["$ ls"], (0, 4)),
    "a cancelled sequence": (b"a\x1b[31\x18b\x1b]0;t\x1ac", ["abc"], (0, 3)),
    "unknown sequences": (
        b"a\x1b[?1234h\x1b[99z\x1b]4242;x\x07\x1b%Gb",
        ["ab"],
        (0, 2),
    ),
    "not UTF-8": (b"a\xffb\xc3(\xe6\xbcc", ["a\ufffdb\ufffd(\ufffdc"], (0, 7)),
    "C1 in UTF-8": ("a\x9b31mb".encode(), ["a31mb"], (0, 5)),
    "reset": (FILLED + b"\x1b[?25l\x1b[2;3r\x1bcx", ["x"], (0, 1)),
}


@both
@pytest.mark.parametrize("case", CASES)
def test_text_and_drawing(make: Make, case: str) -> None:
    """Both libraries show what a terminal shows, and their drawing shows it again."""
    data, text, (row, col) = CASES[case]
    one = shown(make, data)
    assert text == rows_of(one)
    assert Cursor(row, col, True) == one.cursor
    assert everything(one) == everything(copied(make, one))
    for other in ADAPTERS:
        again = copied(other, one)
        assert (text, one.cursor) == (rows_of(again), again.cursor)


@both
@pytest.mark.parametrize("case", CASES)
def test_every_byte_may_come_alone(make: Make, case: str) -> None:
    """A sequence or a character may be cut at every byte."""
    data, _, _ = CASES[case]
    one = make(COLS, ROWS)
    for byte in data:
        one.feed(bytes([byte]))
    assert everything(shown(make, data)) == everything(one)


@both
def test_a_delete_character_shows_nothing(make: Make) -> None:
    """A terminal ignores it in output; programs print one that a person has typed."""
    one = shown(make, b"a\x7f\x7fb\x1b[7m\x7f\x1b[27mc")
    assert (["abc"], 3) == (rows_of(one), one.cursor.col)


@both
def test_a_combining_mark_joins_its_letter(make: Make) -> None:
    """The text has both characters; only avt counts a column for the mark."""
    one = shown(make, "e\u0301x".encode())
    assert ["e\u0301x"] == rows_of(one)
    assert (3 if make is FOUND.get("AvtScreen") else 2) == one.cursor.col


@both
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", Modes()),
        (b"\x1b[?2004h", Modes(bracketed_paste=True)),
        (b"\x1b[?2004h\x1b[?2004l", Modes()),
        (b"\x1b[?1h\x1b=", Modes(application_cursor=True, application_keypad=True)),
        (b"\x1b=\x1b>", Modes()),
        (b"\x1b[?25l", Modes(cursor_visible=False)),
        (b"\x1b[?1000h", Modes(mouse=1000)),
        (b"\x1b[?1000;1002;1006h", Modes(mouse=1002, mouse_format=1006)),
        (b"\x1b[?1003;1015;1006h\x1b[?1006l", Modes(mouse=1003, mouse_format=1015)),
        (b"\x1b[?1004h", Modes(focus_events=True)),
        (b"\x1b[?1049h", Modes(alternate=True)),
        (b"\x1b[?1047h", Modes(alternate=True)),
        (b"\x1b[?47h", Modes(alternate=True)),
        (b"\x1b[?1049;2004h\x1b[?1049l", Modes(bracketed_paste=True)),
        (b"\x1b[?1049;2004;1000;1h\x1bc", Modes()),
        (b"\x1b[?99999999999999999999;2004h", Modes(bracketed_paste=True)),
    ],
)
def test_modes_are_known(make: Make, data: bytes, expected: Modes) -> None:
    """The screen reports the modes, and its drawing restores them."""
    one = shown(make, data)
    assert expected == one.modes
    assert expected == copied(make, one).modes


@pytest.mark.parametrize("make", [GHOSTTY])
def test_large_numbers(make: Make) -> None:
    """A number that is too large counts as the largest; avt takes it modulo 65,536."""
    one = shown(make, b"\x1b[%d;%dHx\x1b[%dAy" % ((10**30,) * 3))
    assert [" " * 19 + "y", "", "", "", " " * 19 + "x"] == rows_of(one)


@pytest.mark.parametrize("make", [GHOSTTY])
def test_the_keyboard_protocol_is_known(make: Make) -> None:
    """Each screen has its own flags of kitty's protocol; only libghostty has them."""
    one = shown(make, b"\x1b[>5u")
    assert Modes(keyboard=5) == one.modes
    assert Modes(keyboard=5) == copied(make, one).modes
    one.feed(b"\x1b[?1049h\x1b[>1u\x1b[?1049l")
    assert 5 == one.modes.keyboard


@both
@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\x1b]0;both\x07", "both"),
        (b"\x1b]2;window\x1b\\", "window"),
        (b"\x1b]1;icon\x07", ""),
        (b"\x1b]2;one\x07\x1b]2;two\x07", "two"),
        ("\x1b]2;漢字 — é\x07".encode(), "漢字 — é"),
        (b"\x1b]2;a;b\x07", "a;b"),
        (b"\x1b]2;one\x07\x1b]2;\x07", ""),
        (b"\x1b]2;one\x07\x1b]2;never ends", "one"),
        (b"\x1b]2;one\x07\x1b]2;cancelled\x18", "one"),
        (b"\x1b]2;one\x07\x1bc", ""),
    ],
)
def test_titles_are_known(make: Make, data: bytes, expected: str) -> None:
    """OSC 0 and 2 set the title, ended by BEL or ST."""
    one = shown(make, data)
    assert expected == one.title
    assert expected == copied(make, one).title


@both
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (b"\x1b[c", b"\x1b[?62;22c"),
        (b"\x1b[0c", b"\x1b[?62;22c"),
        (b"\x1b[5n", b"\x1b[0n"),
        (b"ab\x1b[6nc", b"\x1b[1;3R"),
        (b"ab\x1b[3;4H\x1b[6n\x1b[H\x1b[6n", b"\x1b[3;4R\x1b[1;1R"),
        (b"x" * 20 + b"\x1b[6n", b"\x1b[1;20R"),
        (b"plain", b""),
    ],
)
def test_queries_are_answered(make: Make, query: bytes, expected: bytes) -> None:
    """Each query gets one reply; a copy of the screen does not reply again."""
    one = shown(make, query)
    assert b"" == copied(make, one).replies()
    assert expected == one.replies()
    assert b"" == one.replies()


@both
def test_pending_replies_are_limited(make: Make) -> None:
    """Queries without end do not fill the memory."""
    one = shown(make, b"\x1b[c" * 10_000)
    assert 1000 < len(one.replies()) <= modes.REPLIES_MAX


@both
def test_a_drawing_has_the_primary_screen(make: Make) -> None:
    """A copy made while an editor runs shows the shell again when the editor ends."""
    one = shown(make, b"\x1b[33m$ vim\r\n\x1b[?1049h\x1b[2;3r\x1b[44malt")
    again = copied(make, one)
    assert everything(one) == everything(again)
    for each in (one, again):
        each.feed(b"\x1b[r\x1b[?1049lback")
    assert ["$ vim", "back"] == rows_of(one)
    assert everything(one) == everything(again)


@both
@pytest.mark.parametrize(
    ("attributes", "drawn"),
    [
        (b"1", [b"1"]),
        (b"3;4;7;9", [b"3", b"4", b"7", b"9"]),
        (b"2;5", [b"2", b"5"]),
        (b"31;42", [b"31", b"42"]),
        (b"38;5;200", [b"38;5;200"]),
        (b"38;2;10;20;30", [b"38;2;10;20;30"]),
        (b"48;2;10;20;30", [b"48;2;10;20;30"]),
        (b"38:2::10:20:30", [b"38;2;10;20;30"]),
        (b"38:2:10:20:30", [b"38;2;10;20;30"]),
        (b"48:5:77", [b"48;5;77"]),
    ],
)
def test_attributes_are_drawn(
    make: Make, attributes: bytes, drawn: list[bytes]
) -> None:
    """The drawing has colours and attributes, in the form that terminals read."""
    one = shown(make, b"a\x1b[" + attributes + b"mb\x1b[mc")
    ansi = one.ansi()
    for each in drawn:
        number = int(each) if each.isdigit() else 0
        indexed = b"%d;5;%d" % (number // 10 * 10 + 8, number % 10)
        assert each in ansi or (30 <= number < 50 and indexed in ansi)
    assert everything(one) == everything(copied(make, one))


@pytest.mark.parametrize("make", [GHOSTTY])
@pytest.mark.parametrize(
    "data",
    [
        b"\x1b[4:3;58:5:1mcurly",
        b"\x1b[8mhidden\x1b[28;53mover",
        b"\x1b[44m\x1b[K\x1b[2;5H\x1b[42m\x1b[J",
        b"\x1b[5 q",
        b"\x1b[4 q",
        b"\x1b[?12h",
        b"\x1b[?69h\x1b[2;10s\x1b[2;4r\x1b[?6h\x1b[2;2Hx",
        b"\x1b[?5;45;1036h\x1b[20h",
        b"\x1b[?2027h" + "👩\u200d👧|".encode(),
        b"\x1b[32m" + b"x" * 20,
        b"\x1b[2;4r\x1b[?6h" + b"x" * 40,
    ],
)
def test_attributes_that_only_libghostty_draws(make: Make, data: bytes) -> None:
    """Underlines, cursor shapes, side margins and clusters, which avt does not know."""
    one = shown(make, data)
    assert everything(one) == everything(copied(make, one))


@both
@pytest.mark.parametrize("case", CASES)
def test_a_copy_continues_like_the_original(make: Make, case: str) -> None:
    """Copied at any byte, even in a sequence or a character, it ends the same."""
    data, _, _ = CASES[case]
    whole = everything(shown(make, data))[:4]
    for at in range(len(data)):
        again = copied(make, shown(make, data[:at]))
        again.feed(data[at:])
        assert whole == everything(again)[:4], data[:at]


@both
def test_a_sequence_too_long_to_repeat_shows_nothing(make: Make) -> None:
    """A copy made within a huge sequence does not show the rest of it."""
    one = shown(make, b"a\x1b]52;c;" + b"QUJD" * modes.HELD_MAX)
    again = copied(make, one)
    for each in (one, again):
        each.feed(b"QUJD" * 10 + b"\x07b")
    assert ["ab"] == rows_of(one) == rows_of(again)


@both
def test_smaller_and_larger(make: Make) -> None:
    """A long line wraps again; only in avt, the row above scrolls away for it."""
    one = shown(make, b"x" * 18)
    one.resize(10, 3)
    assert (10, 3) == (one.cols, one.rows)
    gone = make is FOUND.get("AvtScreen")
    assert ["x" * 10, "x" * 8][gone:] == rows_of(one)
    assert everything(one) == everything(copied(make, one))
    one.resize(30, 8)
    assert ["x" * (8 if gone else 18)] == rows_of(one)
    assert everything(one) == everything(copied(make, one))


@both
def test_fewer_rows_keep_the_cursor_s_row(make: Make) -> None:
    """With fewer rows the newest lines are shown."""
    one = shown(make, FILLED)
    one.resize(COLS, 2)
    assert ["ddddd", "eeeee"] == rows_of(one)
    assert Cursor(1, 5, True) == one.cursor


@both
def test_the_alternate_screen_is_resized_too(make: Make) -> None:
    """An editor's output after a resize is where the editor meant it."""
    one = shown(make, b"main\x1b[?1049h")
    one.resize(30, 8)
    one.feed(b"\x1b[2J\x1b[8;28Hend\x1b[1;1H")
    assert " " * 27 + "end" == one.text()[-1]
    assert everything(one)[:4] == everything(copied(make, one))[:4]
    one.feed(b"\x1b[?1049l")
    assert ["main"] == rows_of(one)


@both
@pytest.mark.parametrize("size", [(1, 1), (1, 5), (2, 1), (1000, 1), (1, 1000)])
def test_every_allowed_size(make: Make, size: tuple[int, int]) -> None:
    """From one cell up, created or resized, with wide characters too."""
    fresh, grown = make(*size), make(COLS, ROWS)
    grown.feed("漢字 text\r\n".encode() * 9)
    grown.resize(*size)
    for one in (fresh, grown):
        one.feed("漢x\r\n字\x1b[2;2Hy".encode())
        assert size == (one.cols, one.rows)
        assert size[1] == len(one.text())
        assert one.cursor.row < size[1]
        assert one.cursor.col < size[0]
        assert one.cursor == copied(make, one).cursor


SEQUENCES = r"""
    \e[ \e] \e \eP \e_ \e\\ \a \x18 [ ] ; ? : > = ! $ " ' ( ) # ` @ q r s t u n
    h l m H A B C D G J K L M P X S T Z b c d e f g 0 1 2 3 4 5 7 9 20 25 38 47 48 69
    1047 1049 1000 2004 2026 2027 65535 65536 4294967296 99999999999999999999
    \e7 \e8 \eM \eD \eE \eH \ec \e#8 \e(0 \x0e \x0f \x9b \x9d \x85 \r \n \t \b \0 \x20
    \e[?6h \e[2;3r \e[?7l \u200d \ufe0f e\u0301 \ufffd x yy xxxxxxxxxxxxxxxxxxx
    \u6f22 \U0001f642 \xe9 \U0001f1e9
"""
"""Parts of sequences, and bytes that may come between them."""

COMMANDS = r"""
    \e[H \e[2;3H \e[99;99H \e[A \e[3B \e[C \e[2D \e[J \e[1J \e[2J \e[K \e[1K \e[L \e[M
    \e[2@ \e[2P \e[3X \e[S \e[T \e[31m \e[1m \e[48;5;9m \e[38;2;1;2;3m \e[m \e[2;4r
    \e[r \e[?1049h \e[?1049l \e[?25l \e[?7l \e[?7h \e[?2004h \e[?1000h \e[?6h \e[?6l
    \e]2;t\a \e7 \e8 \eM \eH \e[4b \e= \r \n \r\n \t \b \x20 x yy xxxxxxxxxxxxxxxxxxx
    \u6f22 \u6f22\u5b57\u6f22\u5b57\u6f22\u5b57\u6f22\u5b57 \U0001f642 \xe9
"""
"""Whole sequences that programs print and both libraries know."""


def made_of(words: str, most: int) -> st.SearchStrategy[bytes]:
    """Return up to so many of these words, in any order."""
    plain = words.replace(r"\e", r"\x1b")
    parts = [each.encode().decode("unicode_escape").encode() for each in plain.split()]
    return st.lists(st.sampled_from(parts), max_size=most).map(b"".join)


HOSTILE, SOUND = made_of(SEQUENCES, 50), made_of(COMMANDS, 40)


@both
@given(terminal_bytes() | HOSTILE, CUTS)
def test_any_split_makes_the_same_screen(
    make: Make, data: bytes, cuts: list[int]
) -> None:
    """The same bytes make the same screen, in chunks of any size."""
    pieces = make(COLS, ROWS)
    for piece in cut(data, cuts):
        pieces.feed(piece)
    whole = shown(make, data)
    assert everything(whole) == everything(pieces)
    assert whole.replies() == pieces.replies()


SIZES = st.tuples(st.integers(1, 24), st.integers(1, 7))


@both
@example([b"[[[[\x1b[?7l\xe6\xbc\xa2", (5, 1)])
@given(st.lists(HOSTILE | st.binary(max_size=200) | SIZES, max_size=6))
def test_nothing_breaks_a_screen_fuzz(
    make: Make, steps: list[bytes | tuple[int, int]]
) -> None:
    """Any bytes at any size make a screen that can be drawn."""
    one = make(COLS, ROWS)
    for step in steps:
        if isinstance(step, bytes):
            one.feed(step)
        else:
            one.resize(*step)
        assert one.rows == len(one.text())
        row, col, _ = one.cursor
        assert 0 <= row < one.rows
        assert 0 <= col < one.cols
        again = copied(make, one)
        assert again.rows == len(again.text())


@both
@example("漢漢漢漢漢漢".encode())
@given(SOUND)
def test_a_copy_is_the_same_screen_fuzz(make: Make, data: bytes) -> None:
    """The drawing of a screen makes an equal screen."""
    one = shown(make, data)
    again = copied(make, one)
    assert everything(one)[:4] == everything(again)[:4]
    if b"\x1b[?6h" not in data:  # A cursor saved in a region that has gone is not.
        assert one.ansi() == again.ansi()


ENV = {
    "PATH": os.environ["PATH"],
    "TERM": "xterm-256color",
    "LC_ALL": "C.UTF-8",
    "PS1": "\\[\\e[1;32m\\]ready\\[\\e[m\\]> ",
    "HOME": "/nonexistent",
}
PAGE = "".join(f"line {n} \x1b[3{n % 8}mcolour\x1b[m 漢字\n" for n in range(100))
Keys = list[tuple[str, bytes]]

PROGRAMS: dict[str, tuple[list[str], Keys]] = {
    "bash": (
        ["bash", "--norc", "-i"],
        [
            (
                "ready>",
                b'for n in 1 2 3; do echo -e "\\e[3${n}mcolour $n\\e[m"; done\r',
            ),
            ("colour 3", b"printf '\\e]2;named\\a'; echo $((40 + 2))\r"),
            ("42", b""),
        ],
    ),
    "less": (
        ["less", "-R", "page"],
        [("line 1 colour 漢字", b" "), ("line 30", b"/line 77\r"), ("line 77", b"")],
    ),
    "vim": (
        ["vim", "-u", "NONE", "-N", "page"],
        [
            ("line 1", b":syntax on | set number\r"),
            ("  1 ", b"Gohello vim\x1b"),
            ("hello vim", b":split\r"),
            ("page", b""),
        ],
    ),
    "top": (["top", "-d", "60"], [("PID", b"")]),
}


async def _play(
    argv: list[str], cwd: Path, keys: Keys, make: Make
) -> tuple[ScreenEmulator, bytes]:
    """Type each of the keys once their text is shown;

    Return the screen and the output.
    """
    program = shutil.which(argv[0])
    assert program
    terminal = await open_pty(Spec((program, *argv[1:]), str(cwd), ENV, 80, 24))
    live, seen = make(80, 24), b""
    try:
        for text, typed in keys:
            while not any(text in row for row in live.text()):
                data = await terminal.read()
                assert data, f"ended without {text!r}: {live.text()}"
                live.feed(data)
                seen += data
                await terminal.write(live.replies())
            await terminal.write(typed)
    finally:
        await terminal.aclose(grace_s=0)
    return live, seen


@both
@pytest.mark.parametrize("name", PROGRAMS)
async def test_a_replay_ends_on_the_same_screen(
    make: Make, name: str, tmp_path: Path
) -> None:
    """For real programs, the live screen equals the screen of their transcript."""
    argv, keys = PROGRAMS[name]
    if not shutil.which(name):
        pytest.skip(f"{name} is missing")
    (tmp_path / "page").write_text(PAGE)
    with trio.fail_after(20):
        live, seen = await _play(argv, tmp_path, keys, make)
    assert everything(live) == everything(shown(make, seen, 80, 24))
    assert everything(live)[:4] == everything(copied(make, live))[:4]
    for other in ADAPTERS:
        assert live.text() == shown(other, seen, 80, 24).text()
        assert live.text() == copied(other, live).text()


def test_the_better_library_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """`open_screen` uses the first library, and raises if there is none."""
    assert type(open_screen(80, 24)) is ADAPTERS[0]
    monkeypatch.setattr(emulator, "ADAPTERS", [])
    with pytest.raises(ImportError, match="pyavt"):
        open_screen(80, 24)
