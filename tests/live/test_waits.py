"""Waits against a real server: across `kill -9`, of a shell, and while it stops."""

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
import trio.testing

from ant.client import AntClient
from tests.installed import needs
from tests.live.server import running_server, start_server
from tests.live.waiting import eventually
from tests.soak import LONGEST_S

SLOW_S = 60.0

HOSTS = [
    "pty",
    pytest.param("tmux", marks=needs("tmux")),
]


@pytest.mark.slow
@pytest.mark.parametrize("host", HOSTS)
async def test_a_place_outlives_the_server(tmp_path: Path, host: str) -> None:
    """After `kill -9` the next wait goes on: with the program in tmux, else `lost`."""
    go = tmp_path / "go"
    script = f'echo one; until [ -e "{go}" ]; do sleep 0.05; done; echo two; exit 5'
    with trio.fail_after(SLOW_S):
        server = await start_server(tmp_path / "data")
        async with server.client() as ant:
            row = await ant.create("one", host=host, command=["sh", "-c", script])
            first = await ant.wait(row["id"], "output:one", after="0")
            assert "output:one" == first["until"]
        await server.kill()
        async with running_server(tmp_path / "data") as again, again.client() as ant:
            go.touch()
            told = [await ant.wait(row["id"], "output:two", after=first["next"])]
            while told[-1]["until"] != "exit":
                after = told[-1]["next"]
                told.append(await ant.wait(row["id"], "output:two", after=after))
            assert {first["run"]} == {answer["run"] for answer in told}
            if host == "tmux":
                assert ["output:two", "exit"] == [each["until"] for each in told]
                assert 5 == told[-1]["exit_code"]
                return
            (lost,) = told
            assert ("lost", None) == (lost["status"], lost["exit_code"])
            await ant.call("POST", f"/api/sessions/{row['id']}/terminal/start", {})
            new = await ant.wait(row["id"], "output:one", after=lost["next"])
            assert "output:one" == new["until"]
            assert new["gap"]["from"] <= new["gap"]["to"] <= new["start"]
            assert new["run"] != lost["run"]


async def typed(ant: AntClient, session_id: str, line: str) -> str:
    """Type a line; the place from before."""
    here = await ant.wait(session_id, "block", timeout=0)
    await ant.type(session_id, f"{line}\r")
    return str(here["next"])


@pytest.mark.slow
async def test_a_shell(tmp_path: Path) -> None:
    """A prompt, a command with its code, a question, rest, and a stop of the server."""
    with trio.fail_after(SLOW_S):
        async with running_server(tmp_path / "data") as server, server.client() as ant:
            row = await ant.create("one", command=["bash", "-i"])
            session_id = row["id"]
            await ant.type(session_id, "")
            ready = await ant.wait(session_id, "ready")
            assert "ready" == ready["until"]
            after = await typed(ant, session_id, "(exit 3)")
            block = await ant.wait(session_id, "block", after=after)
            assert ("block", "(exit 3)", 3, "high") == (
                block["until"],
                block["command"],
                block["exit_code"],
                block["trust"],
            )
            # At rest again, behind that command; and no second time without output.
            rest = await ant.wait(session_id, "ready", after=block["next"])
            assert rest["end"] >= block["end"]
            after = await typed(ant, session_id, "read -p 'Delete it? [y/N] ' x")
            prompt = await ant.wait(session_id, "prompt", after=after)
            assert "Delete it?" == prompt["prompt"]["question"]
            same = await ant.wait(session_id, "prompt")
            assert same["prompt"]["id"] == prompt["prompt"]["id"]
            nothing = await ant.wait(
                session_id, "prompt", after=prompt["next"], timeout=0
            )
            assert nothing["timed_out"]
            answers: list[Any] = []

            async def wait() -> None:
                answers.append(await ant.wait(session_id, "output:never"))

            async with trio.open_nursery() as nursery:
                nursery.start_soon(wait)
                await trio.testing.wait_all_tasks_blocked(0.5)
                assert 0 == await server.stop()
            (last,) = answers
            assert (True, True) == (last["timed_out"], last["stopping"])


SESSIONS, LONG_S = 8, 300
WAITS, BEYOND = 1024, 16
"""Requests that may wait together. Those beyond are refused once all others wait."""

OVER = "output:re:^over [0-9]+$"
UNTIL = (OVER, "output:never", "exit", "prompt", "block", "idle:3600")
"""None is true of a `cat` that nobody types to; the first is when somebody does."""


@pytest.fixture
def descriptors() -> Iterator[None]:
    """As many as this process may have: each request is a connection."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@attrs.define(eq=False)
class Waiters:
    """Many waits of a few sessions; `answers` has the status and body of each."""

    ids: list[str]
    answers: dict[int, tuple[int, Any]] = attrs.field(factory=dict)

    async def wait(self, client: httpx.AsyncClient, n: int) -> None:
        path = f"/api/sessions/{self.ids[n % len(self.ids)]}/wait"
        query = {"until": UNTIL[n % len(UNTIL)], "timeout": LONG_S}
        response = await client.get(path, params=query)
        self.answers[n] = response.status_code, response.json()

    def told(self, n: int) -> tuple[int, str | None, bool | None]:
        """The status, the fact, and whether it is a time-out because of a stop."""
        status, body = self.answers[n]
        return status, body.get("until"), body.get("stopping")


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.timeout(LONGEST_S)
@pytest.mark.usefixtures("descriptors")
async def test_a_thousand_requests_wait(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Together below 50 MB; each is answered, by its text or when the server stops.

    The sessions are there before, and the connections are the requests' own.
    """
    server = await start_server(tmp_path / "data")
    async with server.client() as ant:
        rows = [await ant.create(f"s{n}", command=["cat"]) for n in range(SESSIONS)]
        all_of = Waiters([row["id"] for row in rows])
        before = server.rss_bytes()
        settings: dict[str, Any] = {"timeout": None, "trust_env": False}
        limits = httpx.Limits(max_connections=None)
        async with (
            httpx.AsyncClient(base_url=server.url, limits=limits, **settings) as client,
            trio.open_nursery() as nursery,
        ):
            for n in range(WAITS + BEYOND):
                nursery.start_soon(all_of.wait, client, n)

            async def all_wait() -> bool:
                refused = len(all_of.answers)
                met = (await ant.health())["limits"]
                counted = {each["name"]: each["count"] for each in met}
                return bool(counted["waits"] == refused == BEYOND)

            await eventually(all_wait, LONG_S / 2)
            grown = server.rss_bytes() - before
            with capsys.disabled():
                print(f"\n{WAITS:,} requests wait in {grown / 1e6:.1f} MB")
            assert grown < 50_000_000
            refused = set(all_of.answers)
            hopeful = {
                n for n in range(WAITS + BEYOND) if UNTIL[n % len(UNTIL)] == OVER
            }
            for each in all_of.ids:
                await ant.type(each, "over 1\r")
            await eventually(lambda: refused | hopeful == set(all_of.answers))
            with trio.fail_after(SLOW_S):
                assert 0 == await server.stop()
    for n in range(WAITS + BEYOND):
        if n in refused:
            assert 429 == all_of.answers[n][0]
        else:
            expected = (200, OVER, False) if n in hopeful else (200, None, True)
            assert expected == all_of.told(n)
