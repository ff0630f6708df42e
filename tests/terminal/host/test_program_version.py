"""Versions of programs by their files: nothing is run, and no odd file is a trap."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import trio

from ant.terminal.agents.own_drivers import read_folder, use_own
from ant.terminal.host import processes, program_version
from ant.terminal.host.host_terminal import Spec
from ant.terminal.host.program_version import file_version, running_version
from ant.terminal.host.pty import open_pty

SLEEPER = "#!{python}\nimport time\nprint('up', flush=True)\ntime.sleep(60)\n"


def program(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_the_package_around_a_program(tmp_path: Path) -> None:
    """Its own version, not one of something nested; without the platform."""
    package = tmp_path / "node_modules" / "@mine" / "mine-linux-x64"
    real = program(package / "vendor" / "x" / "mine")
    told = '{\n "engines": {"version": "9"},\n  "version": "1.2.3-linux-x64"\n}'
    (package / "package.json").write_text(told)
    link = tmp_path / "mine"
    link.symlink_to(real)
    assert "1.2.3" == file_version(link)
    (package / "package.json").write_text('{"name":"x","version":"1.3.0-beta.1"}')
    assert "1.3.0-beta.1" == file_version(link)


def test_a_package_of_others_does_not_count(tmp_path: Path) -> None:
    """The search ends at `node_modules`: what is around it is a project."""
    real = program(tmp_path / "node_modules" / "mine" / "cli.js")
    (tmp_path / "package.json").write_text('{\n  "version": "5.0.0"\n}')
    assert file_version(real) is None


def test_a_file_may_be_named_by_its_version(tmp_path: Path) -> None:
    """As an agent that updates itself keeps its versions."""
    real = program(tmp_path / "versions" / "2.1.197")
    link = tmp_path / "claude"
    link.symlink_to(real)
    assert "2.1.197" == file_version(link)


def test_the_python_package_that_installed_a_script(tmp_path: Path) -> None:
    """Several packages are there; the one with the script counts."""
    script = program(tmp_path / "bin" / "aider")
    site = tmp_path / "lib" / "python3.11" / "site-packages"
    for name, entry in (("other-1.0", "aid"), ("aider_chat-0.86.2", "aider")):
        text = f"[console_scripts]\n{entry} = x:main\n"
        (site / f"{name}.dist-info").mkdir(parents=True)
        (site / f"{name}.dist-info" / "entry_points.txt").write_text(text)
    assert "0.86.2" == file_version(script)


def test_odd_files_have_no_version(tmp_path: Path) -> None:
    """A link to itself, a pipe that would block, bytes that are no text, nothing."""
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert file_version(loop) is None
    assert file_version(tmp_path / "none") is None
    real = program(tmp_path / "bin" / "mine")
    os.mkfifo(tmp_path / "bin" / "package.json")
    assert file_version(real) is None
    (tmp_path / "bin" / "package.json").unlink()
    (tmp_path / "bin" / "package.json").write_bytes(b"\xff\xfe{")
    assert file_version(real) is None


async def in_front(argv: tuple[str, ...], folder: Path, name: str) -> str | None:
    """Start a program on a PTY; the version that runs once it is up."""
    env = {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "TERM": "xterm"}
    terminal = await open_pty(Spec(argv, str(folder), env, 80, 24))
    try:
        assert terminal.identity is not None
        output = b""
        with trio.fail_after(10):
            while b"up" not in output:
                output += await terminal.read()
        return running_version(terminal.identity.pid, name)
    finally:
        await terminal.aclose(0)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A script called `mine` of a package of version 1.2.3."""
    (tmp_path / "package.json").write_text('{"version": "1.2.3"}')
    return program(tmp_path / "bin" / "mine", SLEEPER.format(python=sys.executable))


async def test_the_script_in_front_of_a_terminal(
    tmp_path: Path, mine: Path, own_folder: Path
) -> None:
    """Started by its path, relative to a folder, or below a shell; by its name only."""
    (own_folder / "mine.toml").write_text('name = "mine"\nprograms = ["mine"]')
    use_own(read_folder(own_folder))
    assert "1.2.3" == await in_front((str(mine),), tmp_path, "mine")
    assert "1.2.3" == await in_front((sys.executable, "bin/mine"), tmp_path, "mine")
    assert await in_front((str(mine),), tmp_path, "other") is None
    shell = ("/bin/sh", "-c", f"{mine}; true")
    assert "1.2.3" == await in_front(shell, tmp_path, "mine")


async def test_a_program_that_has_no_package(tmp_path: Path) -> None:
    """It runs, but nobody knows which version."""
    lone = program(tmp_path / "lone", SLEEPER.format(python=sys.executable))
    assert await in_front((str(lone),), tmp_path, "lone") is None


def test_a_process_that_hides_its_arguments(
    tmp_path: Path, mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then its name on the PATH that it was started with counts."""
    folders = os.pathsep.join(["relative", str(tmp_path / "none"), str(mine.parent)])
    process = subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={"PATH": folders},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert b"up\n" == process.stdout.readline()
        read = processes.read_proc

        def hidden(pid: int, name: str) -> bytes:
            return b"mine" if name == "cmdline" else read(pid, name)

        monkeypatch.setattr(program_version.processes, "read_proc", hidden)
        assert mine == program_version._file_of(process.pid, "mine")
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


def test_a_process_that_has_ended() -> None:
    """It has no version."""
    process = subprocess.Popen(["true"])
    process.wait()
    assert running_version(process.pid, "true") is None
