"""A run on a terminal and in a pipe: keys, Ctrl-C, signals, a killed server."""

import shutil
import signal
import sys
from pathlib import Path

import pytest

from ant.cli.terminal.endings import LOST
from tests.cli.real import PATIENCE_S, RealServer, proxy_of, real_server
from tests.cli.terminal.emulator import DETACH, emulator
from tests.cli.terminal.sessions import names

pytestmark = pytest.mark.slow


def test_on_a_terminal(server: RealServer) -> None:
    """As if it ran there: below what stands there, typed into, with its size."""
    script = "echo begin; stty size; read x; echo got $x; exit 4"
    before = "my own line\r\n"
    with emulator(server, "run", "sh", "-c", script, before=before) as person:
        modes = person.modes()
        person.see("my own line\nbegin\n24 80\n")
        person.type("hello\r")
        assert 4 == person.code()
        assert (
            "my own line\nbegin\n24 80\nhello\ngot hello\n"
            == person.text.rstrip("\n") + "\n"
        )
        assert modes == person.modes()
    assert set() == names(server)


@pytest.mark.skipif(not shutil.which("vim"), reason="vim is missing")
def test_a_full_screen(server: RealServer, tmp_path: Path) -> None:
    """It comes and goes, and what stood there is there again."""
    argv = ("vim", "-u", "NONE", "-N", str(tmp_path / "text"))
    with emulator(server, "run", *argv, before="my own line\r\n") as person:
        person.see("~\n" * 20)
        assert "my own line" not in person.text
        person.type("itext\x1b:wq\r")
        assert 0 == person.code()
        assert person.text.startswith("my own line\n")
    assert "text\n" == (tmp_path / "text").read_text()


def test_detached_on_a_terminal(server: RealServer) -> None:
    """The program goes on, and `attach` shows it."""
    argv = ("run", "--name", "left", "sh", "-c", "echo begin; read x; exit 5")
    with emulator(server, *argv) as person:
        person.see("begin")
        person.type(DETACH)
        assert 0 == person.code()
        assert "[detached from left]" in person.text
    with emulator(server, "attach", "left") as person:
        person.see("begin")
        person.attached()
        person.type("\r")
        assert 5 == person.code()
    server.good("rm", "left")


def test_ctrl_c_on_a_terminal(server: RealServer) -> None:
    """It interrupts the program; a second one ends one that ignores it."""
    script = "trap 'echo caught; exit 6' INT; echo up; while true; do sleep 0.05; done"
    with emulator(server, "run", "bash", "-c", script) as person:
        person.see("up")
        person.type("\x03")
        assert 6 == person.code()
    script = "trap 'echo caught' INT; echo up; while true; do sleep 0.05; done"
    with emulator(server, "run", "bash", "-c", script) as person:
        person.see("up")
        person.type("\x03")
        person.see("caught")
        person.type("\x03")
        assert 128 + signal.SIGHUP == person.code()
    assert set() == names(server)


def test_two_keys_for_a_program_that_reads_them(server: RealServer) -> None:
    """Ctrl-C is a key there, also twice: nothing ends."""
    script = "import os, tty; tty.setraw(0); os.write(1, b'up')\n"
    script += "while (k := os.read(0, 1)) != b'q': os.write(1, b'<%d>' % k[0])"
    with emulator(server, "run", sys.executable, "-c", script) as person:
        person.see("up")
        for count in range(1, 4):
            person.type("\x03")
            person.see("<3>" * count)
        person.type("q")
        assert 0 == person.code()


def test_ctrl_c_in_a_pipe(server: RealServer) -> None:
    """As on a terminal."""
    script = "trap 'echo caught' INT; echo up; while true; do sleep 0.05; done"
    process = server.start("run", "bash", "-c", script)
    assert process.stdout is not None
    assert "up\n" == process.stdout.readline()
    process.send_signal(signal.SIGINT)
    while "caught" not in process.stdout.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert (128 + signal.SIGHUP, "") == (process.returncode, stderr)
    assert set() == names(server)


def test_a_signal_leaves_the_program(server: RealServer) -> None:
    """It goes on, and a sentence says so."""
    process = server.start("run", "--name", "on", "sh", "-c", "echo up; read x")
    assert process.stdout is not None
    assert "up\n" == process.stdout.readline()
    process.terminate()
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert 128 + signal.SIGTERM == process.returncode
    assert "ant: on goes on; ant attach shows it.\n" == stderr
    server.good("send", "on", "\r")
    server.until("exited", "ls")
    server.good("rm", "on")


def test_a_reader_that_leaves(server: RealServer) -> None:
    """As `head` does: no traceback."""
    process = server.start("run", "--name", "yes", "yes", text=False)
    assert process.stdout is not None
    process.stdout.read(6)
    process.stdout.close()
    assert process.stderr is not None
    assert b"Traceback" not in process.stderr.read()
    assert 1 == process.wait(PATIENCE_S)
    server.good("rm", "yes")


@pytest.mark.skipif(not shutil.which("tmux"), reason="tmux is missing")
def test_a_killed_server(tmp_path: Path) -> None:
    """In tmux a run goes on and no byte is missing; else it is said to be lost."""
    go = tmp_path / "go"
    script = f"echo before; while [ ! -e {go} ]; do sleep 0.05; done; echo after"
    with real_server(tmp_path) as first, proxy_of(first) as proxy:
        rest = ("--server", proxy.url, "sh", "-c", f"{script}; exit 9")
        kept = first.start("run", "--host", "tmux", "--name", "kept", *rest)
        lost = first.start("run", "--name", "lost", *rest)
        for process in (kept, lost):
            assert process.stdout is not None
            assert "before\n" == process.stdout.readline()
        first.kill()
        go.touch()
        with real_server(tmp_path) as second:
            proxy.lead_to(second)
            stdout, _ = kept.communicate(timeout=PATIENCE_S)
            assert ("after\n", 9) == (stdout, kept.returncode)
            _, stderr = lost.communicate(timeout=PATIENCE_S)
            assert (LOST, True) == (lost.returncode, "ant: lost is lost" in stderr)
            second.good("rm", "lost")


def test_a_server_that_stays_away(tmp_path: Path) -> None:
    """After the time that the caller gives: 3, as for each server without an answer."""
    with real_server(tmp_path) as server:
        process = server.start("run", "--retry", "0.5", "sh", "-c", "echo up; read x")
        assert process.stdout is not None
        assert "up\n" == process.stdout.readline()
        server.kill()
        _, stderr = process.communicate(timeout=PATIENCE_S)
        assert (3, True) == (process.returncode, "cannot reach" in stderr)
