"""Whatever is done to a bundle afterwards is found, and named where it has a name."""

import base64
import copy
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from ant.api.room_requests import CreateFileRef, CreateTask
from ant.api.session_requests import SetHandle
from ant.core.errors import Conflict, Invalid
from ant.export import export, transcript_text
from ant.export.export import Folders
from ant.export.verify import CheckResult, verify
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.prompts import prompts
from ant.recording.transcript_writer import store_chunks
from ant.rooms import tasks
from ant.run_events import hash_chain
from ant.run_events.commands import command_block
from ant.run_events.log import add_terminal_event, record
from ant.sessions import sessions
from ant.store import Store
from ant.store.run_events import redact_run_events
from ant.terminal.shell.command_blocks import CommandBlock
from tests import asked
from tests.history.test_history import create
from tests.rules import patch, post

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
    told = found(whole)
    assert (6, whole["chain"]["head"], ()) == (told.events, told.head, told.faults)
    assert (3, 0, 0, 0) == (told.compared, told.missing, told.earlier, told.redacted)
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
        of_text = "The text of the transcript was changed: its bytes have another."
        assert (fault or of_text) == found(changed).fault
        assert 3 == found(changed).compared


def test_bytes_that_are_missing_are_counted(whole: Body) -> None:
    """A command whose output was trimmed away is not compared; an empty one can be."""
    trimmed = copy.deepcopy(whole)
    trimmed["bytes"]["chunks"] = []
    trimmed["bytes"]["sha256"] = hashlib.sha256(b"").hexdigest()
    end = trimmed["bytes"]["end"]
    trimmed["bytes"]["gaps"], trimmed["transcript"] = [[0, end]], ""
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
    told = found(empty)
    assert (0, None, 0, ()) == (told.events, told.head, told.compared, told.faults)
    for more in ({"first": 1}, {"head": "0" * 64}):
        ends = {"chain": empty["chain"] | more}
        assert "The chain has ends, but no event." == found(empty | ends).fault


def test_a_forged_chain_hides_no_output(whole: Body) -> None:
    """The outputs are compared whatever else is wrong."""
    for bundle, head in (
        (whole, "0" * 64),
        (forged(whole), whole["chain"]["head"]),
        (whole | {"run_events": [*whole["run_events"], 5]}, None),
        (whole | {"chain": whole["chain"] | {"count": 5}}, None),
    ):
        told = found(bundle, head)
        assert told.faults
        assert 3 == told.compared


def test_every_fault_is_named(whole: Body) -> None:
    """The chain, an output, the bytes and the text."""
    changed = copy.deepcopy(whole)
    changed["run_events"][1]["text"] = "forged"
    chunk = changed["bytes"]["chunks"][0]
    data = base64.b64decode(chunk["data_b64"])
    chunk["data_b64"] = base64.b64encode(data[:4] + b"X" + data[5:]).decode()
    assert (
        "Event 2 was changed.",
        "The output of event 1 was changed.",
        "The transcript was changed: it does not match its hash.",
    ) == found(changed).faults
    changed = whole | {"transcript": whole["transcript"] + "forged"}
    assert (
        "The text of the transcript was changed: its bytes have another.",
    ) == found(changed).faults


@pytest.fixture
def full(store: Store) -> Body:
    """A bundle with a row of each table, a gap, and a tombstone before the names."""
    row = create(store)
    data = b"\x1b[1m$ make\x1b[0m\r\nall\r\n"
    chunks = [(0, data[:9]), (9, data[9:]), (len(data) + 5, b"later\n")]
    store.transact(store_chunks, [(row.id, chunks)], 1 << 20)
    sha256 = hashlib.sha256(data[-5:]).hexdigest()
    place = len(data) - 5, len(data)
    block = CommandBlock("make", False, "/", 0, 0.5, *place, None, sha256, 0.0)
    store.transact(record, row.id, command_block(block, datetime.now(UTC)))
    for number in range(3):
        fact = RunEventDraft(Source.JSON, Trust.HIGH, "message", f"{number}")
        store.transact(record, row.id, fact)
    store.transact(lambda unit: redact_run_events(row.id, 3, 3))
    store.transact(tasks.create_task, row.id, CreateTask(title="task"))
    store.transact(tasks.add_file_ref, row.id, CreateFileRef(file_path="/a"))
    post(store, row, "said", meta={"a": [1, None]})
    store.transact(add_terminal_event, row.id, "title", {"title": "x"}, 3)
    given = store.transact(prompts.raise_prompt, asked.record(row.id))
    answered = attrs.evolve(given, answer=asked.decision())
    store.transact(prompts.change_prompt, answered)
    return export_of(store, row.id)


