"""The screen view: it never takes an old screen for the current one."""

import hashlib
from collections.abc import Callable

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ant.core.errors import Conflict
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import Tail
from ant.terminal.detect.prompt_detector import PAUSE_S, PromptDetector
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.host.host_terminal import SECRET_FD
from ant.terminal.model.prompt import Kind
from ant.terminal.model.tty import ShellStep
from ant.terminal.screen.display import Display
from ant.terminal.shell.osc133 import KEY_FD_NAME
from ant.terminal.view import CATCH_UP, ScreenView
from tests.fakes import FakeTerminal
from tests.strategies import CUTS, cut
from tests.terminal.drawn import COOKED, DEAF, RAW, SHELL
from tests.terminal.marks import KEY, OTHER_KEY, Marker

ASKS = "Delete 漢字.txt?\r\nContinue? [Y/n] ".encode()
START = 1000


class Scene:
    """A terminal, its output, and a view of it."""

    def __init__(
        self, blind: bool = False, start: int = START, display: Display | None = None
    ) -> None:
        self.terminal = FakeTerminal(size=(40, 5))
        self.terminal.discipline = COOKED
        self.flow = OutputFlow(Tail(start))
        self.detector = PromptDetector()
        if not blind and display is None:
            display = Display.blank(40, 5, start)
        self.view = ScreenView(self.terminal, self.flow, display, self.detector)

    def say(self, data: bytes, at: float = 0.0) -> None:
        """Print this, and feed it to the view."""
        self.flow.append(data)
        self.view.feed(data, self.flow.tail.end, 0.0)
        self.detector.feed(data, self.flow.tail.end, at)


def test_a_snapshot_is_judged_by_the_present() -> None:
    """The verdict depends on the screen, line discipline and silence of now."""
    scene = Scene()
    scene.say(ASKS, at=5.0)
    snapshot, verdict = scene.view.snapshot(7.5)
    assert (COOKED, 2.5, START + len(ASKS)) == (
        snapshot.tty,
        snapshot.quiet_s,
        snapshot.end,
    )
    assert (Kind.DIALOG, snapshot.end) == (verdict.kind, verdict.end)
    assert verdict.prompt is not None
    assert "Continue?" == verdict.prompt.question
    scene.terminal.discipline = DEAF
    assert Kind.QUIET_UNKNOWN is scene.view.snapshot(7.5)[1].kind


def test_before_the_first_output() -> None:
    """A new program is busy; after a reattach it is silent from then on."""
    scene = Scene()
    snapshot, verdict = scene.view.snapshot(100.0)
    assert (0.0, START, -1) == (snapshot.quiet_s, snapshot.end, snapshot.last)
    assert verdict.prompt is None
    assert 4.0 == scene.view.snapshot(104.0)[0].quiet_s


def test_a_screen_that_is_behind_is_refused() -> None:
    """An answer must not go to a prompt that is some bytes old."""
    scene = Scene()
    scene.say(ASKS)
    scene.flow.append(b"y\r\n")
    with pytest.raises(Conflict):
        scene.view.snapshot(1.0)
    assert START + len(ASKS) == scene.view.look(1.0).end
    scene.view.catch_up(0.0)
    assert scene.view.snapshot(1.0)[1].prompt is None


def test_catching_up_is_bounded() -> None:
    """A flood is drawn in pieces; each begins where the last one ended."""
    scene = Scene()
    scene.flow.append(b"x" * (CATCH_UP + 1))
    scene.view.catch_up(0.0)
    assert START + CATCH_UP == scene.view.end
    scene.view.catch_up(0.0)
    scene.view.catch_up(0.0)
    assert START + CATCH_UP + 1 == scene.view.end == scene.flow.tail.end


@given(CUTS, st.integers(0, len(ASKS)))
def test_the_screen_is_the_same_at_any_split(cuts: list[int], early: int) -> None:
    """Also where bytes are drawn before they are fed."""
    whole, parts = Scene(), Scene()
    whole.say(ASKS)
    end = START
    for piece in cut(ASKS, cuts):
        end += len(piece)
        parts.flow.append(piece)
        if end - START >= early:
            parts.view.catch_up(0.0)
        parts.view.feed(piece, end, 0.0)
    assert whole.view.drawing() == parts.view.drawing()
    assert whole.view.look(1.0).lines == parts.view.look(1.0).lines


