"""Whatever is done to a bundle afterwards is found, and named where it has a name."""

import base64
import copy
import hashlib
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from ant.core.errors import Invalid
from ant.export import export
from ant.export.export import Folders
from ant.export.verify import CheckResult, verify
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.recording.transcript_writer import store_chunks
from ant.run_events import hash_chain
from ant.run_events.commands import command_block
from ant.run_events.log import record
from ant.store import Store
from ant.terminal.shell.command_blocks import CommandBlock
from tests.history.test_history import create

OUTPUTS = [b"one\r\n", b"", b"two\r\n"]
PROMPT = b"$ \r\n"

Body = dict[str, Any]


@pytest.fixture
def whole(store: Store) -> Body:
    """The bundle of a session that ran three commands and said something after each."""
    row = create(store)
    data, at = b"", datetime(2026, 1, 1, tzinfo=UTC)
    facts = []
    for output in OUTPUTS:
        start = len(data) + len(PROMPT)
        data += PROMPT + output
        sha256 = hashlib.sha256(output).hexdigest()
        end = start + len(output)
        block = CommandBlock("x", False, None, 0, 0.5, start, end, None, sha256, 0.0)
        facts.append(command_block(block, at))
        facts.append(
            RunEventDraft(Source.JSON, Trust.HIGH, "message", "é", {"at": end})
        )
    half = len(data) // 2
    chunks = [(0, data[:half]), (half, data[half:])]
    store.transact(store_chunks, [(row.id, chunks)], 1 << 20)
    for fact in facts:
        store.transact(record, row.id, fact)
    made = store.read(export.export, row.id, ("evidence",), Folders())["evidence"]
    bundle: Body = json.loads(made.document)
    return bundle


def found(bundle: Body, head: str | None = None) -> CheckResult:
    """What is found."""
    return verify(json.dumps(bundle).encode(), head)


def resealed(event: Body, **changes: Any) -> Body:
    """Changed, and its own hash made anew."""
    event = event | changes
    return event | {"hash": hash_chain.seal(event)}


def test_a_whole_bundle_has_no_fault(whole: Body) -> None:
    """However it is laid out as JSON."""
    head = whole["chain"]["head"]
    assert CheckResult(6, head, 3, 0, 0, None) == found(whole)
    assert found(whole) == verify(json.dumps(whole, indent=2, sort_keys=True).encode())


def test_each_event_that_is_changed_removed_or_moved_is_named(whole: Body) -> None:
    """Every one of them in turn, in any of its fields."""
    events = whole["run_events"]
    for at, event in enumerate(events):
        n = at + 1
        for field in event:
            if field in ("id", "hash", "n"):
                continue
            changed = copy.deepcopy(whole)
            changed["run_events"][at][field] = "else"
            assert f"Event {n} was changed." == found(changed).fault, field
        for other in ({"hash": "0" * 64}, {"more": 1}):
            changed = whole | {"run_events": [*events]}
            changed["run_events"][at] = event | other
            assert f"Event {n} was changed." == found(changed).fault
        gone = whole | {"run_events": events[:at] + events[at + 1 :]}
        assert f"Event {n} was removed." == found(gone).fault
        twice = whole | {"run_events": [*events[:n], *events[at:]]}
        assert f"Event {n} is out of its place." == found(twice).fault
        for to in {0, 2, 5} - {at}:
            moved = events[:at] + events[at + 1 :]
            moved.insert(to, event)
            fault = found(whole | {"run_events": moved}).fault
            assert fault is not None
            # Of two that changed places either may be said to have moved.
            named = {n, at + 2, to + 1, to} if abs(at - to) == 1 else {n, *range(1, 7)}
            assert fault in {f"Event {each} is out of its place." for each in named}


def test_a_forged_event_is_named(whole: Body) -> None:
    """Its new hash is not in the next event, or is not the head of the chain."""
    events = whole["run_events"]
    for at in range(5):
        changed = [*events]
        changed[at] = resealed(events[at], text="forged")
        fault = f"Event {at + 1} was replaced: event {at + 2} follows another."
        assert fault == found(whole | {"run_events": changed}).fault
    changed = [*events[:5], resealed(events[5], text="forged")]
    fault = "Event 6 was replaced: its hash is not the chain's head."
    assert fault == found(whole | {"run_events": changed}).fault


