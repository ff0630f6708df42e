"""Handles of terminals and rooms, for trio."""

from __future__ import annotations

import base64
import math
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Final

import trio

from ant.client.errors import RETRY_S, Unreachable
from ant.client.feeds import PAGE, AsyncMessages
from ant.client.reconnection import RETRIED, Reconnection
from ant.client.terminal.named_keys import encoded
from ant.client.terminal.plain_text import Lines
from ant.client.terminal.typed_answer import answer_of, numbered
from ant.core.errors import (
    AntError,
    CapacityReached,
    Conflict,
    Invalid,
    NotFound,
    NotRunning,
)

if TYPE_CHECKING:
    from ant.client.default_client import DefaultClient
    from ant.client.feeds import AsyncFeed
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

LONGEST_WAIT_S: Final = 60
"""Seconds of one request of a wait; a longer wait is several. So a connection that is
dead without a word is found after a minute and a half."""

INPUT_BYTES: Final = 256 << 10
"""Bytes of one request of an input; the server accepts at most 1 MiB."""

PIECES: Final = 1000
"""Pieces of the transcript in one request, which the server bounds in bytes, too."""


class OutputMissing(AntError):
    """The transcript has gaps. `data` are the bytes that it has, `gaps` the others.

    A gap is its first offset and the first one after it that is there.
    """

    def __init__(self, data: bytes, gaps: list[tuple[int, int]]) -> None:
        self.data, self.gaps = data, gaps
        ranges = ", ".join(f"{start} up to {end}" for start, end in gaps[:8])
        more = f", and {len(gaps) - 8} more" if len(gaps) > 8 else ""
        super().__init__(
            f"Bytes of the output are not stored: {ranges}{more}. This error has the "
            "others as `data`."
        )


class _Session:
    """The base of the handles: a session by its id."""

    def __init__(self, ant: DefaultClient, row: SessionRow) -> None:
        self._ant = ant
        self._row = row

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r}, {self.id!r})"

    @property
    def id(self) -> str:
        """The id, which never changes."""
        return self._row["id"]

    @property
    def name(self) -> str:
        """The name, as it was when this handle was made."""
        return self._row["name"]

    @property
    def handle(self) -> str | None:
        """The handle with its `@`, as it was when this handle was made."""
        return self._row["handle"]

    async def row(self) -> SessionRow:
        """The session as it is now."""
        found: SessionRow = await self._ant.call("GET", f"/api/sessions/{self.id}")
        return found

    async def remove(self, *, hard: bool = False) -> None:
        """End the session and delete it; `hard` removes all of it for good."""
        await self._ant.remove(self.id, hard=hard)

    def events(
        self, since: int = 0, *, until: str | None = None
    ) -> AsyncFeed[EventRow]:
        """The logged events of the session after the `seq` in `since`, without an end.

        With `until` the event of that type is the last one.
        """
        return self._ant.event_feed(since, until=until, session=self.id)

    def _messages(self, room_id: str, since: str | None, follow: bool) -> AsyncMessages:
        async def read_page(last: str | None) -> Any:
            query = {"order": "asc", "limit": PAGE}
            more = {} if last is None else {"since": last}
            return await self._ant.messages(room_id, **query, **more)

        posts = None
        if follow:
            posts = self._ant.event_feed(session=room_id, type="message_created")
        return AsyncMessages(read_page, since, posts)