def test_a_due_look_reports_what_has_changed() -> None:
    """Once; the same screen again reports nothing."""
    scene = Scene()
    scene.say(ASKS, at=1.0)
    (seen,) = scene.view.judge(1.0 + PAUSE_S)
    assert isinstance(seen, VerdictSeen)
    assert seen.verdict.prompt is not None
    assert [] == scene.view.judge(1.5)
    scene.say(b"y\r\n", at=2.0)
    (gone,) = scene.view.judge(2.0 + PAUSE_S)
    assert isinstance(gone, VerdictSeen)
    assert gone.verdict.prompt is None


def test_the_replies_to_queries_are_returned() -> None:
    """The view does not write them."""
    scene = Scene()
    assert b"\x1b[1;1R" == scene.view.feed(b"\x1b[6n", START + 4, 0.0)
    scene.flow.append(b"\x1b[6n" + b"ab\x1b[6n")
    assert b"\x1b[1;3R" == scene.view.catch_up(0.0)
    assert b"" == scene.terminal.written


mark = Marker()
RAN = (
    b"foo%b\r\n$ %becho \xe6\xbc\xa2x\x08\x1b[K\r\n" % (mark("P;k=i"), mark("B"))
    + b"%b\x1b[6n\xe6\xbc\xa2\r\n%b" % (mark("C"), mark("D;0"))
    + b"%b%b\r\n%b" % (mark("B"), b"true " * 12, mark("C"))
)
LAST_END = mark("D;3")
"""Two commands, the second wider than the screen and not ended."""


@given(CUTS, st.integers(0, len(RAN)))
def test_commands_are_the_same_at_any_split(cuts: list[int], early: int) -> None:
    """Text, output and hash; queries are answered once, in order."""
    parts, end, replies = Scene(), START, b""
    parts.detector.shell.key = KEY
    for piece in cut(RAN, cuts):
        end += len(piece)
        parts.flow.append(piece)
        if end - START >= early:
            replies += parts.view.catch_up(0.0)
        replies += parts.view.feed(piece, end, 0.0)
    parts.view.finish(0.0)
    first, second = (each.block for each in parts.view.blocks())
    assert ["echo 漢", "true " * 11 + "true"] == [first.command, second.command]
    output = RAN[first.start - START : first.end - START]
    assert b"\x1b[6n\xe6\xbc\xa2\r\n" == output
    assert hashlib.sha256(output).hexdigest() == first.sha256
    assert (end, end, None) == (second.start, second.end, second.exit_code)
    assert b"\x1b[3;1R" == replies
    assert [] == parts.view.blocks()


PLACES = st.integers(0, len(RAN))
AFTER_ESC = RAN.index(b"\x1b]133;B") + 1


@given(CUTS, PLACES, PLACES, PLACES)
@example([], AFTER_ESC, AFTER_ESC, 0)
@example([], AFTER_ESC, 0, 0)
def test_a_restart_at_any_split_loses_no_command(
    cuts: list[int], at: int, kept: int, hole: int
) -> None:
    """Replayed and new output make the same commands, each once.

    The screen continues from a picture of it, in the midst of a mark, too.
    """
    data = RAN + b"1\r\n" + LAST_END
    whole, before = Scene(), Scene()
    for scene in (whole, before):
        scene.detector.shell.key = KEY
    whole.say(data)
    before.say(data[: min(kept, at)])
    picture = before.view.picture()
    assert picture is not None
    before.say(data[min(kept, at) : at])
    restored = Display.of(picture)
    restored.feed(data[:at], START + at)
    after = Scene(start=START + at, display=restored)
    after.detector.shell.key = KEY
    after.terminal.kept = before.terminal.kept
    blocks = [each.block for each in before.view.blocks()]
    end = blocks[-1].end if blocks else START
    past = []
    for piece in cut(data[end - START : at], cuts):
        end += len(piece)
        past.append((piece, end, 0.0))
    after.view.replay(past)
    assert before.view.drawing() == after.view.drawing()
    after.say(data[at : at + hole])
    after.say(data[at + hole :])
    blocks += [each.block for each in after.view.blocks()]
    assert [each.block for each in whole.view.blocks()] == blocks


