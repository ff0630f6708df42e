"""Real shells report their prompts and commands, and otherwise behave as before."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio

from ant.runtime.launch import SHELL_INTEGRATION, plan
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.model.prompt import Kind
from ant.terminal.model.tty import ShellStep
from ant.terminal.run_session import run_session
from ant.terminal.shell.osc133 import Folder, ShellMark
from tests.installed import each, needs
from tests.terminal.marks import KEY, proven
from tests.terminal.running import COLS, ROWS, Onlooker

SHELLS = each("bash", "zsh", "fish")
RC = {"bash": ".bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}
PROMPT = {
    "bash": r"PS1='\n[\w]\nsays $? \$ '",
    "zsh": "PS1=$'\\n[%~]\\nsays %? %# '; setopt no_global_rcs",
    "fish": r"""
set -g fish_greeting
function fish_prompt
    set -l code $status
    printf '\n[%s]\n' (prompt_pwd)
    echo "says $code > "
end
""",
}
"""Three lines, the first of them blank, with the last command's exit code."""

MARK = re.compile(rb"\x1b\](133|7);[^\x07\x1b]*\x07")


class Shell(Onlooker):
    """A shell in its own home folder, and the marks that it has printed."""

    def __init__(self, home: Path, *argv: str, marked: bool = True, **env: str) -> None:
        super().__init__(argv, str(home))
        own = {"HOME": str(home), "LC_ALL": "C.UTF-8", **env}
        key = KEY if marked else None
        self.spec = plan(argv, str(home), own, COLS, ROWS, key)

    @property
    def data(self) -> bytes:
        """All its output."""
        tail = self.flow.tail
        return tail.read(0, tail.end)

    def trusted(self) -> list[ShellMark | Folder]:
        """Return the marks that the shell has proven to have printed."""
        return proven(self.data)

    def marks(self, step: ShellStep) -> list[ShellMark]:
        """Return all its marks with that letter."""
        return [
            m for m in self.trusted() if isinstance(m, ShellMark) and m.step is step
        ]

    async def prompted(self) -> None:
        """Wait until it is at a prompt again."""
        ran = len(self.marks(ShellStep.OUTPUT))
        await self.until(
            lambda: (
                len(self.marks(ShellStep.END)) == ran
                and self.live.snapshot()[1].rule == "shell/mark"
            )
        )

    async def run(self, command: str) -> None:
        """Run a command, to its end."""
        ended = len(self.marks(ShellStep.END))
        self.live.type_nowait(command.encode() + b"\r")
        await self.until(lambda: len(self.marks(ShellStep.END)) > ended)
        await self.prompted()

    def lines(self) -> list[str]:
        """Return the rows of the screen."""
        return [line for line in self.live.look().lines if line]


