"""Who may call: the key on every door, the Host, and pages of another origin."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import trio
from trio_websocket import ConnectionRejected, open_websocket_url

from ant.config import Config
from ant.core.errors import Forbidden, Unauthorized
from ant.server import serve
from tests.core.test_safe_post import Resolver
from tests.live.server import Server, run_serve, running_server
from tests.live.viewer import watching

KEY = "s3cret+/key with äöü&="
PROBLEM = {"type", "title", "status", "detail", "error", "message"}


def check_problem(refusal: httpx.Response | ConnectionRejected, status: int) -> None:
    """Hold an answer, of REST or to a handshake, against the one shape."""
    if isinstance(refusal, httpx.Response):
        code, media_type = refusal.status_code, refusal.headers["content-type"]
        body = json.loads(refusal.content)
    else:
        code = refusal.status_code
        media_type = dict(refusal.headers)[b"content-type"].decode()
        body = json.loads(refusal.body)
    assert (code, media_type) == (status, "application/problem+json")
    assert body.keys() - {"issues"} == PROBLEM
    assert body["status"] == status
    assert body["error"] == body["message"] == body["detail"] != ""


async def handshake(server: Server, path: str, headers: dict[str, Any]) -> Any:
    """Try to open `/ws`: None when it opened, else the refusal."""
    pairs = [
        (k.encode(), v if isinstance(v, bytes) else v.encode())
        for k, v in headers.items()
    ]
    url = server.url.replace("http", "ws", 1) + path
    try:
        async with open_websocket_url(url, extra_headers=pairs) as connection:
            assert "build_id" in await connection.get_message()
    except ConnectionRejected as exc:
        return exc
    return None


@pytest.mark.slow
async def test_the_key_is_asked_for_on_every_door_and_stays_secret(
    tmp_path: Path,
) -> None:
    """Bearer, X-API-Key and ?apiKey= open REST and /ws; without it both are a 401."""
    key = KEY.encode()
    query = f"apiKey={quote(KEY, safe='')}"
    good: list[tuple[dict[str, bytes], str]] = [
        ({"Authorization": b"Bearer " + key}, ""),
        ({"authorization": b"bearer " + key}, ""),
        ({"X-API-Key": key}, ""),
        ({}, query),
        ({"X-API-Key": b"wrong"}, query),
    ]
    bad: list[tuple[dict[str, bytes], str]] = [
        ({}, ""),
        ({"Authorization": b"Bearer wrong"}, ""),
        ({"Authorization": b"Basic " + key}, ""),
        ({"Authorization": b"Bearer"}, ""),
        ({"X-API-Key": b""}, ""),
        ({"X-API-Key": key[:-1]}, ""),
        ({}, "apiKey="),
        ({}, query + "x"),
        ({}, query.replace("apiKey", "apikey")),
    ]
    flags = ("--log-level", "debug")
    async with running_server(tmp_path, *flags, ANT_API_KEY=KEY) as server:
        async with httpx.AsyncClient(base_url=server.url) as http:
            for headers, args in good:
                answer = await http.get(f"/api/sessions?{args}", headers=headers)
                assert answer.status_code == 200, (headers, args)
                assert await handshake(server, f"/ws?{args}", headers) is None
            for headers, args in bad:
                for path in ("/api/sessions", "/api/health", "/api/nothing"):
                    answer = await http.get(f"{path}?{args}", headers=headers)
                    check_problem(answer, 401)
                    assert answer.headers["www-authenticate"] == "Bearer"
                url = f"/api/sessions?{args}"
                answer = await http.post(url, headers=headers, content=b"{}")
                check_problem(answer, 401)
                refusal = await handshake(server, f"/ws?{args}", headers)
                assert refusal is not None, (headers, args)
                check_problem(refusal, 401)
        async with server.client(KEY) as ant, ant.socket() as ws:
            assert (await ant.call("GET", "/api/sessions"))["sessions"] == []
            assert (await ws.receive())["type"] == "build_id"
        async with server.client("wrong") as ant:
            with pytest.raises(Unauthorized):
                await ant.create("no", command=["cat"])
    log = server.log.read_text()
    assert KEY not in log
    assert quote(KEY, safe="") not in log
    assert quote(KEY) not in log


@pytest.mark.slow
async def test_a_child_does_not_get_the_key_but_knows_who_it_is(tmp_path: Path) -> None:
    """`env` shows who and where it is, and nothing else of ANT_."""
    settings = {"ANT_API_KEY": "plain-key", "ANT_MAX_ACTIVE_SESSIONS": "9"}
    async with (
        running_server(tmp_path, **settings) as server,
        server.client("plain-key") as ant,
    ):
        row = await ant.create(
            "Who Am I", command=["env"], env={"MINE": "yes"}, start=False
        )
        async with watching(ant, row["id"], spawnPty=True) as view:
            await view.until_exit()
        pairs = dict(line.split("=", 1) for line in view.text.splitlines())
        assert pairs["ANT_SESSION_ID"] == row["id"]
        assert pairs["ANT_SERVER_URL"] == server.url
        assert pairs["ANT_HANDLE"] == row["handle"] == "@who-am-i"
        assert {name for name in pairs if name.startswith("ANT_")} == {
            "ANT_SESSION_ID",
            "ANT_SERVER_URL",
            "ANT_HANDLE",
            "ANT_RUN",
            "ANT_TOKEN",
        }
        assert (pairs["MINE"], pairs["TERM"]) == ("yes", "xterm-256color")
        assert "plain-key" not in view.text


@pytest.mark.slow
async def test_a_public_address_needs_a_key_or_the_word(tmp_path: Path) -> None:
    """0.0.0.0 without a key is refused; with one, or with --insecure, it serves."""
    flags = ("--host", "0.0.0.0")
    data = ("--port", "0", "--data-dir", str(tmp_path))
    code, said, error = await run_serve(*flags, *data)
    assert (code, said) == (1, "")
    assert error.startswith("ant: 0.0.0.0 can be reached from outside")
    assert "ANT_API_KEY" in error
    code, _, error = await run_serve("--host", "::", *data, ANT_API_KEY="")
    assert code == 1, "an empty key is none"
    keyed: tuple[tuple[str, ...], dict[str, str], int] = (
        (),
        {"ANT_API_KEY": "a key of sixteen"},
        401,
    )
    for more, env, without in (keyed, (("--insecure",), {}, 200)):
        async with (
            running_server(tmp_path, *flags, *more, **env) as server,
            httpx.AsyncClient() as http,
        ):
            url = f"http://127.0.0.1:{server.port}/api/health"
            assert (await http.get(url)).status_code == without
            assert (await http.get(f"{url}?apiKey=a+key+of+sixteen")).status_code == 200


@pytest.mark.parametrize("name", ["127.example.com", "localhost"])
async def test_a_name_is_as_public_as_its_address(tmp_path: Path, name: str) -> None:
    """Whatever it looks like; nothing listens afterwards."""
    trio.socket.set_custom_hostname_resolver(Resolver(["0.0.0.0"]))
    try:
        with pytest.raises(Forbidden, match=f"{name} can be reached from outside"):
            await serve(Config(host=name, port=0, data_dir=tmp_path), print)
    finally:
        trio.socket.set_custom_hostname_resolver(None)
    assert not (tmp_path / "ant.db").exists()


@pytest.mark.slow
async def test_foreign_hosts_and_foreign_pages_are_refused(tmp_path: Path) -> None:
    """Another Host is a 403, and so is any call and /ws from another origin."""
    async with (
        running_server(tmp_path, ANT_ALLOWED_HOSTS="ant.example, b.example") as server,
        httpx.AsyncClient(base_url=server.url) as http,
    ):
        ours = f"127.0.0.1:{server.port}"
        for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil", "a b"):
            check_problem(await http.get("/api/health", headers={"Host": host}), 403)
            refusal = await raw_handshake(http, Host=host)
            check_problem(refusal, 403)
        for host in (
            ours,
            "localhost",
            "LOCALHOST:99",
            "ant.example",
            "b.example:1",
        ):
            answer = await http.get("/api/health", headers={"Host": host})
            assert answer.status_code == 200, host
        foreign: list[dict[str, str]] = [
            {"Origin": "http://evil.example"},
            {"Origin": "null"},
            {"Origin": f"http://127.0.0.1:{server.port + 1}"},
            {"Origin": f"http://localhost:{server.port}"},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Sec-Fetch-Site": "cross-site", "Origin": f"http://{ours}"},
        ]
        body = {"name": "x", "type": "chat"}
        for headers in foreign:
            answer = await http.post("/api/sessions", headers=headers, json=body)
            check_problem(answer, 403)
            check_problem(await http.delete("/api/sessions/x", headers=headers), 403)
            check_problem(await raw_handshake(http, **headers), 403)
            check_problem(await http.get("/api/health", headers=headers), 403)
        assert (await http.get("/api/sessions")).json()["sessions"] == []
        same: list[dict[str, str]] = [
            {},
            {"Origin": f"http://{ours}"},
            {"Sec-Fetch-Site": "same-origin", "Origin": f"http://{ours}"},
            {"Sec-Fetch-Site": "none"},
        ]
        for number, headers in enumerate(same):
            body = {"name": f"n{number}", "type": "chat"}
            answer = await http.post("/api/sessions", headers=headers, json=body)
            assert answer.status_code == 201
            assert await handshake(server, "/ws", headers) is None


async def raw_handshake(http: httpx.AsyncClient, **headers: str) -> httpx.Response:
    """An upgrade by hand, with any Host; only for what is refused."""
    upgrade = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    answer = await http.get("/ws", headers={**upgrade, **headers})
    assert answer.headers["connection"] == "close", "it is closed, so it says so"
    return answer
