"""The key that detaches: by its names, in each form that a terminal sends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.cli.terminal.detach_key import DEFAULT, DetachKey


@pytest.mark.parametrize("name", ["C-]", "c-]", "^]", "Ctrl-]", "ctrl+]", DEFAULT])
def test_its_names(name: str) -> None:
    """Any case; what follows the key is dropped."""
    assert (b"typed", True) == DetachKey.named(name).split(b"typed\x1dmore")


@pytest.mark.parametrize(
    ("name", "byte"), [("C-a", 1), ("^Q", 17), ("C-@", 0), ("C-\\", 28), ("C-_", 31)]
)
def test_other_keys(name: str, byte: int) -> None:
    """The default is then no key."""
    key = DetachKey.named(name)
    assert (b"\x1d", False) == key.split(b"\x1d")
    assert (b"", True) == key.split(bytes([byte]))


@pytest.mark.parametrize("name", ["", "]", "C-[", "C-1", "F1", "M-a", "C-ab", "C-é"])
def test_what_is_no_such_key(name: str) -> None:
    """Escape begins each sequence, so it cannot detach."""
    with pytest.raises(ValueError, match="is no key that can detach"):
        DetachKey.named(name)


@pytest.mark.parametrize(
    ("typed", "is_key"),
    [
        (b"\x1b[93;5u", True),
        (b"\x1b[93;69u", True),  # With caps lock.
        (b"\x1b[93;133:1u", True),  # With num lock, and pressed.
        (b"\x1b[93:125:93;5;29u", True),
        (b"\x1b[27;5;93~", True),
        (b"\x1b[93;5:3u", False),  # Released.
        (b"\x1b[93;6u", False),  # With shift.
        (b"\x1b[93u", False),
        (b"\x1b[193;5u", False),
        (b"\x1b[27;5;94~", False),
        (b"\x1b[A", False),
    ],
)
def test_as_keyboards_report_it(typed: bytes, is_key: bool) -> None:
    """By the kitty keyboard and by xterm's `modifyOtherKeys`."""
    found = DetachKey.named(DEFAULT).split(b"a" + typed)
    assert (b"a" if is_key else b"a" + typed, is_key) == found


@given(st.lists(st.integers(1, 40), max_size=6))
def test_a_paste_has_no_key(cuts: list[int]) -> None:
    """Wherever the pieces are cut; behind the paste it is a key again."""
    text = b"one\x1b[200~two\x1dthree\x1b[93;5u\x1b[201~four"
    places = sorted({min(cut, len(text)) for cut in cuts})
    pieces = [
        text[a:b] for a, b in zip([0, *places], [*places, len(text)], strict=True)
    ]
    key = DetachKey.named(DEFAULT)
    assert [(piece, False) for piece in pieces] == list(map(key.split, pieces))
    assert (b"five", True) == key.split(b"five\x1d")


@given(st.binary(max_size=40))
def test_nothing_else_is_touched(data: bytes) -> None:
    """All bytes come back, up to the key."""
    typed, is_detaching = DetachKey.named(DEFAULT).split(data)
    assert data.startswith(typed)
    assert is_detaching is (typed != data)
