"""A shell that edits its command line, and what it asks meanwhile."""

import re

from ant.terminal.asked import asked
from ant.terminal.look import Look, Tty
from ant.terminal.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.views import view

SHELLS = frozenset(
    [
        "sh",
        "bash",
        "zsh",
        "fish",
        "dash",
        "ash",
        "ksh",
        "mksh",
        "tcsh",
        "csh",
        "nu",
        "elvish",
        "xonsh",
    ]
)
_POSSIBILITIES = re.compile(r"\s*\(y or n\)\s*$")
_SEARCH = re.compile(
    r"(?P<how>\((?:failed |failing |reverse-|forward-)*i-search\)"
    r"|(?:failing )?(?:bck|fwd)-i-search:).*"
)
_UNFINISHED = re.compile(
    r"> |((cmdsubst|heredocd?|dquote|quote|bquote|pipe|for|while|until|if|then|else|"
    r"elif|function|case|select|array|cursh|subsh|braces?|math|cond) ?)+> "
)


def edits_commands(tty: Tty | None) -> bool:
    """Whether the session's shell is in front and edits its own line: it is at rest.

    Asking by `read`, it leaves the line to the terminal, which is then canonical, or
    reads one key and leaves Enter as it is, which an editor of lines does not do,
    but for that of zsh.
    """
    return (
        tty is not None
        and tty.leader
        and tty.foreground in SHELLS
        and not tty.canonical
        and not tty.echo
        and (not tty.icrnl or tty.foreground == "zsh")
    )


def find_shell_ask(look: Look) -> Prompt | None:
    """What a shell asks while it edits: whether to list, or the rest of a command."""
    text = look.typed_at
    if (found := _POSSIBILITIES.search(text)) is not None:
        options = (Option(key, keys=key) for key in "yn")
        question = text[: found.start()]
        return asked(
            look,
            PromptClass.CONFIRMATION,
            Form.KEYS,
            question,
            *options,
            rule="possibilities",
        )
    if text.strip() == "--More--":
        return view(look, PromptClass.PAGER)
    found = _SEARCH.fullmatch(text)
    if found is not None or _UNFINISHED.fullmatch(text):
        question = found["how"] if found else text
        return asked(
            look, PromptClass.FREE_TEXT, Form.LINE, question, rule="unfinished"
        )
    return None
