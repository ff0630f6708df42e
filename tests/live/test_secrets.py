"""What the server was given, and what it writes, is not there for programs to read."""

import os
import shlex
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient
from ant.core.errors import Unauthorized
from ant.data_dir.operator_key import FILE
from ant.terminal.host import processes
from tests.live.server import running_server
from tests.live.waiting import eventually
from tests.terminal.private_tmux import ended_with_us

KEY = "operators-s3cret"

# All that the kernel tells of the ancestors of a program, as that program reads it.
READ = """
p=$PPID
while [ "$p" -gt 1 ]; do
  for name in cmdline environ; do echo "== $p $name"; cat /proc/$p/$name; done
  p=$(sed 's/.*) . //; s/ .*//' /proc/$p/stat)
done
"""

# Refuses netlink sockets for diagnosis, then runs `ant`: seccomp by hand.
FILTERED = """
import ctypes, os, platform, struct, sys
socket = {"x86_64": 41, "aarch64": 198}[platform.machine()]
def step(code, jt, jf, k): return struct.pack("=HBBI", code, jt, jf, k)
program = b"".join([
    step(0x20, 0, 0, 0), step(0x15, 0, 5, socket),
    step(0x20, 0, 0, 16), step(0x15, 0, 3, 16),
    step(0x20, 0, 0, 32), step(0x15, 0, 1, 4),
    step(0x06, 0, 0, 0x00050001), step(0x06, 0, 0, 0x7FFF0000),
])
code = ctypes.create_string_buffer(program)
head = struct.pack("HP", len(program) // 8, ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, head, 0, 0) == 0, os.strerror(ctypes.get_errno())
from ant.cli.main import main
main()
"""


async def read_from_inside(ant: AntClient, out: Path) -> str:
    """What a program in a terminal can read of its ancestors."""
    name = shlex.quote(str(out))
    script = f"({READ}) > {name}.part 2>&1; mv {name}.part {name}; exec sleep 1000"
    await ant.create(out.name, command=["sh", "-c", script])
    await eventually(out.exists)
    return shown(out)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["environment", "argument", "file", "file variable"])
async def test_no_program_finds_the_key(tmp_path: Path, how: str) -> None:
    """In no ancestor's environment or arguments; the server is the process it was."""
    file = tmp_path / "the-key"
    file.write_text(f"{KEY}\n")
    flags: tuple[str, ...] = ()
    env = {}
    match how:
        case "environment":
            env = {"ANT_API_KEY": KEY}
        case "argument":
            flags = ("--api-key", KEY)
        case "file":
            flags = ("--api-key-file", str(file))
        case "file variable":
            env = {"ANT_API_KEY_FILE": str(file)}
    data = tmp_path / "data"
    async with (
        running_server(data, *flags, **env) as server,
        server.client(KEY) as ant,
        server.client() as stranger,
    ):
        with pytest.raises(Unauthorized):
            await stranger.status()
        said = await read_from_inside(ant, tmp_path / "said")
        assert f"== {server.pid} cmdline" in said, "it has read what it should"
        assert "serve\n--port\n0" in said
        assert KEY not in said
        assert str(server.pid) == (data / "lock").read_text().strip()
        for name in ("environ", "cmdline"):
            told = processes.read_proc(server.pid, name)
            assert KEY.encode() not in told
        assert KEY not in server.log.read_text()


def shown(path: Path) -> str:
    """A file, what ends with a NUL in lines."""
    return path.read_bytes().replace(b"\0", b"\n").decode()


def open_to_others(folder: Path) -> list[str]:
    """Whatever in a folder somebody else may use, itself included."""
    return [
        f"{oct(path.lstat().st_mode)} {path}"
        for path in (folder, *folder.rglob("*"))
        if not path.is_symlink() and stat.S_IMODE(path.lstat().st_mode) & 0o077
    ]


