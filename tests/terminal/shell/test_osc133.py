"""Shell marks:

Exact in chunks of any size, and limited.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.model.tty import ShellStep
from ant.terminal.shell.osc133 import HELD_MAX, Folder, ShellMark, ShellMarks
from tests.strategies import CUTS, cut

START = 1000
PIECES = [
    b"\x1b]133;A\x07",
    b"\x1b]133;A;aid=7;ant=N\x1b\\",
    b"\x1b]133;P;k=i;ant=N\x07",
    b"\x1b]133;D;1;ant=N\x07",
    b"\x1b]7;file://h/a%20b#ant=N\x07",
    b"\x1b]1337;CurrentDir=/a b\x07",
    b"\x1b]1337;File=:AAAA\x07",
    b"\x1b]8;;http://x\x07",
    b"\x1b]133;B",
    b"\x1b]13",
    b"\x1b",
    b"\x1b\\",
    b"\x07",
    b"\x18",
    b"]7;file:///x\x07",
    b"text\r\n",
    b"\x1b[1m",
    b"\xff",
    b"\x1b]133;C;" + b"x" * (HELD_MAX - 10),
]


def marks_in(data: bytes, start: int = START) -> list[ShellMark | Folder]:
    """Return the marks in bytes that begin at that offset."""
    return ShellMarks(start).feed(data, start + len(data))


@pytest.mark.parametrize(
    ("sequence", "mark"),
    [
        (b"A", ShellMark(ShellStep.PROMPT, 1000, 1008)),
        (b"P;k=i", ShellMark(ShellStep.PROMPT, 1000, 1012, {"k": "i"})),
        (b"B;ant=N", ShellMark(ShellStep.INPUT, 1000, 1014, {"ant": "N"})),
        (b"C;aid=7;x", ShellMark(ShellStep.OUTPUT, 1000, 1016, {"aid": "7"})),
        (b"D", ShellMark(ShellStep.END, 1000, 1008)),
        (b"D;130;ant=a=b", ShellMark(ShellStep.END, 1000, 1020, {"ant": "a=b"}, 130)),
        (b"D;-1", ShellMark(ShellStep.END, 1000, 1011, {}, -1)),
        (b"D;aid=1", ShellMark(ShellStep.END, 1000, 1014, {"aid": "1"})),
        (b"D;1e9", ShellMark(ShellStep.END, 1000, 1012)),
    ],
)
def test_steps_of_a_shell(sequence: bytes, mark: ShellMark) -> None:
    """The letter, the parameters and the range of bytes."""
    assert [mark] == marks_in(b"\x1b]133;" + sequence + b"\x07")
    with_st = marks_in(b"\x1b]133;" + sequence + b"\x1b\\")
    assert [mark.end + 1] == [each.end for each in with_st]


@pytest.mark.parametrize(
    ("sequence", "folder"),
    [
        (b"7;file://host/a%20b%C3%A9", Folder("/a bé", 1000, 1028, "host")),
        (b"7;file:///tmp#ant=N", Folder("/tmp", 1000, 1022, code="N")),
        (b"7;file:///a%23ant=N", Folder("/a#ant=N", 1000, 1022)),
        (b"1337;CurrentDir=/a%20b", Folder("/a%20b", 1000, 1025)),
    ],
)
def test_folders(sequence: bytes, folder: Folder) -> None:
    """A URL is decoded; the older form has the plain path."""
    assert [folder] == marks_in(b"\x1b]" + sequence + b"\x07")


@pytest.mark.parametrize(
    "data",
    [
        b"\x1b]133;\x07",
        b"\x1b]133;AB\x07",
        b"\x1b]133;E\x07",
        b"\x1b]7;/tmp\x07",
        b"\x1b]7;http://h/x\x07",
        b"\x1b]7;file://host\x07",
        b"\x1b]77;file:///x\x07",
        b"\x1b]1337;RemoteHost=x\x07",
        b"\x1b]133;A\x18\x07",
        b"\x1b]133;A\x1b[m\x07",
        b"]133;A\x07",
        b"\x1b 133;A\x07",
    ],
)
def test_other_sequences_are_no_marks(data: bytes) -> None:
    """Other sequences, broken-off ones, and text."""
    assert [] == marks_in(data)


def test_a_mark_after_a_broken_one() -> None:
    """The next sequence is parsed."""
    data = b"\x1b]133;A;x\x1b]133;B\x07"
    assert [ShellMark(ShellStep.INPUT, 1009, 1017)] == marks_in(data)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join), CUTS)
def test_any_split_makes_the_same_marks(data: bytes, cuts: list[int]) -> None:
    """In chunks of any size, and with chunks that are fed twice."""
    marks, found, end = ShellMarks(START), list[ShellMark | Folder](), START
    for piece in cut(data, cuts):
        found += marks.feed(piece, end + len(piece))
        end += len(piece)
        assert [] == marks.feed(data[: end - START], end)
        assert len(marks._held) <= HELD_MAX
    assert marks_in(data) == found


@given(st.binary(max_size=200), CUTS)
def test_fuzz_no_bytes_break_it(data: bytes, cuts: list[int]) -> None:
    """Every mark is at the range of bytes that it reports."""
    for each in marks_in(b"\x1b]133;" + data + b"\x1b]133;B\x07"):
        assert START <= each.start < each.end <= START + len(data) + 14


@pytest.mark.parametrize("extra", [0, 1])
def test_the_longest_sequence(extra: int) -> None:
    """With one byte more it is no mark, in any chunks."""
    body = b"\x1b]133;C;ant="
    data = body + b"n" * (HELD_MAX - len(body) - 1 + extra) + b"\x07"
    marks = ShellMarks(0)
    found = [m for i in range(len(data)) for m in marks.feed(data[i : i + 1], i + 1)]
    assert found == marks_in(data, 0)
    assert 1 - extra == len(found)


def test_a_gap_ends_an_unfinished_sequence() -> None:
    """The missing bytes may have been anything."""
    marks = ShellMarks(0)
    assert [] == marks.feed(b"\x1b]133;", 6)
    assert [] == marks.feed(b"A\x07", 20)
    assert [ShellMark(ShellStep.PROMPT, 20, 28)] == marks.feed(b"\x1b]133;A\x07", 28)
