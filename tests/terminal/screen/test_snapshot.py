"""A look: lines as they are read, sides of boxes taken off, and where the cursor is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.model.tty import Tty
from ant.terminal.screen.snapshot import (
    index_at,
    is_rule,
    paragraph_above,
    width,
    without_sides,
)
from ant.terminal.screen.style import PLAIN, Style
from tests.strategies import terminal_bytes
from tests.terminal.drawn import COOKED, DEAF, RAW, look_after, look_at


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("", ""),
        ("plain", "plain"),
        ("│ Yes │", "  Yes"),
        ("┃ Yes", "  Yes"),
        ("  | Yes |  ", "    Yes"),
        ("││ nested ││", "   nested"),
        ("│ │ nested │ │", "    nested"),
        ("│││ thrice", "  │ thrice"),
        ("a | b", "a | b"),
        ("│ a │ b │", "  a │ b"),
        ("│", ""),
        ("x│", "x"),
        ("│漢字│", " 漢字"),
    ],
)
def test_sides_are_blanks(line: str, bare: str) -> None:
    """Sides of up to two boxes go, and what is inside stays in its column."""
    assert bare == without_sides(line)


def test_a_wide_box_is_soon_read() -> None:
    """The blanks in it are passed once, not once for each of them."""
    assert "" == without_sides("│" + " " * 200_000 + "│")


@given(st.text(alphabet="│┃| ab漢", max_size=20))
def test_what_is_inside_stays_in_its_column(line: str) -> None:
    """However a line is boxed, each character that is left is where it was."""
    bare = without_sides(line)
    assert all(char in (" ", line[at]) for at, char in enumerate(bare))
    assert "a" not in line or "a" in bare


@pytest.mark.parametrize(
    ("line", "ruled"),
    [
        ("", True),
        ("   ", True),
        ("────────", True),
        ("╭──────╮", True),
        ("│      │", True),
        ("+------+", True),
        ("--------", True),
        ("==== ====", True),
        ("▔▔▔▔▔▔", True),
        ("╭─ Title ─╮", True),
        ("┌────┤ Confirm ├────┐", True),
        ("─────────── Plan ──", True),
        ("-- More --", False),
        ("- a list", False),
        ("── a ──", False),
        ("│ text │", False),
        ("~", True),
        ("a", False),
        ("?", False),
    ],
)
def test_rules_are_no_text(line: str, ruled: bool) -> None:
    """Blank lines and borders say nothing, with a title in them or without."""
    assert ruled is is_rule(line)


@pytest.mark.parametrize(
    ("line", "col", "index"),
    [
        ("abc", 0, 0),
        ("abc", 2, 2),
        ("abc", 3, 3),
        ("abc", 9, 3),
        ("漢字x", 2, 1),
        ("漢字x", 4, 2),
        ("漢字x", 5, 3),
        ("漢字x", 1, 1),
        ("", 4, 0),
    ],
)
def test_wide_characters_take_two_columns(line: str, col: int, index: int) -> None:
    """A column is a character's, even where another stands on two of them."""
    assert index == index_at(line, col)


@pytest.mark.parametrize(
    ("drawn", "cursor", "typed"),
    [
        ("Name: bob", (0, 9), "Name: bob"),
        ("Name: bob", (0, 6), "Name: "),
        ("Name:", (0, 6), "Name: "),
        ("Name:", (0, 0), ""),
        ("Name:", (1, 0), ""),
        ("名前: 漢", (0, 6), "名前: "),
        ("名前: 漢", (0, 8), "名前: 漢"),
        ("名前: ", (0, 6), "名前: "),
        ("cafe\u0301: ", (0, 6), "cafe\u0301: "),
        ("cafe\u0301x", (0, 4), "cafe\u0301"),
        ("👩\u200d👧: ", (0, 6), "👩\u200d👧: "),
        ("❤\ufe0f: ", (0, 3), "❤\ufe0f: "),
    ],
)
def test_what_is_typed_ends_at_the_cursor(
    drawn: str, cursor: tuple[int, int], typed: str
) -> None:
    """The text before the cursor, with the blank that a screen does not keep."""
    assert typed == look_at(drawn, cursor=cursor).typed_at


