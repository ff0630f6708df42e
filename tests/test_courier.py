"""The courier; a whole server but its listener, and a terminal that a test plays."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio

from ant import courier, deliveries, people, rooms, sessions
from ant.commands import ListDeliveries, PostMessage
from ant.delivering import DeliveryRecord, DeliveryState, Reason
from ant.errors import (
    CapacityReached,
    Conflict,
    NotAnOption,
    NotRunning,
    StorageFailed,
    Withheld,
)
from ant.events import DeliveryUpdated
from ant.tally import Limit
from ant.terminal.prompt import Kind
from ant.terminal.saying import Said
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


async def test_a_message_is_typed_and_taken(hearer: Hearer) -> None:
    """Every step is written; then it is read by the terminal."""
    ident = await hearer.post("hello `$(x)`", sender_id="@ada")
    one = await hearer.until(ident, *ENDED)
    assert ["queued", "typed", "submitted", "reacted"] == states(one)
    (text,) = hearer.told
    header, content = text.split("\n")
    assert header.startswith(
        "[antchat message for all participants] room: room -- FROM: @ada"
    )
    assert "hello `$(x)`" == content
    read = hearer.rig.system.journal.read
    (reader,) = await read(people.list_reads, hearer.room.id, ident)
    assert hearer.session.id == reader.session_id
    await hearer.rig.settle()
    hearer.rig.check_published()


async def test_they_are_typed_in_order(hearer: Hearer) -> None:
    """One after the other, each when the one before it has ended."""
    hearer.go = trio.Event()
    idents = [await hearer.post(str(n)) for n in range(5)]
    for n in range(5):
        while len(hearer.told) <= n:
            await trio.lowlevel.checkpoint()
        assert ["queued"] == states(await hearer.delivery(idents[n]))
        hearer.go.set()
        hearer.go = trio.Event()
        await hearer.until(idents[n], "reacted")
    assert list("01234") == [each.split("\n")[1] for each in hearer.told]


async def test_terminals_do_not_wait_for_each_other(hearer: Hearer) -> None:
    """One that is stuck holds up nobody else."""
    other = await Hearer.start(hearer.rig, "claude", hearer.room)
    hearer.go = trio.Event()
    ident = await hearer.post()
    await other.until(ident, "reacted")
    assert "queued" == (await hearer.delivery(ident)).state
    hearer.go.set()
    await hearer.until(ident, "reacted")


async def test_so_many_are_typed_into_at_once(rig: Rig) -> None:
    """The next waits for its turn."""
    rig.system.stage.courier._saying = trio.Semaphore(1)
    first = await Hearer.start(rig)
    second = await Hearer.start(rig, "claude", first.room)
    first.go = second.go = trio.Event()
    await first.post()
    while not first.told + second.told:
        await trio.lowlevel.checkpoint()
    await rig.settle()
    assert 1 == len(first.told + second.told)
    first.go.set()
    for each in (first, second):
        await each.idle()
    assert (1, 1) == (len(first.told), len(second.told))


@pytest.mark.parametrize("kind", [Kind.DIALOG, Kind.BUSY])
async def test_a_screen_that_is_not_free(hearer: Hearer, kind: Kind) -> None:
    """Nothing is tried; when it is free again, at once."""
    hearer.show(kind)
    ident = await hearer.post()
    held = await hearer.until(ident, "withheld")
    assert ("withheld", kind.value) == why(held)
    assert ([], []) == (hearer.told, list(hearer.plans))
    hearer.show(Kind.AT_REST)
    one = await hearer.until(ident, "reacted")
    assert ["queued", "withheld", "typed", "submitted", "reacted"] == states(one)


@pytest.mark.parametrize("reason", ["draft", "unknown", "no_screen", "surprise"])
async def test_what_the_terminal_refuses(
    hearer: Hearer, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Is tried again by itself: a draft goes without a verdict. One step is noted."""
    monkeypatch.setattr(courier, "RETRY_S", 0.01)
    monkeypatch.setattr(courier, "RETRY_MAX_S", 0.02)
    hearer.plans.extend([Withheld("no", reason)] * 4)
    ident = await hearer.post()
    one = await hearer.until(ident, "reacted")
    assert ["queued", "withheld", "typed", "submitted", "reacted"] == states(one)
    known = "not_at_rest" if reason == "surprise" else reason
    assert known == one.transitions[1].reason
    assert 1 == len(hearer.told)


