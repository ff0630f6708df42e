"""Real shells: their commands, how these ended, and the exact bytes of their output."""

import hashlib
import re
from pathlib import Path

import pytest
import trio

from ant.terminal.model.tty import ShellStep
from ant.terminal.shell.command_blocks import CommandBlock
from tests.installed import each, needs
from tests.terminal.shell.test_shell import PROMPT, SHELLS, Shell, shell

FISH = re.compile(rb"\A\x1b\]0;[^\x07]*\x07(\x1b\[[0-9;]*m|\x1b\(B)*\r")
"""The output of fish itself when a command begins: a title and a reset of the style."""


def output(onlooker: Shell, block: CommandBlock) -> bytes:
    """Return the output of the block; check its hash."""
    data = onlooker.data[block.start : block.end]
    assert hashlib.sha256(data).hexdigest() == block.sha256
    return FISH.sub(b"", data)


async def keys(onlooker: Shell, *pressed: str) -> CommandBlock:
    """Type these one after the other; return the blocks."""
    count = len(onlooker.blocks)
    onlooker.live.type_nowait("".join(pressed).encode())
    await onlooker.until(lambda: len(onlooker.blocks) > count)
    await onlooker.until(lambda: onlooker.live.snapshot()[1].rule == "shell/mark")
    assert count + 1 == len(onlooker.blocks)
    return onlooker.blocks[-1]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_commands_to_the_byte(tmp_path: Path, name: str) -> None:
    """Text, exit code, folder, time, and the exact bytes of the output."""
    (tmp_path / "a bé").mkdir()
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        for command, code, data in [
            (r"printf 'one\ntwo\n'", 0, b"one\r\ntwo\r\n"),
            ("printf 漢", 0, "漢".encode()),
            ("sh -c 'echo x >&2; exit 7'", 7, b"x\r\n"),
            ("cd 'a bé'; clear", 0, None),
            ("true; sleep 0.3", 0, b""),
            ("printf '\\033[?1049hvim'; printf '\\033[?1049l'", 0, None),
            ("sh -c 'kill $$'", 143, None),
            ("echo " + "wide " * 40 + "end", 0, b"wide " * 40 + b"end\r\n"),
        ]:
            block = await keys(onlooker, command + "\r")
            assert (command, code, False) == (block.command, block.exit_code, block.cut)
            if data is not None:
                assert data == output(onlooker, block)
            assert block.typed is not None
            assert b"\x1b]133;C" == onlooker.data[block.typed[1] :][:7]
        home, inner = str(tmp_path), str(tmp_path / "a bé")
        assert [home] * 4 + [inner] * 4 == [each.cwd for each in onlooker.blocks]
        assert 0.1 <= onlooker.blocks[4].duration_s < 5


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_a_line_that_was_edited(tmp_path: Path, name: str) -> None:
    """Deleted, changed in the middle, recalled, cleared, and redrawn."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        block = await keys(onlooker, "echo abx", "\x7f", "c", "\x1b[D", "Z", "\r")
        assert "echo abZc" == block.command
        assert "echo abZc" == (await keys(onlooker, "\x1b[A", "\r")).command
        assert "true" == (await keys(onlooker, "echo no", "\x15", "true\r")).command
        assert (
            "echo one two"
            == (await keys(onlooker, "echo one", "\x0c", " two", "\r")).command
        )


@pytest.mark.slow
@pytest.mark.parametrize("name", each("bash", "zsh"))
async def test_a_command_of_several_lines(tmp_path: Path, name: str) -> None:
    """As typed, without the prompts for the further lines."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        lines = ["for i in 1 2", "do echo $i", "done"]
        block = await keys(onlooker, *(f"{line}\r" for line in lines))
        assert "\n".join(lines) == block.command
        assert b"1\r\n2\r\n" == output(onlooker, block)
        block = await keys(onlooker, "echo 'a\r", "\x0c", "b'\r")
        assert "echo 'a\nb'" == block.command


@pytest.mark.slow
@pytest.mark.parametrize("name", each("zsh", "fish"))
async def test_a_command_that_is_too_long_is_cut(tmp_path: Path, name: str) -> None:
    """The shell reports as much of it as a mark may hold."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        block = await keys(onlooker, "true " + "é" * 900 + "\r")
        assert block.cut
        assert block.command.startswith("true éé")
        assert ("true " + "é" * 900).startswith(block.command.rstrip("\ufffd"))
        block = await keys(onlooker, "true " + "e" * 3000 + "\r")
        assert ("true " + "e" * 3000, False) == (block.command, block.cut)


@pytest.mark.slow
async def test_pasted_commands_are_one_block(tmp_path: Path) -> None:
    """Two commands and one prompt after them: their end is that of the last."""
    async with shell(tmp_path, "bash", rc=PROMPT["bash"]) as bash:
        block = await keys(bash, "\x1b[200~echo a\nfalse\x1b[201~", "\r")
        assert ("echo a\nfalse", 1) == (block.command, block.exit_code)
        assert output(bash, block).startswith(b"a\r\n")


@pytest.mark.slow
async def test_the_user_s_ps0_is_no_part_of_the_command(tmp_path: Path) -> None:
    """Bash draws it where the next command would be typed."""
    rc = PROMPT["bash"] + "\nPS0='[at work]\\n'\n"
    async with shell(tmp_path, "bash", rc=rc) as onlooker:
        for command in ("echo one", "false"):
            assert command == (await keys(onlooker, command + "\r")).command


@pytest.mark.slow
async def test_an_end_without_a_mark(tmp_path: Path) -> None:
    """A shell within the shell makes no blocks; the last command has no exit code."""
    async with shell(tmp_path, "bash", rc=PROMPT["bash"]) as bash:
        bash.live.type_nowait(b"PS1='here> ' bash --norc\r")
        await bash.until(lambda: bash.lines()[-1] == "here>")
        block = await keys(bash, "false\r", "exit\r")
        assert ("PS1='here> ' bash --norc", 1) == (block.command, block.exit_code)
        bash.live.type_nowait(b"exec sleep 100\r")
        await bash.until(lambda: len(bash.marks(ShellStep.OUTPUT)) == 2)
        live = bash.live
    with trio.fail_after(5):
        await live.over.wait()
    last = bash.blocks[-1]
    assert ("exec sleep 100", None, bash.flow.tail.end) == (
        *(last.command, last.exit_code, last.end),
    )


@needs("zsh")
@pytest.mark.slow
async def test_zsh_keeps_the_user_s_eol_mark(tmp_path: Path) -> None:
    """The user's own mark or none; it is no longer part of the output."""
    rc = PROMPT["zsh"] + "; PROMPT_EOL_MARK='<no end>'"
    async with shell(tmp_path, "zsh", rc=rc) as zsh:
        block = await keys(zsh, "printf foo\r")
        assert b"foo" == output(zsh, block)
        await zsh.shows("foo<no end>")
        block = await keys(zsh, "print -r -- $PROMPT_EOL_MARK\r")
        assert block.sha256 is not None
        await keys(zsh, "unset PROMPT_EOL_MARK; setopt no_prompt_sp\r")
        block = await keys(zsh, "printf bar; (exit 3)\r")
        assert (b"bar", 3) == (output(zsh, block), block.exit_code)
        block = await keys(zsh, "print ${+PROMPT_EOL_MARK}; setopt prompt_sp\r")
        block = await keys(zsh, "typeset -r PROMPT_EOL_MARK=%%\r")
        block = await keys(zsh, "printf baz\r")
        assert output(zsh, block).startswith(b"baz")
        assert 7 == len(zsh.blocks)
