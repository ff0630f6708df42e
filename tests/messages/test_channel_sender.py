"""Messages are sent to local channels: real sockets on this machine."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import attrs
import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from ant.api import codec
from ant.api.message_requests import PostMessage
from ant.api.room_requests import NameChannel, RegisterChannel
from ant.core.counters import Limit
from ant.core.errors import StorageFailed
from ant.messages import channel_sender
from ant.messages import channels as registry
from ant.messages.channel_sender import LOOPBACK, QUEUE, ChannelSender
from ant.messages.channels import Channel
from ant.messages.messages import post_message
from ant.model.messages import Message
from ant.model.sessions import Session, SessionType
from tests.core.test_safe_post import Web, receiver
from tests.live.waiting import eventually
from tests.systems import PATIENCE_S, Rig, running


@attrs.define(eq=False)
class Scene:
    """A server, a room, and a program that listens as `@c`."""

    rig: Rig
    room: Session
    web: Web
    port: int

    @property
    def contents(self) -> list[str]:
        """What the program received, in order."""
        return [codec.loads(body)["content"] for _, body in self.web.requests]

    async def post(self, content: str, **fields: Any) -> Message:
        ask = PostMessage(content, **fields)
        write = self.rig.system.journal.write
        return (await write(post_message, self.room.id, ask)).message

    async def register(self, handle: str = "@c", port: int | None = None) -> Channel:
        ask = RegisterChannel(handle, port or self.port)
        return await self.rig.system.channels.register(ask)

    async def received(self, *contents: str) -> None:
        await eventually(lambda: list(contents) == self.contents)


@pytest.fixture
async def scene(rig: Rig) -> AsyncIterator[Scene]:
    """No channel is registered yet."""
    web = Web()
    async with receiver(web.serve) as port:
        yield Scene(rig, await rig.create("room", type=SessionType.CHAT), web, port)


async def test_a_channel_receives_in_order(scene: Scene) -> None:
    """From its registration on, until it is removed, whatever else happens."""
    await scene.post("before")
    await scene.register()
    for n in range(20):
        await scene.post(f"message {n}")
        await scene.rig.create(f"session {n}", type=SessionType.CHAT)
    expected = [f"message {n}" for n in range(20)]
    await scene.received(*expected)
    head = dict(scene.web.requests[0][0].headers)
    assert b"application/json" == head[b"content-type"]
    assert f"localhost:{scene.port}".encode() == head[b"host"]
    await scene.rig.system.journal.write(registry.remove, NameChannel("c"))
    await scene.post("after")
    await scene.register()
    await scene.post("again")
    await scene.received(*expected, "again")


async def test_registrations_survive_a_restart(scene: Scene, tmp_path: Any) -> None:
    """They are in the database."""
    folder = tmp_path / "another"
    folder.mkdir()
    async with running(folder) as rig:
        chat = await rig.create("room", type=SessionType.CHAT)
        await Scene(rig, chat, scene.web, scene.port).register()
    async with running(folder) as rig:
        await Scene(rig, chat, scene.web, scene.port).post("hello")
        await scene.received("hello")


async def test_one_that_hangs_delays_itself_only(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """After the timeout ANT logs it, and tries the next message."""
    monkeypatch.setattr(channel_sender, "TIMEOUT_S", 0.2)

    async def hang(stream: trio.abc.Stream) -> None:
        await trio.sleep_forever()

    async with receiver(hang) as port:
        await scene.register("@slow", port)
        await scene.register()
        with caplog.at_level(logging.WARNING, "ant"):
            await scene.post("one")
            await scene.post("two")
            await scene.received("one", "two")
            warning = "Channel @slow did not get a message: no answer in 0.2 s."
            await eventually(lambda: 2 == caplog.text.count(warning))


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"HTTP/1.1 500 No\r\n\r\n", "HTTP 500"),
        (b"HTTP/1.1 302 Go\r\nLocation: http://example.org\r\n\r\n", "HTTP 302"),
        (b"nonsense\r\n\r\n", "illegal status line"),
        (b"", "ConnectionClosed"),
    ],
)
async def test_an_error_is_returned(scene: Scene, answer: bytes, error: str) -> None:
    """Any status but a good one is an error; redirects are not followed."""
    scene.web.answer = answer
    channel, message = await scene.register(), await scene.post("x", msg_type="title")
    error_text = await scene.rig.system.channels.send(channel, message, None)
    assert error_text is not None
    assert error in error_text
    scene.web.answer = b"HTTP/1.1 200 OK\r\n\r\n"
    assert await scene.rig.system.channels.send(channel, message, None) is None


async def test_a_refused_connection_is_an_error(scene: Scene) -> None:
    """ANT connects only to this machine."""
    channel, message = await scene.register(), await scene.post("x", msg_type="title")
    async with receiver(scene.web.serve) as gone:
        pass
    there = attrs.evolve(channel, port=gone)
    assert await scene.rig.system.channels.send(there, message, None)
    assert LOOPBACK == ("127.0.0.1", "::1")


@pytest.mark.meets(Limit.CHANNELS)
async def test_more_than_can_wait_are_dropped(
    scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """And logged. A queue is emptied without a POST when its channel was removed."""
    channel, message = await scene.register(), await scene.post("x", msg_type="title")
    offer = scene.rig.system.channels.offer
    assert all(offer(channel, message, None) for _ in range(QUEUE))
    with caplog.at_level(logging.WARNING, "ant"):
        assert not offer(channel, message, None)
    assert "A message for channel @c is dropped: its queue is full." in caplog.text
    await scene.received(*["x"] * QUEUE)
    assert offer(channel, message, None), "there is room again"
    await scene.received(*["x"] * (QUEUE + 1))
    assert offer(attrs.evolve(channel, handle="@gone"), message, None)
    await eventually(lambda: not scene.rig.system.channels._queues)
    assert QUEUE + 1 == len(scene.contents)


@pytest.mark.meets(Limit.CHANNELS)
async def test_what_left_the_window_is_not_sent(
    tmp_path: Any, scene: Scene, caplog: pytest.LogCaptureFixture
) -> None:
    """ANT logs that some were missed."""
    folder = tmp_path / "small"
    folder.mkdir()
    async with running(folder, window=2) as rig:
        chat = await rig.create("room", type=SessionType.CHAT)
        small = Scene(rig, chat, scene.web, scene.port)
        await small.register()
        with caplog.at_level(logging.WARNING, "ant"):
            # Published at once, without a turn for any other task.
            envelope = rig.bus.published[-1]
            for _ in range(3):
                rig.bus.publish(envelope)
            await eventually(
                lambda: "Some messages were not sent to local" in caplog.text
            )
        await small.post("after")
        await scene.received("after")


async def test_the_sender_survives_a_failing_disk(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither when it looks up the receivers, nor before a POST."""
    await scene.register()

    def broken(*_: Any) -> None:
        raise StorageFailed("No disk.")

    for name in ("receivers", "find"):
        with monkeypatch.context() as patched, caplog.at_level(logging.WARNING, "ant"):
            patched.setattr(registry, name, broken)
            await scene.post(name)
            await eventually(lambda: "No disk." in caplog.text)
        caplog.clear()
    await scene.post("works")
    await scene.received("works")


async def test_nothing_is_read_while_no_channel_exists(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not from the first message on; a registration in between counts."""
    reads: list[object] = []
    read = scene.rig.system.journal.read

    async def noting(work: Any, *args: object) -> Any:
        reads.append(work)
        return await read(work, *args)

    monkeypatch.setattr(scene.rig.system.journal, "read", noting)
    for number in range(3):
        await scene.post(f"message {number}")
        await wait_all_tasks_blocked()
    assert 1 == len(reads)
    await scene.register()
    await scene.post("heard")
    await scene.received("heard")


async def test_it_ends_with_the_bus(rig: Rig) -> None:
    """At once, whatever is in progress."""
    own = ChannelSender(rig.system.journal, rig.bus)
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(own.run)
            await wait_all_tasks_blocked()
            rig.bus.close()
