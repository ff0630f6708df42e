"""`/ws`: commands in, facts and bytes out; real threads, so real time."""

import json
import logging
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from quart.testing.connections import WebsocketDisconnectError
from trio.testing import wait_all_tasks_blocked

from ant.core import clock
from ant.core.counters import Limit
from ant.http.server.websocket import OVERSIZE
from ant.http.ws.sender import OUTBOX
from ant.http.ws.socket import LOBBY
from ant.model.events import Envelope, SessionActivity, SessionsChanged
from ant.model.sessions import Session, SessionId, SessionType
from ant.sessions import sessions
from ant.store import Unit
from tests.cancel import cancel_at_every_step
from tests.runtime.test_supervisor import Ledger
from tests.systems import PATIENCE_S, Rig, running

TOLD = {"agent_status_updated", "terminal_size"}


class Client:
    """One socket. Frames that were not asked for are kept in `passed`.

    All sockets are told how agents are, at whatever time that is seen, and what size a
    terminal has: both are left out, unless one `hears_all`.
    """

    def __init__(self, connection: Any, hears_all: bool = False) -> None:
        self.connection, self._hears_all = connection, hears_all
        self.passed: list[dict[str, Any]] = []

    async def send(self, kind: str, **fields: Any) -> None:
        await self.connection.send(json.dumps({"type": kind, **fields}))

    async def receive(self) -> dict[str, Any]:
        with trio.fail_after(PATIENCE_S):
            while True:
                frame: dict[str, Any] = json.loads(await self.connection.receive())
                if self._hears_all or frame["type"] not in TOLD:
                    return frame

    async def expect(self, kind: str) -> dict[str, Any]:
        """The next frame of that type."""
        while True:
            frame = await self.receive()
            if frame["type"] == kind:
                return frame
            self.passed.append(frame)

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send with a `ref`, and the `ack` or `error` that repeats it."""
        await self.send(kind, ref="r", **fields)
        while True:
            frame = await self.receive()
            if frame["type"] in {"ack", "error"} and frame.get("ref") == "r":
                return frame
            self.passed.append(frame)

    async def read(self, session: Session, end: int) -> str:
        """Output up to that offset; frames must join without a seam."""
        text, at = "", None
        while at is None or at < end:
            frame = await self.expect("terminal_output")
            assert session.id == frame["sessionId"]
            assert at in {None, frame["offset"]}
            text, at = text + frame["data"], frame["end"]
        assert end == at
        return text


@asynccontextmanager
async def connected(rig: Rig) -> AsyncIterator[Client]:
    """A socket that has said hello."""
    async with rig.app.test_client().websocket("/ws") as connection:
        client = Client(connection)
        assert "build_id" == (await client.receive())["type"]
        assert "hello" == (await client.receive())["type"]
        yield client


async def test_a_socket_begins_with_hello(rig: Rig) -> None:
    """`build_id` first, for the original's clients; then where the log is."""
    await rig.create()
    async with rig.app.test_client().websocket("/ws") as connection:
        client = Client(connection)
        assert {
            "type": "build_id",
            "buildId": rig.system.build_id,
        } == await client.receive()
        assert {
            "type": "hello",
            "epoch": "an-epoch",
            "seq": 1,
            "oldest": 1,
        } == await client.receive()
        await rig.create("two")
        frame = await client.receive()
        assert ("sessions_changed", 2) == (frame["type"], frame["seq"])


async def test_a_join_is_answered_and_then_streamed(rig: Rig) -> None:
    """Health first, then the `ack`, then bytes from where it says."""
    session = await rig.started()
    async with connected(rig) as client:
        ack = await client.ask("join_session", sessionId=session.id)
        assert {
            "type": "ack",
            "ref": "r",
            "sessionId": session.id,
            "offset": 0,
            "end": 0,
        } == ack
        assert [
            {
                "type": "session_health",
                "sessionId": session.id,
                "alive": True,
                "status": "running",
            }
        ] == client.passed
        rig.terminals[0].say(b"hello ", "\u6f22".encode())
        assert "hello \u6f22" == await client.read(session, 9)


