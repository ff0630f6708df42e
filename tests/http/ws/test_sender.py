"""One socket's sending side; `test_ws` and `test_resume` hold what it sends."""

import json

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from ant.core.counters import Limit
from ant.http.ws.output import OutputRenderer
from ant.http.ws.screen_rows import RowsRenderer
from ant.http.ws.sender import OUTBOX, Sender
from tests.http.ws.test_resume import Stand, post, resume, say, stand
from tests.http.ws.test_socket import connected
from tests.systems import PATIENCE_S

__all__ = ["stand"]


@pytest.mark.meets(Limit.OUTBOX)
async def test_a_full_outbox_waits_for_room(stand: Stand) -> None:
    """Up to the limit without a wait, and no further."""
    system = stand.rig.system
    sender = Sender(
        system,
        OutputRenderer(system.journal, system.services.flows),
        RowsRenderer(system),
    )
    for number in range(OUTBOX):
        with trio.CancelScope() as scope:
            scope.cancel()
            await sender.wait_for_room()
        assert not scope.cancelled_caught
        sender.put_fields(number=number)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(sender.wait_for_room)
        await wait_all_tasks_blocked()
        assert nursery.child_tasks
        nursery.cancel_scope.cancel()


@pytest.mark.parametrize("count", [OUTBOX - 1, 1000])
async def test_a_large_resume_keeps_the_order(stand: Stand, count: int) -> None:
    """More answers than have room: all come before the `ack`, what was missed after.

    The client reads late, so the outbox is full meanwhile.
    """
    rig = stand.rig
    missed = post(rig, stand.room, "one")
    say(rig, stand.terminal, b"bytes")
    unknown = {f"nobody-{number}": 0 for number in range(count - 2)}
    async with connected(rig) as client:
        places = {**stand.places(0), **unknown}
        with trio.fail_after(PATIENCE_S):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(post_meanwhile, stand)
                ack = await resume(client, missed - 1, places)
        assert "ack" == ack["type"]
        kinds = [frame["type"] for frame in client.passed]
        assert {"error", "session_health"} == set(kinds)
        assert count - 2 == kinds.count("error")
        first, second = await client.receive(), await client.receive()
        assert ("message_created", missed) == (first["type"], first["seq"])
        assert missed < second["seq"]
        output = await client.expect("terminal_output")
        assert ("bytes", 0) == (output["data"], output["offset"])


async def post_meanwhile(stand: Stand) -> None:
    """Events that come while the resume is under way."""
    for _ in range(5):
        post(stand.rig, stand.room, json.dumps({}))
        await trio.lowlevel.checkpoint()
