"""The chain of a session's run events: each holds the hash of the one before; pure.

Who changes or removes one has to make all later ones anew. Nobody signs the last, so
whoever wants to be sure of it keeps its hash somewhere else.
"""

import hashlib
from collections.abc import Sequence
from typing import Any

from ant.api import codec

OUTSIDE = frozenset({"id", "hash"})
"""What the hash does not cover: the row's number in one database, and itself."""


def seal(body: dict[str, Any]) -> str:
    """The hash of an event as it is on the wire: SHA-256 in hex of its JSON.

    Keys in order, no blanks, UTF-8, without `OUTSIDE`.
    """
    sealed = {key: value for key, value in body.items() if key not in OUTSIDE}
    return hashlib.sha256(codec.canonical(sealed)).hexdigest()


def fault(events: Sequence[dict[str, Any]]) -> str | None:
    """What is wrong with a run of events, the first thing; None if it is whole.

    It may begin anywhere, since the oldest are not kept for ever. What was moved is
    told as such, by the place where it is missed or stands too late.
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
    except TypeError:  # Nested deeper than JSON is written: it is none of ours.
        return False
