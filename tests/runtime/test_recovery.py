"""What a server finds that comes after another one, in a real database and a tmux."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.api.session_requests import CreateSession
from ant.model.sessions import Session, SessionId, SessionType, Status
from ant.runtime import recovery, run_records
from ant.sessions import sessions
from ant.store import Store
from ant.terminal.host import processes
from ant.terminal.host.host_terminal import Identity, Spec
from ant.terminal.tmux import spool_reader
from ant.terminal.tmux.spool_writer import SpoolWriter
from ant.terminal.tmux.tmux_server import Tmux
from tests.terminal.private_tmux import needs_tmux, running_tmux


@asynccontextmanager
async def left(folder: Path) -> AsyncIterator[tuple[Store, Tmux]]:
    """A database and a tmux, as a server left them."""
    store = Store.open(folder / "ant.db")
    try:
        with trio.fail_after(30):
            async with running_tmux(folder) as tmux:
                yield store, tmux
    finally:
        store.close()


def begun(store: Store, name: str, host: Any = "tmux") -> SessionId:
    """A session whose run `r` was begun."""
    ask = CreateSession(name, SessionType.TERMINAL, host=host)
    session: Session = store.transact(sessions.create_session, ask, "sh")
    store.transact(run_records.begin_run, session.id, "r", None, None)
    return session.id


async def start(tmux: Tmux, session_id: str, run: str = "r") -> Identity:
    """Its program, from which a server has detached."""
    env = {**os.environ, "ANT_SESSION_ID": session_id, "ANT_RUN": run}
    spec = Spec(("/bin/cat",), "/", env, 80, 24)
    pane = await tmux.open(spec, session_id, run, 0, lambda: 0)
    await pane.detach()
    assert pane.identity is not None
    return pane.identity


def status(store: Store, session_id: SessionId) -> Status:
    """The row of the session."""
    session: Session = store.read(sessions.get_session, session_id)
    return session.status


@needs_tmux
@pytest.mark.slow
async def test_known_runs_are_kept_and_others_ended(tmp_path: Path) -> None:
    """A run that continues, and one without a recorded pid; not that of another run."""
    async with left(tmp_path) as (store, tmux):
        ids = [begun(store, name) for name in ("kept", "early", "other", "archived")]
        kept, early, other, archived = ids
        found = {each: await start(tmux, each) for each in (kept, early, archived)}
        found[other] = await start(tmux, other, "another run")
        for each in (kept, other, archived):
            store.transact(run_records.record_run, each, found[each])
        store.transact(lambda u: u.sessions.change(archived, archived=True))
        stranger = await start(tmux, "unknown")
        taken = await recovery.recover(store, tmux)
        assert set(taken) == {kept, early}
        assert taken[kept].pane_ids.pid == found[kept].pid
        assert status(store, kept) is Status.RUNNING
        assert status(store, early) is Status.STARTING
        assert status(store, other) is status(store, archived) is Status.LOST
        alive = {p.pid for p in processes.snapshot() if p.live}
        assert {found[kept].pid, found[early].pid} <= alive
        assert not {found[other].pid, found[archived].pid, stranger.pid} & alive
        assert set(tmux.spooled()) == {kept, early}


@needs_tmux
async def test_the_output_of_a_dead_tmux_is_stored(tmp_path: Path) -> None:
    """From the end of the transcript on, with its gaps, and of this boot only."""
    async with left(tmp_path) as (store, tmux):
        for boot, wanted, end in (
            (processes.boot_id(), [(0, b"one"), (9, b"two")], 20),
            ("x", [], 0),
        ):
            session_id = begun(store, f"lost {boot}")
            identity = Identity(1 << 22, 1, boot)
            store.transact(run_records.record_run, session_id, identity)
            folder = tmux.folder(session_id)
            folder.mkdir(parents=True)
            spool_reader.begin(folder, 0)
            SpoolWriter(str(folder), 0, 100, 50).take(b"one")
            SpoolWriter(str(folder), 9, 100, 50).take(b"two")
            spool_reader.begin(folder, 20)
            assert await recovery.recover(store, tmux) == {}
            chunks = store.read(lambda u, s=session_id: u.transcripts.read(s, 0, 9, 99))
            assert [(chunk.offset, chunk.data) for chunk in chunks] == wanted
            assert store.read(lambda u, s=session_id: u.transcripts.end(s)) == end
            assert status(store, session_id) is Status.LOST
            assert tmux.spooled() == []


async def test_runs_without_tmux_are_lost(tmp_path: Path) -> None:
    """On a machine without tmux."""
    store = Store.open(tmp_path / "ant.db")
    try:
        session_id = begun(store, "plain", "pty")
        assert await recovery.recover(store, Tmux(tmp_path, {"PATH": ""})) == {}
        assert status(store, session_id) is Status.LOST
    finally:
        store.close()
