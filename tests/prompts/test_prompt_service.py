"""The book of prompts; a whole server but its listener, real threads."""

from typing import Any

import pytest
import trio

from ant.api import codec
from ant.core import clock
from ant.core.counters import Limit
from ant.core.errors import (
    AlreadyAnswered,
    CapacityReached,
    Conflict,
    PromptChanged,
    StorageFailed,
)
from ant.core.wakeup import Wakeup
from ant.model.events import Envelope
from ant.model.prompt_events import AgentStatusUpdated, PromptDetected
from ant.model.prompts import (
    ENDED,
    LEFT,
    AgentState,
    Decision,
    PromptRecord,
    PromptStatus,
)
from ant.model.sessions import SessionId
from ant.prompts import hooks, prompt_writer, prompts, tracker
from ant.prompts.hooks import HookFact
from ant.prompts.interpret import Responder
from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Kind
from tests.asked import Asker, prompt, stored
from tests.cancel import cancel_at_every_step
from tests.systems import PATIENCE_S, Rig

ADA = Responder(by="@ada", justification="safe")
YES = Choice("approve")


@pytest.fixture
async def asker(rig: Rig) -> Asker:
    return await Asker.start(rig)


async def answer(asker: Asker, one: PromptRecord) -> tuple[PromptRecord, Decision]:
    book = asker.rig.system.services.prompt_service
    with trio.fail_after(PATIENCE_S):
        return await book.answer(asker, one, YES, ADA)


async def over(asker: Asker) -> None:
    """Wait for the end of the program."""
    live = asker.rig.system.supervisor.find(asker.session.id)
    with trio.fail_after(PATIENCE_S):
        if live is not None:
            await live.over.wait()


def now(asker: Asker, one: PromptRecord) -> PromptRecord:
    found = stored(asker.rig.store, one.id)
    assert found is not None
    return found


def events(asker: Asker, kind: type) -> list[Any]:
    return [e.event for e in asker.rig.bus.published if isinstance(e.event, kind)]


async def test_a_prompt_is_stored_after_its_bytes(asker: Asker) -> None:
    """And announced after both."""
    fake = asker.rig.terminals[0]
    live = asker.rig.system.supervisor.need(asker.session.id)
    fake.say(b"0123456789")
    with trio.fail_after(PATIENCE_S):
        await live.flow.wait_beyond(9)
    ends: list[int] = []
    publish = asker.rig.bus.publish

    def spy(envelope: Envelope) -> None:
        if isinstance(envelope.event, PromptDetected):
            ends.append(live.flow.tail.stored)
        publish(envelope)

    asker.rig.bus.publish = spy  # type: ignore[method-assign]
    one = await asker.ask()
    assert [10] == ends
    assert one == now(asker, one)
    await asker.rig.check_published()


async def test_it_can_be_answered_before_it_is_stored(asker: Asker) -> None:
    """It is stored as pending first, then as answered."""
    asker.show(prompt())
    one = asker.rig.system.services.prompt_service.current(asker.session.id)
    assert stored(asker.rig.store, one.id) is None
    record, kept = await answer(asker, one)
    assert (True, PromptStatus.ANSWERED) == (kept.resolved, record.status)
    assert record == now(asker, one)
    (told,) = events(asker, PromptDetected)
    assert told.prompt.is_pending
    assert [(prompt().fingerprint, YES)] == asker.typed


async def test_one_of_many_answers_wins(asker: Asker) -> None:
    """The others are refused, and nothing is typed for them."""
    one = await asker.ask()
    asker.go = trio.Event()
    won: list[PromptRecord] = []
    lost: list[AlreadyAnswered] = []

    async def try_it() -> None:
        try:
            won.append((await answer(asker, one))[0])
        except AlreadyAnswered as exc:
            lost.append(exc)
            if len(lost) == 19:
                asker.go.set()

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(try_it)
    assert (1, 19, 1) == (len(won), len(lost), len(asker.typed))
    assert won[0].answer is not None
    assert ("@ada", "safe", True) == (
        won[0].answer.by,
        won[0].answer.justification,
        won[0].answer.resolved,
    )
    with pytest.raises(AlreadyAnswered):
        await answer(asker, one)


async def test_a_prompt_can_be_answered_again_if_nothing_was_typed(
    asker: Asker,
) -> None:
    """The caller gets the error of the terminal, and no answer is stored."""
    one = await asker.ask()
    asker.outcomes.append(PromptChanged("another"))
    with pytest.raises(PromptChanged):
        await answer(asker, one)
    assert now(asker, one).answer is None
    record, _ = await answer(asker, one)
    assert PromptStatus.ANSWERED is record.status


