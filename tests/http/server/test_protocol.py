"""The protocol over real sockets, and its parts: `Application` and `Buffer`."""

from __future__ import annotations

import struct

import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed, open_websocket_url
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, TextMessage

from ant.http.server.listener import MAX_BODY, MAX_FRAME, OVERSIZE
from ant.http.server.protocol import Application
from ant.http.server.websocket import Binary, Buffer, Encoded, _frame
from tests.http.server.test_listener import (
    ROOMY_S,
    frame,
    read_all,
    read_exactly,
    read_frame,
    read_until,
    serving,
    upgrade,
)


async def test_an_ordinary_client_is_served() -> None:
    """A WebSocket library works with it, up to the code of the close frame."""
    async with serving() as site:
        async with open_websocket_url(f"ws://127.0.0.1:{site.port}/echo") as client:
            for message in ("text", "é🐜", b"bytes"):
                await client.send_message(message)
                assert await client.get_message() == message
        url = f"ws://127.0.0.1:{site.port}/until-stopped"
        async with open_websocket_url(url) as client:
            await site.entered.wait()
            site.stopped.set()
            with pytest.raises(ConnectionClosed) as caught:
                await client.get_message()
            assert caught.value.reason.code == 1001


@pytest.mark.parametrize("size", [5, 500_000])
async def test_a_frame_before_the_handshake_is_not_lost(size: int) -> None:
    """A join in the first millisecond waits for the handler to accept it."""
    async with serving() as site, await site.connect() as stream:
        data = upgrade("/late") + frame(1, b"x" * size)
        site.nursery.start_soon(stream.send_all, data)
        await site.entered.wait()
        await trio.testing.wait_all_tasks_blocked(0.02)
        site.release.set()
        head = await read_until(stream, b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101 ")
        assert await read_frame(stream) == (1, b"x" * size)


async def test_an_overlong_message_is_replaced() -> None:
    """The handler receives the constant itself, once, and then the next message."""
    async with serving() as site, await site.upgraded("/echo") as stream:
        piece = b"x" * (MAX_FRAME // 2)
        for data, answer in (
            (frame(1, b"x" * MAX_FRAME), None),
            (frame(1, b"x" * MAX_FRAME + b"x"), b"oversize"),
            (frame(1, piece, head=0) + frame(9) + frame(0, piece), None),
            (frame(1, piece, head=0) + frame(0, piece, head=0) + frame(0, b"x"), b"o"),
            (frame(2, b"x" * MAX_FRAME + b"x"), b"oversize"),
            (frame(1, "é".encode() * (MAX_FRAME // 2)), None),
            (frame(1, "é".encode() * (MAX_FRAME // 2) + b"x"), b"oversize"),
            (frame(1, OVERSIZE.encode()), OVERSIZE.encode()),
        ):
            await stream.send_all(data)
            opcode, heard = await read_frame(stream)
            if opcode == 10:
                opcode, heard = await read_frame(stream)
            if answer is None:
                assert len(heard) == MAX_FRAME
            else:
                assert heard.startswith(answer)
        verdicts = [message is OVERSIZE for message in site.received]
        assert verdicts == [False, True, False, True, True, False, True, False]


async def test_a_handler_may_leave_unread_messages() -> None:
    """It ends with its close frame, however much the client still sends."""
    async with serving() as site, await site.upgraded("/deaf") as stream:
        with trio.move_on_after(0.05):
            while True:
                await stream.send_all(frame(1, b"x" * 10_000))
        site.release.set()
        await site.left.wait()
        assert await read_frame(stream) == (8, struct.pack("!H", 1000))
        assert await read_all(stream) == b""


async def test_a_disconnect_ends_an_app_that_does_not_receive() -> None:
    """An app that only sends is cancelled."""
    sent, ended = 0, trio.Event()

    async def app(scope: object, receive: object, send: object) -> None:
        nonlocal sent
        try:
            await send({"type": "websocket.accept"})
            while True:
                await send({"type": "websocket.send", "text": "x", "bytes": None})
                sent += 1
        finally:
            ended.set()

    async with serving() as site:
        works, site.app.asgi_app = site.app.asgi_app, app
        stream = await site.upgraded("/")
        await read_exactly(stream, 100)
        await stream.aclose()
        await ended.wait()
        assert sent > 0
        site.app.asgi_app = works
        await site.is_well()


@pytest.mark.parametrize("begun", [False, True])
async def test_a_body_is_limited_for_an_app_that_does_not_read_it(begun: bool) -> None:
    """The app is cancelled; the client gets 413, or half an answer that had begun."""
    ended = trio.Event()

    async def app(scope: object, receive: object, send: object) -> None:
        try:
            if begun:
                await send({"type": "http.response.start", "status": 200})
            while True:
                await receive()
        finally:
            ended.set()

    async with serving() as site, await site.connect() as stream:
        site.app.asgi_app = app
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n"
        await stream.send_all(head.encode() + bytes(MAX_BODY + 1))
        answer = await read_all(stream)
        assert answer.startswith(b"HTTP/1.1 200 " if begun else b"HTTP/1.1 413 ")
        await ended.wait()


async def test_a_body_of_the_full_size_is_read() -> None:
    """The limit itself is allowed."""
    async with serving() as site, await site.connect() as stream:
        head = f"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: {MAX_BODY}\r\n\r\n"
        await stream.send_all(head.encode() + bytes(MAX_BODY))
        await read_until(stream, str(MAX_BODY).encode())


def test_a_buffer_discards_what_is_too_long() -> None:
    """Bytes count, not characters; and nothing beyond the limit is kept."""
    buffer = Buffer(4)
    for data in ("é", "é"):
        buffer.extend(TextMessage(data))
    assert buffer.to_message()["text"] == "éé"
    buffer.extend(TextMessage("x"))
    assert buffer.value is None
    buffer.extend(TextMessage("x"))
    assert buffer.value is None
    assert buffer.to_message()["text"] is OVERSIZE
    buffer.clear()
    buffer.extend(BytesMessage(bytearray(b"1234")))
    assert buffer.to_message()["bytes"] == b"1234"


async def discard(event: object) -> None:
    """A `send` that discards the event. Like a write, it is a checkpoint."""
    await trio.lowlevel.checkpoint()


CONNECT = {"type": "websocket.connect"}
DISCONNECT = {"type": "websocket.disconnect", "code": 1006}
SEND = {"type": "websocket.send", "text": "x", "bytes": None}


async def test_send_always_yields_and_ends_with_the_client() -> None:
    """A loop around `send` lets others run, and is cancelled by a disconnect."""

    async def send_to_client(event: object) -> None:
        if not is_gone:  # Hypercorn returns at once after a disconnect.
            await discard(event)

    application, is_gone = Application(send_to_client, 2), False

    async def app(scope: object, receive: object, send: object) -> None:
        while True:
            await send(SEND)

    with trio.fail_after(ROOMY_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(application.run, app, {})
            for _ in range(10):
                await trio.lowlevel.checkpoint()
            is_gone = True
            await application.put(DISCONNECT)


async def test_put_does_not_wait_in_vain() -> None:
    """An event for an app that returned is dropped; a deaf app is cancelled."""
    application, entered = Application(discard, 1), trio.Event()

    async def deaf(scope: object, receive: object, send: object) -> None:
        entered.set()
        await trio.sleep_forever()

    with trio.fail_after(ROOMY_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(application.run, deaf, {})
            await entered.wait()
            await application.put(CONNECT)
            nursery.start_soon(application.put, CONNECT)
            await trio.testing.wait_all_tasks_blocked()
            await application.put(DISCONNECT)
        await application.put(CONNECT)


@pytest.mark.parametrize("is_early", [False, True])
async def test_an_app_may_end_with_its_client(is_early: bool) -> None:
    """Also if the client left before the app began; not after the response."""
    application, entered, left = Application(discard, 1), trio.Event(), {"app": False}
    gone = {"type": "http.disconnect"}

    async def app(scope: object, receive: object, send: object) -> None:
        application.end_with_client()
        entered.set()
        try:
            await trio.sleep_forever()
        finally:
            left["app"] = True

    async def answers(scope: object, receive: object, send: object) -> None:
        answering.end_with_client()
        await answering.respond(200, [], b"")
        await answering.put(gone)
        await trio.lowlevel.checkpoint()
        left["answers"] = True

    with trio.fail_after(ROOMY_S):
        async with trio.open_nursery() as nursery:
            if is_early:
                await application.put(gone)
            nursery.start_soon(application.run, app, {})
            await entered.wait()
            if not is_early:
                await application.put(gone)
        answering = Application(discard, 1)
        await answering.run(answers, {})
    assert {"app": True, "answers": True} == left


@pytest.mark.parametrize("size", [0, 125, 126, 65535, 65536])
def test_an_encoded_frame_is_valid(size: int) -> None:
    """For every form of its length, as text and as bytes."""
    reader = Connection(ConnectionType.CLIENT)
    reader.receive_data(_frame(Encoded(b"x" * size)))
    reader.receive_data(_frame(Binary(b"\xff" * size)))
    text, binary = reader.events()
    assert isinstance(text, TextMessage)
    assert ("x" * size, True) == (text.data, text.message_finished)
    assert isinstance(binary, BytesMessage)
    assert (b"\xff" * size, True) == (binary.data, binary.message_finished)
