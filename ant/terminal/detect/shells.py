"""A shell that edits its command line, and what it asks meanwhile."""

import re

from ant.terminal.agents.driver import drivers
from ant.terminal.agents.driver_files import SHELL
from ant.terminal.detect.pagers import view
from ant.terminal.detect.prompt_builder import asked
from ant.terminal.detect.typed_choices import find_choices
from ant.terminal.model.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.model.tty import ShellStep, Tty
from ant.terminal.screen.snapshot import ScreenSnapshot

MARKED = f"{SHELL}/mark"
"""The rule of a shell that says by its marks that it is at its prompt."""

_ZSH = re.compile(
    r"zsh: (?P<question>.*?) ?(?:\[(?P<keys>[a-z]{2,6})\]|(?P<lines>\(\d+ lines\)))\? "
)
_POSSIBILITIES = re.compile(r"\s*\(y or n\)\s*$")


def edits_commands(tty: Tty | None) -> bool:
    """Whether the session's shell is in front and edits its own line: it is at rest.

    Asking by `read`, it leaves the line to the terminal, which is then canonical, or
    reads one key and leaves Enter as it is, which an editor of lines does not do,
    but for that of zsh.
    """
    return (
        tty is not None
        and tty.leader
        and tty.foreground in drivers()[SHELL].programs
        and not tty.canonical
        and not tty.echo
        and (tty.foreground == "zsh" or not tty.icrnl)
    )


def takes_commands(tty: Tty | None) -> str | None:
    """The rule by which the session's shell is at its prompt, if it is.

    What it says of itself decides: editing a line it may still run `read -e`, and at
    its prompt it may leave the line to the terminal.
    """
    if tty is not None and tty.mark is ShellStep.INPUT and not tty.is_deaf:
        return MARKED
    if tty is not None and tty.mark is ShellStep.OUTPUT:
        return None
    return SHELL if edits_commands(tty) else None


def find_zsh_ask(snapshot: ScreenSnapshot) -> Prompt | None:
    """What zsh asks before it deletes, corrects or lists: it takes the next key.

    It does so in the state in which it edits a line, and while it runs one.
    """
    if snapshot.takes_lines or snapshot.cursor.row != snapshot.last:
        return None
    if (found := _ZSH.fullmatch(snapshot.typed_line)) is None:
        return None
    return asked(
        snapshot,
        PromptClass.CONFIRMATION,
        Form.KEYS,
        f"{found['question']}?",
        *(Option(key, keys=key) for key in found["keys"] or "yn"),
        rule="zsh",
    )


def find_shell_ask(snapshot: ScreenSnapshot) -> Prompt | None:
    """What a shell asks while it edits: whether to list, or the rest of a command."""
    text = snapshot.typed_at
    if (found := _POSSIBILITIES.search(text)) is not None:
        options = (Option(key, keys=key) for key in "yn")
        question = text[: found.start()]
        return asked(
            snapshot,
            PromptClass.CONFIRMATION,
            Form.KEYS,
            question,
            *options,
            rule="possibilities",
        )
    if text == "?# ":
        return find_choices(snapshot)  # A `select` of zsh, whose line it edits as any.
    if text.strip() == "--More--":
        return view(snapshot, PromptClass.PAGER)
    for rule in drivers()[SHELL].unfinished:
        if (found := rule.pattern.search(text)) is not None:
            question = found.groupdict().get("question") or text
            return asked(
                snapshot,
                PromptClass.FREE_TEXT,
                Form.LINE,
                question,
                rule=f"{SHELL}/{rule.id}",
            )
    return None
