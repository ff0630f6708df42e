"""Whatever is wrong gets the one error shape, and the server and the socket live on."""

import contextlib
import json
import os
from pathlib import Path
from typing import Any

import attrs
import httpx
import pytest
import trio
from trio_websocket import WebSocketConnection, open_websocket_url

from tests.live.server import Server, running_server
from tests.live.test_auth_live import check_problem
from tests.live.viewer import watching

DEEP = b"[" * 100_000


@attrs.frozen
class Bad:
    """A request, the status it gets, and what its answer must mention."""

    method: str
    path: str
    body: Any = None
    status: int = 400
    says: str = ""


def bodies(session_id: str, exited: str, chat: str) -> list[Bad]:
    """The table for REST."""
    create, own = "/api/sessions", f"/api/sessions/{session_id}"
    term = f"{own}/terminal"

    def bad(says: str, **fields: Any) -> Bad:
        return Bad("POST", create, {"name": "x", "type": "chat", **fields}, 400, says)

    def bad_terminal(says: str, **fields: Any) -> Bad:
        return bad(says, **{"type": "terminal", **fields})

    unknown = [
        Bad(method, f"/api/sessions/nosuchid{tail}", body, 404, "nosuchid")
        for method, tail, body in (
            ("GET", "", None),
            ("DELETE", "", None),
            ("DELETE", "?hard=true", None),
            ("GET", "/terminal/history", None),
            ("POST", "/terminal/input", {"data": "x"}),
            ("POST", "/terminal/resize", {"cols": 80, "rows": 24}),
            ("POST", "/terminal/stop", {}),
            ("POST", "/terminal/start", {}),
        )
    ]
    return [
        *unknown,
        Bad("POST", create, b"{not json", 400, "JSON"),
        Bad("POST", create, b'{"name": "a"', 400, "JSON"),
        Bad("POST", create, b'{"name": "\xff\xfe", "type": "chat"}', 400, "$"),
        Bad("POST", create, b'{"name": "\\ud800", "type": "chat"}', 400, "$"),
        Bad("POST", create, b'{"name": NaN, "type": "chat"}', 400, "JSON"),
        Bad("POST", create, DEEP, 400, "JSON"),
        Bad("POST", create, b"[]", 400, "object"),
        Bad("POST", create, b'"text"', 400, "object"),
        Bad("POST", create, b"null", 400, "object"),
        Bad("POST", create, b"17", 400, "object"),
        Bad("POST", create, b"", 400, "$.name"),
        Bad("POST", create, {}, 400, "$.type"),
        bad("$.name", name=""),
        bad("$.name", name="   "),
        bad("$.name", name=17),
        bad("$.name", name="a\nb"),
        bad("$.name", name="n" * 201),
        bad("$.name", name=None),
        bad("$.type", type="spaceship"),
        bad("$.type", type=["chat"]),
        bad("colour", colour="red"),
        bad("$.meta", meta="text"),
        bad("$.ttl", ttl="soon"),
        bad_terminal("$.cols", cols=0),
        bad_terminal("$.cols", cols=10_000),
        bad_terminal("$.cols", cols=-1),
        bad_terminal("$.cols", cols="80"),
        bad_terminal("$.cols", cols=80.5),
        bad_terminal("$.cols", cols=True),
        bad_terminal("$.rows", rows=0),
        bad_terminal("$.start", start="yes"),
        bad_terminal("$.env", env=["A=B"]),
        bad_terminal("$.env", env={"A=B": "c"}),
        bad_terminal("$.env", env={"A": 1}),
        bad_terminal("$.env", env={"A": "b\0c"}),
        bad_terminal("$.command", command="ls -l"),
        bad_terminal("$.command[1]", command=["ls", 5]),
        bad_terminal("$.command[0]", command=["no-such-program-at-all"]),
        bad_terminal("$.command[0]", command=["/no/such/program"]),
        bad_terminal("$.command[0]", command=[""]),
        bad_terminal("$.command[0]", command=["/etc/passwd"]),
        bad_terminal("$.command[0]", command=["/"]),
        bad_terminal("$.root_dir", root_dir="/no/such/folder"),
        bad_terminal("$.root_dir", root_dir="/etc/passwd"),
        bad_terminal("$.root_dir", root_dir="relative"),
        bad_terminal("$.root_dir", root_dir="/tmp\0"),
        bad_terminal("$.root_dir", root_dir=""),
        bad_terminal("$.cli_flag", cli_flag="hal-9000"),
        bad_terminal("$.host", host="mainframe"),
        Bad("POST", create, {"name": "own", "type": "chat"}, 409, "own"),
        Bad("POST", f"{term}/input", {}, 400, "data"),
        Bad("POST", f"{term}/input", {"data": "a", "data_b64": "YQ=="}, 400, "data"),
        Bad("POST", f"{term}/input", {"data": 5}, 400, "$.data"),
        Bad("POST", f"{term}/input", {"data_b64": "***"}, 400, "$.data_b64"),
        Bad("POST", f"{term}/input", {"data": "x", "enter": True}, 400, "enter"),
        Bad("POST", f"{term}/input", b"\xff", 400, "JSON"),
        Bad("POST", f"{term}/resize", {"cols": 80}, 400, "$.rows"),
        Bad("POST", f"{term}/resize", {"cols": 0, "rows": 24}, 400, "$.cols"),
        Bad("POST", f"{term}/resize", {"cols": 80, "rows": 10_000}, 400, "$.rows"),
        Bad("POST", f"{term}/start", {"cols": "wide"}, 400, "$.cols"),
        Bad("POST", f"{term}/stop", {"force": True}, 400, "force"),
        Bad("GET", f"{term}/history?limit=0", None, 400, "$.limit"),
        Bad("GET", f"{term}/history?limit=many", None, 400, "$.limit"),
        Bad("GET", f"{term}/history?limit=1001", None, 400, "$.limit"),
        Bad("GET", f"{term}/history?since=yesterday", None, 400, "$.since"),
        Bad("GET", f"{term}/history?from=-1", None, 400, "$.from"),
        Bad("GET", f"{term}/history?from={1 << 70}", None, 400, "$.from"),
        Bad("GET", f"{term}/history?raw=perhaps", None, 400, "$.raw"),
        Bad("GET", f"{term}/history?order=random", None, 400, "$.order"),
        Bad("GET", f"{term}/history?colour=red", None, 400, "colour"),
        Bad("DELETE", f"{own}?hard=maybe", None, 400, "$.hard"),
        Bad("POST", f"/api/sessions/{exited}/terminal/input", {"data": "x"}, 409, ""),
        Bad("POST", f"/api/sessions/{exited}/terminal/stop", {}, 409, ""),
        Bad("POST", f"/api/sessions/{chat}/terminal/input", {"data": "x"}, 409, "chat"),
        Bad("POST", f"/api/sessions/{chat}/terminal/start", {}, 409, "chat"),
        Bad("GET", "/nope", None, 404),
        Bad("GET", "/api/nothing", None, 404),
        Bad("GET", "/api/sessions/", None, 404),
        Bad("GET", "/../../etc/passwd", None, 404),
        Bad("GET", "/%00%ff", None, 404),
        Bad("PUT", create, {}, 405),
        Bad("PATCH", "/api/health", {}, 405),
        Bad("BREW", create, None, 405),
        Bad("POST", f"{term}/input", b"x" * (11 << 20), 413, "10 MiB"),
        Bad("POST", f"{term}/input", {"data": "x" * (2 << 20)}, 400, "$.data"),
    ]


