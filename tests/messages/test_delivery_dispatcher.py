"""The dispatcher, in a whole server without its listener; the test plays a terminal."""

from pathlib import Path
from typing import Any

import pytest
import trio

from ant.api.message_requests import ListDeliveries
from ant.core.counters import Limit
from ant.core.errors import Withheld
from ant.messages import deliveries, delivery_attempt, delivery_dispatcher
from ant.model.deliveries import DeliveryRecord, DeliveryState, Reason
from ant.model.events import DeliveryUpdated
from ant.sessions import sessions
from ant.terminal.model.prompt import Kind
from tests.cancel import cancel_at_every_step
from tests.heard import Hearer, content, named
from tests.systems import PATIENCE_S, Rig, running

ENDED = ("reacted", "acked", "unconfirmed", "failed", "dead")


@pytest.fixture
async def hearer(rig: Rig) -> Hearer:
    return await Hearer.start(rig)


def states(record: DeliveryRecord) -> list[str]:
    return [each.state.value for each in record.transitions]


def why(record: DeliveryRecord) -> tuple[str, str | None]:
    return record.state.value, record.reason.value if record.reason else None


async def test_messages_are_typed_in_order(hearer: Hearer) -> None:
    """Each is typed after the one before it has ended."""
    hearer.go = trio.Event()
    idents = [await hearer.post(str(n)) for n in range(5)]
    for n in range(5):
        while len(hearer.told) <= n:
            await trio.lowlevel.checkpoint()
        assert ["queued"] == states(await hearer.delivery(idents[n]))
        hearer.go.set()
        hearer.go = trio.Event()
        await hearer.until(idents[n], "reacted")
    assert list("01234") == [each.rpartition(" -- ")[2] for each in hearer.told]


async def test_terminals_do_not_wait_for_each_other(hearer: Hearer) -> None:
    """A terminal that is stuck delays no other."""
    other = await Hearer.start(hearer.rig, "claude", hearer.room)
    hearer.go = trio.Event()
    ident = await hearer.post()
    await other.until(ident, "reacted")
    assert "queued" == (await hearer.delivery(ident)).state
    hearer.go.set()
    await hearer.until(ident, "reacted")


