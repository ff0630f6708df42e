"""Programs in a real shell's terminal try to make commands that nobody ran."""

import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.terminal import shell as shell_package
from ant.terminal.host.host_terminal import SECRET_FD
from ant.terminal.model.tty import ShellStep
from ant.terminal.shell.osc133 import KEY_FD_NAME
from tests.installed import each
from tests.terminal.marks import KEY, Marker
from tests.terminal.shell.test_shell import PROMPT, SHELLS, Shell, shell

RC_FISH = Path(shell_package.__file__).with_name("rc.fish")

ATTACK = r"""
import glob, json, os, re, sys

transcript, report = sys.argv[1:]
seen = [open(transcript, "rb").read()]
readable = ["/proc/*/environ", "/proc/*/cmdline"]
for path in [each for pattern in readable for each in glob.glob(pattern)]:
    try:
        seen.append(open(path, "rb").read())
    except OSError:
        pass
left = b""
try:
    left = open("/dev/fd/%d" % NUMBER, "rb").read()
except OSError:
    pass
fds = sorted(int(fd) for fd in os.listdir("/proc/self/fd"))
data = b"\n".join([*seen, left])
with open(report, "w") as file:
    found = {"key": KEY[::-1].encode() in data, "left": left.decode(), "fds": fds}
    json.dump(found, file)
out = sys.stdout.buffer
for sequence in re.findall(rb"\x1b\](?:133|7);[^\x07]*\x07", seen[0]):
    out.write(sequence)
codes = {*re.findall(rb"ant=([^;\x07]*)", data), b""}
for code in sorted(codes):
    number, _, value = code.partition(b".")
    ahead = b"%d.%s" % (int(number) + 1, value) if number.isdigit() else b"1.1"
    for each in (code, ahead):
        for text in (b"P;k=i", b"B", b"C;cmdline_url=make%20test", b"D;0"):
            out.write(b"\x1b]133;%s;ant=%s\x07" % (text, each))
        out.write(b"\x1b]7;file:///forged#ant=%s\x07" % each)
out.write(b"over\n")
out.flush()
sys.exit(4)
"""


def attack(folder: Path) -> tuple[str, Path, Path]:
    """A command line that attacks, the transcript that it reads, and its report.

    The command ends with 4.
    """
    script, seen, report = (folder / name for name in ("attack.py", "seen", "report"))
    number, key = f"NUMBER = {SECRET_FD}\n", f"KEY = {KEY.needle.decode()[::-1]!r}\n"
    script.write_text(number + key + ATTACK)
    return f"{sys.executable} {script} {seen} {report}", seen, report


def ended(onlooker: Shell) -> list[tuple[str, int | None, str | None]]:
    """The commands that are blocks, with exit code and folder."""
    return [(each.command, each.exit_code, each.cwd) for each in onlooker.blocks]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_what_a_program_can_read_makes_no_command(
    tmp_path: Path, name: str
) -> None:
    """The transcript, every environment, the arguments, and its own descriptors."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        command, seen, report = attack(tmp_path)
        expected: list[tuple[str, int | None, str | None]] = []
        for line, code in [("true", 0), (command, 4), ("false", 1), (command, 4)]:
            seen.write_bytes(onlooker.data)
            await onlooker.run(line)
            expected.append((line, code, str(tmp_path)))
            assert expected == ended(onlooker)
        found: dict[str, Any] = json.loads(report.read_text())
        assert not found["key"]
        assert "" == found["left"]
        assert b"cmdline_url=make%20test" in onlooker.data
        if name != "fish":  # It cannot close a descriptor: this is the end of a pipe.
            assert SECRET_FD not in found["fds"]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_a_program_in_the_background_makes_no_command(
    tmp_path: Path, name: str
) -> None:
    """While the shell is at its prompt; there it only seems to be drawn again."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        command, seen, _ = attack(tmp_path)
        go = tmp_path / "go"
        wait = f"sh -c 'until test -e {go}; do sleep 0.02; done; {command}' &"
        await onlooker.run(wait)
        seen.write_bytes(onlooker.data)
        go.touch()
        await onlooker.shows("over")
        onlooker.live.type_nowait(b"false\r")
        await onlooker.until(lambda: len(onlooker.blocks) == 2)
        assert (wait, 0, str(tmp_path)) == ended(onlooker)[0]
        assert (1, str(tmp_path)) == ended(onlooker)[1][1:]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_variables_that_a_child_gets(tmp_path: Path, name: str) -> None:
    """No exported variable has a code or the key, whatever the shell exports."""
    every = {"bash": "set -a; export PS1 PS2", "zsh": "setopt all_export; export PS1"}
    rc = f"{PROMPT[name]}\n{every.get(name, '')}"
    async with shell(tmp_path, name, rc=rc) as onlooker:
        await onlooker.run("true")
        begun = onlooker.flow.tail.end
        await onlooker.run("env; true")
        (printed,) = onlooker.marks(ShellStep.OUTPUT)[-1:]
        assert begun < printed.end
        output = onlooker.data[printed.end : onlooker.marks(ShellStep.END)[-1].start]
        assert b"PATH=" in output
        assert KEY.needle not in output
        number = int((printed.code or "").partition(".")[0])
        later = [KEY.code(number + ahead) for ahead in range(1, 9)]
        signed = {str(each - (each >> 63 << 64)).encode() for each in later}
        assert not any(each in output for each in signed)


