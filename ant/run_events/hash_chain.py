"""The hash chain of a session's run events: each holds the hash of the one before it.

A change to an event, or its removal, breaks the chain unless all later events are made
anew. ANT does not sign the last event. To be able to detect a chain that was made anew,
keep the last hash elsewhere. All functions are pure.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from ant.api import codec

OUTSIDE = frozenset({"id", "hash"})
"""Fields that the hash does not cover: the row's number in one database, and the hash
itself."""


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
        if not _is_sealed(event):
            return f"Event {n} was changed."
        if before is None:
            continue
        if n != before["n"] + 1:
            if n <= before["n"]:
                return f"Event {n} is out of its place."
            missed = before["n"] + 1
            gone = "is out of its place" if missed in numbers else "was removed"
            return f"Event {missed} {gone}."
        if event.get("prev") != before["hash"]:
            return f"Event {before['n']} was replaced: event {n} follows another."
    return None


def _is_sealed(event: dict[str, Any]) -> bool:
    try:
        return seal(event) == event.get("hash")
    except TypeError:  # Nested deeper than the codec writes JSON: not written by ANT.
        return False
