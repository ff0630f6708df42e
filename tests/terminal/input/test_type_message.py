"""Messages typed into programs: only into free ones, once, with a visible reaction."""

import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core.errors import NotAnOption, Withheld
from ant.terminal.agents.driver import driver_for, drivers
from ant.terminal.detect.drafts import draft_of
from ant.terminal.input import type_message
from ant.terminal.input.type_message import reacts
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.screen.snapshot import ScreenSnapshot
from tests.terminal.drawn import look_at
from tests.terminal.input.test_race import ROOT, Control, logged
from tests.terminal.recorded import Recording, recordings
from tests.terminal.replayed import Replayed
from tests.terminal.running import Onlooker, running

HELLO = 'hello, please do `this` & "that"; $HOME (x) !y'


def mock(folder: Path, style: str, *more: str) -> tuple[str, ...]:
    """The command of a mock agent that logs, and takes orders, in this folder."""
    given = ("--log", str(folder / "log"), "--control", str(folder / "s"))
    return (sys.executable, "-m", "tests.mocks.agent", "--style", style, *given, *more)


async def at_rest(onlooker: Onlooker) -> None:
    """Wait for the first verdict that it is at rest."""
    await onlooker.until(
        lambda: (
            (verdict := onlooker.live.verdict) is not None and verdict.kind == "at_rest"
        )
    )


FLAGS = {
    "claude": "claude-code",
    "codex": "codex-cli",
    "gemini": "gemini-cli",
    "copilot": "copilot-cli",
    "qwen": "qwen-cli",
}


@pytest.mark.parametrize("style", FLAGS)
async def test_an_agent_gets_the_exact_text(style: str, tmp_path: Path) -> None:
    """Whatever is in it: typed once, sent once, with a reaction."""
    text = HELLO + "\nsecond line: 漢字 é 🙂\n\tthird"
    async with running(*mock(tmp_path, style), cwd=ROOT, flag=FLAGS[style]) as onlooker:
        await at_rest(onlooker)
        said = await onlooker.live.type_message(text)
        assert (True, True) == (said.submitted, said.sure)
        assert await onlooker.live.reacts(said.end, text, 10) is not None
    texts = [line["text"] for line in logged(tmp_path / "log", "submitted")]
    assert [text] == texts


async def test_a_shell_gets_a_line() -> None:
    """The shell runs it, and its output is the reaction."""
    async with running("bash", "--norc", "-i") as onlooker:
        await at_rest(onlooker)
        said = await onlooker.live.type_message("echo it is $((6 * 7))")
        assert await onlooker.live.reacts(said.end, "echo it is $((6 * 7))", 10)
        await onlooker.shows("it is 42")


@pytest.mark.parametrize("style", FLAGS)
async def test_nothing_enters_a_dialog(style: str, tmp_path: Path) -> None:
    """Of twenty messages to an open dialog none is typed; the dialog stays."""
    async with running(*mock(tmp_path, style), cwd=ROOT, flag=FLAGS[style]) as onlooker:
        await at_rest(onlooker)
        async with await trio.open_unix_socket(str(tmp_path / "s")) as stream:
            control = Control(stream)
            for number in range(20):
                shown = await control.order(f"dialog {number % 7}")
                with pytest.raises(Withheld) as caught:
                    await onlooker.live.type_message(HELLO)
                assert "dialog" == caught.value.reason
                assert shown == await control.order("state")
    assert [] == logged(tmp_path / "log", "byte")


async def test_a_dialog_that_comes_up_meanwhile_gets_no_enter(tmp_path: Path) -> None:
    """The text was typed before, or ignored; nothing is chosen by it."""
    argv = mock(tmp_path, "claude", "--ambush", "5")
    async with running(*argv, cwd=ROOT, flag="claude-code") as onlooker:
        await at_rest(onlooker)
        said = await onlooker.live.type_message(HELLO)
        assert not said.submitted
    assert [] == logged(tmp_path / "log", "chose")
    assert [] == logged(tmp_path / "log", "submitted")


async def test_a_draft_is_left_alone(tmp_path: Path) -> None:
    """An operator's draft is not sent with ANT's message."""
    async with running(*mock(tmp_path, "claude"), cwd=ROOT) as onlooker:
        onlooker.live.set_driver("claude-code")
        await at_rest(onlooker)
        onlooker.live.type_nowait(b"half a thought")
        await onlooker.shows("half a thought")
        with pytest.raises(Withheld) as caught:
            await onlooker.live.type_message(HELLO)
        assert "draft" == caught.value.reason
    assert [] == logged(tmp_path / "log", "submitted")


