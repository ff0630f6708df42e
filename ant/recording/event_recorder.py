"""Turns what happens in running terminals into run events for the transcript writer.

Agent states, titles and sizes are rate-limited (`Throttle`), and so are notifications
of a terminal host (`NoticeLimiter`). Typed input is recorded by lines (`TypedLines`).
Each event is recorded after the bytes that it points at. How a program starts and ends,
its prompts, their answers and its commands do not come this way, so nothing limits
these.
"""

import math
from collections.abc import Callable
from typing import Any

import attrs
import trio

from ant.core.counters import Limit, increment
from ant.core.throttle import Throttle
from ant.core.token_bucket import TokenBucket
from ant.core.wakeup import Wakeup
from ant.model.prompts import AgentStatus
from ant.model.run_events import HostEvent
from ant.model.sessions import SessionId
from ant.recording.notice_limiter import REFILL_S, NoticeLimiter
from ant.recording.transcript_writer import TranscriptWriter
from ant.run_events import entries
from ant.run_events.entries import PendingEntry
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.input.typed_lines import TypedLines
from ant.terminal.observations import InputSeen, TitleSeen

STATUS_EVERY_S = 5.0
"""At most one state per agent in this time. An agent may alternate between busy and
ready several times a second."""

TITLE_EVERY_S = 5.0
"""At most one title in this time: agents show their progress in the title."""

SIZE_EVERY_S = 1.0
"""At most one size in this time: dragging a window sets a size with each step."""

CHANGES_BURST = 60
"""States, titles and sizes at their pace, each; then one in `REFILL_S`. A state that
changes every 5 s is followed for 6 minutes, one that changes twice a minute always."""

TYPISTS = 16
"""Names that typed input is recorded under in one run; input of others has no name."""

TICK_S = 0.1
"""Shortest time between two scans for due events; one scan covers all sessions."""


@attrs.frozen
class _State:
    status: AgentStatus
    end: int


@attrs.define(eq=False)
class _RunEvents:
    """The events of one run that are not recorded yet.

    `shows_input` returns whether the terminal echoes typed input now.
    """

    flow: OutputFlow
    shows_input: Callable[[], bool]
    states: Throttle[_State]
    titles: Throttle[TitleSeen]
    sizes: Throttle[tuple[int, int]]
    notices: NoticeLimiter = attrs.field(factory=NoticeLimiter)
    typed: dict[tuple[str, str | None], TypedLines] = attrs.field(factory=dict)

    @property
    def due(self) -> float:
        """When the first event is due (monotonic seconds); infinity without one."""
        limited = (self.states, self.titles, self.sizes, self.notices)
        dues = (each.due for each in limited)
        typed = (lines.due for lines in self.typed.values())
        return min(
            (due for due in (*dues, *typed) if due is not None), default=math.inf
        )


