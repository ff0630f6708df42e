"""The readable text of terminal output."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.screen.strip_escapes import strip
from tests.strategies import terminal_bytes


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"plain", "plain"),
        (b"\x1b[1;31mred\x1b[0m", "red"),
        (b"\x1b[?25l\x1b[2K\x1b[10;20Hx", "x"),
        (b"\x1b]0;a title\x07x", "x"),
        (b"\x1b]8;;http://h/\x1b\\link\x1b]8;;\x1b\\", "link"),
        (b"\x1bPq#0;2\x1b\\x", "x"),
        (b"\x1b(Bx\x1b=y\x1b7z\x1bMw", "xyzw"),
        (b"a\tb\r\nc", "a\tb\nc"),
        (b"be\x07ll\x08\x7f", "bell"),
        ("h\u00e9 \u6f22".encode(), "h\u00e9 \u6f22"),
        (b"bad \xff", "bad \ufffd"),
        (b" 10%\r 50%\r100%\r\nok\r\r\n", "100%\nok\n"),
        (b"longer\rshort", "shortr"),
        (b"longer\r\x1b[0m\x1b[Kshort", "short"),
        (b"cut \x1b", "cut "),
        (b"cut \x1b[31", "cut 31"),
    ],
)
def test_escapes_go_and_text_stays(data: bytes, expected: str) -> None:
    """Colours, moves, titles, links and charsets are removed; tab and newline stay."""
    assert expected == strip(data)


@given(terminal_bytes() | st.binary(max_size=300))
def test_no_control_character_is_left_fuzz(data: bytes) -> None:
    """The result of any bytes is text."""
    text = strip(data)
    assert not any(ord(c) < 32 and c not in "\t\n" for c in text)
    assert "\x7f" not in text


@pytest.mark.parametrize(
    "data",
    [
        b"a" * 40_000 + b"\n\r",
        (b"a" * 400 + b"\r") * 1_000,
        b"a" * 50_000 + b"\r" * 50_000,
        b"\x1b[31m" * 20_000 + b"\r\n",
    ],
)
def test_the_time_grows_with_the_length_only(data: bytes) -> None:
    """A regular expression lets no other thread of the server run meanwhile.

    So one line without an end must not take longer than lines with ends, far less than
    the square of its length: that is seconds here.
    """
    begun = time.perf_counter()
    strip(data)
    assert time.perf_counter() - begun < 0.8
