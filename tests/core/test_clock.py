"""Time as text, and ids."""

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.core import clock

AT = datetime(2026, 5, 17, 12, 0, 0, 250, tzinfo=UTC)
MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2),
    max_value=datetime(9999, 12, 30),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30))]),
)


@given(MOMENTS, MOMENTS)
def test_text_order_is_time_order(one: datetime, other: datetime) -> None:
    """Stamps compare as their moments do, in every year, and read back the same."""
    assert (one < other) == (clock.stamp(one) < clock.stamp(other))
    assert one == clock.parse_stamp(clock.stamp(one))


def test_a_stamp_has_microseconds_and_z() -> None:
    """The form never varies, so that text can be compared."""
    assert "2026-05-17T12:00:00.000250Z" == clock.stamp(AT)
    assert "2026-05-17T12:00:00.000000Z" == clock.stamp(AT.replace(microsecond=0))


@pytest.mark.parametrize("text", ["2026-05-17T12:00:00", "yesterday", "", "2026-05-17"])
def test_a_time_without_a_zone_is_none(text: str) -> None:
    """A time without a zone is ambiguous, so it is refused."""
    with pytest.raises(ValueError, match=r"."):
        clock.parse_stamp(text)


@given(st.integers(0, 253402300799999))
def test_epoch_milliseconds_come_back(ms: int) -> None:
    """No millisecond is lost to floating point."""
    assert ms == clock.epoch_ms(clock.parse_moment(str(ms), AT))


def test_epoch_milliseconds_round_down() -> None:
    """Down, before 1970 as well."""
    assert 1 == clock.epoch_ms(datetime(1970, 1, 1, 0, 0, 0, 1999, tzinfo=UTC))
    assert -1 == clock.epoch_ms(datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30s", AT - timedelta(seconds=30)),
        ("5m", AT - timedelta(minutes=5)),
        ("1h", AT - timedelta(hours=1)),
        ("7d", AT - timedelta(days=7)),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2026-05-17T14:00:00.000250+02:00", AT),
    ],
)
def test_a_moment_is_a_time_or_milliseconds_or_a_duration(
    text: str, expected: datetime
) -> None:
    """A time, epoch milliseconds or a duration."""
    assert expected == clock.parse_moment(text, AT)


@given(st.text(max_size=64) | st.from_regex(r"\d{1,30}[smhd]?", fullmatch=True))
def test_any_text_is_a_moment_or_a_sentence(text: str) -> None:
    """Raises only `ValueError`, and each result has a stamp."""
    with suppress(ValueError):
        moment = clock.parse_moment(text, AT)
        assert moment == clock.parse_stamp(clock.stamp(moment))


def test_an_id_is_no_option() -> None:
    """21 URL-safe characters, the first a letter or digit; no two ids are equal."""
    ids = {clock.new_id() for _ in range(2000)}
    assert 2000 == len(ids)
    assert all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{20}", each) for each in ids)


def test_the_clocks_go_forward() -> None:
    """`now` is in UTC, and `monotonic` never goes back."""
    assert clock.now().tzinfo is UTC
    assert clock.monotonic() <= clock.monotonic()
