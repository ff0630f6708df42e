"""The async interface to the store, with real threads and real time."""

import threading
import time
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from ant.core import clock
from ant.core.errors import CapacityReached, Conflict, Stopping, StorageFailed
from ant.journal import event_log, writer
from ant.journal.work_queue import QUEUE
from ant.journal.writer import (
    GROUP,
    KEPT,
    LANE_QUEUE,
    OWNER_QUEUE,
    READERS,
    SEARCH_GROUP,
    Journal,
    Lane,
    open_journal,
)
from ant.model.events import Envelope, SessionActivity, SessionsChanged
from ant.model.sessions import SessionId
from ant.store import Job, Store, Unit
from ant.store.tables.sessions import database
from tests.cancel import cancel_at_every_step
from tests.live.waiting import eventually
from tests.store.test_store import BIG, fail, fill_disk, grow, put
from tests.systems import PATIENCE_S, RecordingBus


@pytest.fixture(autouse=True)
def _help_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second thread of a lane helps before `wait_all_tasks_blocked(0.01)` ends."""
    monkeypatch.setattr(writer, "HELP_S", 0.002)


@pytest.fixture
def bus() -> RecordingBus:
    return RecordingBus()


@pytest.fixture
async def journal(store: Store, bus: RecordingBus) -> AsyncIterator[Journal]:
    with trio.fail_after(PATIENCE_S):
        async with open_journal(store, bus) as opened:
            yield opened


def told(bus: RecordingBus) -> list[str | None]:
    return [each.event.session_id for each in bus.published]


def logged(store: Store) -> list[int | None]:
    return [each.seq for each in store.read(event_log.missed_events, 0, 100_000)[0]]


class Gate:
    """Work that holds the writer's thread until it is opened."""

    def __init__(self) -> None:
        self.entered, self._open = trio.Event(), threading.Event()
        self._token = trio.lowlevel.current_trio_token()

    def work(self, unit: Unit) -> None:
        self._token.run_sync_soon(self.entered.set)
        assert self._open.wait(PATIENCE_S)
        put(unit, "gate")

    def open(self) -> None:
        self._open.set()


async def test_a_write_returns_after_its_events_are_published(
    journal: Journal, bus: RecordingBus, store: Store
) -> None:
    """Committed first, then published, then returned."""
    assert "a" == await journal.write(put, "a")
    assert ["a"] == told(bus)
    assert [1] == logged(store)


async def test_waiting_writes_share_a_commit(
    journal: Journal, bus: RecordingBus, store: Store
) -> None:
    """Published in the order of submission; a failed one fails alone."""
    gate, groups = Gate(), []
    transact_group = journal._writes._run_group
    journal._writes._run_group = lambda jobs: (
        groups.append(len(jobs)),
        transact_group(jobs),
    )
    results: list[object] = []

    async def write(work: object, key: str) -> None:
        try:
            results.append(await journal.write(work, key))  # type: ignore[arg-type]
        except Conflict:
            results.append("conflict")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.write, gate.work)
        await gate.entered.wait()
        for work, key in ((put, "a"), (fail, "b"), (put, "c")):
            nursery.start_soon(write, work, key)
            await wait_all_tasks_blocked()
        gate.open()
    assert [1, 3] == groups
    assert ["gate", "a", "c"] == told(bus)
    assert {"a", "conflict", "c"} == set(results)
    assert logged(store) == [each.seq for each in bus.published]


async def test_many_writes_are_split_into_groups(
    journal: Journal, bus: RecordingBus
) -> None:
    """All are done, in order."""
    gate = Gate()
    keys = [f"k{n}" for n in range(4 * GROUP)]
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.write, gate.work)
        await gate.entered.wait()
        for key in keys:
            nursery.start_soon(journal.write, put, key)
        gate.open()
    assert sorted(["gate", *keys]) == sorted(filter(None, told(bus)))


