"""`ant backup`, beside a real server, and a restore of what it wrote."""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ant.cli.main import main
from ant.store import Store
from tests.cli.real import RealServer, on_terminal, real_server, wait_for
from tests.installed import needs


def run(*argv: str, folder: Path) -> Result:
    return CliRunner().invoke(
        main, ["backup", *argv], env={"ANT_DATA_DIR": str(folder)}
    )


def test_a_copy_is_made_and_checked(tmp_path: Path) -> None:
    """The exit code says whether it is whole; nothing is replaced without --force."""
    Store.open(tmp_path / "ant.db").close()
    copy = tmp_path / "copy.db"
    done = run(str(copy), folder=tmp_path)
    assert (0, True) == (done.exit_code, "written and checked" in done.output)
    assert 0o600 == copy.stat().st_mode & 0o777
    done = run(str(copy), folder=tmp_path)
    assert (1, True) == (done.exit_code, "--force" in done.stderr)
    done = run(str(copy), "--force", "--json", folder=tmp_path)
    assert {"sessions": 0, "messages": 0, "faults": []}.items() <= json.loads(
        done.stdout
    ).items()
    done = run("--check", str(copy), folder=tmp_path)
    assert (0, True) == (done.exit_code, "undamaged" in done.output)
    data = bytearray(copy.read_bytes())
    data[4096 * 3 : 4096 * 4] = b"\xff" * 4096
    copy.write_bytes(data)
    done = run("--check", str(copy), folder=tmp_path)
    assert 1 == done.exit_code
    assert "damaged" in done.output or "malformed" in done.output
    done = run(str(tmp_path / "x"), folder=tmp_path / "none")
    assert (1, True) == (done.exit_code, "no database" in done.stderr)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RealServer]:
    folder = tmp_path / "first"
    folder.mkdir()
    with real_server(folder) as started:
        yield started


@pytest.mark.slow
def test_a_backup_is_restored_as_documented(server: RealServer, tmp_path: Path) -> None:
    """Sessions, messages and transcripts are there. The first server is left alone:
    its program runs on, and the second names another event log."""
    server.good("new", "web", "--", "sh", "-c", "echo made-$((40+2)); exec cat")
    server.until("made-42", "logs", "web")
    server.good("room", "new", "ideas")
    server.good("msg", "ideas", "Which one first?")
    (pid,) = _cats(server.url)
    first = _epoch(server)
    copy = tmp_path / "copy.db"
    done = run(str(copy), folder=tmp_path / "first" / "data")
    assert (0, True) == (done.exit_code, "3 sessions, 1 messages" in done.output)
    # docs/deployment.md: an empty folder, and the file as ant.db in it.
    data = tmp_path / "second" / "data"
    data.mkdir(parents=True, mode=0o700)
    os.rename(copy, data / "ant.db")
    with real_server(tmp_path / "second") as second:
        assert "made-42" in second.good("logs", "web")
        assert "Which one first?" in second.good("room", "read", "ideas")
        assert "lost" in second.good("ls")
        assert first != _epoch(second)
        assert [pid] == _cats(server.url)
        second.good("restore", "web", "--start")
        second.until("running", "ls")
        # The second run's bytes have offsets that the first server never gives.
        rows = [json.loads(line) for line in _lines(second, "logs", "web", "--json")]
        assert [] != [each for each in rows if each.get("offset", 0) >= 1 << 40]
    assert "running" in server.good("ls")


@pytest.mark.slow
@needs("tmux")
def test_a_restore_ends_what_the_copy_does_not_know(tmp_path: Path) -> None:
    """A program in the tmux of that folder: the copy does not name its run. Its stored
    output is there, and it can be started anew."""
    data, copy = tmp_path / "data", tmp_path / "copy.db"
    with real_server(tmp_path) as server:
        command = ["sh", "-c", "echo made-$((40+2)); exec cat"]
        server.good("new", "web", "--host", "tmux", "--", *command)
        server.until("made-42", "logs", "web")
        assert 0 == run(str(copy), folder=data).exit_code
        first = server.url
        (pid,) = _cats(first)
    assert [pid] == _cats(first), "tmux keeps it across a stop"
    for each in data.glob("ant.db*"):
        each.unlink()
    os.rename(copy, data / "ant.db")
    with real_server(tmp_path) as server:
        assert [] == _cats(first)
        assert "made-42" in server.good("logs", "web")
        server.good("restore", "web", "--start")
        server.until("running", "ls")
        server.good("rm", "web")


def _lines(server: RealServer, *argv: str) -> list[str]:
    def look() -> list[str]:
        lines = server.good(*argv).splitlines()
        return lines if sum("made-42" in line for line in lines) == 2 else []

    found: list[str] = wait_for(look)
    return found


def _cats(url: str) -> list[str]:
    """The pids of programs `cat` that the server with that URL started."""
    found = []
    for each in Path("/proc").glob("[0-9]*/comm"):
        try:
            is_cat = each.read_text() == "cat\n"
            environ = (each.parent / "environ").read_bytes() if is_cat else b""
        except OSError:
            continue
        if f"ANT_SERVER_URL={url}".encode() in environ.split(b"\0"):
            found.append(each.parent.name)
    return found


def _epoch(server: RealServer) -> str:
    folder = Path(f"/proc/{server.process.pid}/environ").read_bytes().decode()
    data = next(
        each.partition("=")[2]
        for each in folder.split("\0")
        if each.startswith("ANT_DATA_DIR=")
    )
    with sqlite3.connect(f"file:{data}/ant.db?mode=ro", uri=True) as db:
        query = "SELECT value FROM settings WHERE key = 'epoch'"
        return str(db.execute(query).fetchone()[0])


@pytest.mark.slow
def test_a_terminal_shows_progress(server: RealServer, tmp_path: Path) -> None:
    """A bar that is erased at the end; a pipe gets none of it."""
    data, copy = str(tmp_path / "first" / "data"), str(tmp_path / "copy.db")
    with on_terminal(server, "backup", copy, ANT_DATA_DIR=data) as screen:
        drawn = screen.rest()
        assert 0 == screen.code()
    assert "Copying the database" in drawn
    assert "written and checked" in drawn.rpartition("\x1b[K\x1b[?25h")[2]
    process = server.start("backup", copy, "--force", "--data-dir", data)
    out, err = process.communicate(timeout=30)
    assert (0, "") == (process.returncode, err)
    assert "Copying" not in out
