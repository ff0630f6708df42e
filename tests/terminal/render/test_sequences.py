"""Sequences move the cursor, erase and shift as they do on a terminal."""

import pytest

from ant.terminal.render.renderer import Renderer
from ant.terminal.screen.emulator import ADAPTERS

BEFORE = b"one\r\ntwo\r\nthree 3 3\r\nfour\r\nfive\x1b[3;4H"
"""Five rows of text, and the cursor in the third of them."""

SEQUENCES = [
    *(
        "[A",
        "[9A",
        "[2B",
        "[2C",
        "[9D",
        "[E",
        "[2F",
        "[2G",
        "[H",
        "[2;3H",
        "[4d",
        "[2e",
    ),
    *("[I", "[2Z", "[J", "[1J", "[2J", "[H\x1b[J", "[K", "[1K", "[2K", "[2X", "[2@"),
    *(
        "[2P",
        "[2L",
        "[2M",
        "[S",
        "[2T",
        "M",
        "D",
        "E",
        "7\x1b[H\x1b8",
        "[s\x1b[H\x1b[u",
    ),
    *("[2;4r", "[2;4r\x1b[S", "[2;4r\x1b[4;1H\n", "[2;4r\x1b[?6h\x1b[2;2H", "[4h", "c"),
    *("[?7l\x1b[1;18Hxyz", "(0qx\x1b(B", "[?1049h", "[?1049h\x1b[?1049l", "[?1049l"),
    *(
        "[?25l",
        "[1;31m",
        "[>c",
        "]0;title\x07",
        "P1q#\x1b\\",
        "[1mx\x1b[4b",
        "[99;99H",
        "[0;0H",
    ),
]
"""Escape sequences without their ESC."""


@pytest.mark.skipif(not ADAPTERS, reason="no screen library is installed")
@pytest.mark.parametrize("sequence", SEQUENCES)
def test_a_sequence_has_the_effect_of_a_terminal(sequence: str) -> None:
    """Text before and after it is where the terminal library shows it."""
    data = BEFORE + b"\x1b" + sequence.encode() + b"!"
    screen, renderer = ADAPTERS[0](20, 6), Renderer(20, 6)
    screen.feed(data)
    renderer.feed(data, 0)
    canvas = renderer._canvas
    assert screen.text() == [row.shown().rstrip(" ") for row in canvas.lines]
    assert (screen.cursor.row, screen.cursor.col) == (canvas.row, canvas.col)
