"""What happens to running terminals outside of any transaction, brought to the scribe.

States, titles and sizes come at a pace (`Throttle`), what is typed line by line
(`TypedLines`), and what a host tells as it comes; all is recorded after its bytes.
"""

import math
from collections.abc import Callable
from typing import Any

import attrs
import trio

from ant.core.throttle import Throttle
from ant.core.wakeup import Wakeup
from ant.model.prompts import AgentStatus
from ant.model.run_events import HostEvent
from ant.model.sessions import SessionId
from ant.recording.transcript_writer import TranscriptWriter
from ant.run_events import entries
from ant.run_events.entries import PendingEntry
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.input.typed_lines import TypedLines
from ant.terminal.observations import InputSeen, TitleSeen

STATUS_EVERY_S = 5.0
"""An agent may be busy and ready several times a second; its states in between say
little, and 720 an hour is what a log can bear."""

TITLE_EVERY_S = 5.0
"""Agents draw their progress into the title."""

SIZE_EVERY_S = 1.0
"""Who drags a window sets a size with each step."""

TYPISTS = 16
"""People who are told apart in one run of a program; what others type is nobody's."""

TICK_S = 0.1
"""Two looks at what is due are so far apart: one look passes over all sessions."""


@attrs.frozen
class _State:
    status: AgentStatus
    end: int


@attrs.define(eq=False)
class _RunEvents:
    """What one run has not told yet; `shows`: whether what is typed shows now."""

    flow: OutputFlow
    shows: Callable[[], bool]
    states: Throttle[_State]
    titles: Throttle[TitleSeen]
    sizes: Throttle[tuple[int, int]]
    typed: dict[tuple[str, str | None], TypedLines] = attrs.field(factory=dict)

    @property
    def due(self) -> float:
        """When the first of it is to be told."""
        dues = (self.states.due, self.titles.due, self.sizes.due)
        typed = (lines.due for lines in self.typed.values())
        return min(
            (due for due in (*dues, *typed) if due is not None), default=math.inf
        )


class EventRecorder:
    """Witnesses and the clerk tell it; start it before them."""

    def __init__(self, transcript_writer: TranscriptWriter) -> None:
        self._transcript_writer = transcript_writer
        self._cases: dict[SessionId, _RunEvents] = {}
        self._sooner, self._alarm = Wakeup(), math.inf

    async def run(self) -> None:
        """Tell what is due, for ever. *Cancellation:* `leave` tells what is not."""
        while True:
            self._alarm = min(
                (case.due for case in self._cases.values()), default=math.inf
            )
            with trio.move_on_at(self._alarm):
                await self._sooner.wait()
                continue
            now = trio.current_time()
            for session_id, case in self._cases.items():
                if case.due <= now:
                    self._tell(session_id, case, now)
            await trio.sleep(TICK_S)

    def enter(
        self, session_id: SessionId, flow: OutputFlow, shows: Callable[[], bool]
    ) -> None:
        """A program begins to run."""
        self._cases[session_id] = _RunEvents(
            flow,
            shows,
            Throttle(STATUS_EVERY_S, lambda state: state.status.state),
            Throttle(TITLE_EVERY_S, lambda seen: _words(seen.title)),
            Throttle(SIZE_EVERY_S, lambda size: size),
        )

    def leave(self, session_id: SessionId) -> list[PendingEntry]:
        """It has ended: what is still to be recorded, before its end."""
        case = self._cases.pop(session_id, None)
        if case is None:
            return []
        self._tell(session_id, case, trio.current_time(), over=True)
        return self._transcript_writer.last_heard(session_id, case.flow)

    def state(self, session_id: SessionId, status: AgentStatus, end: int) -> None:
        """The program does something else, seen by the byte before `end`."""
        if (case := self._cases.get(session_id)) is not None:
            case.states.offer(_State(status, end), trio.current_time())
            self._stirred(session_id, case)

    def titled(self, session_id: SessionId, seen: TitleSeen) -> None:
        """The program has another title."""
        if (case := self._cases.get(session_id)) is not None:
            case.titles.offer(seen, trio.current_time())
            self._stirred(session_id, case)

    def resized(self, session_id: SessionId, cols: int, rows: int) -> None:
        """The terminal has another size."""
        if (case := self._cases.get(session_id)) is not None:
            case.sizes.offer((cols, rows), trio.current_time())
            self._stirred(session_id, case)

    def typed(self, session_id: SessionId, seen: InputSeen) -> None:
        """Somebody typed."""
        if (case := self._cases.get(session_id)) is not None:
            by = seen.by if len(case.typed) < TYPISTS else None
            if (seen.source, seen.by) in case.typed:
                by = seen.by
            lines = case.typed.setdefault((seen.source, by), TypedLines())
            now, end = trio.current_time(), case.flow.tail.end
            lines.feed(seen.data, seen.shown, now, end)
            self._stirred(session_id, case)

    def told(self, session_id: SessionId, told: HostEvent) -> None:
        """The host of a terminal told something."""
        if (case := self._cases.get(session_id)) is not None:
            told = attrs.evolve(told, data=_sound(told.data))
            self._transcript_writer.hear(session_id, case.flow, told)

    def _stirred(self, session_id: SessionId, case: _RunEvents) -> None:
        """Tell what is due at once, and wake who waits for what is due later."""
        if case.due <= (now := trio.current_time()):
            self._tell(session_id, case, now)
        if case.due < self._alarm:
            self._sooner.set()

    def _tell(
        self, session_id: SessionId, case: _RunEvents, now: float, over: bool = False
    ) -> None:
        """Bring to the scribe what is due, or all when it is over."""

        def is_due(at: float | None) -> bool:
            return over or (at is not None and at <= now)

        def hear(heard: PendingEntry) -> None:
            self._transcript_writer.hear(session_id, case.flow, heard)

        if is_due(case.sizes.due) and (size := case.sizes.take(now)) is not None:
            cols, rows = size.now
            end = case.flow.tail.end
            hear(HostEvent("resize", {"cols": cols, "rows": rows}, end))
        if is_due(case.titles.due) and (seen := case.titles.take(now)) is not None:
            title = seen.now.title[: entries.TITLE]
            hear(HostEvent("title", {"title": title}, seen.now.end))
        for (source, by), lines in case.typed.items():
            if not is_due(lines.due):
                continue
            if (line := lines.take(case.shows(), now, over)) is not None:
                hear(entries.typed_input(line, source, by, case.flow.tail.end))
        if is_due(case.states.due) and (change := case.states.take(now)) is not None:
            before = change.before.status.state if change.before else None
            state = change.now
            hear(
                entries.state_change(
                    before, state.status, state.end, change.passed_over
                )
            )


def _sound(data: dict[str, Any]) -> dict[str, Any]:
    """Without what no UTF-8 can say: a host may pass on bytes that are no text."""
    return {
        key: each.encode("utf-8", "replace").decode() if isinstance(each, str) else each
        for key, each in data.items()
    }


def _words(title: str) -> str:
    """A title without what spins in it."""
    words = "".join(each if each.isalnum() else " " for each in title)
    return " ".join(words.split())
