"""One delivery, from a letter to what became of it: typed once or not at all.

Rule 1: that typing begins is written before the first key, and what came of it after
the last, however long the database refuses. Rule 2: only `Withheld` means that nothing
was typed; all else that goes wrong then ends the delivery. Rule 3: reacted is what
showed a reaction, and on a screen that nobody could read nothing does.
"""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Protocol, TypeVar

import trio

from ant import clock, deliveries
from ant.deliveries import Step
from ant.delivering import DeliveryRecord, DeliveryState, Reason
from ant.errors import (
    AntError,
    CapacityReached,
    Conflict,
    NotRunning,
    StorageFailed,
    Withheld,
)
from ant.inboxes import Inboxes
from ant.journal import Journal
from ant.letters import Letter
from ant.model import SessionId
from ant.scribe import Scribe
from ant.terminal.flow import Flow
from ant.terminal.host import Terminal
from ant.terminal.modes import Modes
from ant.terminal.prompt import Kind, Verdict
from ant.terminal.saying import Said

log = logging.getLogger(__name__)

T = TypeVar("T")

GIVE_UP = timedelta(hours=24)
"""How long a message may wait: a dialog at night is answered in the morning."""

SAYING = 16
"""Terminals that are typed into at the same time."""

REACT_S = 10.0
"""How long a program is watched for a reaction."""

RETRY_S = 1.0
"""Pause after the database refused."""

FLUSH_S = 5.0
"""What a slow disk gets to store the bytes that a step refers to."""

_HOLDS = {Kind.DIALOG: Reason.DIALOG, Kind.BUSY: Reason.BUSY}
"""Verdicts on which trying would be no use."""

_INTERPRETERS = (
    *("python", "ipython", "node", "deno", "irb", "lua", "R", "julia", "ghci"),
    *("gdb", "lldb", "sqlite", "mysql", "psql"),
)
"""Names of programs, without a version, that run the lines that are typed to them."""

UNCONFIRMED = DeliveryState.UNCONFIRMED


class Listener(Protocol):
    """A live terminal, as far as messages are concerned."""

    flow: Flow
    terminal: Terminal

    @property
    def verdict(self) -> Verdict | None:
        """What is held true of the program."""
        ...

    async def say(self, text: str) -> Said:
        """Type a text and send it, or raise `Withheld`, as `LiveTerminal` does."""
        ...

    async def reacts(self, end: int, text: str, patience_s: float) -> int | None:
        """Where the program was seen to take it, as `LiveTerminal` does."""
        ...

    def modes(self) -> Modes:
        """What the program has switched on."""
        ...