class AsyncTerminal(_Session):
    """A terminal. Its waits miss nothing: each goes on where the one before ended.

    The first wait begins with the first byte if `run` made the handle. Else it begins
    with the first input, or with the wait itself.
    """

    def __init__(
        self, ant: DefaultClient, row: SessionRow, place: str | None = None
    ) -> None:
        super().__init__(ant, row)
        self._place = place
        self._prompt: PromptRow | None = None

    async def place(self) -> str:
        """The place of now in the output and the events, to `wait` after."""
        answer = await self._ant.wait(self.id, "exit", timeout=0)
        return str(answer["next"])

    async def wait(
        self, *until: str, timeout: float | None = None, after: str | None = None
    ) -> WaitRow:
        """Wait until the program ends, or until one of the facts in `until`.

        The facts are `ready`, `prompt`, `exit`, `block`, `output:TEXT`,
        `output:re:PATTERN` and `idle:SECONDS`. The end of the program ends every wait.
        After `timeout` seconds `timed_out` in the answer is true. `after` is a `place`,
        or the `next` of an answer. A server that is lost is called again for up to a
        minute. Raises `Unreachable` then, and `Gone` if the session is deleted.
        *Cancellation:* the next wait begins where this one began.
        """
        end = math.inf if timeout is None else trio.current_time() + timeout
        place = self._place if after is None else after
        reconnection = Reconnection(RETRY_S)
        reconnection.opened()  # The first call may find a server that was just lost.
        while True:
            left = min(max(0.0, end - trio.current_time()), LONGEST_WAIT_S)
            try:
                answer: WaitRow = await self._ant.wait(
                    self.id, *(until or ("exit",)), timeout=math.ceil(left), after=place
                )
                place = answer["next"]
                if answer["stopping"]:
                    raise Unreachable("the server stops")
            except CapacityReached:  # Too many wait: no sign of a lost server.
                raise
            except RETRIED as exc:
                if not reconnection.is_worth_a_try(exc):
                    raise
                await reconnection.pause()
                continue
            if answer["timed_out"] and trio.current_time() < end:
                reconnection.opened()
                continue
            if answer["prompt"] is not None:
                self._prompt = answer["prompt"]
            # A later wait for the end of an ended program is told of it again.
            self._place = None if answer["until"] == "exit" else place
            return answer

    @property
    def exit_code(self) -> Coroutine[Any, Any, int | None]:
        """The exit code. None while the program runs, or if a signal ended it."""
        return self._exit_code()

    async def _exit_code(self) -> int | None:
        terminal = (await self.row())["terminal"]
        return None if terminal is None else terminal["exit_code"]

    @property
    def exit_signal(self) -> Coroutine[Any, Any, int | None]:
        """The number of the signal that ended the program; None if none did."""
        return self._exit_signal()

    async def _exit_signal(self) -> int | None:
        terminal = (await self.row())["terminal"]
        return None if terminal is None else terminal["exit_signal"]

    @property
    def output(self) -> Coroutine[Any, Any, str]:
        """All output so far as text: lines without escape sequences.

        Raises `OutputMissing` if some of it is not stored.
        """
        return self._text()

    async def _text(self) -> str:
        lines, data = Lines(), await self._bytes()
        text = [f"{line.text}\n" for line in lines.feed(0, data)]
        text += [line.text for line in lines.end()]
        return "".join(text)

    @property
    def output_bytes(self) -> Coroutine[Any, Any, bytes]:
        """All output so far, byte by byte. Raises as `output` does."""
        return self._bytes()

    async def _bytes(self) -> bytes:
        pieces: list[bytes] = []
        gaps: list[tuple[int, int]] = []
        start, end = 0, 1
        while start < end:
            page = await self._ant.history(
                self.id, from_=start, limit=PIECES, raw="true"
            )
            pieces += [base64.b64decode(each["raw_b64"]) for each in page["rows"]]
            gaps += [(each["from"], each["to"]) for each in page["gaps"]]
            if page["next"] == start:
                break
            start, end = page["next"], page["end"]
        if gaps:
            raise OutputMissing(b"".join(pieces), gaps)
        return b"".join(pieces)

    async def screen(self) -> ScreenPageRow:
        """The screen as it is now, or was when the program ended."""
        found: ScreenPageRow = await self._ant.screen(self.id)
        return found

    async def type(self, text: str | bytes, *, enter: bool = False) -> InputRow:
        """Type a text exactly as it is, and with `enter` the Enter key behind it.

        Returns the receipt, with the `size` of it all. Raises `NotRunning`, and
        `CapacityReached` while too much waits for the program. If a long text fails in
        its middle, the error says how many bytes were typed.
        """
        data = text.encode() if isinstance(text, str) else text
        data += b"\r" if enter else b""
        await self._begin()
        return await self._type(data)

    async def key(self, *names: str) -> InputRow:
        """Press keys by their names, such as `Enter`, `C-c` or `Up`.

        Raises `Invalid` if there is no such key; then none is pressed.
        """
        try:
            modes = (await self.screen())["modes"]
        except NotRunning:
            raise
        except Conflict:
            modes = {}  # The server has no screen library, so it knows no modes.
        try:
            data = b"".join(encoded(name, modes) for name in names)
        except ValueError as exc:
            raise Invalid(str(exc)) from exc
        await self._begin()
        return await self._type(data)

    async def _begin(self) -> None:
        """What comes after a first input is what the first wait looks at."""
        if self._place is None:
            self._place = await self.place()

    async def _type(self, data: bytes) -> InputRow:
        size = 0
        receipt: InputRow
        while True:
            piece = data[size : size + INPUT_BYTES]
            try:
                receipt = await self._ant.type(self.id, piece)
            except AntError as exc:
                if size:
                    exc.args = (f"{exc} ANT typed the first {size} bytes only.",)
                raise
            size += len(piece)
            if size >= len(data):
                return {**receipt, "size": size}

    @property
    def prompt(self) -> Coroutine[Any, Any, PromptRow | None]:
        """The prompt that waits for an answer; None if there is none."""
        return self._pending()

    async def _pending(self) -> PromptRow | None:
        page = await self._ant.call("GET", f"/api/sessions/{self.id}/status")
        self._prompt = page["prompt"]
        return self._prompt

    async def answer(
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
        asked = prompt or self._prompt
        if asked is None:
            raise Conflict(
                f"No prompt of {self.name} was read: wait for one, or read `prompt`, "
                "before you answer it."
            )
        if isinstance(choice, bool):
            body: dict[str, Any] = {"type": "confirm", "choice": {"yes": choice}}
        elif isinstance(choice, int):
            body = numbered(asked, choice)
        else:
            body, _ = answer_of(asked, choice)
        more = {} if why is None else {"justification": why}
        if why is not None and asked["details"] is not None and body["type"] != "text":
            more["text"] = why
        sender = self._ant.sender
        by = {} if sender is None else {"by": sender}
        answer: AnswerRow = await self._ant.respond(
            self.id, asked["id"], source="library", **body, **more, **by
        )
        return answer

    async def interrupt(self) -> None:
        """Interrupt the program, as Ctrl-C does. Raises `NotRunning`."""
        await self._ant.call("POST", f"/api/sessions/{self.id}/terminal/stop")

    def messages(
        self, since: str | None = None, *, follow: bool = False
    ) -> AsyncFeed[MessageRow]:
        """The messages of the linked chat; as those of a room.

        Raises `NotFound` if there is no linked chat.
        """
        chat_id = self._row["linked_chat_id"]
        if chat_id is None:
            raise NotFound("chat of session", self.name)
        return self._messages(chat_id, since, follow)


class AsyncRoom(_Session):
    """A room, by its id."""

    async def post(
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
        fields = {"sender_id": self._ant.sender, **fields}
        posted: PostedRow = await self._ant.post(
            self.id, content, target=target, reply_to=reply_to, **fields
        )
        return posted

    def messages(
        self, since: str | None = None, *, follow: bool = False
    ) -> AsyncFeed[MessageRow]:
        """The messages after the one with the id `since`, else from the first.

        With `follow` the iterator does not end: it goes on with what is posted.
        """
        return self._messages(self.id, since, follow)

    async def add(self, handle: str, **fields: Any) -> Any:
        """Add a session or a person by the handle; returns the participant.

        `fields` are `alias` and `role`.
        """
        body = {"handle": handle, **fields}
        return await self._ant.call(
            "POST", f"/api/sessions/{self.id}/participants", body
        )

    async def participants(self) -> Any:
        """The members of the room and the senders from outside."""
        return await self._ant.participants(self.id)