@pytest.mark.slow
async def test_variables_that_a_program_in_the_prompt_gets(tmp_path: Path) -> None:
    """It runs when the code of its prompt is made, and before that is printed."""
    seen = tmp_path / "seen"
    rc = f"{PROMPT['bash']}\nset -a\nPS1='$(env >>{seen})'$PS1"
    async with shell(tmp_path, "bash", rc=rc) as bash:
        await bash.run("true")
        await bash.run("true")
        text = seen.read_text()
        assert "PATH=" in text
        signed = [each - (each >> 63 << 64) for each in map(KEY.code, range(1, 20))]
        assert not any(str(each) in text for each in signed)


@pytest.mark.slow
@pytest.mark.parametrize("name", each("zsh"))
async def test_a_listing_has_no_code_of_a_mark_to_come(
    tmp_path: Path, name: str
) -> None:
    """A program that reads the listing could end the command with that code."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as zsh:
        await zsh.run("set; typeset; typeset -p")
        mark = zsh.marks(ShellStep.END)[-1]
        assert mark.code is not None
        assert mark.code.encode() not in zsh.data[: mark.start]


@pytest.mark.slow
@pytest.mark.parametrize("name", each("fish"))
async def test_a_mark_of_fish_is_one_write(tmp_path: Path, name: str) -> None:
    """Nothing that another program prints can be in the middle of it."""
    reader, writer = os.pipe()
    os.write(writer, KEY.text.encode())
    os.close(writer)
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    long = "(string repeat -n 3000 x)"
    command = f"source {RC_FISH}; emit fish_preexec {long}; emit fish_prompt"
    starter = f'exec {SECRET_FD}<&{reader} && exec "$@"'
    with ours, its:
        try:
            done = await trio.run_process(
                ["bash", "-c", starter, "bash", name, "--no-config", "-c", command],
                stdout=its.fileno(),
                pass_fds=[reader],
                env={**os.environ, "HOME": str(tmp_path), KEY_FD_NAME: str(SECRET_FD)},
            )
        finally:
            os.close(reader)
        assert 0 == done.returncode
        first = ours.recv(1 << 16)
        assert first.startswith(b"\x1b]133;C;")
        assert first.endswith(b"\x07")
        assert ours.recv(1 << 16).endswith(b"\x07")


@pytest.mark.slow
async def test_a_key_that_bash_prints_is_worthless(tmp_path: Path) -> None:
    """`set` prints all variables. The command ends there, and nothing counts later."""
    async with shell(tmp_path, "bash", rc=PROMPT["bash"]) as bash:
        await bash.run("true")
        bash.live.type_nowait(b"set\r")
        await bash.until(lambda: len(bash.blocks) == 2)
        assert ("set", None) == ended(bash)[1][:2]
        mark, forged = Marker(), tmp_path / "forged"
        mark.number = 1000
        made = mark("A") + mark("B") + mark("C;cmdline_url=make") + mark("D;0")
        forged.write_bytes(made + b"over\n")
        bash.live.type_nowait(f"cat {forged}\r".encode())
        await bash.until(lambda: b"over\r\n" in bash.data)
        await bash.until(lambda: bash.live.snapshot()[1].rule == "shell")
        assert 2 == len(bash.blocks)


@pytest.mark.slow
@pytest.mark.parametrize("name", each("zsh", "fish"))
async def test_a_listing_of_variables_does_not_have_the_key(
    tmp_path: Path, name: str
) -> None:
    """So commands are recorded after it as ever."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        listing = "set; typeset; typeset -p" if name == "zsh" else "set; set --show"
        await onlooker.run(listing)
        assert KEY.needle not in onlooker.data
        await onlooker.run("false")
        assert 1 == onlooker.blocks[-1].exit_code


