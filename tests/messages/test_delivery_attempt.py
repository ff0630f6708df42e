"""One delivery: a whole server but its listener, and a terminal that a test plays."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.core.errors import (
    CapacityReached,
    Conflict,
    NotAnOption,
    NotRunning,
    StorageFailed,
    Withheld,
)
from ant.messages import deliveries, delivery_attempt, delivery_dispatcher, messages
from ant.model.deliveries import DeliveryRecord
from ant.model.sessions import SessionId
from ant.rooms import participants
from ant.terminal.input.type_message import TypeResult
from ant.terminal.model.prompt import Kind
from ant.terminal.model.tty import Spot, Tty
from tests.heard import AGENT, Hearer, content, named
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
    """Every step is recorded; then the terminal has a receipt."""
    ident = await hearer.post("hello `$(x)`", sender_id="@ada")
    one = await hearer.until(ident, *ENDED)
    assert ["queued", "typed", "submitted", "reacted"] == states(one)
    (text,) = hearer.told
    header, _, content = text.rpartition(" -- ")
    assert header.startswith(
        "[antchat message for all participants] room: room -- FROM: @ada"
    )
    assert "hello `$(x)`" == content
    read = hearer.rig.system.journal.read
    (reader,) = await read(participants.list_reads, hearer.room.id, ident)
    assert hearer.session.id == reader.session_id
    await hearer.rig.settle()
    await hearer.rig.check_published()


async def test_the_number_of_terminals_typed_into_is_limited(rig: Rig) -> None:
    """The next terminal waits for a slot."""
    rig.system.services.dispatcher._attempt._typing_slots = trio.Semaphore(1)
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
    """ANT types nothing, and types at once when the screen is free again."""
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
        (TypeResult(7, False, True), 9, ("unconfirmed", "not_submitted")),
        (TypeResult(7, True, False), 9, ("unconfirmed", "unknown_screen")),
        (TypeResult(7, True, True), None, ("unconfirmed", "no_reaction")),
        (
            TypeResult(7, True, True),
            NotRunning("gone"),
            ("unconfirmed", "program_ended"),
        ),
        (NotRunning("gone"), 9, ("failed", "program_ended")),
        (CapacityReached("full"), 9, ("unconfirmed", "not_reading")),
        (Conflict("flood"), 9, ("unconfirmed", "not_submitted")),
        (NotAnOption("control"), 9, ("unconfirmed", "cannot_type")),
        (ZeroDivisionError(), 9, ("unconfirmed", "cannot_type")),
    ],
)
async def test_a_message_that_may_have_been_typed_is_not_typed_again(
    hearer: Hearer, plan: Any, reaction: Any, expected: Any
) -> None:
    """And becomes neither reacted nor read."""
    hearer.plans.append(plan)
    hearer.reactions.append(reaction)
    ident = await hearer.post()
    one = await hearer.until(ident, *ENDED)
    assert expected == why(one)
    assert one.error
    await hearer.idle()
    assert len(hearer.told) <= 1
    reads = hearer.rig.system.journal.read
    assert () == await reads(participants.list_reads, hearer.room.id, ident)


async def test_a_reply_before_the_reaction_is_seen(hearer: Hearer) -> None:
    """The acknowledgement has precedence."""
    hearer.go = trio.Event()
    ident = await hearer.post()
    while not hearer.told:
        await trio.lowlevel.checkpoint()
    await hearer.post("yes", sender_id="@codex", reply_to=ident)
    hearer.reactions.append(None)
    hearer.go.set()
    await hearer.idle()
    assert ("acked", "reply") == why(await hearer.delivery(ident))


@pytest.mark.parametrize("sure", [True, False])
async def test_a_hook_reports_that_the_agent_took_it(
    hearer: Hearer, sure: bool
) -> None:
    """The screen shows no reaction; the hook's text may have other blanks."""
    hearer.go = trio.Event()
    hearer.plans.append(TypeResult(7, True, sure))
    hearer.reactions.append(None)
    ident = await hearer.post()
    while not hearer.told:
        await trio.lowlevel.checkpoint()
    took = hearer.rig.system.services.dispatcher.hook_took
    took(hearer.session.id, "  ".join(hearer.told[0].split()) + "\n")
    hearer.go.set()
    assert ("reacted", "hook") == why(await hearer.until(ident, *ENDED))


