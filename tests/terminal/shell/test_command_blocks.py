"""Commands and their output, exact to the byte, from marks without a shell."""

import hashlib
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.screen.display import CursorColumn
from ant.terminal.shell.command_blocks import COMMAND_MAX, CommandBlock, CommandBlocks
from ant.terminal.shell.command_line import LINE_MAX
from ant.terminal.shell.osc133 import Folder, ShellMarks
from tests.strategies import CUTS, cut

START = 1000
CODE = "N"
PLACE = CursorColumn(2, 80)


def mark(text: str, trusted: bool = True) -> bytes:
    """Return a mark of the shell, or of anything else."""
    return f"\x1b]133;{text}{';ant=N' if trusted else ''}\x07".encode()


A, B, C, D = mark("A"), mark("B"), mark("C"), mark("D;0")


class Fed:
    """Blocks and the bytes that made them; a second passes with each byte."""

    def __init__(self) -> None:
        self.data, self.marks = b"", ShellMarks(START)
        self.blocks = CommandBlocks(self.read)
        self.made: list[CommandBlock] = []

    def read(self, start: int, end: int) -> bytes:
        assert START <= start <= end <= START + len(self.data)
        return self.data[start - START : end - START]

    def feed(self, data: bytes) -> "Fed":
        """Feed the next bytes."""
        self.data += data
        for each in self.marks.feed(data, START + len(self.data)):
            if each.code != CODE:
                if not isinstance(each, Folder):
                    self.blocks.hint(each, each.end)
            elif isinstance(each, Folder):
                self.blocks.enter(each)
            else:
                self.blocks.apply(each, each.end, PLACE)
        self.blocks.reach(self.marks.settled)
        self.made += self.blocks.taken()
        return self

    def finish(self) -> "Fed":
        """End the terminal."""
        end = START + len(self.data)
        self.blocks.finish(end, end)
        self.made += self.blocks.taken()
        return self

    def outputs(self) -> list[bytes]:
        """Return the output of each block; check the hashes."""
        found = []
        for block in self.made:
            output = self.read(block.start, block.end)
            assert block.sha256 in (None, hashlib.sha256(output).hexdigest())
            found.append(output)
        return found


def fed(*pieces: bytes) -> Fed:
    """Feed all of it and end the terminal."""
    return Fed().feed(b"".join(pieces)).finish()


def test_a_command_and_its_output() -> None:
    """Text, folder, exit code, time and bytes."""
    folder = b"\x1b]7;file://h/a%20b#ant=N\x07"
    result = fed(folder, A, b"$ ", B, b"lx\x08s\r\n", C, b"one\r\n", mark("D;3"))
    (block,) = result.made
    assert b"one\r\n" == result.outputs()[0]
    assert (
        CommandBlock(
            command="ls",
            cut=False,
            cwd="/a b",
            exit_code=3,
            duration_s=block.end - block.start + len(mark("D;3")),
            start=block.start,
            end=block.start + 5,
            typed=(block.start - len(C) - 6, block.start - len(C)),
            sha256=hashlib.sha256(b"one\r\n").hexdigest(),
            at=block.end + len(mark("D;3")),
        )
        == block
    )


@pytest.mark.parametrize(
    ("pieces", "made"),
    [
        ([A, B, b"a", C, b"1", D, A, B, b"b", C, b"2", D], [("a", b"1"), ("b", b"2")]),
        # Nothing was run.
        ([A, B, A, B], []),
        ([D, A, B, b"a"], []),
        # The line was left; drawn anew; of a prompt of two rows the last row.
        ([A, B, b"a^C\r\n", A, B, b"b", C, D], [("b", b"")]),
        ([A, B, b"a", B, b"ab", C, D], [("ab", b"")]),
        # No prompt is known; no end; the terminal's end.
        ([C, b"1", D], [("", b"1")]),
        ([A, B, b"a", C, b"1", A, B, b"b", C, b"2", D], [("a", b"1"), ("b", b"2")]),
        ([A, B, b"a", C, b"1", A, B], [("a", b"1")]),
        ([A, B, b"a", C, b"1"], [("a", b"1")]),
        # The command shows a prompt's marks.
        ([A, B, b"a", C, b"1", A, B, b"2", D], [("a", b"1" + A + B + b"2")]),
        # Sent together: one end, or none at all.
        ([A, B, b"a", C, b"1", C, b"2", D], [("a", b"1" + C + b"2")]),
        ([A, B, b"a", C, b"1", C, b"2", C], []),
        ([A, B, b"a", C, b"1", C, b"2", A, B, b"b", C, b"3", D], [("b", b"3")]),
    ],
)
def test_marks_in_any_order(pieces: list[bytes], made: list[tuple[str, bytes]]) -> None:
    """The block has what the marks report, and nothing else."""
    result = fed(*pieces)
    assert made == [
        (block.command, output)
        for block, output in zip(result.made, result.outputs(), strict=True)
    ]


