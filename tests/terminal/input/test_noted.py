"""Comments in real shells: typed only where the shell marks that it accepts them."""

from pathlib import Path

import pytest
import trio

from ant.core.errors import Withheld
from ant.terminal.input.type_message import TypeResult
from tests.terminal.shell.test_shell import PROMPT, Shell, shell

pytestmark = pytest.mark.slow

LINE = "# ANT: a message for this terminal is in the file /d/" + "x" * 100 + ".txt"


async def noted(one: Shell) -> TypeResult | None:
    """The result of the comment; None where it was not typed."""
    try:
        return await one.live.type_comment(LINE)
    except Withheld:
        return None


def at_empty_line(one: Shell) -> bool:
    """Whether the shell waits at an empty command line."""
    snapshot, _ = one.live.snapshot()
    cursor = snapshot.cursor
    at = snapshot.tty.comment_at if snapshot.tty is not None else None
    return at is not None and (at.row, at.col) == (cursor.row, cursor.col)


@pytest.mark.parametrize("name", ["bash", "fish"])
async def test_a_comment_is_typed_and_sent(tmp_path: Path, name: str) -> None:
    """Also in the last row, where a long line scrolls; it counts as no command."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as one:
        await one.run("seq 60")
        for _ in range(3):
            said = await noted(one)
            assert said is not None
            assert said.submitted
            await one.until(lambda: at_empty_line(one))
        one.live.type_nowait(b"echo it is o''k\r")
        await one.shows("it is ok")


@pytest.mark.parametrize(
    ("name", "before"),
    [
        ("bash", "echo half"),
        ("bash", "echo '\r"),
        ("bash", "cat <<EOF\r"),
        ("bash", "for x in 1\r"),
        ("bash", "PS2=;PS1=\recho 'a\r"),
        ("fish", "echo half"),
        ("fish", "echo '\r"),
        ("fish", "for x in 1\r"),
    ],
)
async def test_a_command_that_is_begun_is_left_alone(
    tmp_path: Path, name: str, before: str
) -> None:
    """Nothing is typed into it, however its prompt looks then."""
    async with shell(tmp_path, name, rc="PS2='$ '" if name == "bash" else "") as one:
        end = one.flow.tail.end
        one.live.type_nowait(before.encode())
        await one.until(lambda: one.flow.tail.end > end)
        while await one.live.wait_output(0.3):
            pass
        assert await noted(one) is None
        assert b"ANT: a message" not in one.data


@pytest.mark.parametrize(
    ("name", "command", "takes"),
    [
        ("bash", "shopt -u interactive_comments", False),
        ("bash", "shopt -s interactive_comments", True),
        ("zsh", "unsetopt interactive_comments", False),
        ("zsh", "setopt interactive_comments", True),
        ("zsh", "setopt interactive_comments; histchars='!^%'", False),
    ],
)
async def test_a_shell_marks_whether_it_accepts_comments(
    tmp_path: Path, name: str, command: str, takes: bool
) -> None:
    """At each prompt; where it does not, `#` would be a command."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as one:
        await one.run(command)
        assert takes == (await noted(one) is not None)
        await one.prompted()
        opposite = {
            "shopt -u interactive_comments": "shopt -s interactive_comments",
            "setopt interactive_comments": "unsetopt interactive_comments",
        }.get(command)
        if opposite is not None:
            await one.run(opposite)
            assert takes != (await noted(one) is not None)


async def test_nothing_is_sent_in_vi_command_mode(tmp_path: Path) -> None:
    """Without bracketed paste, `#` there sends a line of its own.

    The rest of the text stands there unsent.
    """
    rc = "set -o vi; bind 'set enable-bracketed-paste off'; PS1='$ '"
    async with shell(tmp_path, "bash", rc=rc) as one:
        await one.run("echo go")
        one.live.type_nowait(b"\x1b")
        await trio.sleep(0.8)  # What readline waits for after an ESC: no output tells.
        said = await noted(one)
        assert said is None or not said.submitted
        assert "command not found" not in "".join(one.lines())


@pytest.mark.parametrize("name", ["bash", "fish"])
async def test_without_a_mark_no_comment_is_typed(tmp_path: Path, name: str) -> None:
    """A shell without ANT's marks gets no comment."""
    async with shell(tmp_path, name, rc=PROMPT[name], marked=False) as one:
        await one.shows("says 0")
        assert await noted(one) is None
        assert b"ANT: a message" not in one.data
