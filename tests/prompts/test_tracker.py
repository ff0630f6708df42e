"""What is asked by one run: verdicts in, prompts out; no event loop."""

import attrs
import pytest

from ant.core import clock
from ant.core.errors import AlreadyAnswered, CapacityReached
from ant.model.messages import MessageId
from ant.model.prompts import ENDED, LEFT, AgentState, PromptStatus
from ant.model.sessions import SessionId
from ant.prompts.hooks import TRUST_S, HookFact
from ant.prompts.tracker import SUMMARY, UNWRITTEN, Desk, Sheet, summary_of
from ant.terminal.model.prompt import Kind, Option, PromptClass
from tests.asked import decision, prompt, verdict

ONE = SessionId("one")


@pytest.fixture
def desk() -> Desk:
    return Desk(ONE, "run", 3)


def open_sheet(desk: Desk, end: int = 10) -> Sheet:
    """A prompt on the screen, which the database has."""
    desk.saw(verdict(prompt(), end))
    assert desk.prompt is not None
    desk.prompt.keep(desk.prompt.opening())
    return desk.prompt


def test_a_prompt_has_its_id_at_once(desk: Desk) -> None:
    """And says where it is, what it is, and that it waits."""
    desk.saw(verdict(end=7))
    desk.saw(verdict(prompt(), 12))
    assert desk.prompt is not None
    one = desk.prompt.record
    assert (ONE, ONE, "run", 7, 12, PromptStatus.PENDING, prompt().fingerprint, 0) == (
        one.session_id,
        one.terminal_id,
        one.run,
        one.start,
        one.end,
        one.status,
        one.fingerprint,
        one.selected,
    )
    assert one.ts == clock.epoch_ms(one.detected_at)
    assert [desk.prompt] == desk.unsettled()


def test_the_first_prompt_begins_with_the_run(desk: Desk) -> None:
    """Whose first byte has an offset, too."""
    assert 3 == open_sheet(desk).record.start


def test_it_is_the_same_while_its_fingerprint_is(desk: Desk) -> None:
    """The marker moves, the box is ticked: that is kept, and no other prompt."""
    sheet = open_sheet(desk)
    moved = prompt()
    options = tuple(
        attrs.evolve(each, selected=n == 2) for n, each in enumerate(moved.options)
    )
    desk.saw(verdict(attrs.evolve(moved, options=options), 11))
    assert sheet is desk.prompt
    assert (2, 10, True) == (sheet.record.selected, sheet.record.end, sheet.is_due)


def test_the_same_asked_again_has_another_id(desk: Desk) -> None:
    """What an answer to the one before would do to it, nobody meant."""
    first = open_sheet(desk)
    desk.saw(attrs.evolve(verdict(prompt(), 20), again=True))
    assert desk.prompt is not None
    assert first.record.id != desk.prompt.record.id
    assert (PromptStatus.RESOLVED, LEFT) == (first.record.status, first.record.reason)


def test_another_prompt_has_another_id(desk: Desk) -> None:
    """And the one before is resolved."""
    first = open_sheet(desk)
    desk.saw(verdict(prompt("And this?"), 20))
    assert desk.prompt is not None
    assert first.record.id != desk.prompt.record.id
    assert (PromptStatus.RESOLVED, LEFT) == (first.record.status, first.record.reason)
    assert [first, desk.prompt] == desk.unsettled()


def test_what_came_and_went_unwritten_never_was(desk: Desk) -> None:
    """However often."""
    for n in range(100):
        desk.saw(verdict(prompt(f"{n}?"), 10 * n))
    desk.saw(verdict(end=9999))
    assert desk.prompt is None
    assert [] == desk.unsettled() == desk.sheets


def test_the_end_of_the_program_closes(desk: Desk) -> None:
    """With its own reason; there may be nothing to close."""
    sheet = open_sheet(desk)
    desk.leave(ENDED)
    desk.leave(ENDED)
    assert (PromptStatus.RESOLVED, ENDED) == (sheet.record.status, sheet.record.reason)
    assert sheet.record.closed_at is not None


@pytest.mark.parametrize("class_", [PromptClass.PAGER, PromptClass.EDITOR])
def test_views_ask_nothing(desk: Desk, class_: PromptClass) -> None:
    """They wait, which the status says."""
    desk.saw(verdict(prompt(class_=class_)))
    assert desk.prompt is None
    status = desk.news()
    assert status is not None
    assert (AgentState.WAITING, None) == (status.state, status.prompt_id)


