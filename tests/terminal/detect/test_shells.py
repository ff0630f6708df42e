"""A shell that edits its command line is at rest, unless it asks a question."""

import attrs
import pytest

from ant.terminal.agents.driver import drivers
from ant.terminal.detect.classify import classify
from ant.terminal.detect.shells import (
    edits_command_line,
    find_shell_prompt,
    find_zsh_prompt,
    shell_rule,
)
from ant.terminal.model.prompt import Form, Kind, PromptClass
from ant.terminal.model.tty import ShellStep, Tty
from tests.terminal.drawn import COOKED, DEAF, HIDDEN, RAW, SHELL, look_at


@pytest.mark.parametrize("name", drivers()["shell"].programs)
def test_a_shell_edits_its_line(name: str) -> None:
    """Raw mode without echo, in the foreground, the session's first process."""
    assert edits_command_line(attrs.evolve(SHELL, foreground=name))


@pytest.mark.parametrize(
    "tty",
    [
        None,
        RAW,
        COOKED,
        HIDDEN,
        attrs.evolve(SHELL, foreground="vim"),
        attrs.evolve(SHELL, foreground=""),
        attrs.evolve(SHELL, leader=False),
        attrs.evolve(SHELL, canonical=True),
        attrs.evolve(SHELL, echo=True),
        attrs.evolve(SHELL, icrnl=True),
    ],
)
def test_other_programs_edit_no_command_line(tty: Tty | None) -> None:
    """Another program, a shell that runs a script, a shell in `read`."""
    assert not edits_command_line(tty)


@pytest.mark.parametrize("reading", [None, False, True])
def test_a_shell_is_at_rest_in_any_system_call(reading: bool | None) -> None:
    """Some shells wait in `select`, others in `read`."""
    assert edits_command_line(attrs.evolve(SHELL, reading=reading))


@pytest.mark.parametrize(
    ("tty", "rule"),
    [
        (None, None),
        (SHELL, "shell"),
        (COOKED, None),
        (attrs.evolve(SHELL, mark=ShellStep.INPUT), "shell/mark"),
        (attrs.evolve(COOKED, leader=True, mark=ShellStep.INPUT), "shell/mark"),
        (attrs.evolve(DEAF, leader=True, mark=ShellStep.INPUT), None),
        (attrs.evolve(SHELL, mark=ShellStep.OUTPUT), None),
        (attrs.evolve(SHELL, mark=ShellStep.PROMPT), "shell"),
        (attrs.evolve(SHELL, mark=ShellStep.END), "shell"),
    ],
)
def test_a_mark_decides_before_the_line_discipline(
    tty: Tty | None, rule: str | None
) -> None:
    """At its prompt or not; a shell that is still drawing its prompt is not there."""
    assert rule == shell_rule(tty)


def test_possibilities() -> None:
    """One key decides whether the shell lists the completions."""
    asks = "Display all 100 possibilities? (y or n)"
    prompt = find_shell_prompt(look_at("$ ", asks, tty=SHELL))
    assert prompt is not None
    assert (Form.KEYS, PromptClass.CONFIRMATION) == (prompt.form, prompt.class_)
    assert "Display all 100 possibilities?" == prompt.question
    assert ["y", "n"] == [option.keys for option in prompt.options]


def test_a_list_of_completions_is_paged() -> None:
    """`q` leaves `--More--` of readline, as it leaves any pager."""
    prompt = find_shell_prompt(look_at("a", "b", "--More--", tty=SHELL))
    assert prompt is not None
    assert (PromptClass.PAGER, "q") == (prompt.class_, prompt.cancel)


@pytest.mark.parametrize(
    ("drawn", "question"),
    [
        ("> ", ">"),
        ("quote> ", "quote>"),
        ("dquote> ", "dquote>"),
        ("for cmdsubst heredoc> ", "for cmdsubst heredoc>"),
        ("(reverse-i-search)`git': git log", "(reverse-i-search)"),
        ("(failed reverse-i-search)`x': ", "(failed reverse-i-search)"),
        ("bck-i-search: git", "bck-i-search:"),
    ],
)
def test_the_rest_of_a_command(drawn: str, question: str) -> None:
    """An unfinished command needs more text: a question, and no place for a message."""
    prompt = find_shell_prompt(look_at("$ echo '", drawn, tty=SHELL))
    assert prompt is not None
    assert (Form.LINE, Kind.QUESTION) == (prompt.form, prompt.kind)
    assert question == prompt.question


@pytest.mark.parametrize(
    ("lines", "cursor"),
    [
        (["$ "], None),
        (["user@host:~/src (main) $ make"], None),
        (["$ echo [Y/n] "], None),
        (["$ echo (y or n)", "$ "], None),
        (["Password: "], None),
        (["a > "], None),
        (["❯ "], None),
        (["Sure? (y or n) ", "$ "], None),
        (["$ echo (y or n) x"], None),
        ([], None),
    ],
)
def test_a_prompt_asks_nothing(
    lines: list[str], cursor: tuple[int, int] | None
) -> None:
    """Whatever is above it, and whatever the command line contains."""
    assert find_shell_prompt(look_at(*lines, cursor=cursor, tty=SHELL)) is None


ZSH = attrs.evolve(SHELL, foreground="zsh", icrnl=True)


@pytest.mark.parametrize("mark", [None, ShellStep.INPUT, ShellStep.OUTPUT])
@pytest.mark.parametrize(
    ("line", "question", "keys"),
    [
        (
            "sure you want to delete all 3 files in /tmp [yn]? ",
            "delete all 3 files",
            "yn",
        ),
        ("sure you want to delete the only file in /t [yn]? ", "only file", "yn"),
        ("correct 'sl' to 'ls' [nyae]? ", "correct 'sl' to 'ls'?", "nyae"),
        ("do you wish to see all 9 possibilities (3 lines)? ", "possibilities?", "yn"),
    ],
)
def test_a_question_of_zsh_is_no_rest(
    line: str, question: str, keys: str, mark: ShellStep | None
) -> None:
    """The next key is the answer, so a message that begins with `y` would delete."""
    verdict = classify(
        look_at("% rm *", f"zsh: {line}", tty=attrs.evolve(ZSH, mark=mark))
    )
    assert (Kind.DIALOG, "zsh") == (verdict.kind, verdict.rule)
    assert verdict.prompt is not None
    assert Form.KEYS is verdict.prompt.form
    assert question in verdict.prompt.question
    assert list(keys) == [option.keys for option in verdict.prompt.options]


def test_a_question_of_zsh_may_wrap() -> None:
    """The folder may have a long name."""
    line = f"zsh: sure you want to delete all 3 files in /{'x' * 50} [yn]? "
    assert find_zsh_prompt(look_at(line, tty=ZSH)) is not None


@pytest.mark.parametrize(
    ("lines", "tty"),
    [
        (["zsh: sure you want to delete all 3 files in /tmp [yn]? n"], ZSH),
        (["zsh: command not found: x", "% "], ZSH),
        (["echo zsh: sure [yn]? "], ZSH),
        (["zsh: sure [yn]? "], COOKED),
    ],
)
def test_screens_that_only_look_like_a_question_of_zsh(
    lines: list[str], tty: Tty
) -> None:
    """Zsh has its answer, or another program shows the text."""
    assert find_zsh_prompt(look_at(*lines, tty=tty)) is None


def test_a_select_of_zsh_is_no_rest() -> None:
    """Zsh edits its line like that of a command."""
    dialog = find_shell_prompt(look_at("1) red     2) green", "?# ", tty=ZSH))
    assert dialog is not None
    assert ["1", "2"] == [option.keys for option in dialog.options]
