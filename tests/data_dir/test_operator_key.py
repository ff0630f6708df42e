"""The operator's key: its sources, and how it stays out of sight."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from ant.core.errors import Forbidden, StorageFailed
from ant.data_dir import operator_key
from ant.data_dir.operator_key import (
    DESCRIPTOR,
    FILE,
    check_key,
    read_key_file,
    without_key,
)


@pytest.mark.parametrize("key", ["12345678", "two words", "a" * 4096, "é漢" * 4])
def test_a_key_is_a_line(key: str) -> None:
    """Of any printable characters."""
    expected = len(key.encode()) <= 4096
    assert expected
    assert key == check_key(key)


@pytest.mark.parametrize(
    "key", ["", " ", "a" * 4097, "a\nb", "a\x00b", "a\udcff", "1234567", "12345678 "]
)
def test_what_is_no_key_is_refused(key: str) -> None:
    """The error says what to choose."""
    with pytest.raises(
        Forbidden,
        match=r"The key (is|has|begins) .*(: give|: choose|; choose|: remove)",
    ):
        check_key(key)


def test_a_file_has_one_line(tmp_path: Path) -> None:
    """Without its newline; the error of an unreadable file says why."""
    file = tmp_path / "key"
    for text in ("key of y", "key of y\n", "key of y\r\n"):
        file.write_text(text)
        assert "key of y" == read_key_file(file)
    for text in ("", "\n", "one\ntwo\n", "a" * 5000):
        file.write_text(text)
        with pytest.raises(Forbidden):
            read_key_file(file)
    for wrong in (tmp_path, tmp_path / "none"):
        with pytest.raises(StorageFailed, match=f"cannot be read: {wrong}: "):
            read_key_file(wrong)


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        (["serve"], ["serve"]),
        (["serve", "--api-key", "k", "--port", "1"], ["serve", "--port", "1"]),
        (["serve", "--api-key=k", "--insecure"], ["serve", "--insecure"]),
        (["serve", "--api-key"], ["serve"]),
        (["serve", "--api-key-file", "f"], ["serve", "--api-key-file", "f"]),
        (
            ["-m", "ant", "serve", "--api-key=", "--api-key", "b"],
            ["-m", "ant", "serve"],
        ),
    ],
)
def test_a_command_line_is_told_without_it(
    argv: list[str], expected: list[str]
) -> None:
    """All other words stay."""
    assert expected == without_key(argv)


CODE = """
import os, sys
from ant.data_dir import operator_key
key = operator_key.passed_key()
if key is None:
    operator_key.execute_without("the s3cret")
seen = open("/proc/self/environ").read() + open("/proc/self/cmdline").read()
assert operator_key.DESCRIPTOR not in os.environ
assert os.listdir("/proc/self/fd") == ["0", "1", "2", "3"], "the pipe is closed"
print(os.getpid(), key, "the s3cret" in seen, *sys.argv[1:], os.environ["KEPT"])
"""


def test_a_process_executes_itself_without_it(tmp_path: Path) -> None:
    """The process stays, with its other words and variables."""
    program = tmp_path / "program.py"
    program.write_text(CODE)
    words = [
        sys.executable,
        str(program),
        "serve",
        "--api-key",
        "the s3cret",
        "--port=1",
    ]
    env = {**os.environ, "ANT_API_KEY": "the s3cret", "KEPT": "kept"}
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, text=True) as process:
        output, _ = process.communicate()
    assert f"{process.pid} the s3cret False serve --port=1 kept\n" == output


@pytest.mark.parametrize("number", ["", "x", "-1", "99999"])
def test_what_names_no_pipe_is_refused(
    monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    """And the variable is removed."""
    monkeypatch.setenv(DESCRIPTOR, number)
    with pytest.raises(Forbidden, match=f"{DESCRIPTOR} names no pipe"):
        operator_key.passed_key()
    assert operator_key.passed_key() is None


def test_a_key_of_a_server_s_own_is_found(tmp_path: Path) -> None:
    """With its URL; each key is new, and its file is for the owner only."""
    assert operator_key.read(tmp_path) is None
    first = operator_key.make(tmp_path, "http://127.0.0.1:1")
    (tmp_path / FILE).chmod(0o644)
    key = operator_key.make(tmp_path, "http://127.0.0.1:2")
    assert first != key
    found = operator_key.read(tmp_path)
    assert found is not None
    assert (key, "http://127.0.0.1:2") == (found.key, found.url)
    assert 0o600 == stat.S_IMODE((tmp_path / FILE).stat().st_mode)
    operator_key.remove(tmp_path)
    operator_key.remove(tmp_path)
    assert operator_key.read(tmp_path) is None


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """The target of a link stays as it is; a write error names the file."""
    other = tmp_path / "other"
    other.write_text("other")
    (tmp_path / FILE).symlink_to(other)
    operator_key.make(tmp_path, "http://x")
    assert "other" == other.read_text()
    with pytest.raises(StorageFailed, match=FILE):
        operator_key.make(tmp_path / "none", "http://x")


@pytest.mark.parametrize("text", ["", "one", b"\xff\n\xff\n"])
def test_half_a_file_is_none(tmp_path: Path, text: str | bytes) -> None:
    """A server may be writing it."""
    (tmp_path / FILE).write_bytes(text if isinstance(text, bytes) else text.encode())
    assert operator_key.read(tmp_path) is None
