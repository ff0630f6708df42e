"""Terms: what is text in them, and what a prefix is."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.model.search_terms import SearchTerm, begins_word
from tests.strategies import WRITING


@pytest.mark.parametrize(
    ("text", "pieces", "has_prefix"),
    [
        ("mess*", ("mess",), True),
        ("mes*", ("mes",), True),
        ("me*", ("me*",), False),
        ("*", ("*",), False),
        ("****", ("***",), True),
        ("me*ss", ("me*ss",), False),
        ("a mess* now", ("a mess", " now"), True),
        ("mess* mess*", ("mess", " mess"), True),
        ("", ("",), False),
    ],
)
def test_only_a_star_after_a_word_is_syntax(
    text: str, pieces: tuple[str, ...], has_prefix: bool
) -> None:
    """A word of three characters or more."""
    term = SearchTerm.of(text)
    assert (pieces, has_prefix) == (term.pieces, term.has_prefix)


@pytest.mark.parametrize(
    ("term", "text", "matched"),
    [
        ("mess*", "a message.", "message"),
        ("mess*", "homessick", None),
        ("mess*", "homess (Messy)", None),
        ("a mess* now", "a message now", "a message now"),
        ("a mess* now", "a message or now", None),
        ("--fla*", "x--flag", "--flag"),
        ("mess*", "homess*", "mess*"),
        ("a mess* now", "a mess* now", "a mess* now"),
        ("a.c*", "abc", None),
    ],
)
def test_a_prefix_begins_a_word(term: str, text: str, matched: str | None) -> None:
    """All other characters are literal."""
    found = re.search(SearchTerm.of(term).source, text)
    assert matched == (found[0] if found else None)


@given(WRITING)
def test_text_without_a_prefix_is_literal(text: str) -> None:
    """Its expression matches it, and it is its only piece."""
    term = SearchTerm.of(text)
    if not term.has_prefix:
        assert (text,) == term.pieces
        assert re.fullmatch(term.source, text)
    assert all(piece in text for piece in term.pieces)


@given(st.text("abA_-. é", min_size=3, max_size=4), st.text("abA_-. é", max_size=12))
def test_a_fast_look_finds_what_the_expression_finds(start: str, text: str) -> None:
    """For any start without white space."""
    start = start.replace(" ", "x")
    found = re.search(SearchTerm.of(f"{start}*").source, text, re.IGNORECASE)
    assert bool(found) is begins_word(start, text)
