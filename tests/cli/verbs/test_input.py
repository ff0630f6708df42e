"""`ant send` and `ant key`, against a real server and real programs."""

import hashlib
import json
import os
import subprocess
import sys

import pytest

from tests.cli.real import RealServer, wait_for

pytestmark = pytest.mark.slow

DUMP = "stty raw -echo; echo ready; exec od -v -An -tx1 -w1"
"""A program that prints each byte that it is typed, in hex."""


def dump(server: RealServer, name: str) -> None:
    """Start that program in a session of this name."""
    server.good("new", name, "--", "sh", "-c", DUMP)
    server.until("ready", "logs", name)


def typed(server: RealServer, name: str, size: int) -> bytes:
    """The bytes that the program was typed, once there are so many."""

    def look() -> bytes | None:
        words = server.good("logs", name).split()
        data = bytes(int(each, 16) for each in words[1:])
        return data if len(data) >= size else None

    found: bytes = wait_for(look)
    return found


def test_text_is_typed_as_it_is(server: RealServer) -> None:
    """Without an Enter, unless that is asked for; standard input byte by byte."""
    dump(server, "dump")
    said = server.good("send", "dump", "echo", "hi\t$x")
    assert "Typed 10 bytes into dump.\n" == said
    printed = server.good("send", "dump", "-", "--json", stdin=b"\0\xff\r\n")
    receipt = json.loads(printed)
    assert (4, 0) == (receipt["size"], receipt["queued"])
    server.good("send", "dump", "--enter")
    server.good("send", "dump", "--enter", "y")
    expected = b"echo hi\t$x\0\xff\r\n\ry\r"
    assert expected == typed(server, "dump", len(expected))
    server.good("rm", "dump")


def test_bytes_of_an_argument_are_kept(server: RealServer) -> None:
    """Also those that are not UTF-8."""
    dump(server, "bytes")
    argv = [sys.executable, "-m", "ant", "send", "bytes", b"\xff\xc3\xa9"]
    subprocess.run(argv, env=server.env(), check=True, capture_output=True)
    assert b"\xff\xc3\xa9" == typed(server, "bytes", 3)
    server.good("rm", "bytes")


def test_a_large_input_arrives_whole(server: RealServer) -> None:
    """In pieces that the server accepts, in their order."""
    script = "stty raw -echo; echo ready; head -c 2000000 | sha256sum; read x"
    server.good("new", "sum", "--", "sh", "-c", script)
    server.until("ready", "logs", "sum")
    data = os.urandom(2_000_000)
    result = subprocess.run(
        [sys.executable, "-m", "ant", "send", "sum", "-"],
        input=data,
        env=server.env(),
        capture_output=True,
        check=False,
    )
    assert 0 == result.returncode, result.stderr
    server.until(hashlib.sha256(data).hexdigest(), "logs", "sum")
    server.good("rm", "sum")


def test_keys_fit_the_modes_of_the_program(server: RealServer) -> None:
    """Cursor keys differ in application mode; Ctrl-C interrupts."""
    dump(server, "keys")
    server.good("key", "keys", "Up", "C-c", "M-x", "é")
    expected = b"\x1b[A\x03\x1bx\xc3\xa9"
    assert expected == typed(server, "keys", len(expected))
    server.good("rm", "keys")
    server.good("new", "app", "--", "sh", "-c", f"printf '\\033[?1h'; {DUMP}")
    server.until("ready", "logs", "app")
    told = json.loads(server.good("key", "app", "Up", "Home", "--json"))
    assert (["Up", "Home"], 6) == (told["keys"], told["size"])
    assert b"\x1bOA\x1bOH" == typed(server, "app", 6)
    server.good("rm", "app")
    traps = "trap 'echo caught; exit' INT; echo up; read x"
    server.good("new", "loop", "--", "bash", "-c", traps)
    server.until("up", "logs", "loop")
    assert "Pressed C-c in loop.\n" == server.good("key", "loop", "C-c")
    server.until("caught", "logs", "loop")
    server.good("rm", "loop")


@pytest.mark.parametrize(
    "argv",
    [
        ("send", "x"),
        ("send",),
        ("key", "x"),
        ("send", "here", "-"),
        ("key", "here", "Foo"),
    ],
)
def test_bad_usage(server: RealServer, argv: tuple[str, ...]) -> None:
    """Nothing is typed."""
    if "here" in argv:
        server.good("new", "here", "--", "cat")
    assert 2 == server.ant(*argv, stdin=b"").exit_code
    if "here" in argv:
        server.good("rm", "here")


def test_a_room_and_an_ended_program_are_refused(server: RealServer) -> None:
    """By the server's sentence."""
    server.good("room", "new", "talk")
    server.good("new", "over", "--", "true")
    server.until("exited", "ls")
    for name in ("talk", "over"):
        for argv in (("send", name, "x"), ("key", name, "Enter")):
            result = server.ant(*argv)
            assert (1, "") == (result.exit_code, result.stdout)
            assert result.stderr.startswith("ant: ")
    server.good("rm", "talk", "over")
