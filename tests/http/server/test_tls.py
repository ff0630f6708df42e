"""TLS of accepted connections, on real sockets."""

import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import trio
from trio_websocket import open_websocket_url

from ant.core.errors import Conflict
from ant.http.server import connection, tls
from ant.http.server.listener import address, open_listeners, serve
from ant.http.server.tls import Certificate, TlsError, TlsSession
from tests import certificates
from tests.http.server.test_listener import ROOMY_S, Site


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return certificates.make(tmp_path_factory.mktemp("pair"))


@pytest.mark.parametrize("wrong", ["cert", "key"])
def test_a_missing_file_is_named(pair: tuple[Path, Path], wrong: str) -> None:
    """With the reason of the system."""
    files = dict(zip(("cert", "key"), pair, strict=True))
    files[wrong] = Path("/nonexistent/x.pem")
    with pytest.raises(Conflict, match=r"^/nonexistent/x.pem cannot be read: No such"):
        Certificate(**files)


def test_a_pair_that_does_not_fit_is_refused(
    pair: tuple[Path, Path], tmp_path: Path
) -> None:
    """Another key, one with a passphrase, and what is no certificate."""
    cert, key = pair
    _, other = certificates.make(tmp_path / "other")
    with pytest.raises(Conflict, match="does not belong to the certificate"):
        Certificate(cert, other)
    locked = certificates.make(tmp_path / "locked", passphrase="secret")
    with pytest.raises(Conflict, match="is encrypted; give one without"):
        Certificate(*locked)
    text = tmp_path / "text"
    text.write_text("no certificate")
    for files in ((text, key), (cert, text), (key, cert)):
        with pytest.raises(Conflict, match="are not a certificate and its private key"):
            Certificate(*files)


def test_the_names_of_a_certificate(tmp_path: Path) -> None:
    """Those that a client accepts; nothing else."""
    pair = certificates.make(tmp_path, "IP:127.0.0.1", "DNS:ant.example")
    certificate = Certificate(*pair)
    names = ("127.0.0.1", "ant.example", "::1", "other.example", "", "a b")
    assert ["127.0.0.1", "ant.example"] == [e for e in names if certificate.covers(e)]


def exchange(context: ssl.SSLContext, session: TlsSession) -> ssl.SSLObject:
    """A client that has completed a handshake in memory."""
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(received, to_send, server_hostname="localhost")
    for _ in range(4):
        try:
            client.do_handshake()
            return client
        except ssl.SSLWantReadError:
            session.decrypt(to_send.read())
            received.write(session.pending())
    raise AssertionError("no handshake")


