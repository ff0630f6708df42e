"""The event log as pages and as a stream, over HTTP."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import trio

from ant.api.message_requests import PostMessage
from ant.api.terminal_requests import ListEvents
from ant.http.routes import events
from ant.http.routes.events import EventStream
from ant.journal import event_log
from ant.messages import messages
from ant.model.sessions import SessionId
from ant.store import Unit
from tests.http.asking import Api
from tests.steps import injected
from tests.systems import PATIENCE_S, Rig


async def test_pages_join_without_a_seam(api: Api) -> None:
    """`next` is the `since` of the page that follows; the last ends at the newest."""
    for number in range(5):
        await api.room(f"r{number}")
    seen: list[int] = []
    since = 0
    while True:
        page = await api.get("/api/events", since=since, limit=2)
        assert ("an-epoch", 1, 5, None) == (
            page["epoch"],
            page["oldest"],
            page["newest"],
            page["gap"],
        )
        seen += [event["seq"] for event in page["events"]]
        if page["next"] == since:
            break
        since = page["next"]
    assert [1, 2, 3, 4, 5] == seen


async def test_pages_of_one_session_or_type(api: Api) -> None:
    """Each event is as `/ws` would send it."""
    room, other = await api.room(), await api.room("other")
    posted = await api.post(room)
    await api.post(other)
    path = "/api/events"
    (event,) = (await api.get(path, session=room["id"], type="message_created"))[
        "events"
    ]
    assert ("message_created", room["id"], posted["id"]) == (
        event["type"],
        event["sessionId"],
        event["id"],
    )
    kinds = {e["type"] for e in (await api.get(path, session=other["id"]))["events"]}
    assert {"sessions_changed", "message_created"} == kinds


async def test_what_was_pruned_is_a_gap(api: Api, rig: Rig) -> None:
    """And a `since` that never was is refused."""
    for number in range(5):
        await api.room(f"r{number}")

    def prune(unit: Unit) -> int:
        return unit.log.prune(2)

    await rig.system.journal.write(prune)
    page = await api.get("/api/events", since=1)
    assert {"from": 2, "to": 4} == page["gap"]
    assert [4, 5] == [event["seq"] for event in page["events"]]
    assert 400 == (await api.call("GET", "/api/events", since=6)).status


async def test_what_is_too_old_is_pruned(api: Api, rig: Rig) -> None:
    """By time as by count; the last event stays whatever its age."""
    for number in range(3):
        await api.room(f"r{number}")

    def prune(unit: Unit) -> int:
        return unit.log.prune(100, "9999")

    assert 2 == await rig.system.journal.write(prune)
    assert (3, 3) == await rig.system.journal.read(event_log.log_bounds)


MOST_STEPS = 1000
"""A stream that takes more steps than this never catches up."""


def parsed(piece: bytes) -> list[tuple[str | None, str, Any]]:
    """The events in a piece of a stream: id, type and data."""
    events = []
    for text in piece.decode().strip("\n").split("\n\n"):
        fields = dict(line.split(": ", 1) for line in text.split("\n"))
        events.append((fields.get("id"), fields["event"], json.loads(fields["data"])))
    return events


async def following(stream: EventStream) -> list[tuple[str | None, str, Any]]:
    with trio.fail_after(PATIENCE_S):
        return parsed(await anext(stream))


async def test_a_stream_goes_on_where_the_client_was(api: Api, rig: Rig) -> None:
    """Over what was missed to what is new; then the bell is off the bus."""
    for number in range(3):
        await api.room(f"r{number}")
    before = set(rig.wakeups)
    async with EventStream(rig.system, ListEvents(), 1) as stream:
        assert ["2", "3"] == [ident for ident, _, _ in await following(stream)]
        room = await api.room("new")
        ((ident, kind, data),) = await following(stream)
        assert ("4", "sessions_changed", room["id"]) == (ident, kind, data["sessionId"])
        assert before != rig.wakeups
    assert before == rig.wakeups


async def test_a_stream_says_what_is_gone(api: Api, rig: Rig) -> None:
    """As a `gap`, and goes on at the oldest."""
    for number in range(4):
        await api.room(f"r{number}")

    def prune(unit: Unit) -> int:
        return unit.log.prune(1)

    await rig.system.journal.write(prune)
    async with EventStream(rig.system, ListEvents(), 1) as stream:
        gap, event = await following(stream)
    assert (None, "gap", {"scope": "events", "from": 2, "to": 4}) == gap
    assert "4" == event[0]


def five(rig: Rig, room_id: SessionId) -> None:
    """Messages, visible at once."""
    for number in range(5):
        ask = PostMessage(content=f"{number}")
        rig.commit(messages.post_message, room_id, ask)


def pruned(rig: Rig, room_id: SessionId) -> None:
    """The same, and all but two events are gone from the log."""
    five(rig, room_id)
    rig.commit(lambda unit: unit.log.prune(2))


@pytest.mark.slow
@pytest.mark.parametrize("leaves", [False, True])
@pytest.mark.parametrize("action", [five, pruned])
async def test_a_stream_has_no_seam_at_any_step(
    api: Api,
    rig: Rig,
    monkeypatch: pytest.MonkeyPatch,
    action: Callable[[Rig, SessionId], None],
    leaves: bool,
) -> None:
    """Each event once and in order, or told to be gone, whenever others come.

    Also where the client is cut off at that step, and comes back.
    """
    monkeypatch.setattr(events, "PAGE", 1)
    room_id = (await api.room())["id"]
    for step in range(1, MOST_STEPS):
        heard: list[tuple[int, int]] = []
        seq = rig.bus.seq
        five(rig, room_id)
        life = trio.CancelScope()

        def happen(life: trio.CancelScope = life) -> None:
            action(rig, room_id)
            if leaves:
                life.cancel()

        with injected(happen, step) as injection, life:
            await follow(rig, seq, heard)
        five(rig, room_id)
        await follow(rig, heard[-1][1] - 1 if heard else seq, heard)
        starts, ends = zip(*heard, strict=True)
        assert (seq + 1, *ends) == (*starts, rig.bus.seq + 1), f"step {step}"
        if action is five:
            assert all(end == start + 1 for start, end in heard)
        if not injection.fired:
            break
    assert 5 < step < MOST_STEPS - 1


async def follow(rig: Rig, seq: int, heard: list[tuple[int, int]]) -> None:
    """Hear until nothing is missed: of every event or gap, where it begins and ends."""
    async with EventStream(rig.system, ListEvents(), seq) as stream:
        while not heard or heard[-1][1] <= rig.bus.seq:
            for ident, kind, data in await following(stream):
                if kind == "gap":
                    heard.append((data["from"], data["to"]))
                else:
                    assert ident is not None
                    heard.append((int(ident), int(ident) + 1))


async def test_a_stream_of_one_session(api: Api, rig: Rig) -> None:
    """Others are passed over."""
    room = await api.room()
    await api.room("other")
    await api.post(room)
    query = ListEvents(session=room["id"], type="message_created")
    async with EventStream(rig.system, query, 0) as stream:
        ((_, kind, data),) = await following(stream)
    assert ("message_created", room["id"]) == (kind, data["sessionId"])


async def test_a_stream_ends_with_the_server(api: Api, rig: Rig) -> None:
    """Not with an error."""
    async with EventStream(rig.system, ListEvents(), 0) as stream:
        rig.bus.close()
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