def test_an_added_event_is_named(whole: Body) -> None:
    """At the end and before the first."""
    events = whole["run_events"]
    last = events[-1]
    more = resealed(last, n=7, prev=last["hash"], text="forged")
    assert "Event 7 was added." == found(whole | {"run_events": [*events, more]}).fault
    early = resealed(events[0], n=0)
    first = resealed(events[0], prev=early["hash"])
    changed = whole | {"run_events": [early, first, *events[1:]]}
    assert found(changed).fault is not None
    assert "Event 1 was removed." == found(whole | {"run_events": []}).fault


def forged(whole: Body) -> Body:
    """The second event removed, and all after it made anew, to the end."""
    made = copy.deepcopy(whole)
    events = made["run_events"]
    del events[1]
    for at in range(1, 5):
        events[at] = resealed(events[at], n=at + 1, prev=events[at - 1]["hash"])
    made["chain"] = {"count": 5, "first": 1, "head": events[-1]["hash"]}
    return made


def test_a_forged_chain_is_detected_by_a_kept_hash(whole: Body) -> None:
    """And only by that; one from an earlier export is enough."""
    head, early = whole["chain"]["head"], whole["run_events"][2]["hash"]
    for kept in (head, early):
        assert found(whole, kept).fault is None
        fault = found(forged(whole), kept).fault
        assert fault is not None
        assert "given hash" in fault
    assert found(forged(whole)).fault is None


def test_earlier_events_are_counted(whole: Body) -> None:
    """The oldest events are not kept for ever."""
    later = whole | {"run_events": whole["run_events"][2:]}
    later["chain"] = whole["chain"] | {"count": 4, "first": 3}
    assert (None, 2) == (found(later).fault, found(later).earlier)


def pruned(whole: Body, first: int, last: int) -> Body:
    """The bundle without a range of events, as ANT leaves it."""
    events = whole["run_events"]
    count = last - first + 1
    row = events[last - 1] | {
        "kind": "pruned",
        "text": f"minor events pruned: {count}",
        "payload": {"first": first, "count": count},
        "prev": events[first - 1]["prev"],
        **dict.fromkeys(("start", "end", "raw_ref")),
    }
    rest = [*events[: first - 1], row, *events[last:]]
    chain = {"count": len(rest), "first": rest[0]["n"], "head": rest[-1]["hash"]}
    return whole | {"run_events": rest, "chain": chain}


@pytest.mark.parametrize(("first", "last"), [(1, 2), (2, 2), (3, 5), (6, 6), (1, 6)])
def test_pruned_events_are_counted(whole: Body, first: int, last: int) -> None:
    """The chain is whole around them, wherever they were."""
    result = found(pruned(whole, first, last), whole["chain"]["head"])
    assert (None, 0) == (result.fault, result.earlier)
    assert last - first + 1 == result.redacted


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"first": 2, "count": 3}},
        {"payload": {"first": 4, "count": 2}},
        {"payload": {"first": 0, "count": 6}},
        {"payload": {"first": 3, "count": 3, "more": 1}},
        {"payload": {"first": "3", "count": 3}},
        {"payload": {}},
        {"text": "minor events pruned: 2"},
        {"start": 1},
        {"raw_ref": {"prompt_id": "p"}},
        {"kind": "tombstone"},
        {"prev": "0" * 64},
        {"hash": "0" * 64},
        {"hash": None},
    ],
)
def test_nothing_can_be_hidden_in_a_pruned_event(whole: Body, change: Body) -> None:
    """Neither another range nor content."""
    made = pruned(whole, 3, 5)
    made["run_events"][2] |= change
    assert found(made).fault is not None


def test_a_tombstone_has_no_content(whole: Body) -> None:
    """It is counted, and content in its place is found."""
    empty: Body = {"kind": "tombstone", "text": "", "payload": {}}
    empty |= dict.fromkeys(("start", "end", "raw_ref"))
    made = copy.deepcopy(whole)
    made["run_events"][1] |= empty
    assert (None, 1) == (found(made).fault, found(made).redacted)
    made["run_events"][1]["text"] = "forged"
    assert "Event 2 was changed." == found(made).fault


def test_each_output_that_is_changed_is_named(whole: Body) -> None:
    """By its command, also where the hash of all bytes was made anew."""
    data = b"".join(base64.b64decode(c["data_b64"]) for c in whole["bytes"]["chunks"])
    first, last = (f"The output of event {n} was changed." for n in (1, 5))
    for place, fault in {4: first, 8: first, 10: None, 17: last, 21: last}.items():
        other = data[:place] + b"X" + data[place + 1 :]
        chunk = {"offset": 0, "at": "x", "data_b64": base64.b64encode(other).decode()}
        changed = whole | {"bytes": whole["bytes"] | {"chunks": [chunk]}}
        expected = fault or "The transcript was changed: it does not match its hash."
        assert expected == found(changed).fault, place
        changed["bytes"]["sha256"] = hashlib.sha256(other).hexdigest()
        assert fault == found(changed).fault


