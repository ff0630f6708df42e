"""A real server with much in it: who leaves costs nothing, and a delete is finished."""

import sqlite3
import time
from pathlib import Path

import httpx
import pytest
import trio

from ant.api.session_requests import CreateSession
from ant.core import clock
from ant.model.sessions import Session, SessionType
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.tables.sessions import database
from tests.large import LETTERS, rows_of
from tests.live.server import Server, running_server, start_server
from tests.systems import PATIENCE_S

CHUNK = 60 << 10
CHUNKS = 800
"""Forty-eight megabytes of transcript."""

MESSAGES = 60_000
WAL_MAX = 48 << 20
"""The log is cut to 32 MiB when it is folded in, and grows by some slices till then."""


def filled(folder: Path, chunks: int, messages: int) -> Session:
    """A data folder with one terminal that has so much."""
    store = Store.open(folder / "ant.db")

    def fill(unit: Unit, terminal: Session) -> None:
        at, run = clock.stamp(unit.now), database.connection().executemany
        rows = (
            (terminal.id, n * CHUNK, CHUNK, at, b"x" * CHUNK) for n in range(chunks)
        )
        run(
            'INSERT INTO chunks (session_id, "offset", size, at, data) '
            "VALUES (?, ?, ?, ?, ?)",
            rows,
        )
        if messages == MESSAGES:
            # An expression does not ask the index, which takes its time to be made.
            database.execute_sql("DROP TRIGGER messages_indexed")
        run(
            "INSERT INTO messages (id, session_id, role, content, format, status, "
            "msg_type, meta, created_at) VALUES "
            "(?, ?, 'user', ?, 'text', 'complete', 'message', '{}', ?)",
            (
                (f"m{n}", terminal.linked_chat_id, f"{LETTERS}{n}", f"2026-{n:09}")
                for n in range(messages)
            ),
        )

    try:
        ask = CreateSession(name="large", type=SessionType.TERMINAL)
        session = store.transact(sessions.create_session, ask, "sh")
        store.transact(fill, session)
        return session
    finally:
        store.close()


def cpu_s(server: Server) -> float:
    """Processor time of the server so far."""
    fields = Path(f"/proc/{server.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@pytest.mark.slow
async def test_a_client_that_leaves_ends_its_search(tmp_path: Path) -> None:
    """Searches that would take many seconds cost nothing half a second later."""
    filled(tmp_path, 0, MESSAGES)
    query = "GET /api/search?q=re:zq%5Cd%7B9%7D&scope=messages HTTP/1.1\r\n"
    async with running_server(tmp_path) as server:
        head = f"{query}Host: 127.0.0.1:{server.port}\r\n\r\n".encode()
        for _ in range(3):
            stream = await trio.open_tcp_stream("127.0.0.1", server.port)
            await stream.send_all(head)
            with trio.move_on_after(0.3) as waited:
                await stream.receive_some(1)
            assert waited.cancelled_caught, "it was answered too soon to tell"
            await stream.aclose()
        await trio.sleep(0.5)
        before = cpu_s(server)
        await trio.sleep(1.5)
        assert cpu_s(server) - before < 0.3


def removed(folder: Path) -> tuple[int, int]:
    """Sessions that are marked, and chunks that are left."""
    connection = sqlite3.connect(folder / "ant.db")
    try:
        (marked,) = connection.execute(
            "SELECT COUNT(*) FROM sessions WHERE removed = 1"
        ).fetchone()
        (left,) = connection.execute("SELECT COUNT(*) FROM chunks").fetchone()
        return marked, left
    finally:
        connection.close()


@pytest.mark.slow
async def test_a_hard_delete_goes_on_after_a_kill(tmp_path: Path) -> None:
    """It is answered at once, survives kill -9, and is finished by the next server.

    Others write meanwhile, and the write-ahead log stays short.
    """
    session = filled(tmp_path, CHUNKS, 100)
    server = await start_server(tmp_path)
    path = f"/api/sessions/{session.id}"
    async with httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http:
        room = await http.post("/api/sessions", json={"name": "room", "type": "chat"})
        answer = await http.delete(path, params={"hard": "true"})
        assert 204 == answer.status_code
        assert 404 == (await http.get(path)).status_code
        again = {"name": "large", "type": "chat"}
        assert 201 == (await http.post("/api/sessions", json=again)).status_code
    await server.kill()
    marked, left = removed(tmp_path)
    assert marked in (1, 2), "its chat may be gone by then"
    assert left > 0, "it was over before it could be killed"
    longest_s, wal = 0.0, 0
    async with (
        running_server(tmp_path) as server,
        httpx.AsyncClient(base_url=server.url, timeout=PATIENCE_S) as http,
    ):
        assert 404 == (await http.get(path)).status_code
        with trio.fail_after(60):
            while removed(tmp_path) != (0, 0):
                began = time.monotonic()
                posted = await http.post(
                    f"/api/sessions/{room.json()['id']}/messages", json={"content": "x"}
                )
                longest_s = max(longest_s, time.monotonic() - began)
                assert 201 == posted.status_code
                wal = max(wal, (tmp_path / "ant.db-wal").stat().st_size)
    assert wal < WAL_MAX
    assert longest_s < 2.0
    store = Store.open(tmp_path / "ant.db")
    try:
        left_over = store.read(lambda _: rows_of(session.id))
    finally:
        store.close()
    assert {} == {key: n for key, n in left_over.items() if n and not key[1]}
