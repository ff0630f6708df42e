"""The spool's writer: with real files, and as the real program at the end of a pipe."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from ant.terminal.tmux import spool_writer
from ant.terminal.tmux.spool_writer import WAKEUP, SpoolWriter, used


def contents(folder: Path) -> dict[int, bytes]:
    """The segments by the offsets at which they begin."""
    return {int(f.stem): f.read_bytes() for f in sorted(folder.glob("*.spool"))}


def test_segments_follow_each_other(tmp_path: Path) -> None:
    """Each begins where the last one ended, however the bytes came."""
    writer = SpoolWriter(str(tmp_path), 100, 1000, 10)
    for part in (b"abc", b"defghijklm", b"", b"nopqrstuvwxyz"):
        writer.take(part)
    assert contents(tmp_path) == {
        100: b"abcdefghij",
        110: b"klmnopqrst",
        120: b"uvwxyz",
    }
    assert writer.offset == 126
    assert used(str(tmp_path)) == 26


def test_beyond_the_cap_bytes_are_counted_only(tmp_path: Path) -> None:
    """When a segment has been removed, the next one begins at its true offset."""
    writer = SpoolWriter(str(tmp_path), 0, 20, 10)
    writer.take(b"x" * 35)
    assert contents(tmp_path) == {0: b"x" * 10, 10: b"x" * 10}
    writer.take(b"dropped")
    (tmp_path / f"{0:020d}.spool").unlink()
    writer.take(b"kept")
    assert contents(tmp_path) == {10: b"x" * 10, 42: b"kept"}


def test_a_disk_that_is_full_is_a_gap(tmp_path: Path) -> None:
    """The writer drops bytes, and goes on when there is room."""
    writer = SpoolWriter(str(tmp_path), 0, 100, 10)
    writer.take(b"one")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, writer._fd)
    os.close(full)
    writer.take(b"lost")
    writer.take(b"two")
    assert contents(tmp_path) == {0: b"one", 7: b"two"}


def test_a_disk_that_stays_full_is_one_gap(tmp_path: Path) -> None:
    """A file for each read would be thousands."""
    writer = SpoolWriter(str(tmp_path), 0, 100, 10)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        for _ in range(3):
            writer.take(b"lost")
        assert contents(tmp_path) == {}
        writer.mark()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert contents(tmp_path) == {12: b""}
    writer.take(b"two")
    assert contents(tmp_path) == {12: b"two"}


def test_the_last_gap_is_marked(tmp_path: Path) -> None:
    """By an empty segment after it; there is one at most, and it may be filled."""
    writer = SpoolWriter(str(tmp_path), 0, 20, 10)
    writer.take(b"x" * 25)
    assert writer.has_dropped
    writer.mark()
    writer.take(b"y" * 5)
    writer.mark()
    assert not writer.has_dropped
    assert contents(tmp_path) == {0: b"x" * 10, 10: b"x" * 10, 30: b""}
    (tmp_path / f"{0:020d}.spool").unlink()
    writer.take(b"z")
    writer.take(b"z" * 19)
    writer.mark()
    assert contents(tmp_path) == {10: b"x" * 10, 30: b"z" * 10, 50: b""}


def test_an_existing_segment_is_appended_to(tmp_path: Path) -> None:
    """ANT makes the first one, empty, before it starts the writer."""
    (tmp_path / f"{5:020d}.spool").touch()
    SpoolWriter(str(tmp_path), 5, 100, 10).take(b"x")
    assert contents(tmp_path) == {5: b"x"}


@pytest.mark.slow
def test_the_program_copies_its_input_and_wakes_the_reader(tmp_path: Path) -> None:
    """It writes down its pid, and wakes the reader after each byte is in a file."""
    os.mkfifo(tmp_path / WAKEUP)
    wakeup = os.open(tmp_path / WAKEUP, os.O_RDWR | os.O_NONBLOCK)
    argv = [
        sys.executable,
        "-IS",
        spool_writer.__file__,
        str(tmp_path),
        "7",
        "900",
        "300",
    ]
    with subprocess.Popen(argv, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(bytes(range(256)) * 2)
        process.stdin.close()
        assert process.wait(10) == 0
    assert os.read(wakeup, 100)
    os.close(wakeup)
    assert int((tmp_path / "writer").read_text()) == process.pid
    parts = contents(tmp_path)
    assert list(parts) == [7, 307]
    assert b"".join(parts.values()) == bytes(range(256)) * 2