async def test_a_thread_takes_the_next_group_by_itself(
    journal: Journal, bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Groups that wait need no wake-up of a thread."""
    gate, trips, run_sync = Gate(), [], trio.to_thread.run_sync

    async def noting(*args: object, **kwargs: object) -> object:
        trips.append(args)
        return await run_sync(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(trio.to_thread, "run_sync", noting)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.write, gate.work)
        await gate.entered.wait()
        for number in range(3 * GROUP):
            nursery.start_soon(journal.write, put, str(number))
        await wait_all_tasks_blocked()
        gate.open()
    assert 1 + 3 * GROUP == len(told(bus))
    assert 1 == len(trips)


async def test_a_cancelled_write_that_has_not_begun_is_dropped(
    journal: Journal, bus: RecordingBus, store: Store
) -> None:
    """One that runs in the thread is committed and published."""
    gate, scopes = Gate(), [trio.CancelScope(), trio.CancelScope()]

    async def write(scope: trio.CancelScope, work: object, *args: str) -> None:
        with scope:
            await journal.write(work, *args)  # type: ignore[arg-type]

    async with trio.open_nursery() as nursery:
        nursery.start_soon(write, scopes[0], gate.work)
        await gate.entered.wait()
        nursery.start_soon(write, scopes[1], put, "a")
        await wait_all_tasks_blocked()
        for scope in scopes:
            scope.cancel()
        await wait_all_tasks_blocked()
        gate.open()
        await journal.write(put, "b")
    assert ["gate", "b"] == told(bus)
    assert logged(store) == [each.seq for each in bus.published]


async def test_commits_equal_publications_at_every_step(
    journal: Journal, bus: RecordingBus, store: Store
) -> None:
    """Whenever the caller is cancelled, every logged event was published."""

    async def post() -> None:
        await journal.write(put, "post")

    async def check() -> None:
        await journal.write(lambda unit: None)
        assert logged(store) == [each.seq for each in bus.published]

    assert 2 < await cancel_at_every_step(post, check)


async def test_reads_run_beside_writes(journal: Journal) -> None:
    """A running write delays no read, and no read sees it."""
    gate = Gate()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(journal.write, gate.work)
        await gate.entered.wait()
        assert await journal.read(lambda unit: unit.settings.get("gate")) is None
        gate.open()
    assert "x" == await journal.read(lambda unit: unit.settings.get("gate"))


async def test_it_is_degraded_until_a_commit_succeeds(
    journal: Journal, bus: RecordingBus, store: Store
) -> None:
    """A full disk raises in the caller, publishes nothing, and shows in health."""
    await trio.to_thread.run_sync(fill_disk, store)
    assert not journal.degraded
    with pytest.raises(StorageFailed):
        await journal.write(grow, "a", BIG)
    assert journal.degraded
    assert [] == told(bus)
    await journal.write(put, "b")
    assert not journal.degraded


async def test_ephemeral_events_are_in_no_transaction(
    journal: Journal, bus: RecordingBus
) -> None:
    """They are published at once."""
    event = SessionActivity(SessionId("one"), clock.now())
    journal.publish(Envelope(clock.now(), event))
    assert [None] == [each.seq for each in bus.published]


async def test_closing_finishes_waiting_writes(store: Store) -> None:
    """Later writes raise `Stopping`."""
    bus = RecordingBus()
    with trio.fail_after(PATIENCE_S):
        async with (
            trio.open_nursery() as nursery,
            open_journal(store, bus) as journal,
        ):
            gate = Gate()
            nursery.start_soon(journal.write, gate.work)
            await gate.entered.wait()
            nursery.start_soon(journal.write, put, "a")
            await wait_all_tasks_blocked()
            gate.open()
    assert ["gate", "a"] == told(bus)
    with pytest.raises(Stopping):
        await journal.write(put, "late")


async def test_cancelling_the_journal_fails_waiting_writes(store: Store) -> None:
    """The running commit is finished and published; the others get `Stopping`."""
    bus = RecordingBus()
    answers: list[str] = []
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as outside:
            with trio.CancelScope() as scope:
                async with open_journal(store, bus) as journal:
                    gate = Gate()

                    async def write(key: str) -> None:
                        try:
                            await journal.write(put, key)
                        except Stopping:
                            answers.append(key)

                    outside.start_soon(journal.write, gate.work)
                    await gate.entered.wait()
                    for number in range(2 * QUEUE):
                        outside.start_soon(write, str(number))
                    await wait_all_tasks_blocked()
                    scope.cancel()
                    gate.open()
    assert ["gate"] == told(bus)
    assert 2 * QUEUE == len(answers)
    assert logged(store) == [each.seq for each in bus.published]
    assert isinstance(bus.published[0].event, SessionsChanged)


async def test_read_runs_on_the_loop_and_read_in_thread_in_a_thread(
    journal: Journal,
) -> None:
    """However long they take: the caller chooses."""
    loop = threading.get_ident()

    def runs_on_the_loop(unit: Unit, hold_s: float) -> bool:
        end = clock.cpu_time() + hold_s
        while clock.cpu_time() < end:
            pass
        return threading.get_ident() == loop

    for hold_s in (0.0, 0.005, 0.005, 0.005, 0.0):
        assert await journal.read(runs_on_the_loop, hold_s)
        assert not await journal.read_in_thread(runs_on_the_loop, hold_s)


FOREVER = (
    "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) "
    "SELECT COUNT(*) FROM n"
)


def endless_statement(unit: Unit) -> None:
    """One SQLite statement that does not end."""
    database.execute_sql(FOREVER).fetchall()


def endless_loop(unit: Unit) -> None:
    """A Python loop that does not end and calls `pause`."""
    while True:
        unit.pause()


def endless_rows(unit: Unit) -> None:
    """Rows that do not end, of a statement with short steps."""
    for _ in database.execute_sql(FOREVER.replace("COUNT(*)", "x")):
        pass


def now(unit: Unit) -> str:
    return "now"


@pytest.mark.parametrize("work", [endless_statement, endless_loop, endless_rows])
async def test_cancelling_a_long_read_ends_it(
    journal: Journal, work: Callable[[Unit], None]
) -> None:
    """Both threads of the lane are free at once and idle."""
    with trio.move_on_after(0.3):
        async with trio.open_nursery() as nursery:
            for _ in range(READERS):
                nursery.start_soon(
                    partial(journal.read_in_thread, work, lane=Lane.SCAN)
                )
    assert "now" == await journal.read_in_thread(now, lane=Lane.SCAN)
    used = time.process_time()
    await trio.sleep(0.5)
    assert time.process_time() - used < 0.1


@pytest.mark.parametrize("lane", [Lane.SEARCH, Lane.SCAN, Lane.REPORT])
async def test_a_full_lane_refuses_reads_and_delays_no_other_lane(
    journal: Journal, lane: Lane
) -> None:
    """The refusal names the lane."""
    async with trio.open_nursery() as nursery:
        running = journal._lanes[lane]._running
        for count in range(1, READERS + LANE_QUEUE + 1):
            nursery.start_soon(partial(journal.read_in_thread, endless_loop, lane=lane))
            await wait_all_tasks_blocked(0.01)
            # The second thread of a lane helps only after a while.
            expected = min(count, READERS)
            await eventually(lambda: len(running) == expected)  # noqa: B023
        with pytest.raises(CapacityReached, match=lane.value):
            await journal.read_in_thread(now, lane=lane)
        for other in Lane:
            if other is not lane:
                assert "now" == await journal.read_in_thread(now, lane=other)
        assert "now" == await journal.read(now)
        nursery.cancel_scope.cancel()
    assert "now" == await journal.read_in_thread(now, lane=lane)


async def test_reads_of_one_owner_run_one_at_a_time(journal: Journal) -> None:
    """A few may wait, the next is refused; other owners are not delayed."""
    ask = partial(journal.read_in_thread, lane=Lane.REPORT)
    async with trio.open_nursery() as nursery:
        for _ in range(1 + OWNER_QUEUE):
            nursery.start_soon(partial(ask, endless_loop, owner="ada"))
        await wait_all_tasks_blocked(0.01)
        with pytest.raises(CapacityReached, match="wait already"):
            await ask(now, owner="ada")
        assert "now" == await ask(now, owner="bob")
        nursery.cancel_scope.cancel()
    assert "now" == await ask(now, owner="ada")
    assert {} == journal._owner_locks


async def test_closing_ends_long_reads(store: Store) -> None:
    """Their callers get `Stopping`."""
    told: list[str] = []

    async def read_in_thread(journal: Journal) -> None:
        try:
            await journal.read_in_thread(endless_loop, lane=Lane.SCAN)
        except Stopping as exc:
            told.append(str(exc))

    with trio.fail_after(PATIENCE_S):
        async with (
            trio.open_nursery() as nursery,
            open_journal(store, RecordingBus()) as journal,
        ):
            for _ in range(READERS + 1):
                nursery.start_soon(read_in_thread, journal)
            await wait_all_tasks_blocked(0.01)
    assert ["The server is stopping."] * (READERS + 1) == told


async def test_an_answer_is_kept_until_something_is_committed(
    journal: Journal, store: Store
) -> None:
    """By any connection; another question replaces it; a large answer is not kept."""
    asked: list[str] = []

    def settings(unit: Unit, key: str) -> tuple[dict[str, str | None], None]:
        asked.append(key)
        return {key: unit.settings.get(key)}, None

    def change(unit: Unit, value: str) -> None:
        unit.settings.put("one", value)

    async def ask(key: str = "one") -> bytes:
        return await journal.read_json(settings, key)

    assert (b'{"one":null}', b'{"one":null}') == (await ask(), await ask())
    assert ["one"] == asked
    await journal.write(change, "a")
    assert (b'{"one":"a"}', b'{"one":"a"}') == (await ask(), await ask())
    assert ["one", "one"] == asked
    store.transact(change, "b")  # By the connection of the loop itself.
    assert b'{"one":"b"}' == await ask()
    assert b'{"two":null}' == await ask("two")
    assert b'{"one":"b"}' == await ask()
    assert ["one"] * 3 + ["two", "one"] == asked
    await journal.write(change, "x" * KEPT)
    assert await ask() == await ask()
    assert ["one"] * 2 == asked[-2:]
    assert 7 == len(asked)


async def test_an_answer_is_kept_until_its_time(journal: Journal) -> None:
    """What holds until a time in the future is kept; what held until now is not."""
    asked: list[timedelta] = []

    def at(unit: Unit, later: timedelta) -> tuple[list[str], datetime]:
        asked.append(later)
        return [], unit.now + later

    for later in (timedelta(hours=1), timedelta()):
        assert [b"[]"] * 2 == [await journal.read_json(at, later) for _ in range(2)]
    assert [timedelta(hours=1), timedelta(), timedelta()] == asked


async def test_searches_that_wait_share_a_trip(
    store: Store, bus: RecordingBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most `SEARCH_GROUP` of them; a long read of another lane goes alone."""
    sizes: list[int] = []
    run = store.read_group
    begun, go_on = ([threading.Event() for _ in range(READERS)] for _ in range(2))

    def read_group(jobs: Sequence[Job]) -> None:
        sizes.append(len(jobs))
        run(jobs)

    def wait(_: Unit, reader: int) -> None:
        begun[reader].set()
        assert go_on[reader].wait(PATIENCE_S)

    monkeypatch.setattr(store, "read_group", read_group)
    async with open_journal(store, bus) as journal:
        for lane, expected in ((Lane.SEARCH, [4, 4]), (Lane.SCAN, [1] * 8)):
            sizes.clear()
            ask = partial(journal.read_in_thread, lane=lane)
            async with trio.open_nursery() as readers:
                for reader in range(READERS):
                    begun[reader].clear()
                    go_on[reader].clear()
                    readers.start_soon(ask, wait, reader)
                    await eventually(begun[reader].is_set)
                # One thread takes all that wait: two would share it by chance.
                async with trio.open_nursery() as nursery:
                    for _ in range(2 * SEARCH_GROUP):
                        nursery.start_soon(ask, _nothing)
                        await wait_all_tasks_blocked()
                    go_on[0].set()
                for each in go_on:
                    each.set()
            assert [1] * READERS + expected == sizes


def _nothing(_: Unit) -> None:
    """Read nothing."""
