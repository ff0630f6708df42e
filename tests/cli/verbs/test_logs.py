"""`ant logs`, against a real server and real programs."""

import hashlib
import json
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.real import (
    PATIENCE_S,
    RealServer,
    on_terminal,
    proxy_of,
    real_server,
    wait_for,
)

pytestmark = pytest.mark.slow

FLOOD = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"ready\\n")
os.read(0, 1)
data = bytes(range(256)) * 40 + "é漢🐜".encode() * 100
for _ in range({times}):
    left = data
    while left:
        left = left[os.write(1, left):]
os.read(0, 1)
"""


def flood(server: RealServer, name: str, times: int) -> bytes:
    """Start a program that floods at a key, and ends at another; its bytes."""
    script = FLOOD.format(times=times)
    server.good("new", name, "--", sys.executable, "-c", script)
    server.until("ready", "logs", name)
    return b"ready\n" + (bytes(range(256)) * 40 + "é漢🐜".encode() * 100) * times


def read_raw(server: RealServer, name: str) -> bytes:
    """What `ant logs --raw` prints, in this process."""
    return server.ant("logs", name, "--raw").stdout_bytes


def test_every_byte_once(server: RealServer) -> None:
    """History and live output join without a hole; the program's end is the end."""
    expected = flood(server, "flood", 30)
    process = server.start("logs", "flood", "--raw", "--follow", text=False)
    assert process.stdout is not None
    seen = process.stdout.read(6)
    server.good("send", "flood", "x")
    seen += process.stdout.read(len(expected) // 2)
    again = server.start("logs", "flood", "--raw", "-f", text=False)
    seen += process.stdout.read(len(expected) - len(seen))
    assert hashlib.sha256(expected).digest() == hashlib.sha256(seen).digest()
    server.good("send", "flood", "x")
    rest, stderr = process.communicate(timeout=PATIENCE_S)
    assert (b"", 0) == (rest, process.returncode)
    assert b"ant: The program ended with exit code 0.\n" == stderr
    late, _ = again.communicate(timeout=PATIENCE_S)
    assert expected == late == read_raw(server, "flood")
    server.good("rm", "flood")


def test_a_connection_that_ends(server: RealServer) -> None:
    """A new one continues at the same byte: none is lost, and none comes twice."""
    expected = flood(server, "cut", 600)
    with proxy_of(server) as proxy:
        argv = ("logs", "cut", "--raw", "-f", "--server", proxy.url)
        process = server.start(*argv, text=False)
        assert process.stdout is not None
        seen = process.stdout.read(6)
        wait_for(lambda: proxy.count == 2)
        server.good("send", "cut", "x")
        for part in range(1, 4):
            seen += process.stdout.read(len(expected) * part // 4 - len(seen))
            proxy.cut()
        seen += process.stdout.read(len(expected) - len(seen))
        assert hashlib.sha256(expected).digest() == hashlib.sha256(seen).digest()
        assert 4 <= proxy.count
        server.good("send", "cut", "x")
        rest, _ = process.communicate(timeout=PATIENCE_S)
        assert (b"", 0) == (rest, process.returncode)
    server.good("rm", "cut")


def test_a_server_that_comes_back(server: RealServer) -> None:
    """The verb waits for it, says so once, and misses no line."""
    script = "stty -echo; echo ready; while read x; do echo $x; done"
    server.good("new", "back", "--", "sh", "-c", script)
    server.until("ready", "logs", "back")  # Before that the terminal echoes.
    with proxy_of(server) as proxy:
        process = server.start("logs", "back", "-f", "--server", proxy.url)
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        for text in ("one", "live"):  # The second one is not of the history.
            server.good("send", "back", f"{text}\n")
            assert f"{text}\n" == process.stdout.readline()
        proxy.lead_to(None)
        proxy.cut()
        tries = proxy.count
        server.good("send", "back", "two\nthree\n")
        wait_for(lambda: tries + 4 <= proxy.count)
        proxy.lead_to(server)
        for text in ("two", "three"):
            assert f"{text}\n" == process.stdout.readline()
        server.good("send", "back", "\x04")
        stdout, stderr = process.communicate(timeout=PATIENCE_S)
    said = stderr.splitlines()
    assert ("", 3) == (stdout, len(said))
    assert said[0].startswith("ant: The connection has ended (")
    assert "ant: The connection is open again." == said[1]
    server.good("rm", "back")


def test_lines(server: RealServer) -> None:
    """All of them, the last ones, those with a text, those of a time."""
    script = r"printf '\033[31mone\033[0m\r\nTwo\n50%%\r100%%\n'; printf end; read x"
    server.good("new", "lines", "--", "bash", "-c", script)
    assert "one\nTwo\n100%\nend\n" == server.until("end", "logs", "lines")
    for count, expected in (
        ("0", ""),
        ("1", "end\n"),
        ("2", "100%\nend\n"),
        ("9", "one\nTwo\n100%\nend\n"),
    ):
        assert expected == server.good("logs", "lines", "-n", count)
    assert "one\n" == server.good("logs", "lines", "--grep", "ONE".lower())
    assert "Two\n" == server.good("logs", "lines", "--grep", "two")
    assert "" == server.good("logs", "lines", "--grep", "ONE")
    assert "one\nend\n" == server.good("logs", "lines", "--grep", "re:^[eo]n")
    assert "end\n" == server.good("logs", "lines", "--grep", "re:n", "-n", "1")
    assert "one\nTwo\n100%\nend\n" == server.good("logs", "lines", "--since", "1h")
    assert "" == server.good("logs", "lines", "--since", "2100-01-01T00:00:00Z")
    objects = map(json.loads, server.good("logs", "lines", "--json").splitlines())
    assert [
        {"offset": 0, "text": "one"},
        {"offset": 15, "text": "Two"},
        {"offset": 20, "text": "100%"},
        {"offset": 30, "text": "end"},
    ] == list(objects)
    (piece,) = server.good("logs", "lines", "--raw", "--json").splitlines()
    assert {"offset", "end", "raw_b64"} == json.loads(piece).keys()
    server.good("rm", "lines")


def test_a_long_history_from_its_end(server: RealServer) -> None:
    """It is read backward as far as the lines need, also over several pages."""
    script = "seq 1 120000; read x"
    server.good("new", "long", "--", "sh", "-c", script)
    server.until("120000", "logs", "long", "-n", "3")
    expected = [str(n) for n in range(20_001, 120_001)]
    assert expected == server.good("logs", "long", "-n", "100000").splitlines()
    server.good("rm", "long")


def test_lines_as_they_come(server: RealServer) -> None:
    """In a pipe whole ones; with a pattern those that match, from both parts."""
    script = "echo yes 1; echo no 2; while read x; do echo $x; done"
    server.good("new", "live", "--", "sh", "-c", f"stty -echo; {script}")
    server.until("no 2", "logs", "live")
    process = server.start("logs", "live", "-f", "-n", "1", "--grep", "re:yes|last")
    assert process.stdout is not None
    assert "yes 1\n" == process.stdout.readline()
    server.good("send", "live", "no 3\nyes 4\n")
    assert "yes 4\n" == process.stdout.readline()
    server.good("send", "live", "last\n\x04")
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert ("last\n", "ant: The program ended with exit code 0.\n") == (stdout, stderr)
    process = server.start("logs", "live", "-f", "--json")
    stdout, _ = process.communicate(timeout=PATIENCE_S)
    objects = [json.loads(each) for each in stdout.splitlines()]
    assert "last" == objects[-2]["text"]
    assert "exited" == objects[-1]["ended"]["status"]
    server.good("rm", "live")


def test_on_a_terminal(server: RealServer) -> None:
    """A question without an end is shown; Ctrl-C ends it with 130."""
    script = "stty -echo; read -p 'Go on? ' x; echo said $x; read y"
    server.good("new", "asks", "--", "bash", "-c", script)
    with on_terminal(server, "logs", "asks", "--follow") as screen:
        screen.see("Go on? ")
        server.good("send", "asks", "yes\n")
        screen.see("said yes")
        screen.type("\x03")
        assert 130 == screen.code()
        assert "Traceback" not in screen.drawn
    server.good("rm", "asks")


def test_a_long_search_shows_progress(server: RealServer) -> None:
    """On standard error, where that is a terminal; a line is printed in its place."""
    server.good("new", "long", "--", "sh", "-c", "seq 1 300000; read x")
    server.until("300000", "logs", "long", "-n", "3")
    with on_terminal(server, "logs", "long", "--grep", "re:^300000$") as screen:
        drawn = screen.rest()
    assert "Searching" in drawn
    assert "\r\x1b[K\x1b[?25h300000\r\n" in drawn
    process = server.start("logs", "long", "--grep", "no such line")
    assert ("", "") == process.communicate(timeout=PATIENCE_S)
    server.good("rm", "long")


def test_a_reader_that_leaves(server: RealServer) -> None:
    """As `head` does: the verb ends without a traceback."""
    flood(server, "short", 20)
    process = server.start("logs", "short", "--raw", "-f", text=False)
    assert process.stdout is not None
    process.stdout.read(6)
    process.stdout.close()
    server.good("send", "short", "x")
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    assert 1 == process.wait(PATIENCE_S)
    server.good("rm", "short")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_that_goes(tmp_path: Path, how: signal.Signals) -> None:
    """A sentence, and 3; or 0 if the program's end was still told."""
    with real_server(tmp_path) as server:
        server.good("new", "here", "--", "sh", "-c", "echo here; read x")
        process = server.start("logs", "here", "-f", "--retry", "0")
        assert process.stdout is not None
        assert "here\n" == process.stdout.readline()
        server.process.send_signal(how)
        _, stderr = process.communicate(timeout=PATIENCE_S)
        server.process.wait(PATIENCE_S)
        assert (1, "ant: ") == (stderr.count("\n"), stderr[:5])
        assert process.returncode in ((0, 3) if how is signal.SIGTERM else (3,))
        assert 3 == server.ant("logs", "here").exit_code


def test_bad_usage(server: RealServer) -> None:
    """What does not fit together, and a room."""
    server.good("room", "new", "talk")
    for argv in (("--raw", "--grep", "x"), ("--raw", "-n", "1"), ("-n", "-1")):
        assert 2 == server.ant("logs", "talk", *argv).exit_code
    result = server.ant("logs", "talk")
    assert (1, True) == (result.exit_code, "is a room" in result.stderr)
    server.good("new", "x", "--", "cat")
    for argv in (("--since", "soon"), ("--grep", "re:(")):
        result = server.ant("logs", "x", *argv)
        assert (1, True) == (result.exit_code, result.stderr.startswith("ant: "))
    server.good("rm", "talk", "x")