@pytest.mark.parametrize(
    ("plan", "reaction", "expected"),
    [
        (Said(7, False, True), 9, ("unconfirmed", "not_submitted")),
        (Said(7, True, False), 9, ("unconfirmed", "unknown_screen")),
        (Said(7, True, True), None, ("unconfirmed", "no_reaction")),
        (Said(7, True, True), NotRunning("gone"), ("unconfirmed", "program_ended")),
        (NotRunning("gone"), 9, ("failed", "program_ended")),
        (CapacityReached("full"), 9, ("unconfirmed", "not_reading")),
        (Conflict("flood"), 9, ("unconfirmed", "not_submitted")),
        (NotAnOption("control"), 9, ("unconfirmed", "cannot_type")),
        (ZeroDivisionError(), 9, ("unconfirmed", "cannot_type")),
    ],
)
async def test_what_may_have_been_typed_is_not_typed_again(
    hearer: Hearer, plan: Any, reaction: Any, expected: Any
) -> None:
    """And is called neither reacted nor read."""
    hearer.plans.append(plan)
    hearer.reactions.append(reaction)
    ident = await hearer.post()
    one = await hearer.until(ident, *ENDED)
    assert expected == why(one)
    assert one.error
    await hearer.idle()
    assert len(hearer.told) <= 1
    reads = hearer.rig.system.journal.read
    assert () == await reads(people.list_reads, hearer.room.id, ident)


async def test_a_reply_before_the_reaction_is_seen(hearer: Hearer) -> None:
    """Counts more than it."""
    hearer.go = trio.Event()
    ident = await hearer.post()
    while not hearer.told:
        await trio.lowlevel.checkpoint()
    await hearer.post("yes", sender_id="@codex", reply_to=ident)
    hearer.reactions.append(None)
    hearer.go.set()
    await hearer.idle()
    assert ("acked", "reply") == why(await hearer.delivery(ident))


async def test_nobody_runs(hearer: Hearer) -> None:
    """It waits until somebody does."""
    hearer.end()
    ident = await hearer.post()
    assert ("withheld", "not_running") == why(await hearer.until(ident, "withheld"))
    hearer.run()
    await hearer.until(ident, "reacted")


async def test_a_program_that_begins_gets_what_waits(rig: Rig) -> None:
    """By the real road: supervisor, witness, courier."""
    hearer = await Hearer.start(rig)
    hearer.end()
    ident = await hearer.post()
    await hearer.until(ident, "withheld")
    await rig.system.supervisor.start(hearer.session.id)
    hearer.run()  # In its place, as it cannot be read.
    await hearer.until(ident, "reacted")
    await rig.system.supervisor.stop(hearer.session.id)
    assert {} == rig.system.stage.courier._lives


