"""The nursery of sessions; real threads, so real time."""

import logging
import os
from pathlib import Path

import pytest
import trio

from ant.api.session_requests import CreateSession, DeleteSession
from ant.core.counters import Limit
from ant.core.errors import (
    CapacityReached,
    Gone,
    Invalid,
    NotFound,
    NotRunning,
    Stopping,
)
from ant.http.routes.sessions import create_session, delete_session
from ant.http.routes.terminal import type_input
from ant.model.sessions import Session, SessionId, SessionType, Status
from ant.sessions import sessions
from ant.store import Store
from ant.terminal.host import processes
from ant.terminal.host.pty import open_pty
from tests.cancel import cancel_at_every_step
from tests.systems import PATIENCE_S, Opener, Rig, running


async def test_a_session_is_started_once(rig: Rig) -> None:
    """Concurrent callers get the same live terminal."""
    session = await rig.create()
    lives = []

    async def start() -> None:
        lives.append(await rig.system.supervisor.start(session.id))

    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            for _ in range(5):
                nursery.start_soon(start)
    assert 1 == len(rig.terminals)
    assert 1 == len(set(map(id, lives)))
    assert lives[0] is rig.system.supervisor.need(session.id)


async def test_a_caller_after_a_failed_start_tries_again(rig: Rig) -> None:
    """The first caller gets the first error; the next one starts anew."""
    session = await rig.create()
    rig.fault = Invalid("no at $")
    answers: list[str] = []

    async def start() -> None:
        try:
            await rig.system.supervisor.start(session.id)
        except Invalid:
            rig.fault = None
            answers.append("invalid")
        else:
            answers.append("started")

    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(start)
            nursery.start_soon(start)
    assert ["invalid", "started"] == answers


async def test_a_session_that_does_not_run(rig: Rig) -> None:
    """`find` returns None, `need` raises, `stop` does nothing."""
    session = await rig.create()
    supervisor = rig.system.supervisor
    assert supervisor.find(session.id) is None
    with pytest.raises(NotRunning):
        supervisor.need(session.id)
    await supervisor.stop(session.id)
    with pytest.raises(NotFound):
        await supervisor.start(SessionId("nobody"))
    chat = await rig.create("room", type=SessionType.CHAT)
    with pytest.raises(NotRunning):
        await supervisor.start(chat.id)
    await rig.system.journal.write(sessions.delete_session, session.id, False)
    with pytest.raises(Gone):
        await supervisor.start(session.id)


async def test_a_stop_waits_for_the_end(rig: Rig) -> None:
    """Then the row is `exited`, and the next start is a new run."""
    session = await rig.started()
    with trio.fail_after(PATIENCE_S):
        await rig.system.supervisor.stop(session.id)
    assert rig.terminals[0].closed
    assert Status.EXITED == (await rig.look(session.id)).status
    await rig.system.supervisor.start(session.id)
    assert 2 == len(rig.terminals)


async def test_a_start_waits_for_an_end_under_way(rig: Rig) -> None:
    """It never returns a terminal that is about to end."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    live.flow.finished = True
    live.stop()
    with trio.fail_after(PATIENCE_S):
        assert live is not await rig.system.supervisor.start(session.id)


@pytest.mark.meets(Limit.SESSIONS)
async def test_the_cap_refuses(tmp_path: Path) -> None:
    """Slots that are held count; a session that ends frees one."""
    async with running(tmp_path, max_active_sessions=2) as rig:
        one = await rig.started("one")
        supervisor = rig.system.supervisor
        two = await rig.create("two")
        with supervisor.slot(), pytest.raises(CapacityReached, match="2 sessions run"):
            await supervisor.start(two.id)
        assert Status.NONE == (await rig.look(two.id)).status
        await supervisor.start(two.id)
        with pytest.raises(CapacityReached), supervisor.slot():
            pass
        await supervisor.stop(one.id)
        with supervisor.slot():
            pass


async def test_a_bug_in_one_session_stays_its_own(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, marked `crashed` and announced; the siblings run on."""
    one, two = await rig.started("one"), await rig.started("two")
    live = rig.system.supervisor.need(one.id)

    def broken(data: bytes, end: int, at: float) -> list[object]:
        raise ZeroDivisionError

    session_run = rig.system.services.running[one.id]
    monkeypatch.setattr(session_run.detector, "feed", broken)
    with caplog.at_level(logging.CRITICAL, "ant"), trio.fail_after(PATIENCE_S):
        rig.terminals[0].say(b"x")
        await live.over.wait()
    row = await rig.look(one.id)
    assert row.terminal is not None
    assert (Status.EXITED, "crashed") == (row.status, row.terminal.status_reason)
    assert Status.RUNNING == (await rig.look(two.id)).status
    assert not rig.terminals[1].closed
    assert "SessionExited" in rig.tags()


