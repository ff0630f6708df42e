"""Checks an evidence bundle without a server: whether it was changed after its export.

Each event has the hash of the previous one, so the check finds and names an event that
was changed, removed or moved. The count, the first number and the head in the bundle
cover both ends of the chain. The event of a command has the hash of its output, the
event of the export has the names of the session, and the event of an answer has who
answered and how. The text of the transcript is made again from the bytes.

The check has limits, which its result lists. A forger who recomputes all later events
and the end of the chain is detected only with a hash that was kept elsewhere. Rows
other than events are not hashed. Bytes that are not the output of a command are covered
only by the hash of all bytes, which is in the bundle itself.
"""

import base64
import binascii
import hashlib
import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs

from ant.api import codec
from ant.core.errors import Invalid
from ant.export.bundle import FORMAT, VERSION
from ant.export.transcript_text import text_of, text_start
from ant.model.prompts import KEYS
from ant.model.run_events import Source
from ant.run_events import hash_chain
from ant.run_events.entries import EXPORTED, NAMES

Body = dict[str, Any]

FAULTS = 20
"""Faults that a check names; the rest are mostly consequences."""

STEPS = 5
"""Read it; check the chain, the bytes, the outputs of commands, and all the rest."""

ANSWER = ("by", "responder_id", "chosen")
"""Fields of an answer that its event has, too."""

_SHA256 = re.compile("[0-9a-f]{64}")
"""A hash. Anything else in its place might be a control sequence for the terminal that
prints it."""

_ROWS = ("messages", "tasks", "file_refs", "prompts", "terminal_events")
_KEYS = frozenset(
    {"format", "version", "exported_at", "session", "transcript", *_ROWS}
    | {"run_events", "chain", "bytes"}
)
_CHAIN_KEYS = frozenset({"count", "first", "head"})
_BYTES_KEYS = frozenset({"oldest", "end", "gaps", "sha256", "chunks"})
_CHUNK_KEYS = frozenset({"offset", "at", "data_b64"})


@attrs.frozen
class Uncovered:
    """Parts of a bundle that can be changed unnoticed, by JSON path, and the reason.

    A part includes what is in it. `[]` in a path means each item of a list, and
    `[redacted]` each event whose content was deleted or pruned.
    """

    paths: tuple[str, ...]
    reason: str


@attrs.frozen
class CheckResult:
    """What was checked, what is wrong, and what the check does not cover.

    `head` is the hash of the last event. `compared` counts the outputs of commands that
    were compared with their hash, `missing` those whose bytes are not all in the
    bundle. `earlier` counts the events before the first one: the oldest are not kept
    for ever. `redacted` counts the events whose content was deleted or pruned. `faults`
    is empty if the bundle is unchanged.
    """

    events: int
    head: str | None
    compared: int
    missing: int
    earlier: int
    redacted: int
    faults: tuple[str, ...]
    uncovered: tuple[Uncovered, ...]

    @property
    def fault(self) -> str | None:
        """The first fault."""
        return self.faults[0] if self.faults else None


