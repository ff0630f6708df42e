"""Wait until something is true of a terminal, from a cursor, so that nothing is missed.

Rule 1: output and run events after the cursor are told in their order, the earlier ones
first, and each once. `next` is the cursor after what was told.
Rule 2: `ready` and `idle` are states. They are told while they are true, and after a
cursor only if they became true behind it.
Rule 3: the end of a run ends every wait. So a wait never spans two runs.
Rule 4: a wait that is told nothing does nothing. The bus wakes it for events of its own
session, the broadcaster for output, and a deadline for silence.
"""

from functools import lru_cache
from typing import Any, Self

import attrs
import trio

from ant.api.terminal_requests import WaitFor
from ant.core.errors import Invalid
from ant.core.fair_turns import LARGE
from ant.core.wakeup import Wakeup
from ant.history.facts import (
    EXIT,
    PROMPT,
    Fact,
    fact_of,
    first_fact,
    run_of,
)
from ant.history.output_search import (
    PIECE,
    OutputMatch,
    OutputSearch,
    TextPattern,
    search_stored,
)
from ant.identity import access_tokens
from ant.identity.live_tokens import TokenWatch
from ant.journal.writer import Lane
from ant.model.access_tokens import AccessToken
from ant.model.events import RunEventCreated, SessionsChanged
from ant.model.prompts import AgentState, PromptId, PromptRecord
from ant.model.sessions import Session, SessionId, Status
from ant.model.waits import WaitCursor, Waited
from ant.runtime.system import System
from ant.sessions import sessions
from ant.store import Unit
from ant.terminal.model.prompt import Kind

LOOK_S = 5.0
"""Seconds that the first look has even if `timeout` is less: it may search megabytes of
stored output."""

_ENDED = (Status.EXITED, Status.LOST)
_READY, _OUTPUT, _IDLE = "ready", "output:", "idle:"


@attrs.frozen
class Wanted:
    """What a request waits for, by the words of `until`.

    `texts` are the words of the patterns, `idle` is the word of the shortest silence.
    """

    events: frozenset[str]
    texts: tuple[str, ...]
    patterns: tuple[TextPattern, ...]
    idle: str | None
    idle_s: float

    @classmethod
    @lru_cache(maxsize=64)
    def of(cls, until: tuple[str, ...]) -> Self:
        """Read the values of `until`; equal ones are shared. Raises `Invalid`."""
        if not until:
            raise Invalid("expected at least one value at $.until")
        texts = tuple(each for each in until if each.startswith(_OUTPUT))
        patterns = [
            TextPattern.of(each.removeprefix(_OUTPUT), "$.until") for each in texts
        ]
        silences = {
            float(each.removeprefix(_IDLE)): each
            for each in until
            if each.startswith(_IDLE)
        }
        idle_s = min(silences, default=0.0)
        words = frozenset(until) - set(texts) - set(silences.values())
        return cls(words, texts, tuple(patterns), silences.get(idle_s), idle_s)

    @property
    def needs_output(self) -> bool:
        """Whether new output may be what the wait is for."""
        return bool(self.patterns) or self.idle is not None or _READY in self.events


@attrs.frozen
class _Present:
    """A session as it is when a wait begins."""

    session: Session
    run: str | None
    stored: int
    reserved: int
    number: int
    prompt: PromptRecord | None


def _present(unit: Unit, session_id: SessionId) -> _Present:
    session = sessions.get_terminal(unit, session_id)
    program = unit.sessions.program(session_id)
    return _Present(
        session=session,
        run=program.run if program else None,
        stored=unit.transcripts.end(session_id),
        reserved=program.reserved if program else 0,
        number=unit.run_events.head(session_id)[0],
        prompt=unit.prompts.pending(session_id),
    )


