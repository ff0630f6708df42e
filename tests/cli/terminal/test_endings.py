"""How `ant attach` and `ant run` end."""

import click
import pytest

from ant.cli.terminal.endings import (
    LOST,
    detach_key,
    exit_code,
    refuse_pipes,
    sentence,
)
from ant.client import Exit


@pytest.mark.parametrize(
    ("ended", "code", "said"),
    [
        (Exit("exited", 3, None, None), 3, "x ended with exit code 3"),
        (Exit("exited", None, 9, None), 137, "x was ended by signal 9"),
        (Exit("lost", None, None, "It was killed."), LOST, "x is lost: It was killed"),
        (Exit("lost", None, None, None), LOST, "x is lost"),
    ],
)
def test_the_end_of_a_program(ended: Exit, code: int, said: str) -> None:
    """Its exit code, and its sentence."""
    assert (code, said) == (exit_code(ended), sentence("x", ended))


def test_hidden_characters_are_spelled() -> None:
    """Of a name and of a reason: the line goes to the terminal of a person."""
    ended = Exit("lost", None, None, "gone \x1b[2J")
    assert "a\\u202eb is lost: gone \\u001b[2J" == sentence("a\u202eb", ended)


def test_what_needs_a_terminal() -> None:
    """Standard input and output of a test are none."""
    with pytest.raises(click.UsageError, match=r"it needs a terminal; so\."):
        refuse_pipes("it", "so.")


def test_the_key() -> None:
    """A name that is none is bad usage."""
    assert (b"a", True) == detach_key("C-q").split(b"a\x11")
    with pytest.raises(click.UsageError, match="no key that can detach"):
        detach_key("q")
