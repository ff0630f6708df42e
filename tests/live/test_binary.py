"""Output as binary messages over real sockets, from real PTYs."""

import random
import sys
from pathlib import Path

import pytest
import trio

from ant.client import AntClient
from tests.live.server import running_server
from tests.live.viewer import PATIENCE_S, Viewer, read_raw, watching

SIZE = 4 << 20

NOISE = """
import os, random, sys, tty
tty.setraw(1)
data = random.Random(7).randbytes(int(sys.argv[1]))
data = data[os.write(1, data[:1]):]
os.read(0, 1)
while data:
    data = data[os.write(1, data):]
os.read(0, 1)
"""
"""Writes bytes mostly not of UTF-8: one, and after a key the rest at full speed."""


def noise(size: int) -> bytes:
    """What it writes."""
    return random.Random(7).randbytes(size)


async def start(ant: AntClient, size: int = SIZE) -> str:
    """The program, ready for its key: one that comes earlier is lost in `setraw`."""
    command = [sys.executable, "-Sc", NOISE, str(size)]
    name = str((await ant.create("noise", command=command))["id"])
    async with watching(ant, name) as view:
        await view.until(lambda view: view.end)
    return name


def raw(view: Viewer) -> bytes:
    """What it was sent, without a seam."""
    return b"".join(output["raw"] for output in view.outputs)


@pytest.mark.slow
async def test_a_flood_is_the_same_everywhere(tmp_path: Path) -> None:
    """In binary sockets, in the transcript, and as text in a socket beside them."""
    async with running_server(tmp_path) as server, server.client() as ant:
        name = await start(ant)
        binary = {"binary": True, "ref": "join"}
        async with (
            watching(ant, name, **binary) as one,
            watching(ant, name) as text,
            watching(ant, name, **binary) as two,
            trio.open_nursery() as nursery,
        ):
            await ant.type(name, "x")
            for view in (one, text, two):
                nursery.start_soon(view.until, lambda view: view.end == SIZE)
        assert noise(SIZE) == raw(one) == raw(two)
        assert one.answer("join")["stream"] > 0
        assert "stream" not in (text.answer("join") or {})
        assert noise(SIZE).decode("utf-8", "replace") == text.text
        async with watching(ant, name, **binary) as late:
            await late.until(lambda view: view.end == SIZE)
        assert noise(SIZE) == raw(late)
        assert (noise(SIZE), []) == await read_raw(ant, name)


@pytest.mark.slow
async def test_a_resume_continues_in_the_middle_of_a_character(tmp_path: Path) -> None:
    """Wherever each socket broke off; its number is in the `ack`."""
    size = SIZE // 4
    async with running_server(tmp_path) as server, server.client() as ant:
        name = await start(ant, size)
        await ant.type(name, "x")
        data, cuts = b"", iter((1, 65_537, 300_001, size))
        with trio.fail_after(PATIENCE_S):
            for cut in cuts:
                async with ant.socket() as socket:
                    hello = await socket.expect("hello")
                    resume = {"seq": hello["seq"], "sessions": {name: len(data)}}
                    await socket.send("resume", binary=True, ref="r", **resume)
                    ack = await socket.expect("ack", ref="r")
                    assert [name] == list(ack["streams"])
                    while len(data) < cut:
                        frame = await socket.expect("terminal_output", sessionId=name)
                        assert len(data) == frame["offset"]
                        data += frame["raw"]
                    data = data[:cut]
        assert noise(size) == data


@pytest.mark.slow
async def test_a_socket_changes_between_text_and_bytes(tmp_path: Path) -> None:
    """A join says anew how output comes, at the place where the socket is."""
    text = "\u6f22" * 10
    async with running_server(tmp_path) as server, server.client() as ant:
        name = (await ant.create("cat", command=["sh", "-c", "stty raw; cat"]))["id"]
        own = {"sessionId": name}
        async with ant.socket() as socket:
            with trio.fail_after(PATIENCE_S):
                at = 0
                for number, binary in enumerate((True, False, True)):
                    ref = f"r{number}"
                    join = {"binary": binary, "ref": ref, "from": at}
                    await socket.send("join_session", **own, **join)
                    ack = await socket.expect("ack", ref=ref)
                    assert binary == ("stream" in ack)
                    await socket.send("terminal_input", data=text, **own)
                    raw = b""
                    while text.encode() not in raw:
                        frame = await socket.expect("terminal_output", **own)
                        assert at == frame["offset"]
                        raw, at = raw + frame["raw"], frame["end"]
                await socket.send("join_session", **own, binary=True)
                error = await socket.expect("error")
                assert error["detail"].endswith("at $.ref")