def _ending(
    unit: Unit, session_id: SessionId, prompt_id: str | None
) -> tuple[Session, int, PromptRecord | None]:
    """What an answer says of the session as it is now: its row, end and prompt."""
    prompt = unit.prompts.get(PromptId(prompt_id)) if prompt_id else None
    end = unit.transcripts.end(session_id)
    return sessions.get_session(unit, session_id), end, prompt


def _check_may_run(unit: Unit, session_id: SessionId) -> None:
    """Raise `Gone` where no program runs in an archived or deleted session.

    Raises `NotFound` for one that was removed.
    """
    session = sessions.get_terminal(unit, session_id)
    if session.status not in (Status.STARTING, Status.RUNNING):
        sessions.check_active(unit, session_id)


async def wait_for(
    system: System,
    session_id: SessionId,
    request: WaitFor,
    owner: str | None,
    access_token: AccessToken | None = None,
) -> Waited:
    """Wait for the first of the facts; `owner` is whose token asks.

    A wait of an access token ends with that token: it raises `Unauthorized` then.
    Raises `Invalid`, `NotFound`, `NotRunning` for a chat, `Gone` if the session is
    archived or deleted meanwhile and no program runs, and `CapacityReached`.
    *Cancellation:* nothing is left behind.
    """
    wanted, wakeup = Wanted.of(request.until), Wakeup()
    slots, broadcaster = system.services.wait_slots, system.services.broadcaster
    slots.take(owner)
    system.bus.subscribe_to(session_id, wakeup)
    if wanted.needs_output:
        broadcaster.watch(session_id, wakeup)
    try:
        if access_token is None:
            return await _Wait(system, session_id, wanted, wakeup).told(request)
        with system.live_tokens.watching(access_token, wakeup) as watch:
            await system.journal.read(access_tokens.check, access_token)
            wait = _Wait(system, session_id, wanted, wakeup, watch)
            return await wait.told(request)
    finally:
        broadcaster.unwatch(session_id, wakeup)
        system.bus.unsubscribe_from(session_id, wakeup)
        slots.free(owner)