async def test_at_the_end_every_session_ends(tmp_path: Path) -> None:
    """Concurrently, and none starts afterwards."""
    async with running(tmp_path) as rig:
        ids = [(await rig.started(f"s{n}")).id for n in range(5)]
        supervisor = rig.system.supervisor
        with trio.fail_after(PATIENCE_S):
            await supervisor.stop_all(1.0)
        assert all(fake.closed for fake in rig.terminals)
        assert [Status.EXITED] * 5 == [(await rig.look(i)).status for i in ids]
        with pytest.raises(Stopping):
            await supervisor.start(ids[0])
        await rig.check_published()


async def test_a_cancelled_stop_kills_without_grace(tmp_path: Path) -> None:
    """Its descriptors are closed all the same, and the end is recorded."""
    with trio.fail_after(PATIENCE_S):
        async with running(tmp_path, grace_s=3600) as rig:
            session = await rig.started()
            rig.hurry.cancel()
        assert rig.terminals[0].closed
    store = Store.open(tmp_path / "ant.db")
    try:
        row = store.read(sessions.get_session, session.id)
    finally:
        store.close()
    assert row.terminal is not None
    assert (Status.EXITED, "stopped") == (row.status, row.terminal.status_reason)


# Cancelled at every step.


def descriptors() -> set[str]:
    """Open descriptors, except for the database, whose connections are pooled.

    SQLite opens its folder, too, for the moment in which it writes it to disk.
    """
    found = set()
    for fd in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{fd}")
        except OSError:
            continue
        if "ant.db" not in target and not Path(target, "ant.db").exists():
            found.add(f"{fd} {target}")
    return found


def children() -> list[int]:
    """The child processes of this process, zombies included."""
    return [each.pid for each in processes.snapshot() if each.ppid == os.getpid()]


