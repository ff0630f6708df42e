"""Programs inside a terminal speak in its rooms as that terminal, and nowhere else."""

import json
from pathlib import Path
from typing import Any

import pytest

from ant.client import AntClient
from ant.core.errors import Forbidden, Unauthorized
from tests.live.server import run_ant, running_server, shared_server
from tests.live.waiting import eventually

CURL = """curl -sS -o /dev/null -w 'code=%{http_code};' \
-H "Authorization: Bearer $ANT_TOKEN" -H 'Content-Type: application/json' """

SCRIPT = "Content with 'quotes', \"more\", $dollars, `ticks` and é 漢 🐜"


async def shell(ant: AntClient, name: str = "ada") -> Any:
    """A real bash, which reads none of a user's files."""
    return await ant.create(name, command=["bash", "--norc", "--noprofile"])


async def messages(ant: AntClient, room_id: str) -> list[dict[str, Any]]:
    page = await ant.messages(room_id)
    found: list[dict[str, Any]] = page["messages"]
    return found


async def run(ant: AntClient, session: Any, line: str, end: str = "done=") -> str:
    """Type a line at a shell and wait for its exit status; what was shown since."""
    path = session["id"]
    before = (await ant.history(path, order="asc", limit=1))["end"]
    await ant.type(path, f"{line}\necho {end[:2]}''{end[2:]}$?.\n")

    async def shown() -> str | None:
        page = await ant.history(path, from_=before, order="asc", limit=1000)
        text = "".join(row["text"] for row in page["rows"])
        return text if f"{end}" in text and "." in text.rpartition(end)[2] else None

    text: str = await eventually(shown)
    return text


@pytest.mark.slow
@pytest.mark.parametrize("key", ["", "operators-key"])
async def test_ant_in_a_shell(tmp_path: Path, key: str) -> None:
    """`ant` is found, knows the server and who it is: with and without a key set."""
    env = {"ANT_API_KEY": key} if key else {}
    async with (
        running_server(tmp_path, **env) as server,
        server.client(key or None) as ant,
    ):
        session, room = await shell(ant), await ant.create("Room", "chat")
        foreign = await ant.create("foreign", "chat")
        await ant.call(
            "POST",
            f"/api/sessions/{room['id']}/participants",
            {"session_id": session["id"]},
        )
        said = await run(
            ant, session, "ant msg Room @zoe hello; ant msg Room - < /dev/null"
        )
        assert "Sent" in said
        assert "done=2." in said
        said = await run(ant, session, f"ant msg {session['linked_chat_id']} at home")
        assert "done=0." in said
        (hello,) = await messages(ant, room["id"])
        assert ("hello", "@zoe", session["id"], "assistant") == (
            hello["content"],
            hello["target"],
            hello["sender_id"],
            hello["role"],
        )
        (home,) = await messages(ant, session["linked_chat_id"])
        assert ("at home", session["id"]) == (home["content"], home["sender_id"])
        await ant.post(room["id"], "to you", sender_id="zoe", reply_to=hello["id"])
        assert "zoe: to you" in await run(ant, session, "ant chat read Room")
        for line in (
            f"ant msg {foreign['id']} hello",
            f"ant chat read {foreign['id']}",
            "ant msg foreign hello",
        ):
            assert "done=1." in await run(ant, session, line), line
        listed = await run(ant, session, "ant sessions")
        assert room["id"] in listed
        assert foreign["id"] not in listed
        assert [] == await messages(ant, foreign["id"])


@pytest.mark.slow
async def test_curl_in_a_shell() -> None:
    """The same by hand: a post, as itself only, and nothing that acts."""
    async with shared_server() as server, server.client() as ant:
        session = await shell(ant)
        chat = f"$ANT_SERVER_URL/api/sessions/{session['linked_chat_id']}"
        own = "$ANT_SERVER_URL/api/sessions/$ANT_SESSION_ID"
        wanted = {
            f'{chat}/messages -d \'{{"content": "by curl"}}\'': 201,
            f'{chat}/messages -d \'{{"content": "x", "sender_id": "@bob"}}\'': 403,
            f'{own}/terminal/input -d \'{{"data": "x"}}\'': 403,
            f"{own} -X DELETE": 403,
            f"{own}": 200,
            '$ANT_SERVER_URL/api/sessions -d \'{"name": "x", "type": "chat"}\'': 403,
        }
        for rest, status in wanted.items():
            assert f"code={status};" in await run(ant, session, CURL + rest), rest
        (posted,) = await messages(ant, session["linked_chat_id"])
        assert ("by curl", session["id"]) == (posted["content"], posted["sender_id"])


