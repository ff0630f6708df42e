"""Snapshots: lines, lines without the sides of boxes, and the cursor."""

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
        ("  Yes   █", "  Yes"),
        ("│ Yes   █ │", "  Yes"),
        ("> draft█", "> draft█"),
        ("> █", "> █"),
    ],
)
def test_sides_are_blanks(line: str, bare: str) -> None:
    """The sides of up to two boxes become blanks; the inside keeps its columns."""
    assert bare == without_sides(line)


def test_a_wide_box_takes_no_time() -> None:
    """Its blanks are scanned once, not once for each of them."""
    assert "" == without_sides("│" + " " * 200_000 + "│")


@given(st.text(alphabet="│┃| ab漢", max_size=20))
def test_the_inside_of_a_box_keeps_its_columns(line: str) -> None:
    """Each remaining character is where it was, in any box."""
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
    """Blank lines and borders, with or without a title."""
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
    """Both columns of a wide character have its index."""
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
def test_typed_text_ends_at_the_cursor(
    drawn: str, cursor: tuple[int, int], typed: str
) -> None:
    """The text before the cursor, with the blank that a screen does not keep."""
    assert typed == look_at(drawn, cursor=cursor).typed_at


def test_a_cursor_far_right_adds_one_blank() -> None:
    """The row does not show how far the cursor is behind its text."""
    assert "Name: " == look_at("Name:", cursor=(0, 60)).typed_at
    assert "" == look_at("", cursor=(0, 60)).typed_at


def test_a_full_row_is_typed_whole() -> None:
    """A cursor that waits to wrap is in the last column, not behind it."""
    snapshot = look_at("x" * 20, cols=20, rows=3)
    assert (0, 19) == snapshot.cursor[:2]
    assert "x" * 19 == snapshot.typed_at


@pytest.mark.parametrize(
    ("lines", "last"),
    [((), -1), (("",), -1), (("a",), 0), (("a", "", "b", "", ""), 2)],
)
def test_the_last_row_with_text(lines: tuple[str, ...], last: int) -> None:
    """Blank rows below it do not count; a blank screen has none."""
    assert last == look_at(*lines).last


def test_styles_are_found_by_character() -> None:
    """A character has the style it was drawn in; beyond the last it is plain."""
    snapshot = look_at("ab\x1b[7m漢字\x1b[m", "x")
    lit = Style(inverse=True)
    assert [PLAIN, PLAIN, lit, lit] == [snapshot.style_at(0, i) for i in range(4)]
    assert PLAIN == snapshot.style_at(0, 9) == snapshot.style_at(5, 0)


def test_a_paragraph_ends_at_a_blank_row() -> None:
    """The nearest text above a row, from below; borders in between are skipped."""
    snapshot = look_at("far", "", "one", "two", "──────", "", "menu")
    assert [3, 2] == list(paragraph_above(snapshot, 6))
    assert [0] == list(paragraph_above(snapshot, 2))
    assert [] == list(paragraph_above(snapshot, 0))


def test_a_paragraph_is_near_and_short() -> None:
    """Text far above belongs to something else; long text is cut."""
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
def test_how_a_program_takes_input(
    tty: Tty | None, deaf: bool, takes_lines: bool
) -> None:
    """`ignores_input` if it takes whole lines and is known not to be reading."""
    snapshot = look_at("x", tty=tty)
    assert takes_lines is snapshot.takes_lines
    assert deaf is (tty is not None and tty.ignores_input)


@given(terminal_bytes(), st.integers(1, 30), st.integers(1, 8))
def test_a_snapshot_has_all_rows(data: bytes, cols: int, rows: int) -> None:
    """It has as many lines as rows, with and without the sides of boxes."""
    snapshot = look_after(data, cols=cols, rows=rows)
    assert rows == len(snapshot.rows) == len(snapshot.lines) == len(snapshot.bare)
    assert snapshot.last < rows
    assert width(snapshot.typed_at) <= cols


def test_a_line_of_wide_characters_wraps() -> None:
    """Half as many characters fill a row."""
    snapshot = look_at("本当に全部消しますか", "？[y/N] ", cols=20)
    assert "本当に全部消しますか？[y/N] " == snapshot.typed_line