async def test_an_answer_without_effect_is_stored(asker: Asker) -> None:
    """And counts as the answer when the prompt leaves the screen later."""
    one = await asker.ask()
    asker.outcomes.append(Outcome("Yes", False, 11))
    record, kept = await answer(asker, one)
    assert (False, True) == (kept.resolved, record.is_pending)
    assert record == now(asker, one)
    asker.show()
    await asker.settled()
    kept = now(asker, one)
    assert PromptStatus.ANSWERED is kept.status


async def test_an_answer_of_a_cancelled_caller_is_stored(asker: Asker) -> None:
    """Its keys are typed, so its result is stored."""
    one = await asker.ask()
    asker.go = trio.Event()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(answer, asker, one)
        while not asker.typed:
            await trio.lowlevel.checkpoint()
        nursery.cancel_scope.cancel()
    with pytest.raises(AlreadyAnswered):
        await answer(asker, one)
    asker.go.set()
    await asker.settled()
    kept = now(asker, one)
    assert kept.answer is not None
    assert (PromptStatus.ANSWERED, "@ada") == (kept.status, kept.answer.by)


async def test_a_prompt_answered_in_the_terminal_is_resolved(asker: Asker) -> None:
    """At once, without a responder."""
    one = await asker.ask()
    asker.show()
    await asker.settled()
    kept = now(asker, one)
    assert (PromptStatus.RESOLVED, LEFT, None) == (
        kept.status,
        kept.reason,
        kept.answer,
    )
    with pytest.raises(Conflict):
        asker.rig.system.services.prompt_service.current(asker.session.id)


async def test_the_program_ends_while_it_asks(asker: Asker) -> None:
    """The prompt is closed before the end is announced."""
    one = await asker.ask()
    asker.rig.terminals[0].end(ExitStatus(code=0))
    await over(asker)
    await asker.rig.settle()
    kept = now(asker, one)
    assert (PromptStatus.RESOLVED, ENDED) == (kept.status, kept.reason)
    tags = asker.rig.tags()
    assert tags.index("PromptBridgeResolved") < tags.index("SessionExited")
    book = asker.rig.system.services.prompt_service
    assert {} == book._entries
    assert book.status(asker.session.id) is None
    with pytest.raises(AlreadyAnswered):
        await answer(asker, one)


async def test_the_program_ends_by_the_answer(asker: Asker) -> None:
    """The prompt is answered, not just resolved."""
    one = await asker.ask()
    asker.go = trio.Event()
    records: list[PromptRecord] = []

    async def ask() -> None:
        records.append((await answer(asker, one))[0])

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        while not asker.typed:
            await trio.lowlevel.checkpoint()
        asker.rig.terminals[0].end(ExitStatus(code=0))
        while (
            shown := asker.rig.system.services.prompt_service.shown(asker.session.id)
        ) == one:
            await trio.lowlevel.checkpoint()
        assert shown is None
        asker.go.set()
    await over(asker)
    assert PromptStatus.ANSWERED is records[0].status is now(asker, one).status


async def test_a_second_run_asks_anew(asker: Asker) -> None:
    """Whatever the first run asked."""
    one = await asker.ask()
    asker.rig.terminals[0].end(ExitStatus(code=0))
    await over(asker)
    await asker.rig.system.supervisor.start(asker.session.id)
    two = await asker.ask()
    assert one.id != two.id
    assert one.run != two.run