def export_of(store: Store, session_id: Any) -> Body:
    """The bundle, made as the route makes it."""
    store.transact(export.record_export, session_id, ("evidence",))
    made = store.read(export.export, session_id, ("evidence",), Folders())["evidence"]
    bundle: Body = json.loads(made.document)
    return bundle


Place = tuple[str | int, ...]


def leaves(value: Any, place: Place = ()) -> Iterator[Place]:
    """The places of all values in a bundle that have no parts."""
    parts: Any = ()
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    if not parts:
        yield place
    for key, part in parts:
        yield from leaves(part, (*place, key))


def at(bundle: Body, place: Place) -> Any:
    """The value there."""
    value: Any = bundle
    for key in place:
        value = value[key]
    return value


def changed_at(bundle: Body, place: Place, value: Any) -> Body:
    """The bundle with another value there."""
    changed = copy.deepcopy(bundle)
    at(changed, place[:-1])[place[-1]] = value
    return changed


def path_of(bundle: Body, place: Place) -> str:
    """The JSON path of a place, as `Uncovered` writes it."""
    path = "$"
    for number, key in enumerate(place):
        if isinstance(key, str):
            path += f".{key}"
        elif at(bundle, place[: number + 1]) == tombstone(bundle):
            path += "[redacted]"
        else:
            path += "[]"
    return path


def tombstone(bundle: Body) -> Any:
    """The event whose content was deleted."""
    (only,) = (e for e in bundle["run_events"] if e["kind"] == "tombstone")
    return only


def is_listed(told: CheckResult, path: str) -> bool:
    """Whether a part is among those that are not covered, by itself or within one."""
    parts = [each for part in told.uncovered for each in part.paths]
    names = {path, path.replace("[redacted]", "[]")}
    return any(
        name == each or re.match(rf"{re.escape(each)}[.\[]", name)
        for name in names
        for each in parts
    )


def others(value: Any) -> list[Any]:
    """Other values in its place, among them some that Python takes for equal."""
    odd: list[Any] = [None, True, 1, "", "x", [], {}, [[0, 1]]]
    if isinstance(value, int):
        odd += [value + 1, value - 1, float(value), str(value)]
    if isinstance(value, str):
        odd += [value + "x", value[:-1], value.upper(), f"{value} "]
        # Another text of base64 for the same bytes.
        odd += [value.replace("K", "L"), value.replace("o=", "p=")]
    return [each for each in odd if json.dumps(each) != json.dumps(value)]


@pytest.mark.slow
@pytest.mark.parametrize("has_bytes", [True, False])
def test_a_change_of_any_value_is_found_or_listed(full: Body, has_bytes: bool) -> None:
    """Each value in turn, and many values in its place."""
    if not has_bytes:  # As the target `json` is.
        extent = {key: full["bytes"][key] for key in ("oldest", "end")}
        full["bytes"] = {**extent, "sha256": None, "chunks": None}
    whole = found(full)
    assert (has_bytes, 1, ()) == (whole.compared, whole.redacted, whole.faults)
    assert {"messages", "tasks", "prompts", "terminal_events", "file_refs"} <= {
        key for key in full if full[key]
    }
    places, refused = list(leaves(full)), 0
    for place in places:
        path, value = path_of(full, place), at(full, place)
        for other in others(value):
            at(full, place[:-1])[place[-1]] = other
            try:
                told = found(full)
            except Invalid:
                refused += 1
                continue
            refused += bool(told.faults)
            assert told.faults or is_listed(told, path), (path, other)
        at(full, place[:-1])[place[-1]] = value
    assert refused > len(places)


def test_what_is_covered_is_not_listed(full: Body) -> None:
    """The list names no part in which every change is found."""
    told = found(full)
    for covered in (
        "$.transcript",
        "$.session.name",
        "$.session.handle",
        "$.session.display_name",
        "$.session.id",
        "$.bytes.chunks[].data_b64",
        "$.bytes.chunks[].offset",
        "$.run_events[].text",
        "$.chain.head",
    ):
        assert not is_listed(told, covered)
    for listed in ("$.messages[].content", "$.tasks[].title", "$.session.type"):
        assert is_listed(told, listed)


