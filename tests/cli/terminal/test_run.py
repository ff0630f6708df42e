"""`ant run`: the code, the output, and what is left behind."""

import json
import os
import signal
import sys
from pathlib import Path

import pytest

from tests.cli.real import PATIENCE_S, RealServer
from tests.cli.terminal.sessions import names

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("script", "code", "printed"),
    [
        ("echo one; echo two; exit 3", 3, b"one\r\ntwo\r\n"),
        ("printf 'no end'", 0, b"no end"),
        (r"printf '\377\000\033[1m'", 0, b"\xff\x00\x1b[1m"),
        ("kill -TERM $$", 128 + signal.SIGTERM, b""),
        ("kill -KILL $$", 128 + signal.SIGKILL, b""),
    ],
)
def test_a_pipe(server: RealServer, script: str, code: int, printed: bytes) -> None:
    """The exact bytes, and the code; the terminal is put away."""
    process = server.start("run", "--", "sh", "-c", script, text=False)
    stdout, stderr = process.communicate(timeout=PATIENCE_S)
    assert (printed, b"", code) == (stdout, stderr, process.returncode)
    assert set() == names(server)
    assert f"sh -c {script}"[:60].strip() in names(server, "recoverable")


def test_every_byte_in_a_pipe(server: RealServer) -> None:
    """Of a flood that ends at once; the first one is there, too."""
    script = "import os, tty; tty.setraw(1); os.write(1, b'x'*99); os.write(1, b'y'*10)"
    flood = "import os, tty; tty.setraw(1)\n"
    flood += "for n in range(200_000): os.write(1, b'%07d ' % n)"
    for code, expected in (
        (script, b"x" * 99 + b"y" * 10),
        (flood, b"".join(b"%07d " % n for n in range(200_000))),
    ):
        process = server.start("run", sys.executable, "-c", code, text=False)
        stdout, _ = process.communicate(timeout=PATIENCE_S)
        assert (True, 0) == (expected == stdout, process.returncode)


def test_where_and_how(server: RealServer, tmp_path: Path) -> None:
    """In this folder or in another one; with variables; under a name, kept."""
    shown = server.good("run", "--cwd", str(tmp_path), "sh", "-c", "pwd")
    assert f"{tmp_path}\n" == shown.replace("\r", "")
    assert f"{os.getcwd()}\n" == server.good("run", "pwd").replace("\r", "")
    shown = server.good("run", "--env", "A=b c", "--", "sh", "-c", 'echo "<$A>"')
    assert "<b c>" in shown
    server.good("run", "--keep", "--name", "mine", "--", "echo", "kept")
    assert {"mine"} == names(server)
    assert "kept\n" == server.good("logs", "mine")
    server.good("rm", "mine")


def test_detached_from_the_start(server: RealServer) -> None:
    """The name and the handle are printed; each run gets a name that is free."""
    for name in ("sleep 1000", "sleep 1000 (2)"):
        said = server.good("run", "--detach", "sleep", "1000")
        assert said.startswith(f"Started {name} (@sleep-1000")
    row = json.loads(server.good("run", "-d", "--json", "sleep", "1000"))
    assert "sleep 1000 (3)" == row["name"]
    server.good("rm", *names(server))


def test_what_cannot_start(server: RealServer) -> None:
    """A sentence, and no terminal is left."""
    for argv in (("no-such-program",), ("--cwd", "/no/such/folder", "true")):
        result = server.ant("run", *argv)
        assert (1, True) == (result.exit_code, result.stderr.startswith("ant: "))
    assert 2 == server.ant("run").exit_code
    assert 2 == server.ant("run", "--json", "true").exit_code
    assert set() == names(server)
