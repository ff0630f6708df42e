"""An error of the system in any task of a whole server: it lives, and its terminals."""

import errno
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from trio.lowlevel import Task

from ant import server
from ant.client import AntClient
from ant.config import Config
from ant.core import background
from ant.core.background import Background
from ant.core.errors import AntError, StorageFailed
from ant.core.fair_turns import WIDTH
from ant.data_dir import reserve
from ant.history import lines
from ant.journal import event_log
from ant.model.sessions import SessionId
from ant.runtime import health, remover
from ant.runtime.system import System
from tests.live.waiting import eventually
from tests.terminal.private_tmux import ended_with_us, needs_tmux

pytestmark = pytest.mark.slow

OTHERS = (errno.ENOSPC, errno.EIO, errno.ENOMEM)
ERRORS = [
    errno.EMFILE,
    *(pytest.param(each, marks=pytest.mark.soak) for each in OTHERS),
]


@attrs.define(eq=False)
class Whole:
    """A server in this process: its innards, its tasks, and a client of it."""

    root: Task
    background: Background
    system: System
    ant: AntClient
    received: list[bytes]
    signs: list[bytes]
    port: int
    folder: Path
    shell: str = ""
    chat: str = ""
    count: int = 0

    def word(self) -> str:
        """One that was never said before."""
        self.count += 1
        return f"word{self.count}end"


def below(task: Task) -> Iterator[Task]:
    """A task, and all that run in it."""
    yield task
    for nursery in task.child_nurseries:
        for child in nursery.child_tasks:
            yield from below(child)


async def inject(task: Task, number: int) -> bool:
    """Have what a task waits for end in an error of the system, as a syscall would.

    Whether it did: some have ended by then, or wait for what cannot be broken off.
    """

    def fail() -> None:
        raise OSError(number, os.strerror(number))

    with trio.move_on_after(2):
        await eventually(lambda: task._abort_func is not None)
        task._attempt_abort(fail)  # type: ignore[arg-type]
        await trio.lowlevel.checkpoint()
        return True
    return False


