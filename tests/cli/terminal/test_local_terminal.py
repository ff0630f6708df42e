"""What resets a terminal, as an emulator takes it."""

import pytest

from ant.cli.terminal.local_terminal import RESET
from ant.terminal.screen.emulator import open_screen


@pytest.mark.parametrize(
    "sets",
    [
        b"",
        b"\x1b[3;5r\x1b[?6h",
        b"\x1b[?1049h\x1b[2J\x1b[10;10Hother",
        b"\x1b[?1;66;1000;1003;1006;1004;2004;2026h\x1b[?7;25l\x1b[4h",
        b"\x1b[>31u\x1b[>1u\x1b[?1049h\x1b[>15u",
        b"\x1b[1;7;31m\x1b(0\x0e",
        b"\x1b]0;a title that was cut",
        b"\x1bPq a picture that was cut",
    ],
)
def test_modes_are_reset_where_the_cursor_is(sets: bytes) -> None:
    """The text on the main screen stays, and what comes next follows it."""
    screen = open_screen(40, 10)
    fresh = screen.modes
    screen.feed(b"first\r\nsecond" + sets + RESET + b"|")
    assert fresh == screen.modes
    if b"r\x1b[?6h" not in sets:  # These move the cursor themselves.
        assert ["first", "second|"] == screen.text()[:2]
    screen.feed(b"\r\nplain q")
    row = next(row for row in screen.styled() if row and "plain" in row[0].text)
    assert ["plain q"] == [run.text for run in row]


@pytest.mark.parametrize(
    "reset",
    [
        pytest.param(b"\x1b<", id="VT52"),
        pytest.param(b"\x1b%G", id="UTF-8"),
        pytest.param(b"\x1b[2l", id="locked keyboard"),
        pytest.param(b"\x1b[12h", id="local echo"),
        pytest.param(b"\x1b[?8h", id="keys repeat"),
    ],
)
def test_what_few_emulators_have_is_reset_too(reset: bytes) -> None:
    """xterm locks its keyboard and leaves UTF-8 if a program says so."""
    assert reset in RESET
