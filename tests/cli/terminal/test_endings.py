"""How `ant attach` and `ant run` end."""

import pytest

from ant.cli.terminal.endings import LOST, exit_code, sentence
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