def trusting(cert: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_verify_locations(cafile=cert)
    return context


def test_a_renewed_certificate_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart. While its files do not fit, the old one is used."""
    monkeypatch.setattr(tls, "CHECK_S", 0)
    cert, key = certificates.make(tmp_path)
    certificate = Certificate(cert, key)
    old = trusting(cert)
    exchange(old, certificate.session())
    new_cert, new_key = certificates.make(tmp_path / "new")
    new = trusting(new_cert)
    cert.write_bytes(new_cert.read_bytes())
    exchange(old, certificate.session())
    key.write_bytes(new_key.read_bytes())
    exchange(new, certificate.session())
    key.unlink()
    exchange(new, certificate.session())


def test_what_is_not_tls_is_an_error(pair: tuple[Path, Path]) -> None:
    """A request without TLS is told from other bytes."""
    certificate = Certificate(*pair)
    for data, is_plain in ((b"GET / HTTP/1.1\r\n\r\n", True), (b"\0" * 64, False)):
        with pytest.raises(TlsError) as error:
            certificate.session().decrypt(data)
        assert is_plain == error.value.is_plain_http
    assert b"" == certificate.session().encrypt(b"before the handshake")


class TlsSite(Site):
    """The site of the listener's tests behind TLS."""

    context: ssl.SSLContext

    async def connect(self) -> Any:
        stream = await super().connect()
        return trio.SSLStream(stream, self.context, server_hostname="localhost")


@asynccontextmanager
async def served(pair: tuple[Path, Path], **more: Any) -> AsyncIterator[TlsSite]:
    site, listeners = TlsSite(), await open_listeners("127.0.0.1", 0)
    site.port, site.context = address(listeners)[1], trusting(pair[0])
    with trio.fail_after(ROOMY_S):
        async with trio.open_nursery() as nursery:
            site.nursery = nursery
            given = {"stopped": site.stopped, "grace_s": 1.0, **more}

            async def run(task_status: Any) -> None:
                certificate = Certificate(*pair)
                more = {"certificate": certificate, "task_status": task_status}
                await serve(site.app, listeners, **given, **more)  # type: ignore

            await nursery.start(run)
            yield site
            site.stopped.set()


async def test_a_request(pair: tuple[Path, Path]) -> None:
    """It is answered, and the end of the stream is told."""
    async with served(pair) as site:
        assert (await site.get("/")).endswith(b"ok")
        async with await site.connect() as stream:
            await stream.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" in await stream.receive_some()
            await stream.send_all(b"GET / HTTP/1.0\r\nHost: x\r\n\r\n")
            data = [part async for part in stream]
        assert b"200" in b"".join(data)


async def test_a_large_body_both_ways(pair: tuple[Path, Path]) -> None:
    """More than a record, and more than the socket's buffers."""
    async with served(pair) as site:
        body = b"x" * 3_000_000
        async with await site.connect() as stream:
            head = b"POST /read HTTP/1.0\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
            await stream.send_all(head % len(body) + body)
            got = b"".join([part async for part in stream])
        assert got.endswith(b"3000000")


async def test_a_websocket(pair: tuple[Path, Path]) -> None:
    """wss, with messages both ways."""
    async with served(pair) as site:
        url = f"wss://localhost:{site.port}/echo"
        async with open_websocket_url(url, ssl_context=site.context) as socket:
            for text in ("hello", "x" * 200_000):
                await socket.send_message(text)
                assert text == await socket.get_message()


@pytest.mark.parametrize("path", ["/", "/echo"])
async def test_plain_http_is_told_to_use_https(
    pair: tuple[Path, Path], path: str
) -> None:
    """As an answer that a client without TLS can read."""
    async with served(pair) as site:
        async with await Site.connect(site) as stream:
            await stream.send_all(b"GET %s HTTP/1.1\r\n\r\n" % path.encode())
            said = b"".join([part async for part in stream])
        assert said.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert b"This port speaks https" in said
        assert (await site.get("/")).endswith(b"ok")


@pytest.mark.parametrize("said", [b"\0" * 100, b"\x16\x03\x01\x23\x28" + b"x" * 9000])
async def test_what_is_no_tls_is_ended(pair: tuple[Path, Path], said: bytes) -> None:
    """With an alert or none; others are served."""
    async with served(pair) as site:
        async with await Site.connect(site) as stream:
            await stream.send_all(said)
            got = b"".join([part async for part in stream])
        assert b"HTTP" not in got
        assert (await site.get("/")).endswith(b"ok")


async def test_many_that_speak_no_tls_are_one_line_of_the_log(
    pair: tuple[Path, Path], caplog: pytest.LogCaptureFixture
) -> None:
    """A client without a key cannot fill the log."""
    caplog.set_level(logging.INFO)
    async with served(pair) as site:
        for _ in range(10):
            async with await Site.connect(site) as stream:
                await stream.send_all(b"\0" * 100)
                assert b"" == b"".join([part async for part in stream])
    assert 1 == len([each for each in caplog.messages if "ended early" in each])


async def test_a_client_that_does_not_trust_it(pair: tuple[Path, Path]) -> None:
    """It leaves; others are served."""
    async with served(pair) as site:
        raw = await Site.connect(site)
        context = ssl.create_default_context()
        async with trio.SSLStream(raw, context, server_hostname="localhost") as stream:
            with pytest.raises(trio.BrokenResourceError):
                await stream.do_handshake()
        assert (await site.get("/")).endswith(b"ok")


async def test_a_slow_handshake_is_ended(
    pair: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A byte now and then does not keep the connection."""
    monkeypatch.setattr(connection, "HEAD_S", 0.3)
    monkeypatch.setattr(connection, "LINGER_S", 0.1)
    async with served(pair) as site, await Site.connect(site) as stream:
        hello = b"\x16\x03\x01\x02\x00\x01" + b"\x00" * 50
        with pytest.raises(trio.BrokenResourceError):  # noqa: PT012
            for byte in hello:
                await stream.send_all(bytes((byte,)))
                with trio.move_on_after(0.05):
                    if await stream.receive_some() == b"":
                        raise trio.BrokenResourceError


async def test_a_client_that_stops_reading_is_reset(pair: tuple[Path, Path]) -> None:
    """As without TLS."""
    async with served(pair, stall_s=0.3) as site, await site.connect() as stream:
        head = b"GET /pour HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n"
        head += b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        await stream.send_all(
            head + b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await site.left.wait()
