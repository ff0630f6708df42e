"""The text of a transcript, in whatever pieces it was stored."""

import time

from hypothesis import given
from hypothesis import strategies as st

from ant.export import transcript_text
from ant.export.transcript_text import text_of, text_start
from ant.terminal.screen.strip_escapes import strip
from tests.strategies import CUTS, cut


@given(st.lists(st.sampled_from(["one", "é漢", "\x1b[31m", "\r\n"])), CUTS)
def test_text_is_the_same_in_any_split(parts: list[str], cuts: list[int]) -> None:
    """A character or a sequence may be cut."""
    data = "".join(parts).encode()
    assert strip(data) == text_of(cut(data, cuts))


def test_the_text_is_of_the_newest_bytes() -> None:
    """From the oldest byte on, if these are few."""
    most = transcript_text.TEXT_MAX
    assert 7 == text_start(7, 9)
    assert 100 == text_start(7, most + 100)


def test_many_small_pieces_of_a_line_are_put_together_once() -> None:
    """Half a gigabyte would be copied, or more, if each piece was added to the last."""
    begun = time.perf_counter()
    text_of([b"0123456789"] * 60_000)
    assert time.perf_counter() - begun < 0.8