class _Wait:
    """One wait. It keeps positions and no output but an incomplete line."""

    __slots__ = (
        "_cursor",
        "_floor",
        "_has_cursor",
        "_id",
        "_missing",
        "_number",
        "_position",
        "_resume",
        "_run",
        "_search",
        "_system",
        "_wakeup",
        "_wanted",
        "_watch",
    )

    def __init__(
        self,
        system: System,
        session_id: SessionId,
        wanted: Wanted,
        wakeup: Wakeup,
        watch: TokenWatch | None = None,
    ) -> None:
        self._system, self._id, self._wanted = system, session_id, wanted
        self._wakeup, self._watch = wakeup, watch
        self._run: str | None = None
        self._floor = float("-inf")
        self._missing = False
        self._position = -1
        self._search: OutputSearch | None = None

    async def told(self, request: WaitFor) -> Waited:
        """Wait for the first fact or the time-out."""
        began = trio.current_time()
        deadline = began + request.timeout
        answer = await self._begin(request.after)
        while answer is None:
            if self._watch is not None:
                self._watch.check()
            if self._system.bus.closed:
                return await self._timed_out(stopping=True)
            with trio.move_on_at(max(deadline, began + LOOK_S)):
                answer = await self._look()
            if answer is None:
                if trio.current_time() >= deadline:
                    return await self._timed_out()
                ends = self._watch.ends_at() if self._watch else deadline
                with trio.move_on_at(min(deadline, ends, self._idle_at())):
                    await self._wakeup.wait()
        return answer

    async def _begin(self, after: str | None) -> Waited | None:
        """Take the cursor; without one, tell what is true already."""
        now = await self._system.journal.read(_present, self._id)
        # No checkpoint from the read up to here: the cursor is of one moment.
        end = self._end(now.stored)
        self._run = now.run
        if after is not None:
            self._has_cursor, self._cursor = True, WaitCursor.of(after)
            most = max(end, now.reserved)
            if self._cursor.offset > most:
                raise Invalid(
                    f"expected a `next` of this session, got offset "
                    f"{self._cursor.offset} beyond {most}, at $.after"
                )
            if self._cursor.offset >= end:
                self._floor = trio.current_time()
            self._number = self._cursor.number or 0
        else:
            self._has_cursor, self._cursor = False, WaitCursor(end, now.number)
            self._number, self._position = now.number, self._system.bus.end
        self._resume = self._cursor.offset
        if self._wanted.patterns:
            self._search = OutputSearch(self._wanted.patterns, self._cursor.offset)
        if after is not None:
            return None
        terminal = now.session.terminal
        if terminal is not None and now.session.status in _ENDED:
            return await self._answer(
                EXIT,
                end,
                self._cursor,
                exit_code=terminal.exit_code,
                exit_signal=terminal.exit_signal,
                reason=terminal.status_reason,
            )
        if PROMPT in self._wanted.events and now.prompt is not None:
            record = now.prompt
            cursor = WaitCursor(max(end, record.end), now.number)
            return await self._answer(
                PROMPT, record.end, cursor, start=record.start, prompt_id=record.id
            )
        return None

    def _end(self, stored: int) -> int:
        """The end of the output; `stored` is what the database has of it."""
        flow = self._system.services.flows.get(self._id)
        return stored if flow is None else max(flow.tail.end, stored)

    async def _look(self) -> Waited | None:
        """Tell the first fact after the cursor, if there is one by now."""
        fact = await self._next_fact()
        if self._search is not None:
            limit = fact.end if fact is not None else None
            match = await self._next_match(self._search, limit)
            if match is not None and fact is None:
                fact = await self._next_fact()  # It may be the end of an earlier run.
            if match is not None and (fact is None or match.end <= fact.end):
                return await self._answer(
                    self._wanted.texts[match.pattern],
                    match.end,
                    attrs.evolve(self._cursor, offset=match.end),
                    start=match.start,
                    text=match.line,
                )
        if fact is not None:
            return await self._tell(fact)
        if (end := self._rest_end()) is not None:
            return await self._answer(_READY, end, self._after_fact(end))
        if self._wanted.idle is not None and self._idle_at() <= trio.current_time():
            end = self._end(0)
            return await self._answer(self._wanted.idle, end, self._after_fact(end))
        return None

    async def _next_fact(self) -> Fact | None:
        """The first wanted run event after the last one that was read.

        It comes from the bus; from the log at the beginning, and where the bus has
        moved on.
        """
        bus, journal = self._system.bus, self._system.journal
        changed = False
        while self._position < bus.end:
            if self._position < bus.start:
                position, is_first = bus.end, self._position < 0
                cursor = self._cursor
                if not is_first:
                    cursor = attrs.evolve(cursor, number=self._number)
                page = await journal.read_in_thread(
                    first_fact, self._id, cursor, self._wanted.events
                )
                if is_first:
                    self._cursor = WaitCursor(self._cursor.offset, page.first)
                self._position, self._number = position, page.number
                self._run, self._missing = page.run, self._missing or page.missing
                if page.fact is not None:
                    return page.fact
                changed = changed or not is_first
                continue
            event = bus.at(self._position).event
            self._position += 1
            if isinstance(event, SessionsChanged):
                changed = changed or self._id in (event.session_id, *event.removed_ids)
            if not isinstance(event, RunEventCreated) or event.session_id != self._id:
                continue
            if event.event.n <= self._number:
                continue
            self._number = event.event.n
            self._run = run_of(event.event) or self._run
            if (fact := fact_of(event.event, self._wanted.events)) is not None:
                return fact
        if changed:
            await journal.read(_check_may_run, self._id)
        return None

    async def _next_match(
        self, search: OutputSearch, limit: int | None
    ) -> OutputMatch | None:
        """Search the output so far, up to the offset `limit`; one piece at a time."""
        services, journal = self._system.services, self._system.journal
        while True:
            await trio.lowlevel.checkpoint()
            flow = services.flows.get(self._id)
            if flow is not None and search.offset >= flow.tail.base:
                stop = flow.tail.end if limit is None else min(limit, flow.tail.end)
                if search.offset >= stop:
                    return None
                if stop - search.offset > LARGE:
                    await services.turns.take()
                    if search.offset < flow.tail.base:
                        continue
                size = min(PIECE, stop - search.offset)
                match = search.feed(flow.tail.read(search.offset, size))
            else:
                below = None if flow is None else flow.tail.base
                if below is None:
                    below = (await journal.read(_ending, self._id, None))[1]
                stop = below if limit is None else min(limit, below)
                if search.offset >= stop:
                    return None
                async with services.wait_slots.scans:
                    match = await journal.read_in_thread(
                        search_stored, self._id, search, stop, lane=Lane.SCAN
                    )
            if match is not None:
                return match
            self._resume = search.resume

    def _rest_end(self) -> int | None:
        """The offset of the screen at which the program rests now; None if it does not.

        A hook alone does not count: the screen must show it.
        """
        if _READY not in self._wanted.events:
            return None
        run = self._system.services.running.get(self._id)
        verdict = run.detector.verdict if run is not None else None
        if verdict is None or verdict.kind is not Kind.AT_REST:
            return None
        status = self._system.services.prompt_service.status(self._id)
        if status is None or status.state is not AgentState.READY:
            return None
        if self._has_cursor and verdict.end <= self._cursor.offset:
            return None
        return verdict.end

    def _idle_at(self) -> float:
        """When the silence has lasted long enough, if it lasts; infinite without one.

        Output that waits to be read, or to be looked at, is no silence.
        """
        run = self._system.services.running.get(self._id)
        if self._wanted.idle is None or run is None:
            return float("inf")
        now, tail = trio.current_time(), run.flow.tail
        since = max(self._floor, now - run.silent_s)
        if tail.seen < tail.end or not run.flow.has_room:
            since = now
        return since + self._wanted.idle_s

    def _after_fact(self, end: int, number: int | None = None) -> WaitCursor:
        """The cursor after a fact at offset `end`.

        A line that is incomplete there is searched again by the next wait.
        """
        reached = end if self._search is None else min(end, self._resume)
        offset = max(self._cursor.offset, reached)
        return WaitCursor(offset, self._cursor.number if number is None else number)

    async def _tell(self, fact: Fact) -> Waited:
        cursor = self._after_fact(fact.end, fact.number)
        if fact.kind == EXIT:  # No line goes on in the next run.
            cursor = WaitCursor(max(self._cursor.offset, fact.end), fact.number)
        return await self._answer(
            fact.kind,
            fact.end,
            cursor,
            start=fact.start,
            event_id=fact.event_id,
            command=fact.command,
            trust=fact.trust,
            exit_code=fact.exit_code,
            exit_signal=fact.exit_signal,
            reason=fact.reason,
            prompt_id=fact.prompt_id,
        )

    async def _timed_out(self, *, stopping: bool = False) -> Waited:
        offset = max(self._cursor.offset, self._resume)
        cursor = attrs.evolve(self._cursor, offset=offset)
        return await self._answer(None, None, cursor, stopping=stopping)

    async def _answer(
        self,
        until: str | None,
        end: int | None,
        following: WaitCursor,
        *,
        prompt_id: str | None = None,
        stopping: bool = False,
        **fields: Any,
    ) -> Waited:
        system = self._system
        read = system.journal.read(_ending, self._id, prompt_id)
        session, stored, prompt = await read
        status = system.services.prompt_service.status(self._id)
        return Waited(
            session_id=self._id,
            until=until,
            timed_out=until is None,
            stopping=stopping,
            next=str(following),
            run=self._run,
            status=session.status,
            state=status.state if status is not None else None,
            end=self._end(stored) if end is None else end,
            prompt=prompt,
            gap=self._search.gap if self._search is not None else None,
            events_missing=self._missing,
            **fields,
        )
