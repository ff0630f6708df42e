"""One transaction: its time, its tables and the events it collects."""

from collections.abc import Callable
from datetime import datetime

import attrs

from ant.api import codec
from ant.core import clock
from ant.model.events import Envelope, Event
from ant.store.event_log import EventLog
from ant.store.prompts import Prompts
from ant.store.removals import Removals
from ant.store.rooms.deliveries import Deliveries
from ant.store.rooms.hops import Hops
from ant.store.rooms.links import Links
from ant.store.rooms.messages import MessageStore
from ant.store.rooms.participants import People
from ant.store.rooms.tasks import Board
from ant.store.run_events import RunEvents, TerminalEvents
from ant.store.sessions import Sessions
from ant.store.settings import Settings
from ant.store.transcript.keyframes import Keyframes
from ant.store.transcript.lines import LineStore
from ant.store.transcript.transcripts import Transcripts
from ant.store.transcript.verdicts import Sightings


def _go_on() -> None:
    """Where nobody waits for the processor, and nobody can leave."""


@attrs.define(eq=False)
class Unit:
    """What a rule is given; it knows no trio and no connection.

    `envelopes` are published by the journal, in this order, once the transaction is in.
    `pause` is called by rules between two pieces of work that may be long: it lets
    other threads run, and raises `Withdrawn` when nobody waits for the answer any more.
    """

    now: datetime
    writable: bool = True
    pause: Callable[[], None] = _go_on
    envelopes: list[Envelope] = attrs.field(factory=list)
    sessions: Sessions = attrs.field(factory=Sessions)
    removals: Removals = attrs.field(factory=Removals)
    transcripts: Transcripts = attrs.field(factory=Transcripts)
    lines: LineStore = attrs.field(factory=LineStore)
    keyframes: Keyframes = attrs.field(factory=Keyframes)
    sightings: Sightings = attrs.field(factory=Sightings)
    settings: Settings = attrs.field(factory=Settings)
    log: EventLog = attrs.field(factory=EventLog)
    messages: MessageStore = attrs.field(factory=MessageStore)
    people: People = attrs.field(factory=People)
    links: Links = attrs.field(factory=Links)
    board: Board = attrs.field(factory=Board)
    prompts: Prompts = attrs.field(factory=Prompts)
    deliveries: Deliveries = attrs.field(factory=Deliveries)
    hops: Hops = attrs.field(factory=Hops)
    run_events: RunEvents = attrs.field(factory=RunEvents)
    terminal_events: TerminalEvents = attrs.field(factory=TerminalEvents)

    def emit(self, event: Event) -> None:
        """Say what happened: into the log now where it is durable, to sockets later."""
        if not self.writable:
            raise RuntimeError("a read cannot make anything happen")
        seq = None
        if event.durable:
            seq = self.log.append(
                clock.stamp(self.now),
                event.session_id,
                codec.event_tag(event),
                codec.dump_event(event),
            )
        self.envelopes.append(Envelope(self.now, event, seq))
