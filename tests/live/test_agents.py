"""Real agents that ask for permissions: answers by their hooks, and by keys."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio

from ant.client import AntClient
from ant.core.errors import AlreadyAnswered, AntError, Conflict, Forbidden
from tests.live.agents import (
    DONE,
    Desk,
    Model,
    claude,
    codex,
    gemini,
    model,
    needs_agent,
)
from tests.live.server import run_ant, running_server, shared_server
from tests.live.waiting import eventually
from tests.soak import soak
from tests.terminal.private_tmux import ended_with_us, needs_tmux

pytestmark = pytest.mark.slow
needs_claude = needs_agent("claude")

PATIENCE_S = 60.0
"""An agent starts in two seconds, on a machine that does nothing else."""


@attrs.define(eq=False)
class Scene:
    """An agent in a terminal of a server."""

    ant: AntClient
    id: str
    desk: Desk
    model: Model

    async def status(self) -> Any:
        """What the agent does and asks."""
        return await self.ant.call("GET", f"/api/sessions/{self.id}/status")

    async def prompt(self) -> Any:
        """Wait until the agent asks anything; the prompt."""

        async def found() -> Any:
            return (await self.status())["prompt"]

        return await eventually(found, PATIENCE_S)

    async def asked(self, command: str) -> Any:
        """Wait until the agent asks by its hook for this command; the prompt."""

        async def found() -> Any:
            prompt = (await self.status())["prompt"]
            details = (prompt or {}).get("details") or {}
            is_it = details.get("input", {}).get("command") == command
            return prompt if is_it else None

        return await eventually(found, PATIENCE_S)

    async def shown(self, *texts: str) -> None:
        """Wait until the screen has these."""

        async def found() -> bool:
            path = f"/api/sessions/{self.id}/terminal/screen"
            rows = "\n".join((await self.ant.call("GET", path))["lines"])
            return all(each in rows for each in texts)

        await eventually(found, PATIENCE_S)

    async def answer(self, prompt: Any, **answer: Any) -> Any:
        """Answer a prompt by its id."""
        path = f"/api/sessions/{self.id}/prompt-bridge/respond"
        return await self.ant.call("POST", path, {"prompt_id": prompt["id"], **answer})

    async def done(self) -> None:
        """Wait until the model has said its last word and the agent rests."""
        await self.shown(DONE)

        async def rests() -> bool:
            return bool((await self.status())["agent_status"]["state"] == "ready")

        await eventually(rests, PATIENCE_S)

    async def answers(self) -> list[Any]:
        """The recorded answers."""
        path, kind = f"/api/sessions/{self.id}/run-events", "approval_decision"
        page = await self.ant.call("GET", path, kind=kind, limit=1000)
        return [each["payload"] for each in page["events"]]


@asynccontextmanager
async def scene(
    tmp_path: Path,
    *commands: str,
    make: Callable[[Path, str], Desk] = claude,
) -> AsyncIterator[Scene]:
    """An agent that is about to ask for these commands."""
    with model(*commands) as found:
        desk = make(tmp_path, found.url)
        async with shared_server() as server, server.client() as ant:
            yield await begun(ant, desk, found)


def tapped(folder: Path, model_url: str) -> Desk:
    """Claude Code, with a log of all that ANT types."""
    return claude(folder, model_url, tapped=True)


async def begun(ant: AntClient, desk: Desk, found: Model, host: str = "pty") -> Scene:
    """An agent that starts in a new terminal."""
    row = await ant.create("coder", "agent", host=host, **desk.fields)
    return Scene(ant, row["id"], desk, found)


@needs_claude
async def test_allow(tmp_path: Path) -> None:
    """The command runs, no key is pressed, and the evidence says by which way."""
    async with scene(tmp_path, "touch one.txt", make=tapped) as at:
        prompt = await at.asked("touch one.txt")
        assert "touch one.txt" in prompt["question"]
        # Where the dialog came first, its rows are the options.
        assert prompt["options"][0]["label"] in ("Allow", "Yes")
        before = at.desk.typed
        said = await at.answer(prompt, type="approve", by="@ada")
        assert said["resolved"]
        await at.done()
        assert at.desk.has("one.txt")
        assert before == at.desk.typed
        (decision,) = await at.answers()
        assert ("hook", "@ada") == (decision["via"], decision["by"])


@needs_claude
async def test_deny_with_a_reason(tmp_path: Path) -> None:
    """It does not run, and the model reads why."""
    async with scene(tmp_path, "touch one.txt", "touch two.txt", make=tapped) as at:
        prompt = await at.asked("touch one.txt")
        before = at.desk.typed
        why = "Only on Fridays, “please”."
        await at.answer(prompt, type="deny", text=why)
        await at.answer(await at.asked("touch two.txt"), type="approve")
        await at.done()
        assert (False, True) == (at.desk.has("one.txt"), at.desk.has("two.txt"))
        assert before == at.desk.typed
        told = json.dumps(why, ensure_ascii=False)[1:-1]
        assert any(told in body for body in at.model.asked)


@needs_claude
@pytest.mark.soak
async def test_the_terminal_first(tmp_path: Path) -> None:
    """A person answers at the dialog; then the prompt has gone, and the hook, too."""
    async with scene(tmp_path, "touch one.txt", "touch two.txt") as at:
        prompt = await at.asked("touch one.txt")
        await at.shown("Do you want to proceed?")
        await at.ant.type(at.id, "1")
        second = await at.asked("touch two.txt")
        assert at.desk.has("one.txt")
        assert second["id"] != prompt["id"]
        with pytest.raises(AlreadyAnswered):
            await at.answer(prompt, type="deny")
        await at.answer(second, type="approve")
        await at.done()
        assert at.desk.has("two.txt")


@needs_claude
@pytest.mark.soak
async def test_two_answerers(tmp_path: Path) -> None:
    """One wins, whichever it is, and the other learns it; what was allowed is done."""
    names = [f"{i}.txt" for i in range(4)]
    async with scene(tmp_path, *(f"touch {name}" for name in names)) as at:
        allowed = []
        for name in names:
            prompt = await at.asked(f"touch {name}")
            outcomes: dict[str, Any] = {}

            async def one(kind: str, prompt: Any = prompt, to: Any = outcomes) -> None:
                try:
                    to[kind] = await at.answer(prompt, type=kind)
                except AntError as exc:
                    to[kind] = exc

            async with trio.open_nursery() as nursery:
                nursery.start_soon(one, "approve")
                nursery.start_soon(one, "deny")
            lost = [k for k, each in outcomes.items() if isinstance(each, AntError)]
            assert 1 == len(lost), outcomes
            assert isinstance(outcomes[lost[0]], Conflict)
            allowed.append(lost[0] == "deny")
        await at.done()
        assert allowed == [at.desk.has(name) for name in names]


@needs_claude
@needs_tmux
async def test_a_killed_server(tmp_path: Path) -> None:
    """The dialog stays; the next server finds it, and its answer goes by keys."""
    data, port = tmp_path / "ant", "0"
    with model("touch one.txt", "touch two.txt") as found, ended_with_us(data):
        desk = claude(tmp_path, found.url)
        async with running_server(data) as server, server.client() as ant:
            first = await begun(ant, desk, found, "tmux")
            await first.asked("touch one.txt")
            await first.shown("Do you want to proceed?")
            port = str(server.port)
            await server.kill()
        flags = ("--port", port)
        async with running_server(data, *flags) as server, server.client() as ant:
            at = attrs.evolve(first, ant=ant)
            await at.shown("Do you want to proceed?")
            assert not desk.has("one.txt")
            after = await at.prompt()
            assert "screen" == after["detector"]
            await at.answer(after, type="approve")
            # The agent knows the address of its server, which is the same.
            await at.answer(await at.asked("touch two.txt"), type="approve")
            await at.done()
            assert (True, True) == (desk.has("one.txt"), desk.has("two.txt"))
            ways = [each["via"] for each in await at.answers()]
            assert ["keys", "hook"] == ways


@needs_claude
@pytest.mark.soak
async def test_a_hook_for_another_terminal(tmp_path: Path) -> None:
    """The server refuses it: a token speaks for its own terminal."""
    async with scene(tmp_path, "touch one.txt") as at:
        prompt = await at.asked("touch one.txt")
        other = await at.ant.create("other", "terminal", command=["cat"])
        mine = await token_of(at.ant, other["id"])
        ask = {
            "hook_event_name": "PermissionRequest",
            "tool_name": "Bash",
            "tool_input": {"command": "touch bad.txt"},
            "ant_session_id": at.id,
        }
        async with AntClient(at.ant.url, mine) as forged:
            with pytest.raises(Forbidden):
                await forged.report_hook(ask, 60)
        assert prompt["id"] == (await at.status())["prompt"]["id"]
        await at.answer(prompt, type="deny")
        await at.done()


async def token_of(ant: AntClient, session_id: str) -> str:
    """The token of a terminal, as its program has it."""
    from ant.terminal.host import processes

    row = await ant.call("GET", f"/api/sessions/{session_id}")
    return processes.environ_of(row["terminal"]["pid"])["ANT_TOKEN"]


@needs_claude
@pytest.mark.parametrize("count", [soak(200)])
async def test_many_requests(tmp_path: Path, count: int) -> None:
    """Each answer reaches its own request and no other, and no key is pressed."""
    names = [f"{i:03}.txt" for i in range(count)]
    commands = [f"touch {name}" for name in names]
    async with scene(tmp_path, *commands, make=tapped) as at:
        prompt = await at.asked(commands[0])
        before = at.desk.typed
        for i, command in enumerate(commands):
            prompt = await at.asked(command)
            if i % 3 == 1:
                await at.answer(prompt, type="deny", text=f"Reason {i:03}.")
            else:
                await at.answer(prompt, type="approve")
        await at.done()
        denied = [i for i in range(count) if i % 3 == 1]
        assert [i % 3 != 1 for i in range(count)] == [at.desk.has(n) for n in names]
        told = [result for result in at.model.results() if "Reason" in result]
        assert len(denied) == len(told)
        for i, result in zip(denied, told, strict=True):
            assert f"Reason {i:03}." in result
        assert before == at.desk.typed
        answers = await at.answers()
        assert [("hook", i % 3 == 1) for i in range(count)] == [
            (each["via"], each["type"] == "deny") for each in answers
        ]


@needs_claude
@pytest.mark.soak
async def test_through_the_page(tmp_path: Path) -> None:
    """A signed-in browser answers as the page does."""
    key, names = tmp_path / "key", ("one.txt", "two.txt", "three.txt")
    key.write_text("a-key-of-the-operator")
    key.chmod(0o600)
    flags = ("--api-key-file", str(key))
    with model(*(f"touch {name}" for name in names)) as found:
        desk = claude(tmp_path, found.url)
        async with running_server(tmp_path / "ant", *flags) as server:
            link = await run_ant("open", "--print", "--server", server.url, *flags)
            same = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
            async with (
                server.client(key.read_text()) as ant,
                httpx.AsyncClient(base_url=server.url, headers=same) as browser,
            ):
                code = {"code": link[1].strip().rpartition("#")[2]}
                await browser.post("/api/sign-in", json=code)
                at = await begun(ant, desk, found)
                path = f"/api/sessions/{at.id}/prompt-bridge/respond"

                async def answer(prompt: Any, **fields: str) -> int:
                    body = {"prompt_id": prompt["id"], "source": "page", **fields}
                    return (await browser.post(path, json=body)).status_code

                first = await at.asked("touch one.txt")
                assert 200 == await answer(first, type="approve")
                assert 409 == await answer(first, type="approve")
                second = await at.asked("touch two.txt")
                assert 200 == await answer(second, type="deny", text="Not this one.")
                third = await at.asked("touch three.txt")
                await at.shown("Do you want to proceed?")
                await ant.type(at.id, "1")
                await at.done()
                assert 409 == await answer(third, type="deny")
                assert [True, False, True] == [desk.has(name) for name in names]
                assert any("Not this one." in each for each in found.results())
                assert ["hook", "hook"] == [e["via"] for e in await at.answers()]


@needs_agent("codex")
async def test_codex_is_asked_by_a_command(tmp_path: Path) -> None:
    """It asks once whether to trust its hooks; then `ant hook` waits for answers."""
    commands = [f"touch {n}.txt && rm -f old.txt" for n in ("one", "two")]
    async with scene(tmp_path, *commands, make=codex) as at:
        await at.shown("Hooks need review", "Trust all and continue")
        trust = {"label": "Trust all and continue"}
        await at.answer(await at.prompt(), type="select", choice=trust)
        prompt = await at.asked(commands[0])
        assert ("codex-cli", 2) == (prompt["details"]["agent"], len(prompt["options"]))
        await at.answer(prompt, type="approve")
        denied = await at.asked(commands[1])
        await at.answer(denied, type="deny", text="Not on Fridays.")
        await at.shown(DONE)
        assert (True, False) == (at.desk.has("one.txt"), at.desk.has("two.txt"))
        assert any("Not on Fridays." in each for each in at.model.asked)
        assert ["hook", "hook"] == [each["via"] for each in await at.answers()]


@pytest.mark.soak
@needs_agent("gemini")
async def test_gemini_reports_and_is_answered_by_keys(tmp_path: Path) -> None:
    """It has no hook that takes an answer."""
    command = "touch one.txt && rm -f old.txt"
    async with scene(tmp_path, command, make=gemini) as at:
        prompt = await at.prompt()
        assert ("screen", None) == (prompt["detector"], prompt["details"])
        await at.answer(prompt, type="approve")
        await at.done()
        assert at.desk.has("one.txt")
        path = f"/api/sessions/{at.id}/run-events"
        page = await at.ant.call("GET", path, source="hook")
        names = [each["payload"]["source_event"] for each in page["events"]]
        assert ["BeforeAgent", "BeforeTool", "Notification"] == names[:3]
        assert "AfterAgent" == names[-1]
        assert ["keys"] == [each["via"] for each in await at.answers()]
