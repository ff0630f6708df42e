"""Hooks that answer: real sockets, a real server, a mock agent that logs each key."""

import random
import shlex
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from ant.client import AntClient, AsyncAnt
from ant.core.errors import AlreadyAnswered
from tests.hooking import ALLOWED, denied, payload
from tests.installed import needs
from tests.live.server import (
    Server,
    SharedServer,
    run_ant,
    running_server,
    shared_server,
    start_server,
)
from tests.live.waiting import eventually
from tests.mocks.named import ROOT, mock_agent
from tests.soak import LONGEST_S, soak
from tests.terminal.input.test_race import Control, logged
from tests.terminal.private_tmux import ended_with_us

SLOW_S = 60.0
COMMAND = "rm -r build"
"""What the first dialog of the mock agent asks for."""


@attrs.define(eq=False)
class Agent:
    """A mock agent in a terminal, and the requests of its hook."""

    url: str
    ant: AntClient
    row: Any
    token: str
    log: Path
    control: Control

    @property
    def id(self) -> str:
        return str(self.row["id"])

    @asynccontextmanager
    async def asking(self, **fields: Any) -> AsyncIterator["Request"]:
        """A request that waits in the block; it has ended after it."""
        request = Request()
        headers = {"Authorization": f"Bearer {self.token}"}
        async with (
            httpx.AsyncClient(
                base_url=self.url, headers=headers, timeout=None, trust_env=False
            ) as client,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(request.send, client, payload(**fields))
            yield request
            with trio.fail_after(SLOW_S):
                await request.over.wait()

    async def prompt(self, look: Callable[[Any], Any] = lambda prompt: True) -> Any:
        """The pending prompt, once there is one that `look` accepts."""
        path = f"/api/sessions/{self.id}/prompt-bridge/pending"

        async def pending() -> Any:
            prompt = (await self.ant.call("GET", path))["pending"]
            return prompt if prompt is not None and look(prompt) else None

        return await eventually(pending)

    async def seen(self, kind: str = "dialog") -> None:
        """Wait until the detector has seen a dialog, or what `kind` says."""

        async def is_seen() -> bool:
            page = await self.ant.call("GET", f"/api/sessions/{self.id}/status")
            status = page["agent_status"]
            return status is not None and status["kind"] == kind

        await eventually(is_seen)

    async def closed(self, prompt_id: str) -> Any:
        """The run event of the end of a prompt."""
        path = f"/api/sessions/{self.id}/run-events"

        async def found() -> Any:
            page = await self.ant.call("GET", path)
            return [
                each["payload"]
                for each in page["events"]
                if each["kind"] in ("prompt_closed", "approval_decision")
                and each["payload"]["prompt_id"] == prompt_id
            ]

        return (await eventually(found))[0]

    @property
    def keys(self) -> int:
        """How many keys the agent was given."""
        return len(logged(self.log, "byte"))


@attrs.define(eq=False)
class Request:
    """A request of a hook, and the response to it."""

    status: int | None = None
    body: Any = None
    over: trio.Event = attrs.field(factory=trio.Event)
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def send(
        self, client: httpx.AsyncClient, body: Any, headers: Any = None
    ) -> None:
        try:
            with self.scope:
                response = await client.post("/api/hooks", json=body, headers=headers)
                self.status, self.body = response.status_code, response.json()
        except httpx.TransportError:
            pass  # The server was killed: nothing came.
        finally:
            self.over.set()


@asynccontextmanager
async def agent(
    server: Server | SharedServer, folder: Path, **fields: Any
) -> AsyncIterator[Agent]:
    """A mock agent at rest in a terminal, by which it has a token."""
    await trio.Path(folder).mkdir(exist_ok=True)
    own = folder / "token"
    mock = shlex.join(mock_agent(folder, "claude"))
    script = f'printf %s "$ANT_TOKEN" >{shlex.quote(str(own))}; exec {mock}'
    async with server.client() as ant:
        row = await ant.create(
            folder.name,
            command=["sh", "-c", script],
            root_dir=str(ROOT),
            cli_flag="claude-code",
            **fields,
        )

        async def connected() -> trio.SocketStream | None:
            with suppress(OSError):  # It does not listen yet.
                return await trio.open_unix_socket(str(folder / "s"))
            return None

        async with await eventually(connected) as stream:
            log, token = folder / "log", await trio.Path(own).read_text()
            one = Agent(server.url, ant, row, token, log, Control(stream))
            await one.seen("at_rest")
            yield one


async def in_parallel(*works: Callable[[], Awaitable[Any]]) -> list[Any]:
    """What they return, in their order; an `AlreadyAnswered` in place of a result."""
    results: list[Any] = [None] * len(works)

    async def run(index: int, work: Callable[[], Awaitable[Any]]) -> None:
        try:
            results[index] = await work()
        except AlreadyAnswered as exc:
            results[index] = exc

    async with trio.open_nursery() as nursery:
        for index, work in enumerate(works):
            nursery.start_soon(run, index, work)
    return results


@pytest.mark.slow
@pytest.mark.parametrize("is_dialog_first", [False, True])
async def test_an_answer_without_a_key(tmp_path: Path, is_dialog_first: bool) -> None:
    """Allowed and denied; the dialog is on the screen and goes by the answer."""
    async with shared_server() as server, agent(server, tmp_path / "one") as one:
        for answer, expected in (
            ({"type": "approve"}, ALLOWED),
            ({"type": "deny", "text": "Use rm -ri."}, denied("Use rm -ri.")),
        ):
            if is_dialog_first:
                await one.control.order("dialog 0")
                await one.seen()
            async with one.asking(command=COMMAND) as request:
                prompt = await one.prompt(lambda each: each["details"] is not None)
                await one.control.order("dialog 0") if not is_dialog_first else None
                await one.seen()
                assert f"Bash: {COMMAND}" == prompt["question"]
                assert "screen" == prompt["detector"] or not is_dialog_first

                async def respond(prompt: Any = prompt, answer: Any = answer) -> Any:
                    return await one.ant.respond(one.id, prompt["id"], **answer)

                async def react(request: Request = request) -> None:
                    await request.over.wait()
                    await one.control.order("rest")

                told, _ = await in_parallel(respond, react)
                assert (True, "hook", prompt["id"]) == (
                    told["resolved"],
                    told["prompt"]["answer"]["via"],
                    told["prompt"]["id"],
                )
            assert (200, expected) == (request.status, request.body)
            assert "hook" == (await one.closed(prompt["id"]))["via"]
        assert 0 == one.keys
        cards = (await one.ant.messages(one.row["linked_chat_id"]))["messages"]
        assert ["responded"] * 2 == [each["meta"]["status"] for each in cards]


@pytest.mark.slow
async def test_the_terminal_is_first(tmp_path: Path) -> None:
    """A person presses a key: the request gets an empty object, a late answer a 409."""
    async with shared_server() as server, agent(server, tmp_path / "one") as one:
        async with one.asking(command=COMMAND) as request:
            prompt = await one.prompt()
            await one.control.order("dialog 0")
            await one.seen()
            await one.ant.type(one.id, "1")
        assert (200, {}) == (request.status, request.body)
        assert "left_screen" == (await one.closed(prompt["id"]))["reason"]
        with pytest.raises(AlreadyAnswered):
            await one.ant.respond(one.id, prompt["id"], type="approve")
        assert ["Yes (y)"] == [each["label"] for each in logged(one.log, "chose")]
        assert 1 == one.keys


@pytest.mark.slow
async def test_of_two_answers_one_wins(tmp_path: Path) -> None:
    """By REST and by a message in the linked chat, at once: the other is a 409."""
    async with shared_server() as server, agent(server, tmp_path / "one") as one:
        async with one.asking(command=COMMAND) as request:
            prompt = await one.prompt()

            async def respond() -> Any:
                return await one.ant.respond(one.id, prompt["id"], type="approve")

            async def decide() -> Any:
                chat = one.row["linked_chat_id"]
                return await one.ant.decide(chat, "deny", {}, prompt_id=prompt["id"])

            told = await in_parallel(respond, decide)
        lost = [each for each in told if isinstance(each, AlreadyAnswered)]
        assert 1 == len(lost)
        won = ALLOWED if isinstance(told[1], AlreadyAnswered) else None
        assert won is None or won == request.body
        assert request.body != {}
        assert 0 == one.keys


@pytest.mark.slow
async def test_a_reason_from_a_script(tmp_path: Path) -> None:
    """By the library and by the command line: the agent reads it."""
    async with shared_server() as server, agent(server, tmp_path / "one") as one:
        async with one.asking(command=COMMAND) as request, AsyncAnt(one.url) as lib:
            await one.prompt()
            terminal = await lib.terminal(one.id)
            assert await terminal.prompt is not None
            told = await terminal.answer("Deny", why="Use rm -ri.")
            assert "Deny" == told["chosen"]
        assert denied("Use rm -ri.") == request.body
        async with one.asking(command="make") as request:
            await one.prompt()
            words = ("answer", one.id, "deny", "--yes", "--why", "Not now.")
            code, out, err = await run_ant(*words, ANT_SERVER_URL=one.url)
            assert (0, True) == (
                code,
                out.endswith("Chose Deny; the prompt is closed.\n"),
            )
            assert "" == err
        assert denied("Not now.") == request.body
        assert 0 == one.keys


@pytest.mark.slow
async def test_a_token_asks_for_its_own_terminal(tmp_path: Path) -> None:
    """With another terminal's id it is a 403, and nothing is asked there."""
    async with (
        shared_server() as server,
        agent(server, tmp_path / "one") as one,
        agent(server, tmp_path / "two") as two,
    ):
        async with one.asking(command=COMMAND, ant_session_id=two.id) as request:
            pass
        assert 403 == request.status
        for each in (one, two):
            page = await each.ant.call("GET", f"/api/sessions/{each.id}/status")
            assert page["prompt"] is None


@pytest.mark.slow
async def test_a_client_that_leaves_is_noticed(tmp_path: Path) -> None:
    """Without a dialog its prompt ends; with one it stays, and is answered by keys."""
    async with shared_server() as server, agent(server, tmp_path / "one") as one:
        async with one.asking(command=COMMAND) as request:
            prompt = await one.prompt()
            request.scope.cancel()
        assert "hook_left" == (await one.closed(prompt["id"]))["reason"]
        async with one.asking(command=COMMAND) as request:
            prompt = await one.prompt()
            await one.control.order("dialog 0")
            await one.seen()
            request.scope.cancel()

        # The server notices it a moment later: until then the request takes no answer.
        told = await one.ant.respond(one.id, prompt["id"], response="Deny")
        assert (True, "keys") == (told["resolved"], told["prompt"]["answer"]["via"])
        assert [None] == [each["label"] for each in logged(one.log, "chose")]


@pytest.mark.slow
async def test_a_server_that_stops_decides_nothing(tmp_path: Path) -> None:
    """SIGTERM: an empty object, at once."""
    server = await start_server(tmp_path / "data")
    async with agent(server, tmp_path / "one") as one:
        async with one.asking(command=COMMAND) as request:
            await one.prompt()
            with trio.fail_after(SLOW_S):
                assert 0 == await server.stop()
        assert (200, {}) == (request.status, request.body)


@pytest.mark.slow
@needs("tmux")
async def test_a_server_that_is_killed_leaves_the_dialog(tmp_path: Path) -> None:
    """`kill -9`: the agent hears nothing; the next server answers by keys."""
    with ended_with_us(tmp_path / "data"):
        server = await start_server(tmp_path / "data")
        async with agent(server, tmp_path / "one", host="tmux") as one:
            async with one.asking(command=COMMAND) as request:
                await one.prompt()
                await one.control.order("dialog 0")
                await one.seen()
                await server.kill()
            assert (None, None) == (request.status, request.body)
            async with (
                running_server(tmp_path / "data") as again,
                again.client() as ant,
            ):
                later = attrs.evolve(one, url=again.url, ant=ant)
                prompt = await later.prompt(lambda each: each["detector"] == "screen")
                told = await ant.respond(
                    one.id, prompt["id"], type="select", choice={"index": 0}
                )
                assert (True, "keys") == (
                    told["resolved"],
                    told["prompt"]["answer"]["via"],
                )
                assert ["Yes (y)"] == [
                    each["label"] for each in logged(one.log, "chose")
                ]


@pytest.mark.slow
@pytest.mark.parametrize("requests", [8, soak(200)])
async def test_many_requests_in_a_row(tmp_path: Path, requests: int) -> None:
    """Each gets the answer to its own command, and no key is pressed."""
    rng = random.Random(requests)
    async with shared_server() as server, agent(server, tmp_path / "one") as one:
        for n in range(requests):
            has_dialog, allows = rng.random() < 0.3, rng.random() < 0.5
            command = COMMAND if has_dialog else f"make {n}"
            async with one.asking(command=command) as request:
                if has_dialog:
                    await one.control.order("dialog 0")
                prompt = await one.prompt(
                    lambda each, command=command: each["question"] == f"Bash: {command}"
                )
                answer = (
                    {"type": "approve"}
                    if allows
                    else {"type": "deny", "text": f"no {n}"}
                )

                async def respond(prompt: Any = prompt, answer: Any = answer) -> Any:
                    return await one.ant.respond(one.id, prompt["id"], **answer)

                async def react(
                    request: Request = request, has_dialog: bool = has_dialog
                ) -> None:
                    await request.over.wait()
                    if has_dialog:
                        await one.control.order("busy 0.1")

                await in_parallel(respond, react)
            assert (ALLOWED if allows else denied(f"no {n}")) == request.body
        assert 0 == one.keys


SESSIONS, EACH = 63, 16
"""Of 1,000 requests that may wait: 16 of one session."""


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(LONGEST_S)
async def test_a_thousand_requests_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Together below 50 MB; one more is let go at once, and all when the server stops.

    The sessions are there before, and the connections are the requests' own.
    """
    own = tmp_path / "tokens"
    await trio.Path(own).mkdir()
    server = await start_server(tmp_path / "data", ANT_MAX_ACTIVE_SESSIONS="70")
    async with server.client() as ant:
        for n in range(SESSIONS):
            script = f'printf %s "$ANT_TOKEN" >{shlex.quote(str(own))}/{n}; exec cat'
            await ant.create(f"s{n}", command=["sh", "-c", script])
        tokens = []
        for n in range(SESSIONS):
            path = own / str(n)
            await eventually(lambda path=path: path.exists() and path.stat().st_size)
            tokens.append(await trio.Path(path).read_text())
        before = server.rss_bytes()
        requests = [Request() for _ in range(SESSIONS * EACH)]
        settings: dict[str, Any] = {"timeout": None, "trust_env": False}
        limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=server.url, limits=limits, **settings) as client,
            trio.open_nursery() as nursery,
        ):

            async def ask(n: int) -> None:
                client_of = {"Authorization": f"Bearer {tokens[n % SESSIONS]}"}
                body = payload(command=f"make target{n}", content="x" * 1000)
                await requests[n].send(client, body, client_of)

            for n in range(SESSIONS * EACH):
                nursery.start_soon(ask, n)

            async def all_wait() -> bool:
                let_go = sum(each.over.is_set() for each in requests)
                met = (await ant.health())["limits"]
                counted = {each["name"]: each["count"] for each in met}
                return bool(counted["hooks"] == let_go == SESSIONS * EACH - 1000)

            await eventually(all_wait, 300)
            grown = server.rss_bytes() - before
            with capsys.disabled():
                print(f"\n1,000 requests of hooks wait in {grown / 1e6:.1f} MB")
            assert grown < 50_000_000
            overview = await ant.status()
            assert SESSIONS == overview["waiting"]
            assert 0 == await server.stop()
    assert [(200, {})] * len(requests) == [(e.status, e.body) for e in requests]
