"""`resume`: one cursor, no seam; whatever happens at whichever step of it."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from ant.api.message_requests import PostMessage
from ant.api.terminal_requests import ListEvents
from ant.core.counters import Limit
from ant.http.routes.events import EventStream
from ant.journal import event_log
from ant.messages import messages
from ant.model.events import MessageCreated, SessionsChanged
from ant.model.sessions import Session, SessionId, SessionType
from ant.sessions import sessions
from ant.store import Unit
from ant.store.event_log import redact_events
from ant.store.tables.sessions import EventRow
from tests.http.ws.test_socket import Client, Line, connected
from tests.rules import taken_apart
from tests.soak import soak
from tests.steps import injected
from tests.systems import PATIENCE_S, Rig, running

MOST_STEPS = 1000
"""A resume that takes more steps than this never ends."""

Frame = dict[str, Any]


def post(rig: Rig, room: Session, text: str) -> int:
    """A message, visible at once; its `seq`."""
    rig.commit(messages.post_message, room.id, PostMessage(content=text))
    return rig.bus.seq


def say(rig: Rig, session: Session, data: bytes) -> None:
    """Output, in the tail at once."""
    rig.system.services.flows[session.id].append(data)
    rig.system.services.broadcaster.wake(session.id)


@attrs.define
class Seen:
    """What came after the `ack`, checked for seams as it comes."""

    seq: int
    offset: int
    session_id: str
    seqs: list[int] = attrs.field(factory=list)
    data: str = ""
    order: list[str] = attrs.field(factory=list)

    def note(self, frame: Frame) -> None:
        if frame["type"] == "terminal_output":
            assert frame["sessionId"] == self.session_id
            assert self.offset == frame["offset"], "a seam in the bytes"
            self.offset = frame["end"]
            self.data += frame["data"]
            self.order.append("bytes")
        elif "seq" in frame and "at" in frame:
            assert self.seq < frame["seq"], "an event came twice, or too late"
            self.seq = frame["seq"]
            self.seqs.append(self.seq)
            self.order.append(frame["type"])
        else:
            self.order.append(frame["type"])


@attrs.define
class Stand:
    """A server with a terminal and a room, and a client's place in both."""

    rig: Rig
    terminal: Session
    room: Session

    @property
    def end(self) -> int:
        return self.rig.system.services.flows[self.terminal.id].tail.end

    def places(self, offset: int) -> dict[str, int]:
        """What a client says that it has of the sessions."""
        return {self.terminal.id: offset, self.room.id: 0}

    def seqs_after(self, seq: int) -> list[int]:
        """What was published of both, and to all, after that event."""
        mine = (self.room.id, self.terminal.id)
        return [
            envelope.seq
            for envelope in self.rig.bus.published
            if envelope.seq is not None
            and envelope.seq > seq
            and (envelope.event.to_all or envelope.event.session_id in mine)
        ]


@asynccontextmanager
async def standing(folder: Path, window: int = 1024) -> AsyncIterator[Stand]:
    """With a running fake program and an empty room.

    `commit` goes past the journal, so nothing is recorded beside it.
    """
    async with running(folder, window=window) as rig:
        rig.system.services.transcript_writer.add_event = lambda *_: None  # type: ignore[method-assign]
        terminal = await rig.started()
        yield Stand(rig, terminal, await rig.create("room", type=SessionType.CHAT))


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with standing(tmp_path) as one:
        yield one


async def resume(client: Client, seq: int, places: dict[str, int], **more: Any) -> Any:
    """Ask; the `ack` or the `error` that is not of one session alone."""
    await client.send("resume", seq=seq, sessions=places, ref="r", **more)
    while True:
        frame = await client.receive()
        if frame.get("ref") == "r" and "sessionId" not in frame:
            return frame
        client.passed.append(frame)


async def take(client: Client, seen: Seen, seq: int, offset: int) -> Seen:
    """Receive up to an event and an offset."""
    while seen.seq < seq or seen.offset < offset:
        seen.note(await client.receive())
    return seen


