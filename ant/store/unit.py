"""A unit of work: the time, the tables and the events of one transaction."""

from collections.abc import Callable
from datetime import datetime
from typing import ClassVar

import attrs

from ant.api import codec
from ant.core import clock
from ant.model.events import Envelope, Event
from ant.store.access_tokens import AccessTokenStore
from ant.store.event_log import EventLogStore
from ant.store.prompts import PromptStore
from ant.store.removals import RemovalStore
from ant.store.rooms.deliveries import DeliveryStore
from ant.store.rooms.hops import HopStore
from ant.store.rooms.links import LinkStore
from ant.store.rooms.messages import MessageStore
from ant.store.rooms.participants import ParticipantStore
from ant.store.rooms.tasks import TaskStore
from ant.store.run_events import RunEventStore, TerminalEventStore
from ant.store.sessions import SessionStore
from ant.store.settings import SettingStore
from ant.store.transcript.keyframes import KeyframeStore
from ant.store.transcript.lines import LineStore
from ant.store.transcript.transcripts import TranscriptStore
from ant.store.transcript.verdicts import VerdictStore


def _no_pause() -> None:
    """Do nothing: the `Unit.pause` of work that is short, or has no other threads."""


@attrs.define(eq=False)
class Unit:
    """The first argument of every rule: the stores, on the connection of this thread.

    The stores keep no state, so all units share them. The journal publishes `envelopes`
    in this order after the commit. Rules call `pause` between two pieces of long work.
    It lets other threads run, and raises `Withdrawn` when the caller was cancelled.
    """

    now: datetime
    writable: bool = True
    pause: Callable[[], None] = _no_pause
    envelopes: list[Envelope] = attrs.field(factory=list)
    sessions: ClassVar[SessionStore] = SessionStore()
    removals: ClassVar[RemovalStore] = RemovalStore()
    transcripts: ClassVar[TranscriptStore] = TranscriptStore()
    lines: ClassVar[LineStore] = LineStore()
    keyframes: ClassVar[KeyframeStore] = KeyframeStore()
    verdicts: ClassVar[VerdictStore] = VerdictStore()
    settings: ClassVar[SettingStore] = SettingStore()
    log: ClassVar[EventLogStore] = EventLogStore()
    messages: ClassVar[MessageStore] = MessageStore()
    people: ClassVar[ParticipantStore] = ParticipantStore()
    links: ClassVar[LinkStore] = LinkStore()
    board: ClassVar[TaskStore] = TaskStore()
    prompts: ClassVar[PromptStore] = PromptStore()
    deliveries: ClassVar[DeliveryStore] = DeliveryStore()
    hops: ClassVar[HopStore] = HopStore()
    run_events: ClassVar[RunEventStore] = RunEventStore()
    terminal_events: ClassVar[TerminalEventStore] = TerminalEventStore()
    access_tokens: ClassVar[AccessTokenStore] = AccessTokenStore()

    def emit(self, event: Event) -> None:
        """Append a durable event to the log; publish every event after the commit.

        Raises `RuntimeError` in a read.
        """
        if not self.writable:
            raise RuntimeError("a read must not emit events")
        seq = None
        if event.durable:
            seq = self.log.append(
                clock.stamp(self.now),
                event.session_id,
                codec.event_tag(event),
                codec.dump_event(event),
            )
        self.envelopes.append(Envelope(self.now, event, seq))
