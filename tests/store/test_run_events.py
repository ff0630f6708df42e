"""Run events and terminal events in the database."""

from collections.abc import Callable
from typing import TypeVar

from ant.model.run_events import RunEventDraft, Source, Trust
from ant.run_events import log
from ant.store import Store, Unit
from ant.store.run_events import TOMBSTONE, redact_run_events
from ant.store.tables.run_events import RunEventRow
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
    assert () == on(store, lambda unit: unit.run_events.page(session.id, 9))

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
    on(store, lambda unit: unit.terminal_events.trim(one.id, 2))
    kept = on(store, lambda unit: unit.terminal_events.page(one.id, 9))
    assert [3, 4] == [row.data["n"] for row in kept]
    assert 5 == len(on(store, lambda unit: unit.terminal_events.page(two.id, 9)))
    on(store, lambda unit: unit.terminal_events.trim(two.id, 9))
    assert 5 == len(on(store, lambda unit: unit.terminal_events.page(two.id, 9)))
