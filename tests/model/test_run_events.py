"""Run events."""

import attrs
import pytest

from ant.model import run_events


@pytest.mark.parametrize(
    "noun", [each for each in vars(run_events).values() if attrs.has(each)]
)
def test_classes_are_frozen(noun: type) -> None:
    """A run event does not change."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(noun.__new__(noun), attrs.fields(noun)[0].name, None)


def test_sources_have_the_names_of_the_original() -> None:
    """Clients filter by these names."""
    assert {"terminal", "status", "tmux", "hook", "json", "rpc", "acp"} == set(
        run_events.Source
    )
    assert {"high", "medium", "raw"} == set(run_events.Trust)