def test_a_screen_at_rest_asks_nothing(desk: Desk) -> None:
    """Even where something in it looks like a prompt."""
    desk.saw(verdict(prompt(), kind=Kind.AT_REST))
    assert desk.prompt is None


def test_one_claim_wins(desk: Desk) -> None:
    """The others are told, until nothing was typed after all."""
    sheet = open_sheet(desk)
    assert sheet is desk.claim(sheet.record.id)
    with pytest.raises(AlreadyAnswered):
        desk.claim(sheet.record.id)
    desk.release(sheet)
    assert sheet is desk.claim(sheet.record.id)


def test_only_what_is_shown_and_open_is_claimed(desk: Desk) -> None:
    """Not what went, and not what was put away."""
    sheet = open_sheet(desk)
    with pytest.raises(AlreadyAnswered):
        desk.claim("another")
    desk.discard(attrs.evolve(sheet.record, status=PromptStatus.DISCARDED))
    with pytest.raises(AlreadyAnswered, match="discarded"):
        desk.claim(sheet.record.id)
    assert sheet is desk.prompt, "it is still on the screen"
    assert [] == desk.unsettled()
    desk.saw(verdict(prompt(), 30))
    assert sheet is desk.prompt, "and no other one"
    desk.saw(verdict(end=40))
    with pytest.raises(AlreadyAnswered, match="no longer"):
        desk.claim(sheet.record.id)


def test_an_answered_prompt_is_answered(desk: Desk) -> None:
    """When the answer saw it go, in whatever order that is told."""
    sheet = desk.claim(open_sheet(desk).record.id)
    desk.reply(sheet, decision(), 15)
    assert (PromptStatus.ANSWERED, None) == (sheet.record.status, desk.prompt)
    desk.saw(verdict(end=20))
    sheet = desk.claim(open_sheet(desk, 30).record.id)
    desk.saw(verdict(end=40))
    assert sheet.record.is_pending, "the answer decides what became of it"
    desk.reply(sheet, decision(resolved=False), 35)
    assert PromptStatus.ANSWERED is sheet.record.status
    assert sheet.record.answer is not None
    assert sheet.record.answer.resolved


def test_an_answer_that_changed_nothing_can_be_repeated(desk: Desk) -> None:
    """It is noted, and counts when the prompt goes later."""
    sheet = desk.claim(open_sheet(desk).record.id)
    desk.reply(sheet, decision(resolved=False), 15)
    assert sheet is desk.prompt
    assert (True, True) == (sheet.record.is_pending, sheet.is_due)
    assert sheet is desk.claim(sheet.record.id)
    desk.release(sheet)
    desk.saw(verdict(end=20))
    assert PromptStatus.ANSWERED is sheet.record.status


def test_what_was_not_typed_is_no_answer(desk: Desk) -> None:
    """A prompt that went meanwhile is resolved; a time-out is nobody's denial."""
    sheet = desk.claim(open_sheet(desk).record.id)
    desk.saw(verdict(end=20))
    desk.release(sheet)
    assert (PromptStatus.RESOLVED, LEFT, None) == (
        sheet.record.status,
        sheet.record.reason,
        sheet.record.answer,
    )


def test_the_same_question_again_is_another_prompt(desk: Desk) -> None:
    """If it was drawn after the answer; what was drawn before is the answered one."""
    first = desk.claim(open_sheet(desk).record.id)
    desk.reply(first, decision(), 15)
    desk.saw(verdict(prompt(), 15))
    assert desk.prompt is None
    desk.saw(verdict(prompt("And this?"), 15))
    assert desk.prompt is not None, "another is another"
    desk.saw(verdict(end=15))
    desk.saw(verdict(prompt(), 16))
    assert desk.prompt is not None
    second = desk.claim(desk.prompt.record.id)
    assert first.record.id != second.record.id
    desk.saw(verdict(prompt(), 30))
    desk.reply(second, decision(), 20)
    assert desk.prompt is not None
    assert (20, 30) == (desk.prompt.record.start, desk.prompt.record.end)
    assert desk.prompt is not second


