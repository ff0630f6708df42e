"""The library without an event loop. `make docs` writes it from `async_handles`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ant.client.loop_thread import Feed, Synchronous

if TYPE_CHECKING:
    from typing import Any

    from ant.client.async_handles import AsyncRoom, AsyncTerminal
    from ant.client.event_socket import EventSocket
    from ant.client.json_rows import (
        AnswerRow,
        EventRow,
        InputRow,
        MessageRow,
        PostedRow,
        PromptRow,
        ScreenPageRow,
        SessionRow,
        WaitRow,
    )


class Terminal(Synchronous):
    """A terminal. Its waits miss nothing: each goes on where the one before ended.

    The first wait begins with the first byte if `run` made the handle. Else it begins
    with the first input, or with the wait itself.
    """

    _inner: AsyncTerminal

    @property
    def id(self) -> str:
        """The id, which never changes."""
        return self._inner.id

    @property
    def name(self) -> str:
        """The name, as it was when this handle was made."""
        return self._inner.name

    @property
    def handle(self) -> str | None:
        """The handle with its `@`, as it was when this handle was made."""
        return self._inner.handle

    def row(self) -> SessionRow:
        """The session as it is now."""
        return self._thread.call(self._inner.row)

    def remove(self, *, hard: bool = False) -> None:
        """End the session and delete it; `hard` removes all of it for good."""
        return self._thread.call(self._inner.remove, hard=hard)

    def events(self, since: int = 0, *, until: str | None = None) -> Feed[EventRow]:
        """The logged events of the session after the `seq` in `since`, without an end.

        With `until` the event of that type is the last one.
        """
        inner = self._inner.events(since, until=until)
        return Feed(inner, self._thread)

    def place(self) -> str:
        """The place of now in the output and the events, to `wait` after."""
        return self._thread.call(self._inner.place)

    def wait(
        self, *until: str, timeout: float | None = None, after: str | None = None
    ) -> WaitRow:
        """Wait until the program ends, or until one of the facts in `until`.

        The facts are `ready`, `prompt`, `exit`, `block`, `output:TEXT`,
        `output:re:PATTERN` and `idle:SECONDS`. The end of the program ends every wait.
        After `timeout` seconds `timed_out` in the answer is true. `after` is a `place`,
        or the `next` of an answer. A server that is lost is called again for up to a
        minute. Raises `Unreachable` then, and `Gone` if the session is deleted.
        """
        return self._thread.call(self._inner.wait, *until, timeout=timeout, after=after)

    @property
    def exit_code(self) -> int | None:
        """The exit code. None while the program runs, or if a signal ended it."""
        return self._thread.call(lambda: self._inner.exit_code)

    @property
    def exit_signal(self) -> int | None:
        """The number of the signal that ended the program; None if none did."""
        return self._thread.call(lambda: self._inner.exit_signal)

    @property
    def output(self) -> str:
        """All output so far as text: lines without escape sequences.

        Raises `OutputMissing` if some of it is not stored.
        """
        return self._thread.call(lambda: self._inner.output)

    @property
    def output_bytes(self) -> bytes:
        """All output so far, byte by byte. Raises as `output` does."""
        return self._thread.call(lambda: self._inner.output_bytes)

    def screen(self) -> ScreenPageRow:
        """The screen as it is now, or was when the program ended."""
        return self._thread.call(self._inner.screen)

    def type(self, text: str | bytes, *, enter: bool = False) -> InputRow:
        """Type a text exactly as it is, and with `enter` the Enter key behind it.

        Returns the receipt, with the `size` of it all. Raises `NotRunning`, and
        `CapacityReached` while too much waits for the program. If a long text fails in
        its middle, the error says how many bytes were typed.
        """
        return self._thread.call(self._inner.type, text, enter=enter)

    def key(self, *names: str) -> InputRow:
        """Press keys by their names, such as `Enter`, `C-c` or `Up`.

        Raises `Invalid` if there is no such key; then none is pressed.
        """
        return self._thread.call(self._inner.key, *names)

    @property
    def prompt(self) -> PromptRow | None:
        """The prompt that waits for an answer; None if there is none."""
        return self._thread.call(lambda: self._inner.prompt)

    def answer(
        self,
        choice: str | int | bool,
        *,
        prompt: PromptRow | None = None,
        why: str | None = None,
    ) -> AnswerRow:
        """Answer the prompt that `wait` or `prompt` last returned, or `prompt`.

        A text is the label, the key or the number of an option, or the line to type if
        there are no options. Several boxes are numbers with commas. An int is the
        number of an option from 1. True and False are yes and no. `why` is stored, and
        an agent whose hook waits gets it with a denial.

        Raises `Conflict` if no prompt was read before, `AlreadyAnswered` and
        `PromptChanged` if that prompt is not there any more, and `NotAnOption`. Then no
        key was pressed.
        """
        return self._thread.call(self._inner.answer, choice, prompt=prompt, why=why)

    def interrupt(self) -> None:
        """Interrupt the program, as Ctrl-C does. Raises `NotRunning`."""
        return self._thread.call(self._inner.interrupt)

    def messages(
        self, since: str | None = None, *, follow: bool = False
    ) -> Feed[MessageRow]:
        """The messages of the linked chat; as those of a room.

        Raises `NotFound` if there is no linked chat.
        """
        inner = self._inner.messages(since, follow=follow)
        return Feed(inner, self._thread)


class Room(Synchronous):
    """A room, by its id."""

    _inner: AsyncRoom

    @property
    def id(self) -> str:
        """The id, which never changes."""
        return self._inner.id

    @property
    def name(self) -> str:
        """The name, as it was when this handle was made."""
        return self._inner.name

    @property
    def handle(self) -> str | None:
        """The handle with its `@`, as it was when this handle was made."""
        return self._inner.handle

    def row(self) -> SessionRow:
        """The session as it is now."""
        return self._thread.call(self._inner.row)

    def remove(self, *, hard: bool = False) -> None:
        """End the session and delete it; `hard` removes all of it for good."""
        return self._thread.call(self._inner.remove, hard=hard)

    def events(self, since: int = 0, *, until: str | None = None) -> Feed[EventRow]:
        """The logged events of the session after the `seq` in `since`, without an end.

        With `until` the event of that type is the last one.
        """
        inner = self._inner.events(since, until=until)
        return Feed(inner, self._thread)

    def post(
        self,
        content: str,
        *,
        target: str | None = None,
        reply_to: str | None = None,
        **fields: Any,
    ) -> PostedRow:
        """Post a message; returns it with the state of each delivery.

        `target` is the handle of the only recipient, `reply_to` the id of the message
        that this one answers. `fields` are further ones of the request.
        """
        return self._thread.call(
            self._inner.post, content, target=target, reply_to=reply_to, **fields
        )

    def messages(
        self, since: str | None = None, *, follow: bool = False
    ) -> Feed[MessageRow]:
        """The messages after the one with the id `since`, else from the first.

        With `follow` the iterator does not end: it goes on with what is posted.
        """
        inner = self._inner.messages(since, follow=follow)
        return Feed(inner, self._thread)

    def add(self, handle: str, **fields: Any) -> Any:
        """Add a session or a person by the handle; returns the participant.

        `fields` are `alias` and `role`.
        """
        return self._thread.call(self._inner.add, handle, **fields)

    def participants(self) -> Any:
        """The members of the room and the senders from outside."""
        return self._thread.call(self._inner.participants)


class Socket(Synchronous):
    """A `/ws` connection. One task may receive while others send.

    A `terminal_output` has the same fields, whether it came as JSON or as a binary
    message (after a join or resume with `binary`): `sessionId`, `offset`, `end`, `data`
    (text) and `raw` (bytes). In JSON, `raw` is the text as UTF-8. In a binary message
    `raw` is exact, and `data` ends with the last whole character.
    """

    _inner: EventSocket

    def send(self, kind: str, **fields: Any) -> None:
        """Send one frame. Raises `trio_websocket.ConnectionClosed`."""
        return self._thread.call(self._inner.send, kind, **fields)

    def receive(self) -> dict[str, Any]:
        """The next frame. Raises `trio_websocket.ConnectionClosed`."""
        return self._thread.call(self._inner.receive)

    def expect(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Skip frames until one has this type and these fields, and return it.

        Raises the error of an `error` frame whose `ref` is that of `fields`.
        """
        return self._thread.call(self._inner.expect, kind, **fields)
