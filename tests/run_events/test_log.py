"""Run events are recorded in a chain, emitted, and read back in pages."""

from typing import Any

import pytest

from ant.api import codec
from ant.api.run_event_requests import ListRunEvents, ListTerminalEvents
from ant.core import clock
from ant.core.errors import Invalid, NotFound
from ant.model.events import RunEventCreated, Tombstone
from ant.model.run_events import (
    TOMBSTONE,
    HostEvent,
    RunEvent,
    RunEventDraft,
    Source,
    Trust,
)
from ant.model.sessions import SessionId
from ant.run_events import hash_chain, log
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.tables.run_events import RunEventRow
from tests.rules import NOBODY, create, events_of, look, room, taken_apart


def draft(text: str = "make", **fields: Any) -> RunEventDraft:
    """A draft of a command."""
    defaults = {"source": Source.TERMINAL, "trust": Trust.HIGH, "kind": "command_block"}
    return RunEventDraft(**{**defaults, "text": text, **fields})


def record(store: Store, session_id: SessionId, text: str, **fields: Any) -> RunEvent:
    event = store.transact(log.record, session_id, draft(text, **fields))
    assert event is not None
    return event


def texts(store: Store, session_id: SessionId, **ask: Any) -> list[str]:
    page = store.read(log.list_run_events, session_id, ListRunEvents(**ask))
    assert page.count == len(page.events)
    return [event.text for event in page.events]


def test_an_event_is_emitted_and_chained(store: Store) -> None:
    """Each session has its own chain; an event has the hash of the one before."""
    one, two = create(store, "one"), create(store, "two")
    (emitted,) = events_of(store, log.record, one.id, draft(payload={"b": 1, "a": "é"}))
    assert isinstance(emitted, RunEventCreated)
    first = emitted.event
    other = record(store, two.id, "other")
    second = record(store, one.id, "second", start=3, end=9)
    assert [(1, None), (1, None), (2, first.hash)] == [
        (each.n, each.prev) for each in (first, other, second)
    ]
    page = store.read(log.list_run_events, one.id, ListRunEvents())
    assert (first, second) == page.events
    assert hash_chain.fault(codec.plain(page.events)) is None


def test_nothing_is_recorded_of_a_removed_session(store: Store) -> None:
    """That is no error: the session was removed meanwhile."""
    assert store.transact(log.record, NOBODY, draft()) is None
    store.transact(log.add_terminal_event, NOBODY, "exit", {}, 0)


def test_long_text_is_cut(store: Store) -> None:
    """The hash covers the text that is kept."""
    session = create(store)
    event = record(store, session.id, "x" * (log.TEXT_MAX + 1))
    assert log.TEXT_MAX == len(event.text)
    assert hash_chain.fault([codec.plain(event)]) is None


def test_pages_of_run_events(store: Store) -> None:
    """The newest, or the oldest after an id; by source, kind and a part of the text."""
    session = create(store)
    made = [record(store, session.id, f"n{n}") for n in range(4)]
    record(store, session.id, "100%", kind="prompt", source=Source.STATUS)
    assert ["n0", "n1", "n2", "n3", "100%"] == texts(store, session.id)
    assert ["n3", "100%"] == texts(store, session.id, limit=2)
    assert ["n1", "n2"] == texts(store, session.id, after=made[0].id, limit=2)
    assert ["100%", "n3"] == texts(store, session.id, limit=2, order="desc")
    assert ["100%"] == texts(store, session.id, kind="prompt")
    assert ["100%"] == texts(store, session.id, source="status")
    assert ["n2"] == texts(store, session.id, q="N2")
    assert ["100%"] == texts(store, session.id, q="%")
    assert [] == texts(store, session.id, q="_")
    assert 5 == len(texts(store, session.id, since="1h"))
    assert [] == texts(store, session.id, before="1h")
    page = store.read(log.list_run_events, session.id, ListRunEvents(limit=2))
    assert page.next == page.events[-1].id


