"""Hostile clients: the server survives what they send, in bounded memory."""

from __future__ import annotations

import resource
import struct
import subprocess
import sys
import zlib
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trio

from ant.http.server.listener import MAX_FRAME
from tests.http.server.test_listener import (
    ROOMY_S,
    Site,
    frame,
    read_all,
    read_frame,
    read_until,
    serving,
    upgrade,
)
from tests.soak import soak

HOST = b"Host: x\r\n"
CHUNKED = b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n"
ECHO = upgrade("/echo")


def ask(line: bytes, *headers: bytes, body: bytes = b"") -> bytes:
    """A request of one line, a host, and what else."""
    return (
        line + b"\r\n" + HOST + b"".join(h + b"\r\n" for h in headers) + b"\r\n" + body
    )


def get(target: bytes, version: bytes = b"HTTP/1.1") -> bytes:
    return ask(b"GET " + target + b" " + version)


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return ask(b"POST /read HTTP/1.1", *headers, body=body)


#: Name, bytes, and the status of the answer.
REQUESTS = {
    "nothing": (b"\r\n\r\n", 400),
    "garbage": (b"\x00\x01\x02\r\n\r\n", 400),
    "words": (b"hello there\r\n\r\n", 400),
    "bad method": (ask(b"G@T / HTTP/1.1"), 400),
    "small method": (ask(b"get / HTTP/1.1"), 200),
    "unknown method": (ask(b"BREW / HTTP/1.1"), 405),
    "connect": (ask(b"CONNECT x:80 HTTP/1.1"), 400),
    "connect to a path": (ask(b"CONNECT / HTTP/1.1"), 405),
    "no version": (b"GET /\r\n\r\n", 400),
    "version 9.9": (get(b"/", b"HTTP/9.9"), 505),
    "version 0.9": (get(b"/", b"HTTP/0.9"), 505),
    "version x": (get(b"/", b"HTTP/x"), 400),
    "http/2 preface": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9), 505),
    "h2c": (b"GET / HTTP/1.1\r\n" + HOST + H2C + b"\r\n", 200),
    "h2c and its preface": (
        b"GET / HTTP/1.1\r\n" + HOST + H2C + b"\r\nPRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        200,
    ),
    "tls": (bytes.fromhex("16030100f8010000f40303") + b"\x11" * 200, 400),
    "long header": (ask(b"GET / HTTP/1.1", b"X: " + b"a" * 100_000), 431),
    "head of 17 KiB": (ask(b"GET / HTTP/1.1", b"X: " + b"a" * (17 << 10)), 431),
    "target of 17 KiB": (get(b"/?" + b"a" * (17 << 10)), 431),
    "3,000 headers": (ask(b"GET / HTTP/1.1", *[b"X: y"] * 3_000), 431),
    "head of 15 KiB": (ask(b"GET / HTTP/1.1", b"X: " + b"a" * (15 << 10)), 200),
    "long target": (get(b"/" + b"a" * 100_000), 431),
    "many headers": (ask(b"GET / HTTP/1.1", *[b"X: y"] * 20_000), 431),
    "nul in a name": (ask(b"GET / HTTP/1.1", b"X\x00: 1"), 400),
    "nul in a value": (ask(b"GET / HTTP/1.1", b"X: a\x00b"), 400),
    "nul in the target": (get(b"/\x00"), 400),
    "no colon": (ask(b"GET / HTTP/1.1", b"nonsense"), 400),
    "space before colon": (ask(b"GET / HTTP/1.1", b"X : y"), 400),
    "folded header": (ask(b"GET / HTTP/1.1", b"X: a\r\n b"), 200),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (ask(b"GET / HTTP/1.1", b"Host: y"), 400),
    "strange host": (b"GET / HTTP/1.1\r\nHost: [::/%zz@\xff\r\n\r\n", 200),
    "strange cookie": (ask(b"GET / HTTP/1.1", b"Cookie: \xff\xfe=;;;="), 200),
    "non-ascii path": (get(b"/\xc3\xa9"), 400),
    "bad percent": (get(b"/%zz%f"), 404),
    "percent nul": (get(b"/%00%ff%0d%0a"), 404),
    "strange query": (get(b"/?%zz=%ff&&&=&apiKey=%00"), 200),
    "absolute target": (get(b"http://x/"), 200),
    "absolute without path": (get(b"http://x"), 200),
    "absolute without host": (get(b"http://[/"), 200),
    "other scheme": (get(b"ftp://x/"), 400),
    "asterisk": (ask(b"OPTIONS * HTTP/1.1"), 400),
    "query only": (get(b"?a"), 400),
    "two slashes": (get(b"//x/"), 404),
    "dots": (get(b"/../../etc/passwd"), 404),
    "negative length": (post(b"Content-Length: -1"), 400),
    "length in words": (post(b"Content-Length: many"), 400),
    "long length": (post(b"Content-Length: " + b"9" * 30), 400),
    "large length": (post(b"Content-Length: 999999999"), 413),
    "two lengths": (post(b"Content-Length: 1", b"Content-Length: 2", body=b"ab"), 400),
    "two framings": (
        post(b"Content-Length: 4", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
        400,
    ),
    "unknown coding": (post(b"Transfer-Encoding: gzip, chunked"), 501),
    "chunk size in words": (CHUNKED + b"zz\r\nab\r\n0\r\n\r\n", 400),
    "negative chunk size": (CHUNKED + b"-2\r\nab\r\n0\r\n\r\n", 400),
    "long chunk size": (CHUNKED + b"f" * 30 + b"\r\nab\r\n", 400),
    "endless chunk head": (CHUNKED + b"1;" + b"x" * 100_000, 431),
    "chunk too long": (CHUNKED + b"2\r\nabXX\r\n0\r\n\r\n", 400),
    "expectation": (post(b"Expect: 100-continue", b"Content-Length: 0"), 200),
    "strange expectation": (post(b"Expect: 200-ok", b"Content-Length: 0"), 200),
    "junk after a request": (get(b"/") + b"junk\r\n\r\n", 200),
    "upgrade, no connection": (ECHO.replace(b"Connection: Upgrade\r\n", b""), 400),
    "upgrade, other connection": (ECHO.replace(b": Upgrade", b": \xff, upgrade"), 400),
    "upgrade, no key": (ECHO.replace(b"Sec-WebSocket-Key", b"X"), 400),
    "upgrade, no version": (ECHO.replace(b"Sec-WebSocket-Version", b"X"), 400),
    "upgrade, version 7": (ECHO.replace(b"Version: 13", b"Version: 7"), 400),
    "upgrade to nothing": (ECHO.replace(b": websocket", b":"), 400),
    "upgrade missing": (ECHO.replace(b"Upgrade: websocket\r\n", b""), 400),
    "upgrade by post": (ECHO.replace(b"GET", b"POST"), 405),
    "upgrade in http/1.0": (upgrade("/echo", version="1.0"), 400),
    "upgrade with a body": (upgrade("/echo", "Content-Length: 5") + b"hello", 400),
    "upgrade with chunks": (upgrade("/echo", "Transfer-Encoding: chunked"), 400),
    "upgrade, non-ascii protocol": (
        upgrade("/echo", "Sec-WebSocket-Protocol: caf\xe9"),
        400,
    ),
    "upgrade, non-ascii extension": (
        upgrade("/echo", "Sec-WebSocket-Extensions: \xff;="),
        101,
    ),
    "upgrade of a page": (upgrade("/"), 400),
    "upgrade of nothing": (upgrade("/nowhere"), 404),
    "upgrade of nothing and a frame": (upgrade("/nowhere") + frame(1, b"x"), 404),
    "a byte after the upgrade": (ECHO + b"x", 101),
}

