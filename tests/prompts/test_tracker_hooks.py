"""Requests of hooks and dialogs on the screen, in every order; no event loop."""

from itertools import count
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ant.core import clock
from ant.core.errors import AlreadyAnswered
from ant.model.prompts import (
    CLIENT_LEFT,
    ENDED,
    HOOK,
    KEYS,
    LEFT,
    TOLD,
    AgentState,
    PromptRecord,
    PromptStatus,
)
from ant.model.sessions import SessionId
from ant.prompts import recent_dialogs, tracker
from ant.prompts.hooks import HookFact
from ant.prompts.open_prompt import OpenPrompt
from ant.prompts.permission_wait import PermissionWait
from ant.prompts.tracker import PromptTracker
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Kind, Prompt, PromptClass
from tests.asked import decision, prompt, verdict
from tests.hooking import asked, dialog

ONE = SessionId("one")


@attrs.define(eq=False)
class Scene:
    """A tracker, a clock that the test moves, and all prompts that there were."""

    tracker: PromptTracker = attrs.field(factory=lambda: PromptTracker(ONE, "run", 0))
    end: int = 0
    now: float = 1000.0
    seen: dict[str, PromptRecord] = attrs.field(factory=dict)
    typed_at: list[Prompt | None] = attrs.field(factory=list)

    @property
    def on_screen(self) -> Prompt | None:
        """The dialog that the screen shows."""
        verdict = self.tracker.verdict
        return None if verdict is None else verdict.prompt

    def show(self, shown: Prompt | None = None, again: bool = False) -> None:
        """Put a dialog on the screen, or nothing."""
        self.end += 10
        seen = verdict(shown, self.end)
        self.tracker.update(attrs.evolve(seen, again=again))
        self.check()

    def ask(self, command: str = "touch a.txt", **fields: Any) -> PermissionWait:
        """A request of the agent's hook."""
        wait = PermissionWait(asked(command, **fields))
        if not self.tracker.ask(wait, self.end):
            wait.let_go()
        self.check()
        return wait

    def leave(self, wait: PermissionWait) -> None:
        """Its client has left."""
        wait.end()
        self.tracker.end_wait(wait, CLIENT_LEFT)
        self.check()

    def answer(self, prompt_id: str, choice: Choice, goes: bool = True) -> str:
        """Answer as the service does; how it went.

        Unless it `goes`, the dialog on the screen stays.
        """
        open_prompt = self.tracker.claim(prompt_id)
        wait = open_prompt.wait
        given = None
        if wait is not None and wait.is_open:
            given = wait.ask.decision(choice)
        if wait is not None and given is not None:
            wait.decision, wait.is_taken = given, True
            wait.let_go()
            self.check()
            if open_prompt.shown and goes:
                self.show()
            resolved = not open_prompt.shown or open_prompt.left_reason is not None
            told = decision(resolved=resolved, via=HOOK)
            self.tracker.reply(open_prompt, told, self.end)
        elif not open_prompt.takes_keys:
            self.tracker.release(open_prompt)
            raise AlreadyAnswered("The agent does not wait any more.")
        else:
            self.typed_at.append(self.on_screen)
            if goes:
                self.show()
            told = decision(resolved=goes)
            self.tracker.reply(open_prompt, told, self.end)
        self.check()
        return told.via

    @property
    def current(self) -> OpenPrompt:
        """The current prompt."""
        assert self.tracker.prompt is not None
        return self.tracker.prompt

    @property
    def pending(self) -> list[PromptRecord]:
        """All prompts that are pending."""
        return [each for each in self.seen.values() if each.is_pending]

    def check(self) -> None:
        """What holds at any time."""
        for open_prompt in self.tracker.open_prompts:
            record = open_prompt.record
            before = self.seen.get(record.id)
            self.seen[record.id] = record
            if before is not None:  # An index means the same for ever.
                labels = [option.label for option in before.options]
                assert labels == [option.label for option in record.options]
                assert before.fingerprint == record.fingerprint
        held = [*self.tracker._current]
        held += [each for each in self.tracker.open_prompts if each.is_claimed]
        ids = [each.record.id for each in self.tracker._current]
        assert len(set(ids)) == len(ids)
        assert {each.record.id for each in held} >= {each.id for each in self.pending}
        waits = self.tracker.waits
        assert len(set(map(id, waits))) == len(waits)
        if waits or self.tracker.parked:
            assert self.tracker.prompt is not None


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Scene:
    scene = Scene()
    monkeypatch.setattr(clock, "monotonic", lambda: scene.now)
    return scene