@pytest.mark.parametrize("reason", ["draft", "unknown", "no_screen", "surprise"])
async def test_a_message_that_the_terminal_refuses(
    hearer: Hearer, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is tried again after a pause; a draft goes without a verdict. One step."""
    monkeypatch.setattr(delivery_dispatcher, "RETRY_S", 0.01)
    monkeypatch.setattr(delivery_dispatcher, "RETRY_MAX_S", 0.02)
    hearer.plans.extend([Withheld("no", reason)] * 4)
    ident = await hearer.post()
    one = await hearer.until(ident, "reacted")
    assert ["queued", "withheld", "typed", "submitted", "reacted"] == states(one)
    known = "not_at_rest" if reason == "surprise" else reason
    assert known == one.transitions[1].reason
    assert 1 == len(hearer.told)


async def test_no_program_runs(hearer: Hearer) -> None:
    """The delivery waits until a program runs."""
    hearer.end()
    ident = await hearer.post()
    assert ("withheld", "not_running") == why(await hearer.until(ident, "withheld"))
    hearer.run()
    await hearer.until(ident, "reacted")


async def test_a_program_that_begins_gets_what_waits(rig: Rig) -> None:
    """With the real supervisor, run and dispatcher."""
    hearer = await Hearer.start(rig)
    hearer.end()
    ident = await hearer.post()
    await hearer.until(ident, "withheld")
    await rig.system.supervisor.start(hearer.session.id)
    hearer.run()  # In its place, as it cannot be read.
    await hearer.until(ident, "reacted")
    await rig.system.supervisor.stop(hearer.session.id)
    assert {} == rig.system.services.dispatcher._running


@pytest.mark.meets(Limit.DELIVERIES)
async def test_a_full_queue_is_counted(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for each message that is given up."""
    monkeypatch.setattr(deliveries, "QUEUE", 0)
    ident = await hearer.post()
    assert ("dead", "queue_full") == why(await hearer.until(ident, "dead"))
    assert Reason.QUEUE_FULL is not None


async def test_files_are_removed_with_the_session(hearer: Hearer) -> None:
    """When it is removed, not when it is archived or soft-deleted."""
    hearer.pastes = False
    ident = await hearer.post("a\nb")
    await hearer.until(ident, "reacted")
    path = named(hearer.told[0])
    write = hearer.rig.system.journal.write
    await write(sessions.delete_session, hearer.session.id, False)
    await hearer.rig.settle()
    assert b"a\nb" == content(path)
    await write(sessions.remove_sessions, [hearer.session.id])
    with trio.fail_after(PATIENCE_S):
        while content(path) is not None:
            await trio.lowlevel.checkpoint()


async def test_a_bug_affects_one_terminal(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the next message."""
    with monkeypatch.context() as patched:
        patched.setattr(delivery_attempt, "GIVE_UP", "none")
        ident = await hearer.post()
        await hearer.rig.settle()
        await hearer.idle()
    assert "queued" == (await hearer.delivery(ident)).state
    await hearer.post()
    await hearer.until(ident, "reacted")


async def test_the_wait_for_an_arrival_ends(hearer: Hearer) -> None:
    """When it is typed, when the program reacted, or at the timeout."""
    arrival = hearer.rig.system.services.dispatcher.arrival
    hearer.show(Kind.DIALOG)
    ident = await hearer.post()
    (one,) = await arrival(hearer.room.id, ident, "typed", 0.05)
    assert one.state in (DeliveryState.QUEUED, DeliveryState.WITHHELD)
    hearer.show(Kind.AT_REST)
    (one,) = await arrival(hearer.room.id, ident, "reacted", PATIENCE_S)
    assert DeliveryState.REACTED is one.state
    (one,) = await arrival(hearer.room.id, ident, "typed", PATIENCE_S)
    assert DeliveryState.REACTED is one.state
    assert {} == hearer.rig.system.services.dispatcher._moved
    nobody = await hearer.post("done", sender_id=hearer.session.id)
    assert () == await arrival(hearer.room.id, nobody, "typed", PATIENCE_S)


async def test_the_next_server_delivers_what_waits(tmp_path: Path) -> None:
    """A message that was being typed is not typed again."""
    async with running(tmp_path) as rig:
        hearer = await Hearer.start(rig)
        hearer.go = trio.Event()
        typed = await hearer.post("typed")
        while not hearer.told:
            await trio.lowlevel.checkpoint()
        waits = await hearer.post("waits")
    async with running(tmp_path) as rig:
        await rig.system.journal.write(deliveries.recover)
        again = Hearer(rig, hearer.session, hearer.room)
        assert ("unconfirmed", "server_restarted") == why(await again.delivery(typed))
        await again.until(waits, "withheld")
        again.go.set()
        again.show(Kind.AT_REST)
        again.run()
        await again.until(waits, "reacted")
        assert ["waits"] == [each.rpartition(" -- ")[2] for each in again.told]


@pytest.mark.soak
async def test_many_at_once_all_end(hearer: Hearer) -> None:
    """However they were posted, each is typed once and in the order of posting."""
    count = 300  # More than the bus keeps for who is behind, with two events each step.
    for n in range(count // 100):
        async with trio.open_nursery() as nursery:
            for m in range(100):
                nursery.start_soon(hearer.post, f"{n}.{m}")
        await hearer.idle()
    page = await hearer.rig.system.journal.read(
        deliveries.list_deliveries, hearer.session.id, ListDeliveries(limit=1000)
    )
    assert {DeliveryState.REACTED} == {each.state for each in page}
    assert (count, count) == (len(page), len(set(hearer.told)))
    assert len(hearer.told) == count
    emitted = [
        e.event.delivery.state.value
        for e in hearer.rig.bus.published
        if isinstance(e.event, DeliveryUpdated)
        and e.event.delivery.id == page[0].id
        and e.event.session_id == hearer.session.id
    ]
    assert ["queued", "submitted", "reacted"] == emitted


async def test_a_wait_cancelled_anywhere_changes_nothing(hearer: Hearer) -> None:
    """The delivery continues."""
    idents: list[Any] = []
    arrival = hearer.rig.system.services.dispatcher.arrival

    async def op() -> None:
        idents.append(await hearer.post())
        await arrival(hearer.room.id, idents[-1], "reacted", PATIENCE_S)

    async def check() -> None:
        await hearer.rig.settle()
        await hearer.idle()
        for each in idents:
            assert "reacted" == (await hearer.delivery(each)).state

    assert await cancel_at_every_step(op, check) > 3