@pytest.mark.slow
async def test_a_token_lives_as_long_as_its_run(tmp_path: Path) -> None:
    """It is gone with the program, and with the server; the next run has its own."""
    async with running_server(tmp_path / "data") as server, server.client() as ant:
        session = await shell(ant)
        file = tmp_path / "token"

        async def token() -> str:
            file.unlink(missing_ok=True)
            await ant.type(session["id"], f'printf %s "$ANT_TOKEN" > {file}.new; ')
            await ant.type(session["id"], f"mv {file}.new {file}\n")
            await eventually(file.exists)
            return file.read_text()

        first = await token()
        async with AntClient(server.url, first) as inside:
            assert session["id"] == (await inside.session("@ada"))["id"]
            with pytest.raises(Forbidden):
                await inside.type(session["id"], "x")
            await ant.type(session["id"], "exit\n")

            async def ended() -> bool:
                row = await ant.session(session["id"])
                return bool(row["status"] == "exited")

            await eventually(ended)
            with pytest.raises(Unauthorized):
                await inside.sessions()
            await ant.call("POST", f"/api/sessions/{session['id']}/terminal/start", {})
            second = await token()
            assert first != second
            with pytest.raises(Unauthorized):
                await inside.sessions()
    async with running_server(tmp_path / "data") as server:
        async with AntClient(server.url, second) as inside:
            with pytest.raises(Unauthorized):
                await inside.sessions()
        assert 0o600 == (tmp_path / "data" / "token.key").stat().st_mode & 0o777
        assert second not in server.log.read_text()


@pytest.mark.slow
async def test_ant_from_outside(tmp_path: Path) -> None:
    """With the operator's key: everything; without it or a server: 1 and 3."""
    async with (
        running_server(tmp_path, ANT_API_KEY="a key of sixteen") as server,
        server.client("a key of sixteen") as ant,
    ):
        asks = 'read -r -p "Go on? [y/n] " answer; echo "it was $answer"; read -r'
        session = await ant.create("asks", command=["bash", "-c", asks])
        room = await ant.create("Room", "chat")
        env = {"ANT_SERVER_URL": server.url, "ANT_API_KEY": "a key of sixteen"}
        code, said, _ = await run_ant("msg", "room", SCRIPT, "--json", **env)
        assert (0, SCRIPT) == (code, json.loads(said)["content"])
        (posted,) = await messages(ant, room["id"])
        assert (SCRIPT, "cli") == (posted["content"], posted["sender_id"])
        code, said, _ = await run_ant("sessions", **env)
        assert (0, 3) == (code, len(said.splitlines()))
        key = {"ANT_API_KEY": env["ANT_API_KEY"]}
        code, said, error = await run_ant("sessions", "--server", server.url, **key)
        assert (1, "") == (code, said)
        assert "The key of the environment is for http://127.0.0.1:6458; for " in error
        file = tmp_path / "key"
        file.write_text(env["ANT_API_KEY"])
        flags = ("--server", server.url, "--api-key-file", str(file))
        assert 0 == (await run_ant("sessions", *flags))[0]

        async def pending() -> Any:
            path = f"/api/sessions/{session['id']}/prompt-bridge/pending"
            return (await ant.call("GET", path))["pending"]

        await eventually(pending)
        code, said, error = await run_ant("chat", "decide", "asks", "approve", **env)
        assert (0, "Chose y; the prompt is closed.\n") == (code, said), error
        code, _, error = await run_ant("chat", "decide", "asks", "approve", **env)
        assert (1, "ant: No prompt is pending there.\n") == (code, error)
        code, _, error = await run_ant("sessions", ANT_SERVER_URL=server.url)
        assert (1, True) == (code, "API key" in error)
    code, _, error = await run_ant("sessions", **env)
    assert (3, True) == (code, error.startswith(f"ant: cannot reach {server.url}"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("host", "expected"), [("0.0.0.0", "http://127.0.0.1:"), ("::1", "http://[::1]:")]
)
async def test_the_address_inside(tmp_path: Path, host: str, expected: str) -> None:
    """One that can be called, whatever the server listens on."""
    flags = ("--host", host, "--insecure")
    async with (
        running_server(tmp_path, *flags) as server,
        AntClient(f"{expected}{server.port}") as ant,
    ):
        session = await shell(ant)
        said = await run(ant, session, "echo at=$ANT_SERVER_URL; ant msg @ada hi")
        assert f"at={expected}{server.port}" in said
        assert "done=0." in said
