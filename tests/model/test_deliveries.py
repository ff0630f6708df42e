"""The words of the ledger."""

from ant.model.deliveries import (
    ARRIVED,
    PENDING,
    SENTENCES,
    UNDER_WAY,
    DeliveryState,
    Reason,
)


def test_what_may_be_wrong_is_said_in_words() -> None:
    """Every reason has a sentence, but those that are good news."""
    assert set(Reason) - {Reason.REPLY, Reason.READ} == set(SENTENCES)
    assert all(each.endswith(".") for each in SENTENCES.values())


def test_states_are_before_or_after_typing() -> None:
    """What waits has not arrived; what is watched has."""
    assert set() == PENDING & ARRIVED
    assert UNDER_WAY < ARRIVED
    never = {DeliveryState.FAILED, DeliveryState.DEAD, DeliveryState.SKIPPED}
    assert set(DeliveryState) == PENDING | ARRIVED | never