async def caught_up(stand: Stand, client: Client, seq: int, offset: int) -> Seen:
    """Resume, and receive all that there is."""
    ack = await resume(client, seq, stand.places(offset))
    assert "ack" == ack["type"], ack
    seen = Seen(seq, offset, stand.terminal.id)
    return await take(client, seen, stand.rig.bus.seq, stand.end)


# Every step.


def events(stand: Stand) -> None:
    post(stand.rig, stand.room, "injected")


def burst(stand: Stand) -> None:
    for number in range(5):
        post(stand.rig, stand.room, f"injected {number}")


def output(stand: Stand) -> None:
    say(stand.rig, stand.terminal, b"injected\n")


def both(stand: Stand) -> None:
    output(stand)
    events(stand)
    output(stand)


def stored(stand: Stand) -> None:
    """What is in the tail goes to the store and leaves the tail, and more comes."""
    flow = stand.rig.system.services.flows[stand.terminal.id]
    chunks = flow.tail.pending(1 << 20)

    def append(unit: Unit) -> None:
        at = "2026-01-01T00:00:00.000000Z"
        unit.transcripts.append(stand.terminal.id, at, chunks, 1 << 23)

    if chunks:
        stand.rig.store.transact(append)
    flow.mark_stored(flow.tail.end)
    flow.mark_seen(flow.tail.end)
    flow.tail.trim()
    output(stand)


@contextmanager
def unscribed(stand: Stand) -> Iterator[None]:
    """The scribe sleeps: only `stored` stores, so that nobody does at the same time."""
    transcript_writer = stand.rig.system.services.transcript_writer
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transcript_writer, "mark", lambda *_: None)
        yield
    flow = stand.rig.system.services.flows[stand.terminal.id]
    transcript_writer.mark(stand.terminal.id, flow)


async def explore(
    stand: Stand,
    action: Callable[[Stand], None],
    is_live: bool,
    missed: int,
    stride: int = 1,
) -> int:
    """Resume with `action` at step 1, 2, 3 … until it comes after all; how many.

    With a `stride` at step 1 and so many further each time.
    """
    rig = stand.rig
    for step in range(1, MOST_STEPS, stride):
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                seq, offset = rig.bus.seq, stand.end
                client = Client(line := Line(rig, nursery))
                if is_live:
                    await resume(client, seq, stand.places(offset))
                for number in range(missed):
                    post(rig, stand.room, f"missed {number}")
                say(rig, stand.terminal, b"missed\n")
                with injected(lambda: action(stand), step) as injection:
                    seen = await caught_up(stand, client, seq, offset)
                mark = post(rig, stand.room, "mark")
                say(rig, stand.terminal, b"mark\n")
                await take(client, seen, mark, stand.end)
                assert stand.seqs_after(seq) == seen.seqs, f"step {step}"
                assert seen.data.endswith("mark\n")
                line.leave()
                await line.over.wait()
        if not injection.fired:
            return step
    raise AssertionError(f"No end within {MOST_STEPS} steps.")


@pytest.mark.slow
@pytest.mark.parametrize("window", [1, soak(4), 1024])
@pytest.mark.parametrize("is_live", [False, True])
@pytest.mark.parametrize("action", [events, burst, output, both, stored])
async def test_a_resume_has_no_seam_at_any_step(
    tmp_path: Path, action: Callable[[Stand], None], is_live: bool, window: int
) -> None:
    """Each event and byte once and in order, whenever others come in between."""
    async with standing(tmp_path, window) as stand:
        with unscribed(stand):
            assert await explore(stand, action, is_live, missed=3) > 10


@pytest.mark.slow
@pytest.mark.soak
async def test_a_long_resume_has_no_seam(tmp_path: Path) -> None:
    """More than a page of the log is missed, and more comes than the window holds."""
    async with standing(tmp_path, window=4) as stand:
        with unscribed(stand):
            # Each page is as the next one: it need not be begun at every step.
            steps = await explore(stand, burst, is_live=True, missed=130, stride=7)
            assert steps > 70