async def test_a_text_that_does_not_show_is_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that shows nothing of it gets no Enter."""
    monkeypatch.setattr(type_message, "SHOWN_S", 1.0)
    argv = mock(tmp_path, "claude", "--mute")
    async with running(*argv, cwd=ROOT, flag="claude-code") as onlooker:
        await at_rest(onlooker)
        said = await onlooker.live.type_message(HELLO)
        assert not said.submitted
    assert [] == logged(tmp_path / "log", "submitted")


@pytest.mark.soak
async def test_a_text_that_shows_late_is_sent(tmp_path: Path) -> None:
    """Qwen Code showed a paste after up to 13.9 s, on a loaded machine."""
    argv = mock(tmp_path, "qwen", "--late", "8")
    async with running(*argv, cwd=ROOT, flag="qwen-cli") as onlooker:
        await at_rest(onlooker)
        said = await onlooker.live.type_message(HELLO)
        assert said.submitted
        assert await onlooker.live.reacts(said.end, HELLO, 20) is not None
    texts = [line["text"] for line in logged(tmp_path / "log", "submitted")]
    assert [HELLO] == texts


@pytest.mark.slow
async def test_a_text_that_shows_late_lets_other_input_pass(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operator's keys wait for `YIELD_S` behind a text that does not show."""
    monkeypatch.setattr(type_message, "YIELD_S", 0.5)
    argv = mock(tmp_path, "claude", "--mute")
    async with running(*argv, cwd=ROOT, flag="claude-code") as onlooker:
        await at_rest(onlooker)
        async with trio.open_nursery() as nursery:

            async def say() -> None:
                said = await onlooker.live.type_message(HELLO)
                assert not said.submitted

            nursery.start_soon(say)
            await wait_all_tasks_blocked()
            typed = onlooker.live.type_nowait(b"!\r")
            with trio.fail_after(type_message.SHOWN_S / 2):
                await typed.over.wait()
        await onlooker.shows("You said")
    texts = [line["text"] for line in logged(tmp_path / "log", "submitted")]
    assert [f"{HELLO}!"] == texts


async def test_a_swallowed_enter_is_pressed_again(tmp_path: Path) -> None:
    """If the driver requires it; and the text is sent once."""
    argv = mock(tmp_path, "claude", "--eat-enter")
    async with running(*argv, cwd=ROOT, flag="claude-code") as onlooker:
        await at_rest(onlooker)
        said = await onlooker.live.type_message(HELLO)
        assert await onlooker.live.reacts(said.end, HELLO, 10) is not None
    texts = [line["text"] for line in logged(tmp_path / "log", "submitted")]
    assert [HELLO] == texts


async def test_without_a_reaction_none_is_reported(tmp_path: Path) -> None:
    """A program that ignores Enter, without a driver that knows it."""
    argv = mock(tmp_path, "codex", "--eat-enter")
    async with running(*argv, cwd=ROOT, flag="codex-cli") as onlooker:
        await at_rest(onlooker)
        said = await onlooker.live.type_message(HELLO)
        assert said.submitted
        assert await onlooker.live.reacts(said.end, HELLO, 2) is None
    assert [] == logged(tmp_path / "log", "submitted")


class Redrawn:
    """A terminal whose program draws these screens, one at each wait for output."""

    def __init__(self, *looks: ScreenSnapshot) -> None:
        self._looks, self.end = [*looks], 10

    def snapshot(self) -> tuple[ScreenSnapshot, Verdict]:
        return self._looks[0], Verdict(Kind.AT_REST, "composer", (), self.end)

    async def wait_output(self, patience_s: float) -> bool:
        if len(self._looks) == 1:
            await trio.sleep(patience_s)
            return False
        await trio.lowlevel.checkpoint()
        self.end += 1
        del self._looks[0]
        return True


WHOLE = look_at("OpenAI Codex", "", "› hello", "", "  100% context left")
HALF = look_at("OpenAI Codex", "")
TAKEN = look_at("OpenAI Codex", "", "hello", "", "• Hi!", "", "› ", "", "  99% left")


@pytest.mark.parametrize(
    ("looks", "offset"),
    [
        ([WHOLE, HALF, WHOLE], None),
        ([HALF, WHOLE], None),
        ([WHOLE, HALF, HALF, WHOLE, HALF, WHOLE], None),
        ([WHOLE, HALF, TAKEN], 11),
        ([WHOLE, TAKEN], 11),
    ],
)
async def test_a_frame_that_is_half_drawn_is_no_reaction(
    autojump_clock: MockClock, looks: list[ScreenSnapshot], offset: int | None
) -> None:
    """The text is missing in it, and stands there again in the next one."""
    ops: Any = Redrawn(*looks)
    driver = driver_for("codex-cli", "codex")
    assert offset == await reacts(ops, driver, 9, "hello", 2)


def _param(recording: Recording, index: int) -> Any:
    """A moment; `make soak` also plays those of further versions."""
    marks = [pytest.mark.soak] if recording.is_further_version else []
    return pytest.param(recording, index, id=f"{recording.name}#{index}", marks=marks)


SENT = [
    (recording, index)
    for recording in recordings()
    for index, moment in enumerate(recording.moments[:-1])
    if recording.driver
    and (moment.typed or "").startswith("demo ")
    and moment.expect["kind"] != "busy"
    and not (
        recording.name.startswith("qwen-cli-") and recording.name.endswith("/busy")
    )
]
"""Where a message was typed to a recorded agent that did not work, and sent. Qwen Code
puts a cancelled message back into its composer; what was typed then stands behind it.
"""


