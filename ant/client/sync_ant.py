"""The library without an event loop. `make docs` writes it from `async_ant`."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ant.client.loop_thread import Feed, LoopThread, Synchronous
from ant.client.sync_handles import Room, Socket, Terminal

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator
    from typing import Any, Self

    from ant.client.async_ant import AsyncAnt
    from ant.client.json_rows import EventRow


class Ant(Synchronous):
    """A client of a server, and of its terminals and rooms: `with Ant()`.

    Without arguments it finds the server and its key or token as the `ant` command
    does. In a terminal of ANT it is that terminal. `url` names another server, `on` one
    of `servers.toml`. `api_key` is the key or token to show. `sender` is the name that
    posts and answers have, unless a token says who they are from. `plain_http` allows
    to send a key over plain HTTP to another machine. `ca` is a file with a certificate
    of the server to trust, or of who signed it.

    Raises `WrongServer`, and later `Unreachable` where no server answers.

    Any thread may call it. Ctrl-C ends a call. `close` closes it where no
    `with` does.
    """

    _inner: AsyncAnt

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        on: str | None = None,
        sender: str = "script",
        plain_http: bool = False,
        ca: str | os.PathLike[str] | None = None,
    ) -> None:
        from ant.client.async_ant import AsyncAnt

        inner = AsyncAnt(
            url, api_key, on=on, sender=sender, plain_http=plain_http, ca=ca
        )
        super().__init__(inner, LoopThread(inner))

    @property
    def url(self) -> str:
        """The URL of the server."""
        return self._inner.url

    @property
    def sender(self) -> str | None:
        """The name that posts and answers have; None where a token has one."""
        return self._inner.sender

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the client. A call that runs in another thread raises `Closed`."""
        self._thread.close()

    def drivers(self) -> Any:
        """The drivers in use, the sessions that use them, and what is refused."""
        return self._thread.call(self._inner.drivers)

    def reload_drivers(self) -> Any:
        """Have the operator's driver files read again; `sessions` took another one."""
        return self._thread.call(self._inner.reload_drivers)

    def check_driver(
        self, content: str, session_id: str, file: str = "driver.toml"
    ) -> Any:
        """Try a driver file on the stored screens of a session."""
        return self._thread.call(self._inner.check_driver, content, session_id, file)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Send a request; its JSON response, or None if the response has no body.

        A trailing `_` is removed from the names in `query`. Raises the error that the
        server raised, or `Unreachable`.
        """
        return self._thread.call(self._inner.call, method, path, body, **query)

    def create(self, name: str, kind: str = "terminal", **fields: Any) -> Any:
        """Create a session; returns its row."""
        return self._thread.call(self._inner.create, name, kind, **fields)

    def sessions(self) -> Any:
        """All active and recoverable sessions; for a token, those that it may see."""
        return self._thread.call(self._inner.sessions)

    def change(self, session_id: str, **fields: Any) -> Any:
        """Change fields of a session; returns its row, with what was `replaced`."""
        return self._thread.call(self._inner.change, session_id, **fields)

    def remove(self, session_id: str, *, hard: bool = False) -> None:
        """End a session and delete it; `hard` removes all of it for good."""
        return self._thread.call(self._inner.remove, session_id, hard=hard)

    def restore(self, session_id: str) -> Any:
        """Restore a session; returns its row, with what was `replaced`."""
        return self._thread.call(self._inner.restore, session_id)

    def start(self, session_id: str) -> Any:
        """Start the program of a terminal, if none runs; returns the row."""
        return self._thread.call(self._inner.start, session_id)

    def interrupt(self, session_id: str) -> Any:
        """Interrupt the program of a terminal, as Ctrl-C does; returns the receipt."""
        return self._thread.call(self._inner.interrupt, session_id)

    def set_handle(self, session_id: str, **fields: Any) -> Any:
        """Set the `handle`, the `display_name`, or both."""
        return self._thread.call(self._inner.set_handle, session_id, **fields)

    def status(self) -> Any:
        """The state and the pending prompt of each running terminal."""
        return self._thread.call(self._inner.status)

    def session(self, name: str, *, inactive_first: bool = False) -> Any:
        """The row of a session by its id, the beginning of its id, name or handle.

        A name in full goes before the beginning of an id, and an active session before
        one that is archived or deleted; `inactive_first` turns this around. Raises
        `NotFound`, and `Ambiguous` if several sessions have the name.
        """
        return self._thread.call(
            self._inner.session, name, inactive_first=inactive_first
        )

    def room(self, name: str) -> Any:
        """The row of a room; for a terminal, of its chat. Raises `NotFound`."""
        return self._thread.call(self._inner.room, name)

    def messages(self, room_id: str, **query: Any) -> Any:
        """A page of a room's messages, oldest first."""
        return self._thread.call(self._inner.messages, room_id, **query)

    def post(self, room_id: str, content: str, **fields: Any) -> Any:
        """Post a message; returns its row and deliveries. A token posts as itself."""
        return self._thread.call(self._inner.post, room_id, content, **fields)

    def search_messages(self, room_id: str, q: str, **query: Any) -> Any:
        """Messages of a room that have every word of `q`, the newest first."""
        return self._thread.call(self._inner.search_messages, room_id, q, **query)

    def board(self, room_id: str, kind: str) -> Any:
        """All rows that a room has: of its `tasks`, `file-refs` or `links`."""
        return self._thread.call(self._inner.board, room_id, kind)

    def participants(self, room_id: str) -> Any:
        """The members of a room and the senders from outside."""
        return self._thread.call(self._inner.participants, room_id)

    def decide(
        self,
        session_id: str,
        answer: str,
        choice: dict[str, Any],
        *,
        prompt_id: str | None = None,
        sender_id: str | None = None,
        why: str | None = None,
    ) -> Any:
        """Answer a prompt of a terminal, by the id of the terminal or of its chat.

        The prompt is `prompt_id`, or else the pending one; a hook gets `why` with a
        denial. Raises `Conflict` if none is pending, or if it changes meanwhile.
        """
        return self._thread.call(
            self._inner.decide,
            session_id,
            answer,
            choice,
            prompt_id=prompt_id,
            sender_id=sender_id,
            why=why,
        )

    def respond(self, session_id: str, prompt_id: str, **fields: Any) -> Any:
        """Answer one prompt of a terminal; returns what was chosen, and `resolved`.

        Raises `AlreadyAnswered`, `PromptChanged` and `NotAnOption`; then no key was
        pressed.
        """
        return self._thread.call(self._inner.respond, session_id, prompt_id, **fields)

    def explain(self, session_id: str, offset: int | None = None) -> Any:
        """Why a terminal is in the state that it is in, now or at an offset."""
        return self._thread.call(self._inner.explain, session_id, offset)

    def screen(self, session_id: str) -> Any:
        """The screen of a terminal, as it is now or was when its program ended."""
        return self._thread.call(self._inner.screen, session_id)

    def export(self, session_id: str, target: str) -> Any:
        """Export a session; returns the result of that target."""
        return self._thread.call(self._inner.export, session_id, target)

    def health(self) -> Any:
        """The state of the server."""
        return self._thread.call(self._inner.health)

    def caller(self) -> Any:
        """Who the caller is to the server: the operator, a terminal or a token."""
        return self._thread.call(self._inner.caller)

    def events(self, **query: Any) -> Any:
        """A page of the event log, oldest first."""
        return self._thread.call(self._inner.events, **query)

    def type(self, session_id: str, data: str | bytes) -> Any:
        """Type into a terminal; returns the receipt."""
        return self._thread.call(self._inner.type, session_id, data)

    def history(self, session_id: str, **query: Any) -> Any:
        """A page of the transcript."""
        return self._thread.call(self._inner.history, session_id, **query)

    def wait(
        self, session_id: str, *until: str, timeout: int = 30, after: str | None = None
    ) -> Any:
        """Wait until one of these facts of a terminal; returns the answer.

        `until` are `ready`, `prompt`, `exit`, `block`, `output:TEXT`,
        `output:re:PATTERN` or `idle:SECONDS`. `after` is the `next` of an earlier
        answer; without it the wait begins now. `timed_out` in the answer says that
        nothing came.
        """
        return self._thread.call(
            self._inner.wait, session_id, *until, timeout=timeout, after=after
        )

    def report_hook(self, event: dict[str, Any], timeout_s: int) -> Any:
        """Report an event of an agent's hooks; a permission waits for its answer."""
        return self._thread.call(self._inner.report_hook, event, timeout_s)

    def tokens(self) -> Any:
        """The access tokens and signed-in browsers, without their secrets."""
        return self._thread.call(self._inner.tokens)

    def create_token(
        self,
        label: str,
        scopes: Sequence[str],
        *,
        session_id: str | None = None,
        expires_in: int | None = None,
    ) -> Any:
        """Make an access token; `token` in the answer is shown only this once."""
        return self._thread.call(
            self._inner.create_token,
            label,
            scopes,
            session_id=session_id,
            expires_in=expires_in,
        )

    def revoke_token(self, token_id: str) -> Any:
        """Revoke an access token by its id. Raises `NotFound`."""
        return self._thread.call(self._inner.revoke_token, token_id)

    def create_sign_in_code(
        self, label: str | None, scopes: Sequence[str], *, expires_in: int
    ) -> Any:
        """Make a code with which one browser can sign in, once."""
        return self._thread.call(
            self._inner.create_sign_in_code, label, scopes, expires_in=expires_in
        )

    def sign_in(self, code: str, label: str, *, expires_in: int | None = None) -> str:
        """Exchange a one-use code; the access token of the sign-in.

        Raises `Unauthorized` if the code is invalid.
        """
        return self._thread.call(
            self._inner.sign_in, code, label, expires_in=expires_in
        )

    def sign_out(self) -> None:
        """End the sign-in, or revoke the access token, of this client."""
        return self._thread.call(self._inner.sign_out)

    @contextmanager
    def socket(self, **query: str) -> Iterator[Socket]:
        """An open `/ws` connection. Raises `trio_websocket.ConnectionRejected`."""
        context = self._inner.socket(**query)
        with self._thread.entered(context) as inner:
            yield Socket(inner, self._thread)

    @contextmanager
    def stream(self) -> Iterator[Socket]:
        """As `socket`, with errors of this module.

        Raises the error of a refusal, `Disconnected` when the connection ends, and
        `Unreachable` when the server stops or no server answers.
        """
        context = self._inner.stream()
        with self._thread.entered(context) as inner:
            yield Socket(inner, self._thread)

    def event_feed(
        self,
        since: int | None = None,
        *,
        until: str | None = None,
        retry_s: float = 60.0,
        **query: str,
    ) -> Feed[EventRow]:
        """The logged events after the `seq` in `since`, else from the first read on.

        `query` may have a `session` and a `type`. With `until` the event of that type
        is the last one. Deleted events are a `gap`. `retry_s` is as for `follow`.
        """
        inner = self._inner.event_feed(since, until=until, retry_s=retry_s, **query)
        return Feed(inner, self._thread)

    def run(
        self,
        command: str | Sequence[str],
        *,
        name: str | None = None,
        cwd: str | os.PathLike[str] | None = None,
        env: dict[str, str] | None = None,
        **fields: Any,
    ) -> Terminal:
        """Start a program in a new terminal; returns the terminal.

        A list is the program and its arguments. A string is a command for `sh -c`.
        Without `cwd` the program starts in the folder of this process; on another
        machine, in the home of the server's user. Without `name` the terminal has that
        of the command. `fields` are further ones of `POST /api/sessions`, such as
        `cols`, `rows`, `ttl` and `host`.
        """
        inner = self._thread.call(
            self._inner.run, command, name=name, cwd=cwd, env=env, **fields
        )
        return Terminal(inner, self._thread)

    def terminal(self, name: str) -> Terminal:
        """A terminal by its id, the beginning of its id, name or handle.

        Raises `NotFound`, `Ambiguous`, and `NotRunning` if it is a room.
        """
        inner = self._thread.call(self._inner.terminal, name)
        return Terminal(inner, self._thread)

    def new_room(self, name: str, **fields: Any) -> Room:
        """Create a room; returns it. Raises `Conflict` if the name is taken."""
        inner = self._thread.call(self._inner.new_room, name, **fields)
        return Room(inner, self._thread)

    def find_room(self, name: str) -> Room:
        """A room by its id, name or handle; for a terminal, its chat.

        Raises `NotFound` and `Ambiguous`.
        """
        inner = self._thread.call(self._inner.find_room, name)
        return Room(inner, self._thread)