async def test_a_disk_that_refuses_is_waited_for(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prompt can be answered; the caller learns what is not stored."""
    monkeypatch.setattr(prompt_writer, "RETRY_S", 0.01)
    write, full = asker.rig.system.journal.write, True

    async def refuse(work: Any, *args: Any) -> Any:
        if full and work in (prompts.raise_prompt, prompts.change_prompt):
            raise StorageFailed("full")
        return await write(work, *args)

    monkeypatch.setattr(asker.rig.system.journal, "write", refuse)
    asker.show(prompt())
    one = asker.rig.system.services.prompt_service.current(asker.session.id)
    case = asker.rig.system.services.prompt_service._entries[asker.session.id]
    with trio.fail_after(PATIENCE_S):
        while case.failed is None:
            await case.changed.park()
    with pytest.raises(StorageFailed, match="was typed"):
        await answer(asker, one)
    full = False
    await asker.settled()
    assert PromptStatus.ANSWERED is now(asker, one).status
    assert case.failed is None


@pytest.mark.meets(Limit.PROMPTS)
async def test_answers_that_wait_have_a_bound(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond it an answer is refused, and nothing is typed."""
    monkeypatch.setattr(tracker, "UNWRITTEN", 0)
    one = await asker.ask()
    with pytest.raises(CapacityReached):
        await answer(asker, one)
    assert [] == asker.typed


async def test_a_bug_costs_one_prompt(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next prompt is stored."""

    def broken(unit: object, record: PromptRecord) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(prompts, "raise_prompt", broken)
    lost = await asker.ask()
    assert stored(asker.rig.store, lost.id) is None
    monkeypatch.undo()
    one = await asker.ask(prompt("And this?"))
    assert one == now(asker, one)


async def test_a_status_is_published_when_it_changes(asker: Asker) -> None:
    """At once, and once."""
    for _ in range(2):
        asker.show(kind=Kind.BUSY)
    asker.show(kind=Kind.AT_REST)
    asker.show(prompt())
    told = events(asker, AgentStatusUpdated)
    assert [AgentState.BUSY, AgentState.READY, AgentState.WAITING] == [
        each.status.state for each in told
    ]
    book = asker.rig.system.services.prompt_service
    assert told[-1].status == book.status(asker.session.id)


async def test_a_hook_counts_while_a_program_runs(asker: Asker) -> None:
    """And only then."""
    book = asker.rig.system.services.prompt_service
    fact = HookFact(AgentState.BUSY, "PreToolUse", "Bash", 0.0)
    assert book.hook_reported(asker.session.id, fact)
    assert not book.hook_reported(SessionId("nobody"), fact)
    (told,) = events(asker, AgentStatusUpdated)
    assert ("hook", "Bash") == (told.status.source, told.status.activity)


async def test_the_end_of_a_hooks_trust_is_told(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody asks for the status: a newer verdict counts from then on, in an event."""
    monkeypatch.setattr(hooks, "TRUST_S", 0.1)
    book = asker.rig.system.services.prompt_service
    fact = HookFact(AgentState.BUSY, "PreToolUse", "Bash", clock.monotonic())
    assert book.hook_reported(asker.session.id, fact)
    asker.show(kind=Kind.AT_REST)
    published = Wakeup()
    with asker.rig.bus.subscribed(published), trio.fail_after(PATIENCE_S):
        while (told := events(asker, AgentStatusUpdated)[-1].status).source == "hook":
            await published.wait()
    assert AgentState.READY == told.state
    book.forget(asker.session.id)


async def test_calls_for_a_session_that_does_not_run_do_nothing(rig: Rig) -> None:
    """A verdict, a card, an end of a session that does not run."""
    book, nobody = rig.system.services.prompt_service, SessionId("nobody")
    book.forget(nobody)
    await book.leave(nobody)
    assert book.status(nobody) is None
    assert book.shown(nobody) is None


async def test_a_prompt_is_posted_to_its_webhook(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After it is stored, with the same record as in the event."""
    told: list[tuple[str, PromptRecord]] = []
    hooks = asker.rig.system.services.prompt_service._writer._webhooks
    monkeypatch.setattr(hooks, "post_nowait", lambda *args: told.append(args))
    url = "https://example.org/x"
    asker.rig.store.transact(
        prompts.bridge.put_config,
        codec.read_body(
            codec.render({"default_targets": [{"kind": "webhook", "url": url}]}),
            prompts.bridge.PutBridge,
        ),
    )
    one = await asker.ask()
    await asker.rig.settle()
    assert [(url, one)] == told


async def test_an_answer_cancelled_anywhere_is_whole(asker: Asker) -> None:
    """Nothing is typed and the prompt stays pending, or it is answered and stored."""
    waiting = [await asker.ask()]

    async def op() -> None:
        await answer(asker, waiting[-1])

    async def check() -> None:
        await asker.settled()
        kept = now(asker, waiting[-1])
        typed = len(asker.typed)
        assert (typed == len(waiting)) == (kept.status is PromptStatus.ANSWERED)
        assert (kept.answer is not None) == (not kept.is_pending)
        if kept.is_pending:
            await answer(asker, waiting[-1])
        assert len(asker.typed) == len(waiting)
        waiting.append(await asker.ask(prompt(f"{len(waiting)}?")))

    assert await cancel_at_every_step(op, check) > 3
    await asker.rig.check_published()