async def test_without_a_ref_there_is_no_ack(rig: Rig) -> None:
    """Errors are sent nevertheless."""
    async with connected(rig) as client:
        await client.send("presence_ping")
        await client.send("join_session", sessionId="nobody")
        frame = await client.receive()
        assert ("error", 404) == (frame["type"], frame["status"])
        assert "ref" not in frame


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        ("{", 400),
        ("[]", 400),
        ("", 400),
        ('{"type":"shout"}', 400),
        ('{"type":"join_session","sessionId":5}', 400),
        ('{"type":"join_session","sessionId":"nobody"}', 404),
        ('{"type":"check_health","sessionId":"nobody"}', 404),
        ('{"type":"terminal_input","sessionId":"nobody","data":"x"}', 404),
        (
            '{"type":"terminal_resize","sessionId":"nobody","cols":80,"rows":24}',
            404,
        ),
        (b"\xff", 400),
        pytest.param(OVERSIZE, 413, marks=pytest.mark.meets(Limit.FRAME)),
    ],
)
async def test_an_error_is_an_answer(rig: Rig, frame: str | bytes, status: int) -> None:
    """The socket stays open; the frame is a problem with its URN in `problem`."""
    async with connected(rig) as client:
        await client.connection.send(frame)
        error = await client.receive()
        assert ("error", status) == (error["type"], error["status"])
        assert error["problem"].startswith("urn:ant:problem:")
        assert error["detail"] == error["error"] == error["message"] != ""
        assert "ack" == (await client.ask("presence_ping"))["type"]


