"""The session's shell: whether it is at its prompt, and the questions it asks there."""

import re

from ant.terminal.agents.driver import drivers
from ant.terminal.agents.driver_files import SHELL
from ant.terminal.detect.pagers import view_prompt
from ant.terminal.detect.prompt_builder import cursor_prompt
from ant.terminal.detect.typed_choices import find_choices
from ant.terminal.model.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.model.tty import ShellStep, Tty
from ant.terminal.screen.snapshot import ScreenSnapshot

MARKED = f"{SHELL}/mark"
"""The rule for a shell whose marks (OSC 133) report that it is at its prompt."""

_ZSH = re.compile(
    r"zsh: (?P<question>.*?) ?(?:\[(?P<keys>[a-z]{2,6})\]|(?P<lines>\(\d+ lines\)))\? "
)
"""A question of zsh, with its keys, or about the length of a list."""

_POSSIBILITIES = re.compile(r"\s*\(y or n\)\s*$")
"""The end of the question whether to list completions."""


def edits_command_line(tty: Tty | None) -> bool:
    """Whether the session's shell is in the foreground and edits its command line.

    The line discipline shows it: no canonical mode, no echo, and no translation of CR
    to NL (`icrnl`). The built-in `read` differs in one of these: it reads a line in
    canonical mode, or a single key with `icrnl` on. The line editor of zsh leaves
    `icrnl` on, too, so for zsh that flag does not count.
    """
    return (
        tty is not None
        and tty.leader
        and tty.foreground in drivers()[SHELL].programs
        and not tty.canonical
        and not tty.echo
        and (tty.foreground == "zsh" or not tty.icrnl)
    )


def shell_rule(tty: Tty | None) -> str | None:
    """Return the name of the rule by which the shell is at its prompt, or None.

    The shell's last mark decides if there is one, because the line discipline may
    mislead: `read -e` edits a line although a command is running, and some shells leave
    the line at their prompt to the terminal.
    """
    if tty is not None and tty.mark is ShellStep.INPUT and not tty.ignores_input:
        return MARKED
    if tty is not None and tty.mark is ShellStep.OUTPUT:
        return None
    return SHELL if edits_command_line(tty) else None


def find_zsh_prompt(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the question of zsh that takes the next key, or None.

    Zsh asks before it deletes, corrects or lists, at its prompt and while a command
    runs.
    """
    if snapshot.takes_lines or snapshot.cursor.row != snapshot.last:
        return None
    if (found := _ZSH.fullmatch(snapshot.typed_line)) is None:
        return None
    return cursor_prompt(
        snapshot,
        PromptClass.CONFIRMATION,
        Form.KEYS,
        f"{found['question']}?",
        *(Option(key, keys=key) for key in found["keys"] or "yn"),
        rule="zsh",
    )


def find_shell_prompt(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the question of a shell that edits its command line, or None.

    The shell asks whether to list completions, shows its own pager, runs `select` in
    zsh, searches its history, or waits for the rest of an unfinished command.
    """
    text = snapshot.typed_at
    if (found := _POSSIBILITIES.search(text)) is not None:
        options = (Option(key, keys=key) for key in "yn")
        question = text[: found.start()]
        return cursor_prompt(
            snapshot,
            PromptClass.CONFIRMATION,
            Form.KEYS,
            question,
            *options,
            rule="possibilities",
        )
    if text == "?# ":
        return find_choices(snapshot)  # `select` in zsh edits its line like a command.
    if text.strip() == "--More--":
        return view_prompt(snapshot, PromptClass.PAGER)
    for rule in drivers()[SHELL].unfinished:
        if (match := rule.pattern.search(text)) is not None:
            question = match.groupdict().get("question") or text
            return cursor_prompt(
                snapshot,
                PromptClass.FREE_TEXT,
                Form.LINE,
                question,
                rule=f"{SHELL}/{rule.id}",
            )
    return None