async def send(http: httpx.AsyncClient, bad: Bad) -> httpx.Response:
    if isinstance(bad.body, bytes) or bad.body is None:
        headers = {} if bad.body is None else {"Content-Type": "application/json"}
        return await http.request(
            bad.method, bad.path, content=bad.body, headers=headers
        )
    return await http.request(bad.method, bad.path, json=bad.body)


async def next_frame(connection: WebSocketConnection, kind: str) -> dict[str, Any]:
    """The next frame of that type; others are passed over."""
    while (frame := json.loads(await connection.get_message()))["type"] != kind:
        pass
    return frame


@attrs.frozen
class Sessions:
    """What the tables act on: one that runs, one that exited, one that is a chat."""

    live: str
    exited: str
    chat: str


@contextlib.asynccontextmanager
async def with_sessions(server: Server) -> Any:
    """The three, and afterwards a check that the live one is alive and unharmed."""
    async with server.client() as ant:
        live = await ant.create("own", command=["cat"])
        over = await ant.create("over", command=["true"], start=False)
        async with watching(ant, over["id"], spawnPty=True) as view:
            await view.until_exit()
        yield Sessions(live["id"], over["id"], live["linked_chat_id"])
        rows = (await ant.call("GET", "/api/sessions"))["sessions"]
        names = {row["name"] for row in rows}
        assert names == {"own", "own-Chat", "over", "over-Chat"}, "nothing was created"
        assert len(server.children()) == 1
        assert (await ant.call("GET", "/api/health"))["status"] == "ok"
        async with watching(ant, live["id"]) as view:
            await view.type("alive\r")
            await view.until_text("alive\r\nalive\r\n")
    assert "Traceback" not in server.log.read_text()