def test_bytes_that_are_missing_are_counted(whole: Body) -> None:
    """A command whose output was trimmed away is not compared; an empty one can be."""
    trimmed = copy.deepcopy(whole)
    trimmed["bytes"]["chunks"] = []
    trimmed["bytes"]["sha256"] = hashlib.sha256(b"").hexdigest()
    assert (1, 2, None) == (
        *(found(trimmed).compared, found(trimmed).missing),
        found(trimmed).fault,
    )
    trimmed["bytes"] |= {"chunks": None, "sha256": None}
    assert (1, 2, None) == (
        *(found(trimmed).compared, found(trimmed).missing),
        found(trimmed).fault,
    )


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"end": 5}, "Event 1 points at bytes past the transcript's end, 5."),
        ({"chunks": [5]}, "Chunk 0 of the transcript cannot be read."),
        ({"chunks": [{"offset": 0}]}, "Chunk 0 of the transcript cannot be read."),
        (
            {"chunks": [{"offset": 0, "data_b64": "?"}]},
            "Chunk 0 of the transcript cannot be read.",
        ),
        (
            {"chunks": [{"offset": 99, "data_b64": "AAAA"}]},
            "Chunk 0 of the transcript has a wrong offset.",
        ),
        (
            {"sha256": "0" * 64},
            "The transcript was changed: it does not match its hash.",
        ),
    ],
)
def test_a_damaged_transcript_is_a_fault(whole: Body, change: Body, fault: str) -> None:
    """Cut off, mangled, or not what it was."""
    assert fault == found(whole | {"bytes": whole["bytes"] | change}).fault


def test_events_of_others_do_not_belong(whole: Body) -> None:
    """A chain of another session, whole in itself."""
    other = whole | {"session": whole["session"] | {"id": "other"}}
    assert "Event 1 belongs to another session." == found(other).fault


@pytest.mark.parametrize("odd", [5, None, {}, {"n": "1"}, {"n": True}, [], "x"])
def test_a_malformed_event_is_named_by_its_position(whole: Body, odd: Any) -> None:
    """It has no number to be named by."""
    events = [*whole["run_events"]]
    events[3] = odd
    fault = "The event at position 4 was changed: it has no number."
    assert fault == found(whole | {"run_events": events}).fault


@pytest.mark.parametrize("odd", [["x"], "\x1b]0;title\x07", None])
def test_an_invalid_hash_is_not_returned(whole: Body, odd: Any) -> None:
    """It would be printed to a terminal."""
    *before, last = whole["run_events"]
    finding = found(whole | {"run_events": [*before, last | {"hash": odd}]})
    assert (None, f"Event {last['n']} was changed.") == (finding.head, finding.fault)


def test_an_event_that_nobody_could_have_written_was_changed(whole: Body) -> None:
    """JSON is read to a greater depth than it is written."""
    first, *others = whole["run_events"]
    deep: Any = 1
    for _ in range(900):
        deep = [deep]
    events = [first | {"payload": {"deep": deep}}, *others]
    assert "Event 1 was changed." == found(whole | {"run_events": events}).fault


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xff\x00",
        b"{",
        b"[]",
        b"{}",
        b"null",
        b'{"format": "ant-evidence"}',
        b'{"format": "ant-evidence", "version": 2}',
        b'{"format": "ant-evidence", "version": 1}',
        b'{"format": "ant-evidence", "version": 1, "session": {}, "run_events": 5}',
        b'{"format":"ant-evidence","version":1,"session":{},"run_events":[]}',
        b'{"format":"ant-evidence","version":1,"session":{},"run_events":[],'
        b'"chain":{"count":1}}',
        b'{"format":"ant-evidence","version":1,"session":{},"run_events":[],'
        b'"chain":{"count":0},"bytes":[]}',
        b"[" * 100_000,
    ],
)
def test_other_data_is_refused(data: bytes) -> None:
    """With a clear error, whatever it is."""
    with pytest.raises(Invalid):
        verify(data)


def test_a_chain_without_events_is_valid(whole: Body) -> None:
    """Its head is null."""
    empty = whole | {"run_events": [], "chain": {"count": 0, "first": None}}
    assert CheckResult(0, None, 0, 0, 0, None) == found(empty)
