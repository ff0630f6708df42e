"""The hash chain of a session's run events: each holds the hash of the one before it.

A change to an event, or its removal, breaks the chain unless all later events are made
anew. ANT does not sign the last event. To be able to detect a chain that was made anew,
keep the last hash elsewhere. All functions are pure.

A tombstone, and the event in the place of pruned ones, keeps the hash of the content
that is gone. So the chain shows its place, and proves nothing about that content.
"""

import hashlib
import re
from collections.abc import Sequence
from typing import Any

from ant.api import codec
from ant.model.run_events import PRUNED, TOMBSTONE, pruned_text

OUTSIDE = frozenset({"id", "ts", "hash"})
"""Fields that the hash does not cover: the row's number in one database, the copy of
`ts_ms`, and the hash itself."""

_HASH = re.compile("[0-9a-f]{64}")
_EMPTY = ("raw_ref", "start", "end")
"""Fields that are null where the content is gone."""


def seal(body: dict[str, Any]) -> str:
    """Return the hash of an event in its wire form: the SHA-256 of its JSON, in hex.

    The JSON has sorted keys, no blanks, UTF-8, and no field of `OUTSIDE`.
    """
    sealed = {key: value for key, value in body.items() if key not in OUTSIDE}
    return hashlib.sha256(codec.canonical(sealed)).hexdigest()


def fault(events: Sequence[dict[str, Any]]) -> str | None:
    """Describe the first fault in a sequence of events; None if the sequence is whole.

    It may begin anywhere, because the oldest events are removed. An event that was
    moved is reported where it is missing or comes too late.
    """
    numbers = {event.get("n") for event in events}
    for before, event in zip([None, *events], events, strict=False):
        n = event.get("n")
        if not (_is_copied(event) and _is_sealed(event)):
            return f"Event {n} was changed."
        if before is None:
            if n == 1 and event.get("prev") is not None:
                return "Event 1 was changed: it follows another."
            continue
        if first_of(event) != before["n"] + 1:
            if n <= before["n"]:
                return f"Event {n} is out of its place."
            missed = before["n"] + 1
            gone = "is out of its place" if missed in numbers else "was removed"
            return f"Event {missed} {gone}."
        if event.get("prev") != before["hash"]:
            return f"Event {before['n']} was replaced: event {n} follows another."
    return None


def _is_copied(event: dict[str, Any]) -> bool:
    """Whether `ts` is the copy of `ts_ms` that it should be, or absent."""
    ts_ms = event.get("ts_ms")
    ts = event.get("ts", ts_ms)
    return type(ts) is type(ts_ms) and ts == ts_ms


def is_redacted(event: dict[str, Any]) -> bool:
    """Whether the content of an event is gone, and nothing stands in its place."""
    kind, first = event.get("kind"), first_of(event)
    count = event["n"] - first + 1
    if kind == PRUNED:
        allowed = [(pruned_text(count), {"first": first, "count": count})]
    elif kind == TOMBSTONE:
        allowed = [("", {}), ("", {"first": first, "count": count})]
    else:
        return False
    is_empty = all(event.get(key, "absent") is None for key in _EMPTY)
    return is_empty and (event.get("text"), event.get("payload")) in allowed


def first_of(event: dict[str, Any]) -> int:
    """The number of the first event that an event stands for: mostly its own."""
    n: int = event["n"]
    payload = event.get("payload")
    if event.get("kind") in (TOMBSTONE, PRUNED) and isinstance(payload, dict):
        first = payload.get("first")
        if type(first) is int and 0 < first <= n:
            return first
    return n


def _is_sealed(event: dict[str, Any]) -> bool:
    if type(event.get("n")) is int and is_redacted(event):
        sealed = event.get("hash")
        return isinstance(sealed, str) and bool(_HASH.fullmatch(sealed))
    try:
        return seal(event) == event.get("hash")
    except TypeError:  # Nested deeper than the codec writes JSON: not written by ANT.
        return False
