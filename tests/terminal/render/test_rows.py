"""Rows that know which bytes drew them, and the lines that they become."""

import pytest

from ant.terminal.render.rows import (
    FILL,
    LINE_MAX,
    Line,
    RenderedLines,
    Row,
    joined,
    width,
)


def drawn(*puts: tuple[int, str, int]) -> Row:
    """A row in which each of these was put at a column, by bytes from an offset on."""
    row = Row()
    for col, cells, start in puts:
        row.put(col, cells, start, start + len(cells), 7)
    return row


@pytest.mark.parametrize(
    ("char", "columns"), [("a", 1), ("─", 1), ("漢", 2), ("🙂", 2), ("\u0301", 0)]
)
def test_a_character_has_a_width(char: str, columns: int) -> None:
    """As a terminal has it."""
    assert columns == width(char)


def test_a_row_spans_the_bytes_that_drew_it() -> None:
    """From the first to the last of those of which something is left."""
    row = drawn((0, "abc", 10), (5, "xyz", 20))
    assert ("abc  xyz", 10, 23) == (row.text, row.start, row.end)
    row.put(0, "ABCDEFGH", 30, 38, 8)
    assert ("ABCDEFGH", 30, 38, 8) == (row.text, row.start, row.end, row.at)
    row.put(2, "cd", 40, 42, 9)
    assert ("ABcdEFGH", 30, 42) == (row.text, row.start, row.end)


def test_what_is_overwritten_piece_by_piece_is_gone_as_well() -> None:
    """Once the last column of it was reached, and no earlier."""
    row = drawn((0, "12345", 10), (0, "ab", 20), (2, "cd", 22))
    assert ("abcd5", 10) == (row.text, row.start)
    row.put(4, "e", 24, 25, 7)
    assert ("abcde", 20, 25) == (row.text, row.start, row.end)


def test_half_a_wide_character_is_a_blank() -> None:
    """Where the other half was overwritten, or erased."""
    wide = "漢" + FILL
    assert " x" == drawn((0, wide, 0), (1, "x", 3)).text
    assert "x c" == drawn((0, wide + "c", 0), (0, "x", 3)).text
    row = drawn((0, wide + wide, 0))
    row.erase(1, 2)
    assert "  漢" == row.shown()


def test_an_erased_row_was_never_drawn() -> None:
    """To the end of it, or all of what there is."""
    row = drawn((0, "abc", 10))
    row.erase(1, 99)
    assert ("a", 10) == (row.text, row.start)
    row.erase(0, 99)
    assert ("", -1) == (row.text, row.start)


def test_combining_characters_stay_with_their_column() -> None:
    """And go when it is overwritten."""
    row = drawn((0, "eee", 0))
    row.mark(1, "\u0301", 5)
    assert ("ee\u0301e", 5) == (row.shown(), row.end)
    row.put(1, "x", 6, 7, 7)
    assert "exe" == row.shown()


def test_wrapped_rows_are_one_line() -> None:
    """Which spans the bytes of all of them; blanks at its end are none."""
    first, second = drawn((0, "hello ", 0)), drawn((0, "world  ", 6))
    first.wrapped = True
    lines = RenderedLines()
    lines.add(first)
    assert [] == lines.done
    lines.add(second)
    assert [Line("hello world", 0, 13, 7)] == lines.done


def test_a_blank_line_is_where_the_last_one_ended() -> None:
    """Nothing drew it."""
    lines = RenderedLines()
    for row in (drawn((0, "a", 5)), Row()):
        lines.add(row)
    assert [Line("a", 5, 6, 7), Line("", 6, 6, 7)] == lines.done


def test_a_line_has_a_length() -> None:
    """Then it is cut, so that no program can make one without end."""
    lines = RenderedLines()
    for number in range(3 * LINE_MAX // 1000):
        row = drawn((0, "x" * 1000, number * 1000))
        row.wrapped = True
        lines.add(row)
    assert 2 <= len(lines.done)
    assert all(len(line.text) < LINE_MAX + 1000 for line in lines.done)


def test_rows_below_the_last_text_are_no_lines() -> None:
    """Of those between, each is one."""
    rows = [drawn((0, "a", 0)), Row(), drawn((0, "b", 1)), Row(), Row()]
    assert ["a", "", "b"] == [line.text for line in joined(rows, RenderedLines())]


def test_a_row_can_be_written_down() -> None:
    """And is the same again."""
    row = drawn((0, "漢" + FILL, 10))
    row.mark(0, "\u0301", 20)
    row.wrapped = True
    again = Row.of(row.state())
    assert row.state() == again.state()
    assert row.shown() == again.shown()
