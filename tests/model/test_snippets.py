"""Snippets: what they show, cut and mark."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.history.pattern import typed
from ant.model.snippets import CONTEXT, WordMarker


@pytest.mark.parametrize(
    ("words", "fold", "text", "snippet"),
    [
        ("hello", True, "Hello, hello", "<mark>Hello</mark>, <mark>hello</mark>"),
        ("hello", False, "Hello, hello", "Hello, <mark>hello</mark>"),
        ("a.c b", True, "abc a.c", "a<mark>b</mark>c <mark>a.c</mark>"),
        ("x", True, "", ""),
        ("x", True, "y" * CONTEXT, "y" * CONTEXT),
        ("x", True, "y" * 200, "y" * CONTEXT + "…"),
    ],
)
def test_every_word_is_marked(words: str, fold: bool, text: str, snippet: str) -> None:
    """Wherever it stands in what is shown."""
    assert snippet == WordMarker.of(words.split(), fold=fold).mark(text)


@pytest.mark.parametrize("word", ["needle", "n" * 1000])
def test_a_long_text_is_cut_around_the_first_word(word: str) -> None:
    """The word is shown whole, however long, and other words only beside it."""
    marker = WordMarker.of([word, "far"], fold=True)
    text = f"far{'x' * 500}{word}{'y' * 500}"
    context = "x" * CONTEXT, "y" * CONTEXT
    assert f"…{context[0]}<mark>{word}</mark>{context[1]}…" == marker.mark(text)
    assert len(word) + 3 == marker.count(text)


@given(
    st.text("ab .", max_size=400),
    st.text("ab .", max_size=5).filter(lambda text: bool(text.split())),
)
def test_messages_and_transcripts_have_the_same_snippets(text: str, words: str) -> None:
    """The pattern of a transcript marks as the search of messages does."""
    pattern = typed(words, "$.q")
    assert pattern is not None
    snippet = WordMarker.of(words.split(), fold=True).mark(text)
    assert snippet == pattern.mark(text)
    plain = snippet.replace("<mark>", "").replace("</mark>", "").strip("…")
    assert plain in text
