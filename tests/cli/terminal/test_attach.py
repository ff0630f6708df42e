"""`ant attach`, on a terminal of its own: real programs, every byte, the size."""

import hashlib
import json
import shutil
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.real import PATIENCE_S, RealServer, wait_for
from tests.cli.terminal.emulator import DETACH, Emulator, emulator

pytestmark = pytest.mark.slow


def needs(program: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is missing")


def terminal_of(server: RealServer, name: str) -> Any:
    """The terminal of a session, as the list has it."""
    rows = json.loads(server.good("ls", "--json"))["sessions"]
    return next(row["terminal"] for row in rows if row["name"] == name)


def size_of(server: RealServer, name: str) -> tuple[int, int]:
    found = terminal_of(server, name)
    return found["cols"], found["rows"]


def detach(person: Emulator, name: str) -> None:
    """Press the key; the line comes, and the exit code is 0."""
    person.type(DETACH)
    assert 0 == person.code()
    assert f"[detached from {name}]" in person.text


def test_a_shell(server: RealServer) -> None:
    """Typed into; detached with the terminal as it was; what stood there is kept."""
    server.good("new", "shell", "--", "bash", "--norc")
    with emulator(server, "attach", "shell", before="my own line\r\n") as person:
        before = person.modes()
        person.see("bash-")
        assert "my own line" not in person.text
        assert before != person.modes()
        person.type("echo the sum is $((40 + 2)); stty size\r")
        person.see("the sum is 42")
        person.see("24 80")
        detach(person, "shell")
        assert before == person.modes()
        modes = person.screen.modes if person.screen else None
        assert modes is not None
        assert (False, True) == (modes.bracketed_paste, modes.cursor_visible)
    assert (120, 30) == size_of(server, "shell")
    with emulator(server, "attach", "@shell") as person:
        person.see("the sum is 42")  # The drawing comes first.
        person.type("exit 3\r")
        assert 3 == person.code()
        assert "[shell ended with exit code 3]" in person.text
    server.good("rm", "shell")


@needs("vim")
def test_vim(server: RealServer, tmp_path: Path) -> None:
    """Edited, left in the middle, and edited on from a terminal of another size."""
    path = tmp_path / "text"
    server.good("new", "vim", "--", "vim", "-u", "NONE", "-N", "--noplugin", str(path))
    with emulator(server, "attach", "vim") as person:
        person.see("~\n" * 20)
        person.type("ione two\x1b")
        person.see("one two")
        detach(person, "vim")
        assert person.screen is not None
        assert not person.screen.modes.alternate
        assert "one two" not in person.text
    with emulator(server, "attach", "vim", size=(100, 40)) as person:
        person.see("one two")
        assert person.screen is not None
        assert person.screen.modes.alternate
        person.until(lambda it: it.text.count("~") == 38)
        person.type("othree\x1b:wq\r")
        assert 0 == person.code()
    assert "one two\nthree\n" == path.read_text()
    server.good("rm", "vim")


@needs("less")
def test_less(server: RealServer, tmp_path: Path) -> None:
    """Paged, and its keys arrive one by one."""
    path = tmp_path / "lines"
    path.write_text("".join(f"line {n}\n" for n in range(1, 501)))
    server.good("new", "less", "--", "less", str(path))
    with emulator(server, "attach", "less") as person:
        person.see("line 20\n")
        person.type(" ")
        person.see("line 40\n")
        person.type("G")
        person.see("line 500\n")
        person.type("q")
        assert 0 == person.code()
    server.good("rm", "less")


FLOOD = """
import os, tty
tty.setraw(0)
os.write(1, b"ready")
os.read(0, 1)
data = bytes(range(256)) * 4096
for _ in range(10):
    left = data
    while left:
        left = left[os.write(1, left):]
os.read(0, 1)
"""


def test_a_flood(server: RealServer) -> None:
    """10 MB of all byte values arrive as they are, and nothing else does."""
    server.good("new", "flood", "--", sys.executable, "-c", FLOOD)
    server.until("ready", "logs", "flood")
    with emulator(server, "attach", "flood", is_shown=False) as person:
        person.until(lambda it: b"ready" in it.raw)
        begin = len(person.raw)
        person.type("x")
        expected = bytes(range(256)) * 4096 * 10
        person.until(lambda it: len(it.raw) >= begin + len(expected))
        drawn = bytes(person.raw)
        assert drawn[begin:].endswith(expected)
        assert len(drawn) - begin - len(expected) < 64  # The end of the drawing.
        raw = server.ant("logs", "flood", "--raw").stdout_bytes
        assert b"ready" + expected == raw
        person.type("x")
        assert 0 == person.code()
    server.good("rm", "flood")


READS = """
import hashlib, os, tty
tty.setraw(0)
os.write(1, b"ready")
left, digest = {size}, hashlib.sha256()
while left > 0:
    part = os.read(0, 65536)
    digest.update(part)
    left -= len(part)
os.write(1, b"\\r\\n" + digest.hexdigest().encode())
os.read(0, 1)
"""


@pytest.mark.parametrize(
    "data",
    [("é漢🐜 a line\r" * 60_000).encode(), bytes(range(30, 256)) * 1000],
    ids=["text", "bytes"],
)
def test_a_paste(server: RealServer, data: bytes) -> None:
    """It arrives byte by byte, also where it is no UTF-8 and has the key in it."""
    paste = b"\x1b[200~" + data[:-1] + DETACH + data[-1:] + b"\x1b[201~"
    script = READS.format(size=len(paste))
    server.good("new", "paste", "--", sys.executable, "-c", script)
    with emulator(server, "attach", "paste") as person:
        person.see("ready")
        person.type(paste)
        person.see(hashlib.sha256(paste).hexdigest())
        detach(person, "paste")
    server.good("rm", "paste")


def test_the_size(server: RealServer) -> None:
    """It follows the window, beats another person's, and goes back at the end."""
    # A signal that comes while bash runs the trap for it is lost: the trap is short.
    script = "new=; trap new=1 WINCH; echo up; while sleep 0.05; do "
    script += '[ "$new" ] && { new=; stty size; }; done'
    server.good("new", "size", "--", "bash", "-c", script)
    server.until("up", "logs", "size")
    with emulator(server, "attach", "size", size=(90, 20)) as first:
        first.see("20 90")
        first.resize(70, 15)
        first.see("15 70")
        with emulator(server, "attach", "size", size=(60, 10)) as second:
            second.see("10 60")
            assert (60, 10) == size_of(server, "size")
            detach(second, "size")
        assert (70, 15) == size_of(server, "size")
        first.type("x")  # Who types keeps the size no longer than who does not.
        first.see("x")
        detach(first, "size")
    assert (120, 30) == size_of(server, "size")
    with emulator(server, "attach", "size", size=(0, 0)) as person:
        person.see("24 80")
        detach(person, "size")
    server.good("rm", "size")


def test_read_only(server: RealServer) -> None:
    """Nothing that is typed arrives, the size stays, and the key still detaches."""
    server.good("new", "seen", "--", "cat")
    with emulator(server, "attach", "seen", "--read-only") as person:
        server.good("send", "seen", "first\r")
        person.see("first")
        person.attached()
        person.type("typed\r")
        server.good("send", "seen", "second\r")
        person.see("second")
        assert "typed" not in person.text
        assert (120, 30) == size_of(server, "seen")
        detach(person, "seen")
    assert "typed" not in server.good("logs", "seen")
    server.good("rm", "seen")


QUERIES = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"ready")
while os.read(0, 100) != b"go": pass
os.write(1, b"\\x1b[c\\x1b[6n")
data = b""
while not data.endswith(b"R"):
    data += os.read(0, 100)
