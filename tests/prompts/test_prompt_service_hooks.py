"""Requests that wait in the service, cancelled at every step; real threads."""

from collections.abc import Iterator
from itertools import count

import pytest
import trio

from ant.core.errors import AlreadyAnswered
from ant.model.prompts import CLIENT_LEFT, HOOK, PromptRecord, PromptStatus
from ant.prompts.agent_permissions import HookDecision
from ant.prompts.interpret import Responder
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Prompt
from tests.asked import Asker, stored
from tests.cancel import cancel_at_every_step
from tests.hooking import asked, dialog
from tests.systems import PATIENCE_S, Rig

NUMBERS: Iterator[int] = count()


@pytest.fixture
async def asker(rig: Rig) -> Asker:
    return await Asker.start(rig)


def now(asker: Asker, record: PromptRecord) -> PromptRecord:
    found = stored(asker.rig.store, record.id)
    assert found is not None
    return found


@pytest.mark.slow
async def test_a_request_cancelled_anywhere_leaves_nothing(asker: Asker) -> None:
    """No prompt that waits for a client that has left."""
    service = asker.rig.system.services.prompt_service
    here = asker.session.id

    async def op() -> None:
        ask = asked(f"make {next(NUMBERS)}")
        assert await service.ask(here, ask, 0.05) is None

    async def check() -> None:
        await asker.settled()
        assert (0, None) == (service.waiting, service.shown(here))
        path = await asker.rig.system.journal.read(
            lambda unit: unit.prompts.pending(here)
        )
        assert path is None

    assert await cancel_at_every_step(op, check) > 1
    await asker.rig.check_published()


@pytest.mark.slow
async def test_an_answer_cancelled_anywhere_is_whole(asker: Asker) -> None:
    """The agent has its decision and it is stored, or it waits on."""
    service = asker.rig.system.services.prompt_service
    here = asker.session.id
    told: list[HookDecision | None] = []
    waiting: list[PromptRecord] = []

    async def ask() -> None:
        told.append(await service.ask(here, asked(f"make {next(NUMBERS)}"), 60))

    async def another(nursery: trio.Nursery) -> None:
        nursery.start_soon(ask)
        with trio.fail_after(PATIENCE_S):
            while service.shown(here) is None or service.shown(here) in waiting:
                await trio.lowlevel.checkpoint()
        waiting.append(await asker.told())

    async def answer() -> None:
        await service.answer(asker, waiting[-1], Choice("approve"), Responder())

    async with trio.open_nursery() as nursery:
        await another(nursery)

        async def check() -> None:
            await asker.settled()
            kept = now(asker, waiting[-1])
            assert (len(told) == len(waiting)) == (not kept.is_pending)
            if kept.is_pending:
                await answer()
                await asker.settled()
                kept = now(asker, waiting[-1])
            assert kept.answer is not None
            assert (PromptStatus.ANSWERED, HOOK) == (kept.status, kept.answer.via)
            assert [HookDecision("allow", "Allow")] * len(waiting) == told
            await another(nursery)

        assert await cancel_at_every_step(answer, check) > 1
        service.stop()
    assert [] == asker.typed
    await asker.rig.check_published()


@pytest.mark.parametrize("other", [None, dialog("rm -rf b")])
async def test_who_answers_learns_that_the_client_has_left(
    asker: Asker, other: Prompt | None
) -> None:
    """At that very moment: nothing was chosen, and the prompt ends.

    No key is pressed at the dialog of another request, which is a prompt of its own.
    """
    service = asker.rig.system.services.prompt_service
    here = asker.session.id
    scope = trio.CancelScope()

    async def ask() -> None:
        with scope:
            await service.ask(here, asked("make"), 60)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        with trio.fail_after(PATIENCE_S):
            while service.shown(here) is None:
                await trio.lowlevel.checkpoint()
        one = await asker.told()
        if other is not None:
            asker.show(other)
        entry = service._entries[here]
        (wait,) = entry.tracker.waits
        scope.cancel()
        with pytest.raises(AlreadyAnswered):
            await service.answer(asker, one, Choice("approve"), Responder())
    assert [] == asker.typed
    shown = service.shown(here)
    assert (other and other.text) == (shown and shown.raw_text)
    if other is not None:
        assert shown is not None
        assert one.id != shown.id
        asker.show()
    await asker.settled()
    kept = now(asker, one)
    assert (PromptStatus.RESOLVED, CLIENT_LEFT, None) == (
        kept.status,
        kept.reason,
        kept.answer,
    )
    assert not wait.is_taken