@pytest.mark.parametrize("text", ["A", "B", "C", "D;9", "C;cmdline_url=forged"])
def test_marks_of_other_programs_make_no_blocks(text: str) -> None:
    """A shell in the shell, or over `ssh`, or a file that is shown."""
    other = mark(text, trusted=False)
    result = fed(A, other, B, other, b"a", C, other, b"1", other, b"2", D, other)
    assert [("a", 0)] == [(each.command, each.exit_code) for each in result.made]
    assert [other + b"1" + other + b"2"] == result.outputs()


def test_a_shell_with_marks_of_its_own() -> None:
    """Its marks right before ANT's are no output of the command."""
    hint = mark("D;0", trusted=False)
    result = fed(A, B, b"a", C, b"1", hint, D, A, B, b"b", C, b"2", hint, b"3", D)
    assert [b"1", b"2" + hint + b"3"] == result.outputs()


def test_the_shell_may_report_its_command() -> None:
    """Then the drawn line does not matter; the command may be cut, even in a letter."""
    whole = "echo 'ä;\\n%\n b'"
    result = fed(A, B, b"?", mark(f"C;cmdline_url={quote(whole)}"), D)
    assert [(whole, False)] == [(each.command, each.cut) for each in result.made]
    result = fed(A, B, b"?", mark("C;cmdline_url=a%C3%A;cut=1"), D)
    assert [("a\ufffd", True)] == [(each.command, each.cut) for each in result.made]
    result = fed(A, B, mark("C;cmdline_url=a%00b"), D)
    assert ["a\ufffdb"] == [each.command for each in result.made]


def line(number: int) -> bytes:
    """Return the prompt for a further line of a command."""
    return mark(f"P;k=s;line={number}") + b"> " + B


def test_a_command_of_several_lines() -> None:
    """Without the prompts for the further lines; one of them is redrawn."""
    pieces = [A, b"$ ", B, b"for i in 1 2\r\n", line(7), b"do x\x0c"]
    result = fed(*pieces, line(7), b"do echo\r\n", line(8), b"done\r\n", C, D)
    assert ["for i in 1 2\ndo echo\ndone"] == [each.command for each in result.made]
    block = result.made[0]
    assert block.typed is not None
    assert result.read(*block.typed).startswith(b"for i")
    assert result.read(*block.typed).endswith(b"done\r\n")


def test_bounds() -> None:
    """A long command is cut, an endless one is unknown; its output is known."""
    result = fed(A, B, b"x" * (COMMAND_MAX + 1), C, b"1", D)
    assert [("x" * COMMAND_MAX, True)] == [
        (each.command, each.cut) for each in result.made
    ]
    result = fed(A, B, b"x" * (LINE_MAX + 1), C, b"1", D)
    assert ["", b"1"] == [result.made[0].command, result.outputs()[0]]
    result = fed(A, B, b"a\r\n", *map(line, range(500)), C, D)
    assert 1 == len(result.made)


def test_bytes_that_are_gone() -> None:
    """The command and the hash are unknown."""
    result = Fed()
    result.feed(A + B + b"a")
    blocks = CommandBlocks(lambda start, end: None)
    for each in ShellMarks(0).feed(A + B + b"a" + C + b"1" + D, 99):
        assert not isinstance(each, Folder)
        blocks.apply(each, 0.0, PLACE)
    (block,) = blocks.taken()
    assert ("", None) == (block.command, block.sha256)
    assert [] == blocks.taken()


PIECES = [
    *(A, B, C, D, mark("D;1"), mark("D", trusted=False), mark("C", trusted=False)),
    *(b"\x1b]7;file://h/x#ant=N\x07", line(1), line(2)),
    *(mark("C;cmdline_url=x%20y"), b"\x1b]133;C;ant=N", b"\x1b]13", b"\x1b", b"\x07"),
    *(b"text\r\n", "漢\x08".encode(), b"\x1b[31m", b"\xff"),
]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join), CUTS)
def test_fuzz_any_split_makes_the_same_blocks(data: bytes, cuts: list[int]) -> None:
    """In chunks of any size; each hash is that of the block's own bytes."""
    whole, parts = fed(data), Fed()
    for piece in cut(data, cuts):
        parts.feed(piece)
    parts.finish()
    assert whole.made == parts.made
    assert whole.outputs() == parts.outputs()
    for before, after in zip(whole.made, whole.made[1:], strict=False):
        assert before.start <= before.end <= after.start


def test_the_folder_is_the_one_reported_last() -> None:
    """Also of a shell that ran nothing; without a report it is not known."""
    blocks = Fed().blocks
    assert blocks.folder is None
    for path in ("/a", "/b"):
        blocks.enter(Folder(path, 0, 1))
    assert "/b" == blocks.folder
