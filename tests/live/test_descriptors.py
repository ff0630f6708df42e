"""Few descriptors and many strangers: the server lives, its terminals, its operator."""

import resource
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio

from ant.client import AntClient
from ant.core.errors import CapacityReached
from ant.terminal.host import processes
from tests.live.server import Server, running_server
from tests.live.waiting import eventually
from tests.soak import soak
from tests.terminal.private_tmux import ended_with_us, needs_tmux

pytestmark = pytest.mark.slow

KEY = "open-sesame"

STRANGERS = 1200

ANSWERED_S = 3.0
"""What a client with the key waits at most, on a machine that has a core for us."""

GET = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\n"
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
)
WITH_KEY = f"Authorization: Bearer {KEY}\r\n".encode()

SAY = {
    "half a head": GET + b"X-Half: ",
    "a request without the key, kept alive": GET + b"\r\n",
    "a request with a wrong key": GET + b"Authorization: Bearer no\r\n\r\n",
    "a socket without the key": UPGRADE + b"\r\n",
    "a socket with the key": UPGRADE + WITH_KEY + b"\r\n",
}


@asynccontextmanager
async def limited(
    folder: Path, soft: int, hard: int, *flags: str, **env: str
) -> AsyncIterator[Server]:
    """A server that was started with these limits of descriptors."""
    shell = f'ulimit -n {hard} && ulimit -Sn {soft} && exec "$@"'
    ours = [sys.executable, "-m", "ant", "serve", "--port", "0"]
    command = ["bash", "-c", shell, "bash", *ours, "--data-dir", str(folder)]
    async with running_server(folder, *flags, command=command, **env) as server:
        yield server


