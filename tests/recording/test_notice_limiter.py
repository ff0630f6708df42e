"""Notifications of a terminal host are limited, and none is lost uncounted."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ant.model.run_events import HostEvent
from ant.recording import notice_limiter
from ant.recording.notice_limiter import BURST, REFILL_S, REPEAT_S, SUBJECTS
from ant.recording.notice_limiter import NoticeLimiter as Limiter


def renamed(name: str, window: int = 1, at: int = 0) -> HostEvent:
    return HostEvent("window-renamed", {"window_id": window, "name": name}, at)


def offered(limiter: Limiter, event: HostEvent, now: float) -> list[tuple[str, int]]:
    """Offer and take, as the recorder does; the names that are recorded."""
    limiter.offer(event, now)
    return taken(limiter, now)


def taken(limiter: Limiter, now: float, **how: Any) -> list[tuple[str, int]]:
    return [(event.data["name"], over) for event, over in limiter.take(now, **how)]


def test_a_burst_is_recorded_one_by_one() -> None:
    """Then one at a time, with the number of those that it stands for."""
    limiter = Limiter()
    for n in range(BURST):
        assert [(f"{n}", 0)] == offered(limiter, renamed(f"{n}"), 0.0)
    assert limiter.due is None
    for n in range(5):
        assert [] == offered(limiter, renamed(f"later {n}"), 1.0)
    assert REFILL_S == limiter.due
    assert [] == taken(limiter, REFILL_S - 0.1)
    assert [("later 4", 4)] == taken(limiter, REFILL_S)
    assert limiter.due is None


def test_a_shell_loop_fills_no_log() -> None:
    """`while sleep 1` renames its window twice a second: three hours of that."""
    limiter, recorded, now = Limiter(), list[tuple[str, int]](), 0.0
    for n in range(3 * 3600 * 2):
        now = n / 2
        recorded += offered(limiter, renamed("sleep" if n % 2 else "bash"), now)
    recorded += taken(limiter, now, is_over=True)
    assert len(recorded) <= BURST + 3 * 3600 / REFILL_S + 1
    assert 3 * 3600 * 2 == sum(1 + over for _, over in recorded)
    assert "sleep" == recorded[-1][0]


def test_a_repeat_waits_and_is_counted() -> None:
    """After that time it is a fact of its own; a change does not wait."""
    limiter = Limiter()
    assert [("a", 0)] == offered(limiter, renamed("a"), 0.0)
    assert [] == offered(limiter, renamed("a"), 1.0)
    assert [] == offered(limiter, renamed("a"), 2.0)
    assert REPEAT_S == limiter.due
    assert [("a", 1)] == taken(limiter, REPEAT_S)
    assert [] == offered(limiter, renamed("a"), REPEAT_S + 1)
    assert [("b", 1)] == offered(limiter, renamed("b"), REPEAT_S + 2)
    assert [("a", 0)] == offered(limiter, renamed("a"), REPEAT_S + 3)


def test_each_window_has_its_last_name() -> None:
    """And a window that is renamed all the time does not displace another."""
    limiter = Limiter()
    for n in range(BURST):
        offered(limiter, renamed(f"{n}"), 0.0)
    offered(limiter, renamed("other", 2), 1.0)
    for n in range(100):
        offered(limiter, renamed(f"busy {n}"), 2.0)
    assert [("other", 0)] == taken(limiter, REFILL_S)
    assert [("busy 99", 99)] == taken(limiter, 2 * REFILL_S)


def test_kinds_do_not_displace_each_other() -> None:
    """Each has its own bucket; at the end they come in their order."""
    limiter = Limiter()
    for n in range(BURST):
        offered(limiter, renamed(f"{n}"), 0.0)
    offered(limiter, renamed("held"), 0.0)
    pane = HostEvent("pane-mode-changed", {"pane_id": 1, "name": "mode"}, 0)
    assert [("mode", 0)] == offered(limiter, pane, 0.0)
    assert [] == offered(limiter, pane, 0.0)
    assert [("held", 0), ("mode", 0)] == taken(limiter, 0.0, is_over=True)


def test_too_many_windows_are_counted() -> None:
    """The one that waited longest is only counted."""
    limiter = Limiter()
    for n in range(BURST):
        offered(limiter, renamed(f"{n}"), 0.0)
    for window in range(2, SUBJECTS + 4):
        offered(limiter, renamed(f"w{window}", window), 1.0)
    told = taken(limiter, 1.0, is_over=True)
    assert [f"w{window}" for window in range(4, SUBJECTS + 4)] == [n for n, _ in told]
    assert SUBJECTS + 2 == sum(1 + over for _, over in told)


@given(
    st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from("ab"), st.integers(1, 3)),
        max_size=80,
    )
)
def test_none_is_lost_uncounted(steps: list[tuple[int, str, int]]) -> None:
    """For any sequence the counts add up, and the last name of each window is told."""
    limiter, now, told, last = Limiter(), 0.0, list[tuple[HostEvent, int]](), {}
    for pause, name, window in steps:
        while (due := limiter.due) is not None and due <= now + pause:
            now = max(now, due)
            told += limiter.take(now)
        now += pause
        limiter.offer(renamed(name, window), now)
        told += limiter.take(now)
        last[window] = name
    told += limiter.take(now, is_over=True)
    assert limiter.due is None
    assert len(steps) == sum(1 + over for _, over in told)
    assert last == {event.data["window_id"]: event.data["name"] for event, _ in told}


def test_the_bounds_are_those_that_are_documented() -> None:
    """Ten at once, then one in half a minute."""
    assert (10, 30.0, 5.0, 16) == (
        notice_limiter.BURST,
        notice_limiter.REFILL_S,
        notice_limiter.REPEAT_S,
        notice_limiter.SUBJECTS,
    )