@pytest.mark.parametrize("steps", [("ask", "show"), ("show", "ask")])
@pytest.mark.parametrize("pause_s", [0.0, 0.05, 1.9, 60.0])
@pytest.mark.parametrize("noise", [False, True])
def test_one_prompt_whichever_was_first(
    scene: Scene, steps: tuple[str, ...], pause_s: float, noise: bool
) -> None:
    """However long after; with another look in between."""
    for step in steps:
        if step == "ask":
            wait = scene.ask()
        else:
            scene.show(dialog())
        scene.now += pause_s
        if noise and scene.current.shown:
            moved = [
                attrs.evolve(each, selected=n == 1)
                for n, each in enumerate(dialog().options)
            ]
            scene.show(dialog(options=tuple(moved)))
    assert 1 == len(scene.seen) == len(scene.pending)
    assert "Bash: touch a.txt" == scene.current.record.question
    assert scene.current.record.details is not None
    assert "hook" == scene.answer(scene.current.record.id, Choice("approve"))
    assert wait.decision is not None
    assert "allow" == wait.decision.behavior
    assert [] == scene.pending
    assert 1 == len(scene.seen)


def test_a_dialog_that_is_drawn_anew_is_the_same(scene: Scene) -> None:
    """Its rows change, but it shows the whole command of the request."""
    wait = scene.ask()
    scene.show(dialog())
    scene.show(dialog(subject="", text=dialog().text + "\n ctrl+e to explain"))
    assert wait.is_open
    assert 1 == len(scene.seen)
    scene.show(dialog("rm -rf b"))
    assert not wait.is_open
    assert 2 == len(scene.seen)


def test_a_part_of_a_command_is_another_request(scene: Scene) -> None:
    """The rows must be the whole command, so no answer allows more than was read."""
    scene.show(dialog("rm -rf b && touch a.txt"))
    first = scene.current.record
    scene.now += tracker.SAME_S
    wait = scene.ask("touch a.txt")
    assert first == scene.current.record
    assert wait.is_open
    scene.show()
    assert "Bash: touch a.txt" == scene.current.record.question


def test_a_dialog_without_its_text_belongs_to_the_request_before_it(
    scene: Scene,
) -> None:
    """For a moment only, and never with the options of the other one."""
    scene.ask("ls")
    scene.show(dialog("something that the screen cut"))
    assert 1 == len(scene.seen)
    # Not surely the same: once the client has left, the dialog is a prompt of its own.
    own = scene.current
    assert own.wait is not None
    scene.leave(own.wait)
    assert (PromptStatus.RESOLVED, CLIENT_LEFT) == (
        own.record.status,
        own.record.reason,
    )
    assert [dialog("something that the screen cut").options] == [
        each.options for each in scene.pending
    ]


def test_a_request_without_its_text_replaces_a_new_dialog(scene: Scene) -> None:
    """Its dialog came first: the prompt of that one ends, since its options differ."""
    scene.show(dialog("something that the screen cut"))
    first = scene.current
    scene.ask("ls")
    assert (PromptStatus.RESOLVED, TOLD) == (first.record.status, first.record.reason)
    assert 1 == len(scene.pending)
    assert "Bash: ls" == scene.current.record.question
    with pytest.raises(AlreadyAnswered):
        scene.tracker.claim(first.record.id)
    scene.show()
    assert [] == scene.pending


