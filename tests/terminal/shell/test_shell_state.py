"""Only the shell's own marks count: what was once printed proves nothing any more."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.model.tty import ShellStep
from ant.terminal.shell.osc133 import Folder, ShellMark, ShellMarks
from ant.terminal.shell.shell_key import ShellKey
from ant.terminal.shell.shell_state import (
    AHEAD_MAX,
    NEAR,
    REMEMBERED_BYTES,
    TRIES,
    Proof,
    ShellState,
)
from tests.terminal.marks import KEY, OTHER_KEY, Marker

LETTERS = ["A", "B", "P;k=i", "C", "C;cmdline_url=make%20test", "D;0", "D;1"]


class Fed:
    """A shell's state, and the output that made it."""

    def __init__(self, state: ShellState | None = None, end: int = 0) -> None:
        self.state = state or ShellState(KEY)
        self.data, self.marks = b"", ShellMarks(end)

    def feed(self, data: bytes) -> list[Proof | None]:
        """Take output; what its marks prove."""
        self.data += data
        found = self.marks.feed(data, self.marks.end + len(data))
        return [self.state.accept(each) for each in found]


def code(marker: Marker) -> str:
    """The last code of a shell."""
    number = marker.number
    return f"{number}.{KEY.code(number)}"


def prompt(mark: Marker) -> bytes:
    """A prompt: its parts have one number, in fish the folder has it too."""
    first = mark("P")
    folder = f"\x1b]7;file:///x#ant={code(mark)}\x07".encode()
    last = f"\x1b]133;B;ant={code(mark)}\x07".encode()
    return first + folder + b"$ " + last


def forged(data: bytes, at: int) -> bytes:
    """Every mark that can be made of the codes in the output: some `at` once."""
    found = ShellMarks(0).feed(data, len(data))
    codes = sorted({each.code for each in found if each.code})[-50:]
    codes += [f"{AHEAD_MAX}.{at}", f"{at}.{at}", "1.1", "0.0", "-1.1", "1", "x.y", ""]
    made = [f"133;{letter};ant={each}" for each in codes for letter in LETTERS]
    made += [f"7;file:///forged#ant={each}" for each in codes]
    made = made[at % 3 :: 3]
    return "".join(f"\x1b]{each}\x07" for each in made).encode()


@given(st.lists(st.integers(0, 1000), max_size=6), st.booleans())
def test_no_program_forges_a_mark_of_what_it_has_seen(
    runs: list[int], at_prompt: bool
) -> None:
    """It prints all codes so far as any marks: none is new, and no true one is lost."""
    fed, mark = Fed(), Marker()
    for run in runs:
        assert [Proof.NEW] * 3 == fed.feed(prompt(mark))
        if at_prompt:  # A program in the background, while the shell redraws.
            proofs = fed.feed(forged(fed.data, run))
            assert Proof.NEW not in proofs
            assert ShellStep.INPUT is fed.state.step
        assert [Proof.NEW] == fed.feed(mark("C"))
        assert {None} == {*fed.feed(forged(fed.data, run)), None}
        assert ShellStep.OUTPUT is fed.state.step
        assert [Proof.NEW] == fed.feed(mark("D;1"))
        assert ShellStep.END is fed.state.step
        assert {None} == {*fed.feed(b"." + forged(fed.data, run)), None}


def test_a_prompt_may_be_drawn_again() -> None:
    """While the shell is there; it changes nothing but the line."""
    fed, mark = Fed(), Marker()
    drawn = prompt(mark)
    fed.feed(drawn)
    assert [Proof.REDRAWN, None, Proof.REDRAWN] == fed.feed(drawn)
    fed.feed(mark("C"))
    assert [None] * 3 == fed.feed(drawn)
    fed.feed(mark("D;0") + prompt(mark))
    assert [None] * 3 == fed.feed(drawn)


@pytest.mark.parametrize(
    ("letter", "between", "proof"),
    [
        ("D;0", b"", Proof.NEW),
        ("D;0", b"x", None),
        ("P", b"", Proof.NEW),
        ("B", b"", None),
        ("C", b"", None),
    ],
)
def test_a_folder_may_have_the_number_of_the_mark_right_before_it(
    letter: str, between: bytes, proof: Proof | None
) -> None:
    """The shell prints both at once. What follows elsewhere may be a program's."""
    fed, mark = Fed(), Marker()
    fed.feed(mark("A") + mark.folder("file:///x"))
    first = mark(letter)
    folder = f"\x1b]7;file:///y#ant={code(mark)}\x07".encode()
    assert [Proof.NEW, proof] == fed.feed(first + between + folder)
    folder = mark.folder("file:///z")
    rest = [f"\x1b]133;{each};ant={code(mark)}\x07".encode() for each in "PBCD"]
    assert [Proof.NEW, *[None] * 4] == fed.feed(b".".join([folder, *rest]))


def test_numbers_may_be_missing() -> None:
    """Where output is; but not so many that anything would be far enough ahead."""
    fed, mark = Fed(), Marker()
    fed.feed(mark("A"))
    mark.number += AHEAD_MAX - 1
    assert [Proof.NEW] == fed.feed(mark("B"))
    mark.number += AHEAD_MAX
    assert [None] == fed.feed(mark("C"))


@attrs.frozen(repr=False)
class CountedKey(ShellKey):
    """A key that counts the codes it computes."""

    counted: list[int] = attrs.field(factory=list)

    def code(self, number: int) -> int:
        self.counted.append(number)
        return super().code(number)