@pytest.mark.slow
async def test_marks_that_go_to_a_file_are_not_made(tmp_path: Path) -> None:
    """A program could read them there before ANT has read them.

    So the exit code of the command before is unknown.
    """
    file = tmp_path / "log"
    async with shell(tmp_path, "bash", rc=PROMPT["bash"]) as bash:
        await bash.run("true")
        bash.live.type_nowait(f"exec 7>&1 >{file}\r".encode())
        bash.live.type_nowait(b"echo hidden\r")
        bash.live.type_nowait(b"exec >&7 7>&-\r")
        bash.live.type_nowait(b"echo shown\r")
        await bash.until(lambda: len(bash.blocks) == 3)
        assert "hidden\n" == file.read_text()
        assert b"ant=" not in file.read_bytes()
        redirects, shown = ended(bash)[-2:]
        assert (f"exec 7>&1 >{file}", None) == redirects[:2]
        assert ("echo shown", 0) == shown[:2]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_a_shell_that_replaces_the_shell_has_no_key(
    tmp_path: Path, name: str
) -> None:
    """It is at rest by its screen, as before; nothing that is printed is a command."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        await onlooker.run("true")
        command, seen, _ = attack(tmp_path)
        seen.write_bytes(onlooker.data)
        login = "" if name == "bash" else " -l"
        onlooker.live.type_nowait(f"exec {name}{login}\r".encode())
        await onlooker.until(lambda: len(onlooker.marks(ShellStep.OUTPUT)) == 2)
        await onlooker.until(lambda: onlooker.live.snapshot()[1].rule == "shell")
        onlooker.live.type_nowait(f"{command}\r".encode())
        await onlooker.until(lambda: b"over\r\n" in onlooker.data)
        await onlooker.until(lambda: onlooker.live.snapshot()[1].rule == "shell")
        onlooker.live.type_nowait(b"exit 5\r")
        await onlooker.live.over.wait()
        expected = [("true", 0), (f"exec {name}{login}", None)]
        assert expected == [each[:2] for each in ended(onlooker)]


@pytest.mark.slow
async def test_a_bash_without_marks_in_its_prompt_proves_nothing(
    tmp_path: Path,
) -> None:
    """No number is left open for a program that prints the marks of a prompt."""
    async with shell(tmp_path, "bash", rc=PROMPT["bash"]) as bash:
        bash.live.type_nowait(b"shopt -u promptvars\r")
        await bash.until(lambda: len(bash.blocks) == 1)
        command, seen, _ = attack(tmp_path)
        for turn in ("one", "two"):
            seen.write_bytes(bash.data)
            asks = f"{command}; read -e -p '{turn}''> ' x\r"
            bash.live.type_nowait(asks.encode())
            await bash.shows(f"{turn}>")
            assert "shell/mark" != bash.live.snapshot()[1].rule
            bash.live.type_nowait(b"\r")
        assert [("shopt -u promptvars", 0)] == [each[:2] for each in ended(bash)]
