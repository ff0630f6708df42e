"""Who is mentioned in a text, and who is left out."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.messages.mentions import addressed, find
from ant.model.handles import folded

# A mention is the same whatever surrounds it, as long as no word touches it.

NAMES = frozenset(["@codex", "@claude", "@a.b", "@dash-"])


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("hello", ""),
        ("@codex", "@codex"),
        ("@CoDeX, look", "@codex"),
        ("look, @codex.", "@codex"),
        ("look, @codex-", "@codex"),
        ("(@codex)", "@codex"),
        ("ask @codex's opinion", "@codex"),
        ("@codex\n@claude", "@codex @claude"),
        ("@a.b. Yes", "@a.b"),
        ("@dash- it", "@dash-"),
        ("@dash it", ""),
        ("mail foo@claude.com or foo@claude", ""),
        ("see https://example.org/@codex", ""),
        ("@codexes", ""),
        ("@@codex", ""),
        ("@ codex", ""),
        ("[@codex] look", ""),
        ("[@codex] and @claude", "@claude"),
        ("[@codex] said that. @codex?", "@codex"),
        ("`@codex`", "@codex"),
        ("@Ünïcode", ""),
    ],
)
def test_mentions(text: str, known: str) -> None:
    """Case does not matter, nor what ends a sentence; e-mail addresses do not count."""
    assert set(known.split()) == find(text).known(NAMES)


@pytest.mark.parametrize(
    ("text", "everyone"),
    [
        ("@everyone", True),
        ("hey @Everyone!", True),
        ("@everyone.", True),
        ("[@everyone]", False),
        ("a@everyone.org", False),
    ],
)
def test_everyone(text: str, everyone: bool) -> None:
    """It is not a name that could be unknown."""
    found = find(text)
    assert everyone == found.everyone
    assert not found.has_unknown(NAMES)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@codex, and (@b1): @c-d…", "codex b1 c-d"),
        ("**@codex** “@claude” —@b", "codex claude b"),
        ("@codex's", "codex"),
        ("mail foo@codex.org or foo@codex", ""),
        ("npm i @types/node react@18 @1.2", ""),
        ("@app.route('/')\n@codex(1)", ""),
        ("`@codex` and ``@b``", ""),
        ("```py\n@property\ndef x(): ...\n``` @codex", "codex"),
        ("```\n@codex", ""),
        ("git log @{u} x=@codex @@codex /@codex", ""),
        ("[@codex] @ b", ""),
    ],
)
def test_addressed(text: str, names: str) -> None:
    """Words by themselves in the form of a handle, outside of code."""
    assert names.split() == list(addressed(text))


@pytest.mark.parametrize("text", ["@" + "." * 200_000, "@a" + ".-" * 100_000])
def test_a_long_mention_is_read_once(text: str) -> None:
    """A tail of dots costs no time that grows with its square."""
    began = time.process_time()
    assert find(text).has_unknown(NAMES)
    assert time.process_time() - began < 0.2


def test_brackets() -> None:
    """They exclude a name."""
    found = find("[@codex] [ @CLAUDE. ] [@nobody] [codex] for all")
    assert {"@codex", "@claude"} == found.excluded(NAMES)
    assert () == found.names


def test_unknown_names() -> None:
    """Names that no session has, whatever else is mentioned."""
    assert find("@codex and @cluade").has_unknown(NAMES)
    assert not find("@codex and @claude.").has_unknown(NAMES)


@given(st.text(" .,;:!?()\n", min_size=1), st.text(" ,;:!?()\n", min_size=1))
def test_any_surroundings_fuzz(before: str, after: str) -> None:
    """Blanks and marks around a mention do not matter."""
    assert {"@codex"} == find(f"{before}@codex{after}").known(NAMES)


def test_folded() -> None:
    """With its `@`, in lower case, without blanks."""
    assert ["@a", "@a", "@a"] == [folded(each) for each in ("A", "@a", " @A ")]