def test_a_cursor_far_right_adds_one_blank() -> None:
    """What is far off the text is not right behind it, and the row tells no more."""
    assert "Name: " == look_at("Name:", cursor=(0, 60)).typed_at
    assert "" == look_at("", cursor=(0, 60)).typed_at


def test_a_full_row_is_typed_whole() -> None:
    """A cursor that waits to wrap is on the last column, not behind it."""
    snapshot = look_at("x" * 20, cols=20, rows=3)
    assert (0, 19) == snapshot.cursor[:2]
    assert "x" * 19 == snapshot.typed_at


@pytest.mark.parametrize(
    ("lines", "last"),
    [((), -1), (("",), -1), (("a",), 0), (("a", "", "b", "", ""), 2)],
)
def test_the_last_row_has_something_on_it(lines: tuple[str, ...], last: int) -> None:
    """Blank rows below it do not count, and a blank screen has none."""
    assert last == look_at(*lines).last


def test_styles_are_found_by_character() -> None:
    """A character has the style it was drawn in; beyond the last it is plain."""
    snapshot = look_at("ab\x1b[7m漢字\x1b[m", "x")
    lit = Style(inverse=True)
    assert [PLAIN, PLAIN, lit, lit] == [snapshot.style_at(0, i) for i in range(4)]
    assert PLAIN == snapshot.style_at(0, 9) == snapshot.style_at(5, 0)


def test_a_paragraph_ends_at_a_blank_row() -> None:
    """The nearest text above a row, from below; rules between are passed over."""
    snapshot = look_at("far", "", "one", "two", "──────", "", "menu")
    assert [3, 2] == list(paragraph_above(snapshot, 6))
    assert [0] == list(paragraph_above(snapshot, 2))
    assert [] == list(paragraph_above(snapshot, 0))


def test_a_paragraph_is_near_and_short() -> None:
    """Text more than some blank rows away is about something else; the rest is cut."""
    assert [] == list(paragraph_above(look_at("far", "", "", "", "", "menu"), 5))
    long = look_at(*map(str, range(10)), "menu")
    assert [9, 8, 7] == list(paragraph_above(long, 10, most=3))


@pytest.mark.parametrize(
    ("tty", "deaf", "takes_lines"),
    [
        (COOKED, False, True),
        (DEAF, True, True),
        (RAW, False, False),
        (Tty(echo=True, canonical=True), False, True),
        (Tty(echo=False, canonical=False, reading=False), False, False),
        (None, False, False),
    ],
)
def test_who_listens_how(tty: Tty | None, deaf: bool, takes_lines: bool) -> None:
    """Deaf is who takes lines and surely waits for none."""
    snapshot = look_at("x", tty=tty)
    assert takes_lines is snapshot.takes_lines
    assert deaf is (tty is not None and tty.is_deaf)


@given(terminal_bytes(), st.integers(1, 30), st.integers(1, 8))
def test_every_look_is_whole(data: bytes, cols: int, rows: int) -> None:
    """Whatever was drawn, there are as many lines as rows, boxed or bare."""
    snapshot = look_after(data, cols=cols, rows=rows)
    assert rows == len(snapshot.rows) == len(snapshot.lines) == len(snapshot.bare)
    assert snapshot.last < rows
    assert width(snapshot.typed_at) <= cols


def test_a_line_of_wide_characters_goes_on_below() -> None:
    """They fill a row with half as many."""
    snapshot = look_at("本当に全部消しますか", "？[y/N] ", cols=20)
    assert "本当に全部消しますか？[y/N] " == snapshot.typed_line
