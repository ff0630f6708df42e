"""Recognizes a terminal's replies among input."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.input.query_replies import LONGEST, is_reply

REPLIES = (
    b"\x1b[?62;4c",
    b"\x1b[?1;2c",
    b"\x1b[>41;354;0c",
    b"\x1bP!|00000000\x1b\\",
    b"\x1b[0n",
    b"\x1b[?997;1n",
    b"\x1b[24;80R",
    b"\x1b[1;1R",
    b"\x1b[1;17R",
    b"\x1b[2;5R",
    b"\x1b[?1;5R",
    b"\x1b[?1;5;1R",
    b"\x1b[?2026;2$y",
    b"\x1b[4;2$y",
    b"\x1b]10;rgb:ffff/ffff/ffff\x07",
    b"\x1b]11;rgb:0000/0000/0000\x1b\\",
    b"\x1b]4;255;rgba:ff/ff/ff/80\x1b\\",
    b"\x1bP>|xterm.js(5.5.0)\x1b\\",
    b"\x1bP1$r0m\x1b\\",
    b"\x1bP1+r544e=787465726d\x1b\\",
    b"\x1b[?0u",
    b"\x1b[8;24;80t",
    b"\x1b[4;600;800t",
)
KEYS = (
    b"",
    b"x",
    b"\x1b",
    b"\x1b[",
    b"\x1b[A",
    b"\x1bOP",
    b"\x1b[I",
    b"\x1b[O",
    b"\x1b[R",
    b"\x1b[1;2R",
    b"\x1b[1;16R",
    b"\x1b[15~",
    b"\x1b[97;5u",
    b"\x1b[<0;10;20M",
    b"\x1b[M !!",
    b"\x1b[200~\x1b[0n\x1b[201~",
    b"\x1b[c",
    b"\x1b]10;?\x07",
    b"\x1b]52;c;aGk=\x07",
    b"\xd0\xb9",
)


@pytest.mark.parametrize("data", REPLIES)
def test_a_reply_is_recognized(data: bytes) -> None:
    """Whole, but no part of it, and not with a key before or after it."""
    assert is_reply(data)
    assert not any(is_reply(data[:cut]) for cut in range(len(data)))
    assert not is_reply(b"x" + data)
    assert not is_reply(data + b"\r")


@pytest.mark.parametrize("data", KEYS)
def test_a_key_is_no_reply(data: bytes) -> None:
    """Nothing that a keyboard may send is one."""
    assert not is_reply(data)


@given(st.lists(st.sampled_from(REPLIES), min_size=1, max_size=20), st.data())
def test_any_number_of_replies_in_one_input(
    replies: list[bytes], data: st.DataObject
) -> None:
    """One key among them makes it typed input."""
    cut = data.draw(st.integers(0, len(replies)))
    for part in (replies[:cut], replies[cut:], replies):
        assert is_reply(b"".join(part)) == bool(part)
    key = data.draw(st.sampled_from([key for key in KEYS if key]))
    assert not is_reply(b"".join([*replies[:cut], key, *replies[cut:]]))


@given(st.binary(max_size=64))
def test_nothing_breaks_it_fuzz(data: bytes) -> None:
    """Any bytes at all, also after the beginning of a reply."""
    for start in (b"", b"\x1b[?", b"\x1b]11;", b"\x1bP"):
        assert is_reply(start + data) in {True, False}


def test_a_long_input_is_no_reply() -> None:
    """Whatever it contains."""
    assert not is_reply(b"\x1b[0n" * LONGEST)