os.write(1, b"\\r\\n" + repr(data).encode())
os.read(0, 1)
"""


def test_queries(server: RealServer) -> None:
    """The person's emulator replies, once."""
    server.good("new", "asks", "--", sys.executable, "-c", QUERIES)
    with emulator(server, "attach", "asks") as person:
        person.see("ready")
        person.type("go")
        person.until(lambda it: "R'" in it.text)
        (reply,) = [line for line in person.text.splitlines() if "x1b" in line]
        assert reply.count("[?") == 1
        assert "[1;6R'" in reply
        detach(person, "asks")
    server.good("rm", "asks")


def test_a_program_without_manners(server: RealServer) -> None:
    """All modes that it has set are off after leaving, also in a cut sequence."""
    sets = r"\033[?1049h\033[?1003;1006;2004;1;1004h\033[>7u\033[?25l\033[3;5r\033[7m"
    server.good("new", "rude", "--", "sh", "-c", f"printf '{sets}here\\033]0;cut'; cat")
    with emulator(server, "attach", "rude") as person:
        person.see("here")
        assert person.screen is not None
        modes = person.screen.modes
        assert (1003, 1006, True) == (modes.mouse, modes.mouse_format, modes.alternate)
        assert 7 == modes.keyboard
        person.type("\x1b[93;5u")  # The key, as this keyboard sends it.
        assert 0 == person.code()
        assert "[detached from rude]" in person.text
        fresh = type(person.screen)(80, 24).modes
        assert fresh == person.screen.modes
    server.good("rm", "rude")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal(server: RealServer, number: signal.Signals) -> None:
    """It leaves with the terminal as it was; the program goes on."""
    name = f"signal {number}"
    server.good("new", name, "--", "cat")
    with emulator(server, "attach", name) as person:
        before = person.modes()
        person.attached()
        person.type("hello")
        person.see("hello")
        person.process.send_signal(number)
        assert 128 + number == person.code()
        assert before == person.modes()
    assert "hello" in server.good("screen", name)
    server.good("rm", name)


