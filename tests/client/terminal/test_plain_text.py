"""Terminal bytes as lines of text."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from ant.client.terminal.plain_text import LONGEST, Lines, PlainLine


def lines_of(*pieces: bytes, start: int = 0) -> list[PlainLine]:
    """All lines of these pieces, and what is left at the end."""
    lines, found, offset = Lines(), list[PlainLine](), start
    for piece in pieces:
        found += lines.feed(offset, piece)
        offset += len(piece)
    return [*found, *lines.end()]


def test_lines_have_no_sequences() -> None:
    """Nor the ends of lines; a rewritten line is the last that was written."""
    data = b"\x1b[31mred\x1b[0m\r\n 10%\r100%\nend"
    assert [
        PlainLine(7, "red"),
        PlainLine(21, "100%"),
        PlainLine(31, "end"),
    ] == lines_of(data, start=7)


def test_a_sequence_in_two_pieces() -> None:
    """It is no text, and neither is half a character."""
    assert ["a red é b"] == [
        each.text for each in lines_of(b"a \x1b[3", b"1mred \xc3", b"\xa9 b")
    ]


@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_pieces_do_not_matter(data: bytes, cuts: list[int]) -> None:
    """The lines are those of all bytes at once."""
    at = sorted({0, len(data), *(cut for cut in cuts if cut < len(data))})
    pieces = [data[low:high] for low, high in pairwise(at)]
    assert lines_of(data) == lines_of(*pieces)


def test_a_line_without_an_end_is_bounded() -> None:
    """It is given out in parts, with the offsets of these."""
    lines = Lines()
    (part,) = lines.feed(5, b"x" * (LONGEST + 1))
    assert (5, LONGEST + 1, "") == (part.offset, len(part.text), lines.partial)
    assert [PlainLine(5 + LONGEST + 1, "y")] == list(
        lines.feed(5 + LONGEST + 1, b"y\n")
    )


def test_what_has_no_end_yet_can_be_seen() -> None:
    """As text; it stays there for its end."""
    lines = Lines()
    assert [] == list(lines.feed(0, b"Go \x1b[1mon"))
    assert "Go on" == lines.partial
    assert [PlainLine(0, "Go on?")] == list(lines.feed(9, b"?\n"))
