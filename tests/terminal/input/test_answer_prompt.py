"""Answers to real programs: they go to the prompt they are for, or nowhere."""

import sys
from pathlib import Path

import pytest
import trio

from ant.core.errors import Conflict, NotAnOption, NotRunning, PromptChanged
from ant.terminal.input.answer_prompt import WATCH_S
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Form
from tests.installed import each, needs
from tests.terminal.running import running


def asks(script: str) -> tuple[str, ...]:
    """A shell script that asks, prints what it got, and stays."""
    return ("bash", "-c", f'{script}; echo "GOT<$a>"; sleep 60')


READS = {
    "yes": ("read -p 'Go on? [y/N] ' a", Choice("approve"), "GOT<y>"),
    "no": ("read -p 'Go on? [y/N] ' a", Choice("deny"), "GOT<N>"),
    "confirm": (
        "read -p 'Go on? (yes/no): ' a",
        Choice("confirm", yes=False),
        "GOT<no>",
    ),
    "one key": (
        "read -n1 -p 'Overwrite (y/n)? ' a",
        Choice("confirm", yes=True),
        "GOT<y>",
    ),
    "far behind the prompt": (
        "read -p 'Go on? [y/N]   ' a",
        Choice("approve"),
        "GOT<y>",
    ),
    "a line": (
        "read -p 'Your name: ' a",
        Choice("text", text="Ann O'Neil 漢字"),
        "GOT<Ann O'Neil 漢字>",
    ),
    "an empty line": ("read -p 'Your name: ' a", Choice("text", text=""), "GOT<>"),
    "a secret": (
        "read -s -p 'Password: ' a",
        Choice("text", text="s3 cret$"),
        "GOT<s3 cret$>",
    ),
    "Enter": ("read -p 'Press Enter to continue' a", Choice("approve"), "GOT<>"),
    "by index": (
        "select a in red green blue; do break; done",
        Choice("select", index=1),
        "GOT<green>",
    ),
    "by label": (
        "select a in red green blue; do break; done",
        Choice("select", label="Blue"),
        "GOT<blue>",
    ),
}


@pytest.mark.parametrize("name", READS)
async def test_a_shell_gets_the_answer(name: str) -> None:
    """Words, numbers, lines and secrets, each typed once and sent once."""
    script, choice, expected = READS[name]
    async with running(*asks(script)) as onlooker:
        prompt = await onlooker.prompt()
        outcome = await onlooker.live.answer(prompt.fingerprint, choice)
        assert outcome.resolved
        await onlooker.shows(expected)


PARTS = ("a", "Aa", "on", "b", "Bb", "off", "c", "Cc", "off")
BOXES = {
    "menu": (
        ("--menu", "Pick", "18", "60", "8", "1", "One", "2", "Two", "3", "Three"),
        Choice("select", label="Three"),
        "3",
    ),
    "yesno": (("--yesno", "Really?", "10", "40"), Choice("deny"), "left 1"),
    "checklist": (
        ("--separate-output", "--checklist", "Parts", "18", "60", "8", *PARTS),
        Choice("select", indexes=(1, 2)),
        "b c",
    ),
    "radiolist": (
        ("--radiolist", "Part", "18", "60", "8", *PARTS),
        Choice("select", index=2),
        "c",
    ),
    "inputbox": (
        ("--inputbox", "Name", "10", "40"),
        Choice("text", text="debian"),
        "debian",
    ),
}


@pytest.mark.parametrize("program", each("whiptail", "dialog"))
@pytest.mark.parametrize("name", BOXES)
async def test_dialogs_are_operated_by_what_they_show(program: str, name: str) -> None:
    """Rows are reached by arrows, boxes ticked, and Enter pressed on the right one."""
    argv, choice, expected = BOXES[name]
    quoted = " ".join(f"'{each}'" for each in argv)
    script = f"a=$({program} {quoted} 3>&1 1>&2 2>&3)"
    script += '; c=$?; clear; echo "LEFT<"${a:-left $c}">"; sleep 60'
    async with running("bash", "-c", script) as onlooker:
        prompt = await onlooker.prompt()
        outcome = await onlooker.live.answer(prompt.fingerprint, choice)
        assert outcome.resolved
        await onlooker.shows(f"LEFT<{expected}>")


