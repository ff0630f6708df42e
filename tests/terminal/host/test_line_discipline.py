"""The line discipline of a PTY: its modes and its unread input."""

import os
import select
import termios
import tty
from collections.abc import Iterator

import pytest

from ant.terminal.host import line_discipline
from ant.terminal.host.line_discipline import LineModes

LFLAG, CC = 3, 6


@pytest.fixture
def pair() -> Iterator[tuple[int, int]]:
    """The two ends of a PTY."""
    master, slave = os.openpty()
    try:
        yield master, slave
    finally:
        os.close(master)
        os.close(slave)


def test_modes_are_the_same_from_both_ends(pair: tuple[int, int]) -> None:
    """A new PTY edits lines, echoes them and turns Ctrl-C into SIGINT."""
    usual = LineModes(echo=True, canonical=True, interrupts=True, icrnl=True)
    assert [usual, usual] == [line_discipline.read_modes(fd) for fd in pair]
    assert usual.shows_input


@pytest.mark.parametrize("flag", [termios.ECHO, termios.ICANON])
def test_input_shows_only_with_echo_in_whole_lines(
    pair: tuple[int, int], flag: int
) -> None:
    """A password prompt lacks ECHO, an editor lacks ICANON."""
    modes = termios.tcgetattr(pair[1])
    modes[LFLAG] &= ~flag
    termios.tcsetattr(pair[1], termios.TCSANOW, modes)
    assert not line_discipline.read_modes(pair[0]).shows_input


def test_ctrl_c_interrupts_only_where_it_is_the_key_for_it(
    pair: tuple[int, int],
) -> None:
    """A program may choose another key, or switch signals off."""
    modes = termios.tcgetattr(pair[1])
    modes[CC][termios.VINTR] = b"\x07"
    termios.tcsetattr(pair[1], termios.TCSANOW, modes)
    assert not line_discipline.read_modes(pair[0]).interrupts
    tty.setraw(pair[1])
    raw = LineModes(echo=False, canonical=False, interrupts=False, icrnl=False)
    assert raw == line_discipline.read_modes(pair[0])


def test_unread_input_is_counted(pair: tuple[int, int]) -> None:
    """From the program's end, by bytes."""
    tty.setraw(pair[1])
    os.write(pair[0], b"abc")
    select.select([pair[1]], [], [])  # The kernel passes it on a moment later.
    assert 3 == line_discipline.count_unread(pair[1])
    assert b"ab" == os.read(pair[1], 2)
    assert 1 == line_discipline.count_unread(pair[1])


def test_backspace_erases_a_whole_character(pair: tuple[int, int]) -> None:
    """With IUTF8, a character of several bytes goes at once."""
    line_discipline.erase_whole_characters(pair[1])
    os.write(pair[0], "aé\x7f\n".encode())
    assert b"a\n" == os.read(pair[1], 100)


def test_a_terminal_that_is_gone_is_an_error(pair: tuple[int, int]) -> None:
    """The caller decides what that means."""
    null = os.open(os.devnull, os.O_RDWR)
    try:
        with pytest.raises(termios.error):
            line_discipline.read_modes(null)
        with pytest.raises(OSError, match="Inappropriate ioctl"):
            line_discipline.count_unread(null)
    finally:
        os.close(null)