@asynccontextmanager
async def whole_server(
    folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: Any
) -> AsyncIterator[Whole]:
    """The server as `ant serve` runs it, and a person's shell on it."""
    monkeypatch.setattr(remover, "SWEEP_S", 0.2)
    monkeypatch.setattr(reserve, "LOOK_S", 0.2)
    monkeypatch.setattr(health, "SAMPLE_S", 0.2)
    monkeypatch.setattr(background, "STEADY_S", 1.0)
    for name in [each for each in os.environ if each.startswith("ANT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NOTIFY_SOCKET", str(folder / "manager"))
    monkeypatch.setenv("WATCHDOG_USEC", "2000000")
    signs: list[bytes] = []
    parts: dict[str, Any] = {}
    real_open, real_app = server.open_background, server.create_app

    @asynccontextmanager
    async def opened() -> AsyncIterator[Background]:
        async with real_open() as found:
            parts["background"] = found
            yield found

    def created(system: System, **how: Any) -> Any:
        parts["system"] = system
        return real_app(system, **how)

    monkeypatch.setattr(server, "open_background", opened)
    monkeypatch.setattr(server, "create_app", created)
    config = Config(
        data_dir=folder, port=0, grace_s=2.0, webhook_private=True, **settings
    )
    received: list[bytes] = []

    async def answer(stream: trio.SocketStream) -> None:
        data = b""
        while b"\r\n\r\n{" not in data:
            data += await stream.receive_some(65536)
        received.append(data)
        await stream.send_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async def manager(task_status: trio.TaskStatus[None]) -> None:
        family, kind = trio.socket.AF_UNIX, trio.socket.SOCK_DGRAM
        with trio.socket.socket(family, kind) as listener:
            await listener.bind(str(folder / "manager"))
            task_status.started()
            while True:
                signs.append(await listener.recv(4096))

    async def serve(task_status: trio.TaskStatus[str]) -> None:
        parts["root"] = trio.lowlevel.current_task()
        await server.serve(config, lambda urls, _: task_status.started(urls[-1]))

    with trio.fail_after(110):
        async with trio.open_nursery() as outside, trio.open_nursery() as nursery:
            listening = await outside.start(trio.serve_tcp, answer, 0)
            port = listening[0].socket.getsockname()[1]
            await outside.start(manager)
            url = await nursery.start(serve)
            async with AntClient(url) as ant:
                one = Whole(
                    **parts,
                    ant=ant,
                    received=received,
                    signs=signs,
                    port=port,
                    folder=folder,
                )
                one.shell = (await ant.create("sh", command=["bash", "--norc"]))["id"]
                one.chat = (await ant.create("room", kind="chat"))["id"]
                await ant.call(
                    "POST",
                    "/api/channel/register",
                    {"handle": "@hook", "port": port, "session_id": one.chat},
                )
                await echoes(one, one.shell)
                yield one
            os.kill(os.getpid(), signal.SIGTERM)  # Signals are heard to the end.
            with trio.fail_after(20):
                while nursery.child_tasks:
                    await trio.testing.wait_all_tasks_blocked(0.01)
            outside.cancel_scope.cancel()


# What each task of a server does, done once more.


async def echoes(one: Whole, session_id: str) -> None:
    """A shell runs what is typed; all it says is in the transcript."""
    word = one.word()
    await one.ant.type(session_id, f"echo {word[:4]}''{word[4:]}\n")

    async def stored() -> bool:
        history = await one.ant.history(session_id, limit=1000)
        return word in str(history)

    await eventually(stored)


async def turns(one: Whole) -> None:
    """More callers than a turn of the loop has room for all go on."""
    with trio.fail_after(20):
        for _ in range(5 * WIDTH):
            await one.system.services.turns.take()


async def transcripts(one: Whole) -> None:
    """A shell's bytes are stored."""
    await echoes(one, one.shell)


async def recorder(one: Whole) -> None:
    """A new size is in the chain."""
    one.count += 1
    cols = 100 + one.count
    live = one.system.supervisor.need(SessionId(one.shell))
    live.resize(cols, 24)
    path = f"/api/sessions/{one.shell}/run-events"

    async def told() -> bool:
        found = await one.ant.call("GET", path, limit=1000)
        return f'"cols": {cols}' in str(found).replace("'", '"')

    await eventually(told)


async def indexer(one: Whole) -> None:
    """What was said is rendered, though nobody asks."""
    await echoes(one, one.shell)

    async def none_lags() -> bool:
        return not await one.system.journal.read_in_thread(lines.lagging)

    await eventually(none_lags)


async def asks(one: Whole) -> Any:
    """The prompt of a new program that asks something."""
    script = f'read -r -p "Delete {one.word()}? [y/n] " a; sleep 600'
    row = await one.ant.create(one.word(), command=["bash", "-c", script])
    path = f"/api/sessions/{row['id']}/prompt-bridge/pending"

    async def pending() -> Any:
        return (await one.ant.call("GET", path))["pending"]

    await eventually(pending)
    return row["id"]


async def prompts(one: Whole) -> None:
    """A prompt is known, and its answer is typed and written."""
    session_id = await asks(one)
    path = f"/api/sessions/{session_id}/prompt-bridge/respond"
    answer = await one.ant.call("POST", path, {"response": "n", "by": "ada"})
    assert answer["ok"]


async def webhooks(one: Whole) -> None:
    """A prompt is posted."""
    prompt_service = one.system.services.prompt_service
    record = prompt_service.shown(SessionId(await asks(one)))
    assert record is not None
    before = len(one.received)
    webhooks = prompt_service._writer._webhooks
    webhooks.post_nowait(f"http://127.0.0.1:{one.port}/", record)
    await eventually(lambda: len(one.received) > before)


async def channels(one: Whole) -> None:
    """A channel is told what is said."""
    word = one.word()
    await one.ant.post(one.chat, word, role="user")
    await eventually(lambda: any(word.encode() in each for each in one.received))


async def deliveries(one: Whole) -> None:
    """A message for a terminal comes to something."""
    handle = (await one.ant.call("GET", f"/api/sessions/{one.shell}"))["handle"]
    said = await one.ant.post(one.chat, one.word(), role="user", target=handle)
    path = f"/api/sessions/{one.chat}/messages/{said['id']}/deliveries"

    async def moved() -> bool:
        found = (await one.ant.call("GET", path))["deliveries"]
        assert found
        return all(each["state"] != "queued" for each in found)

    await eventually(moved)


async def orphans(one: Whole) -> None:
    """What a program leaves behind is reaped."""
    script = f"(sh -c 'echo $$ >{one.folder}/orphan' &)"
    await one.ant.type(one.shell, f"{script}\n")
    orphan = one.folder / "orphan"
    await eventually(lambda: orphan.exists() and orphan.read_text().strip())
    pid = orphan.read_text().strip()
    orphan.unlink()
    await eventually(lambda: not Path(f"/proc/{pid}").exists())


async def room_in_reserve(one: Whole) -> None:
    """The reserve of the disk is made again."""
    (one.folder / reserve.NAME).unlink(missing_ok=True)
    await eventually((one.folder / reserve.NAME).exists)


async def second_signal(one: Whole) -> None:
    """Somebody waits for it; what comes of it is in the tests of signals."""
    assert any(each.name == "hurry" for each in below(one.root))


async def removals(one: Whole) -> None:
    """Old events go."""
    for _ in range(20):
        await one.ant.post(one.chat, "hello", role="user")

    async def pruned() -> bool:
        oldest, newest = await one.system.journal.read(event_log.log_bounds)
        assert oldest is not None
        return newest - oldest <= 20

    await eventually(pruned)


async def signals(one: Whole) -> None:
    """SIGTERM is heard; what it does is the end of each of these tests."""
    await eventually(
        lambda: signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL,
    )


async def samples(one: Whole) -> None:
    """Sessions are measured."""
    before = one.system.health.snapshot().resources.sampled_at
    await eventually(lambda: one.system.health.snapshot().resources.sampled_at > before)


async def ends(one: Whole) -> None:
    """An end that was refused is tried again."""
    tries = 0

    async def record() -> None:
        nonlocal tries
        await trio.lowlevel.checkpoint()
        tries += 1
        if tries < 3:
            raise StorageFailed("The database refused.")

    with pytest.raises(StorageFailed):
        await one.system.services.endings.offer(SessionId(one.word()), record)
    await eventually(lambda: tries == 3)


async def sizes(one: Whole) -> None:
    """A view that leaves gives the size back, and the terminal gets it."""
    own = {"sessionId": one.shell}
    async with one.ant.socket() as desk:
        await desk.send("join_session", **own)
        await desk.send("terminal_resize", cols=101, rows=31, ref="1", **own)
        assert (await desk.expect("ack", ref="1"))["applied"]
        async with one.ant.socket() as phone:
            await phone.send("join_session", **own)
            size = {"cols": 41, "rows": 13, "take": True}
            await phone.send("terminal_resize", ref="2", **size, **own)
            assert (await phone.expect("ack", ref="2"))["applied"]

        async def is_back() -> bool:
            row = await one.ant.session(one.shell)
            return (row["terminal"]["cols"], row["terminal"]["rows"]) == (101, 31)

        await eventually(is_back)


async def watchdog(one: Whole) -> None:
    """The service manager gets signs of life."""
    known = len(one.signs)
    await eventually(lambda: b"WATCHDOG=1" in one.signs[known:])


WORKS: dict[str, Callable[[Whole], Awaitable[None]]] = {
    "turns": turns,
    "transcripts": transcripts,
    "sizes": sizes,
    "recorder": recorder,
    "indexer": indexer,
    "webhooks": webhooks,
    "channels": channels,
    "prompts": prompts,
    "deliveries": deliveries,
    "remover": removals,
    "orphans": orphans,
    "endings": ends,
    "reserve": room_in_reserve,
    "watchdog": watchdog,
    "hurry": second_signal,
    "signals": signals,
    "health": samples,
}


@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
async def test_each_background_task_outlasts_an_error_of_the_system(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Health names it, the shell goes on, and what the task does is done again."""
    settings = {"event_log_keep": 10}
    async with whole_server(tmp_path, monkeypatch, **settings) as one:
        assert {*WORKS} == {*one.background.names}, "a task without a check"
        for name in one.background.names:
            (task,) = (each for each in below(one.root) if each.name == name)
            assert await inject(task, number)
            told = await one.ant.call("GET", "/api/health")
            (fault,) = [each for each in told["degraded_tasks"] if each["task"] == name]
            assert ("degraded", False) == (told["status"], fault["stopped"])
            assert os.strerror(number) in fault["detail"]
            await echoes(one, one.shell)
            await WORKS[name](one)

        async def is_well() -> bool:
            return not (await one.ant.call("GET", "/api/health"))["degraded_tasks"]

        await eventually(is_well)


# Tasks that only wait for the stop: an error there is none of the system's.
WAITING = (".serve", "ant.http.server.listener.serve")


def may_fail(task: Task) -> bool:
    """Whether it may meet an error of the system: it does not only wait for a stop."""
    return not task.name.endswith(WAITING)


@needs_tmux
@pytest.mark.parametrize("number", ERRORS, ids=errno.errorcode.get)
async def test_no_task_at_all_ends_the_server(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of connections, sessions, panes, the database, the listener: each in turn.

    At most the terminal whose task it was is over, and then its row says so.
    """
    with ended_with_us(tmp_path):
        async with whole_server(tmp_path, monkeypatch) as one, one.ant.socket() as ws:
            await ws.expect("hello")
            hosts = {one.shell: "pty"}
            await renew(one, hosts, "tmux")
            names = [each.name for each in below(one.root) if may_fail(each)]
            hit: list[str] = []
            for position, name in enumerate(names):
                same = [each for each in below(one.root) if each.name == name]
                if not same:
                    continue  # Of a connection that has gone meanwhile.
                task = same[names[:position].count(name) % len(same)]
                if await inject(task, number):
                    hit.append(name)
                with suppress(httpx.TransportError):
                    await one.ant.call("GET", "/api/health")  # It may have been ours.
                told = await one.ant.call("GET", "/api/health")
                assert told["status"] in ("ok", "degraded"), name
                over = [each for each in hosts if not await lives(one, each)]
                assert len(over) <= 1, name
                for each in over:
                    await renew(one, hosts, hosts.pop(each))
            assert {*one.background.names} <= {*hit}
            assert len(hit) > 25


async def renew(one: Whole, hosts: dict[str, str], host: str) -> None:
    """Another shell on that host."""
    command = ["bash", "--norc"]
    made = await one.ant.create(one.word(), command=command, host=host)
    hosts[made["id"]] = host
    await echoes(one, made["id"])


async def lives(one: Whole, session_id: str) -> bool:
    """Whether a shell answers; where it does not, its row must say that it is over."""
    over = SessionId(session_id)
    with trio.move_on_after(20), suppress(AntError):
        await echoes(one, session_id)
        return True

    async def told() -> bool:
        row = await one.ant.call("GET", f"/api/sessions/{session_id}")
        return bool(row["status"] in ("exited", "lost"))

    await eventually(told)
    await eventually(lambda: over not in one.system.services.running)
    return False