def test_a_dialog_that_goes_lets_go_of_its_request(scene: Scene) -> None:
    """Whoever was first; a request whose dialog never came waits all the same."""
    wait = scene.ask()
    for _ in range(3):
        scene.show()
    assert wait.is_open
    scene.show(dialog())
    scene.show()
    assert (False, None) == (wait.is_open, wait.decision)
    scene.show(dialog("make"))
    wait = scene.ask("make")
    scene.show()
    assert (False, None) == (wait.is_open, wait.decision)
    (first, second) = scene.seen.values()
    assert (LEFT, LEFT) == (first.reason, second.reason)


def test_a_request_that_comes_after_its_dialog_went(scene: Scene) -> None:
    """It is let go, for somebody has answered; a later one is a new question."""
    scene.show(dialog())
    scene.show()
    assert not scene.ask().is_open
    scene.now += recent_dialogs.LATE_S
    assert scene.ask().is_open
    assert scene.ask("make").is_open


def test_the_dialog_of_an_answered_request_is_no_new_prompt(scene: Scene) -> None:
    """It is seen only after the answer. If it stays, it is one."""
    scene.ask()
    scene.answer(scene.current.record.id, Choice("approve"))
    scene.show(dialog())
    assert scene.tracker.prompt is None
    until = scene.tracker.echo_until
    assert until == scene.now + recent_dialogs.ECHO_S
    scene.now = until
    scene.tracker.look_again()
    assert dialog().question == scene.current.record.question
    assert scene.tracker.echo_until is None


def test_an_answered_dialog_does_not_come_back(scene: Scene) -> None:
    """Once it has gone, one that looks the same is a new question."""
    scene.ask()
    scene.answer(scene.current.record.id, Choice("approve"))
    scene.show(dialog())
    assert scene.tracker.prompt is None
    scene.show()
    scene.show(dialog())
    assert dialog().fingerprint == scene.current.shown
    scene.show()
    scene.ask("make")
    scene.answer(scene.current.record.id, Choice("approve"))
    scene.show(dialog("make"))
    assert scene.tracker.prompt is None
    wait = scene.ask("make")
    assert (wait, dialog("make").fingerprint) == (
        scene.current.wait,
        scene.current.shown,
    )


def test_the_same_request_again_is_a_new_prompt(scene: Scene) -> None:
    """At once after the first one, and though its dialog looks the same."""
    for n in range(1, 4):
        wait = scene.ask()
        scene.show(dialog())
        assert n == len(scene.seen)
        assert "hook" == scene.answer(
            scene.current.record.id, Choice("deny", text="no")
        )
        assert wait.decision is not None
        assert ("deny", "no") == (wait.decision.behavior, wait.decision.reason)


def test_the_same_again_before_the_screen_has_changed(scene: Scene) -> None:
    """The first request took its answer: the dialog belongs to the second one now."""
    first = scene.ask()
    scene.show(dialog())
    open_prompt = scene.tracker.claim(scene.current.record.id)
    first.decision, first.is_taken = first.ask.decision(Choice("approve")), True
    first.let_go()
    second = scene.ask()
    assert LEFT == open_prompt.left_reason
    scene.tracker.reply(open_prompt, decision(resolved=False, via=HOOK), scene.end)
    assert PromptStatus.ANSWERED is open_prompt.record.status
    assert scene.current.wait is second
    assert dialog().fingerprint == scene.current.shown


def test_requests_take_turns(scene: Scene) -> None:
    """One prompt at a time; a dialog on the screen goes before the others."""
    waits = [scene.ask(f"make {n}") for n in range(4)]
    assert ["Bash: make 0"] == [each.question for each in scene.pending]
    scene.show(dialog("make 2"))
    assert "Bash: make 2" == scene.current.record.question
    assert waits == sorted(waits, key=lambda each: each.at)
    scene.show()
    assert not waits[2].is_open
    assert "Bash: make 0" == scene.current.record.question
    scene.answer(scene.current.record.id, Choice("approve"))
    assert "Bash: make 1" == scene.current.record.question
    scene.leave(waits[1])
    assert "Bash: make 3" == scene.current.record.question
    scene.leave(waits[3])
    assert [] == scene.pending