NANO = {
    "No": (Choice("select", label="No"), "LEFT"),
    "Yes": (Choice("approve"), "Write to File: "),
    "Cancel": (Choice("select", label="cancel"), "^G Help"),
    "deny": (Choice("deny"), None),
}


@needs("nano")
@pytest.mark.parametrize("name", NANO)
async def test_nano_asks_whether_to_save(name: str, tmp_path: Path) -> None:
    """One key each, as its rows explain; what `deny` would mean there is unclear."""
    choice, expected = NANO[name]
    script = "nano -I text; clear; echo LEFT; sleep 60"
    async with running("bash", "-c", script, cwd=str(tmp_path)) as onlooker:
        await onlooker.shows("^G Help")
        onlooker.live.type_nowait(b"words")
        await onlooker.shows("words")
        onlooker.live.type_nowait(b"\x18")
        await onlooker.shows("Save modified buffer?")
        prompt = await onlooker.prompt()
        while prompt.rule != "bar":
            prompt = await onlooker.prompt(prompt.fingerprint)
        if expected is None:
            with pytest.raises(NotAnOption):
                await onlooker.live.answer(prompt.fingerprint, choice)
            return
        outcome = await onlooker.live.answer(prompt.fingerprint, choice)
        assert outcome.resolved
        await onlooker.shows(expected)


@needs("zsh")
async def test_zsh_asks_before_it_deletes(tmp_path: Path) -> None:
    """It is no shell prompt that a message may be typed into."""
    (tmp_path / "kept").touch()
    async with running("zsh", "-f", cwd=str(tmp_path)) as onlooker:
        await onlooker.shows("$")
        onlooker.live.type_nowait(b"rm *\r")
        await onlooker.shows("[yn]?")
        prompt = await onlooker.prompt()
        outcome = await onlooker.live.answer(prompt.fingerprint, Choice("deny"))
        assert outcome.resolved
        await onlooker.shows("[yn]? n")
    assert (tmp_path / "kept").exists()


INQUIRER = """
import os, sys, tty
tty.setraw(0)
keys, below, line = sys.argv[1], sys.argv[2:], ""
while True:
    shown = f"\\r\x1b[J? Which fruit?{keys} {line}"
    rows = [*below, f">> {line}"] if line and not below else below
    up = f"\x1b[{len(rows)}A" if rows else ""
    shown += "".join("\\r\\n" + row for row in rows) + up
    os.write(1, (shown + f"\\r\x1b[{len(f'? Which fruit?{keys} {line}')}C").encode())
    key = os.read(0, 1)
    if key == b"\\r":
        break
    line += key.decode()
print(f"\x1b[2J\x1b[HGOT<{line}>", flush=True)
os.read(0, 1)
"""
"""Draws what the `rawlist` and `expand` of Node's inquirer draw, and takes a line."""


@pytest.mark.parametrize(
    ("drawn", "choice", "expected"),
    [
        (("", "  1) Apple", "  2) Pear"), Choice("select", label="Pear"), "GOT<2>"),
        (("", "  y) Overwrite", "  x) Abort"), Choice("abort"), "GOT<x>"),
        ((" (yaxH)",), Choice("select", label="a"), "GOT<a>"),
    ],
)
async def test_a_key_is_typed_above_its_list(
    drawn: tuple[str, ...], choice: Choice, expected: str
) -> None:
    """It stands after the question, and Enter sends it."""
    async with running(sys.executable, "-c", INQUIRER, *drawn) as onlooker:
        prompt = await onlooker.prompt()
        assert Form.WORDS is prompt.form
        outcome = await onlooker.live.answer(prompt.fingerprint, choice)
        assert outcome.resolved
        await onlooker.shows(expected)