async def test_a_hook_of_another_text_is_no_reaction(hearer: Hearer) -> None:
    """Nor is one that came before the message was typed, or at another terminal."""
    took = hearer.rig.system.services.dispatcher.hook_took
    hearer.go = trio.Event()
    hearer.reactions.append(None)
    took(hearer.session.id, "hello")
    ident = await hearer.post("hello")
    while not hearer.told:
        await trio.lowlevel.checkpoint()
    took(hearer.session.id, "something else")
    took(SessionId("nobody"), hearer.told[0])
    hearer.go.set()
    one = await hearer.until(ident, *ENDED)
    assert ("unconfirmed", "no_reaction") == why(one)


async def test_a_message_that_waits_too_long_is_given_up(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the last reason; and counted."""
    hearer.show(Kind.DIALOG)
    ident = await hearer.post()
    await hearer.until(ident, "withheld")
    monkeypatch.setattr(delivery_attempt, "GIVE_UP", timedelta(0))
    hearer.show(Kind.DIALOG)
    assert ("dead", "dialog") == why(await hearer.until(ident, "dead"))
    counts = await hearer.rig.system.journal.read(deliveries.counts)
    assert 1 == counts["dead"]
    late = await hearer.post()
    assert ("dead", "too_late") == why(await hearer.until(late, "dead"))
    assert [] == hearer.told


@pytest.mark.parametrize("text", ["a\nb\n" * 100, "x" * 5000, "\x1b[31mred"])
async def test_a_message_that_cannot_be_typed_goes_into_a_file(
    hearer: Hearer, tmp_path: Path, text: str
) -> None:
    """Whole, and the line has the path; the file is removed with the message."""
    hearer.pastes = False
    ident = await hearer.post(text)
    await hearer.until(ident, "reacted")
    (line,) = hearer.told
    path = named(line)
    assert "\n" not in line
    assert tmp_path / "inbox" / hearer.session.id / f"{ident}.txt" == path
    assert text.encode() == content(path)
    write = hearer.rig.system.journal.write
    await write(messages.delete_message, hearer.room.id, ident)
    with trio.fail_after(PATIENCE_S):
        while content(path) is not None:
            await trio.lowlevel.checkpoint()


async def test_a_line_that_the_terminal_finds_too_long(hearer: Hearer) -> None:
    """It goes into a file, too."""
    hearer.plans.append(Withheld("4000", "line_too_long"))
    ident = await hearer.post("hello")
    await hearer.until(ident, "reacted")
    (line,) = hearer.told
    assert b"hello" == content(named(line))


AT_PROMPT = Tty(False, False, "bash", leader=True, comment_at=Spot(0, 2))


async def test_a_shell_at_its_prompt_gets_the_path_of_the_file(hearer: Hearer) -> None:
    """In a comment without text of the message; the ledger has no typed step."""
    hearer.foreground = AT_PROMPT
    hearer.show(Kind.AT_REST, "shell/mark")
    ident = await hearer.post("; rm -rf $HOME", sender_id="`touch x`")
    one = await hearer.ended(ident)
    assert ("withheld", "noted") == why(one)
    assert (False, True) == (one.delivered, one.final)
    assert one.error is not None
    assert ["queued", "withheld", "withheld"] == states(one)
    (line,) = hearer.told
    assert f"# ANT: a message for this terminal is in the file {one.file}" == line
    assert b"; rm -rf $HOME" == content(named(line))
    read = hearer.rig.system.journal.read
    assert () == await read(participants.list_reads, hearer.room.id, ident)


async def test_a_shell_that_takes_no_comment(hearer: Hearer) -> None:
    """Input was typed there meanwhile. ANT does not try again."""
    hearer.foreground = AT_PROMPT
    hearer.show(Kind.AT_REST, "shell/mark")
    hearer.plans.append(Withheld("typed", "draft"))
    ident = await hearer.post()
    assert ("withheld", "not_an_agent") == why(await hearer.ended(ident))
    assert [] == hearer.told


async def test_a_persons_message_to_a_shell_is_typed(hearer: Hearer) -> None:
    """In the terminal's own chat."""
    hearer.foreground = AT_PROMPT
    hearer.show(Kind.AT_REST, "shell/mark")
    hearer.room = await hearer.rig.look(hearer.session.linked_chat_id or "")
    ident = await hearer.post("ls -l\n")
    await hearer.until(ident, "reacted")
    assert ["ls -l"] == hearer.told


@pytest.mark.parametrize("is_remembered", [True, False])
async def test_a_persons_message_is_for_the_foreground_program(
    hearer: Hearer, is_remembered: bool
) -> None:
    """A waiting message is typed into no other program, even if the first is unknown,
    as after a start of the server."""
    hearer.room = await hearer.rig.look(hearer.session.linked_chat_id or "")
    hearer.show(Kind.BUSY)
    idents = [await hearer.post(f"touch {n}") for n in range(2)]
    assert ("withheld", "busy") == why(await hearer.until(idents[0], "withheld"))
    if is_remembered:
        hearer.foreground = AT_PROMPT
    else:
        await hearer.rig.settle()
        hearer.rig.system.services.dispatcher._attempt._fronts.clear()
        idents.pop()  # It is new, and may be typed still.
    hearer.show(Kind.AT_REST, "shell/mark" if is_remembered else "codex-cli/composer")
    for n, ident in enumerate(idents):
        one = await hearer.ended(ident)
        assert ("withheld", "not_an_agent") == why(one)
        assert one.file is not None
        assert f"touch {n}".encode() == content(Path(one.file))
    assert "touch 0" not in hearer.told


async def test_a_waiting_message_is_typed_into_the_same_agent(hearer: Hearer) -> None:
    """When its composer is free again."""
    hearer.room = await hearer.rig.look(hearer.session.linked_chat_id or "")
    hearer.show(Kind.BUSY)
    ident = await hearer.post("go on")
    await hearer.until(ident, "withheld")
    hearer.show(Kind.AT_REST)
    await hearer.until(ident, "reacted")
    assert ["go on"] == hearer.told


@pytest.mark.parametrize("is_agent", [True, False])
async def test_a_persons_message_where_no_program_runs(
    hearer: Hearer, is_agent: bool
) -> None:
    """An agent that starts later receives it, and a shell does not."""
    hearer.room = await hearer.rig.look(hearer.session.linked_chat_id or "")
    hearer.end()
    ident = await hearer.post("touch x")
    held = await hearer.until(ident, "withheld")
    assert ("withheld", "not_running") == why(held)
    hearer.foreground = AGENT if is_agent else AT_PROMPT
    hearer.run()
    hearer.show(Kind.AT_REST, "codex-cli/composer" if is_agent else "shell/mark")
    one = await hearer.ended(ident)
    assert ("reacted" if is_agent else "withheld") == one.state.value
    assert (["touch x"] if is_agent else []) == hearer.told


async def test_the_number_of_remembered_programs_is_limited(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The oldest is forgotten, and the message that waits for it is not typed."""
    monkeypatch.setattr(delivery_attempt, "FRONTS", 2)
    hearer.room = await hearer.rig.look(hearer.session.linked_chat_id or "")
    hearer.show(Kind.BUSY)
    idents = [await hearer.post(f"go {n}") for n in range(3)]
    await hearer.until(idents[0], "withheld")
    await hearer.rig.settle()
    hearer.show(Kind.AT_REST)
    ends = [why(await hearer.ended(each)) for each in idents]
    assert ("withheld", "not_an_agent") == ends[0]
    assert ["go 1", "go 2"] == hearer.told


NOBODY = [
    (Tty(False, True, "sh", leader=True), "prompt"),
    (Tty(False, False, "bash", leader=True), "shell"),
    (Tty(False, False, "bash", leader=True), "shell/mark"),
    (Tty(False, False, "python3"), "prompt"),
    (Tty(False, False, "script", interprets=False), "claude-code/composer"),
    (Tty(False, False, "ollama", interprets=False), "prompt"),
    (Tty(True, True, "cat", interprets=False), "time"),
    (Tty(False, False, "codex"), "codex-cli/composer"),
    (Tty(False, False, "vim", interprets=False), "view"),
]
"""Programs that are not agents, or that ANT cannot tell from one."""


@pytest.mark.parametrize(("tty", "rule"), NOBODY)
@pytest.mark.parametrize("kind", [Kind.AT_REST, Kind.QUIET_UNKNOWN, Kind.DIALOG])
async def test_programs_into_which_nothing_is_typed(
    hearer: Hearer, tty: Tty, rule: str, kind: Kind
) -> None:
    """The file has the message, the ledger its path; the next one is not delayed."""
    hearer.foreground = tty
    hearer.show(kind, rule)
    idents = [await hearer.post(f"$(touch {n})") for n in range(3)]
    for n, ident in enumerate(idents):
        one = await hearer.ended(ident)
        assert ("withheld", "not_an_agent") == why(one)
        assert (False, True) == (one.delivered, one.final)
        assert one.file is not None
        assert f"$(touch {n})".encode() == content(Path(one.file))
    assert [] == hearer.told
    counts = await hearer.rig.system.journal.read(deliveries.counts)
    assert 0 == counts["withheld"]
    arrival = hearer.rig.system.services.dispatcher.arrival
    with trio.fail_after(PATIENCE_S):
        (one,) = await arrival(hearer.room.id, idents[0], "reacted", 2 * PATIENCE_S)
    assert one.final


async def test_a_program_that_starts_is_given_a_moment(
    hearer: Hearer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may turn out to be an agent; but not for long."""
    shell = Tty(False, True, "bash", leader=True)
    hearer.foreground, hearer.since = shell, trio.current_time()
    hearer.show(Kind.BUSY, "time")
    ident = await hearer.post()
    assert ("withheld", "busy") == why(await hearer.until(ident, "withheld"))
    hearer.foreground = AGENT
    hearer.show(Kind.AT_REST)
    assert ("reacted", None) == why(await hearer.until(ident, "reacted"))
    monkeypatch.setattr(delivery_attempt, "STARTING", timedelta(0))
    hearer.foreground = shell
    hearer.show(Kind.BUSY, "time")
    late = await hearer.post()
    assert ("withheld", "not_an_agent") == why(await hearer.ended(late))


async def test_another_program_came_to_the_front(hearer: Hearer) -> None:
    """Between verdict and first key: the message is withheld for good, in its file."""
    hearer.plans.append(Withheld("no agent", "not_an_agent"))
    ident = await hearer.post("hello")
    one = await hearer.ended(ident)
    assert ("withheld", "not_an_agent") == why(one)
    assert one.file is not None
    assert b"hello" == content(Path(one.file))


async def test_a_message_in_a_file_may_be_acknowledged(hearer: Hearer) -> None:
    """The reader of the file may post a reply."""
    hearer.foreground = AT_PROMPT
    hearer.show(Kind.QUIET_UNKNOWN, "time")
    ident = await hearer.post()
    await hearer.ended(ident)
    await hearer.post("yes", sender_id="@codex", reply_to=ident)
    assert ("acked", "reply") == why(await hearer.delivery(ident))


async def test_a_disk_that_refuses_a_file(
    hearer: Hearer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The delivery waits for the disk, and nothing was typed."""
    monkeypatch.setattr(delivery_dispatcher, "RETRY_S", 0.01)
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
    """The steps are recorded later, and the message is not typed again."""
    monkeypatch.setattr(delivery_dispatcher, "RETRY_S", 0.01)
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


async def test_without_a_screen_nothing_is_typed(hearer: Hearer) -> None:
    """Without a screen ANT types nothing."""
    hearer.is_blind = True
    ident = await hearer.post()
    assert ("withheld", "no_screen") == why(await hearer.until(ident, "withheld"))
    hearer.is_blind = False
    hearer.show(Kind.AT_REST)
    await hearer.until(ident, "reacted")
