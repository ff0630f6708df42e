"""Checks an evidence bundle without a server: whether it was changed after its export.

Each event has the hash of the previous one, so the check finds and names an event that
was changed, removed or moved. The count, the first number and the head in the bundle
cover both ends of the chain. The event of a command has the hash of its output.

The check has limits. A forger who recomputes all later events and the end of the chain
is detected only with a hash that was kept elsewhere. Rows other than events are not
hashed. Bytes that are not the output of a command are covered only by the hash of all
bytes, which is in the bundle itself.
"""

import base64
import binascii
import hashlib
import re
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import attrs

from ant.api import codec
from ant.core.errors import Invalid
from ant.export.bundle import FORMAT, VERSION
from ant.run_events import hash_chain

Body = dict[str, Any]

_SHA256 = re.compile("[0-9a-f]{64}")
"""A hash. Anything else in its place might be a control sequence for the terminal that
prints it."""


@attrs.frozen
class CheckResult:
    """What was checked, and the first `fault`; None if the bundle is unchanged.

    `head` is the hash of the last event. `compared` counts the outputs of commands that
    match their hash, `missing` those whose bytes are not all in the bundle. `earlier`
    counts the events before the first one: the oldest are not kept for ever. `redacted`
    counts the events whose content was deleted or pruned, which prove nothing else.
    """

    events: int
    head: str | None
    compared: int
    missing: int
    earlier: int
    fault: str | None
    redacted: int = 0


def verify(data: bytes, head: str | None = None) -> CheckResult:
    """Check a bundle, and that it has an event with the hash `head`, if given.

    Raises `Invalid` if `data` is not an evidence bundle.
    """
    bundle = _bundle(codec.loads(data))
    events = bundle["run_events"]
    fault = (
        _malformed(events)
        or hash_chain.fault(events)
        or _ends(events, bundle["chain"])
        or _other_head(events, head)
        or _other_session(events, bundle["session"])
        or _beyond(events, bundle["bytes"])
    )
    compared, missing = 0, 0
    if fault is None:
        broken, ranges = _ranges(bundle["bytes"])
        compared, missing, fault = _outputs(events, ranges)
        fault = fault or broken  # The fault of a command is more specific.
    earlier = redacted = 0
    if events and fault is None:
        earlier = hash_chain.first_of(events[0]) - 1
        redacted = sum(
            each["n"] - hash_chain.first_of(each) + 1
            for each in events
            if hash_chain.is_redacted(each)
        )
    last = _hash(events[-1]) if events else None
    return CheckResult(len(events), last, compared, missing, earlier, fault, redacted)