async def test_it_is_given_up(hearer: Hearer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last reason; and counted."""
    hearer.show(Kind.DIALOG)
    ident = await hearer.post()
    await hearer.until(ident, "withheld")
    monkeypatch.setattr(courier, "GIVE_UP", timedelta(0))
    hearer.show(Kind.DIALOG)
    assert ("dead", "dialog") == why(await hearer.until(ident, "dead"))
    counts = await hearer.rig.system.journal.read(deliveries.counts)
    assert 1 == counts["dead"]
    late = await hearer.post()
    assert ("dead", "too_late") == why(await hearer.until(late, "dead"))
    assert [] == hearer.told


@pytest.mark.meets(Limit.DELIVERIES)
async def test_too_many_is_counted(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each that is given up at once."""
    monkeypatch.setattr(deliveries, "QUEUE", 0)
    ident = await hearer.post()
    assert ("dead", "queue_full") == why(await hearer.until(ident, "dead"))
    assert Reason.QUEUE_FULL is not None


@pytest.mark.parametrize("text", ["a\nb\n" * 100, "x" * 5000, "\x1b[31mred"])
async def test_what_cannot_be_typed_is_put_into_a_file(
    hearer: Hearer, tmp_path: Path, text: str
) -> None:
    """Whole, and the line says where; it goes with the message."""
    hearer.pastes = False
    ident = await hearer.post(text)
    await hearer.until(ident, "reacted")
    (line,) = hearer.told
    path = named(line)
    assert "\n" not in line
    assert tmp_path / "inbox" / hearer.session.id / f"{ident}.txt" == path
    assert text.encode() == content(path)
    write = hearer.rig.system.journal.write
    await write(rooms.delete_message, hearer.room.id, ident)
    with trio.fail_after(PATIENCE_S):
        while content(path) is not None:
            await trio.lowlevel.checkpoint()


async def test_files_go_with_the_session(hearer: Hearer) -> None:
    """When it is removed, not when it is only archived or deleted."""
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


async def test_a_line_that_the_terminal_finds_too_long(hearer: Hearer) -> None:
    """Is put into a file, too."""
    hearer.plans.append(Withheld("4000", "line_too_long"))
    ident = await hearer.post("hello")
    await hearer.until(ident, "reacted")
    (line,) = hearer.told
    assert b"hello" == content(named(line))


async def test_a_shell_is_given_no_code(hearer: Hearer) -> None:
    """A comment, and a file; but what a person tells it is typed."""
    hearer.show(Kind.AT_REST, "shell")
    ident = await hearer.post("; rm -rf $HOME")
    await hearer.until(ident, "reacted")
    (line,) = hearer.told
    assert line.startswith("# [antchat message")
    assert "rm" not in line.split(" -- the message")[0]
    chat = await hearer.rig.look(hearer.session.linked_chat_id or "")
    ask = PostMessage("ls -l\n")
    write = hearer.rig.system.journal.write
    posted = await write(rooms.post_message, chat.id, ask)
    hearer.room = chat
    await hearer.until(posted.message.id, "reacted")
    assert "ls -l" == hearer.told[1]


async def test_a_disk_that_refuses_a_file(
    hearer: Hearer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for it, and nothing was typed."""
    monkeypatch.setattr(courier, "RETRY_S", 0.01)
    hearer.pastes = False
    (tmp_path / "inbox").write_text("no folder")
    ident = await hearer.post("a\nb")
    await hearer.rig.settle()
    (tmp_path / "inbox").unlink()
    await hearer.until(ident, "reacted")
    assert 1 == len(hearer.told)


async def test_a_database_that_refuses(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was typed is written when it can be, and not typed again."""
    monkeypatch.setattr(courier, "RETRY_S", 0.01)
    write, full = hearer.rig.system.journal.write, 5

    async def refuse(work: Any, *args: Any) -> Any:
        nonlocal full
        if work is deliveries.advance and full:
            full -= 1
            raise StorageFailed("full")
        return await write(work, *args)

    monkeypatch.setattr(hearer.rig.system.journal, "write", refuse)
    ident = await hearer.post()
    await hearer.until(ident, "reacted")
    assert (0, 1) == (full, len(hearer.told))


async def test_nobody_can_look(hearer: Hearer) -> None:
    """Without a screen nothing is typed."""
    modes, hearer.modes = hearer.modes, _blind  # type: ignore[method-assign]
    ident = await hearer.post()
    assert ("withheld", "no_screen") == why(await hearer.until(ident, "withheld"))
    hearer.modes = modes  # type: ignore[method-assign]
    hearer.show(Kind.AT_REST)
    await hearer.until(ident, "reacted")


def _blind() -> Any:
    raise Conflict("no library")


async def test_a_bug_costs_one_terminal(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until the next message."""
    with monkeypatch.context() as patched:
        patched.setattr(courier, "GIVE_UP", "none")
        ident = await hearer.post()
        await hearer.rig.settle()
        await hearer.idle()
    assert "queued" == (await hearer.delivery(ident)).state
    await hearer.post()
    await hearer.until(ident, "reacted")


async def test_who_waits_is_told(hearer: Hearer) -> None:
    """When it is typed, when it has a reaction, or when the time is over."""
    arrival = hearer.rig.system.stage.courier.arrival
    hearer.show(Kind.DIALOG)
    ident = await hearer.post()
    (one,) = await arrival(hearer.room.id, ident, "typed", 0.05)
    assert one.state in (DeliveryState.QUEUED, DeliveryState.WITHHELD)
    hearer.show(Kind.AT_REST)
    (one,) = await arrival(hearer.room.id, ident, "reacted", PATIENCE_S)
    assert DeliveryState.REACTED is one.state
    (one,) = await arrival(hearer.room.id, ident, "typed", PATIENCE_S)
    assert DeliveryState.REACTED is one.state
    nobody = await hearer.post("done", sender_id=hearer.session.id)
    assert () == await arrival(hearer.room.id, nobody, "typed", PATIENCE_S)


async def test_what_waits_is_taken_up_by_the_next_server(tmp_path: Path) -> None:
    """And what was being typed is not typed again."""
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
        assert ["waits"] == [each.split("\n")[1] for each in again.told]


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
    told = [
        e.event.delivery.state.value
        for e in hearer.rig.bus.published
        if isinstance(e.event, DeliveryUpdated)
        and e.event.delivery.id == page[0].id
        and e.event.session_id == hearer.session.id
    ]
    assert ["queued", "submitted", "reacted"] == told


async def test_a_wait_cancelled_anywhere_changes_nothing(hearer: Hearer) -> None:
    """The delivery goes on."""
    idents: list[Any] = []
    arrival = hearer.rig.system.stage.courier.arrival

    async def op() -> None:
        idents.append(await hearer.post())
        await arrival(hearer.room.id, idents[-1], "reacted", PATIENCE_S)

    async def check() -> None:
        await hearer.rig.settle()
        await hearer.idle()
        for each in idents:
            assert "reacted" == (await hearer.delivery(each)).state

    assert await cancel_at_every_step(op, check) > 3