@pytest.mark.parametrize("q", ["über", "ÜBER", "100%", "_b \\", "привет"])
def test_a_part_of_the_text_is_found_whatever_its_case(store: Store, q: str) -> None:
    """In any alphabet; no character is a wildcard."""
    here = create(store)
    recorded = ["Über", "100% a_b \\", "ПРИВЕТ, über", "100 axb /"]
    for text in recorded:
        record(store, here.id, text)
    wanted = [text for text in recorded if q.lower() in text.lower()]
    assert wanted == texts(store, here.id, q=q)


def test_a_linked_chat_has_the_events_of_its_terminal(store: Store) -> None:
    """A room that is not linked has its own."""
    session, chat = create(store), room(store)
    record(store, session.id, "done")
    linked = look(store, session.id).linked_chat_id
    assert linked is not None
    page = store.read(log.list_run_events, linked, ListRunEvents())
    assert (linked, session.id, 1) == (page.session_id, page.terminal_id, page.count)
    page = store.read(log.list_run_events, chat.id, ListRunEvents())
    assert (chat.id, 0) == (page.terminal_id, page.count)


def test_an_event_has_the_time_twice(store: Store) -> None:
    """Also one from the time before the copy; a copy that differs is a change."""
    session = create(store)
    body = codec.plain(record(store, session.id, "x"))
    assert body["ts_ms"] == body["ts"]
    assert hash_chain.fault([body]) is None
    older = {key: value for key, value in body.items() if key != "ts"}
    assert hash_chain.fault([older]) is None
    assert body["ts_ms"] == codec.read_data(older, RunEvent).ts
    for ts in (body["ts"] + 1, float(body["ts"]), None):
        assert "Event 1 was changed." == hash_chain.fault([body | {"ts": ts}])


MS = 1_780_000_000_000