def test_the_state_says_where_an_answer_goes(scene: Scene) -> None:
    """To the hook while it waits, else by keys; and how many requests come after it."""

    def told() -> tuple[str | None, int] | None:
        status = scene.tracker.status_change()
        return None if status is None else (status.via, status.queued)

    first, second = scene.ask("make one"), scene.ask("make two")
    assert (HOOK, 1) == told()
    scene.show(dialog("make one"))
    assert (HOOK, 1) == told()
    third = scene.ask("make three")
    assert (HOOK, 2) == told()
    scene.leave(third)
    scene.leave(first)
    assert (KEYS, 1) == told()
    scene.show(dialog("rm -r /"))
    assert (KEYS, 1) == told()
    scene.leave(second)
    assert (KEYS, 0) == told()
    scene.show()
    assert (None, 0) == told()


def test_another_question_on_the_screen_is_a_prompt_of_its_own(scene: Scene) -> None:
    """The request waits beside it, and is current again after it."""
    wait = scene.ask()
    own = scene.current
    scene.now += tracker.SAME_S
    scene.show(prompt("Which one?", "a", "b", class_=PromptClass.MULTI_CHOICE))
    assert "Which one?" == scene.current.record.question
    assert wait.is_open
    assert 2 == len(scene.pending)
    assert "hook" == scene.answer(own.record.id, Choice("approve"))
    scene.ask("make")
    scene.show()
    assert "Bash: make" == scene.current.record.question


def test_a_request_does_not_outlive_its_server(scene: Scene) -> None:
    """The next one closes its prompt; the dialog, if there is one, is another."""
    scene.ask()
    later = Scene()
    later.tracker.resume(scene.current.record)
    (open_prompt,) = later.tracker.unsettled()
    assert (PromptStatus.RESOLVED, CLIENT_LEFT) == (
        open_prompt.record.status,
        open_prompt.record.reason,
    )
    assert later.tracker.prompt is None
    later.show(dialog())
    assert dialog().options == later.current.record.options


def test_the_end_of_the_program_lets_go_of_all(scene: Scene) -> None:
    """Of those that wait for their turn, too."""
    waits = [scene.ask(f"make {n}") for n in range(3)]
    scene.now += tracker.SAME_S
    scene.show(prompt("Which one?", "a", "b"))
    scene.tracker.end(ENDED)
    scene.check()
    assert [False] * 3 == [each.is_open for each in waits]
    assert [] == scene.pending
    assert {ENDED} == {each.reason for each in scene.seen.values()}


def test_a_card_that_is_put_away_lets_go(scene: Scene) -> None:
    """The dialog decides; the next request has its turn."""
    first, second = scene.ask(), scene.ask("make")
    record = attrs.evolve(scene.current.record, status=PromptStatus.DISCARDED)
    scene.tracker.discard(record)
    scene.check()
    assert (False, True) == (first.is_open, second.is_open)
    assert "Bash: make" == scene.current.record.question


def test_the_state_is_waiting_while_a_request_waits(scene: Scene) -> None:
    """Without a dialog its source is the hook; after the answer the screen counts."""
    scene.show()
    scene.tracker.hook = HookFact(AgentState.BUSY, "PreToolUse", "Bash", scene.now)
    scene.ask()
    status = scene.tracker.status_change()
    assert status is not None
    assert (AgentState.WAITING, "hook", "Bash: touch a.txt", Kind.BUSY) == (
        status.state,
        status.source,
        status.waiting_for,
        status.kind,
    )
    assert scene.current.record.id == status.prompt_id
    scene.answer(scene.current.record.id, Choice("approve"))
    status = scene.tracker.status_change()
    assert status is not None
    assert (AgentState.BUSY, None) == (status.state, status.prompt_id)


OTHER = dialog("rm -rf b")


