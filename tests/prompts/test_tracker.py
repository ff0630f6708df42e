"""The prompts of one run: verdicts in, prompts out; no event loop."""

import attrs
import pytest

from ant.core import clock
from ant.core.errors import AlreadyAnswered, CapacityReached
from ant.model.messages import MessageId
from ant.model.prompts import ENDED, LEFT, AgentState, PromptStatus
from ant.model.sessions import SessionId
from ant.prompts.hooks import TRUST_S, HookFact
from ant.prompts.open_prompt import OpenPrompt
from ant.prompts.tracker import UNWRITTEN, PromptTracker
from ant.terminal.model.prompt import Kind, Option, PromptClass
from tests.asked import decision, prompt, verdict

ONE = SessionId("one")


@pytest.fixture
def tracker() -> PromptTracker:
    return PromptTracker(ONE, "run", 3)


def shown_prompt(tracker: PromptTracker, end: int = 10) -> OpenPrompt:
    """A prompt on the screen, which the database has."""
    tracker.update(verdict(prompt(), end))
    assert tracker.prompt is not None
    tracker.prompt.keep(tracker.prompt.opening())
    return tracker.prompt


def test_a_prompt_has_its_id_at_once(tracker: PromptTracker) -> None:
    """With its offsets, its fields, and status pending."""
    tracker.update(verdict(end=7))
    tracker.update(verdict(prompt(), 12))
    assert tracker.prompt is not None
    one = tracker.prompt.record
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
    assert [tracker.prompt] == tracker.unsettled()


def test_the_first_prompt_begins_with_the_run(tracker: PromptTracker) -> None:
    """At the offset of its first byte."""
    assert 3 == shown_prompt(tracker).record.start


def test_it_is_the_same_while_its_fingerprint_is(tracker: PromptTracker) -> None:
    """A marker that moves or a box that is ticked updates the prompt."""
    open_prompt = shown_prompt(tracker)
    moved = prompt()
    options = tuple(
        attrs.evolve(each, selected=n == 2) for n, each in enumerate(moved.options)
    )
    tracker.update(verdict(attrs.evolve(moved, options=options), 11))
    assert open_prompt is tracker.prompt
    assert (2, 10, True) == (
        open_prompt.record.selected,
        open_prompt.record.end,
        open_prompt.is_due,
    )


def test_the_same_asked_again_has_another_id(tracker: PromptTracker) -> None:
    """So that an answer to the first one cannot reach it."""
    first = shown_prompt(tracker)
    tracker.update(attrs.evolve(verdict(prompt(), 20), again=True))
    assert tracker.prompt is not None
    assert first.record.id != tracker.prompt.record.id
    assert (PromptStatus.RESOLVED, LEFT) == (first.record.status, first.record.reason)


def test_another_prompt_has_another_id(tracker: PromptTracker) -> None:
    """And the one before is resolved."""
    first = shown_prompt(tracker)
    tracker.update(verdict(prompt("And this?"), 20))
    assert tracker.prompt is not None
    assert first.record.id != tracker.prompt.record.id
    assert (PromptStatus.RESOLVED, LEFT) == (first.record.status, first.record.reason)
    assert [first, tracker.prompt] == tracker.unsettled()


def test_prompts_that_left_before_they_were_stored_are_dropped(
    tracker: PromptTracker,
) -> None:
    """However often."""
    for n in range(100):
        tracker.update(verdict(prompt(f"{n}?"), 10 * n))
    tracker.update(verdict(end=9999))
    assert tracker.prompt is None
    assert [] == tracker.unsettled() == tracker.open_prompts


def test_the_end_of_the_program_closes(tracker: PromptTracker) -> None:
    """With its own reason; there may be nothing to close."""
    open_prompt = shown_prompt(tracker)
    tracker.close_shown(ENDED)
    tracker.close_shown(ENDED)
    assert (PromptStatus.RESOLVED, ENDED) == (
        open_prompt.record.status,
        open_prompt.record.reason,
    )
    assert open_prompt.record.closed_at is not None


@pytest.mark.parametrize("class_", [PromptClass.PAGER, PromptClass.EDITOR])
def test_views_ask_nothing(tracker: PromptTracker, class_: PromptClass) -> None:
    """The status is waiting all the same."""
    tracker.update(verdict(prompt(class_=class_)))
    assert tracker.prompt is None
    status = tracker.status_change()
    assert status is not None
    assert (AgentState.WAITING, None) == (status.state, status.prompt_id)


def test_a_screen_at_rest_asks_nothing(tracker: PromptTracker) -> None:
    """Even where something in it looks like a prompt."""
    tracker.update(verdict(prompt(), kind=Kind.AT_REST))
    assert tracker.prompt is None