@pytest.mark.parametrize(
    ("recording", "index"),
    [_param(*each) for each in SENT],
)
async def test_the_reactions_of_recorded_agents_are_seen(
    autojump_clock: MockClock, recording: Recording, index: int
) -> None:
    """A dialog at once, work, or an answer; and none before Enter."""
    before, after = recording.moments[index : index + 2]
    text = before.typed or ""
    ops: Any = Replayed(recording, before, after)
    assert text == draft_of(ops.look(), ops.driver)
    assert await reacts(ops, ops.driver, ops.began - 1, text, 10) is None
    ops.is_stuck = False
    offset = await reacts(ops, ops.driver, ops.began, text, 10)
    assert offset is not None
    assert ops.began < offset <= after.offset


def test_every_recorded_agent_is_among_them() -> None:
    """And each of them that asks at once."""
    agents = {each.driver for each, _ in SENT}
    assert {*drivers()} - {"shell"} == agents
    asking = {
        each.driver
        for each, index in SENT
        if each.moments[index + 1].expect["kind"] == "dialog"
    }
    assert agents == asking


DRAFTS = [
    (recording, index)
    for recording in recordings()
    for index, moment in enumerate(recording.moments[:-1])
    if recording.driver
    and len((moment.typed or "").strip("\x7f")) > 20
    and recording.name.endswith(("/drafts", "/composer"))
]
"""Where a long text was typed to a recorded agent, and not sent."""


@pytest.mark.parametrize(
    ("recording", "index"),
    [_param(*each) for each in DRAFTS],
)
async def test_a_text_in_the_composer_is_not_called_taken(
    autojump_clock: MockClock, recording: Recording, index: int
) -> None:
    """Enter was pressed, and was lost: a text of several rows stands there yet."""
    before, after = recording.moments[index : index + 2]
    text = (before.typed or "").removeprefix("\x1b[200~").removesuffix("\x1b[201~")
    ops: Any = Replayed(recording, before, after)
    ops.is_stuck = False
    assert await reacts(ops, ops.driver, ops.began, text, 10) is None


async def test_a_collapsed_paste_counts_as_unsent(
    autojump_clock: MockClock,
) -> None:
    """Agents show `[Pasted text]` in place of a long text that is not sent yet."""
    note = look_at("OpenAI Codex", "", "› [Pasted text #1 +30 lines]", "", "  99% left")
    ops: Any = Redrawn(note, note)
    driver = driver_for("codex-cli", "codex")
    assert await reacts(ops, driver, 9, "line\n" * 30, 2) is None


async def test_a_line_too_long_for_the_terminal_is_refused() -> None:
    """The line discipline would truncate it; nothing is typed."""
    async with running("cat") as onlooker:
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(Withheld) as caught:
            await onlooker.live.type_message("x" * 5000)
        assert "line_too_long" == caught.value.reason
        with pytest.raises(Withheld):
            await onlooker.live.type_message("two\nlines")
        with pytest.raises(NotAnOption):
            await onlooker.live.type_message("a\x03b")
        assert 0 == onlooker.flow.tail.end


async def test_an_unknown_quiet_program_gets_a_message_unsurely() -> None:
    """It reads lines, and nothing shows for what."""
    async with running("cat") as onlooker:
        await onlooker.until(lambda: onlooker.live.terminal.tty() is not None)
        said = await onlooker.live.type_message("hello")
        assert (True, False) == (said.submitted, said.sure)
        await onlooker.shows("hello")


ASKS = """
import sys, termios, tty
tty.setraw(0) if sys.argv[1] == "raw" else None
sys.stdout.write("Thinking.\\r\\n\\r\\n" + sys.argv[2] + "\\r\\n\\r\\n> ")
sys.stdout.flush()
while (key := sys.stdin.read(1)) not in "q":
    sys.stdout.write(f"<{key!r}>")
    sys.stdout.flush()
"""


@pytest.mark.parametrize("flag", [None, "aider", "codex-cli", "claude-code"])
@pytest.mark.parametrize("mode", ["raw", "cooked"])
@pytest.mark.parametrize(
    "question", ["Allow this action? [y/n/t]:", "Run it? (y) (enter) yes, (n) no"]
)
async def test_nothing_enters_a_question_above_a_prompt_sign(
    question: str, mode: str, flag: str | None
) -> None:
    """A real program asks, leaves a row free and shows a sign: no key reaches it."""
    argv = (sys.executable, "-c", ASKS, mode, question)
    async with running(*argv, flag=flag) as onlooker:
        prompt = await onlooker.prompt()
        assert Kind.DIALOG is prompt.kind
        end = onlooker.flow.tail.end
        with pytest.raises(Withheld) as caught:
            await onlooker.live.type_message("y, of course")
        assert "dialog" == caught.value.reason
        assert end == onlooker.flow.tail.end
