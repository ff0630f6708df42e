"""States and reasons of deliveries."""

from ant.model.deliveries import (
    ARRIVED,
    PENDING,
    SENTENCES,
    UNDER_WAY,
    DeliveryState,
    Reason,
)


def test_reasons_have_sentences() -> None:
    """Every reason has one, except for those of success."""
    assert set(Reason) - {Reason.HOOK, Reason.REPLY, Reason.READ} == set(SENTENCES)
    assert all(each.endswith(".") for each in SENTENCES.values())


def test_states_are_before_or_after_typing() -> None:
    """A pending delivery has not arrived; one that is watched has."""
    assert set() == PENDING & ARRIVED
    assert UNDER_WAY < ARRIVED
    never = {DeliveryState.FAILED, DeliveryState.DEAD, DeliveryState.SKIPPED}
    assert set(DeliveryState) == PENDING | ARRIVED | never