TOGGLE = """
import os, tty
tty.setraw(0)
on = False
while True:
    off_ink, on_ink = ("", "\x1b[36m") if on else ("\x1b[36m", "")
    shown = f"{off_ink}No\x1b[m / {on_ink}Yes\x1b[m"
    os.write(1, f"\x1b[?25l\\r? Sure? \x1b[90m›\x1b[m {shown}".encode())
    key = os.read(0, 3)
    if key == b"\\r":
        break
    on = key == b"\x1b[C" or (on and key != b"\x1b[D")
print(f"\x1b[2J\x1b[HGOT<{on}>", flush=True)
os.read(0, 1)
"""


@pytest.mark.parametrize("yes", [True, False])
async def test_a_toggle_is_moved_and_accepted(yes: bool) -> None:
    """As `prompts` of Node asks: two words in a row, the coloured one is chosen."""
    async with running(sys.executable, "-c", TOGGLE) as onlooker:
        prompt = await onlooker.prompt()
        choice = Choice("confirm", yes=yes)
        outcome = await onlooker.live.answer(prompt.fingerprint, choice)
        assert outcome.resolved
        await onlooker.shows(f"GOT<{yes}>")


DRAWS_FIRST = """
import os, select, tty
tty.setraw(0)
acts_on = drawn = 0
while True:
    rows = "".join(
        f"\\r\\n{'>' if i == drawn else ' '} {each}"
        for i, each in enumerate(["Red", "Green", "Blue"])
    )
    hints = "Up/Down to navigate, Enter to select"
    os.write(1, f"\x1b[?25l\x1b[2J\x1b[HWhich?{rows}\\r\\n\\r\\n{hints}".encode())
    if not select.select([0], [], [], 0.05)[0]:
        acts_on = drawn
    key = os.read(0, 3)
    if key == b"\\r":
        break
    acts_on = drawn
    drawn += {b"\x1b[A": -1, b"\x1b[B": 1}.get(key, 0)
print(f"\x1b[2J\x1b[HGOT<{acts_on}>", flush=True)
os.read(0, 1)
"""
"""For a moment after it has drawn the marker, Enter takes the row marked before."""


async def test_enter_waits_for_a_program_that_draws_before_it_acts() -> None:
    """The answer is the row that was meant, not the one above it."""
    async with running(sys.executable, "-c", DRAWS_FIRST) as onlooker:
        prompt = await onlooker.prompt()
        choice = Choice("select", label="Blue")
        outcome = await onlooker.live.answer(prompt.fingerprint, choice)
        assert outcome.resolved
        await onlooker.shows("GOT<2>")


REFUSED = [
    ("read -p 'Go on? [y/N] ' a", Choice("text", text="maybe")),
    ("read -p 'Go on? [y/N] ' a", Choice("select", index=2)),
    ("read -p 'Go on? [y/N] ' a", Choice("select", label="yep")),
    ("read -p 'Go on? [y/N] ' a", Choice("retry")),
    ("read -p 'Your name: ' a", Choice("approve")),
    ("read -p 'Your name: ' a", Choice("text", text="a\x03b")),
    ("read -p 'Your name: ' a", Choice("text", text="two\nlines")),
    ("read -s -p 'Password: ' a", Choice("confirm", yes=True)),
]


@pytest.mark.parametrize(("script", "choice"), REFUSED)
async def test_a_choice_without_meaning_presses_nothing(
    script: str, choice: Choice
) -> None:
    """It is refused, and the program gets no byte."""
    async with running(*asks(script)) as onlooker:
        prompt = await onlooker.prompt()
        end = onlooker.flow.tail.end
        with pytest.raises(NotAnOption):
            await onlooker.live.answer(prompt.fingerprint, choice)
        again = await onlooker.prompt()
        assert prompt.fingerprint == again.fingerprint
        assert end == onlooker.flow.tail.end


async def test_another_prompt_is_not_answered() -> None:
    """An answer to an earlier prompt is refused, and nothing is typed."""
    script = "read -p 'First? [y/N] ' b; read -p 'Delete all? [y/N] ' a"
    async with running(*asks(script)) as onlooker:
        first = await onlooker.prompt()
        await onlooker.live.answer(first.fingerprint, Choice("approve"))
        second = await onlooker.prompt(first.fingerprint)
        end = onlooker.flow.tail.end
        with pytest.raises(PromptChanged):
            await onlooker.live.answer(first.fingerprint, Choice("approve"))
        assert end == onlooker.flow.tail.end
        await onlooker.live.answer(second.fingerprint, Choice("deny"))
        await onlooker.shows("GOT<N>")


