"""The only place that reads the time of day or randomness and writes times as text."""

import re
import secrets
import string
import time
from datetime import UTC, datetime, timedelta

_ALPHABET = (string.ascii_letters + string.digits + "-_").encode()
_LETTERS = _ALPHABET * 4
"""A letter for each of the 256 bytes, each of the 64 letters equally often."""
_DURATION = re.compile(r"(\d{1,9})(s|m|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def now() -> datetime:
    """The time of day, UTC, microseconds."""
    return datetime.now(UTC)


def monotonic() -> float:
    """Seconds that only go forward; for durations."""
    return time.monotonic()


def busy() -> float:
    """Seconds of processor time that this thread has used; waiting does not count."""
    return time.thread_time()


def rest(seconds: float) -> None:
    """Sleep, in a thread of our own: never on the loop, which sleeps by trio."""
    time.sleep(seconds)


def new_id() -> str:
    """21 URL-safe random characters (125 bits) that begin with a letter or digit.

    A leading dash would be an option to every program that is given the id.
    """
    while (text := secrets.token_bytes(21).translate(_LETTERS).decode())[0] in "-_":
        pass
    return text


def stamp(moment: datetime) -> str:
    """RFC 3339, UTC, always six decimals and `Z`, so that text order is time order."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat("T", "microseconds")[:-6] + "Z"  # For +00:00.


def parse_stamp(text: str) -> datetime:
    """The inverse of `stamp`; any RFC 3339 time with a zone. Raises ValueError."""
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


def parse_moment(text: str, at: datetime) -> datetime:
    """A time, an epoch-ms integer or a duration before `at` (`30s`, `5m`, `1h`, `7d`).

    Raises ValueError with a sentence.
    """
    try:
        if match := _DURATION.fullmatch(text):
            return at - timedelta(seconds=int(match[1]) * _SECONDS[match[2]])
        if text.isdecimal() and text.isascii():
            return _EPOCH + timedelta(milliseconds=int(text))
        return parse_stamp(text)
    except (ValueError, OverflowError) as exc:
        raise ValueError(
            "expected an RFC 3339 time, epoch milliseconds or a duration such as 5m"
        ) from exc
