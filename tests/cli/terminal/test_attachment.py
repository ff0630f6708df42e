"""A terminal that is shown while its server goes away and comes back."""

import shutil
import sys
from pathlib import Path

import pytest

from ant.cli.terminal.endings import LOST
from tests.cli.real import RealServer, proxy_of, real_server
from tests.cli.terminal.emulator import DETACH, emulator

NOTICE = "the connection is lost; reconnecting"

COUNTS = """
import os, sys, tty
tty.setraw(0)
sys.stdout.write("\\x1b[2J\\x1b[5;10Hhere\\x1b[24;1Hlast row")
sys.stdout.flush()
while (key := os.read(0, 1)) != b"q":
    os.write(1, b"<" + key + b">")
os._exit(7)
"""


@pytest.mark.slow
def test_a_connection_that_ends(server: RealServer) -> None:
    """It is said once, the screen is as before, and no key comes twice or late."""
    server.good("new", "cut", "--", sys.executable, "-c", COUNTS)
    server.until("last row", "screen", "cut")
    with (
        proxy_of(server) as proxy,
        emulator(server, "attach", "cut", "--server", proxy.url) as person,
    ):
        person.see("last row")
        person.attached()
        person.type("a")
        person.see("<a>")
        before = person.text
        for _ in range(2):
            proxy.cut()
            person.see(NOTICE)
            person.until(lambda it: before == it.text)
        person.type("b")
        person.see("<a><b>")
        assert 2 == person.raw.count(NOTICE.encode())
        proxy.lead_to(None)
        proxy.cut()
        person.see(NOTICE)
        person.type("lost")
        person.type(DETACH)
        assert 0 == person.code()
        assert "[detached from cut]" in person.text
    assert "<a><b>" == server.good("logs", "cut").rpartition("last row")[2].strip()
    server.good("rm", "cut")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is missing")
def test_a_killed_server(tmp_path: Path) -> None:
    """In tmux all goes on, with what was printed meanwhile; else it is said to be lost.

    Nothing that was typed meanwhile arrives.
    """
    with real_server(tmp_path) as first, proxy_of(first) as proxy:
        argv = ("--host", "tmux", "--", sys.executable, "-c", COUNTS)
        first.good("new", "kept", *argv)
        first.good("new", "gone", "--", "cat")
        first.until("last row", "screen", "kept")
        way = ("--server", proxy.url)
        with (
            emulator(first, "attach", "kept", *way) as kept,
            emulator(first, "attach", "gone", *way) as gone,
        ):
            kept.see("last row")
            kept.attached()
            gone.attached()
            kept.type("a")
            kept.see("<a>")
            first.kill()
            kept.see(NOTICE)
            kept.type("x")
            with real_server(tmp_path) as second:
                proxy.lead_to(second)
                kept.until(lambda it: NOTICE not in it.text)
                kept.type("b")
                kept.see("<a><b>")
                assert "here" in kept.text
                kept.see("last row")
                kept.type("q")
                assert 7 == kept.code()
                assert LOST == gone.code()
                assert "[gone is lost" in gone.text
                second.good("rm", "kept", "gone")


@pytest.mark.slow
def test_a_program_that_does_not_read(server: RealServer) -> None:
    """The key that detaches works, and says what was not sent."""
    server.good("new", "deaf", "--", "sh", "-c", "stty raw -echo; echo up; sleep 1000")
    server.until("up", "logs", "deaf")
    with emulator(server, "attach", "deaf") as person:
        person.see("up")
        person.attached()
        for _ in range(3):
            person.type(b"x" * (1 << 20))
        person.type(DETACH)
        assert 0 == person.code()
        assert "typed bytes were not sent" in person.text.replace("\n", "")
    server.good("rm", "deaf")