@pytest.mark.slow
async def test_bad_requests_get_a_sentence_and_change_nothing(tmp_path: Path) -> None:
    """Each row of the table gets its status, the one shape and a word that helps."""
    async with (
        running_server(tmp_path) as server,
        with_sessions(server) as sessions,
        httpx.AsyncClient(base_url=server.url, timeout=20) as http,
    ):
        with trio.fail_after(60):
            for bad in bodies(sessions.live, sessions.exited, sessions.chat):
                answer = await send(http, bad)
                shown = (bad.method, bad.path, str(bad.body)[:80], answer.text[:300])
                assert answer.status_code == bad.status, shown
                check_problem(answer, bad.status)
                assert bad.says in answer.json()["detail"], shown
                if bad.status == 405:
                    assert "GET" in answer.headers["allow"]


@pytest.mark.slow
async def test_bad_frames_get_an_error_frame_and_the_socket_lives_on(
    tmp_path: Path,
) -> None:
    """Each bad frame is answered in order, with its `ref`, on the same socket."""
    async with running_server(tmp_path) as server, with_sessions(server) as sessions:
        own = {"sessionId": sessions.live}

        def frame(kind: str, **fields: Any) -> str:
            return json.dumps({"type": kind, "ref": "r", **fields})

        table: list[tuple[str | bytes, int, str]] = [
            ("{not json", 400, "JSON"),
            ("", 400, "$"),
            (b"", 400, "$"),
            (b"\xff\xfe\x00", 400, "JSON"),
            (DEEP, 400, "JSON"),
            ("[]", 400, "object"),
            ("17", 400, "object"),
            ("null", 400, "object"),
            ('"join_session"', 400, "object"),
            ("{}", 400, "$.type"),
            (frame("launch_rocket"), 400, "launch_rocket"),
            (json.dumps({"type": 5, "ref": "r"}), 400, "$.type"),
            (json.dumps({"type": ["join_session"], "ref": "r"}), 400, "$.type"),
            (frame("join_session"), 400, "$.sessionId"),
            (frame("join_session", sessionId=5), 400, "$.sessionId"),
            (frame("join_session", sessionId="nosuchid"), 404, "nosuchid"),
            (frame("join_session", **own, **{"from": -1}), 400, "$.from"),
            (frame("join_session", **own, **{"from": 1 << 50}), 400, "$.from"),
            (frame("join_session", **own, **{"from": "0"}), 400, "$.from"),
            (frame("join_session", **own, cols=0), 400, "$.cols"),
            (frame("join_session", **own, colour="red"), 400, "colour"),
            (frame("terminal_input", **own), 400, "$.data"),
            (frame("terminal_input", **own, data=5), 400, "$.data"),
            (frame("terminal_input", sessionId="nosuchid", data="x"), 404, "nosuchid"),
            (frame("terminal_input", sessionId=sessions.exited, data="x"), 409, ""),
            (frame("terminal_input", sessionId=sessions.chat, data="x"), 409, "chat"),
            (frame("terminal_resize", **own, cols=0, rows=5), 400, "$.cols"),
            (frame("terminal_resize", **own, cols=10_000, rows=5), 400, "$.cols"),
            (frame("terminal_resize", **own, cols=80), 400, "$.rows"),
            (frame("check_health", sessionId="nosuchid"), 404, "nosuchid"),
            (json.dumps({"type": "presence_ping", "ref": 5}), 400, "$.ref"),
            (frame("terminal_input", **own, data="x" * (20 << 20)), 413, "1048576"),
            (os.urandom(20 << 20), 413, "1048576"),
        ]
        url = server.url.replace("http", "ws", 1) + "/ws"
        async with open_websocket_url(url) as connection:
            with trio.fail_after(60):
                for text, status, says in table:
                    await connection.send_message(text)
                    got = await next_frame(connection, "error")
                    shown = (str(text)[:80], got)
                    assert (got["status"], says in got["detail"]) == (status, True), (
                        shown
                    )
                    assert got["error"] == got["message"] == got["detail"]
                    assert got["problem"].startswith("urn:ant:problem:")
                    has_ref = '"ref": "r"' in str(text)[:200] and status != 413
                    assert got.get("ref") == ("r" if has_ref else None), shown
                await connection.send_message(frame("join_session", **own))
                assert (await next_frame(connection, "ack"))["ref"] == "r"
