"""The nouns of what happened."""

import attrs
import pytest

from ant.model import run_events


@pytest.mark.parametrize(
    "noun", [each for each in vars(run_events).values() if attrs.has(each)]
)
def test_nouns_are_frozen(noun: type) -> None:
    """What happened does not change."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(noun.__new__(noun), attrs.fields(noun)[0].name, None)


def test_the_words_are_the_originals() -> None:
    """Clients filter by them."""
    assert {"terminal", "status", "tmux", "hook", "json", "rpc", "acp"} == set(
        run_events.Source
    )
    assert {"high", "medium", "raw"} == set(run_events.Trust)
