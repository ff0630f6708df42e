"""The bytes of named keys, as xterm and the kitty protocol define them."""

import pytest

from ant.client.terminal.named_keys import encoded


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Enter", b"\r"),
        ("return", b"\r"),
        ("Tab", b"\t"),
        ("S-Tab", b"\x1b[Z"),
        ("BTab", b"\x1b[Z"),
        ("Space", b" "),
        ("Backspace", b"\x7f"),
        ("BSpace", b"\x7f"),
        ("Escape", b"\x1b"),
        ("esc", b"\x1b"),
        ("Up", b"\x1b[A"),
        ("left", b"\x1b[D"),
        ("Home", b"\x1b[H"),
        ("End", b"\x1b[F"),
        ("C-Left", b"\x1b[1;5D"),
        ("C-S-Right", b"\x1b[1;6C"),
        ("M-Up", b"\x1b[1;3A"),
        ("PageUp", b"\x1b[5~"),
        ("NPage", b"\x1b[6~"),
        ("Insert", b"\x1b[2~"),
        ("Delete", b"\x1b[3~"),
        ("C-Delete", b"\x1b[3;5~"),
        ("F1", b"\x1bOP"),
        ("S-F1", b"\x1b[1;2P"),
        ("F5", b"\x1b[15~"),
        ("F12", b"\x1b[24~"),
        ("C-c", b"\x03"),
        ("C-C", b"\x03"),
        ("^c", b"\x03"),
        ("C-[", b"\x1b"),
        ("C-Space", b"\0"),
        ("C-@", b"\0"),
        ("C-?", b"\x7f"),
        ("M-x", b"\x1bx"),
        ("M-X", b"\x1bX"),
        ("M-C-c", b"\x1b\x03"),
        ("M-Enter", b"\x1b\r"),
        ("S-a", b"A"),
        ("y", b"y"),
        ("Y", b"Y"),
        ("-", b"-"),
        ("é", "é".encode()),
    ],
)
def test_a_key(name: str, expected: bytes) -> None:
    """In a terminal in which no mode is set."""
    assert expected == encoded(name, {})


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Up", b"\x1bOA"), ("Home", b"\x1bOH"), ("C-Up", b"\x1b[1;5A"), ("a", b"a")],
)
def test_application_cursor_keys(name: str, expected: bytes) -> None:
    """As vim and less ask for them; with a modifier they are the usual ones."""
    assert expected == encoded(name, {"application_cursor": True})


@pytest.mark.parametrize(
    ("flags", "name", "expected"),
    [
        (1, "Escape", b"\x1b[27u"),
        (1, "C-c", b"\x1b[99;5u"),
        (1, "M-x", b"\x1b[120;3u"),
        (1, "M-X", b"\x1b[120;4u"),
        (1, "Enter", b"\r"),
        (1, "C-Enter", b"\x1b[13;5u"),
        (1, "S-Tab", b"\x1b[9;2u"),
        (1, "a", b"a"),
        (1, "A", b"A"),
        (1, "Up", b"\x1b[A"),
        (8, "Enter", b"\x1b[13u"),
        (8, "a", b"\x1b[97u"),
        (8, "A", b"\x1b[97;2u"),
    ],
)
def test_the_kitty_protocol(flags: int, name: str, expected: bytes) -> None:
    """Flag 1 tells ambiguous keys apart, flag 8 sends a sequence for every key."""
    assert expected == encoded(name, {"keyboard": flags})


@pytest.mark.parametrize(
    "name", ["Foo", "F13", "C-", "", "\n", "C-é", "C-1", "C--", "X-a"]
)
def test_an_unknown_key(name: str) -> None:
    """The sentence lists the keys that there are."""
    with pytest.raises(ValueError, match=r"There is no key|No terminal can send"):
        encoded(name, {})
