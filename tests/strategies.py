"""What Hypothesis makes of our nouns: terminal bytes, cuts of them, and events."""

from datetime import UTC, datetime
from itertools import pairwise

from hypothesis import strategies as st

from ant.model.events import (
    Event,
    SessionActivity,
    SessionExited,
    SessionsChanged,
    TerminalResized,
)
from ant.model.sessions import SessionId, Status

CHARACTERS = st.sampled_from(list("ab\r\n\té漢字🙂\x1b[0m\u0301"))
"""One to four bytes each, and some that escapes are made of."""

BROKEN = st.sampled_from([b"\xff", b"\xc3", b"\xe6\xbc", b"\xf0\x9f\x99", b"\x80"])
"""Beginnings of characters and bytes that are none."""


def terminal_bytes(max_size: int = 60) -> st.SearchStrategy[bytes]:
    """What a program may put out: mostly UTF-8, in part cut or broken."""
    piece = CHARACTERS.map(str.encode) | BROKEN
    return st.lists(piece, max_size=max_size).map(b"".join)


def cut(data: bytes, cuts: list[int]) -> list[bytes]:
    """The bytes in pieces, cut at these places (modulo their number)."""
    places = sorted({0, len(data), *(at % (len(data) + 1) for at in cuts)})
    return [data[a:b] for a, b in pairwise(places)]


CUTS = st.lists(st.integers(0, 10_000), max_size=8)

OPERATORS = ["AND", "OR", "NOT", "NEAR", "*", ":", "^", "-", "(", ")", '"', "'", "%"]
"""What a full-text query or a pattern would read as syntax."""

SCRIPTS = ["漢字", "é", "ß", "İ", "🙂", "👩\u200d👧", "\u0301"]
WORDS = ["@codex", "c++", "_", "\\", "+", "a", "B", "xy", " ", "\n"]
WRITING = st.lists(
    st.sampled_from([*OPERATORS, *SCRIPTS, *WORDS])
    | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=5),
    max_size=12,
).map("".join)
"""Whatever a person may type, without NUL."""

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
META = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        LEAVES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.text(max_size=3), inner, max_size=3)
        ),
        max_leaves=5,
    ),
    max_size=4,
)
"""Free data as clients keep it on a row."""

TEXT = st.text(st.characters(codec="utf-8"), max_size=8)
IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{20}", fullmatch=True).map(SessionId)
TIMES = st.datetimes(
    min_value=datetime(1, 1, 2),
    max_value=datetime(9999, 12, 30),
    timezones=st.just(UTC),
)
BYTES = st.integers(0, 2**53)

EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(SessionsChanged, st.none() | IDS, st.lists(IDS, max_size=2).map(tuple)),
    st.builds(
        SessionExited,
        IDS,
        st.sampled_from(Status),
        st.none() | st.integers(0, 255),
        st.none() | st.integers(1, 64),
        st.none() | TEXT,
        BYTES,
    ),
    st.builds(TerminalResized, IDS, st.integers(1, 1000), st.integers(1, 1000)),
    st.builds(SessionActivity, IDS, TIMES),
)
