"""Rows and the bytes that drew them, and the lines that rows become."""

from ant.terminal.render.rows import (
    FILL,
    LINE_MAX,
    Line,
    RenderedLines,
    Row,
    joined,
)


def drawn(*puts: tuple[int, str, int]) -> Row:
    """Return a row with these texts put at their columns, by bytes from an offset."""
    row = Row()
    for col, cells, start in puts:
        row.put(col, cells, start, start + len(cells), 7)
    return row


def test_a_row_spans_the_bytes_that_drew_it() -> None:
    """From the first to the last byte whose text is still visible."""
    row = drawn((0, "abc", 10), (5, "xyz", 20))
    assert ("abc  xyz", 10, 23) == (row.text, row.start, row.end)
    row.put(0, "ABCDEFGH", 30, 38, 8)
    assert ("ABCDEFGH", 30, 38, 8) == (row.text, row.start, row.end, row.at)
    row.put(2, "cd", 40, 42, 9)
    assert ("ABcdEFGH", 30, 42) == (row.text, row.start, row.end)


def test_a_row_overwritten_in_parts() -> None:
    """Its old bytes count until the new text reaches the last column."""
    row = drawn((0, "12345", 10), (0, "ab", 20), (2, "cd", 22))
    assert ("abcd5", 10) == (row.text, row.start)
    row.put(4, "e", 24, 25, 7)
    assert ("abcde", 20, 25) == (row.text, row.start, row.end)


def test_half_a_wide_character_is_a_blank() -> None:
    """If the other half is overwritten or erased."""
    wide = "漢" + FILL
    assert " x" == drawn((0, wide, 0), (1, "x", 3)).text
    assert "x c" == drawn((0, wide + "c", 0), (0, "x", 3)).text
    row = drawn((0, wide + wide, 0))
    row.erase(1, 2)
    assert "  漢" == row.shown()


def test_an_erased_row_has_no_bytes() -> None:
    """Erased to its end, or as a whole."""
    row = drawn((0, "abc", 10))
    row.erase(1, 99)
    assert ("a", 10) == (row.text, row.start)
    row.erase(0, 99)
    assert ("", -1) == (row.text, row.start)


def test_a_blank_takes_no_combining_character() -> None:
    """As on the screen of a terminal, where a joiner after a blank is not shown."""
    row = drawn((0, "a b", 0))
    row.mark(1, "\u200b", 4)
    row.mark(2, "\u0301", 6)
    assert row.shown() == "a b\u0301"


def test_combining_characters_stay_with_their_column() -> None:
    """Overwriting the column removes them."""
    row = drawn((0, "eee", 0))
    row.mark(1, "\u0301", 5)
    assert ("ee\u0301e", 5) == (row.shown(), row.end)
    row.put(1, "x", 6, 7, 7)
    assert "exe" == row.shown()


def test_wrapped_rows_are_one_line() -> None:
    """Its bytes are those of all rows; trailing blanks are removed."""
    first, second = drawn((0, "hello ", 0)), drawn((0, "world  ", 6))
    first.wrapped = True
    lines = RenderedLines()
    lines.add(first)
    assert [] == lines.done
    lines.add(second)
    assert [Line("hello world", 0, 13, 7)] == lines.done


def test_a_blank_line_is_where_the_last_one_ended() -> None:
    """No byte drew it."""
    lines = RenderedLines()
    for row in (drawn((0, "a", 5)), Row()):
        lines.add(row)
    assert [Line("a", 5, 6, 7), Line("", 6, 6, 7)] == lines.done


def test_the_length_of_a_line_is_limited() -> None:
    """A longer line is cut, so that no program can make one without end."""
    lines = RenderedLines()
    for number in range(3 * LINE_MAX // 1000):
        row = drawn((0, "x" * 1000, number * 1000))
        row.wrapped = True
        lines.add(row)
    assert 2 <= len(lines.done)
    assert all(len(line.text) < LINE_MAX + 1000 for line in lines.done)


def test_rows_below_the_last_text_are_no_lines() -> None:
    """Each blank row above it is a line."""
    rows = [drawn((0, "a", 0)), Row(), drawn((0, "b", 1)), Row(), Row()]
    assert ["a", "", "b"] == [line.text for line in joined(rows, RenderedLines())]


def test_the_state_of_a_row() -> None:
    """The row with that state is equal."""
    row = drawn((0, "漢" + FILL, 10))
    row.mark(0, "\u0301", 20)
    row.wrapped = True
    again = Row.of(row.state())
    assert row.state() == again.state()
    assert row.shown() == again.shown()
