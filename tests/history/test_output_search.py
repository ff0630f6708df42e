"""Texts in output: escape sequences hide none, and chunks of any size give the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.core.errors import Invalid
from ant.history.output_search import WINDOW, OutputMatch, OutputSearch, TextPattern

START = 100


def search(
    data: bytes, *texts: str, cuts: list[int] | None = None
) -> OutputMatch | None:
    """The first match in output that begins at `START`, fed in these pieces."""
    patterns = [TextPattern.of(each, "$.until") for each in texts]
    looking, at = OutputSearch(patterns, START), 0
    for cut in [*sorted(cuts or []), len(data)]:
        if (found := looking.feed(data[at:cut])) is not None:
            return found
        at = max(at, cut)
    return None


@pytest.mark.parametrize(
    ("data", "text", "found"),
    [
        (b"all passed", "passed", b"passed"),
        (b"pa\x1b[1;32mss\x1b[0med", "passed", b"pa\x1b[1;32mss\x1b[0med"),
        (b"a\x1b[Cb", "a b", b"a\x1b[Cb"),
        (b"a\x1b]0;title\x07b", "ab", b"a\x1b]0;title\x07b"),
        (b"a\x1b]8;;x\x1b\\b", "ab", b"a\x1b]8;;x\x1b\\b"),
        (b"a\x1bPq#0\x1b\\b", "ab", b"a\x1bPq#0\x1b\\b"),
        (b"a\x00\x07b", "ab", b"a\x00\x07b"),
        ("caf\u00e9!".encode(), "\u00e9", "\u00e9".encode()),
        ("caf\u00e9!".encode(), "re:f.!", "f\u00e9!".encode()),
        (b"x\xffy", "re:x.y", b"x\xffy"),
        (b"10%\r20%\r\n", "re:^20%$", b"20%"),
        (b"3 PASSED\n", "re:passed", b"PASSED"),
        (b"\x1b]0;passed\x07", "passed", None),
        (b"3 PASSED\n", "passed", None),
        (b"pas\nsed", "passed", None),
        (b"pas\x1b[5;1Hsed", "passed", None),
        (b"pas\rsed", "passed", None),
    ],
)
def test_what_is_found(data: bytes, text: str, found: bytes | None) -> None:
    """The range of bytes that printed the text, whatever stands within."""
    match = search(data, text)
    if found is None:
        assert match is None
        return
    assert match is not None
    assert found == data[match.start - START : match.end - START]


PIECES = st.lists(
    st.sampled_from(
        [
            b"needle",
            b"nee",
            b"dle",
            b"\r\n",
            b"\x1b[31m",
            b"\x1b]0;needle\x07",
            b"\xc3\xa9",
            b"\x1b[2K",
            b"\x1b[H",
            b" ",
            b"\x1bPneedle\x1b\\",
            b"\x1b(B",
            b"\xff",
            b"\x1b",
        ]
    ),
    max_size=24,
)


@given(pieces=PIECES, cuts=st.lists(st.integers(0, 200), max_size=8))
def test_chunks_change_nothing(pieces: list[bytes], cuts: list[int]) -> None:
    """The same place, fed whole or in pieces."""
    data = b"".join(pieces)
    cuts = [min(cut, len(data)) for cut in cuts]
    whole, cut = search(data, "needle"), search(data, "needle", cuts=cuts)
    places = [match and (match.start, match.end) for match in (whole, cut)]
    assert places[0] == places[1]


def test_the_first_end_wins() -> None:
    """Of several patterns."""
    match = search(b"one two three", "two three", "re:tw", "one two")
    assert match is not None
    assert (1, START + 6) == (match.pattern, match.end)


def test_memory_holds_one_line() -> None:
    """And of a long one, or of a long control string, only so much."""
    looking = OutputSearch([TextPattern.of("end", "$.until")], 0)
    for data in (b"line\nrest", b"x" * 5 * WINDOW, b"\x1b]1337;", b"y" * 5 * WINDOW):
        assert looking.feed(data) is None
        assert looking.offset - looking.resume <= WINDOW
    match = looking.feed(b"\x07 the end")
    assert match is not None
    assert match.end == looking.offset


def test_a_gap_ends_a_line() -> None:
    """Nothing is found across it, and the first one is named."""
    looking = OutputSearch([TextPattern.of("abcd", "$.until")], 0)
    assert looking.feed(b"ab") is None
    looking.skip(10)
    assert looking.feed(b"cd") is None
    looking.skip(20)
    assert looking.gap is not None
    assert (2, 10) == (looking.gap.from_, looking.gap.to)
    assert 20 == looking.resume


@pytest.mark.parametrize("text", ["a\nb", "re:(", "re:x*", "re:^"])
def test_what_cannot_be_waited_for(text: str) -> None:
    """Two lines, an invalid expression, and one that an empty text matches."""
    with pytest.raises(Invalid, match=r"at \$\.until"):
        TextPattern.of(text, "$.until")