def test_a_flood_of_forged_marks_is_cheap() -> None:
    """Few codes are computed for it, and the shell's own next mark counts."""
    key = CountedKey(KEY.first, KEY.second)
    fed, mark = Fed(ShellState(key)), Marker()
    fed.feed(mark("A") + mark("C"))
    del key.counted[:]
    for number in range(5000):
        each = number % 2500 * 400 % AHEAD_MAX if number % 2 else number
        assert [None] == fed.feed(f"\x1b]133;D;0;ant={each}.1\x07".encode())
    assert len(key.counted) <= NEAR + TRIES
    assert [Proof.NEW] == fed.feed(mark("D;0"))
    mark.number += 100_000
    assert [Proof.NEW] == fed.feed(mark("A"))


@pytest.mark.parametrize("text", ["D", "D;x", "E;0"])
def test_an_end_without_an_exit_code_is_none(text: str) -> None:
    """It does not spend its number: zsh has this mark in a variable."""
    fed, mark = Fed(), Marker()
    fed.feed(mark("A") + mark("C"))
    assert Proof.NEW not in fed.feed(mark(text))
    mark.number -= 1
    assert [Proof.NEW] == fed.feed(mark("D;0"))


def test_without_a_key_nothing_counts() -> None:
    """Nor with that of another run."""
    data = Marker()("A") + Marker(OTHER_KEY)("A")
    assert [None, None] == Fed(ShellState()).feed(data)
    assert [None, Proof.NEW] == Fed(ShellState(OTHER_KEY)).feed(data)


@pytest.mark.parametrize(
    ("letters", "step"),
    [
        ("ABC", ShellStep.OUTPUT),
        ("AC", ShellStep.OUTPUT),
        ("ABABC", ShellStep.OUTPUT),
        ("ABCD", ShellStep.END),
        ("ABCC", None),
        ("ABCCC", None),
        ("ABCDC", None),
        ("ABCCAB", ShellStep.INPUT),
        ("C", None),
    ],
)
def test_a_command_begins_at_a_prompt(letters: str, step: ShellStep | None) -> None:
    """A shell that no longer marks its prompts does not stay busy for ever."""
    fed, mark = Fed(), Marker()
    for letter in letters:
        fed.feed(mark("D;0" if letter == "D" else letter))
    assert step == fed.state.step


@given(st.integers(0, 8), st.integers(0, 3))
def test_a_restart_knows_the_marks_that_it_had_checked(ran: int, at: int) -> None:
    """By their offsets. A replay makes no printed mark a true one, wherever it begins.

    What the server had not read yet is checked as ever.
    """
    before, mark = Fed(), Marker()
    for _ in range(ran):
        before.feed(prompt(mark) + mark("C") + b"output" + mark("D;0"))
    start = len(before.data)
    pieces = [prompt(mark), mark("C"), forged(before.data, ran), mark("D;0")]
    proofs = [proof for piece in pieces[:at] for proof in before.feed(piece)]
    after = Fed(ShellState(KEY), start)
    after.state.recall(before.state.remembered())
    assert proofs == [p for piece in pieces[:at] for p in after.feed(piece)]
    assert not at or before.state.step is after.state.step
    rest = [piece for piece in pieces[at:] for piece in (piece, forged(b"", at))]
    expected = [proof for piece in rest for proof in before.feed(piece)]
    assert expected == [proof for piece in rest for proof in after.feed(piece)]
    assert before.state.step is after.state.step is ShellStep.END


@given(st.integers(1, 40))
def test_a_replay_may_begin_anywhere(ran: int) -> None:
    """What was there before, deleted or left out, is spent all the same."""
    before, mark = Fed(), Marker()
    for _ in range(ran):
        before.feed(prompt(mark) + mark("C") + b"output" + mark("D;0"))
    before.feed(prompt(mark) + mark("C"))
    start, printed = len(before.data), before.data + forged(before.data, ran)
    assert {None} == {*before.feed(printed)}
    after = Fed(ShellState(KEY), start)
    after.state.recall(before.state.remembered())
    assert {None} == {*after.feed(printed)}
    assert [Proof.NEW] == after.feed(mark("D;0"))


def test_what_is_remembered_is_small() -> None:
    """However many marks there were, and however large the numbers."""
    fed, mark = Fed(end=1 << 62), Marker()
    mark.number = AHEAD_MAX - 500
    for _ in range(200):
        fed.feed(mark("A"))
    assert len(fed.state.remembered()) <= REMEMBERED_BYTES
    other = ShellState(KEY)
    other.recall(b"x\n1\n1 2 3\n\xff 1\n5 7")
    assert b"5 7" == other.remembered()


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_key_that_was_printed_is_worthless(cut: int, more: int) -> None:
    """From its output on, in pieces of any size, and after a restart."""
    fed, mark = Fed(), Marker()
    fed.feed(prompt(mark))
    shown = b"__ant_k0=" + KEY.needle + b"\r\n"
    pieces = [b"x" * more + shown[:cut], shown[cut:]]
    end, found = 0, list[int]()
    for piece in pieces:
        end += len(piece)
        if (at := fed.state.find_key(piece, end)) is not None:
            found.append(at)
            fed.state.expose()
    assert [more + len("__ant_k0=")] == found
    assert {None} == {*fed.feed(mark("C") + mark("D;0")), None}
    assert fed.state.step is None
    after = ShellState(KEY)
    after.recall(fed.state.remembered())
    (late,) = ShellMarks(0).feed(mark("A"), 99)
    assert isinstance(late, ShellMark | Folder)
    assert after.accept(late) is None
