"""Run events and terminal events in the database."""

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from ant.api import codec
from ant.model.run_events import PRUNED, TOMBSTONE, RunEventDraft, Source, Trust
from ant.model.sessions import SessionId
from ant.run_events import hash_chain, log
from ant.store import Store, Unit
from ant.store.run_events import redact_run_events
from ant.store.tables.run_events import RunEventRow
from ant.store.tables.sessions import database
from tests.rules import create

T = TypeVar("T")


def on(store: Store, work: Callable[[Unit], T]) -> T:
    return store.transact(work)


def fact(text: str, kind: str = "command_block") -> RunEventDraft:
    return RunEventDraft(
        Source.TERMINAL, Trust.HIGH, kind, text, {"k": [1]}, 3, 9, {"a": "b"}
    )


def test_tombstones_keep_the_chain_and_nothing_else(store: Store) -> None:
    """Numbers, times and hashes. Old ones are deleted."""
    session = create(store)
    for text in ("one", "two"):
        on(store, lambda unit, text=text: log.record(unit, session.id, fact(text)))
    before = on(store, lambda unit: unit.run_events.page(session.id, 9))
    on(store, lambda unit: redact_run_events(session.id, 1, 9))
    told = on(store, lambda unit: unit.run_events.page(session.id, 9))
    assert [(TOMBSTONE, "", {})] * 2 == [(e.kind, e.text, e.payload) for e in told]
    assert hash_chain.fault(codec.plain(told)) is None

    def rows(_: Unit) -> list[tuple[object, ...]]:
        return [
            (row.n, row.kind, row.text, row.payload, row.raw_ref, row.start, row.hash)
            for row in RunEventRow.select().order_by(RunEventRow.n)
        ]

    assert [
        (each.n, TOMBSTONE, "", "{}", None, None, each.hash) for each in before
    ] == on(store, rows)
    assert (2, before[1].hash) == on(store, lambda u: u.run_events.head(session.id))
    assert 0 == on(store, lambda unit: unit.run_events.prune_tombstones("2020"))
    assert 2 == on(store, lambda unit: unit.run_events.prune_tombstones("9999"))
    assert (0, None) == on(store, lambda unit: unit.run_events.head(session.id))


def test_terminal_events_are_trimmed_to_the_newest(store: Store) -> None:
    """Of one session only."""
    one, two = create(store, "one"), create(store, "two")
    for n in range(5):
        for each in (one, two):
            on(
                store,
                lambda unit, n=n, each=each: log.add_terminal_event(
                    unit, each.id, "resize", {"n": n}, n
                ),
            )
    on(store, lambda unit: unit.terminal_events.trim(one.id, 2, {"start"}))
    kept = on(store, lambda unit: unit.terminal_events.page(one.id, 9))
    assert [3, 4] == [row.data["n"] for row in kept]
    assert 5 == len(on(store, lambda unit: unit.terminal_events.page(two.id, 9)))
    on(store, lambda unit: unit.terminal_events.trim(two.id, 9, {"resize"}))
    assert 5 == len(on(store, lambda unit: unit.terminal_events.page(two.id, 9)))


def test_terminal_events_apart_are_not_displaced(store: Store) -> None:
    """Each of the two sorts is trimmed by itself."""
    one = create(store)
    for n, kind in enumerate(["start", *["resize"] * 5, "exit", "start"]):
        on(
            store,
            lambda unit, n=n, kind=kind: log.add_terminal_event(
                unit, one.id, kind, {"n": n}, n
            ),
        )
    on(store, lambda unit: unit.terminal_events.trim(one.id, 2, {"start", "exit"}))
    kept = on(store, lambda unit: unit.terminal_events.page(one.id, 9))
    assert [4, 5, 6, 7] == [row.data["n"] for row in kept]


def record_all(store: Store, session_id: SessionId, marks: str) -> None:
    """Record an event for each mark; `.` is a minor one."""
    for mark in marks:
        draft = attrs.evolve(fact(mark, "x"), minor=mark == ".")
        on(store, lambda unit, draft=draft: log.record(unit, session_id, draft))


def test_minor_events_are_pruned_between_others(store: Store) -> None:
    """A range leaves one row, and the chain is whole; more are added to that row."""
    one = create(store)
    record_all(store, one.id, "A..B...C..")

    def prune(keep: int, keep_minor: int) -> list[Any]:
        on(store, lambda unit: unit.run_events.prune(one.id, keep, keep_minor))
        told = on(store, lambda unit: unit.run_events.page(one.id, 99))
        assert hash_chain.fault(codec.plain(told)) is None
        return [
            each.payload if each.kind == PRUNED else (each.n, each.text)
            for each in told
        ]

    def pruned(first: int, count: int) -> dict[str, int]:
        return {"first": first, "count": count}

    rest = [(7, "."), (8, "C"), (9, "."), (10, ".")]
    before = prune(9, 3)
    assert [(1, "A"), pruned(2, 2), (4, "B"), pruned(5, 2), *rest] == before
    assert before == prune(9, 3)
    assert [(1, "A"), pruned(2, 2), (4, "B"), pruned(5, 3), *rest[1:]] == prune(9, 2)
    record_all(store, one.id, "D")
    assert [
        (1, "A"),
        pruned(2, 2),
        (4, "B"),
        pruned(5, 3),
        (8, "C"),
        pruned(9, 2),
        (11, "D"),
    ] == prune(9, 0)
    counts, _, _ = on(store, lambda unit: unit.run_events.extent(one.id))
    assert {"x": 4, PRUNED: 7} == counts
    assert [(8, "C"), pruned(9, 2), (11, "D")] == prune(2, 0)


def test_minor_events_are_found_by_their_index(store: Store) -> None:
    """Not by reading all events of the session."""
    query = "SELECT n FROM run_events WHERE session_id = 'x' AND minor > 0"
    order = "AND minor = 1 ORDER BY n DESC"
    with store._db.connection_context():
        plan = database.execute_sql(f"EXPLAIN QUERY PLAN {query} {order}")
        assert "COVERING INDEX run_events_minor" in str(plan.fetchall())


def test_a_removed_session_keeps_ranges_of_pruned_events(store: Store) -> None:
    """As tombstones, so that its chain is whole."""
    one = create(store)
    record_all(store, one.id, "A..B")
    on(store, lambda unit: unit.run_events.prune(one.id, 9, 0))
    on(store, lambda unit: redact_run_events(one.id, 1, 9))
    told = on(store, lambda unit: unit.run_events.page(one.id, 9))
    assert [{}, {"first": 2, "count": 2}, {}] == [each.payload for each in told]
    assert {TOMBSTONE} == {each.kind for each in told}
    assert hash_chain.fault(codec.plain(told)) is None