@asynccontextmanager
async def shell(
    home: Path, *argv: str, rc: str = "", marked: bool = True, **env: str
) -> AsyncIterator[Shell]:
    """Start a shell that reads `rc`; wait for its first prompt if `marked` is set."""
    file = home / RC[argv[0]]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(rc + "\n")
    async with trio.open_nursery() as nursery:
        onlooker, detector = Shell(home, *argv, marked=marked, **env), PromptDetector()
        detector.shell.key = KEY
        live = await nursery.start(run_session, detector, onlooker)
        try:
            if marked:
                await onlooker.prompted()
            yield onlooker
        finally:
            live.stop(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_marks_are_exact(tmp_path: Path, name: str) -> None:
    """A command's output, exit code and folder, to the byte."""
    folder = tmp_path / "a bé#;%"
    folder.mkdir()
    async with shell(tmp_path, name, rc=PROMPT[name]) as bash:
        await bash.run(r"printf 'one\ntwo\n'")
        await bash.run("sh -c 'exit 7'")
        await bash.run("cd 'a bé#;%'")
        starts, ends = bash.marks(ShellStep.OUTPUT), bash.marks(ShellStep.END)
        assert [0, 7, 0] == [mark.exit_code for mark in ends]
        assert [None] * 3 == [mark.exit_code for mark in starts]
        output = bash.data[starts[0].end : ends[0].start]
        assert b"one\r\ntwo\r\n" in output
        if name == "bash":
            assert b"one\r\ntwo\r\n" == output
        for at, mark in enumerate(bash.marks(ShellStep.INPUT)[:-1]):
            typed = MARK.sub(b"", bash.data[mark.end : starts[at].start])
            assert [b"printf", b"sh", b"cd"][at] in typed
        paths = [each.path for each in bash.trusted() if isinstance(each, Folder)]
        assert [str(tmp_path)] * 3 + [str(folder)] == paths
        prompts = [
            bash.data[a.end : b.start]
            for a, b in zip(
                bash.marks(ShellStep.PROMPT), bash.marks(ShellStep.INPUT), strict=True
            )
        ]
        assert [0, 0, 7, 0] == [
            int(re.findall(rb"says (\d+)", prompt)[-1]) for prompt in prompts
        ]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_prompts_look_as_before(tmp_path: Path, name: str) -> None:
    """The same screens with and without marks, after unended output and a resize."""
    screens = []
    for marked in (False, True):
        async with shell(tmp_path, name, rc=PROMPT[name], marked=marked) as onlooker:
            await onlooker.shows("says 0")
            for command, shown in (("printf foo", "foo"), ("false", "says 1")):
                onlooker.live.type_nowait(command.encode() + b"\r")
                await onlooker.until(lambda shown=shown: settled(onlooker, shown))
            screens.append(onlooker.lines())
            onlooker.live.resize(30, 20)
            onlooker.live.type_nowait(b"echo wi''de; echo and mo''re\r")
            await onlooker.until(lambda: settled(onlooker, "more"))
            screens.append(onlooker.lines())
    assert screens[:2] == screens[2:]


def settled(onlooker: Shell, shown: str) -> bool:
    """Whether the screen has this text, and below it an empty prompt."""
    lines = onlooker.live.look().lines
    rows = [row for row, line in enumerate(lines) if shown in line]
    last = onlooker.lines()[-1]
    at_end = re.fullmatch(r"says \d+ [$#%>]", last) is not None
    return bool(rows) and at_end and lines.index(last, rows[-1]) >= rows[-1]


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_children_are_not_given_the_key(tmp_path: Path, name: str) -> None:
    """Nor another variable of ANT's; a shell inside the shell has no marks."""
    async with shell(tmp_path, name, PS1="% ", ZDOTDIR=str(tmp_path)) as onlooker:
        await onlooker.run("env; echo done")
        output = MARK.sub(b"", onlooker.data)
        assert b"done" in output
        assert KEY.needle not in onlooker.data
        assert b"ANT_" not in output
        assert f"ZDOTDIR={tmp_path}\r\n".encode() in output
        before = len(onlooker.trusted())
        onlooker.live.type_nowait(name.encode() + b"\r")
        await onlooker.until(lambda: len(onlooker.marks(ShellStep.OUTPUT)) == 2)
        onlooker.live.type_nowait(b"echo inne''r\r")
        await onlooker.shows("inner")
        assert before + 1 == len(onlooker.trusted())
        await onlooker.run("exit")
        assert 2 == len(onlooker.marks(ShellStep.END))


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_marks_can_be_switched_off(tmp_path: Path, name: str) -> None:
    """By a variable in the session's own environment."""
    off = {SHELL_INTEGRATION: "0"}
    async with trio.open_nursery() as nursery:
        onlooker, detector = Shell(tmp_path, name, **off), PromptDetector()
        (tmp_path / RC[name]).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / RC[name]).write_text(PROMPT[name])
        detector.shell.key = KEY
        live = await nursery.start(run_session, detector, onlooker)
        await onlooker.shows("says 0")
        assert [] == onlooker.trusted()
        live.stop(0.1)


HOOKS = r"""
set -eu
export PS1 # For all that run below.
alias printf=false local=false
PROMPT_COMMAND='was=$?; PS1="[$was] \$ "'
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "rc",
    [
        HOOKS,
        HOOKS.replace("PROMPT_COMMAND=", "PROMPT_COMMAND[3]="),
        "PS1='[$?] $ '; trap 'traps=$((${traps-0} + 1))' DEBUG; PROMPT_COMMAND=true",
        "PS1='$ '; set -o vi; IFS=/; shopt -s extdebug nocasematch; set -T -x",
        "PS1='[$?] $ '; PROMPT_COMMAND=('false' 'true'); return 3",
    ],
)
async def test_bash_with_all_sorts_of_files(tmp_path: Path, rc: str) -> None:
    """The user's traps, hooks, aliases and strict options do not matter."""
    async with shell(tmp_path, "bash", rc=rc) as bash:
        await bash.run("true && echo on''e")
        await bash.run("! true")
        await bash.run("echo $? tw''o")
        assert [0, 1, 0] == [mark.exit_code for mark in bash.marks(ShellStep.END)]
        lines = bash.lines()
        assert any(line == "one" for line in lines)
        assert any(line == "1 two" for line in lines)
        assert (
            not any("__ant" in line or "rror" in line for line in lines) or "-x" in rc
        )
        if "[" in rc:
            assert any(line.startswith("[1] $ echo") for line in lines)


