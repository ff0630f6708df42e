"""What is looked for, found, marked and refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.core.clock import monotonic
from ant.core.errors import Invalid
from ant.history.pattern import SearchPattern, grams, smart, typed
from ant.model.snippets import CONTEXT
from tests.strategies import WRITING


def found(pattern: SearchPattern | None, text: str) -> bool:
    """Whether it is found; where it is, nothing quick said otherwise."""
    assert pattern is not None
    is_there = pattern.find(text) is not None
    if is_there:
        assert pattern.may_be_in(f"before\n{text}\nafter")
        folded = text.lower()
        assert all(gram in folded for gram in map(str.lower, pattern.grams))
    return is_there


@pytest.mark.parametrize(
    ("asked", "text", "is_there"),
    [
        ("error", "An ERROR here", True),
        ("Error", "an error here", False),
        ("Error", "an Error here", True),
        ("no such", "no  such", False),
        ("a.b", "axb", False),
        ("é", "É", True),
        ("x", "", False),
        (r"re:err\w+: \d+$", "error: 42", True),
        (r"re:err\w+: \d+$", "error: 42.", False),
        ("re:^ab", "xab", False),
        ("re:ERROR", "error", False),
        ("re:error", "ERROR", True),
        (r"re:\Werror", " ERROR", True),
        (r"re:\Aab\z", "ab", True),
        (r"re:(?i)AB|cd", "xab", True),
        (r"re:x{2,30}y", "xxy", True),
        ("re:", "", True),
    ],
)
def test_smart_case(asked: str, text: str, is_there: bool) -> None:
    """A capital makes the case count; one in an escape is none."""
    assert is_there == found(smart(asked, "$.grep"), text)


@given(WRITING.filter(lambda text: not text.startswith("re:")), st.text(max_size=5))
def test_a_phrase_is_text(asked: str, around: str) -> None:
    """Nothing in it is syntax."""
    if asked and "\n" not in asked:
        assert found(smart(asked, "$.grep"), around + asked + around)


@pytest.mark.parametrize(
    ("asked", "text", "is_there"),
    [
        ("two words", "Words, and then TWO", True),
        ("two words", "two", False),
        ("  ", "", None),
        ("re:^two", "two words", True),
    ],
)
def test_words_may_stand_anywhere(asked: str, text: str, is_there: bool | None) -> None:
    """All of them, whatever the case; none is nothing to look for."""
    pattern = typed(asked, "$.q")
    if is_there is None:
        assert pattern is None
    else:
        assert is_there == found(pattern, text)


@pytest.mark.parametrize(
    "source", ["(", "a**", "[z-a]", "(a{1000}){1000}", r"\1", "x(?=y)"]
)
def test_what_re2_does_not_read_is_refused(source: str) -> None:
    """In one sentence that names the field."""
    with pytest.raises(
        Invalid, match=r"expected a regular expression of RE2, got .* at \$\.grep$"
    ):
        smart(f"re:{source}", "$.grep")


def test_no_expression_is_slow() -> None:
    """One that has others try for ever takes as long as its text is."""
    pattern = smart(r"re:(a|aa)+$", "$.grep")
    start = monotonic()
    assert pattern.find("a" * 50_000 + "b") is None
    assert monotonic() - start < 2


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("needle", {"nee", "eed", "edl", "dle"}),
        ("ab", set()),
        ("aéb", set()),
        ("re:foo bar?", {"foo", "oo ", "o b", " ba"}),
        ("re:foo.bar", {"foo", "bar"}),
        (r"re:foo\dbar", {"foo", "bar"}),
        ("re:foo|bar", set()),
        ("re:abc{10,20}", set()),
        ("re:[abc]def", set()),
        (r"re:\x{41}bcd", set()),
    ],
)
def test_what_an_index_is_asked_for(asked: str, expected: set[str]) -> None:
    """Only what all that matches must have."""
    assert expected == set(smart(asked, "$.grep").grams)


def test_three_letters_in_a_row() -> None:
    """Each once; none that is no letter everywhere."""
    assert ("aba", "bab") == grams("abababab")
    assert () == grams("a\0b")


def test_a_snippet_shows_what_was_found() -> None:
    """All of it in a short line, and what is around the first in a long one."""
    assert "a <mark>B</mark>, <mark>b</mark>" == smart("b", "").mark("a B, b")
    assert "<mark>ab</mark>b ab" == smart("re:ab", "").mark("abb ab")
    text = "x" * 500 + "needle" + "y" * 500
    expected = f"…{'x' * CONTEXT}<mark>needle</mark>{'y' * CONTEXT}…"
    assert expected == smart("needle", "").mark(text)
    assert expected == smart("re:ne+dle", "").mark(text)
    assert len(smart("re:.*", "").mark("z" * 100_000)) < 2000


def test_the_fullest_weighs_most() -> None:
    """A text that is nearly all of it before one that mentions it."""
    for pattern in (smart("error", ""), smart("re:err.r", "")):
        texts = ["error here and much else beside it", "error: no", "nothing"]
        assert texts[1:2] + texts[:1] + texts[2:] == sorted(
            texts, key=lambda text: -pattern.weight(text)
        )