class EventRecorder:
    """Records the events of running programs, at a limited rate.

    Start it before anything that calls it.
    """

    def __init__(self, transcript_writer: TranscriptWriter) -> None:
        self._transcript_writer = transcript_writer
        self._runs: dict[SessionId, _RunEvents] = {}
        self._earlier, self._alarm = Wakeup(), math.inf

    async def run(self) -> None:
        """Record due events until cancelled.

        *Cancellation:* `leave` returns what is not recorded.
        """
        while True:
            self._alarm = min(
                (run.due for run in self._runs.values()), default=math.inf
            )
            with trio.move_on_at(self._alarm):
                await self._earlier.wait()
                continue
            now = trio.current_time()
            for session_id, run in self._runs.items():
                if run.due <= now:
                    self._record_due(session_id, run, now)
            await trio.sleep(TICK_S)

    def enter(
        self, session_id: SessionId, flow: OutputFlow, shows_input: Callable[[], bool]
    ) -> None:
        """Begin to record a run."""
        self._runs[session_id] = _RunEvents(
            flow,
            shows_input,
            Throttle(STATUS_EVERY_S, lambda state: state.status.state, _bucket()),
            Throttle(TITLE_EVERY_S, lambda seen: _letters(seen.title), _bucket()),
            Throttle(SIZE_EVERY_S, lambda size: size, _bucket()),
        )

    def leave(self, session_id: SessionId) -> list[PendingEntry]:
        """End a run; return the events to record before its end."""
        run = self._runs.pop(session_id, None)
        if run is None:
            return []
        self._record_due(session_id, run, trio.current_time(), is_over=True)
        return self._transcript_writer.take_unrecorded(session_id, run.flow)

    def state(self, session_id: SessionId, status: AgentStatus, end: int) -> None:
        """Record an agent status that was detected after the byte before `end`."""
        if (run := self._runs.get(session_id)) is not None:
            run.states.offer(_State(status, end), trio.current_time())
            self._changed(session_id, run)

    def titled(self, session_id: SessionId, seen: TitleSeen) -> None:
        """Record a new window title."""
        if (run := self._runs.get(session_id)) is not None:
            run.titles.offer(seen, trio.current_time())
            self._changed(session_id, run)

    def resized(self, session_id: SessionId, cols: int, rows: int) -> None:
        """Record a new size of the terminal."""
        if (run := self._runs.get(session_id)) is not None:
            run.sizes.offer((cols, rows), trio.current_time())
            self._changed(session_id, run)

    def typed(self, session_id: SessionId, seen: InputSeen) -> None:
        """Record typed input."""
        if (run := self._runs.get(session_id)) is not None:
            by = seen.by if len(run.typed) < TYPISTS else None
            if (seen.source, seen.by) in run.typed:
                by = seen.by
            lines = run.typed.setdefault((seen.source, by), TypedLines())
            now, end = trio.current_time(), run.flow.tail.end
            lines.feed(seen.data, seen.shown, now, end)
            self._changed(session_id, run)

    def host_event(self, session_id: SessionId, event: HostEvent) -> None:
        """Record a notification of the terminal's host."""
        if (run := self._runs.get(session_id)) is not None:
            event = attrs.evolve(event, data=_as_utf8(event.data))
            run.notices.offer(event, trio.current_time())
            self._changed(session_id, run)

    def _changed(self, session_id: SessionId, run: _RunEvents) -> None:
        """Record what is due, and wake `run` if the next event is due earlier."""
        if run.due <= (now := trio.current_time()):
            self._record_due(session_id, run, now)
        if run.due < self._alarm:
            self._earlier.set()

    def _record_due(
        self, session_id: SessionId, run: _RunEvents, now: float, is_over: bool = False
    ) -> None:
        """Pass due events to the transcript writer; all of them if the run is over."""

        def is_due(at: float | None) -> bool:
            return is_over or (at is not None and at <= now)

        def record(entry: PendingEntry) -> None:
            self._transcript_writer.add_event(session_id, run.flow, entry)

        def record_host(event: HostEvent, passed_over: int) -> None:
            increment(Limit.HOST_EVENTS, passed_over)
            record(entries.with_passed_over(event, passed_over))

        for notice, passed_over in run.notices.take(now, is_over):
            record_host(notice, passed_over)
        if is_due(run.sizes.due) and (size := run.sizes.take(now)) is not None:
            data: dict[str, Any] = {"cols": size.now[0], "rows": size.now[1]}
            resize = HostEvent("resize", data, run.flow.tail.end)
            record_host(resize, size.passed_over)
        if is_due(run.titles.due) and (seen := run.titles.take(now)) is not None:
            data = {"title": seen.now.title[: entries.TITLE]}
            title = HostEvent("title", data, seen.now.end)
            record_host(title, seen.passed_over)
        for (source, by), lines in run.typed.items():
            if not is_due(lines.due):
                continue
            if (line := lines.take(run.shows_input(), now, is_over)) is not None:
                record(entries.typed_input(line, source, by, run.flow.tail.end))
        if is_due(run.states.due) and (change := run.states.take(now)) is not None:
            before = change.before.status.state if change.before else None
            state = change.now
            increment(Limit.HOST_EVENTS, change.passed_over)
            record(
                entries.state_change(
                    before, state.status, state.end, change.passed_over
                )
            )


def _bucket() -> TokenBucket:
    return TokenBucket(CHANGES_BURST, REFILL_S)


def _as_utf8(data: dict[str, Any]) -> dict[str, Any]:
    """Replace what UTF-8 cannot encode: a host may pass on bytes that are no text."""
    return {
        key: each.encode("utf-8", "replace").decode() if isinstance(each, str) else each
        for key, each in data.items()
    }


def _letters(title: str) -> str:
    """A title without its spinner: its letters and digits only."""
    letters = "".join(each if each.isalnum() else " " for each in title)
    return " ".join(letters.split())