async def test_a_line_that_an_operator_has_begun_is_left_alone() -> None:
    """ANT does not finish it."""
    async with running(*asks("read -p 'Go on? [y/N] ' a")) as onlooker:
        prompt = await onlooker.prompt()
        onlooker.live.type_nowait(b"n")
        await onlooker.shows("[y/N] n")
        with pytest.raises(Conflict):
            await onlooker.live.answer(prompt.fingerprint, Choice("approve"))
        onlooker.live.type_nowait(b"\r")
        await onlooker.shows("GOT<n>")


async def test_other_input_waits_for_the_answer() -> None:
    """Inputs do not mix: the write lock is held until the answer is sent."""
    script = "read -p 'Your name: ' a; read -p 'More: ' b; echo \"MORE<$b>\""
    async with running(*asks(script)) as onlooker:
        prompt = await onlooker.prompt()
        async with trio.open_nursery() as nursery:
            text = Choice("text", text="x" * 200)
            nursery.start_soon(onlooker.live.answer, prompt.fingerprint, text)
            await trio.testing.wait_all_tasks_blocked()
            onlooker.live.type_nowait(b"later\r")
        await onlooker.shows("MORE<later>")
        await onlooker.shows("xxx>")


async def test_a_program_that_ends_is_no_longer_asking() -> None:
    """Its prompt has gone with it, and another answer is refused."""
    async with running("bash", "-c", "read -p 'Go on? [y/N] ' a") as onlooker:
        prompt = await onlooker.prompt()
        outcome = await onlooker.live.answer(prompt.fingerprint, Choice("approve"))
        assert outcome.resolved
        await onlooker.live.over.wait()
        with pytest.raises(NotRunning):
            await onlooker.live.answer(prompt.fingerprint, Choice("approve"))


@pytest.mark.parametrize("blanks", [" ", "   "])
async def test_the_same_question_asked_again_is_another_prompt(blanks: str) -> None:
    """A loop that asks the same has accepted each answer; that is seen at once."""
    ask = f"read -p 'Go on? [y/N]{blanks}' a"
    script = f'while {ask}; do b=$b$a; echo "HAD<$b>"; done'
    async with running("bash", "-c", script) as onlooker:
        before = ""
        for count in range(1, 4):
            prompt = await onlooker.prompt(before)
            before = prompt.fingerprint
            start = trio.current_time()
            outcome = await onlooker.live.answer(prompt.fingerprint, Choice("approve"))
            assert outcome.resolved
            assert trio.current_time() - start < WATCH_S / 2
            await onlooker.shows(f"HAD<{'y' * count}>")


IGNORES_ENTER = """
import os, sys, tty
tty.setraw(0)
os.write(1, b"? Name: ")
while key := os.read(0, 1):
    if key != b"\\r":
        os.write(1, key)
"""


async def test_a_line_that_is_not_accepted_is_not_resolved() -> None:
    """Enter was pressed, and the line still stands there."""
    async with running(sys.executable, "-c", IGNORES_ENTER) as onlooker:
        prompt = await onlooker.prompt()
        choice = Choice("text", text="Ann")
        outcome = await onlooker.live.answer(prompt.fingerprint, choice)
        assert not outcome.resolved
        await onlooker.shows("? Name: Ann")


ASKS_AGAIN = """
import os, sys, tty
tty.setraw(0)
rule, done = "─" * 60, []
for command in sys.argv[1:]:
    rows = ["", rule, " Bash command", f"   {command}", "", " Do you want to proceed?"]
    rows += [" ❯ 1. Yes", "   2. No", "", " Esc to cancel"]
    os.write(1, ("\x1b[?25l\x1b[2J\x1b[H" + "\\r\\n".join(rows)).encode())
    while os.read(0, 1) != b"\\r":
        pass
    done.append(command)
os.write(1, f"\x1b[2J\x1b[HRAN<{done}>".encode())
os.read(0, 1)
"""
"""An agent that asks for one command after the other, with the same words."""


