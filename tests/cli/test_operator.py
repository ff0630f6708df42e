"""`ant --operator`: one call as the operator, from a terminal of ANT."""

import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from ant.client import AntClient
from tests.live.server import environment, running_server
from tests.served import ant as run

KEY = "a-key-of-the-operator-that-is-long"
ASKED = "output:(hidden)"
ENDED = r"output:re:code=\d"


@attrs.define(eq=False)
class Shell:
    """A shell in a terminal of ANT."""

    ant: AntClient
    session_id: str
    _after: str = ""

    @classmethod
    async def start(cls, ant: AntClient) -> "Shell":
        """A shell without startup files, whose prompt is there."""
        row = await ant.create("shell", command=["bash", "--norc", "--noprofile"])
        shell = cls(ant, row["id"])
        shell._after = (await ant.wait(row["id"], "idle:0"))["next"]
        return shell

    async def type(self, text: str, until: str) -> None:
        """Type a line, and wait for output that comes after it."""
        await self.ant.type(self.session_id, f"{text}\r")
        found = await self.ant.wait(self.session_id, until, after=self._after)
        assert not found["timed_out"], await self.output()
        self._after = found["next"]

    async def as_operator(self, words: str, secret: str) -> str:
        """Run `ant --operator` and type what it asks for; the output of the call."""
        before = len(await self.output())
        await self.type(f"ant --operator {words}; echo code=$?", ASKED)
        await self.type(secret, ENDED)
        return (await self.output())[before:]

    async def output(self) -> str:
        """All that the terminal has printed."""
        page = await self.ant.history(self.session_id, limit=1000)
        return "".join(row["text"] for row in reversed(page["rows"]))


@pytest.mark.slow
async def test_the_key_is_for_one_call(tmp_path: Path) -> None:
    """A terminal may not list the tokens; with the key, once, it may."""
    async with (
        running_server(tmp_path, ANT_API_KEY=KEY) as server,
        server.client(KEY) as ant,
    ):
        shell = await Shell.start(ant)
        said = await shell.as_operator("tokens list", KEY)
        assert "There are no tokens." in said
        assert "code=0" in said
        await shell.type("ant tokens list; echo code=$?", ENDED)
        assert "code=1" in (await shell.output())[-20:]
        wrong = await shell.as_operator("tokens list", "not-the-key")
        assert "This is neither the operator's key nor a valid code" in wrong
        assert "code=1" in wrong
        assert KEY not in await shell.output()
        assert "not-the-key" not in await shell.output()
        assert [] == (await ant.tokens())["tokens"]
        for event in (await ant.events(limit=1000))["events"]:
            assert KEY not in str(event)
        page = await ant.call("GET", f"/api/sessions/{shell.session_id}/run-events")
        assert KEY not in str(page)


@pytest.mark.slow
async def test_a_code_where_there_is_no_key(tmp_path: Path) -> None:
    """By itself or in its link. It is valid once; its sign-in ends with the call."""
    async with running_server(tmp_path) as server, server.client() as ant:
        shell = await Shell.start(ant)
        made = await ant.create_sign_in_code(None, ["view", "admin"], expires_in=60)
        said = await shell.as_operator("tokens list", made["code"])
        assert "ant --operator" in said
        assert "code=0" in said
        assert [] == (await ant.tokens())["tokens"]
        again = await shell.as_operator("tokens list", made["code"])
        assert "nor a valid code" in again
        made = await ant.create_sign_in_code(None, ["view", "admin"], expires_in=60)
        said = await shell.as_operator("new two -- cat", server.url + made["path"])
        assert "Started two" in said
        # Such a server ignores a key, and would take the call for the terminal's.
        said = await shell.as_operator("ls", "some-key")
        assert "nor a valid code" in said
        assert [] == (await ant.tokens())["tokens"]


def test_it_needs_a_terminal() -> None:
    """A script has other ways."""
    done = subprocess.run(
        [sys.executable, "-m", "ant", "--operator", "ls"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment(),
        start_new_session=True,
    )
    assert (2, "") == (done.returncode, done.stdout)
    assert "--operator asks for the key, so it needs a terminal" in done.stderr


def test_it_is_for_calls() -> None:
    """Verbs that call no server take no key."""
    result = run("--operator", "servers")
    assert (2, True) == (result.exit_code, "takes no --operator" in result.output)