def test_one_claim_wins(tracker: PromptTracker) -> None:
    """Other claims are refused until it is released."""
    open_prompt = shown_prompt(tracker)
    assert open_prompt is tracker.claim(open_prompt.record.id)
    with pytest.raises(AlreadyAnswered):
        tracker.claim(open_prompt.record.id)
    tracker.release(open_prompt)
    assert open_prompt is tracker.claim(open_prompt.record.id)


def test_only_a_pending_prompt_on_the_screen_can_be_claimed(
    tracker: PromptTracker,
) -> None:
    """Not one that left the screen, and not a discarded one."""
    open_prompt = shown_prompt(tracker)
    with pytest.raises(AlreadyAnswered):
        tracker.claim("another")
    tracker.discard(attrs.evolve(open_prompt.record, status=PromptStatus.DISCARDED))
    with pytest.raises(AlreadyAnswered, match="was put away by a person"):
        tracker.claim(open_prompt.record.id)
    assert open_prompt is tracker.prompt, "it is still on the screen"
    assert [] == tracker.unsettled()
    tracker.update(verdict(prompt(), 30))
    assert open_prompt is tracker.prompt, "and no other one"
    tracker.update(verdict(end=40))
    with pytest.raises(AlreadyAnswered, match="no longer"):
        tracker.claim(open_prompt.record.id)


def test_an_answer_with_effect_closes_the_prompt(tracker: PromptTracker) -> None:
    """In whatever order answer and verdict arrive."""
    open_prompt = tracker.claim(shown_prompt(tracker).record.id)
    tracker.reply(open_prompt, decision(), 15)
    assert (PromptStatus.ANSWERED, None) == (open_prompt.record.status, tracker.prompt)
    tracker.update(verdict(end=20))
    open_prompt = tracker.claim(shown_prompt(tracker, 30).record.id)
    tracker.update(verdict(end=40))
    assert open_prompt.record.is_pending, "the answer decides what became of it"
    tracker.reply(open_prompt, decision(resolved=False), 35)
    assert PromptStatus.ANSWERED is open_prompt.record.status
    assert open_prompt.record.answer is not None
    assert open_prompt.record.answer.resolved


def test_an_answer_without_effect_can_be_repeated(tracker: PromptTracker) -> None:
    """It is stored, and counts when the prompt leaves the screen later."""
    open_prompt = tracker.claim(shown_prompt(tracker).record.id)
    tracker.reply(open_prompt, decision(resolved=False), 15)
    assert open_prompt is tracker.prompt
    assert (True, True) == (open_prompt.record.is_pending, open_prompt.is_due)
    assert open_prompt is tracker.claim(open_prompt.record.id)
    tracker.release(open_prompt)
    tracker.update(verdict(end=20))
    assert PromptStatus.ANSWERED is open_prompt.record.status


def test_an_answer_that_was_not_typed_does_not_count(tracker: PromptTracker) -> None:
    """A prompt that left the screen meanwhile is resolved."""
    open_prompt = tracker.claim(shown_prompt(tracker).record.id)
    tracker.update(verdict(end=20))
    tracker.release(open_prompt)
    assert (PromptStatus.RESOLVED, LEFT, None) == (
        open_prompt.record.status,
        open_prompt.record.reason,
        open_prompt.record.answer,
    )


def test_the_same_question_again_is_another_prompt(tracker: PromptTracker) -> None:
    """If it was drawn after the answer; if before, it is the answered one."""
    first = tracker.claim(shown_prompt(tracker).record.id)
    tracker.reply(first, decision(), 15)
    tracker.update(verdict(prompt(), 15))
    assert tracker.prompt is None
    tracker.update(verdict(prompt("And this?"), 15))
    assert tracker.prompt is not None, "another is another"
    tracker.update(verdict(end=15))
    tracker.update(verdict(prompt(), 16))
    assert tracker.prompt is not None
    second = tracker.claim(tracker.prompt.record.id)
    assert first.record.id != second.record.id
    tracker.update(verdict(prompt(), 30))
    tracker.reply(second, decision(), 20)
    assert tracker.prompt is not None
    assert (20, 30) == (tracker.prompt.record.start, tracker.prompt.record.end)
    assert tracker.prompt is not second