@pytest.mark.slow
@pytest.mark.parametrize("action", [output, both, stored])
async def test_a_join_has_no_seam_at_any_step(
    tmp_path: Path, action: Callable[[Stand], None]
) -> None:
    """After its `ack`, every byte from where that says, and every event of the room."""
    async with standing(tmp_path) as stand:
        with unscribed(stand):
            await explore_join(stand, action)


async def explore_join(stand: Stand, action: Callable[[Stand], None]) -> None:
    rig = stand.rig
    say(rig, stand.terminal, b"before\n")
    for step in range(1, MOST_STEPS):
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                client = Client(line := Line(rig, nursery))
                await client.expect("hello")
                await client.ask("join_session", sessionId=stand.room.id)
                seq = rig.bus.seq
                join = {"sessionId": stand.terminal.id, "from": 0}
                with injected(lambda: action(stand), step) as injection:
                    ack = await client.ask("join_session", **join)
                mark = post(rig, stand.room, "mark")
                seen = Seen(seq, ack["offset"], stand.terminal.id)
                for frame in client.passed:
                    if frame["type"] == "message_created" and frame["seq"] > seq:
                        seen.note(frame)
                await take(client, seen, mark, stand.end)
                assert stand.seqs_after(seq) == seen.seqs
                line.leave()
                await line.over.wait()
        if not injection.fired:
            break
    assert 10 < step < MOST_STEPS - 1


async def two_resumes(
    stand: Stand, client: Client, step: int, again: list[str]
) -> bool:
    """Resume, and at a step once more; whether that step came before the end."""

    def ask() -> None:
        for text in again:
            frame = {"type": "websocket.receive", "text": text}
            client.connection._to_app.send_nowait(frame)

    seen, is_second = None, False
    await client.send("resume", seq=0, sessions=stand.places(0), ref="r")
    with injected(ask, step) as injection:
        while True:
            frame = await client.receive()
            if frame["type"] == "ack" and frame["ref"] == "r":
                seen = Seen(0, 0, stand.terminal.id)
            elif frame["type"] == "ack" and frame["ref"] == "again":
                seen, is_second = Seen(2, 3, stand.terminal.id), True
            elif seen is not None:
                seen.note(frame)
                if (stand.rig.bus.seq, stand.end) == (seen.seq, seen.offset) and (
                    is_second or not injection.fired
                ):
                    return injection.fired


@pytest.mark.slow
async def test_a_second_resume_ends_the_first_at_any_step(tmp_path: Path) -> None:
    """After its `ack` nothing of the first comes, however busy the client was."""
    async with standing(tmp_path, window=4) as stand:
        rig = stand.rig
        for number in range(6):
            post(rig, stand.room, str(number))
        ping = {"type": "presence_ping", "ref": "ping"}
        ask = {"type": "resume", "seq": 2, "sessions": stand.places(3), "ref": "again"}
        again = [json.dumps(frame) for frame in (ping, ping, ping, ask, ping)]
        with unscribed(stand):
            say(rig, stand.terminal, b"0123456789" * 100)
            stored(stand)
            for step in range(1, MOST_STEPS):
                with trio.fail_after(PATIENCE_S):
                    async with trio.open_nursery() as nursery:
                        client = Client(line := Line(rig, nursery))
                        fired = await two_resumes(stand, client, step, again)
                        line.leave()
                        await line.over.wait()
                if not fired:
                    break
            assert 10 < step < MOST_STEPS - 1


# What is asked for, and what is answered.


async def test_a_resume_from_zero_replays_everything(stand: Stand) -> None:
    """First the events of the joined rooms and those for all; then the output."""
    other = await stand.rig.create("other", type=SessionType.CHAT)
    post(stand.rig, stand.room, "one")
    post(stand.rig, other, "not for us")
    post(stand.rig, stand.room, "two")
    say(stand.rig, stand.terminal, b"some output")
    async with connected(stand.rig) as client:
        seen = await caught_up(stand, client, 0, 0)
        assert stand.seqs_after(0) == seen.seqs
        assert "some output" == seen.data
        kinds = [kind for kind in seen.order if kind != "session_health"]
        assert ["message_created", "message_created", "bytes"] == kinds[-3:]
        assert 1 == kinds.count("bytes")