def timed(store: Store, session_id: SessionId) -> list[str]:
    """Records events of which each two have one time; their texts."""
    names = [f"n{n}" for n in range(9)]
    for n, name in enumerate(names):

        def add(unit: Unit, name: str = name, ms: int = MS + n // 2) -> None:
            unit.now = clock.from_epoch_ms(ms)
            log.record(unit, session_id, draft(name))
            log.add_terminal_event(unit, session_id, name, {}, 0)

        store.transact(add)
    return names


@pytest.mark.parametrize(
    ("rule", "asked"),
    [
        (log.list_run_events, ListRunEvents),
        (log.list_terminal_events, ListTerminalEvents),
    ],
)
def test_pages_join(store: Store, rule: Any, asked: Any) -> None:
    """Backward and forward, from any time, no event is left out or comes twice."""
    session = create(store)
    names = timed(store, session.id)

    def page(**ask: Any) -> tuple[list[str], Any]:
        """The names of a page, oldest first."""
        made = store.read(rule, session.id, asked(**ask))
        rows = getattr(made, "events", None) or getattr(made, "rows", ())
        rows = sorted(rows, key=lambda row: row.id)
        assert len(rows) == made.count <= made.limit
        return [getattr(row, "text", None) or row.kind for row in rows], made

    for ms, wanted in ((MS - 1, names), (MS + 1, names[4:]), (MS + 9, [])):
        for limit in (1, 2, 3, 8, 9, 10):
            ask = {"since": str(ms), "limit": limit}
            back, made = page(**ask)
            assert wanted[-limit:] == back
            while made.previous is not None:
                more, made = page(**ask, before_id=made.previous)
                back = more + back
            assert wanted == back
            forth, made = page(**ask, order="asc")
            assert wanted[:limit] == forth
            while made.next is not None and made.count:
                more, made = page(limit=limit, after=made.next)
                forth += more
            assert wanted == forth
    assert (names[-2:], names[:2]) == (page(limit=2)[0], page(limit=2, order="asc")[0])
    ends = {"since": str(MS), "before": str(MS + 3), "limit": 2}
    assert (names[4:6], names[2:4]) == (page(**ends)[0], page(**ends, order="asc")[0])


def test_pages_of_terminal_events(store: Store) -> None:
    """Newest first; by kind."""
    session = create(store)
    for n, kind in enumerate(("start", "resize", "exit")):
        store.transact(log.add_terminal_event, session.id, kind, {"n": n}, n * 10)

    def kinds(**ask: Any) -> list[str]:
        asked = ListTerminalEvents(**ask)
        page = store.read(log.list_terminal_events, session.id, asked)
        return [row.kind for row in page.rows]

    assert ["exit", "resize", "start"] == kinds()
    assert ["start", "resize", "exit"] == kinds(order="asc", since="1h")
    assert ["resize"] == kinds(kind="resize")
    assert ["exit"] == kinds(limit=1)


def test_malformed_requests(store: Store) -> None:
    """A session that does not exist, and a day that does not."""
    session = create(store)
    for rule, ask in (
        (log.list_run_events, ListRunEvents),
        (log.list_terminal_events, ListTerminalEvents),
    ):
        with pytest.raises(NotFound):
            store.read(rule, NOBODY, ask())
        with pytest.raises(Invalid, match=r"\$\.since"):
            store.read(rule, session.id, ask(since="2026-02-31T00:00:00Z"))


def test_the_oldest_events_are_removed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The chain then begins later, and is whole."""
    monkeypatch.setattr(log, "KEEP", 3)
    monkeypatch.setattr(log, "_PRUNE_EVERY", 5)
    session = create(store)
    for n in range(1, 6):
        record(store, session.id, f"n{n}")
    page = store.read(log.list_run_events, session.id, ListRunEvents())
    assert [3, 4, 5] == [event.n for event in page.events]
    assert hash_chain.fault(codec.plain(page.events)) is None


def test_minor_events_displace_no_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are. A row says how many were pruned."""
    monkeypatch.setattr(log, "KEEP", 3)
    monkeypatch.setattr(log, "KEEP_MINOR", 2)
    monkeypatch.setattr(log, "_PRUNE_EVERY", 5)
    session = create(store)
    record(store, session.id, "important")
    for n in range(2, 31):
        record(store, session.id, f"n{n}", minor=True)
    assert ["important", "minor events pruned: 27", "n29", "n30"] == texts(
        store, session.id
    )
    page = store.read(log.list_run_events, session.id, ListRunEvents())
    assert {"first": 2, "count": 27} == page.events[1].payload
    assert hash_chain.fault(codec.plain(page.events)) is None


def test_starts_and_ends_are_never_minor(store: Store) -> None:
    """Nor are they displaced as terminal events; states and titles are minor."""
    session = create(store)
    for kind in ("start", "title", "window-renamed", "exit", "lost"):
        event = HostEvent(kind, {}, 0)
        store.transact(log.record_host_event, session.id, event)
    rows = store.read(lambda _: list(RunEventRow.select().namedtuples()))
    assert [0, 1, 1, 0, 0] == [row.minor for row in rows]


def test_a_removed_session_leaves_hashes(store: Store) -> None:
    """In the chain as in the event log, without content."""
    session = create(store)
    event = record(store, session.id, "secret")
    store.transact(sessions.remove_sessions, [session.id])
    taken_apart(store)
    assert (1, event.hash) == store.read(lambda unit: unit.run_events.head(session.id))
    (tombstone,) = store.read(lambda unit: unit.run_events.page(session.id, 9))
    assert (TOMBSTONE, "", {}) == (tombstone.kind, tombstone.text, tombstone.payload)
    told = [each.event for each in store.read(lambda unit: unit.log.since(0, 99))]
    former = [each.event_type for each in told if isinstance(each, Tombstone)]
    assert "run_event_created" in former
    assert "secret" not in str(told)