def test_a_command_with_a_gap_has_no_hash() -> None:
    """Nor has one whose output is longer than what is replayed."""
    scene = Scene(start=START + 1000)
    scene.detector.shell.key = KEY
    begun = RAN[RAN.rindex(b"\x1b]133;B") :]
    first = START - len(begun)
    second = START - len(begun) + begun.index(b"\x1b]133;C")
    scene.terminal.kept = f"{first} 5\n{second} 6".encode()
    scene.view.replay([(begun, START, 1.0), (b"x" * 10, START + 1000, 2.0)])
    scene.say(b"1" + LAST_END)
    (block,) = (each.block for each in scene.view.blocks())
    assert ("true " * 11 + "true", 3, None) == (
        *(block.command, block.exit_code, block.sha256),
    )
    assert (START, START + 1001) == (block.start, block.end)


def test_without_a_library_a_command_has_no_text() -> None:
    """Unless the shell reports it; the rest is known."""
    scene = Scene(blind=True)
    scene.detector.shell.key = KEY
    scene.say(RAN + b"1" + LAST_END)
    mark = Marker()
    mark.number = 7
    scene.say(mark("B") + mark("C;cmdline_url=ls%20-l") + mark("D;0"))
    first, second, third = (each.block for each in scene.view.blocks())
    assert ["", "", "ls -l"] == [each.command for each in (first, second, third)]
    assert (1, 3) == (second.end - second.start, second.exit_code)


def test_marks_that_are_not_proven_make_no_command() -> None:
    """A shell without a key, or with another one, has run nothing."""
    for key in (None, OTHER_KEY):
        scene = Scene()
        scene.detector.shell.key = key
        scene.say(RAN)
        scene.view.finish(1.0)
        assert [] == scene.view.blocks()


def test_a_resize_applies_to_the_next_byte() -> None:
    """The screen has the new size from then on."""
    scene = Scene()
    scene.view.resize(20, 3)
    drawing = scene.view.drawing()
    picture = scene.view.picture()
    assert picture is not None
    assert (20, 3) == (drawing.cols, drawing.rows) == (picture.cols, picture.rows)


@pytest.mark.parametrize(
    "ask",
    [
        lambda view: view.drawing(),
        lambda view: view.look(1.0),
        lambda view: view.snapshot(1.0),
    ],
)
def test_without_a_library_there_is_no_screen(
    ask: Callable[[ScreenView], object],
) -> None:
    """Output is counted, and a request for the screen raises `Conflict`."""
    scene = Scene(blind=True)
    scene.say(ASKS)
    scene.view.resize(20, 3)
    assert START + len(ASKS) == scene.view.end
    assert b"" == scene.view.catch_up(0.0)
    assert scene.view.picture() is None
    assert [] == scene.view.judge(1.0)
    with pytest.raises(Conflict):
        ask(scene.view)


def listening(scene: Scene) -> Scene:
    """A scene whose shell got the key."""
    scene.terminal.discipline = SHELL
    scene.terminal.environment[KEY_FD_NAME] = str(SECRET_FD)
    scene.detector.shell.key = KEY
    return scene


def test_a_snapshot_has_the_mark_of_the_foreground_shell() -> None:
    """It is at its prompt, or runs a builtin that asks with a short prompt."""
    scene, mark = listening(Scene()), Marker()
    scene.say(mark("A") + b"$ " + mark("B"))
    snapshot, verdict = scene.view.snapshot(5.0)
    assert attrs.evolve(SHELL, mark=ShellStep.INPUT) == snapshot.tty == scene.view.tty()
    assert (Kind.AT_REST, "shell/mark") == (verdict.kind, verdict.rule)
    scene.say(b"read -e\r\n" + mark("C") + b"> ")
    snapshot, verdict = scene.view.snapshot(5.0)
    assert Kind.AT_REST is not verdict.kind
    scene.say(b"\r\n" + mark("D;0"))
    assert "shell" == scene.view.snapshot(5.0)[1].rule


def test_a_shell_that_asks_at_its_prompt_still_asks() -> None:
    """As in the search of its history."""
    scene, mark = listening(Scene()), Marker()
    scene.say(mark("A") + b"$ " + mark("B") + b"\r(reverse-i-search)`': ")
    assert Kind.QUESTION is scene.view.snapshot(5.0)[1].kind


