"""The time of day, randomness, and times as text; no other module reads them."""

import re
import secrets
import string
import time
from datetime import UTC, datetime, timedelta

_ALPHABET = (string.ascii_letters + string.digits + "-_").encode()
_LETTERS = _ALPHABET * 4
"""A translation table from 256 byte values to 64 letters, each equally often."""
_DURATION = re.compile(r"(\d{1,9})(s|m|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def now() -> datetime:
    """The time of day in UTC, with microseconds."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds of a clock that never goes back; for durations."""
    return time.monotonic()


def cpu_time() -> float:
    """Seconds of processor time that this thread has used, without its waits."""
    return time.thread_time()


def sleep(seconds: float) -> None:
    """Sleep in a worker thread; a task of the event loop uses `trio.sleep`."""
    time.sleep(seconds)


def new_id() -> str:
    """21 URL-safe random characters (125 bits), the first a letter or a digit.

    A program would take an id with a leading dash for an option.
    """
    while (text := secrets.token_bytes(21).translate(_LETTERS).decode())[0] in "-_":
        pass
    return text


def new_secret() -> str:
    """32 random bytes as 43 URL-safe characters, for a secret that nobody guesses."""
    return secrets.token_urlsafe(32)


def stamp(moment: datetime) -> str:
    """A time as RFC 3339 text in UTC, with six decimals and `Z`: it sorts by time."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat("T", "microseconds")[:-6] + "Z"  # For +00:00.


def parse_stamp(text: str) -> datetime:
    """The time in RFC 3339 text, which needs a zone. Raises `ValueError`."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the time has no zone")
    return moment if moment.tzinfo is UTC else moment.astimezone(UTC)


def epoch_ms(moment: datetime) -> int:
    """Milliseconds since 1970, rounded down."""
    return (moment - _EPOCH) // timedelta(milliseconds=1)


def from_epoch_ms(ms: int) -> datetime:
    """The inverse of `epoch_ms`."""
    return _EPOCH + timedelta(milliseconds=ms)


def parse_duration(text: str) -> timedelta:
    """A duration: an integer and a unit, such as `30s` or `7d`. Raises `ValueError`."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("expected a duration such as 5m")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def parse_moment(text: str, at: datetime) -> datetime:
    """The time in RFC 3339 text, in epoch milliseconds, or a duration before `at`.

    A duration is an integer and a unit: `30s`, `5m`, `1h`, `7d`. Raises `ValueError`
    with a sentence.
    """
    try:
        if _DURATION.fullmatch(text):
            return at - parse_duration(text)
        if text.isdecimal() and text.isascii():
            return _EPOCH + timedelta(milliseconds=int(text))
        return parse_stamp(text)
    except (ValueError, OverflowError) as exc:
        raise ValueError(
            "expected an RFC 3339 time, epoch milliseconds or a duration such as 5m"
        ) from exc
