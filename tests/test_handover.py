"""One delivery: a whole server but its listener, and a terminal that a test plays."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio

from ant import courier, deliveries, handover, people, rooms
from ant.commands import PostMessage
from ant.delivering import DeliveryRecord
from ant.errors import (
    CapacityReached,
    Conflict,
    NotAnOption,
    NotRunning,
    StorageFailed,
    Withheld,
)
from ant.terminal.look import Tty
from ant.terminal.prompt import Kind
from ant.terminal.saying import Said
from tests.heard import Hearer, content, named
from tests.systems import PATIENCE_S, Rig

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
    await hearer.rig.check_published()


async def test_so_many_are_typed_into_at_once(rig: Rig) -> None:
    """The next waits for its turn."""
    rig.system.stage.courier._handover._saying = trio.Semaphore(1)
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


async def test_it_is_given_up(hearer: Hearer, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the last reason; and counted."""
    hearer.show(Kind.DIALOG)
    ident = await hearer.post()
    await hearer.until(ident, "withheld")
    monkeypatch.setattr(handover, "GIVE_UP", timedelta(0))
    hearer.show(Kind.DIALOG)
    assert ("dead", "dialog") == why(await hearer.until(ident, "dead"))
    counts = await hearer.rig.system.journal.read(deliveries.counts)
    assert 1 == counts["dead"]
    late = await hearer.post()
    assert ("dead", "too_late") == why(await hearer.until(late, "dead"))
    assert [] == hearer.told


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
    for code in ("; ", "rm ", " -rf", "$"):  # `rm` alone may stand in a random id.
        assert code not in line.split(" -- the message")[0]
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
    hearer.is_blind = True
    ident = await hearer.post()
    assert ("withheld", "no_screen") == why(await hearer.until(ident, "withheld"))
    hearer.is_blind = False
    hearer.show(Kind.AT_REST)
    await hearer.until(ident, "reacted")


@pytest.mark.parametrize(
    ("program", "canonical", "runs"),
    [
        ("python3.11", False, True),
        ("sqlite3", False, True),
        ("python3.11", True, False),  # A script that reads lines.
        ("ollama", False, False),
    ],
)
async def test_an_interpreter_is_given_no_code(
    hearer: Hearer, program: str, canonical: bool, runs: bool
) -> None:
    """Where it edits its line, as a shell does."""
    hearer.terminal.discipline = Tty(False, canonical, program)
    ident = await hearer.post("1/0")
    await hearer.until(ident, "reacted")
    assert runs == hearer.told[0].startswith("# ")