def test_marks_that_are_not_proven_are_not_in_a_snapshot() -> None:
    """Without a code, with that of another key, or printed a second time."""
    scene, mark = listening(Scene()), Marker()
    before = mark("A") + mark("B") + mark("C")
    scene.say(before + mark("D;0") + mark("A") + mark("B"))
    forged = Marker(OTHER_KEY)
    forged.number = mark.number
    scene.say(forged("C") + b"\x1b]133;C\x07$ " + before)
    assert "shell/mark" == scene.view.snapshot(5.0)[1].rule


def test_marks_count_while_their_shell_is_in_the_foreground() -> None:
    """Not with another program there, nor after the shell has replaced itself."""
    scene, mark = listening(Scene()), Marker()
    scene.say(mark("A") + mark("B") + mark("C") + b"$ ")
    scene.terminal.discipline = attrs.evolve(SHELL, leader=False, foreground="python3")
    assert scene.terminal.discipline == scene.view.tty()
    assert (Kind.AT_REST, "prompt") == attrs.astuple(
        scene.view.snapshot(5.0)[1], recurse=False
    )[:2]
    scene.terminal.discipline = SHELL
    scene.terminal.environment.clear()
    assert SHELL == scene.view.tty()
    assert "shell" == scene.view.snapshot(5.0)[1].rule
    scene.terminal.discipline = None
    assert scene.view.tty() is None


RULE = "─" * 40


def frame(row: str, status: str = "demo") -> bytes:
    """An agent without a driver: a row above its composer, and a status below."""
    lines = (row, RULE, "> ", RULE, status)
    return ("\x1b[2J\x1b[H" + "\r\n".join(lines) + "\x1b[3;3H").encode()


def agent() -> Scene:
    """A terminal whose program reads keys."""
    scene = Scene(display=Display.blank(40, 10, START))
    scene.terminal.discipline = RAW
    return scene


def kinds(scene: Scene, frames: list[bytes], every_s: float) -> list[Kind]:
    """The verdicts on these frames, at the times when the detector takes its looks."""
    found, at = list[Kind](), 0.0
    for data in frames:
        scene.say(data, at)
        until, due = at + every_s, scene.detector.due(at)
        while due is not None and due < until:
            scene.view.judge(due)
            assert scene.detector.verdict is not None
            found.append(scene.detector.verdict.kind)
            due = scene.detector.due(due)
        at = until
    return found


TURNING = {
    "a share": [f"Downloading {n}%" for n in range(40, 46)],
    "a step": [f"[{n}/10] Building" for n in range(6)],
    "a bar": ["█" * n + "░" * (9 - n) + f" {n}0%" for n in range(6)],
    "a sign": [f"{'|/-'[n % 3]} Loading" for n in range(6)],
    "dots": ["Pensando" + "." * (n % 4) for n in range(6)],
    "a countdown": [f"Retrying in {9 - n} seconds (attempt 3/10)" for n in range(6)],
}


@pytest.mark.parametrize("rows", TURNING.values(), ids=TURNING)
def test_a_row_that_turns_above_a_composer_shows_work(rows: list[str]) -> None:
    """Also between two of its steps. It ends some seconds after the last one."""
    scene = agent()
    found = kinds(scene, [frame(row) for row in rows], 1.6)
    # The first frame turns nothing, and rest becomes work after a second of it.
    assert {Kind.BUSY} == {*found[len(found) // 2 :]}
    last = kinds(scene, [frame(rows[-1] + " ")], 20.0)
    assert Kind.AT_REST is last[-1]


@pytest.mark.parametrize(
    "frames",
    [
        [frame("Done.", f"12:0{n} demo") for n in range(6)],
        [frame(f"demo │ {n}s │ 10% │ auto") for n in range(6)],
        [frame(f"It said {word}.") for word in ("one", "two", "three", "four")],
    ],
    ids=["a clock below", "a row of cells", "other words"],
)
def test_other_changes_end_after_a_second(frames: list[bytes]) -> None:
    """A clock in a status, and text that is replaced, show no work."""
    scene = agent()
    assert Kind.AT_REST in kinds(scene, frames, 1.6)


def test_a_driver_knows_which_rows_show_work() -> None:
    """Its agent may count something at rest."""
    scene = agent()
    scene.detector.flag = "codex-cli"
    rows = TURNING["a share"]
    assert Kind.AT_REST in kinds(scene, [frame(row) for row in rows], 1.6)