def _bundle(value: Any) -> Body:
    """Return a bundle in the shape that the other checks need. Raises `Invalid`."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise Invalid(f"expected format {FORMAT}, an evidence bundle, at $.format")
    if value.get("version") != VERSION:
        raise Invalid(f"expected version {VERSION} at $.version")
    if not isinstance(value.get("session"), dict):
        raise Invalid("expected an object at $.session")
    if not isinstance(value.get("run_events"), list):
        raise Invalid("expected a list at $.run_events")
    ends = value.get("chain")
    if not isinstance(ends, dict) or type(ends.get("count")) is not int:
        raise Invalid("expected a count at $.chain.count")
    if ends["count"] and type(ends.get("first")) is not int:
        raise Invalid("expected a number at $.chain.first")
    extent = value.setdefault("bytes", None)
    if extent is not None:
        keys = ("oldest", "end")
        is_extent = isinstance(extent, dict) and _are_numbers(map(extent.get, keys))
        if not is_extent or not isinstance(extent.get("chunks"), list | None):
            raise Invalid("expected oldest, end and chunks at $.bytes")
    return value


def _hash(event: Any) -> str | None:
    value = event.get("hash") if isinstance(event, dict) else None
    return value if isinstance(value, str) and _SHA256.fullmatch(value) else None


def _are_numbers(values: Any) -> bool:
    return all(type(each) is int for each in values)


def _malformed(events: Sequence[Any]) -> str | None:
    for place, event in enumerate(events, 1):
        if not isinstance(event, dict) or type(event.get("n")) is not int:
            return f"The event at position {place} was changed: it has no number."
    return None


def _ends(events: Sequence[Body], ends: Body) -> str | None:
    """Return the first fault at either end of the chain."""
    count, first = ends["count"], ends.get("first") or 0
    if count and (not events or events[0]["n"] > first):
        return f"Event {first} was removed."
    if len(events) < count:
        return f"Event {first + len(events)} was removed."
    if len(events) > count or (events and events[0]["n"] != first):
        n = events[0]["n"] if not count or events[0]["n"] != first else first + count
        return f"Event {n} was added."
    if events and events[-1]["hash"] != ends.get("head"):
        return (
            f"Event {events[-1]['n']} was replaced: its hash is not the chain's head."
        )
    return None


def _other_head(events: Sequence[Body], head: str | None) -> str | None:
    if head is None or any(each["hash"] == head for each in events):
        return None
    return "No event has the given hash: an event up to it was replaced or removed."


def _other_session(events: Sequence[Body], session: Body) -> str | None:
    for event in events:
        if event.get("session_id") != session.get("id"):
            return f"Event {event['n']} belongs to another session."
    return None


def _beyond(events: Sequence[Body], extent: Body | None) -> str | None:
    end = extent["end"] if extent is not None else 0
    for event in events:
        ends = [event.get("start"), event.get("end")]
        offsets = [each for each in ends if each is not None]
        if not _are_numbers(offsets) or offsets != sorted(offsets):
            return f"Event {event['n']} has invalid offsets."
        if offsets and not 0 <= offsets[0] <= offsets[-1] <= end:
            return (
                f"Event {event['n']} points at bytes past the transcript's end, {end}."
            )
    return None


@attrs.frozen
class _Range:
    """Consecutive bytes; `start` is the offset of the first."""

    start: int
    data: bytes


def _ranges(extent: Body | None) -> tuple[str | None, list[_Range]]:
    """Return the fault of the transcript, if any, and its ranges of bytes."""
    if extent is None or extent["chunks"] is None:
        return None, []
    whole, runs, at = (
        hashlib.sha256(),
        list[tuple[int, list[bytes]]](),
        extent["oldest"],
    )
    for place, chunk in enumerate(extent["chunks"]):
        try:
            offset = chunk["offset"]
            data = base64.b64decode(chunk["data_b64"], validate=True)
        except (KeyError, TypeError, ValueError, binascii.Error):
            return f"Chunk {place} of the transcript cannot be read.", []
        if type(offset) is not int or not at <= offset <= extent["end"] - len(data):
            return f"Chunk {place} of the transcript has a wrong offset.", []
        if runs and at == offset:
            runs[-1][1].append(data)
        else:
            runs.append((offset, [data]))
        whole.update(data)
        at = offset + len(data)
    if whole.hexdigest() != extent.get("sha256"):
        fault = "The transcript was changed: it does not match its hash."
    else:
        fault = None
    return fault, [_Range(start, b"".join(parts)) for start, parts in runs]


def _outputs(
    events: Sequence[Body], ranges: Sequence[_Range]
) -> tuple[int, int, str | None]:
    """Return the numbers of matching and of missing outputs, and the first fault."""
    starts = [each.start for each in ranges]
    compared = missing = 0
    for event in events:
        payload = event.get("payload")
        wanted = payload.get("output_sha256") if isinstance(payload, dict) else None
        start, end = event.get("start"), event.get("end")
        if not isinstance(wanted, str) or start is None or end is None:
            continue
        place = bisect_right(starts, start) - 1
        range_ = ranges[place] if place >= 0 else None
        if start == end:
            data = b""
        elif range_ is None or end > range_.start + len(range_.data):
            missing += 1
            continue
        else:
            data = range_.data[start - range_.start : end - range_.start]
        if hashlib.sha256(data).hexdigest() != wanted:
            return compared, missing, f"The output of event {event['n']} was changed."
        compared += 1
    return compared, missing, None