def test_answers_that_wait_have_a_bound(desk: Desk) -> None:
    """While nothing is written, not even the first."""
    for n in range(UNWRITTEN + 1):
        desk.saw(verdict(prompt(), 10 * n + 5))
        assert desk.prompt is not None
        if n < UNWRITTEN:
            sheet = desk.claim(desk.prompt.record.id)
            desk.reply(sheet, decision(), 10 * n + 6)
    assert UNWRITTEN + 1 == len(desk.unsettled())
    with pytest.raises(CapacityReached):
        desk.claim(desk.prompt.record.id)  # type: ignore[union-attr]


def test_what_the_database_adds_is_taken_over(desk: Desk) -> None:
    """While the rest goes on; nothing is due then but what came since."""
    desk.saw(verdict(prompt()))
    sheet = desk.prompt
    assert sheet is not None
    opening = sheet.opening()
    desk.saw(verdict(end=20))
    told = attrs.evolve(opening, chat_id=SessionId("c"), message_id=MessageId("m"))
    sheet.keep(told)
    assert ("c", "m", True) == (
        sheet.record.chat_id,
        sheet.record.message_id,
        sheet.is_due,
    )
    assert [sheet] == desk.unsettled()
    sheet.keep(sheet.record)
    assert [] == desk.unsettled()


def test_what_was_put_away_meanwhile_stays_so(desk: Desk) -> None:
    """Whatever was to be written of it."""
    sheet = open_sheet(desk)
    gone = attrs.evolve(sheet.record, status=PromptStatus.DISCARDED)
    sheet.keep(gone)
    assert (gone, False) == (sheet.record, sheet.is_due)
    sheet.keep(None)
    assert not sheet.is_due


def test_status_is_told_when_it_changed(desk: Desk) -> None:
    """By decision 24; the time of it is no news."""
    assert desk.news() is None
    for kind, state in (
        (Kind.BUSY, AgentState.BUSY),
        (Kind.QUIET_UNKNOWN, AgentState.UNKNOWN),
        (Kind.AT_REST, AgentState.READY),
    ):
        desk.saw(verdict(kind=kind))
        status = desk.news()
        assert status is not None
        assert (state, kind, "screen") == (status.state, status.kind, status.source)
        assert desk.news() is None
    sheet = open_sheet(desk, 50)
    status = desk.news()
    assert status is not None
    assert (AgentState.WAITING, sheet.record.id, "Run it?") == (
        status.state,
        status.prompt_id,
        status.waiting_for,
    )


def test_a_hook_counts_more_than_the_screen(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """But not than a prompt on it, and not for ever."""
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)
    desk.hook = HookFact(AgentState.BUSY, "PreToolUse", "Bash", now)
    status = desk.news()
    assert status is not None
    assert (AgentState.BUSY, "hook", "Bash", None) == (
        status.state,
        status.source,
        status.activity,
        status.kind,
    )
    now += 1
    desk.saw(verdict(kind=Kind.AT_REST))
    assert (status := desk.news()) is not None
    assert (AgentState.BUSY, Kind.AT_REST) == (status.state, status.kind)
    open_sheet(desk)
    assert (status := desk.news()) is not None
    assert (AgentState.WAITING, "screen") == (status.state, status.source)
    desk.saw(verdict(kind=Kind.AT_REST))
    assert (status := desk.news()) is not None
    assert (AgentState.BUSY, "hook") == (status.state, status.source)
    now += TRUST_S
    assert (status := desk.news()) is not None
    assert (AgentState.READY, "screen") == (status.state, status.source)


def test_a_hook_that_waited_is_over_with_the_prompt(desk: Desk) -> None:
    """Nobody tells that it was answered."""
    desk.hook = HookFact(AgentState.WAITING, "PermissionRequest", None, 0.0)
    open_sheet(desk)
    desk.saw(verdict(end=20))
    assert desk.hook is None


def test_a_summary_is_a_line() -> None:
    """Of the question, else of what stands there; cut where it is long."""
    assert "Run it?" == summary_of(prompt("Run\n  it?"))
    assert "a b" == summary_of(prompt("", text="a\n\nb"))
    long = summary_of(prompt("x" * 200))
    assert (SUMMARY, "…") == (len(long), long[-1])


def test_options_are_those_of_the_screen(desk: Desk) -> None:
    """With boxes and keys."""
    options = (Option("a", checked=True), Option("b", keys="b"))
    desk.saw(verdict(prompt(options=options)))
    assert desk.prompt is not None
    assert options == desk.prompt.record.options
