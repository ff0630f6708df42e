"""`ant attach` over ssh: a real sshd, and a person's terminal at the near end."""

import os
import pwd
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs
import pytest

from tests.cli.real import PATIENCE_S, RealServer, wait_for
from tests.cli.terminal.emulator import Emulator, on_pty
from tests.cli.terminal.test_attach import detach, size_of
from tests.installed import find, need

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]

SEPARATION = Path("/run/sshd")
"""Where an sshd of root puts the process that reads what strangers send."""

TRIES = 5
"""Another process may take a port between our look and its use."""

CONFIG = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/authorized_keys
PidFile none
UsePAM no
StrictModes no
PasswordAuthentication no
KbdInteractiveAuthentication no
UseDNS no
"""


@attrs.frozen
class Door:
    """A way into this machine by ssh; `begin` is the command of ssh and its options."""

    begin: Sequence[str]

    @contextmanager
    def attached(
        self, server: RealServer, name: str, size: tuple[int, int] = (80, 24)
    ) -> Iterator[Emulator]:
        """`ant attach` at the far end, on a terminal of its own at the near one."""
        there = {"ANT_SERVER_URL": server.url, "XDG_CONFIG_HOME": "/none"}
        words = [f"{key}={value}" for key, value in there.items()]
        words += [f"PYTHONPATH={ROOT}", sys.executable, "-m", "ant", "attach", name]
        command = [*self.begin, shlex.join(["env", *words])]
        env = {**os.environ, "TERM": "xterm-256color"}
        with on_pty(command, env, size=size) as person:
            yield person


def new_key(path: Path) -> str:
    """Make a key pair; the public one."""
    words = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(path)]
    subprocess.run(words, check=True, timeout=PATIENCE_S)
    return path.with_suffix(".pub").read_text()


def free_port() -> int:
    """A port that is free at this moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def listening(sshd: str, folder: Path) -> tuple[subprocess.Popen[str], int]:
    """An sshd that listens, and its port."""
    log = ""
    for _ in range(TRIES):
        port = free_port()
        config = folder / "sshd_config"
        config.write_text(CONFIG.format(port=port, folder=folder))
        process = subprocess.Popen(
            [sshd, "-D", "-e", "-f", str(config)],
            stderr=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        assert process.stderr is not None
        for line in process.stderr:
            log += line
            if "Server listening on" in line:
                return process, port
        process.wait(PATIENCE_S)
        process.stderr.close()
    raise AssertionError(log)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    """An sshd with keys of its own, which lets in who runs the tests."""
    need("sshd", "ssh", "ssh-keygen")
    if os.getuid() == 0 and not SEPARATION.is_dir():
        pytest.skip(f"needs {SEPARATION}, without which no sshd of root starts")
    sshd = find("sshd")
    assert sshd is not None
    (tmp_path / "authorized_keys").write_text(new_key(tmp_path / "key"))
    host_key = new_key(tmp_path / "host_key")
    process, port = listening(sshd, tmp_path)
    try:
        (tmp_path / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key}")
        options = [
            "StrictHostKeyChecking=yes",
            f"UserKnownHostsFile={tmp_path}/known_hosts",
            "GlobalKnownHostsFile=/dev/null",
            f"IdentityFile={tmp_path}/key",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "BatchMode=yes",
            "LogLevel=ERROR",
        ]
        words = [word for each in options for word in ("-o", each)]
        person = pwd.getpwuid(os.getuid()).pw_name
        where = ["-p", str(port), f"{person}@127.0.0.1"]
        begin = ["ssh", "-tt", "-F", "/dev/null", *words, *where]
        if subprocess.run([*begin, "true"], stdin=subprocess.DEVNULL).returncode:
            pytest.skip("needs an account that an sshd lets in, which is not locked")
        yield Door(begin)
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        assert process.stderr is not None
        process.stderr.close()


def test_a_shell_over_ssh(server: RealServer, door: Door) -> None:
    """Drawn, typed into, resized, left by the key; ended with the program's code."""
    server.good("new", "far", "--", "bash", "--norc")
    server.good("send", "far", "echo drawn $((40 + 1))\r")
    server.until("drawn 41", "screen", "far")
    with door.attached(server, "far", size=(90, 20)) as person:
        before = person.modes()
        person.see("drawn 41")  # The drawing comes first.
        assert before != person.modes()
        person.type("echo the sum is $((40 + 2)); stty size\r")
        person.see("echo the sum is $((40 + 2)); stty size")
        person.see("the sum is 42\n20 90")
        assert (90, 20) == size_of(server, "far")
        person.resize(70, 15)
        wait_for(lambda: (70, 15) == size_of(server, "far"))
        person.type("clear; stty size\r")
        person.see("15 70")
        detach(person, "far")
        assert before == person.modes()
    wait_for(lambda: (120, 30) == size_of(server, "far"))
    with door.attached(server, "far") as person:
        person.see("15 70")
        person.type("exit 3\r")
        assert 3 == person.code()
        assert "[far ended with exit code 3]" in person.text
    server.good("rm", "far")
