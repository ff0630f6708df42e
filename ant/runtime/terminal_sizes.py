"""The size of each terminal, and which socket owns it.

Rule 1: while a socket owns the size, no other socket changes it by a plain resize.
Rule 2: the owner is the socket that resized first, then the one that typed last or took
the size. Only a socket that has sent a size can become the owner by typing.
Rule 3: a resize over REST is obeyed, and nobody owns the size after it.
Rule 4: when the owner leaves, the size stays and nobody owns it. If the owner had taken
it, it goes back to the owner before, with the size that this one last sent.

Decisions are synchronous. `apply` then stores the decided size and gives it to the
program. It handles one terminal's sizes one after another, so the last decision stands
in the database, on the terminal and on all sockets.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from enum import StrEnum

import attrs
import trio

from ant.core.errors import AntError, NotRunning
from ant.core.wakeup import Wakeup
from ant.journal.writer import Journal
from ant.model.sessions import SessionId
from ant.runtime import run_records
from ant.terminal.session import LiveTerminal

log = logging.getLogger(__name__)

Size = tuple[int, int]
"""Columns and rows."""


class Owner(StrEnum):
    """Who owns the size of a terminal, as one socket sees it."""

    SELF = "self"
    OTHER = "other"
    NOBODY = "nobody"


@attrs.define(eq=False)
class View:
    """One terminal as one socket has joined it.

    `wanted` is the size that the socket last sent; None if it has sent none. `wakeup`
    is set when the size or its owner changes.
    """

    session_id: SessionId
    wakeup: Wakeup
    handle: str | None = None
    wanted: Size | None = None


@attrs.frozen
class SizeState:
    """A size and its owner, for one view. `version` grows with every change."""

    version: int
    cols: int
    rows: int
    owner: Owner
    handle: str | None


@attrs.define
class _Take:
    """`view` took the size from `before`, when it was `size`."""

    view: View
    before: View | None
    size: Size | None


@attrs.define(eq=False)
class _Terminal:
    """The size of one terminal.

    `target` is the decided size and `current` the applied one. `decided` and `applied`
    count the decisions. Both sizes are None until somebody knows the stored one.
    """

    current: Size | None = None
    target: Size | None = None
    owner: View | None = None
    views: list[View] = attrs.field(factory=list)
    takes: list[_Take] = attrs.field(factory=list)
    version: int = 0
    decided: int = 0
    applied: int = 0
    is_changed: bool = False
    is_deleted: bool = False
    lock: trio.Lock = attrs.field(factory=trio.Lock)

    def decide(self, size: Size) -> None:
        self.target = size
        self.decided += 1

    def set_owner(self, view: View | None) -> None:
        if self.owner is not view:
            self.owner, self.is_changed = view, True

    def set_current(self, size: Size) -> None:
        if self.current != size:
            self.current, self.is_changed = size, True

    def notify(self) -> None:
        """Tell all sockets what changed, once no decided size is to be applied."""
        if self.is_changed and self.applied == self.decided:
            self.is_changed = False
            self.version += 1
            for view in self.views:
                view.wakeup.set()

    def take(self, view: View) -> None:
        """Make this view the owner, and remember the owner and the size before."""
        if not (self.takes and self.takes[-1].view is view):
            before = None if self.owner is view else self.owner
            self.forget_take(view)
            self.takes.append(_Take(view, before, self.target))
        self.set_owner(view)

    def forget_take(self, view: View) -> _Take | None:
        """Drop the take of a view; a later one gives back to the owner before it."""
        own = next((each for each in self.takes if each.view is view), None)
        if own is not None:
            self.takes.remove(own)
        for each in self.takes:
            if each.before is view:
                each.before = own.before if own is not None else None
                each.size = own.size if own is not None else each.size
        return own

    def leave(self, view: View) -> None:
        """The view ends. If it had taken the size, give it back."""
        self.views.remove(view)
        take = self.forget_take(view)
        if self.owner is not view:
            return
        before = take.before if take is not None else None
        wanted = before.wanted if before is not None else None
        if take is not None and (size := wanted or take.size) is not None:
            self.decide(size)
        self.set_owner(before)
        self.notify()


class TerminalSizes:
    """The sizes of all terminals that were viewed or resized in this server run.

    `find` returns the live terminal of a session.
    """

    def __init__(
        self, journal: Journal, find: Callable[[SessionId], LiveTerminal | None]
    ) -> None:
        self._journal, self._find = journal, find
        self._terminals: dict[SessionId, _Terminal] = {}
        self._unapplied: dict[SessionId, None] = {}
        self._wakeup = Wakeup()

    @contextmanager
    def viewing(self, view: View, stored: Size) -> Iterator[None]:
        """Let a socket view a terminal while the context is open.

        `stored` is the size in the database.
        """
        terminal = self._known(view.session_id, stored)
        terminal.views.append(view)
        try:
            yield
        finally:
            terminal.leave(view)
            if terminal.is_deleted:
                self.forget(view.session_id)
            self.apply_later(view.session_id)

    def state(self, view: View) -> SizeState:
        """The size and its owner, as this view sees them."""
        terminal = self._terminals[view.session_id]
        owner, kind = terminal.owner, Owner.OTHER
        if owner is None:
            kind = Owner.NOBODY
        elif owner is view:
            kind = Owner.SELF
        handle = owner.handle if owner is not None else None
        assert terminal.current is not None
        return SizeState(terminal.version, *terminal.current, kind, handle)

    def owner(self, session_id: SessionId) -> View | None:
        """The view that owns the size."""
        terminal = self._terminals.get(session_id)
        return terminal.owner if terminal is not None else None

    def may_resize(self, session_id: SessionId, view: View | None) -> bool:
        """Whether a plain resize from this view would be obeyed."""
        return self.owner(session_id) in (None, view)

    def current(self, session_id: SessionId) -> Size | None:
        """The size that stands; None if this server run never heard of it."""
        terminal = self._terminals.get(session_id)
        return terminal.current if terminal is not None else None

    def rename(self, view: View, handle: str | None) -> None:
        """Change the handle under which the socket is present."""
        if view.handle != handle:
            view.handle = handle
            terminal = self._terminals[view.session_id]
            terminal.is_changed = True
            terminal.notify()

    def ask(self, view: View, size: Size, *, take: bool = False) -> bool:
        """Decide on a size that a socket sends; whether it is to be applied."""
        terminal = self._terminals[view.session_id]
        view.wanted = size
        if take:
            terminal.take(view)
        elif terminal.owner not in (None, view):
            return False
        terminal.set_owner(view)
        terminal.decide(size)
        return True

    def claim(self, view: View, size: Size) -> None:
        """Own the size if nobody does, right after a join that has set it."""
        view.wanted = size
        terminal = self._terminals[view.session_id]
        if terminal.owner is None:
            terminal.set_owner(view)
            if terminal.target != size:
                terminal.decide(size)
            terminal.notify()
            self.apply_later(view.session_id)

    def set(self, session_id: SessionId, size: Size, stored: Size) -> None:
        """Decide on a size from no view: it is applied, and nobody owns it then."""
        self._known(session_id, stored).decide(size)
        self.release(session_id)

    def release(self, session_id: SessionId) -> None:
        """Let nobody own the size any more. It stays until it is set again."""
        if (terminal := self._terminals.get(session_id)) is not None:
            terminal.takes.clear()
            terminal.set_owner(None)
            terminal.notify()

    def typed(self, view: View) -> None:
        """A socket has typed. If it has sent a size, it owns the terminal's now.

        If another size stands, a background task applies the one that it last sent.
        """
        terminal = self._terminals[view.session_id]
        if view.wanted is None or terminal.owner is view:
            return
        terminal.takes.clear()
        terminal.set_owner(view)
        if terminal.target != view.wanted:
            terminal.decide(view.wanted)
        terminal.notify()
        self.apply_later(view.session_id)

    def needs_apply(self, session_id: SessionId) -> bool:
        """Whether a decided size is not applied yet."""
        terminal = self._terminals.get(session_id)
        return terminal is not None and terminal.applied != terminal.decided

    async def apply(self, session_id: SessionId) -> None:
        """Store the decided size, and give it to the program if one runs.

        Raises the errors of `run_records.resize`; the size is then the one before.
        *Cancellation:* a background task applies it.
        """
        terminal = self._terminals[session_id]
        try:
            async with terminal.lock:
                while terminal.applied != terminal.decided:
                    await self._apply(session_id, terminal)
        finally:
            self.apply_later(session_id)

    async def _apply(self, session_id: SessionId, terminal: _Terminal) -> None:
        decided, size = terminal.decided, terminal.target
        assert size is not None
        try:
            await self._journal.write(run_records.resize, session_id, *size)
        except AntError:
            if terminal.decided == decided:
                terminal.target, terminal.applied = terminal.current, decided
                terminal.notify()
            raise
        if (live := self._find(session_id)) is not None:
            with suppress(NotRunning):  # It ends now; the next program has the size.
                live.resize(*size)
        terminal.applied = decided
        terminal.set_current(size)
        terminal.notify()

    def apply_later(self, session_id: SessionId) -> None:
        """Let the background task apply what is decided, if there is something."""
        if self.needs_apply(session_id):
            self._unapplied[session_id] = None
            self._wakeup.set()

    async def run(self) -> None:
        """Apply what no command waits for, for ever.

        *Cancellation:* the size that the database has stands at the next start.
        """
        while True:
            while self._unapplied:
                session_id = next(iter(self._unapplied))
                del self._unapplied[session_id]
                try:
                    if self.needs_apply(session_id):
                        await self.apply(session_id)
                except AntError as exc:
                    log.warning("Session %s keeps its size: %s", session_id, exc)
            await self._wakeup.wait()

    @asynccontextmanager
    async def starting(
        self, session_id: SessionId
    ) -> AsyncIterator[Callable[[Size], None]]:
        """Apply no size while a new run reads its own from the database.

        Call the yielded function with that size.
        """
        terminal = self._known(session_id)

        def began(size: Size) -> None:
            if terminal.applied == terminal.decided:
                terminal.target = size
            terminal.set_current(size)
            terminal.notify()

        try:
            async with terminal.lock:
                yield began
        finally:
            is_used = terminal.current or terminal.views or terminal.decided
            if not is_used and not terminal.lock.statistics().tasks_waiting:
                self._terminals.pop(session_id, None)  # There is no such session.

    def forget(self, session_id: SessionId) -> None:
        """Forget a session that was deleted, once no socket views it any more."""
        if (terminal := self._terminals.get(session_id)) is not None:
            terminal.is_deleted = True
            if not terminal.views:
                del self._terminals[session_id]

    def _known(self, session_id: SessionId, stored: Size | None = None) -> _Terminal:
        """The terminal; `stored` is its size if none is known yet."""
        terminal = self._terminals.setdefault(session_id, _Terminal())
        if terminal.current is None:
            terminal.current = stored
            terminal.target = terminal.target or stored
        return terminal
