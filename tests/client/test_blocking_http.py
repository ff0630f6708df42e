"""HTTP over a blocking socket, against real sockets."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from typing import Any

import pytest
import trio

from ant.client import AntClient, Unreachable, run_blocking
from ant.client.blocking_http import BlockingHttp, fits
from ant.core.errors import AntError

PATIENCE_S = 5.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
LAST = OK.replace(b"OK\r\n", b"OK\r\nConnection: close\r\n", 1)


class Script:
    """A server that sends these answers, and notes what it is sent.

    Each list of answers is for one connection, which it then closes.
    """

    def __init__(self, *connections: list[bytes]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections = connections
        self.requests: list[bytes] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        """Serve the connections; end early if one does not come or says nothing."""
        self._listener.settimeout(PATIENCE_S)
        with self._listener, suppress(OSError):
            for answers in self._connections:
                peer, _ = self._listener.accept()
                peer.settimeout(PATIENCE_S)
                with peer:
                    for answer in answers:
                        self.requests.append(self._request(peer))
                        peer.sendall(answer)

    @staticmethod
    def _request(peer: socket.socket) -> bytes:
        """The next request, with its body."""
        head, body = b"", b""
        with peer.makefile("rb") as file:
            while (line := file.readline()) != b"\r\n":
                if not line:
                    raise ConnectionError
                head += line
                if line.lower().startswith(b"content-length:"):
                    body = b"x" * int(line.split(b":")[1])
            return head + b"\r\n" + file.read(len(body))


@contextmanager
def scripted(*connections: list[bytes]) -> Iterator[Script]:
    script = Script(*connections)
    thread = Thread(target=script.run, daemon=True)
    thread.start()
    try:
        yield script
    finally:
        thread.join(PATIENCE_S)


def call(http: BlockingHttp, *argv: Any, **settings: Any) -> Any:
    return run_blocking(http.request(*argv, **settings))


def test_calls_share_a_connection_while_the_server_keeps_it() -> None:
    """One that the server closes is followed by a new one."""
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunked += b'5\r\n{"a":\r\n3\r\n 1}\r\n0\r\n\r\n'
    with scripted([OK, chunked, LAST], [LAST]) as server:
        http = BlockingHttp(server.url, {b"Authorization": b"Bearer k"})
        assert {} == call(http, "GET", "/one").json()
        assert {"a": 1} == call(http, "GET", "/two").json()
        assert "{}" == call(http, "DELETE", "/three").text
        assert call(http, "GET", "/four").is_success
        run_blocking(http.aclose())
    lines = [each.split(b"\r\n")[0] for each in server.requests]
    verbs = b"GET /one", b"GET /two", b"DELETE /three", b"GET /four"
    assert [each + b" HTTP/1.1" for each in verbs] == lines
    assert all(b"Authorization: Bearer k\r\n" in each for each in server.requests)
    assert b"Content-Length: 0" in server.requests[2]


def test_what_is_sent_is_what_httpx_sends() -> None:
    """Paths, queries and bodies."""
    with scripted([OK, OK, LAST]) as server:
        http = BlockingHttp(server.url + "/base/", {})
        query = {"a": ["x y", "ü"], "b": True, "c": None, "d": 3}
        call(http, "GET", "/é/%2F a?", params=query)
        call(
            http, "POST", "/p", json={"é": "\udc80".encode("utf-8", "replace").decode()}
        )
        octets = {"Content-Type": "application/octet-stream"}
        call(http, "POST", "/p", content=b"\0\xff", headers=octets)
        run_blocking(http.aclose())
    one, two, three = server.requests
    target = b"GET /base/%C3%A9/%2F%20a%3F?a=x+y&a=%C3%BC&b=true&c=&d=3 HTTP/1.1"
    assert one.startswith(target)
    assert two.endswith(b"\r\n\r\n" + '{"é":"?"}'.encode())
    assert b"Content-Type: application/json\r\n" in two
    assert three.endswith(b"Content-Length: 2\r\n\r\n\0\xff")


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([], "onnection|pipe"),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"], "body"),
        ([b"SSH-2.0-x\r\n\r\n"], "illegal"),
    ],
)
def test_a_connection_that_breaks(answers: list[bytes], reason: str) -> None:
    """It is one error, with a reason; the next call has a new connection."""
    with scripted(answers, [LAST]) as server:
        http = BlockingHttp(server.url, {})
        with pytest.raises(Unreachable, match=reason):
            call(http, "GET", "/")
        assert call(http, "GET", "/").is_success


def test_no_server_and_no_answer() -> None:
    """Neither hangs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        http = BlockingHttp(url, {})
        with pytest.raises(Unreachable, match=r"no answer within 0\.05 s"):
            call(http, "GET", "/", timeout=0.05)
    with pytest.raises(Unreachable, match="Connection refused"):
        call(BlockingHttp(url, {}), "GET", "/")


def test_a_key_that_no_header_can_carry() -> None:
    """The error does not have it, and nothing is sent."""
    http = BlockingHttp("http://127.0.0.1:9", {b"Authorization": b"Bearer k\nx"})
    with pytest.raises(AntError, match="cannot be sent in a header") as caught:
        call(http, "GET", "/")
    assert "Bearer" not in str(caught.value)


def test_a_redirect_is_not_followed() -> None:
    """The key is for this server only."""
    moved = b"HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:2/\r\n"
    with scripted([moved + b"Content-Length: 0\r\n\r\n"]) as server:
        client = AntClient(server.url, "k", blocking=True)
        with pytest.raises(AntError, match="is not an ANT server"):
            run_blocking(client.status())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:1", True),
        ("http://localhost", True),
        ("HTTP://[::1]:1/base", True),
        ("https://127.0.0.1:1", False),
        ("http://192.0.2.1:1", False),
        ("http://ant.example", False),
        ("http://user:pw@127.0.0.1:1", False),
        ("http://127.0.0.1:x", False),
        ("http://[", False),
        ("unix:/run/ant", False),
    ],
)
def test_which_servers_it_calls(url: str, expected: bool) -> None:
    """Those of this machine, by plain HTTP; others are called by httpx."""
    assert expected is fits(url)


def test_a_call_that_waits_for_a_loop_is_a_bug() -> None:
    """It is closed, and does not hang."""
    done = []

    async def waits() -> None:
        try:
            await trio.lowlevel.cancel_shielded_checkpoint()
        finally:
            done.append(1)

    with pytest.raises(RuntimeError):
        run_blocking(waits())
    assert [1] == done