async def test_the_ack_says_where_the_log_is(stand: Stand) -> None:
    """And comes before all that is replayed."""
    post(stand.rig, stand.room, "one")
    async with connected(stand.rig) as client:
        ack = await resume(client, 1, stand.places(0), epoch="an-epoch")
        assert ("ack", 1, 1) == (ack["type"], ack["seq"], ack["oldest"])
        assert [] == [frame for frame in client.passed if "at" in frame]


async def test_a_resume_from_the_newest_replays_nothing(stand: Stand) -> None:
    """The next event is the next frame."""
    post(stand.rig, stand.room, "before")
    say(stand.rig, stand.terminal, b"before")
    seq, offset = stand.rig.bus.seq, stand.end
    async with connected(stand.rig) as client:
        await resume(client, seq, stand.places(offset))
        newest = post(stand.rig, stand.room, "after")
        say(stand.rig, stand.terminal, b"after")
        seen = Seen(seq, offset, stand.terminal.id)
        await take(client, seen, newest, stand.end)
        assert ([newest], "after") == (seen.seqs, seen.data)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"seq": 1000}, 400),
        ({"seq": -1}, 400),
        ({"seq": "1"}, 400),
        ({}, 400),
        ({"seq": 0, "epoch": "another"}, 409),
        ({"seq": 0, "sessions": []}, 400),
        ({"seq": 0, "sessions": {"x": -1}}, 400),
        ({"seq": 0, "sessions": {"x": None}}, 400),
    ],
)
async def test_what_cannot_be_resumed_is_refused(
    stand: Stand, fields: dict[str, Any], status: int
) -> None:
    """Nothing is joined then and nothing replayed; the socket goes on."""
    async with connected(stand.rig) as client:
        places = {"sessions": stand.places(0), **fields}
        error = await client.ask("resume", **places)
        assert ("error", status) == (error["type"], error["status"])
        assert 0 == stand.rig.system.presence.count()
        newest = stand.rig.commit(_change)
        frame = await client.receive()
        assert ("sessions_changed", newest) == (frame["type"], frame["seq"])


def _change(unit: Unit) -> int:
    unit.emit(SessionsChanged(SessionId("any")))
    return unit.log.newest()


async def test_one_bad_session_does_not_stop_a_resume(stand: Stand) -> None:
    """Unknown, archived or beyond the end: an `error` names it; the others resume."""
    rig = stand.rig
    gone = await rig.create("gone")
    await rig.system.journal.write(sessions.delete_session, gone.id, False)
    ahead = await rig.started("ahead")
    post(rig, stand.room, "one")
    say(rig, stand.terminal, b"bytes")
    bad = {"nobody": 0, gone.id: 0, ahead.id: 1 << 40}
    async with connected(rig) as client:
        ack = await resume(client, 0, {**bad, **stand.places(0)})
        assert "ack" == ack["type"]
        seen = Seen(0, 0, stand.terminal.id)
        for frame in client.passed:
            assert frame["type"] in {"error", "session_health"}, frame
        frames = list(client.passed)
        await take(client, seen, rig.bus.seq, stand.end)
        errors = {
            frame["sessionId"]: frame["status"]
            for frame in frames
            if frame["type"] == "error"
        }
        assert {"nobody": 404, gone.id: 410, ahead.id: 400} == errors
        assert stand.seqs_after(0) == seen.seqs
        assert 2 == rig.system.presence.count()