def test_the_text_may_begin_in_a_chunk(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or in a gap: a document has the text of the newest bytes only."""
    row = create(store)
    chunks = [(0, b"one\r\ntw"), (7, "é\x1b[1m\n".encode()), (20, b"three\nfour")]
    store.transact(store_chunks, [(row.id, chunks)], 1 << 20)
    for most in range(32):
        monkeypatch.setattr(transcript_text, "TEXT_MAX", most)
        bundle = export_of(store, row.id)
        assert () == found(bundle).faults, most
        assert bundle["transcript"].endswith("four"[max(0, 4 - most) :])


@pytest.mark.parametrize("field", ["name", "handle", "display_name"])
def test_a_changed_name_is_named(full: Body, field: str) -> None:
    """With the event that has the name."""
    n = full["run_events"][-1]["n"]
    told = found(changed_at(full, ("session", field), "forged"))
    label = field.replace("_", " ")
    assert (f"The {label} was changed: event {n} has another.",) == told.faults


def test_a_changed_answer_is_named(full: Body) -> None:
    """With the event that has the answer."""
    changes = {"by": "@eve", "chosen": "No", "responder_id": "x", "via": "hook"}
    for key, value in changes.items():
        told = found(changed_at(full, ("prompts", 0, "answer", key), value))
        assert told.fault is not None
        assert re.fullmatch(r"The answer of prompt 0 was .* event \d+ .*", told.fault)
    assert found(changed_at(full, ("prompts", 0, "answer"), None)).faults


def test_names_without_an_export_event_are_listed(whole: Body) -> None:
    """An older bundle has none, and its names are not proven."""
    told = found(whole)
    assert () == told.faults
    assert is_listed(told, "$.session.name")
    del whole["bytes"]["gaps"]
    assert is_listed(found(whole), "$.bytes.chunks[].offset")


def test_a_broken_chain_is_why_names_are_not_proven(whole: Body) -> None:
    """And no content is called gone, where none is."""
    events = whole["run_events"]
    told = found(whole | {"run_events": [events[0] | {"kind": "else"}, *events[1:]]})
    assert "Event 1 was changed." == told.fault
    (reason,) = (x.reason for x in told.uncovered if "$.session.name" in x.paths)
    assert "the chain is broken" == reason
    assert not [x for x in told.uncovered if "redacted" in x.paths[0]]


def test_the_newest_names_count(store: Store) -> None:
    """After a rename the next bundle is whole, and its chain has the earlier name."""
    row = create(store)
    export_of(store, row.id)
    patch(store, row.id, name="another")
    with pytest.raises(Conflict, match="renamed during its export"):
        store.read(export.export, row.id, ("json",), Folders())
    store.transact(sessions.set_handle, row.id, SetHandle("@other"))
    again = export_of(store, row.id)
    assert () == found(again).faults
    names = [event["payload"]["name"] for event in again["run_events"]]
    assert ["one", "another"] == names


def test_a_tombstone_is_no_fault(full: Body) -> None:
    """Its place is proven, and what is left of its content must be empty."""
    told = found(full)
    assert (1, ()) == (told.redacted, told.faults)
    for key, value in {"text": "x", "payload": {"a": 1}, "start": 0}.items():
        assert (
            "Event 3 was changed."
            == found(changed_at(full, ("run_events", 2, key), value)).fault
        )


def test_a_chat_has_a_chain_with_its_names(store: Store) -> None:
    """It has no bytes, and its text is empty."""
    row = create(store)
    chat = store.read(lambda unit: unit.sessions.get(row.linked_chat_id))
    bundle = export_of(store, chat.id)
    told = found(bundle)
    assert (1, 0, ()) == (told.events, told.compared, told.faults)
    assert found(bundle | {"transcript": "forged"}).faults
    assert found(changed_at(bundle, ("session", "name"), "forged")).faults


def test_a_name_that_stands_twice_is_a_fault(whole: Body) -> None:
    """Another reader may take the first value, and a person sees both."""
    text = json.dumps(whole)
    place = text.index('"transcript"')
    forged = f'{text[:place]}"transcript": "forged", {text[place:]}'
    assert not verify(text.encode()).faults
    expected = "An object has two values for one name: transcript."
    assert expected == verify(forged.encode()).fault
    deep = text[:-1] + ', "x": ' + "[" * 100_000 + "]" * 100_000 + "}"
    with pytest.raises(Invalid, match=r"too deep|depth limit"):
        verify(deep.encode())


@pytest.mark.parametrize(
    ("place", "path"),
    [
        (("chain",), "$.chain.note"),
        (("bytes",), "$.bytes.note"),
        (("bytes", "chunks", 0), "$.bytes.chunks[].note"),
    ],
)
def test_what_was_added_is_listed(
    whole: Body, place: tuple[Any, ...], path: str
) -> None:
    """No hash covers what ANT does not write."""
    inside: Any = whole
    for key in place:
        inside = inside[key]
    inside["note"] = "forged"
    told = verify(json.dumps(whole).encode())
    assert not told.faults
    assert path in [each for part in told.uncovered for each in part.paths]
