"""The typed line is the line as the shell drew it last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.screen.display import CursorColumn
from ant.terminal.shell.command_line import typed_line

START = CursorColumn(2, 20)


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"ls\r\n\x1b[?2004l\r", "ls"),
        (b"lx\x08\x1b[Ks -l\r\n", "ls -l"),
        (b"echo ac\x08\x1b[@b\x1b[C\r\n", "echo abc"),
        (b"first\x1b[5Decho\x1b[K\r\n", "echo"),
        (b"echo \xe6\xbc\xa2\xe5\xad\x97\x08\x08\x1b[K\xe6\xbc\xa2\r\n", "echo 漢漢"),
        (b"0123456789abcdefgh \rij\r\n", "0123456789abcdefghij"),
        (b"0123456789abcdef ij\r\n", "0123456789abcdef ij"),
        (b"one\r\n  two\r\n", "one\n  two"),
        (b"\r$ again\r\n", "again"),
        (b"\r\n", ""),
        (b"", ""),
    ],
)
def test_a_line_has_its_last_text(data: bytes, line: str) -> None:
    """Deleted, inserted, redrawn, wrapped, of several rows, or empty."""
    assert line == typed_line(data, START)


@given(
    st.text(st.sampled_from("ab c漢"), max_size=90).map(str.strip),
    st.integers(0, 18),
)
def test_a_line_of_any_length_at_any_column(text: str, col: int) -> None:
    """Wrapped as by a terminal, it is one line."""
    assert text == typed_line(text.encode() + b"\r\n", CursorColumn(col, 20))


def test_the_longest_line() -> None:
    """It may have more columns than any screen."""
    text = "".join(chr(97 + at % 26) for at in range(3000))
    assert text == typed_line(text.encode() + b"\r\n", CursorColumn(5, 80))