async def test_a_bug_is_an_answer_too(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, and the frame has no details."""

    def broken(unit: Unit, session_id: str) -> Session:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr(sessions, "get_session", broken)
    async with connected(rig) as client:
        with caplog.at_level(logging.CRITICAL, "ant.http"):
            error = await client.ask("check_health", sessionId="x")
        assert 500 == error["status"]
        assert "secret" not in error["detail"]
        assert "ack" == (await client.ask("presence_ping"))["type"]


async def test_presence_ends_with_the_join(rig: Rig) -> None:
    """A joined socket is present, until it leaves or disconnects."""
    session, other = await rig.started("one"), await rig.started("two")
    presence, broadcaster = rig.system.presence, rig.system.services.broadcaster
    async with connected(rig) as client:
        for each in (session, other, session):
            await client.ask("join_session", sessionId=each.id, handle="ada")
        assert (2, 2) == (presence.count(), broadcaster.count())
        await client.ask("leave_session", sessionId=session.id)
        await client.ask("leave_session", sessionId=session.id)
        assert (0, 1) == (presence.count(session.id), presence.count(other.id))
        async with connected(rig) as second:
            await second.ask("join_session", sessionId=other.id)
            assert 2 == presence.count(other.id)
        assert 1 == presence.count(other.id)
    assert (0, 0) == (presence.count(), broadcaster.count())
    assert set() == rig.wakeups


async def test_a_left_session_sends_no_more(rig: Rig) -> None:
    """Neither output nor events of the room, but the events for all sockets."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    async with connected(rig) as client:
        await client.ask("join_session", sessionId=session.id)
        live.resize(70, 20)
        assert 70 == (await client.expect("terminal_resized"))["cols"]
        await client.ask("leave_session", sessionId=session.id)
        client.passed.clear()
        live.resize(80, 20)
        rig.terminals[0].say(b"x")
        await client.expect("session_activity")
        await client.ask("presence_ping")
        assert [] == client.passed


async def test_the_lobby_is_not_a_session(rig: Rig) -> None:
    """The original's clients join it to hear of changes; here everybody does."""
    async with connected(rig) as client:
        ack = await client.ask("join_session", sessionId=LOBBY)
        assert LOBBY == ack["sessionId"]
        assert 0 == rig.system.presence.count()
        await rig.create()
        await client.expect("sessions_changed")


async def test_input_and_size_go_to_the_terminal(rig: Rig) -> None:
    """Raw, and acknowledged once it is queued."""
    session = await rig.started()
    async with connected(rig) as client:
        ack = await client.ask("terminal_input", sessionId=session.id, data="h\u00e9\r")
        assert 4 == ack["size"]
        ack = await client.ask(
            "terminal_resize", sessionId=session.id, cols=70, rows=20
        )
        assert (70, 20) == (ack["cols"], ack["rows"])
        await client.ask("join_session", sessionId=session.id, **{"from": 0})
        assert "h\u00e9\r" == await client.read(session, 4)
    assert "h\u00e9\r".encode() == rig.terminals[0].written
    assert (70, 20) == rig.terminals[0].sizes[-1]


async def test_a_join_may_start_the_program(rig: Rig) -> None:
    """With its size; once it runs, the socket that owns the size changes it."""
    session = await rig.create()
    size = {"cols": 70, "rows": 20}
    async with connected(rig) as client:
        await client.ask("join_session", sessionId=session.id, spawnPty=True, **size)
        assert 1 == len(rig.terminals)
        assert (70, 20) == (rig.specs[0].cols, rig.specs[0].rows)
        size = {"cols": 71, "rows": 21}
        await client.ask("join_session", sessionId=session.id, spawnPty=True, **size)
        assert 1 == len(rig.terminals)
        assert (71, 21) == rig.terminals[0].sizes[-1]
        assert 1 == rig.system.presence.count(session.id)


async def test_a_join_of_an_inactive_session(rig: Rig) -> None:
    """A join is `Gone`; a join with `spawnPty` gets a health frame and no error."""
    session = await rig.create()
    await rig.system.journal.write(sessions.delete_session, session.id, False)
    async with connected(rig) as client:
        error = await client.ask("join_session", sessionId=session.id)
        assert 410 == error["status"]
        ack = await client.ask("join_session", sessionId=session.id, spawnPty=True)
        assert "ack" == ack["type"]
        health = client.passed[-1]
        assert ("session_health", False, True) == (
            health["type"],
            health["alive"],
            health["unavailable"],
        )
        assert 0 == rig.system.presence.count()


async def test_a_chat_is_joined_without_bytes(rig: Rig) -> None:
    """Presence and events, no offset; asking it to start is no error."""
    chat = await rig.create("room", type=SessionType.CHAT)
    async with connected(rig) as client:
        ack = await client.ask("join_session", sessionId=chat.id, spawnPty=True)
        assert {"type": "ack", "ref": "r", "sessionId": chat.id} == ack
        assert 1 == rig.system.presence.count(chat.id)


async def test_resuming_is_reading_from_an_offset(rig: Rig) -> None:
    """Any that was given; one that was not is refused."""
    session = await rig.started()
    rig.terminals[0].say(b"0123456789")
    async with connected(rig) as client:
        join = {"sessionId": session.id, "from": 0}
        await client.ask("join_session", **join)
        assert "0123456789" == await client.read(session, 10)
        await client.ask("join_session", **{**join, "from": 7})
        assert "789" == await client.read(session, 10)
        error = await client.ask("join_session", **{**join, "from": 11})
        assert 400 == error["status"]
        assert error["issues"][0].endswith("at $.from")


async def test_the_exit_comes_after_the_last_byte(rig: Rig) -> None:
    """Whoever joined has read all when it hears of it."""
    session = await rig.started()
    async with connected(rig) as client:
        await client.ask("join_session", sessionId=session.id)
        rig.terminals[0].say(b"bye ", b"\xe6\xbc")
        await client.ask("terminal_input", sessionId=session.id, data="\x04")
        frame = await client.expect("session_exited")
        assert (0, 6) == (frame["exit_code"], frame["end"])
        text = "".join(
            each["data"] for each in client.passed if each["type"] == "terminal_output"
        )
        assert "bye \ufffd" == text
        ack = await client.ask("check_health", sessionId=session.id)
        assert session.id == ack["sessionId"]
        health = [each for each in client.passed if each["type"] == "session_health"]
        assert (False, "exited") == (health[-1]["alive"], health[-1]["status"])


async def test_a_second_run_goes_on_in_the_same_stream(rig: Rig) -> None:
    """Who stayed joined reads on, without a seam."""
    session = await rig.started()
    async with connected(rig) as client:
        await client.ask("join_session", sessionId=session.id)
        await client.ask("terminal_input", sessionId=session.id, data="one\x04")
        await client.expect("session_exited")
        await rig.system.supervisor.start(session.id)
        rig.terminals[1].say(b"two")
        frame = await client.expect("terminal_output")
        assert (3, 6, "two") == (frame["offset"], frame["end"], frame["data"])


async def test_a_socket_behind_the_window_reads_the_log(tmp_path: Path) -> None:
    """Every durable event once and in order; ephemeral ones it has missed."""
    async with running(tmp_path, window=4) as rig, connected(rig) as client:

        def emit(unit: Unit) -> None:
            for number in range(200):
                unit.emit(SessionsChanged(SessionId(str(number))))

        await rig.system.journal.write(emit)
        activity = SessionActivity(SessionId("one"), clock.now())
        for _ in range(20):
            rig.system.journal.publish(Envelope(clock.now(), activity))
        await rig.system.journal.write(emit)
        seen = [await client.expect("sessions_changed") for _ in range(400)]
        assert list(range(1, 401)) == [frame["seq"] for frame in seen]
        assert len(client.passed) <= 20


async def test_a_client_that_does_not_read_is_slowed_down(rig: Rig) -> None:
    """Answers wait in the outbox, then no command is read; none is lost."""
    async with connected(rig) as client, trio.open_nursery() as nursery:
        sent = 0

        async def talk() -> None:
            nonlocal sent
            while True:
                await client.send("presence_ping", ref=str(sent))
                sent += 1

        nursery.start_soon(talk)
        await wait_all_tasks_blocked(0.05)
        nursery.cancel_scope.cancel()
        assert OUTBOX < sent < OUTBOX + 100
        with trio.CancelScope(shield=True):
            refs = [(await client.expect("ack"))["ref"] for _ in range(sent)]
        assert list(map(str, range(sent))) == refs


async def test_a_stop_closes_with_1001(rig: Rig) -> None:
    """The bus closes, and then every socket."""
    session = await rig.started()
    async with connected(rig) as client:
        await client.ask("join_session", sessionId=session.id)
        rig.bus.close()
        with pytest.raises(WebsocketDisconnectError) as closed:
            await client.expect("nothing")
        assert 1001 == closed.value.args[0]
    assert 0 == rig.system.presence.count()


async def test_a_bug_in_sending_ends_the_socket_only(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With 1011, and nothing of it is left."""
    session = await rig.started()

    def broken(envelope: Envelope) -> str:
        raise ZeroDivisionError

    async with connected(rig) as client:
        await client.ask("join_session", sessionId=session.id)
        monkeypatch.setattr("ant.api.codec.event_frame", broken)
        with caplog.at_level(logging.CRITICAL, "ant.http"):
            await rig.create("two")
            with pytest.raises(WebsocketDisconnectError) as closed:
                await client.receive()
        assert 1011 == closed.value.args[0]
    assert (0, set()) == (rig.system.presence.count(), rig.wakeups)


class Line:
    """A socket's ASGI end: the app runs on its own, and is told when the client left.

    Quart's test client cannot be cancelled; this one can.
    """

    def __init__(self, rig: Rig, nursery: trio.Nursery) -> None:
        self.over = trio.Event()
        self._to_app, self._app_in = trio.open_memory_channel[dict[str, Any]](math.inf)
        self._app_out, self._from_app = trio.open_memory_channel[str](math.inf)
        self._to_app.send_nowait({"type": "websocket.connect"})
        nursery.start_soon(self._run, rig)

    async def _run(self, rig: Rig) -> None:
        scope = {
            "type": "websocket",
            "asgi": {"spec_version": "2.3"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": "/ws",
            "raw_path": b"/ws",
            "query_string": b"",
            "root_path": "",
            "headers": [(b"host", b"localhost")],
            "client": ("127.0.0.1", 1),
            "subprotocols": [],
            "extensions": {},
        }

        async def send(message: Any) -> None:
            await trio.lowlevel.checkpoint()
            if message["type"] == "websocket.send":
                self._app_out.send_nowait(message["bytes"])

        try:
            await rig.app(scope, self._app_in.receive, send)
        finally:
            self.over.set()

    async def send(self, text: str) -> None:
        await trio.lowlevel.checkpoint()
        self._to_app.send_nowait({"type": "websocket.receive", "text": text})

    async def receive(self) -> str:
        return await self._from_app.receive()

    def leave(self) -> None:
        """The client is gone."""
        self._to_app.send_nowait({"type": "websocket.disconnect", "code": 1006})


@pytest.mark.slow
@pytest.mark.parametrize("spawn", [False, True])
async def test_a_join_is_safe_at_every_step(tmp_path: Path, spawn: bool) -> None:
    """Left anywhere: no presence, no viewer and no half-open session is there."""
    async with running(tmp_path) as rig, trio.open_nursery() as nursery:
        session = await rig.create() if spawn else await rig.started()
        ledger = Ledger(rig)
        lines: list[Line] = []

        async def join() -> None:
            lines.append(Line(rig, nursery))
            client = Client(lines[-1])
            ask = {"sessionId": session.id, "spawnPty": spawn, "handle": "ada"}
            try:
                assert "ack" == (await client.ask("join_session", **ask))["type"]
                assert 1 == rig.system.presence.count()
            finally:
                lines[-1].leave()

        async def check() -> None:
            with trio.fail_after(PATIENCE_S):
                await lines[-1].over.wait()
            assert (0, 0, set()) == (
                rig.system.presence.count(),
                rig.system.services.broadcaster.count(),
                rig.wakeups,
            )
            await (ledger.check_stopped() if spawn else ledger.check())

        assert await cancel_at_every_step(join, check) > 10
