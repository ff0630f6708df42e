"""The `screen_rows` frame: a terminal as rows of styled text, in place of its output.

ANT looks at a terminal only while a socket has joined it with `rows`, and once for all
of these sockets: at most every `LOOK_EVERY_S`, in a flood every `FLOOD_EVERY_S`. Each
row has the number of the look that changed it. A socket's cursor says which rows it
has, so a slow socket skips what was shown in between, and nothing is queued for it.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import attrs
import trio

from ant.api import codec
from ant.core.errors import (
    AntError,
    CapacityReached,
    Conflict,
    Stopping,
    StorageFailed,
)
from ant.http.server.websocket import Encoded
from ant.model.sessions import SessionId
from ant.runtime.system import System
from ant.runtime.terminals import draw
from ant.terminal.screen import emulator
from ant.terminal.screen.display import Display, ShownScreen
from ant.terminal.screen.style import Rows, Run, Style
from ant.terminal.view import NO_LIBRARY

LOOK_EVERY_S = 0.1
"""Seconds between two looks at one terminal for all sockets, at least."""

FLOOD_EVERY_S = 0.25
"""The same in a flood: the pace of the prompt detector's own looks."""

RETRY_S = 1.0
"""Seconds until ANT tries again to read the last screen of a program that ended."""

FRAME_MAX = 64 << 10
"""Bytes of rows in a frame, unless its only row is longer. The rest comes in the next
frame."""

ROW_MAX = 16 << 10
"""Characters of a row. Only piles of combining characters are longer, and cut."""

RECENT = 8
"""Rendered frames of one look that are cached, for sockets that have the same rows."""


@attrs.define(eq=False)
class RowsCursor:
    """Which rows of one terminal a socket has.

    `place` is the change (the look and the row) up to which it has all. `look` is the
    newest look that it has completely, `size_look` the one whose size it knows.
    """

    session_id: SessionId
    place: tuple[int, int] = (0, -1)
    look: int = 0
    size_look: int = 0


_UNSEEN = object()


@attrs.define(eq=False)
class _Watched:
    """The rows of one terminal as ANT last saw them.

    `changed` has the number of the look that changed each row, and `rendered` each row
    as JSON. `seen` is what the look depended on.
    """

    viewers: int = 0
    look: int = 0
    size_look: int = 0
    shown: ShownScreen | None = None
    changed: list[int] = attrs.field(factory=list)
    rendered: list[bytes] = attrs.field(factory=list)
    seen: object = _UNSEEN
    next_at: float = -math.inf
    recent: dict[tuple[tuple[int, int], int], tuple[Encoded, tuple[int, int], bool]] = (
        attrs.field(factory=dict)
    )

    def update(self, shown: ShownScreen) -> None:
        """Take a new look; it counts if it shows anything new."""
        before, self.shown = self.shown, shown
        if before is None or _size(before) != _size(shown):
            self.look += 1
            self.size_look = self.look
            self.changed = [self.look] * len(shown.rows)
            self.rendered = [b""] * len(shown.rows)
        elif (moved := _changes(before.rows, shown.rows)) or _head(before) != _head(
            shown
        ):
            self.look += 1
            for row in moved:
                self.changed[row], self.rendered[row] = self.look, b""
        else:
            return
        self.recent.clear()

    def row(self, number: int) -> bytes:
        """A changed row as JSON."""
        assert self.shown is not None
        if not self.rendered[number]:
            spans = [_span(run) for run in _bounded(self.shown.rows[number])]
            self.rendered[number] = codec.render({"row": number, "spans": spans})
        return self.rendered[number]


