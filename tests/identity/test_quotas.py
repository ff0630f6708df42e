"""Rate limits of tokens, and the memory that they take."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.config import Config
from ant.core.counters import Limit
from ant.core.errors import RateLimited
from ant.identity.quotas import MINUTE_S, Quotas, RateWindow
from ant.model.sessions import SessionId

ADA, BOB = SessionId("ada"), SessionId("bob")


class ManualClock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def quotas(clock: ManualClock, **settings: int) -> Quotas:
    return Quotas(Config(**settings), clock)  # type: ignore[arg-type]


@given(
    most=st.integers(1, 50),
    asked=st.lists(st.tuples(st.floats(0, 40), st.integers(1, 60)), max_size=60),
)
def test_no_minute_exceeds_the_limit(most: int, asked: list[tuple[float, int]]) -> None:
    """Wherever the minute begins; after the wait there is room."""
    window, now, spent = RateWindow(most), 5.0, []
    for pause, amount in asked:
        now += pause
        wait_s = window.wait_s(amount, now)
        if wait_s:
            assert amount + sum(n for at, n in spent if at > now - MINUTE_S - 1) > most
            now += wait_s
            if amount > most:
                continue
            assert not window.wait_s(amount, now)
        window.spend(amount, now)
        spent.append((now, amount))
        assert most >= sum(n for at, n in spent if at > now - MINUTE_S)
        assert len(window._slots) <= MINUTE_S + 1


def test_an_amount_that_was_given_back_can_be_spent() -> None:
    """Also after its second has left the window."""
    window = RateWindow(1)
    slot = window.spend(1, 0)
    assert 61 == window.wait_s(1, 0)
    window.give_back(slot, 1)
    assert 0 == window.wait_s(1, 0)
    slot = window.spend(1, 0)
    window.forget(100)
    window.give_back(slot, 1)
    assert 0 == window.wait_s(1, 100)
    window.spend(1, 100)
    assert window.wait_s(1, 100)


def test_zero_is_no_limit() -> None:
    """Any amount fits."""
    window = RateWindow(0)
    window.spend(10**9, 0)
    assert 0 == window.wait_s(10**9, 0)


@pytest.mark.meets(Limit.TOKEN_QUOTA)
def test_bytes_and_requests() -> None:
    """Each has its limit, for each terminal; a refusal spends nothing."""
    clock = ManualClock()
    both = quotas(clock, token_bytes_per_minute=100, token_requests_per_minute=3)
    both.spend(ADA, 60)
    for _ in range(5):
        with pytest.raises(RateLimited, match="100 bytes in a minute") as refused:
            both.spend(ADA, 41)
    assert 61 == refused.value.retry_s
    both.spend(ADA, 40)
    both.spend(ADA, 0)
    with pytest.raises(RateLimited, match="3 times in a minute"):
        both.spend(ADA, 0)
    both.spend(BOB, 100)
    clock.now += refused.value.retry_s
    both.spend(ADA, 100)


@pytest.mark.meets(Limit.ROOM_POSTS)
def test_posts_of_a_room() -> None:
    """Posts that reach others count, and those that are being posted."""
    clock = ManualClock()
    room = quotas(clock, room_posts_per_minute=2)
    for _ in range(5):
        with room.posting(ADA):
            pass
    with room.posting(ADA) as one, room.posting(ADA):
        one.is_routed = True
        with (
            pytest.raises(RateLimited, match="2 messages to others"),
            room.posting(ADA),
        ):
            raise AssertionError("it is refused")
    with room.posting(ADA) as two:
        two.is_routed = True
    with pytest.raises(RateLimited) as refused, room.posting(ADA):
        raise AssertionError("it is refused")
    with room.posting(BOB):
        pass
    clock.now += refused.value.retry_s
    with room.posting(ADA):
        pass


def test_a_post_that_fails_is_given_back() -> None:
    """Whatever it raises."""
    room = quotas(ManualClock(), room_posts_per_minute=1)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), room.posting(ADA):
            raise ZeroDivisionError


def test_empty_windows_are_deleted() -> None:
    """Only those that wrote in the last two minutes have one."""
    clock = ManualClock()
    known = quotas(clock)
    for n in range(1000):
        known.spend(SessionId(f"terminal {n}"), 10)
        with known.posting(SessionId(f"room {n}")) as post:
            post.is_routed = True
        clock.now += 1
    assert len(known._terminals) + len(known._rooms) <= 2 * 2 * (MINUTE_S + 2)
    clock.now += 2 * MINUTE_S
    known.spend(ADA, 1)
    assert (1, 0) == (len(known._terminals), len(known._rooms))