@pytest.mark.slow
async def test_what_is_written_is_its_owner_s_alone(tmp_path: Path) -> None:
    """Also in a folder that was there and open; programs have the umask they had."""
    data, exports = tmp_path / "data", tmp_path / "exports"
    data.mkdir()
    data.chmod(0o755)
    (data / "ant.db").touch()
    (data / "ant.db").chmod(0o644)
    env = {"ANT_EXPORT_DIR": str(exports)}
    hosts = ["pty", "tmux"] if shutil.which("tmux") else ["pty"]
    before = os.umask(0o022)
    os.umask(before)
    with ended_with_us(data):
        async with running_server(data, **env) as server, server.client() as ant:
            server.log.chmod(0o600)  # It is ours, not the server's.
            for host in hosts:
                out = tmp_path / host
                script = f"umask > {out}.part; mv {out}.part {out}; exec sleep 1000"
                row = await ant.create(host, command=["sh", "-c", script], host=host)
                await eventually(out.exists)
                assert f"{before:04o}\n" == out.read_text(), host
            path = f"/api/sessions/{row['id']}/export"
            done = await ant.call("POST", path, {"targets": ["json", "html"]})
            assert all(each["ok"] for each in done["targets"].values())
            assert {"ant.db", "ant.db-wal", "ant.db-shm", "lock", "token.key"} <= {
                each.name for each in data.iterdir()
            }
            assert [] == open_to_others(data)
            assert [] == open_to_others(exports)
            for each in (await ant.sessions())["sessions"]:
                if each["type"] == "terminal":
                    await ant.call("DELETE", f"/api/sessions/{each['id']}")


@pytest.mark.slow
async def test_where_the_kernel_is_silent_a_key_is_made(tmp_path: Path) -> None:
    """It is told, it is its owner's alone, `ant` finds it, a start makes another."""
    words = [sys.executable, "-c", FILTERED, "serve", "--port", "0"]
    command = [*words, "--data-dir", str(tmp_path)]
    keys = []
    for _ in range(2):
        async with running_server(tmp_path, command=command) as server:
            assert "every caller must send the key" in server.log.read_text()
            file = tmp_path / FILE
            assert 0o600 == stat.S_IMODE(file.stat().st_mode)
            key, url = file.read_text().splitlines()
            keys.append(key)
            assert server.url == url
            async with server.client() as stranger:
                with pytest.raises(Unauthorized):
                    await stranger.status()
            async with server.client(key) as ant:
                await ant.status()
            env = {"ANT_DATA_DIR": str(tmp_path), "ANT_SERVER_URL": server.url}
            env |= {"PATH": os.environ["PATH"]}
            ant_words = [sys.executable, "-m", "ant", "status"]
            done = await trio.run_process(ant_words, env=env, capture_stdout=True)
            assert b"" == done.stdout
    assert keys[0] != keys[1]
    async with running_server(tmp_path):
        assert not (tmp_path / FILE).exists()


ORPHANS = 1000
LEAVE = f"""
import os, sys
reader, writer = os.pipe()
os.set_inheritable(reader, True)
left = []
for number in range({ORPHANS}):
    if os.fork() == 0:
        if os.fork() == 0:
            os.setsid()
            if number:
                os._exit(0)
            os.close(writer)
            with open(sys.argv[1] + ".part", "w") as file:
                file.write(str(os.getpid()))
            os.rename(sys.argv[1] + ".part", sys.argv[1])
            os.read(reader, 1)
            os._exit(0)
        os._exit(0)
    os.wait()
open(sys.argv[1] + ".done", "w").close()
os.read(0, 1)
"""


@pytest.mark.slow
async def test_orphans_are_ours_and_are_reaped(tmp_path: Path) -> None:
    """A thousand leave no zombie, and take no exit code of a session along."""
    async with running_server(tmp_path) as server, server.client() as ant:
        out = tmp_path / "orphan"
        words = [sys.executable, "-c", LEAVE, str(out)]
        row = await ant.create("leaves", command=words)
        rows = [
            await ant.create(f"s{n}", command=["sh", "-c", f"exit {n}"])
            for n in range(20)
        ]
        await eventually((tmp_path / "orphan.done").exists)
        await eventually(out.exists)
        orphan = int(out.read_text())

        def is_ours() -> bool:
            process = processes.look(orphan)
            return process is not None and process.ppid == server.pid

        await eventually(is_ours)

        async def ended(session_id: str) -> Any:
            look = await ant.call("GET", f"/api/sessions/{session_id}")
            return look if look["status"] == "exited" else None

        for number, each in enumerate(rows):
            found = await eventually(lambda each=each: ended(each["id"]))
            assert number == found["terminal"]["exit_code"]

        def is_clean() -> bool:
            return [each.pid for each in server.children() if each.state == "Z"] == []

        await eventually(is_clean)
        await ant.type(row["id"], "\n")
        await eventually(lambda: processes.look(orphan) is None)
        await eventually(lambda: server.children() == [])