class Ledger:
    """What must hold after every cancelled run."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.descriptors, self.children = descriptors(), children()

    async def settle(self) -> None:
        """Let what was begun come to its end."""
        supervisor = self.rig.system.supervisor
        for session_id in list(supervisor._starting):
            await supervisor._settled(session_id)
        await self.rig.settle()

    async def check(self) -> None:
        """Commits equal publications; rows, terminals, processes agree."""
        rig = self.rig
        with trio.fail_after(PATIENCE_S):
            await self.settle()
            await rig.check_published()
            supervisor = rig.system.supervisor
            assert {} == supervisor._starting
            assert 0 == supervisor._slots
            assert (0, 0) == (
                rig.system.presence.count(),
                rig.system.services.broadcaster.count(),
            )
            listed = await rig.system.journal.read(sessions.list_sessions)
            for session in (*listed.sessions, *listed.recoverable):
                live = supervisor.find(session.id)
                if session.status in {Status.STARTING, Status.RUNNING}:
                    assert live is not None, session
                else:
                    assert live is None, session

    async def check_stopped(self) -> None:
        """The same, and then nothing is left when every session was stopped."""
        await self.check()
        with trio.fail_after(PATIENCE_S):
            for session_id in list(self.rig.system.services.running):
                await self.rig.system.supervisor.stop(session_id)
        assert all(fake.closed for fake in self.rig.terminals)
        assert self.children == children()
        assert self.descriptors == descriptors()
        await self.check()


HOSTS = [pytest.param(None, id="fake"), pytest.param(open_pty, id="pty")]


@pytest.fixture
async def warm() -> None:
    """Threads and their descriptors exist before anything is counted."""
    await trio.to_thread.run_sync(lambda: None)


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
async def test_a_start_is_safe_at_every_step(
    tmp_path: Path, warm: None, host: Opener | None
) -> None:
    """Cancelled anywhere: it runs and is recorded, or it was never there."""
    async with running(tmp_path, host) as rig:
        session = await rig.create(command=("/bin/cat",))
        ledger = Ledger(rig)

        async def start() -> None:
            await rig.system.supervisor.start(session.id)

        assert await cancel_at_every_step(start, ledger.check_stopped) > 5


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
async def test_a_stop_is_safe_at_every_step(
    tmp_path: Path, warm: None, host: Opener | None
) -> None:
    """Cancelled anywhere: the session runs on, or it ends as asked."""
    async with running(tmp_path, host) as rig:
        session = await rig.create(command=("/bin/cat",))
        ledger = Ledger(rig)

        async def check() -> None:
            live = rig.system.supervisor.find(session.id)
            if live is not None and live._stop.is_set():
                with trio.fail_after(PATIENCE_S):
                    await live.over.wait()
            await ledger.check_stopped()
            await rig.system.supervisor.start(session.id)

        async def stop() -> None:
            await rig.system.supervisor.stop(session.id)

        await rig.system.supervisor.start(session.id)
        assert await cancel_at_every_step(stop, check) > 5
        await rig.system.supervisor.stop(session.id)


@pytest.mark.slow
async def test_input_is_safe_at_every_step(tmp_path: Path, warm: None) -> None:
    """Cancelled anywhere: typed whole and once, or not at all."""
    async with running(tmp_path) as rig:
        session = await rig.started()
        ledger = Ledger(rig)
        content = b"abc"

        async def type_it() -> None:
            await type_input(rig.system, session.id, content, None)

        async def check() -> None:
            live = rig.system.supervisor.need(session.id)
            with trio.fail_after(PATIENCE_S):
                await live.type_nowait(b"|").wait(PATIENCE_S)
            typed = bytes(rig.terminals[0].written)
            assert set(typed.split(b"|")) <= {b"", b"abc"}
            await ledger.check()

        assert await cancel_at_every_step(type_it, check) > 2


@pytest.mark.slow
async def test_a_creation_is_safe_at_every_step(tmp_path: Path, warm: None) -> None:
    """Cancelled anywhere: a whole pair or none, with a program or without."""
    async with running(tmp_path) as rig:
        ledger = Ledger(rig)
        made: list[Session] = []

        async def create() -> None:
            ask = CreateSession(name=f"s{len(made)}", type=SessionType.TERMINAL)
            made.append(None)  # type: ignore[arg-type]
            await create_session(rig.system, ask)

        async def check() -> None:
            await ledger.check_stopped()
            listed = await rig.system.journal.read(sessions.list_sessions)
            by_id = {each.id: each for each in listed.sessions}
            for each in listed.sessions:
                if each.type is SessionType.TERMINAL:
                    assert each.linked_chat_id in by_id

        assert await cancel_at_every_step(create, check) > 5


@pytest.mark.slow
@pytest.mark.parametrize("hard", [False, True])
async def test_a_deletion_is_safe_at_every_step(
    tmp_path: Path, warm: None, hard: bool
) -> None:
    """Cancelled anywhere: what is deleted does not run on."""
    async with running(tmp_path) as rig:
        ledger = Ledger(rig)
        current: list[Session] = [await rig.started("s0")]

        async def delete() -> None:
            await delete_session(rig.system, current[-1].id, DeleteSession(hard))

        async def check() -> None:
            await ledger.settle()
            session_id = current[-1].id
            with trio.fail_after(PATIENCE_S):
                while True:
                    live = rig.system.supervisor.find(session_id)
                    if live is None or not live._stop.is_set():
                        break
                    await live.over.wait()
            try:
                row = await rig.look(session_id)
            except NotFound:
                row = None
            if row is None or not row.active:
                assert rig.system.supervisor.find(session_id) is None
            await ledger.check_stopped()
            current.append(await rig.started(f"s{len(current)}"))

        assert await cancel_at_every_step(delete, check) > 5