class Handover:
    """Hands messages to terminals; the same message never from two tasks at once."""

    def __init__(self, journal: Journal, scribe: Scribe, inboxes: Inboxes) -> None:
        self._journal, self._scribe, self._inboxes = journal, scribe, inboxes
        self._saying = trio.Semaphore(SAYING)

    async def deliver(
        self,
        live: Listener | None,
        session_id: SessionId,
        record: DeliveryRecord,
        letter: Letter,
    ) -> None:
        """Try it once: it has ended then, or is withheld.

        *Cancellation:* what is being typed is left as it is, and the next server run
        calls it unconfirmed.
        """
        if clock.now() - record.created_at > GIVE_UP:
            why = record.reason or Reason.TOO_LATE
            await self._keep(record, Step(DeliveryState.DEAD, why))
            return
        if live is None or live.flow.finished:
            await self._hold(record, Reason.NOT_RUNNING)
            return
        verdict = live.verdict
        if verdict is not None and verdict.kind in _HOLDS:
            await self._flush(session_id, live, verdict.end)
            await self._hold(record, _HOLDS[verdict.kind], verdict.end)
            return
        try:
            pastes = live.modes().bracketed_paste
        except AntError:  # Without a screen nobody can look before they type.
            await self._hold(record, Reason.NO_SCREEN)
            return
        async with self._saying:
            done = await self._say(live, session_id, record, letter, pastes)
        if done is not None:
            last = await self._watched(live, *done)
            await self._flush(session_id, live, last.offset)
            await self._keep(record, last)

    async def _hold(
        self, record: DeliveryRecord, reason: Reason, offset: int | None = None
    ) -> None:
        if (record.state, record.reason) != (DeliveryState.WITHHELD, reason):
            await self._keep(record, Step(DeliveryState.WITHHELD, reason, offset))

    async def _say(
        self,
        live: Listener,
        session_id: SessionId,
        record: DeliveryRecord,
        letter: Letter,
        pastes: bool,
    ) -> tuple[str, Said] | None:
        """Type it, and write down what came of that; None where it was not typed."""
        if not await self._sure(deliveries.begin, record.id):
            return None
        try:
            text, said = await self._type(live, session_id, letter, pastes)
        except Withheld as exc:
            step = Step(DeliveryState.WITHHELD, _reason(exc.reason), live.flow.tail.end)
        except NotRunning:
            step = Step(DeliveryState.FAILED, Reason.PROGRAM_ENDED)
        except CapacityReached:
            step = Step(UNCONFIRMED, Reason.NOT_READING, live.flow.tail.end)
        except StorageFailed as exc:
            log.error("A message waits for the disk: %s", exc)
            step = Step(record.state, record.reason)
        except Conflict as exc:
            log.warning("A message to %s may stand there unsent: %s", session_id, exc)
            step = Step(UNCONFIRMED, Reason.NOT_SUBMITTED, live.flow.tail.end)
        except Exception:
            log.exception("A message could not be typed into %s.", session_id)
            step = Step(UNCONFIRMED, Reason.CANNOT_TYPE)
        else:
            steps = [Step(DeliveryState.TYPED, offset=said.end)]
            if said.submitted:
                steps.append(Step(DeliveryState.SUBMITTED, offset=said.end))
            await self._flush(session_id, live, said.end)
            await self._keep(record, *steps)
            return text, said
        await self._flush(session_id, live, step.offset)
        await self._keep(record, step)
        return None

    async def _type(
        self, live: Listener, session_id: SessionId, letter: Letter, pastes: bool
    ) -> tuple[str, Said]:
        """Say it as it is, else put it into a file and say where.

        Raises `StorageFailed` where nothing was typed, and what `say` raises.
        """
        at_shell = _runs_what_it_reads(live)
        text = letter.typed(pastes=pastes, at_shell=at_shell)
        if text is not None:
            try:
                return text, await live.say(text)
            except Withheld as exc:
                if exc.reason != Reason.LINE_TOO_LONG:
                    raise
        path = self._inboxes.put(session_id, letter.message_id, letter.content)
        text = letter.noted(path, at_shell=at_shell)
        return text, await live.say(text)

    async def _watched(self, live: Listener, text: str, said: Said) -> Step:
        """What came of a text that was typed."""
        if not said.submitted:
            return Step(UNCONFIRMED, Reason.NOT_SUBMITTED, said.end)
        if not said.sure:
            return Step(UNCONFIRMED, Reason.UNKNOWN_SCREEN, said.end)
        try:
            offset = await live.reacts(said.end, text, REACT_S)
        except NotRunning:
            return Step(UNCONFIRMED, Reason.PROGRAM_ENDED, said.end)
        if offset is None:
            return Step(UNCONFIRMED, Reason.NO_REACTION, said.end)
        return Step(DeliveryState.REACTED, offset=offset)

    # What is written.

    async def _keep(self, record: DeliveryRecord, *steps: Step) -> None:
        await self._sure(deliveries.advance, record.id, *steps)

    async def _sure(self, work: Callable[..., T], *args: object) -> T:
        """Write it, however long the database refuses: what was done is done."""
        while True:
            try:
                return await self._journal.write(work, *args)
            except StorageFailed as exc:
                log.error("The ledger waits for the disk: %s", exc)
                await trio.sleep(RETRY_S)

    async def _flush(
        self, session_id: SessionId, live: Listener, end: int | None
    ) -> None:
        """What points at bytes is written after them."""
        with trio.move_on_after(FLUSH_S):
            await self._scribe.flush(session_id, live.flow, end)


def _runs_what_it_reads(live: Listener) -> bool:
    """Whether a shell or another interpreter edits a line there, to run it."""
    verdict, tty = live.verdict, live.terminal.tty()
    if verdict is None or verdict.rule not in ("shell", "prompt"):
        return False
    if verdict.rule == "shell":
        return True
    if tty is None or tty.canonical:
        return False
    return tty.foreground.rstrip("0123456789.") in _INTERPRETERS


def _reason(word: str) -> Reason:
    known = (each for each in Reason if each.value == word)
    return next(known, Reason.NOT_AT_REST)
