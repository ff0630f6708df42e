"""Blocks of lines."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.model.sessions import SessionId
from ant.store import LineBlock
from ant.terminal.render.rows import Line

TEXTS = st.text(st.characters(exclude_characters="\n", codec="utf-8"), max_size=20)
LINES = st.lists(
    st.builds(
        lambda text, start, size, at: Line(text, start, start + size, at),
        TEXTS,
        st.integers(0, 2**50),
        st.integers(0, 2**33),
        st.integers(0, 2**45),
    ),
    min_size=1,
    max_size=9,
)


@given(LINES, st.integers(1, 2**50))
def test_a_block_returns_the_lines_it_was_made_of(
    lines: list[Line], first: int
) -> None:
    """However far apart their bytes and times are."""
    block = LineBlock.of(SessionId("s"), first, lines)
    assert list(enumerate(lines, first)) == list(block.numbered())
    assert all(block.start <= line.start <= line.end <= block.stop for line in lines)
    assert all(block.since <= line.at <= block.until for line in lines)


@pytest.mark.parametrize(("span", "each"), [(100, 12), (1 << 32, 24)])
def test_spans_use_small_numbers_if_they_fit(span: int, each: int) -> None:
    """Twelve bytes a line, or twice that when a line spans 4 GiB."""
    block = LineBlock.of(SessionId("s"), 1, [Line("a", 7, 7 + span, 0)])
    assert each == len(block.spans)