@pytest.mark.slow
async def test_a_trap_sees_the_commands_of_the_user_last(tmp_path: Path) -> None:
    """A stop watch on DEBUG, that its hook resets, starts with the next command.

    Where that hook makes PS1 anew, there are no marks in it.
    """
    rc = """
    trap 'began=${began:-$BASH_COMMAND}' DEBUG
    PROMPT_COMMAND='unset began'
    """
    async with shell(tmp_path, "bash", rc=rc) as bash:
        await bash.run("true one")
        await bash.run('echo "began: $began"')
        assert 'began: echo "began: $began"' in bash.lines()
        bash.live.type_nowait(b"PROMPT_COMMAND+=(\"PS1='new> '; unset began\")\r")
        await bash.shows("new>")
        bash.live.type_nowait(b"echo as ev''er\r")
        await bash.until(lambda: bash.lines()[-2:] == ["as ever", "new>"])
        await bash.until(lambda: bash.live.snapshot()[1].rule == "shell")


@pytest.mark.slow
async def test_readonly_hooks_are_left(tmp_path: Path) -> None:
    """Then bash has no marks, and prints no error."""
    rc = "PS1='$ '; PROMPT_COMMAND='echo hook'; readonly PROMPT_COMMAND"
    async with shell(tmp_path, "bash", rc=rc, marked=False) as plain:
        await plain.shows("$")
        expected = plain.lines()
    async with trio.open_nursery() as nursery:
        onlooker = Shell(tmp_path, "bash")
        live = await nursery.start(run_session, PromptDetector(), onlooker)
        await onlooker.shows("$")
        assert (expected, []) == (onlooker.lines(), onlooker.trusted())
        live.stop(0.1)


@pytest.mark.slow
@pytest.mark.parametrize("name", SHELLS)
async def test_files_that_are_read_again(tmp_path: Path, name: str) -> None:
    """The user's settings replace ANT's; the next prompt has marks again."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        await onlooker.run(f"source ~/{RC[name]}")
        await onlooker.run("PROMPT_COMMAND= ; true" if name == "bash" else "true")
        await onlooker.run("echo don''e")
        assert 3 == len(onlooker.marks(ShellStep.END))
        assert 4 == len(onlooker.marks(ShellStep.INPUT))


@needs("zsh")
@pytest.mark.slow
async def test_zsh_reads_the_files_it_would_have_read(tmp_path: Path) -> None:
    """Each once, in order, from the folder that the first of them names."""
    other = tmp_path / "other"
    other.mkdir()
    (tmp_path / ".zshenv").write_text(f"print env; ZDOTDIR={other}\n")
    for name in ("zprofile", "zshrc", "zlogin"):
        (other / f".{name}").write_text(f"print {name}\nprecmd_functions+=(mine)\n")
    (other / ".zshrc").write_text("print zshrc; setopt err_exit no_unset; PS1='%# '\n")
    async with shell(tmp_path, "zsh", "-l") as zsh:
        await zsh.run("print $ZDOTDIR; print ${ANT_ZDOTDIR-none}")
        assert ["env", "zprofile", "zshrc", "zlogin"] == zsh.lines()[:4]
        assert [str(other), "none"] == zsh.lines()[-3:-1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "asks"),
    [
        ("bash", "read -e -p '> ' x"),
        pytest.param("zsh", "vared -p '> ' -c x", marks=needs("zsh")),
        pytest.param("fish", "read -P '> ' x", marks=needs("fish")),
    ],
)
async def test_a_builtin_that_edits_a_line_is_no_prompt(
    tmp_path: Path, name: str, asks: str
) -> None:
    """The line discipline and the screen are those of a prompt; the mark decides."""
    async with shell(tmp_path, name, rc=PROMPT[name]) as onlooker:
        onlooker.live.type_nowait(asks.encode() + b"\r")
        await onlooker.until(lambda: len(onlooker.marks(ShellStep.OUTPUT)) == 1)
        await onlooker.until(lambda: ">" == onlooker.lines()[-1].strip())
        verdict = onlooker.live.snapshot()[1]
        assert Kind.AT_REST is not verdict.kind
        onlooker.live.type_nowait(b"x\r")
        await onlooker.until(lambda: len(onlooker.marks(ShellStep.END)) == 1)
        await onlooker.prompted()


@pytest.mark.slow
async def test_other_programs_are_judged_by_their_screen(tmp_path: Path) -> None:
    """An interpreter below the shell, and a shell that replaces the shell."""
    async with shell(tmp_path, "bash", rc="PS1='$ '") as bash:
        bash.live.type_nowait(b"python3 -q\r")
        await bash.shows(">>>")
        await bash.until(lambda: bash.live.snapshot()[1].rule == "prompt")
        bash.live.type_nowait(b"\x04")
        await bash.until(lambda: len(bash.marks(ShellStep.END)) == 1)
        await bash.prompted()
        before = len(bash.trusted())
        bash.live.type_nowait(b"PS1='here> ' exec bash --norc\r")
        await bash.until(lambda: bash.lines()[-1] == "here>")
        await bash.until(lambda: bash.live.snapshot()[1].rule == "shell")
        assert [ShellStep.OUTPUT] == [
            getattr(m, "step", None) for m in bash.trusted()[before:]
        ]