async def test_an_answer_right_behind_a_typed_line_is_refused() -> None:
    """No look has shown yet that the next screen, which is the same, asks anew."""
    script = "for n in 1 2; do clear; read -p 'Go on? [y/N] ' a; b=$b$a; done"
    async with running(*asks(f'{script}; echo "HAD<$b>"')) as onlooker:
        prompt = await onlooker.prompt()
        onlooker.live.type_nowait(b"n\r")
        with pytest.raises(PromptChanged):
            await onlooker.live.answer(prompt.fingerprint, Choice("approve"))
        onlooker.live.type_nowait(b"n\r")
        await onlooker.shows("HAD<nn>")


SPACED = ("rm -rf /tmp/x", "rm -rf / tmp/x")


@pytest.mark.parametrize("flag", ["claude-code", None])
@pytest.mark.parametrize("commands", [SPACED, ("ls", "rm -rf /")])
async def test_commands_are_compared_exactly(
    flag: str | None, commands: tuple[str, str]
) -> None:
    """A blank makes another command, with and without a driver."""
    asks = (sys.executable, "-c", ASKS_AGAIN, *commands)
    async with running(*asks, flag=flag) as onlooker:
        first = await onlooker.prompt()
        onlooker.live.type_nowait(b"\r")
        await onlooker.shows(commands[1])
        second = await onlooker.prompt(first.fingerprint)
        assert (first.question, first.options) == (second.question, second.options)
        with pytest.raises(PromptChanged):
            await onlooker.live.answer(first.fingerprint, Choice("approve"))
        await onlooker.live.answer(second.fingerprint, Choice("approve"))
        await onlooker.shows("RAN<")


CHANGES = """
import os, tty
tty.setraw(0)
for command in ("ls", "rm -rf /"):
    rows = ["Bash command", "", command, "", "Do you want to proceed?"]
    rows += ["❯ 1. Yes", "  2. No"]
    os.write(1, ("\x1b[?25l\x1b[2J\x1b[H" + "\\r\\n".join(rows)).encode())
    taken = os.read(0, 1) == b"\\r"
os.write(1, f"RAN<{taken}>".encode())
os.read(0, 1)
"""
"""What it wants to do becomes something else while it waits for an answer."""


async def test_a_command_that_changes_while_it_waits_is_another_prompt() -> None:
    """Without a driver, and without a typed line."""
    async with running(sys.executable, "-c", CHANGES) as onlooker:
        first = await onlooker.prompt()
        onlooker.live.type_nowait(b"x")
        await onlooker.shows("rm -rf /")
        end = onlooker.flow.tail.end
        with pytest.raises(PromptChanged):
            await onlooker.live.answer(first.fingerprint, Choice("approve"))
        assert end == onlooker.flow.tail.end
        await onlooker.prompt(first.fingerprint)


async def test_the_next_command_is_not_allowed_by_an_answer_to_this_one() -> None:
    """Question and options are the same; the command is not."""
    asks = (sys.executable, "-c", ASKS_AGAIN, "ls", "rm -rf /")
    async with running(*asks, flag="claude-code") as onlooker:
        ls = await onlooker.prompt()
        onlooker.live.type_nowait(b"\r")
        await onlooker.shows("rm -rf /")
        end = onlooker.flow.tail.end
        with pytest.raises(PromptChanged):
            await onlooker.live.answer(ls.fingerprint, Choice("approve"))
        assert end == onlooker.flow.tail.end
        rm = await onlooker.prompt(ls.fingerprint)
        assert (ls.question, ls.options) == (rm.question, rm.options)
    async with running(*asks, flag="claude-code") as onlooker:
        outcome = await onlooker.live.answer(
            (await onlooker.prompt()).fingerprint, Choice("approve")
        )
        assert outcome.resolved
        await onlooker.shows("rm -rf /")
