"""A session as data: whole, in pieces, and as it is on the wire."""

import base64
import hashlib
import json
from typing import Any

import pytest

from ant.api import codec
from ant.api.run_event_requests import ListRunEvents
from ant.export import bundle, export
from ant.export.export import Folders
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.model.sessions import Session
from ant.recording.transcript_writer import store_chunks
from ant.run_events.log import list_run_events, record
from ant.store import Store
from tests.history.test_history import create


def told(store: Store, session: Session, target: str = "evidence") -> Any:
    """The bundle, parsed by somebody else's parser."""
    made = store.read(export.export, session.id, (target,), Folders())[target]
    return json.loads(made.document)


@pytest.fixture
def session(store: Store) -> Session:
    """A terminal with a hole in its bytes and three events."""
    row = create(store)
    chunks = [(7, b"one\xff"), (11, b"two"), (20, b"three")]
    store.transact(store_chunks, [(row.id, chunks)], 1 << 20)
    for number in range(3):
        fact = RunEventDraft(
            Source.JSON, Trust.HIGH, "message", f"é{number}", {"a": [1.5, None]}
        )
        store.transact(record, row.id, fact)
    return row


def test_everything_is_there(store: Store, session: Session) -> None:
    """Rows, events with their chain, and the bytes."""
    made = told(store, session)
    assert (bundle.FORMAT, bundle.VERSION) == (made["format"], made["version"])
    assert session.id == made["session"]["id"]
    lists = ("messages", "tasks", "file_refs", "prompts", "terminal_events")
    assert [[]] * 5 == [made[name] for name in lists]
    assert "one\ufffdtwothree" == made["transcript"]
    events = store.read(list_run_events, session.id, ListRunEvents()).events
    assert codec.plain(events) == made["run_events"]
    assert {"count": 3, "first": 1, "head": events[-1].hash} == made["chain"]
    chunks = made["bytes"].pop("chunks")
    whole = b"one\xfftwothree"
    assert whole == b"".join(base64.b64decode(each["data_b64"]) for each in chunks)
    assert [7, 11, 20] == [each["offset"] for each in chunks]
    sha256 = hashlib.sha256(whole).hexdigest()
    rest = {"oldest": 7, "end": 25, "gaps": [[14, 20]], "sha256": sha256}
    assert rest == made["bytes"]


def test_data_alone_has_no_bytes(store: Store, session: Session) -> None:
    """But says how far they go; all else is the same."""
    made, whole = told(store, session, "json"), told(store, session)
    assert {"oldest": 7, "end": 25, "sha256": None, "chunks": None} == made.pop("bytes")
    del whole["bytes"], made["exported_at"], whole["exported_at"]
    assert whole == made


def test_more_events_than_are_read_at_once(
    store: Store, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them, and where the oldest have gone it begins later."""
    monkeypatch.setattr(bundle, "_PAGE", 2)
    assert [1, 2, 3] == [each["n"] for each in told(store, session)["run_events"]]
    store.transact(lambda unit: unit.run_events.prune(session.id, 2, 9))
    made = told(store, session)
    assert [2, 3] == [each["n"] for each in made["run_events"]]
    assert (2, 2) == (made["chain"]["count"], made["chain"]["first"])


def test_a_chat_has_a_chain_and_no_bytes(store: Store) -> None:
    """Nothing happened in it yet."""
    row = create(store)
    assert row.linked_chat_id is not None
    chat = store.read(lambda unit: unit.sessions.get(row.linked_chat_id))
    made = told(store, chat)
    assert made["bytes"] is None
    assert {"count": 0, "first": None, "head": None} == made["chain"]
