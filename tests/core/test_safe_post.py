"""Posts to web addresses: real sockets on this machine, names by a resolver of ours."""

import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import h11
import pytest
import trio

from ant.core.errors import Forbidden
from ant.core.safe_post import post, private_host
from tests.systems import PATIENCE_S


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("http://127.0.0.1:9/x", "127.0.0.1"),
        ("http://127.1/", "127.1"),
        ("http://[::1]:9/", "::1"),
        ("http://localhost/", "localhost"),
        ("http://0/", "0"),
        ("http://example.org/", None),
        ("http://8.8.8.8/", None),
        ("http://127.example.org/", None),
    ],
)
def test_the_private_host_of_a_url(url: str, host: str | None) -> None:
    """In every spelling of an address; a name is not looked up."""
    assert host == private_host(url)


class Resolver(trio.abc.HostnameResolver):
    """Resolves names to the addresses of the test, the next ones on each call."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    async def getaddrinfo(self, host: Any, port: Any, *_: Any, **__: Any) -> Any:
        await trio.lowlevel.checkpoint()
        self.asked.append(host.decode())
        known = self.answers.pop(0)
        stream = trio.socket.SOCK_STREAM
        return [(trio.socket.AF_INET, stream, 6, "", (each, port)) for each in known]

    async def getnameinfo(self, sockaddr: Any, flags: Any) -> Any:
        raise NotImplementedError


Receive = Callable[[trio.abc.Stream], Any]


@asynccontextmanager
async def receiver(serve: Receive) -> AsyncIterator[int]:
    """A listener on this machine; its port."""
    async with trio.open_nursery() as nursery:
        (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
        nursery.start_soon(trio.serve_listeners, serve, [listener])
        with trio.fail_after(PATIENCE_S):
            yield listener.socket.getsockname()[1]
        nursery.cancel_scope.cancel()


class Web:
    """Accepts requests and sends the response of the test to each."""

    def __init__(self, answer: bytes = b"HTTP/1.1 204 No Content\r\n\r\n") -> None:
        self.answer = answer
        self.requests: list[tuple[Any, bytes]] = []

    async def serve(self, stream: trio.abc.Stream) -> None:
        async with stream:
            http, body, request = h11.Connection(h11.SERVER), b"", None
            while True:
                event = http.next_event()
                if event is h11.NEED_DATA:
                    http.receive_data(await stream.receive_some())
                elif isinstance(event, h11.Request):
                    request = event
                elif isinstance(event, h11.Data):
                    body += event.data
                else:
                    break
            self.requests.append((request, body))
            await stream.send_all(self.answer)


async def test_a_post_sends_json() -> None:
    """Sends JSON, the host of the URL, and the path with its query."""
    web = Web()
    async with receiver(web.serve) as port:
        url = f"http://127.0.0.1:{port}/hook?a=b"
        assert 204 == await post(url, b'{"x": 1}', private=True)
    ((request, body),) = web.requests
    headers = dict(request.headers)
    assert (b"POST", b"/hook?a=b", b'{"x": 1}') == (
        request.method,
        request.target,
        body,
    )
    assert (b"application/json", f"127.0.0.1:{port}".encode()) == (
        headers[b"content-type"],
        headers[b"host"],
    )


async def test_nothing_private_is_called() -> None:
    """Neither by address nor by name, also if one of several addresses is private."""
    web = Web()
    async with receiver(web.serve) as port:
        for known in (["127.0.0.1"], ["93.184.216.34", "127.0.0.1"]):
            trio.socket.set_custom_hostname_resolver(Resolver(known))
            try:
                with pytest.raises(Forbidden):
                    await post(f"http://example.org:{port}/", b"{}", private=False)
            finally:
                trio.socket.set_custom_hostname_resolver(None)
        with pytest.raises(Forbidden):
            await post(f"http://127.0.0.1:{port}/", b"{}", private=False)
        for odd in ("2130706433", "0x7f.1", "127.1", "localhost"):
            with pytest.raises((Forbidden, OSError)):
                await post(f"http://{odd}:{port}/", b"{}", private=False)
    assert [] == web.requests


async def test_a_name_is_looked_up_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection goes to the checked address, whatever resolves later."""
    called: list[str] = []

    async def connect(host: str, port: int) -> trio.abc.Stream:
        called.append(host)
        raise OSError("nobody there")

    monkeypatch.setattr(trio, "open_tcp_stream", connect)
    resolver = Resolver(["93.184.216.34", "93.184.216.35"], ["127.0.0.1"])
    trio.socket.set_custom_hostname_resolver(resolver)
    try:
        with pytest.raises(OSError, match="nobody"):
            await post("http://example.org/", b"{}", private=False)
    finally:
        trio.socket.set_custom_hostname_resolver(None)
    assert ["example.org"] == resolver.asked
    assert ["93.184.216.34", "93.184.216.35"] == called


async def test_a_redirect_is_not_followed() -> None:
    """Following it would bypass the check of the address."""
    web = Web(b"HTTP/1.1 307 Go\r\nLocation: http://127.0.0.1:1/\r\n\r\n")
    async with receiver(web.serve) as port:
        assert 307 == await post(f"http://127.0.0.1:{port}/", b"{}", private=True)
    assert 1 == len(web.requests)


@pytest.mark.parametrize(
    "answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: " + b"x" * (1 << 16)]
)
async def test_no_answer_is_an_error(answer: bytes) -> None:
    """A head without an end is an error, too."""
    async with receiver(Web(answer).serve) as port:
        with pytest.raises((OSError, h11.RemoteProtocolError)):
            await post(f"http://127.0.0.1:{port}/", b"{}", private=True)


async def test_tls_is_checked() -> None:
    """A receiver without a valid certificate receives no data."""
    taken = bytearray()

    async def plain(stream: trio.abc.Stream) -> None:
        async with stream:
            taken.extend(await stream.receive_some())
            await stream.send_all(b"HTTP/1.1 204 No Content\r\n\r\n")

    async with receiver(plain) as port:
        with pytest.raises((ssl.SSLError, trio.BrokenResourceError)):
            await post(f"https://127.0.0.1:{port}/", b"words", private=True)
    assert b"words" not in taken
