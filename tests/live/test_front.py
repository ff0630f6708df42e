"""The ways to a server: TLS, a Unix socket, and a proxy below a path."""

import shutil
import ssl
from pathlib import Path

import httpx
import pytest
import trio
from trio_websocket import HandshakeError, open_websocket_url

from ant.client import AntClient
from ant.core.errors import Unauthorized
from tests import certificates
from tests.live.https_proxy import BASE, HttpsProxy, https_proxy
from tests.live.server import run_ant, run_serve, running_server
from tests.live.waiting import eventually

pytestmark = pytest.mark.slow

KEY = "a-key-of-the-operator"
LONELY = {"XDG_CONFIG_HOME": "/nonexistent"}


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificates.make(tmp_path_factory.mktemp("pair"))


async def heard(ant: AntClient, session_id: str, text: str) -> None:
    """Wait for output over `/ws` and for an event over the stream of events."""
    async with ant.socket() as socket, trio.open_nursery() as nursery:
        await socket.send("join_session", sessionId=session_id, ref="join")
        await socket.expect("ack", ref="join")
        seen = trio.Event()

        async def follow(newest: int) -> None:
            async with ant.event_feed(newest, until="message_created") as feed:
                async for _ in feed:
                    pass
            seen.set()

        nursery.start_soon(follow, (await ant.events(limit=1))["newest"])
        await ant.type(session_id, f"{text}\n")
        said = ""
        while text not in said:
            said += (await socket.expect("terminal_output"))["data"]
        room = await ant.room(session_id)
        await ant.post(room["id"], "x", role="assistant", msg_type="title")
        await seen.wait()


@pytest.mark.parametrize("wrong", ["other key", "no file"])
async def test_a_pair_of_no_use_is_one_sentence(
    tmp_path: Path, pair: tuple[Path, Path], wrong: str
) -> None:
    """At the start, before anything listens."""
    cert, key = pair
    _, other = certificates.make(tmp_path / "other")
    given = {"other key": other, "no file": tmp_path / "none"}[wrong]
    flags = ("--port", "0", "--data-dir", str(tmp_path / "data"))
    code, out, err = await run_serve(*flags, "--cert", str(cert), "--key", str(given))
    assert (1, "") == (code, out)
    assert 1 == err.count("\n")
    assert err.startswith("ant: ")
    assert str(given) in err
    assert key != given