class RowsRenderer:
    """Renders the next rows of a cursor, once for all cursors that have the same."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._watched: dict[SessionId, _Watched] = {}

    @contextmanager
    def watching(self, session_id: SessionId) -> Iterator[None]:
        """Let a socket watch the rows of a terminal while the context is open.

        Raises `Conflict` where no screen library is installed.
        """
        if not emulator.ADAPTERS:
            raise Conflict(NO_LIBRARY)
        watched = self._watched.setdefault(session_id, _Watched())
        watched.viewers += 1
        try:
            yield
        finally:
            watched.viewers -= 1
            if not watched.viewers and self._watched.get(session_id) is watched:
                del self._watched[session_id]

    def due(self, cursor: RowsCursor) -> float:
        """When to advance the cursor if nothing wakes the socket; trio's clock."""
        watched = self._watched[cursor.session_id]
        if watched.look > cursor.look:
            return -math.inf
        is_new = self._state(cursor.session_id) != watched.seen
        return watched.next_at if is_new else math.inf

    async def advance(self, cursor: RowsCursor) -> Encoded | None:
        """Render the next rows of a cursor, and move the cursor past them.

        None if there is nothing to send now. Waits only for a turn in a flood, and for
        the store where no program runs. *Cancellation:* the cursor has not moved.
        """
        watched = self._watched[cursor.session_id]
        await self._look(cursor.session_id, watched)
        if watched.shown is None or cursor.look == watched.look:
            return None
        key = cursor.place, cursor.size_look
        if key not in watched.recent:
            if len(watched.recent) == RECENT:
                watched.recent.clear()
            watched.recent[key] = _frame(cursor, watched, watched.shown)
        frame, cursor.place, is_complete = watched.recent[key]
        cursor.size_look = watched.size_look
        if is_complete:
            cursor.look = watched.look
        return frame

    def _state(self, session_id: SessionId) -> object:
        """What the rows depend on; it changes whenever they may."""
        live = self._system.supervisor.find(session_id)
        return None if live is None else (live, *live.state)

    async def _look(self, session_id: SessionId, watched: _Watched) -> None:
        """Look at the terminal, if it may have changed and it is time to."""
        now, live = trio.current_time(), self._system.supervisor.find(session_id)
        if self._state(session_id) == watched.seen or now < watched.next_at:
            return
        watched.next_at = now + LOOK_EVERY_S
        if live is not None and live.flow.floods:
            watched.next_at = now + FLOOD_EVERY_S
            await self._system.services.turns.take()
            live = self._system.supervisor.find(session_id)
        try:
            if live is not None:
                shown = live.shown()
            else:
                shown = Display.of(await draw(self._system, session_id)).shown()
        except (CapacityReached, StorageFailed, Stopping):
            watched.next_at = now + RETRY_S
            return
        except AntError:  # The session was deleted, so there is nothing to see.
            watched.seen = self._state(session_id)
            return
        if self._system.supervisor.find(session_id) is live:  # Else look once more.
            watched.seen = self._state(session_id)
        watched.update(shown)


def _size(shown: ShownScreen) -> tuple[int, int]:
    return shown.cols, len(shown.rows)


def _head(shown: ShownScreen) -> tuple[object, ...]:
    return shown.cursor, shown.title, shown.alternate


def _changes(before: Rows, after: Rows) -> list[int]:
    """The rows that differ."""
    pairs = enumerate(zip(before, after, strict=True))
    return [number for number, (old, new) in pairs if old != new]


def _frame(
    cursor: RowsCursor, watched: _Watched, shown: ShownScreen
) -> tuple[Encoded, tuple[int, int], bool]:
    """A frame for a cursor, its place after it, and whether it then has all rows."""
    is_full = cursor.size_look < watched.size_look
    place = (0, -1) if is_full else cursor.place
    missing = sorted(
        each
        for each in ((look, row) for row, look in enumerate(watched.changed))
        if each > place
    )
    rows: list[Any] = []
    size = 0
    for look, row in missing:
        data = watched.row(row)
        if rows and size + len(data) > FRAME_MAX:
            break
        rows.append(codec.fragment(data))
        size += len(data)
        place = look, row
    is_complete = len(rows) == len(missing)
    if is_complete:
        place = watched.look, len(shown.rows)
    frame = codec.render(
        {
            "type": "screen_rows",
            "sessionId": cursor.session_id,
            "offset": shown.offset,
            "cols": shown.cols,
            "rows": len(shown.rows),
            "full": is_full,
            "complete": is_complete,
            "changed": rows,
            "cursor": shown.cursor._asdict(),
            "title": shown.title,
            "alternate": shown.alternate,
        }
    )
    return Encoded(frame), place, is_complete


def _bounded(row: tuple[Run, ...]) -> Iterator[Run]:
    """The row, cut after `ROW_MAX` characters."""
    left = ROW_MAX
    for run in row:
        if left <= 0:
            return
        yield run._replace(text=run.text[:left])
        left -= len(run.text)


def _span(run: Run) -> dict[str, Any]:
    """A run as a span: its text, and what of its style is not the default."""
    span: dict[str, Any] = {"text": run.text}
    for name, value in zip(Style._fields, run.style, strict=True):
        if value:
            span[name] = _colour(value) if isinstance(value, str) else True
    return span


def _colour(sgr: str) -> str:
    """A number of the palette, or `#rrggbb`."""
    kind, *numbers = sgr.split(";")
    if kind == "5":
        return numbers[0]
    return "#" + "".join(f"{min(int(each or 0), 255):02x}" for each in numbers[:3])
