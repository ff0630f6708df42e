"""The line discipline: how a program takes input."""

import attrs
import pytest

from ant.terminal.model.tty import Tty


@pytest.mark.parametrize(
    ("canonical", "reading", "ignores"),
    [
        (True, False, True),
        (True, None, False),
        (True, True, False),
        (False, False, False),
    ],
)
def test_a_program_that_is_known_not_to_read_ignores_input(
    canonical: bool, reading: bool | None, ignores: bool
) -> None:
    """Only if it takes whole lines: otherwise it may poll for keys."""
    assert ignores is Tty(True, canonical, reading=reading).ignores_input


def test_lines_without_echo_are_hidden() -> None:
    """A program that edits its own line switches the echo off, too, and shows it."""
    hidden = Tty(echo=False, canonical=True)
    assert hidden.hides_input
    assert not attrs.evolve(hidden, echo=True).hides_input
    assert not attrs.evolve(hidden, canonical=False).hides_input