#: Name, bytes after the upgrade, and the code of the close frame.
FRAMES = {
    "http": (get(b"/"), 1002),
    "reserved bit 1": (frame(1, b"x", head=0xC0), 1002),
    "reserved bit 3": (frame(1, b"x", head=0x90), 1002),
    "opcode 3": (frame(3, b"x"), 1002),
    "opcode 11": (frame(11, b"x"), 1002),
    "unmasked": (frame(1, b"x", mask=False), 1002),
    "fragmented ping": (frame(9, b"x", head=0), 1002),
    "long ping": (frame(9, b"x" * 126), 1002),
    "continuation of nothing": (frame(0, b"x"), 1002),
    "two beginnings": (frame(1, b"x", head=0) + frame(1, b"y"), 1002),
    "close of one byte": (frame(8, b"x"), 1002),
    "close with 999": (frame(8, struct.pack("!H", 999)), 1002),
    "close with 1005": (frame(8, struct.pack("!H", 1005)), 1002),
    "close with 2999": (frame(8, struct.pack("!H", 2999)), 1002),
    "close with bad utf-8": (frame(8, struct.pack("!H", 1000) + b"\xff"), 1007),
    "close and more": (frame(8, struct.pack("!H", 1000)) + frame(1, b"x") * 3, 1000),
    "bad utf-8": (frame(1, b"\xff\xfe"), 1007),
    "cut utf-8": (frame(1, b"\xc3"), 1007),
    "bad utf-8 in a fragment": (frame(1, b"\xc3", head=0) + frame(0, b"\xc3"), 1007),
    "negative length": (b"\x81\xff" + b"\xff" * 8 + bytes(4), 1002),
    "wasteful length": (b"\x81\xfe\x00\x01" + bytes(4) + b"x", 1002),
}


