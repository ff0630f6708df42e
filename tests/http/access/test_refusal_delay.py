"""Callers that are refused often wait for the next refusal."""

import pytest

from ant.core.counters import Limit, counted
from ant.http.access.refusal_delay import ADDRESSES, DELAY_S, FREE, MINUTE_S, Refusals


class Clock:
    """A clock of the test."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def now() -> Clock:
    return Clock()


def test_a_few_refusals_are_answered_at_once(now: Clock) -> None:
    """The next ones wait, and are counted; a minute later all is as before."""
    refusals, before = Refusals(now), counted(Limit.REFUSALS)
    assert {0.0} == {refusals.count("192.0.2.1") for _ in range(FREE)}
    assert [DELAY_S] * 3 == [refusals.count("192.0.2.1") for _ in range(3)]
    assert 3 == counted(Limit.REFUSALS) - before
    now.at += MINUTE_S / FREE * 1.5
    assert [0, DELAY_S] == [refusals.count("192.0.2.1") for _ in range(2)]
    now.at += MINUTE_S * 3
    assert {0.0} == {refusals.count("192.0.2.1") for _ in range(FREE)}
    assert DELAY_S == refusals.count("192.0.2.1")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False),
        ("127.0.0.1", "127.0.0.2", True),
        ("127.0.0.1", "::1", True),
        ("127.0.0.1", "::ffff:127.0.0.1", True),
        ("2001:db8::1", "2001:db8::ffff:1", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%a", "fe80::2%b", True),
        (None, "nonsense", True),
    ],
)
def test_addresses_are_counted_apart(
    now: Clock, one: str | None, other: str, same: bool
) -> None:
    """A host with IPv6 has a whole network."""
    refusals = Refusals(now)
    for _ in range(FREE):
        refusals.count(one)
    assert same == bool(refusals.count(other))


def test_the_table_is_bounded(now: Clock) -> None:
    """The address that was refused longest ago is forgotten."""
    refusals = Refusals(now)
    for _ in range(FREE):
        refusals.count("192.0.2.1")
        refusals.count("192.0.2.2")
    for number in range(ADDRESSES - 1):
        refusals.count(f"10.0.{number >> 8}.{number & 255}")
    assert DELAY_S == refusals.count("192.0.2.2")
    assert 0 == refusals.count("192.0.2.1")