async def test_a_resume_can_be_repeated(stand: Stand) -> None:
    """Each one starts at its own `seq` and offsets; presence counts once."""
    for number in range(3):
        post(stand.rig, stand.room, str(number))
    say(stand.rig, stand.terminal, b"0123456789")
    async with connected(stand.rig) as client:
        first = await caught_up(stand, client, 2, 4)
        again = await caught_up(stand, client, 2, 4)
        assert (first.seqs, first.data) == (again.seqs, again.data)
        assert "456789" == again.data
        assert 2 == stand.rig.system.presence.count()
        other = await caught_up(stand, client, first.seq - 1, 9)
        assert ([first.seq], "9") == (other.seqs, other.data)


@pytest.mark.meets(Limit.EVENT_GAP)
async def test_pruned_events_are_a_gap(stand: Stand) -> None:
    """`gap` with the missing `seq` numbers; `to` is the first that exists."""
    for number in range(10):
        post(stand.rig, stand.room, str(number))
    newest = stand.rig.bus.seq
    stand.rig.store.transact(lambda unit: unit.log.prune(4))
    async with connected(stand.rig) as client:
        ack = await resume(client, 2, stand.places(0))
        assert newest - 3 == ack["oldest"]
        gap = await client.expect("gap")
        assert {
            "type": "gap",
            "scope": "events",
            "from": 3,
            "to": newest - 3,
        } == gap
        seen = Seen(gap["to"] - 1, 0, stand.terminal.id)
        await take(client, seen, newest, 0)
        assert list(range(newest - 3, newest + 1)) == seen.seqs
        await resume(client, newest - 4, stand.places(0))
        frame = await client.expect("message_created")
        assert newest - 3 == frame["seq"]
        assert "gap" not in [each["type"] for each in client.passed]


@pytest.mark.meets(Limit.OUTPUT_GAP)
async def test_pruned_output_is_a_gap(tmp_path: Path) -> None:
    """`gap` with the session and the offsets that the store no longer has."""
    async with running(tmp_path) as rig:
        session = await rig.started()
        room = await rig.create("room", type=SessionType.CHAT)
        stand = Stand(rig, session, room)
        say(rig, session, b"0123456789")
        rig.terminals[0].say(b"0123456789" * 10)
        flow = rig.system.services.flows[session.id]
        with trio.fail_after(PATIENCE_S):
            while flow.tail.end < 110:
                await trio.lowlevel.checkpoint()
        await rig.system.services.transcript_writer.flush(session.id, flow)
        flow.mark_seen(flow.tail.end)
        flow.tail.trim()
        rig.store.transact(lambda unit: unit.transcripts.trim(session.id, 0))
        async with connected(rig) as client:
            await resume(client, 0, stand.places(5))
            gap = await client.expect("gap")
            assert {
                "type": "gap",
                "scope": "terminal",
                "sessionId": session.id,
                "from": 5,
                "to": 110,
            } == gap


async def test_a_resume_behind_the_bus_misses_nothing(tmp_path: Path) -> None:
    """More events than the bus and a page of the log hold; none is missing."""
    async with standing(tmp_path, window=4) as stand, connected(stand.rig) as client:
        for number in range(200):
            post(stand.rig, stand.room, str(number))
        seen = await caught_up(stand, client, 0, 0)
        assert stand.seqs_after(0) == seen.seqs
        newest = post(stand.rig, stand.room, "next")
        await take(client, seen, newest, 0)
        assert newest == seen.seqs[-1]


async def test_an_old_exit_does_not_hold_up_what_follows(stand: Stand) -> None:
    """A replayed exit waits for the bytes of its run, and not for those of the next."""
    rig = stand.rig
    rig.terminals[0].say(b"first\n")
    await rig.terminals[0].write(b"\x04")
    with trio.fail_after(PATIENCE_S):
        while (await rig.look(stand.terminal.id)).status != "exited":
            await trio.lowlevel.checkpoint()
    await rig.system.supervisor.start(stand.terminal.id)
    say(rig, stand.terminal, b"second\n")
    post(rig, stand.room, "after")
    async with connected(rig) as client:
        seen = await caught_up(stand, client, 0, 0)
    wanted = {"bytes", "session_exited", "message_created"}
    order = [kind for kind in seen.order if kind in wanted]
    assert ["bytes", "session_exited", "message_created", "bytes"] == order
    assert "first\nsecond\n" == seen.data


