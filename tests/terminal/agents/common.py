"""Cases that any agent CLI may have: first start, drafts, picker, plan."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.terminal.agents import (
    AGENTS,
    ESC,
    SETTLE_S,
    Dialog,
    case,
    menu,
    open_case,
    reply,
    say,
)
from tests.terminal.fake_model import VALUES
from tests.terminal.recorder import DEMO, Recorder

LONG = (
    "this thought is so long that it does not fit into one row of a terminal that has "
    "ninety columns and goes on"
)
"""A draft that wraps."""

TWO = "\x1b[200~first thought\nsecond thought\x1b[201~"
"""A draft of two rows, as a paste."""

Step = tuple[Dialog, list[str], str]


def starts(cli: str, *steps: Step) -> None:
    """The dialogs of the first start, each with its keys and what they choose."""

    @case(cli, "setup", new=True)
    def script(r: Recorder) -> None:
        for dialog, keys, chose in steps[:-1]:
            menu(r, dialog)
            for key in keys[:-1]:
                r.type(key)
                r.sleep(SETTLE_S)
            r.type(keys[-1], chose)
            r.gone(dialog.sign)
        dialog, keys, chose = steps[-1]
        menu(r, dialog)
        reply(r, dialog, keys, chose)


def drafts(cli: str, palette: bool = True) -> None:
    """What is typed and not sent: a slash with its list, a long row, two rows."""

    @open_case(cli, "drafts", rests=True)
    def script(r: Recorder) -> None:
        def note(text: str) -> None:
            r.type(text)
            r.sleep(SETTLE_S + 0.5)
            r.moment("at_rest")

        def clear(count: int) -> None:
            for _ in range(count):
                r.type("\x7f")
                r.sleep(0.02)
            r.sleep(SETTLE_S)

        if palette:
            note("/")
            note("m")
            clear(2)
        note(LONG)
        clear(len(LONG))
        note(TWO)


def resumes(
    cli: str,
    question: str | None,
    rows: Callable[[str], list[str]],
    *,
    anew: str = "/clear",
    command: str = "/resume",
    selected: int | None = 0,
) -> None:
    """The picker of earlier conversations; `rows` finds its options on the screen.

    `anew` begins another conversation before it, if the agent needs that.
    """

    @open_case(cli, "resume")
    def script(r: Recorder) -> None:
        say(r, "demo hello")
        r.wait("Tell me what to do.")
        r.sleep(2)
        if anew:
            say(r, anew)
            r.sleep(2.5)
        say(r, command)
        r.sleep(3)
        r.until(lambda: bool(rows(r.text)), "a conversation")
        options = rows(r.text)
        r.moment("dialog", "multi_choice", question, options, selected)
        r.type(ESC, "Esc")
        r.sleep(2)
        r.moment("at_rest")


def plans(
    cli: str, keys: list[str], sign: str, answer: list[str], chose: str, file: str = ""
) -> None:
    """Plan mode, reached by these keys, and what the agent asks at its end.

    `file` of the project has the plan before, of an agent that reads one.
    """
    dialog = AGENTS[cli].dialogs["plan"]

    @open_case(cli, "plan", rows=40)
    def script(r: Recorder) -> None:
        if file:
            Path(DEMO, file).parent.mkdir(exist_ok=True)
            Path(DEMO, file).write_text(VALUES["plan"])
        for key in keys:
            r.type(key)
            r.sleep(SETTLE_S)
        r.wait(sign)
        r.sleep(SETTLE_S)
        r.moment("at_rest")
        say(r, "demo plan")
        menu(r, dialog)
        reply(r, dialog, answer, chose)


def found(pattern: str) -> Callable[[str], list[str]]:
    """The first group of each row of the screen that matches."""
    return lambda text: [
        match[1] for row in text.split("\n") if (match := re.search(pattern, row))
    ]