def test_a_window_that_is_closed(server: RealServer) -> None:
    """It leaves, and the size goes back."""
    server.good("new", "closed", "--", "cat")
    with emulator(server, "attach", "closed") as person:
        person.attached()
        wait_for(lambda: (80, 24) == size_of(server, "closed"))
        person.close()
        # The signal may come before or after the end of its input is noticed.
        ends = (128 + signal.SIGHUP, -signal.SIGHUP)
        assert person.process.wait(PATIENCE_S) in ends
    wait_for(lambda: (120, 30) == size_of(server, "closed"))
    server.good("rm", "closed")


def test_a_hostile_title(server: RealServer) -> None:
    """It is the program's own, as in each terminal; the one from before comes back."""
    script = r"printf '\033]0;rm -rf ~\007here'; cat"
    server.good("new", "title", "--", "sh", "-c", script)
    server.until("here", "screen", "title")
    with emulator(server, "attach", "title") as person:
        person.see("here")
        assert person.screen is not None
        assert "rm -rf ~" == person.screen.title
        detach(person, "title")
        raw = bytes(person.raw)
    assert raw.index(b"\x1b[22;0t") < raw.index(b"rm -rf") < raw.index(b"\x1b[23;0t")
    assert b"rm -rf" not in raw[raw.index(b"\x1b[23;0t") :]
    server.good("rm", "title")


def test_other_keys(server: RealServer) -> None:
    """By option or by the environment; the default is then a key like any other."""
    server.good("new", "keys", "--", "cat", "-v")
    for argv, env in ((("--detach-key", "ctrl-q"), {}), ((), {"ANT_DETACH_KEY": "^q"})):
        with emulator(server, "attach", "keys", *argv, **env) as person:
            person.attached()
            person.type(b"\x1d\x0d")
            person.see("^]")
            person.type("\x11")
            assert 0 == person.code()
    server.good("rm", "keys")


def test_what_is_refused(server: RealServer) -> None:
    """With a sentence, before the terminal changes."""
    server.good("room", "new", "talk")
    server.good("new", "over", "--", "true")
    server.until("exited", "ls")
    for name, why in (("talk", "is a room"), ("over", "runs no program")):
        with emulator(server, "attach", name) as person:
            assert 1 == person.code()
            assert why in person.text
            assert b"\x1b[" not in person.raw
    result = server.ant("attach", "over")
    assert (2, True) == (result.exit_code, "needs a terminal" in result.output)
    result = server.ant("attach", "over", "--detach-key", "x")
    assert (2, True) == (result.exit_code, "no key that can detach" in result.output)
    server.good("rm", "talk", "over")


def test_itself(server: RealServer) -> None:
    """A terminal that shows itself would fill up without end."""
    server.good("new", "self", "--", sys.executable, "-m", "ant", "attach", "self")
    server.until("is the terminal that this command runs in", "logs", "self")
    server.good("rm", "self")
