"""File systems of a test's own; they need the right to mount."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def mount(*argv: str) -> None:
    """Mount something, or skip where that is not permitted."""
    try:
        done = subprocess.run(["mount", *argv], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount")
    if done.returncode:
        pytest.skip(f"nothing can be mounted: {done.stderr.decode().strip()}")


@contextmanager
def small_disk(folder: Path, size: int) -> Iterator[None]:
    """A file system of so many bytes at a folder, for the length of a block."""
    mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> None:
    """Take the room of the disk to its last byte, and what others free meanwhile."""
    for _ in range(100):
        _take_all(folder / "ballast")
        if os.statvfs(folder).f_bavail == 0:
            return
    raise AssertionError("another program frees room again and again")


def _take_all(ballast: Path) -> None:
    fd = os.open(ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        for size in (1 << 20, 4096, 1):
            block = b"\0" * size
            while True:
                try:
                    os.write(fd, block)
                except OSError:
                    break
    finally:
        os.close(fd)