@pytest.mark.parametrize("name", REQUESTS)
async def test_a_strange_request_is_answered(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each gets its status, and the next client is served."""
    data, status = REQUESTS[name]
    async with serving() as site, await site.connect() as stream:
        with suppress(trio.BrokenResourceError):
            await stream.send_all(data)
        head = await read_until(stream, b"\r\n\r\n")
        if head.startswith(b"HTTP/1.1 100 "):
            head = await read_until(stream, b"\r\n\r\n")
        assert int(head.split()[1]) == status
        await site.is_well()
    assert not caplog.records


@pytest.mark.parametrize("name", FRAMES)
async def test_a_strange_frame_is_answered(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Each gets its close frame, then the end, whether it comes early or late."""
    data, code = FRAMES[name]
    async with serving() as site:
        for early, late in ((data, b""), (b"", data)):
            async with await site.upgraded("/echo", early) as stream:
                await stream.send_all(late)
                assert await read_frame(stream) == (8, struct.pack("!H", code))
                assert await read_all(stream) == b""
        await site.is_well()
    assert not caplog.records


class Measured(Site):
    """The site in a process of its own, whose memory can be read."""

    def __init__(self, pid: int, port: int) -> None:
        super().__init__()
        self.pid, self.port = pid, port

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        self.before = self.peak()

    def peak(self) -> float:
        """The most memory it had since `forget_peak`, in MB."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    def growth(self) -> float:
        return self.peak() - self.before


@contextmanager
def process(*, files: int | None = None, call: str = "main()") -> Iterator[Measured]:
    def limit() -> None:
        if files is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))

    code = f"from tests.http.server.test_listener import Shares, main; {call}"
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[3],
        preexec_fn=limit,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            yield Measured(child.pid, int(child.stdout.readline()))
        finally:
            child.kill()


async def chunked(stream: trio.SocketStream, path: bytes) -> None:
    await stream.send_all(CHUNKED.replace(b"/read", path))
    with suppress(trio.BrokenResourceError):
        for _ in range(60):
            await stream.send_all(b"100000\r\n" + bytes(2**20) + b"\r\n")


async def body_read(site: Site) -> None:
    """60 MB in chunks for a handler that reads them."""
    async with await site.connect() as stream:
        await chunked(stream, b"/read")
        assert (await read_all(stream)).startswith(b"HTTP/1.1 413 ")


async def body_ignored(site: Site) -> None:
    """60 MB in chunks for a handler that does not."""
    async with await site.connect() as stream:
        await chunked(stream, b"/ignore")
        assert (await read_all(stream)).startswith(b"HTTP/1.1 413 ")


async def message(site: Site) -> None:
    """20 MB in one frame: the handler is notified, and the socket stays open."""
    async with await site.upgraded("/echo") as stream:
        await stream.send_all(frame(1, b"x" * 20 * 2**20) + frame(1, b"then"))
        assert await read_frame(stream) == (1, b"oversize")
        assert await read_frame(stream) == (1, b"then")


async def bomb(site: Site) -> None:
    """200 MB compressed to 200 KB: compression is not negotiated, so it fails."""
    pack = zlib.compressobj(wbits=-15)
    data = b"".join(pack.compress(bytes(2**20)) for _ in range(200))
    data += pack.flush(zlib.Z_SYNC_FLUSH)[:-4]
    async with await site.connect() as stream:
        offer = "Sec-WebSocket-Extensions: permessage-deflate"
        await stream.send_all(upgrade("/echo", offer))
        assert b"extensions" not in (await read_until(stream, b"\r\n\r\n")).lower()
        await stream.send_all(frame(1, data, head=0xC0))
        assert await read_frame(stream) == (8, struct.pack("!H", 1002))


async def unread(site: Site) -> None:
    """Messages of the largest size for a handler that never receives."""
    async with await site.upgraded("/deaf") as stream:
        data = frame(1, b"x" * MAX_FRAME)
        with trio.move_on_after(1):
            while True:
                await stream.send_all(data)


async def wide(site: Site) -> None:
    """The same, when a character costs four bytes in memory and one on the wire."""
    async with await site.upgraded("/deaf") as stream:
        data = frame(1, "\U0001f41c".encode() + b"x" * (MAX_FRAME - 4))
        with trio.move_on_after(1):
            while True:
                await stream.send_all(data)


async def pings(site: Site) -> None:
    """Endless pings from a client that never reads the pongs."""
    async with await site.upgraded("/deaf") as stream:
        with trio.move_on_after(1):
            while True:
                await stream.send_all(frame(9, b"x" * 125) * 500)


#: What a client does, and by how many MB the process may grow over it. Quart-Trio keeps
#: ten messages and we keep two, so the widest characters make up to 13 times 4 MB.
ACTS = {
    body_read: 25,
    body_ignored: 25,
    message: 10,
    bomb: 10,
    unread: 25,
    wide: 75,
    pings: 10,
}
LATER = (body_ignored, wide, pings)
"""Those that only `make soak` does."""


@pytest.mark.slow
@pytest.mark.parametrize("act", [soak(act) if act in LATER else act for act in ACTS])
async def test_memory_is_bounded(
    act: Callable[[Measured], Awaitable[None]],
) -> None:
    """Whatever is sent, the process grows by little, and answers after it."""
    with process() as site, trio.fail_after(ROOMY_S):
        await site.is_well()
        site.forget_peak()
        await act(site)
        await site.is_well()
        assert site.growth() < ACTS[act]


@pytest.mark.slow
async def test_without_a_free_descriptor_a_connection_gets_a_503() -> None:
    """The reserved descriptor is used for it, for each new connection."""
    call = "main(Shares(known=900, strangers=900, spare=1))"
    with process(files=40, call=call) as site, trio.fail_after(2 * ROOMY_S):
        await site.is_well()
        held, told = list[trio.SocketStream](), 0
        while told < 3:
            stream = await site.connect()
            await stream.send_all(
                b"GET /wait HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
                b"Expect: 100-continue\r\n\r\n"
            )
            answer = await read_until(stream, b"\r\n\r\n")
            if answer.startswith(b"HTTP/1.1 100 "):
                held.append(stream)
                continue
            assert answer.startswith(b"HTTP/1.1 503 ")
            told += 1
            await stream.aclose()
        assert len(held) > 5
        for stream in held:
            await stream.aclose()
        while not (await site.get()).endswith(b"ok"):  # It hears of it by and by.
            pass
        await site.is_well()


@pytest.mark.slow
async def test_running_out_of_descriptors_is_temporary() -> None:
    """Without a descriptor the loop waits, and continues when there is one."""
    with process(files=40) as site, trio.fail_after(ROOMY_S):
        await site.is_well()
        streams = [await site.connect() for _ in range(60)]
        with trio.move_on_after(0.3):
            await site.get()
        for stream in streams:
            await stream.aclose()
        await site.is_well()