@pytest.mark.parametrize("first", ["hook", "dialog"])
def test_an_answered_request_gives_back_the_dialog_of_another(
    scene: Scene, first: str
) -> None:
    """Bound by its time only: the hook takes its answer, and the dialog stays."""
    if first == "dialog":
        scene.show(OTHER)
    wait = scene.ask("make")
    if first == "hook":
        scene.show(OTHER)
    own = scene.current
    assert (wait, OTHER) == (own.wait, own.dialog)
    assert HOOK == scene.answer(own.record.id, Choice("approve"), goes=False)
    assert own.record.answer is not None
    assert (PromptStatus.ANSWERED, True) == (
        own.record.status,
        own.record.answer.resolved,
    )
    (other,) = scene.pending
    assert (OTHER.options, OTHER.text) == (other.options, other.raw_text)
    assert scene.current.record.id == other.id
    with pytest.raises(AlreadyAnswered):
        scene.answer(own.record.id, Choice("approve"))
    assert [] == scene.typed_at
    scene.answer(other.id, Choice("deny"))
    assert [OTHER] == scene.typed_at
    assert [] == scene.pending


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_the_dialog_of_another_finds_its_own_request(scene: Scene, when: str) -> None:
    """Whether the second hook asks before, or while the first has its answer."""
    first = scene.ask("make")
    scene.show(OTHER)
    own = scene.current
    if when == "before":
        second = scene.ask("rm -rf b")
        scene.answer(own.record.id, Choice("approve"), goes=False)
    else:
        claimed = scene.tracker.claim(own.record.id)
        first.decision, first.is_taken = first.ask.decision(Choice("approve")), True
        first.let_go()
        second = scene.ask("rm -rf b")
        scene.tracker.reply(claimed, decision(resolved=False, via=HOOK), scene.end)
        scene.check()
    assert PromptStatus.ANSWERED is own.record.status
    assert (second, OTHER) == (scene.current.wait, scene.current.dialog)
    assert ["Bash: rm -rf b"] == [each.question for each in scene.pending]
    assert second.is_open


def test_the_dialog_of_another_does_not_go_to_the_next_request(scene: Scene) -> None:
    """That one waits for its turn, behind the dialog on the screen."""
    scene.ask("make")
    second = scene.ask("ls")
    scene.show(OTHER)
    scene.answer(scene.current.record.id, Choice("approve"), goes=False)
    assert (None, OTHER) == (scene.current.wait, scene.current.dialog)
    scene.show()
    assert (second, None) == (scene.current.wait, scene.current.dialog)


def test_a_dialog_that_comes_after_that_of_another_is_answered(scene: Scene) -> None:
    """The request took its answer while another dialog was before it."""
    scene.ask("make")
    scene.show(OTHER)
    scene.answer(scene.current.record.id, Choice("approve"), goes=False)
    scene.show(dialog("make"))
    assert scene.tracker.prompt is None
    assert scene.tracker.echo_until == scene.now + recent_dialogs.ECHO_S


def test_a_dialog_that_shows_the_text_later_is_its_own(scene: Scene) -> None:
    """It is drawn in two steps; then it stays, and takes keys."""
    wait = scene.ask("make")
    scene.show(dialog("m"))
    scene.show(dialog("make"))
    own = scene.current
    assert own.wait is wait
    assert HOOK == scene.answer(own.record.id, Choice("approve"), goes=False)
    assert own.record.is_pending
    assert KEYS == scene.answer(own.record.id, Choice("approve"))
    assert [dialog("make")] == scene.typed_at


@pytest.mark.parametrize("first", ["hook", "dialog"])
@pytest.mark.parametrize("end", ["answered", "left"])
def test_a_dialog_that_looks_alike_is_another(
    scene: Scene, first: str, end: str
) -> None:
    """Drawn in place of its own, with the same fingerprint but another command."""
    own, alike = dialog("make"), attrs.evolve(dialog("make"), text=OTHER.text)
    assert own.fingerprint == alike.fingerprint
    if first == "dialog":
        scene.show(own)
    wait = scene.ask("make")
    if first == "hook":
        scene.show(own)
    one = scene.current
    if end == "left":
        scene.leave(wait)
    else:
        scene.answer(one.record.id, Choice("approve"), goes=False)
    assert one.record.is_pending
    scene.show(alike)
    assert not one.record.is_pending
    assert [OTHER.text] == [each.raw_text for each in scene.pending]
    with pytest.raises(AlreadyAnswered):
        scene.answer(one.record.id, Choice("approve"))
    assert [] == scene.typed_at