@asynccontextmanager
async def crowd(server: Server, seconds: float, say: bytes) -> AsyncIterator[None]:
    """Strangers, in a process of their own, for the length of a block."""
    words = [str(server.port), str(STRANGERS), str(seconds)]
    process = await trio.lowlevel.open_process(
        [sys.executable, "-m", "tests.live.strangers", *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        await process.stdin.send_all(say)
        await process.stdin.aclose()
        assert (await process.stdout.receive_some(100)).startswith(b"there")
        yield
    finally:
        process.kill()
        with trio.CancelScope(shield=True):
            await process.wait()


def waited_s(server: Server) -> float:
    """How long it could have run and others had the processor; 0 where none tells."""
    with suppress(OSError):
        return int(Path(f"/proc/{server.pid}/schedstat").read_text().split()[1]) / 1e9
    return 0.0


async def health(server: Server) -> tuple[float, Any]:
    """What a client that was not there before is told, and the seconds it took.

    Without those in which other programs of this machine had the processor.
    """
    waited, began = waited_s(server), trio.current_time()
    async with httpx.AsyncClient(timeout=30) as client:
        headers = {"Authorization": f"Bearer {KEY}"}
        answer = await client.get(f"{server.url}/api/health", headers=headers)
    assert 200 == answer.status_code
    took = trio.current_time() - began - (waited_s(server) - waited)
    return took, answer.json()


@pytest.mark.parametrize(
    "say",
    [
        pytest.param(b"", id="nothing"),
        *(pytest.param(words, id=each) for each, words in SAY.items()),
    ],
)
@pytest.mark.soak
async def test_strangers_end_nothing_and_hold_up_nobody(
    say: bytes, tmp_path: Path
) -> None:
    """1,200 at a hard limit of 1,024: longer than a sample of health takes to come."""
    env = {"ANT_API_KEY": KEY}
    async with (
        limited(tmp_path, 1024, 1024, **env) as server,
        server.client(KEY) as ant,
    ):
        row = await ant.create("one", command=["cat"])
        async with crowd(server, 60, say):
            end, asked, seen = trio.current_time() + 18, 0, {}
            while trio.current_time() < end or asked < 3:
                took, seen = await health(server)
                print(f"{took:.3f}")
                assert took < ANSWERED_S
                asked += 1
            await ant.type(row["id"], "still here\n")

            async def echoed() -> bool:
                return "still here" in str(await ant.history(row["id"]))

            await eventually(echoed)
            assert 1 == seen["active_session_count"]
            assert [] == seen["degraded_tasks"]
            met = {each["name"]: each["count"] for each in seen["limits"]}
            assert met["connections"] > 0
        assert server.process.returncode is None
        assert server.log.read_bytes().count(b"\n") < 100
        assert b"Traceback" not in server.log.read_bytes()


BODY = (
    b"POST /api/sessions/ROOM/messages HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    b"Content-Type: application/json\r\nContent-Length: 100\r\n"
)


@pytest.mark.parametrize("say", [soak(BODY), UPGRADE], ids=["half bodies", "sockets"])
async def test_a_terminal_leaves_the_operator_his_connections(
    say: bytes, tmp_path: Path
) -> None:
    """However many it opens and holds with its token, and none of them is idle."""
    out = tmp_path / "token"
    async with limited(tmp_path, 256, 256) as server:
        async with server.client() as ant:
            script = f'printf %s "$ANT_TOKEN" >{out}; exec sleep 600'
            row = await ant.create("caller", command=["sh", "-c", script])
            room = (await ant.create("room", "chat"))["id"]
            path = f"/api/sessions/{room}/participants"
            await ant.call("POST", path, {"session_id": row["id"]})
            await eventually(lambda: out.exists() and out.read_text())
        say = say.replace(b"ROOM", room.encode())
        words = say + b"Authorization: Bearer " + out.read_bytes() + b"\r\n\r\n"
        if b"POST" in say:
            words += b'{"'
        async with AsyncExitStack() as held:
            for _ in range(60):
                stream = await trio.open_tcp_stream("127.0.0.1", server.port)
                await held.enter_async_context(stream)
                with suppress(trio.BrokenResourceError):
                    await stream.send_all(words)
                with trio.move_on_after(0.05):  # An answer to a socket, or a refusal.
                    await stream.receive_some(100)
            for number in range(3):  # Each on connections of its own.
                async with server.client() as ant, ant.socket() as ws:
                    await ws.expect("hello")
                    assert (await ant.call("GET", "/api/health"))["status"] == "ok"
                    await ant.create(f"room {number}", "chat")


async def test_who_is_refused_does_not_keep_the_connection(tmp_path: Path) -> None:
    """After a 401 and a 403 it is closed, and the answer says so."""
    foreign = GET.replace(b"127.0.0.1", b"evil.example") + WITH_KEY + b"\r\n"
    async with running_server(tmp_path, ANT_API_KEY=KEY) as server:
        for said, status in ((GET + b"\r\n", b" 401 "), (foreign, b" 403 ")):
            async with await trio.open_tcp_stream("127.0.0.1", server.port) as stream:
                with trio.fail_after(5):
                    await stream.send_all(said)
                    answer = b"".join([each async for each in stream])
            head = answer.partition(b"\r\n\r\n")[0].lower()
            assert status in head
            assert b"\r\nconnection: close" in head


async def fill(ant: AntClient, host: str, most: int) -> list[str]:
    """Terminals, until there are no more to be had."""
    made: list[str] = []
    with suppress(CapacityReached):
        for number in range(most):
            row = await ant.create(f"{host}{number}", command=["cat"], host=host)
            made.append(row["id"])
    assert len(made) < most
    return made


@pytest.mark.parametrize("host", [soak("pty"), pytest.param("tmux", marks=needs_tmux)])
async def test_terminals_leave_the_operator_what_he_needs(
    host: str, tmp_path: Path
) -> None:
    """The next is a 429 on either host; all else answers, and room can be made."""
    with ended_with_us(tmp_path):
        async with limited(tmp_path, 192, 192) as server, server.client() as ant:
            made = await fill(ant, host, 100)
            assert len(made) >= 5
            with pytest.raises(CapacityReached, match="No descriptors are left"):
                await ant.create("more", command=["cat"], host=host)
            async with trio.open_nursery() as nursery:  # Each on a connection.
                for path in ("health", "sessions", "status") * 3:
                    nursery.start_soon(ant.call, "GET", f"/api/{path}")
            last = made.pop()
            # Connections of the database took some of the reserve meanwhile.
            while made:
                await ant.call("DELETE", f"/api/sessions/{made.pop()}")
                with suppress(CapacityReached):
                    await ant.create("again", command=["cat"], host=host)
                    break
            assert made, "room was made before all had ended"
            await ant.type(last, "still here\n")

            async def echoed() -> bool:
                return "still here" in str(await ant.history(last))

            await eventually(echoed)


@pytest.mark.parametrize(
    "host", ["pty", pytest.param("tmux", marks=[needs_tmux, pytest.mark.soak])]
)
async def test_children_have_the_limit_that_we_were_started_with(
    host: str, tmp_path: Path
) -> None:
    """The server has the hard one; a terminal, and what it starts, the soft one."""
    with ended_with_us(tmp_path):
        async with limited(tmp_path, 300, 900) as server, server.client() as ant:
            script = "ulimit -Sn; ulimit -Hn; sh -c 'ulimit -Sn'; sleep 600"
            row = await ant.create("one", command=["bash", "-c", script], host=host)

            async def told() -> bool:
                return str(await ant.history(row["id"])).count("300") > 1

            await eventually(told)
            history = str(await ant.history(row["id"]))
            assert 2 == history.count("300")
            assert 1 == history.count("900")
            ours = resource.prlimit(server.pid, resource.RLIMIT_NOFILE)
            assert (900, 900) == ours
            (program,) = [
                each.pid
                for each in processes.snapshot()
                if processes.environ_of(each.pid).get("ANT_SESSION_ID") == row["id"]
                and each.pid == each.sid
            ]
            assert (300, 900) == resource.prlimit(program, resource.RLIMIT_NOFILE)