def test_answers_that_wait_have_a_bound(tracker: PromptTracker) -> None:
    """While none of them is stored, not even the first."""
    for n in range(UNWRITTEN + 1):
        tracker.update(verdict(prompt(), 10 * n + 5))
        assert tracker.prompt is not None
        if n < UNWRITTEN:
            open_prompt = tracker.claim(tracker.prompt.record.id)
            tracker.reply(open_prompt, decision(), 10 * n + 6)
    assert UNWRITTEN + 1 == len(tracker.unsettled())
    with pytest.raises(CapacityReached):
        tracker.claim(tracker.prompt.record.id)  # type: ignore[union-attr]


def test_what_the_database_adds_is_taken_over(tracker: PromptTracker) -> None:
    """Changes that came meanwhile stay due."""
    tracker.update(verdict(prompt()))
    open_prompt = tracker.prompt
    assert open_prompt is not None
    opening = open_prompt.opening()
    tracker.update(verdict(end=20))
    told = attrs.evolve(opening, chat_id=SessionId("c"), message_id=MessageId("m"))
    open_prompt.keep(told)
    assert ("c", "m", True) == (
        open_prompt.record.chat_id,
        open_prompt.record.message_id,
        open_prompt.is_due,
    )
    assert [open_prompt] == tracker.unsettled()
    open_prompt.keep(open_prompt.record)
    assert [] == tracker.unsettled()


def test_a_prompt_discarded_meanwhile_stays_discarded(tracker: PromptTracker) -> None:
    """Whatever change of it was due."""
    open_prompt = shown_prompt(tracker)
    gone = attrs.evolve(open_prompt.record, status=PromptStatus.DISCARDED)
    open_prompt.keep(gone)
    assert (gone, False) == (open_prompt.record, open_prompt.is_due)
    open_prompt.keep(None)
    assert not open_prompt.is_due


def test_a_status_is_returned_when_it_changed(tracker: PromptTracker) -> None:
    """By decision 24; another time alone is no change."""
    assert tracker.status_change() is None
    for kind, state in (
        (Kind.BUSY, AgentState.BUSY),
        (Kind.QUIET_UNKNOWN, AgentState.UNKNOWN),
        (Kind.AT_REST, AgentState.READY),
    ):
        tracker.update(verdict(kind=kind))
        status = tracker.status_change()
        assert status is not None
        assert (state, kind, "screen") == (status.state, status.kind, status.source)
        assert tracker.status_change() is None
    open_prompt = shown_prompt(tracker, 50)
    status = tracker.status_change()
    assert status is not None
    assert (AgentState.WAITING, open_prompt.record.id, "Run it?") == (
        status.state,
        status.prompt_id,
        status.waiting_for,
    )


def test_the_newer_of_hook_and_screen_counts(
    tracker: PromptTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A guess of the screen is weaker for a while, and a prompt on it is stronger."""
    now = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: now)

    def told() -> tuple[AgentState, str, Kind | None]:
        tracker.status_change()
        status = tracker.status
        assert status is not None
        return status.state, status.source, status.kind

    tracker.hook = HookFact(AgentState.BUSY, "PreToolUse", "Bash", now)
    assert (AgentState.BUSY, "hook", None) == told()
    now += 1
    tracker.update(verdict(kind=Kind.QUIET_UNKNOWN))
    assert (AgentState.BUSY, "hook", Kind.QUIET_UNKNOWN) == told()
    shown_prompt(tracker)
    assert (AgentState.WAITING, "screen", Kind.DIALOG) == told()
    tracker.update(verdict(kind=Kind.AT_REST))
    assert (AgentState.READY, "screen", Kind.AT_REST) == told()
    now += 1
    tracker.hook = HookFact(AgentState.BUSY, "UserPromptSubmit", None, now)
    assert (AgentState.BUSY, "hook", Kind.AT_REST) == told()
    now += 1
    by_output = attrs.evolve(verdict(kind=Kind.BUSY), rule="claude-code/output")
    tracker.hook = HookFact(AgentState.READY, "Stop", None, now)
    now += 1
    tracker.update(by_output)
    assert (AgentState.READY, "hook", Kind.BUSY) == told()
    now += TRUST_S
    assert (AgentState.BUSY, "screen", Kind.BUSY) == told()


def test_a_waiting_hook_ends_with_the_prompt(tracker: PromptTracker) -> None:
    """No hook reports the answer."""
    tracker.hook = HookFact(AgentState.WAITING, "PermissionRequest", None, 0.0)
    shown_prompt(tracker)
    tracker.update(verdict(end=20))
    assert tracker.hook is None


def test_options_are_those_of_the_screen(tracker: PromptTracker) -> None:
    """With boxes and keys."""
    options = (Option("a", checked=True), Option("b", keys="b"))
    tracker.update(verdict(prompt(options=options)))
    assert tracker.prompt is not None
    assert options == tracker.prompt.record.options