async def test_tls(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    """The client, `ant` outside, and programs in terminals; plain http is refused."""
    cert, key = pair
    flags = ("--cert", str(cert), "--key", str(key))
    async with running_server(tmp_path / "data", *flags) as server:
        assert server.url.startswith("https://127.0.0.1:")
        async with AntClient(server.url, ca=cert) as ant:
            row = await ant.create("one", command=["cat"])
            await heard(ant, row["id"], "hello")
            out = tmp_path / "out"
            script = f"ant ls > {out}.part 2>&1"
            if shutil.which("curl"):
                ours = "$ANT_SERVER_URL/api/sessions/$ANT_SESSION_ID"
                script += f"; curl -sS --cacert $ANT_CA {ours} >> {out}.part 2>&1"
            script += f"; echo $ANT_SERVER_URL >> {out}.part; mv {out}.part {out}"
            await ant.create("two", command=["sh", "-c", f"{script}; sleep 1000"])
            await eventually(out.exists)
        said = out.read_text()
        assert said.endswith(f"{server.url}\n")
        assert "@two" in said
        assert "problem" not in said
        assert "curl:" not in said
        to = ("ls", "--server", server.url)
        code, out_, err = await run_ant(*to, **LONELY)
        assert (3, "") == (code, out_)
        assert "its certificate is not trusted" in err
        assert "--ca FILE" in err
        for more in ({"ANT_CA": str(cert)}, {}):
            argv = to if more else (*to, "--ca", str(cert))
            code, out_, err = await run_ant(*argv, **more, **LONELY)
            assert (0, True) == (code, "@one" in out_), err
        plain = server.url.replace("https", "http")
        code, _, err = await run_ant("ls", "--server", plain, **LONELY)
        assert (1, True) == (code, "This port speaks https" in err)


async def test_a_server_by_name(tmp_path: Path, pair: tuple[Path, Path]) -> None:
    """With its certificate beside the file, and one on a Unix socket."""
    cert, key = pair
    flags = ("--cert", str(cert), "--key", str(key), "--uds", str(tmp_path / "s"))
    async with running_server(tmp_path / "data", *flags) as server:
        folder = tmp_path / "config" / "ant"
        folder.mkdir(parents=True)
        shutil.copy(cert, folder / "box.pem")
        (folder / "servers.toml").write_text(
            f'[box]\nurl = "{server.url}"\nca = "box.pem"\n'
            f'[near]\nurl = "unix:{tmp_path}/s"\n'
        )
        for name in ("box", "near"):
            env = {"XDG_CONFIG_HOME": str(tmp_path / "config")}
            code, _, err = await run_ant("--on", name, "new", name, "--", "cat", **env)
            assert 0 == code, err
        code, out, _ = await run_ant("--on", "near", "ls", **env)
        assert (True, True) == ("@box" in out, "@near" in out)


async def test_a_unix_socket_alone(tmp_path: Path) -> None:
    """No port is open; the socket of a killed server is replaced."""
    path = tmp_path / "s"
    flags = ("--no-tcp", "--uds", str(path))
    async with running_server(tmp_path / "data", *flags) as server:
        assert f"unix:{path}" == server.url
        async with server.client() as ant:
            row = await ant.create("one", command=["cat"])
            await heard(ant, row["id"], "hello")
        await server.kill()
    assert path.is_socket()
    async with running_server(tmp_path / "data", *flags) as server:
        code, out, err = await run_ant("ls", "--server", server.url, **LONELY)
        assert (0, True) == (code, "@one" in out), err
    assert not path.exists()


def browser(url: str, cert: Path) -> httpx.AsyncClient:
    """A client that says what a browser says on a page of the server."""
    origin = url.removesuffix(BASE)
    context = ssl.create_default_context(cafile=str(cert))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
    return httpx.AsyncClient(base_url=url, headers=headers, verify=context)


@pytest.mark.parametrize("strips", [True, False])
async def test_behind_a_proxy(
    tmp_path: Path, pair: tuple[Path, Path], strips: bool
) -> None:
    """Below a path that the proxy removes or not: REST, streams, `/ws`, a browser."""
    (tmp_path / "key").write_text(KEY)
    flags = ["--api-key-file", str(tmp_path / "key"), "--base-path", BASE]
    flags += ["--proxy", "127.0.0.1"]
    async with (
        running_server(tmp_path / "data", *flags) as server,
        https_proxy(HttpsProxy(_port(server.url), strips), *pair) as url,
        AntClient(url, KEY, ca=pair[0]) as ant,
    ):
        assert server.url.endswith(BASE)
        row = await ant.create("one", command=["cat"])
        await heard(ant, row["id"], "hello")
        assert BASE == (await ant.call("GET", "/openapi.json"))["servers"][0]["url"]
        key = ("--api-key-file", str(tmp_path / "key"), "--ca", str(pair[0]))
        code, out, err = await run_ant("ls", "--server", url, *key, **LONELY)
        assert (0, True) == (code, "@one" in out), err
        code, link, err = await run_ant("open", "--server", url, *key, **LONELY)
        page, _, secret = link.strip().partition("#")
        assert (0, f"{url}/sign-in") == (code, page), err
        async with browser(url, pair[0]) as http:
            assert 401 == (await http.get(f"{url}/api/status")).status_code
            got = await http.get(page)
            assert "text/html" in got.headers["Content-Type"]
            got = await http.post(f"{url}/api/sign-in", json={"code": secret})
            assert 200 == got.status_code, got.text
            set_cookie = got.headers["Set-Cookie"]
            assert f"Path={BASE};" in f"{set_cookie};"
            assert "Secure" in set_cookie
            made = await http.post(
                f"{url}/api/sessions", json={"name": "two", "type": "chat"}
            )
            assert 201 == made.status_code, made.text
            evil = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
            got = await http.get(f"{url}/api/status", headers=evil)
            assert 403 == got.status_code
            ((name, token),) = http.cookies.items()
        context = ssl.create_default_context(cafile=str(pair[0]))
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        for origin, is_ours in (
            (url.removesuffix(BASE), True),
            ("https://evil", False),
        ):
            sent = [
                (b"Cookie", f"{name}={token}".encode()),
                (b"Origin", origin.encode()),
            ]
            there = url.replace("https", "wss") + "/ws"
            try:
                async with open_websocket_url(
                    there, ssl_context=context, extra_headers=sent
                ) as socket:
                    assert await socket.get_message()
                    assert is_ours
            except HandshakeError:
                assert not is_ours
        listed = (await ant.tokens())["tokens"]
        assert ["192.0.2.7"] == [each["last_address"] for each in listed]


@pytest.mark.parametrize("flags", [(), ("--proxy", "127.0.0.1")])
@pytest.mark.parametrize("adds_headers", [True, False])
async def test_nobody_is_the_operator_by_a_proxy(
    tmp_path: Path,
    pair: tuple[Path, Path],
    flags: tuple[str, ...],
    adds_headers: bool,
) -> None:
    """A proxy of the server's own user would make all the world the operator.

    Only one that says nothing, and that nobody named, cannot be told from a program.
    """
    flags = (*flags, "--uds", str(tmp_path / "s"))
    async with running_server(tmp_path / "data", *flags) as server:
        proxy = HttpsProxy(_port(server.url), True, adds_headers)
        async with (
            https_proxy(proxy, *pair) as url,
            AntClient(url, ca=pair[0]) as ant,
        ):
            if adds_headers or "--proxy" in flags:
                with pytest.raises(Unauthorized, match="A proxy forwards this call"):
                    await ant.sessions()
                with pytest.raises(HandshakeError):
                    async with ant.socket():
                        pass
            else:
                await ant.sessions()
        async with AntClient(f"unix:{tmp_path}/s") as ant:
            made = await ant.create_token("x", ["view"])
        async with (
            https_proxy(proxy, *pair) as url,
            AntClient(url, made["token"], ca=pair[0]) as ant,
        ):
            assert [] == (await ant.sessions())["sessions"]


def _port(url: str) -> int:
    return int(url.removesuffix(BASE).rpartition(":")[2])