async def test_what_was_deleted_is_not_replayed(stand: Stand) -> None:
    """Nothing of a message that is gone, but a tombstone, and that it went."""
    ask = PostMessage(content="secret")
    made = stand.rig.commit(messages.post_message, stand.room.id, ask)
    stand.rig.commit(messages.delete_message, stand.room.id, made.message.id)
    async with connected(stand.rig) as client:
        seq = stand.seqs_after(0)[-1]
        await resume(client, 0, stand.places(0))
        frames: list[Frame] = []
        while not frames or frames[-1].get("seq") != seq:
            frames.append(await client.receive())
        assert "message_deleted" == frames[-1]["type"]
        assert "secret" not in str(frames)
        (tombstone,) = [each for each in frames if each["type"] == "tombstone"]
        assert stand.room.id == tombstone["sessionId"]
        assert "message_created" == tombstone["eventType"]
        assert {"seq", "at", "sha256"} < set(tombstone)


@pytest.mark.parametrize("is_taken_apart", [False, True])
async def test_a_deleted_session_is_told_from_a_lost_one(
    stand: Stand, is_taken_apart: bool
) -> None:
    """A resume that names it gets an error for it, and a tombstone for each event.

    Another socket gets those of the events that it would have got.
    """
    rig, gone = stand.rig, stand.room.id
    post(rig, stand.room, "secret")
    before = [each.seq for each in rig.bus.published if each.event.session_id == gone]
    rig.commit(sessions.remove_sessions, [gone])
    if is_taken_apart:
        taken_apart(rig.store)
    newest = rig.bus.seq

    async def heard(client: Client, places: dict[str, int]) -> list[Frame]:
        await client.send("resume", seq=0, sessions=places, ref="r")
        frames: list[Frame] = []
        while not frames or frames[-1].get("seq") != newest:
            frames.append(await client.receive())
        return frames

    def tombstones(frames: list[Frame]) -> list[int]:
        assert "secret" not in str(frames)
        assert "gap" not in [each["type"] for each in frames]
        return [each["seq"] for each in frames if each["type"] == "tombstone"]

    async with connected(rig) as client:
        frames = await heard(client, stand.places(0))
        (error,) = [each for each in frames if each["type"] == "error"]
        assert (gone, 404) == (error["sessionId"], error["status"])
        told = tombstones(frames)
        assert set(told) >= {each for each in before if each is not None}
    async with connected(rig) as client:
        others = tombstones(await heard(client, {stand.terminal.id: 0}))
        assert set(others) < set(told)
    page = rig.store.read(
        event_log.list_events, ListEvents(session=gone, limit=999), "epoch"
    )
    assert told == [each["seq"] for each in page.events]
    assert {"tombstone"} == {each["type"] for each in page.events}


async def test_a_gap_is_reported_once(stand: Stand) -> None:
    """On a stream, too, and also if all that is left of the log is redacted."""
    rig = stand.rig
    for number in range(3):
        post(rig, stand.room, str(number))
    rig.store.transact(lambda unit: unit.log.prune(1))
    mine = EventRow.session_id == stand.room.id
    rig.store.transact(lambda unit: redact_events(mine))
    newest = rig.bus.seq
    stream = EventStream(rig.system, ListEvents(), 0)
    with trio.fail_after(PATIENCE_S):
        async with stream as pieces:
            first = await anext(pieces)
            post(rig, stand.room, "next")
            second = await anext(pieces)
    assert f'"from":1,"to":{newest}'.encode() in first
    assert f"id: {newest}\nevent: tombstone\n".encode() in first
    assert second.startswith(f"id: {newest + 1}\nevent: message_created\n".encode())


def test_a_message_is_the_rooms_own() -> None:
    """The tests above lean on it: it goes to who joined, and is logged."""
    assert MessageCreated.durable
    assert not MessageCreated.to_all
