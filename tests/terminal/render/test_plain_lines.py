"""A plain line equals the line that a screen shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.render.canvas import Canvas
from ant.terminal.render.plain_lines import LONGEST, PlainLines, plain
from ant.terminal.render.renderer import Renderer

COLS = 30

PIECES = st.lists(
    st.sampled_from(
        [
            *["ab", " ", "12 %", "é", "█", "漢", "─" * 20, "\t", "\r", "\x07", "\x1b"],
            *["\x1b[1m", "\x1b[0;31m", "\x1b[K", "\x1b[2K", "\x1b[A"],
        ]
    ),
    max_size=9,
).map("".join)


def drawn(piece: str) -> PlainLines:
    """Return the line by drawing it; a blank row if nothing was drawn."""
    renderer = Renderer(COLS, 2)
    renderer.feed(piece.encode(), 0)
    row = renderer._canvas.lines[renderer._canvas.row]
    return PlainLines(row.shown().rstrip(" "), row.start, row.end)


@given(PIECES)
def test_a_plain_line_equals_the_drawn_line(piece: str) -> None:
    """The same text and bytes, or None; longer lines wrap."""
    line = plain(piece, COLS)
    if line is not None and len(line.text) <= COLS:
        drawn_line = line._replace(text=line.text.rstrip(" "))
        expected = drawn(piece)
        if expected.start < 0:
            assert drawn_line.start < 0
            assert not drawn_line.text
        else:
            assert expected == drawn_line


@pytest.mark.parametrize(
    "piece", ["ab\x1b[A", "\x1b[5;5Hx", "a\bb", "漢\r漢", "x" * (LONGEST + 1), "é\tx"]
)
def test_other_content_is_no_plain_line(piece: str) -> None:
    """The cursor moves elsewhere, or the width must be measured."""
    assert plain(piece, COLS) is None


def test_a_progress_bar_is_its_last_state() -> None:
    """Its bytes are those of the last state."""
    assert PlainLines("100 %", 12, 17) == plain(
        "10 %\r\x1b[K50 %\r100 %"[:10] + "\r\r100 %", 30
    )


def test_a_fresh_canvas_is_blank() -> None:
    """Plain lines are computed for a blank row."""
    assert [] == Canvas(COLS, 2).standing()
