"""64 MiB of output to one socket, as binary messages and as JSON, by turns.

The client reads frames and only counts: of a binary message the header, of JSON the
text that `orjson` makes of it. Beside them, on the same kind of PTY, runs a loop that
reads and sends what it read over TCP to a client that counts. The processor time of
server and client, and the bytes on the wire, are those of one round.
"""

import os
import socket as sockets
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import attrs
import orjson

from ant.api.binary_output import HEADER
from ant.client import AntClient
from benchmarks.bench_stream import bare_read, make_text
from benchmarks.floods import busy_s
from benchmarks.rawsocket import RawSocket
from tests.live.server import Server, running_server

ROUNDS = 5
PLAIN, COLOURED = "text", "colours"


@attrs.frozen
class Round:
    """Seconds of the clock and of both processors, and bytes on the wire."""

    took_s: float
    server_s: float
    client_s: float
    wire: int


def make_colours(path: Path) -> int:
    """Lines as a coloured build prints them; their bytes once the tty added \\r."""
    line = (
        b"\x1b[2m12:04:31\x1b[0m \x1b[1;32m  PASSED\x1b[0m \x1b[36mtests/a_test.py"
        b"\x1b[0m::\x1b[1mtest_name\x1b[0m \x1b[38;5;208m0.12s\x1b[0m \xe2\x9c\x93\n"
    )
    count = (64 << 20) // len(line)
    path.write_bytes(line * count)
    return (len(line) + 1) * count


def relayed(path: Path) -> float:
    """Seconds in which a bare loop reads a PTY and sends it to a client that counts."""
    ours, theirs = sockets.socketpair()
    count = 0

    def read() -> None:
        nonlocal count
        while data := theirs.recv(1 << 18):
            count += len(data)

    reader = threading.Thread(target=read)
    reader.start()
    master, slave = os.openpty()
    child = subprocess.Popen(["cat", path], stdout=slave, stdin=slave)
    os.close(slave)
    start = time.perf_counter()
    try:
        while data := os.read(master, 65536):
            ours.sendall(data)
    except OSError:
        pass
    ours.close()
    reader.join()
    took = time.perf_counter() - start
    theirs.close()
    child.wait()
    os.close(master)
    return took


def end_of_json(frame: bytes) -> int:
    """Decode a frame; the offset after its output, or 0."""
    body = orjson.loads(frame)
    return int(body["end"]) if body["type"] == "terminal_output" else 0


def end_of_binary(frame: bytes) -> int:
    """The same of a binary message; JSON begins with another byte."""
    if frame[0] != 1:
        return 0
    _, _, offset = HEADER.unpack_from(frame)
    return int(offset) + len(frame) - HEADER.size


async def through_ant(
    server: Server, ant: AntClient, path: Path, size: int, binary: bool
) -> Round:
    """From the key that starts `cat` to its last byte in a socket."""
    command = ["sh", "-c", f"stty -echo; read x; cat {path}"]
    session = await ant.create(f"binary {time.time()}", command=command)
    socket = await RawSocket.open(ant.url)
    join = {"type": "join_session", "sessionId": session["id"], "ref": "join"}
    await socket.send(**join, binary=binary, **{"from": 0})
    while b'"ack"' not in await socket.receive():
        pass
    end_of: Callable[[bytes], int] = end_of_binary if binary else end_of_json
    await ant.type(session["id"], "\n")
    server_s, client_s = busy_s(server), time.process_time()
    start, wire = time.perf_counter(), 0
    while True:
        frame = await socket.receive()
        wire += len(frame) + (4 if len(frame) < 1 << 16 else 10)
        if end_of(frame) >= size:
            break
    took = time.perf_counter() - start
    found = Round(took, busy_s(server) - server_s, time.process_time() - client_s, wire)
    await socket.close()
    await ant.call("DELETE", f"/api/sessions/{session['id']}", hard="true")
    return found


def median(rounds: list[Round], name: str) -> float:
    return statistics.median(getattr(each, name) for each in rounds)


async def measure(kind: str, path: Path, size: int, server: Server) -> None:
    """Rounds of bare loops, binary and JSON by turns, and their medians."""
    bare: list[float] = []
    relays: list[float] = []
    rounds: dict[bool, list[Round]] = {True: [], False: []}
    async with AntClient(server.url) as ant:
        for _ in range(ROUNDS):
            bare.append(bare_read(path))
            relays.append(relayed(path))
            for binary in (True, False):
                found = await through_ant(server, ant, path, size, binary)
                rounds[binary].append(found)
            one, two = rounds[True][-1], rounds[False][-1]
            print(
                f"{kind}: bare {size / bare[-1] / 1e6:6.1f}  relay "
                f"{size / relays[-1] / 1e6:6.1f}  binary {size / one.took_s / 1e6:6.1f}"
                f"  JSON {size / two.took_s / 1e6:6.1f} MB/s",
                flush=True,
            )
    for binary, name in ((True, "binary"), (False, "JSON")):
        of = rounds[binary]
        ratios = [b / each.took_s for b, each in zip(bare, of, strict=True)]
        to_relay = [b / each.took_s for b, each in zip(relays, of, strict=True)]
        print(
            f"{kind}, {name}: {median(of, 'wire') / size:.3f} bytes on the wire a "
            f"byte, processor {median(of, 'server_s'):.2f} s of the server, "
            f"{median(of, 'client_s'):.2f} s of the client; "
            f"{statistics.median(ratios):.2f} of the bare loop, "
            f"{statistics.median(to_relay):.2f} of the relay"
        )
    load = os.getloadavg()[0]
    print(f"{kind}: medians of {ROUNDS}, load {load:.1f} at the end")


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with running_server(Path(folder, "data")) as server:
            for kind, make in ((PLAIN, make_text), (COLOURED, make_colours)):
                path = Path(folder, kind)
                size = make(path)
                bare_read(path)
                await measure(kind, path, size, server)