def test_a_client_that_leaves_while_it_is_answered(scene: Scene) -> None:
    """Its claim presses no key on the dialog of another; that one is a prompt."""
    wait = scene.ask("make")
    scene.show(OTHER)
    own = scene.tracker.claim(scene.current.record.id)
    wait.decision = wait.ask.decision(Choice("approve"))
    wait.let_go()
    scene.leave(wait)
    assert not own.takes_keys
    scene.tracker.release(own)
    scene.check()
    assert (PromptStatus.RESOLVED, CLIENT_LEFT) == (
        own.record.status,
        own.record.reason,
    )
    assert [OTHER.text] == [each.raw_text for each in scene.pending]


COMMANDS = ("touch a", "make", "make test")
STEPS = st.one_of(
    st.tuples(st.just("ask"), st.sampled_from(COMMANDS)),
    st.tuples(st.just("show"), st.sampled_from(COMMANDS)),
    st.tuples(st.just("gone"), st.none()),
    st.tuples(st.just("answer"), st.integers(0, 3)),
    st.tuples(st.just("stays"), st.integers(0, 3)),
    st.tuples(st.just("leave"), st.integers(0, 3)),
    st.tuples(st.just("pause"), st.sampled_from([0.05, 1.0, 5.0])),
)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(steps=st.lists(STEPS, max_size=30))
def test_an_answer_goes_to_what_was_read(steps: list[tuple[str, Any]]) -> None:
    """In any order: an answer to a prompt is for the command that it shows.

    Each request ends at most once, and never by a denial that nobody gave.
    """
    scene, numbers = Scene(), count()
    before, clock.monotonic = clock.monotonic, lambda: scene.now
    waits: dict[int, PermissionWait] = {}
    answered: list[PermissionWait] = []
    try:
        for step, value in steps:
            open_waits = [each for each in waits.values() if each.is_open]
            match step:
                case "ask":
                    waits[next(numbers)] = scene.ask(value)
                case "show":
                    scene.show(dialog(value))
                case "gone":
                    scene.show()
                case "pause":
                    scene.now += value
                case "leave" if value < len(open_waits):
                    scene.leave(open_waits[value])
                case "answer" | "stays" if value < len(scene.pending):
                    record = scene.pending[value]
                    open_prompt = scene.tracker.find(record.id)
                    assert open_prompt is not None
                    wait = open_prompt.wait
                    shown, typed = scene.on_screen, len(scene.typed_at)
                    scene.answer(record.id, Choice("approve"), step == "answer")
                    if len(scene.typed_at) == typed:
                        assert wait is not None
                        assert wait.decision is not None
                        command = wait.ask.details.input["command"]
                        assert f"Bash: {command}" == record.question
                        answered.append(wait)
                    else:  # By keys: the dialog is the one that was read.
                        assert shown is not None
                        about = record.details
                        if about is not None:
                            assert f"   {about.input['command']}\n" in shown.text
                        else:
                            assert shown.text == record.raw_text
        decided = [each for each in waits.values() if each.decision is not None]
        assert answered == sorted(decided, key=answered.index)
        scene.tracker.end(ENDED)
        assert not any(each.is_open for each in waits.values())
    finally:
        clock.monotonic = before


MODES = [{"type": "setMode", "mode": "acceptEdits", "destination": "session"}]


@pytest.mark.parametrize("is_alike", [True, False])
def test_the_same_command_with_other_options_is_another_prompt(is_alike: bool) -> None:
    """A person read the options of the first: their number means nothing for these."""
    scene = Scene()
    first = scene.ask("touch a.txt")
    scene.show(dialog("touch a.txt"))
    before = scene.current.record
    scene.leave(first)
    assert before.id == scene.current.record.id
    more = {} if is_alike else {"permission_suggestions": MODES}
    scene.ask("touch a.txt", **more)
    now = scene.current.record
    assert is_alike == (before.id == now.id)
    assert is_alike == (before.options == now.options)
    assert [*now.options] == [*scene.current.wait.ask.options]