def verify(
    data: bytes,
    head: str | None = None,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> CheckResult:
    """Check a bundle, and that it has an event with the hash `head`, if given.

    `progress` is called with the steps that are done, and their number. Raises
    `Invalid` if `data` is not an evidence bundle.
    """
    bundle = _bundle(codec.loads(data))
    progress(1, STEPS)
    events, session = bundle["run_events"], bundle["session"]
    malformed = _malformed(events)
    chain = malformed or hash_chain.fault(events)
    progress(2, STEPS)
    broken = None if chain else _ends(events, bundle["chain"])
    misplaced = chain or (
        _other_session(events, session) or _beyond(events, bundle["bytes"])
    )
    other_head = _other_head(events, head)
    damaged, ranges = _ranges(bundle["bytes"])
    progress(3, STEPS)
    compared, missing, outputs = _outputs(events, ranges)
    progress(4, STEPS)
    sealed = [] if chain else [e for e in events if not hash_chain.is_redacted(e)]
    export = _last_export(sealed)
    found = [
        *_repeated_names(data),
        *filter(None, dict.fromkeys((chain, broken, misplaced, other_head))),
        *outputs,
        *damaged,
        *_extent_faults(session, bundle["bytes"]),
        *_text_faults(bundle, ranges, bool(damaged)),
        *_name_faults(session, export),
        *_answer_faults(bundle["prompts"], sealed),
    ]
    progress(STEPS, STEPS)
    is_whole = bool(events) and not found
    earlier = hash_chain.first_of(events[0]) - 1 if is_whole else 0
    redacted = [] if malformed else list(filter(hash_chain.is_redacted, events))
    return CheckResult(
        events=len(events),
        head=_hash(events[-1]) if events else None,
        compared=compared,
        missing=missing,
        earlier=earlier,
        redacted=0 if chain else sum(map(_stood_for, redacted)),
        faults=tuple(found[:FAULTS]),
        uncovered=tuple(_uncovered(bundle, export, bool(chain), bool(redacted))),
    )


def _stood_for(redacted: Body) -> int:
    """Return how many events an event without content stands for."""
    n: int = redacted["n"]
    return n - hash_chain.first_of(redacted) + 1


def _repeated_names(data: bytes) -> Iterable[str]:
    """Yield a fault if readers of the bundle may find other values than this check."""
    name = codec.repeated_name(data)
    if name is not None:
        yield f"An object has two values for one name: {_printable(name)}."


def _bundle(value: Any) -> Body:
    """Return a bundle in the shape that the other checks need. Raises `Invalid`."""
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise Invalid(f"expected format {FORMAT}, an evidence bundle, at $.format")
    if type(value.get("version")) is not int or value["version"] != VERSION:
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
    if not isinstance(value.setdefault("prompts", []), list):
        raise Invalid("expected a list at $.prompts")
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


def _are_numbers(values: Iterable[Any]) -> bool:
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
    if not events and (ends.get("first") is not None or ends.get("head") is not None):
        return "The chain has ends, but no event."
    return None


def _other_head(events: Sequence[Any], head: str | None) -> str | None:
    if head is None or any(_hash(each) == head for each in events):
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
    """Consecutive bytes from the offset `start` on, and the `sizes` of their chunks."""

    start: int
    data: bytes
    sizes: tuple[int, ...]


def _ranges(extent: Body | None) -> tuple[list[str], list[_Range]]:
    """Return the faults of the transcript, and its ranges of bytes."""
    if extent is None:
        return [], []
    if extent["chunks"] is None:
        has_hash = extent.get("sha256") is not None
        return ["The transcript has a hash, but no bytes."] * has_hash, []
    faults: list[str] = []
    runs: list[tuple[int, list[bytes]]] = []
    gaps: list[list[int]] = []
    whole, at = hashlib.sha256(), extent["oldest"]
    for place, chunk in enumerate(extent["chunks"]):
        offset, data = _decoded(chunk)
        if data is None:
            faults.append(f"Chunk {place} of the transcript cannot be read.")
            continue
        if type(offset) is not int or not at <= offset <= extent["end"] - len(data):
            faults.append(f"Chunk {place} of the transcript has a wrong offset.")
            continue
        if offset > at:
            gaps.append([at, offset])
        if not runs or offset > at:
            runs.append((offset, []))
        runs[-1][1].append(data)
        whole.update(data)
        at = offset + len(data)
    if at < extent["end"]:
        gaps.append([at, extent["end"]])
    if not faults and whole.hexdigest() != extent.get("sha256"):
        faults.append("The transcript was changed: it does not match its hash.")
    if not faults and not _are_gaps(extent.get("gaps", gaps), gaps):
        faults.append("The gaps of the transcript are not between its chunks.")
    return faults, [
        _Range(start, b"".join(parts), tuple(map(len, parts))) for start, parts in runs
    ]


def _are_gaps(value: Any, gaps: list[list[int]]) -> bool:
    is_list = isinstance(value, list) and all(isinstance(each, list) for each in value)
    return is_list and all(map(_are_numbers, value)) and value == gaps


def _decoded(chunk: Any) -> tuple[Any, bytes | None]:
    """Return the offset of a chunk and its bytes; None if they cannot be read."""
    try:
        text = chunk["data_b64"]
        data = base64.b64decode(text, validate=True)
        offset = chunk["offset"]
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None, None
    # Several texts of base64 can mean the same bytes.
    return offset, data if base64.b64encode(data).decode() == text else None


def _outputs(
    events: Sequence[Any], ranges: Sequence[_Range]
) -> tuple[int, int, list[str]]:
    """Return the numbers of compared and of missing outputs, and the faults."""
    starts = [each.start for each in ranges]
    compared = missing = 0
    faults: list[str] = []
    for place, event in enumerate(events, 1):
        if not isinstance(event, dict):
            continue
        wanted = _payload(event).get("output_sha256")
        start, end = event.get("start"), event.get("end")
        if not (isinstance(wanted, str) and type(start) is int and type(end) is int):
            continue
        number = bisect_right(starts, start) - 1
        if start == end:
            data = b""
        elif number < 0 or not start < end <= starts[number] + len(ranges[number].data):
            missing += 1
            continue
        else:
            at = starts[number]
            data = ranges[number].data[start - at : end - at]
        compared += 1
        if hashlib.sha256(data).hexdigest() != wanted:
            n = event.get("n")
            named = f"event {n}" if type(n) is int else f"the event at {place}"
            faults.append(f"The output of {named} was changed.")
    return compared, missing, faults


def _extent_faults(session: Body, extent: Body | None) -> Iterable[str]:
    """Yield what differs between the bytes and the terminal of the session."""
    terminal = session.get("terminal", extent)
    has_terminal = isinstance(terminal, dict)
    if has_terminal is not (extent is not None):
        yield "The session and the transcript differ in whether there is a terminal."
    elif terminal is not None and extent is not None:
        for key in ("oldest", "end"):
            if type(terminal.get(key)) is not int or terminal[key] != extent[key]:
                yield f"The session and the transcript have different offsets: {key}."


def _text_faults(
    bundle: Body, ranges: Sequence[_Range], is_damaged: bool
) -> Iterable[str]:
    """Yield a fault if the text of the transcript is not that of its bytes."""
    extent, text = bundle["bytes"], bundle.get("transcript")
    if not _has_text(bundle) or is_damaged:
        return
    expected = ""
    if extent is not None:
        start = text_start(extent["oldest"], extent["end"])
        expected = text_of(_from(start, ranges))
    if text != expected:
        yield "The text of the transcript was changed: its bytes have another."


def _has_text(bundle: Body) -> bool:
    """Whether a bundle has what its text can be compared with."""
    extent = bundle["bytes"]
    return "transcript" in bundle and (extent is None or extent["chunks"] is not None)


def _from(start: int, ranges: Iterable[_Range]) -> Iterable[bytes]:
    """Yield the chunks from an offset on; the first is cut to begin there."""
    for each in ranges:
        at = 0
        for size in each.sizes:
            first = max(at, start - each.start)
            at += size
            if first < at:
                yield each.data[first:at]


def _last_export(events: Iterable[Body]) -> Body | None:
    """Return the newest event that has the names of the session."""
    last = None
    for event in events:
        is_export = (event.get("source"), event.get("kind")) == (Source.JSON, EXPORTED)
        if is_export and _payload(event).keys() >= set(NAMES):
            last = event
    return last


def _name_faults(session: Body, export: Body | None) -> Iterable[str]:
    if export is None:
        return
    for field in NAMES:
        if session.get(field) != export["payload"][field]:
            label = field.replace("_", " ")
            yield f"The {label} was changed: event {export['n']} has another."


def _answer_faults(prompts: Sequence[Any], events: Iterable[Body]) -> Iterable[str]:
    """Yield the answers that differ from those in the chain."""
    answers: dict[Any, Body] = {}
    for event in events:
        payload, is_ours = _payload(event), event.get("source") == Source.JSON
        if is_ours and payload.keys() >= {"prompt_id", *ANSWER}:
            answers[str(payload["prompt_id"])] = event
    for place, prompt in enumerate(prompts):
        name = prompt.get("id") if isinstance(prompt, dict) else None
        if not isinstance(name, str) or name not in answers:
            continue
        told, answer = answers[name], prompt.get("answer")
        given = answer if isinstance(answer, dict) else {}
        ways = given.get("via", KEYS), told["payload"].get("via", KEYS)
        is_other = any(given.get(key) != told["payload"][key] for key in ANSWER)
        if is_other or len(set(map(str, ways))) > 1:
            yield (
                f"The answer of prompt {place} was changed: "
                f"event {told['n']} has another."
            )


def _payload(event: Body) -> Body:
    payload = event.get("payload")
    return payload if isinstance(payload, dict) else {}


def _uncovered(
    bundle: Body, export: Body | None, is_broken: bool, has_redacted: bool
) -> Iterable[Uncovered]:
    """Yield the parts of a bundle in which no check would find a change."""
    if paths := [f"$.{key}" for key in _ROWS if bundle.get(key)]:
        reason = "the chain has no hash of rows; of a prompt it has the answer only"
        yield Uncovered(tuple(paths), reason)
    if export is None:
        paths = [f"$.session.{key}" for key in NAMES]
        no_event = "the chain has no event with these names"
        yield Uncovered(tuple(paths), "the chain is broken" if is_broken else no_event)
    yield Uncovered(
        tuple(_other_fields(bundle["session"], bool(bundle["run_events"]))),
        "the chain has only the id and the names of the session",
    )
    extent = bundle["bytes"]
    if not _has_text(bundle):
        yield Uncovered(("$.transcript",), "the bundle has no bytes")
    times = ["$.exported_at", "$.run_events[].id"]
    if extent is not None and extent["chunks"] is not None:
        times.append("$.bytes.chunks[].at")
        if "gaps" not in extent:
            times.append("$.bytes.chunks[].offset")
    yield Uncovered(tuple(times), "no hash covers them")
    if has_redacted:
        keys = "source", "trust", "ts", "ts_ms", "created_at", "prev"
        paths = [f"$.run_events[redacted].{key}" for key in keys]
        yield Uncovered(tuple(paths), "the content of these events is gone")
    if unknown := {*_unknown("$", bundle, _KEYS), *_unknown_inside(bundle)}:
        yield Uncovered(tuple(sorted(unknown)), "ANT does not write them")


def _unknown_inside(bundle: Body) -> Iterable[str]:
    """Yield the paths of what ANT does not write in the objects at both ends."""
    yield from _unknown("$.chain", bundle["chain"], _CHAIN_KEYS)
    extent = bundle["bytes"]
    if extent is None:
        return
    yield from _unknown("$.bytes", extent, _BYTES_KEYS)
    if extent["chunks"] is None and "gaps" in extent:
        yield "$.bytes.gaps"
    for chunk in extent["chunks"] or ():
        if isinstance(chunk, dict):
            yield from _unknown("$.bytes.chunks[]", chunk, _CHUNK_KEYS)


def _unknown(path: str, value: Body, known: frozenset[str]) -> Iterable[str]:
    return (f"{path}.{_printable(key)}" for key in value.keys() - known)


def _other_fields(session: Body, has_events: bool) -> Iterable[str]:
    """Yield the paths of the fields of a session that nothing is compared with."""
    for key, value in sorted(session.items()):
        if key == "terminal" and isinstance(value, dict):
            for inner in sorted(value):
                if inner not in ("oldest", "end"):
                    yield f"$.session.terminal.{_printable(inner)}"
        elif key not in (*NAMES, "terminal") and not (key == "id" and has_events):
            yield f"$.session.{_printable(key)}"


def _printable(key: str) -> str:
    """Return a key of a bundle so that it cannot control a terminal."""
    return key if key.isascii() and key.isprintable() else ascii(key)
