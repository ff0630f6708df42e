"""A whole server in this process, without a listener; terminals are fakes by default.

The nesting is that of `ant.server`. The journal commits in threads, so whatever runs
here runs on real time, under `trio.fail_after`.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import trio
from quart_trio import QuartTrio

from ant.api.session_requests import CreateSession
from ant.config import Config
from ant.core import clock
from ant.core.background import open_background
from ant.core.fair_turns import FairTurns
from ant.core.wakeup import Wakeup
from ant.history.indexer import Indexer
from ant.http.app import create_app
from ant.identity.quotas import Quotas
from ant.identity.terminal_tokens import TokenSigner
from ant.journal import bus
from ant.journal.bus import Bus
from ant.journal.writer import open_journal
from ant.messages.channel_sender import ChannelSender
from ant.messages.delivery_dispatcher import DeliveryDispatcher
from ant.messages.inbox_files import OverflowFiles
from ant.model.events import Envelope
from ant.model.sessions import Session, SessionType
from ant.prompts.prompt_service import PromptService
from ant.prompts.webhooks import Webhooks
from ant.recording.event_recorder import EventRecorder
from ant.recording.transcript_writer import TranscriptWriter
from ant.rooms.presence import Presence
from ant.runtime.broadcaster import Broadcaster
from ant.runtime.health import HealthProbe
from ant.runtime.remover import Remover
from ant.runtime.services import RunServices
from ant.runtime.supervisor import open_supervisor
from ant.runtime.system import System
from ant.sessions import sessions
from ant.sessions.hook_arguments import HookFiles
from ant.store import Job, Store, Unit
from ant.store.tables.sessions import EventRow
from ant.terminal.host.host_terminal import HostTerminal, Spec
from tests.fakes import FakeTerminal
from tests.made_once import open_store

Opener = Callable[[Spec], Awaitable[HostTerminal]]

PATIENCE_S = 20.0
"""No test waits longer for anything that must happen."""


class RecordingBus(Bus):
    """A bus that remembers everything it published."""

    def __init__(self, seq: int = 0, window: int = bus.WINDOW) -> None:
        super().__init__(seq, window)
        self.published: list[Envelope] = []

    def publish(self, envelope: Envelope) -> None:
        self.published.append(envelope)
        super().publish(envelope)


@attrs.define(eq=False)
class Rig:
    """The system, and what tests look at beside it.

    `terminals` are the fakes in the order of their opening; `script` is what the next
    ones say first, `fault` is raised instead of opening one. `hurry` is the scope that
    the second SIGTERM cancels.
    """

    store: Store
    bus: RecordingBus
    system: System = attrs.field(init=False)
    app: QuartTrio = attrs.field(init=False)
    terminals: list[FakeTerminal] = attrs.field(factory=list)
    specs: list[Spec] = attrs.field(factory=list)
    script: tuple[bytes, ...] = ()
    room: int | None = None
    fault: Exception | None = None
    hurry: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    async def open_fake(self, spec: Spec) -> HostTerminal:
        """The stage's opener: a fake of the size asked for."""
        await trio.lowlevel.checkpoint()
        if self.fault is not None:
            raise self.fault
        fake = FakeTerminal(*self.script, room=self.room, size=(spec.cols, spec.rows))
        self.terminals.append(fake)
        self.specs.append(spec)
        return fake

    async def create(self, name: str = "one", **fields: Any) -> Session:
        """A session by the rule alone: nothing is started."""
        ask = CreateSession(
            **{"name": name, "type": SessionType.TERMINAL, **fields}  # type: ignore
        )
        return await self.system.journal.write(sessions.create_session, ask, "sh")

    async def started(self, name: str = "one", **fields: Any) -> Session:
        """A session whose fake program runs."""
        session = await self.create(name, **fields)
        await self.system.supervisor.start(session.id)
        return session

    async def look(self, session_id: str) -> Session:
        """The row as it is now."""
        return await self.system.journal.read(sessions.get_session, session_id)

    async def settle(self) -> None:
        """Until all that was given to the journal before is committed and published."""

        def nothing(unit: Unit) -> None:
            pass

        await self.system.journal.write(nothing)

    @property
    def wakeups(self) -> set[Wakeup]:
        """Who listens to the bus, but for the two that always do."""
        own = {self.system.channels._wakeup, self.system.services.dispatcher.wakeup}
        return self.bus._wakeups - own

    def tags(self) -> list[str]:
        """The class names of all events published, in order."""
        return [type(envelope.event).__name__ for envelope in self.bus.published]

    def commit(self, work: Callable[..., Any], *args: Any) -> Any:
        """Commit and publish without a step in between, as the journal does."""
        job = Job(work, args)
        self.store.transact_group([job])
        for envelope in job.envelopes:
            self.bus.publish(envelope)
        return job.outcome()

    async def check_published(self) -> None:
        """Commits equal publications: the same events, in the same order.

        What is being committed meanwhile is published a moment later.
        """
        before = self.store.read(logged_seqs)
        await self.settle()
        published = [e.seq for e in self.bus.published if e.seq is not None]
        assert published[: len(before)] == before
        assert self.store.read(logged_seqs)[: len(published)] == published


def logged_seqs(unit: Unit) -> list[int]:
    """The `seq` of every event in the log, also of those that were forgotten."""
    return [row.seq for row in EventRow.select(EventRow.seq).order_by(EventRow.seq)]


@asynccontextmanager
async def running(
    folder: Path,
    open_terminal: Opener | None = None,
    window: int = bus.WINDOW,
    **settings: Any,
) -> AsyncIterator[Rig]:
    """A server for the length of a block; its sessions end with it."""
    config = Config(**{"data_dir": folder, "grace_s": 1.0, **settings})
    store = open_store(config.database)
    try:
        rig = Rig(store, RecordingBus(store.read(_newest), window))
        async with (
            open_journal(store, rig.bus) as journal,
            open_background() as background,
        ):
            indexer = Indexer(journal)
            transcript_writer = TranscriptWriter(
                journal, config.transcript_max_bytes, indexer.mark
            )
            opener = open_terminal or rig.open_fake
            webhooks = Webhooks(config.webhook_private)
            channels = ChannelSender(journal, rig.bus)
            recorder = EventRecorder(transcript_writer)
            prompt_service = PromptService(
                journal, transcript_writer, recorder, webhooks
            )
            overflow_files = OverflowFiles(config.data_dir / "inbox")
            dispatcher = DeliveryDispatcher(
                journal, transcript_writer, rig.bus, overflow_files
            )
            services = RunServices(
                *(
                    journal,
                    transcript_writer,
                    recorder,
                    prompt_service,
                    dispatcher,
                    Broadcaster(),
                ),
                *(opener, FairTurns()),
                *("http://test", TokenSigner(), config.shell_integration),
                hook_files=HookFiles(config.data_dir / "hooks"),
            )
            background.start_soon("turns", services.turns.run)
            background.start_soon("transcripts", transcript_writer.run)
            background.start_soon("sizes", services.sizes.run)
            background.start_soon("recorder", recorder.run)
            background.start_soon("indexer", indexer.run)
            background.start_soon("endings", services.endings.run)
            background.start_soon("webhooks", webhooks.run)
            background.start_soon("channels", channels.run)
            remover = Remover(journal, indexer, config.event_log_keep, 36500)
            background.start_soon("remover", remover.run)
            await background.start("prompts", prompt_service.start_tracking)
            await background.start("deliveries", dispatcher.start_delivering)
            with rig.hurry:
                async with open_supervisor(
                    services, config.max_active_sessions, config.grace_s
                ) as supervisor:
                    rig.system = System(
                        config=config,
                        bus=rig.bus,
                        journal=journal,
                        services=services,
                        supervisor=supervisor,
                        presence=Presence(),
                        health=HealthProbe(journal, supervisor, background),
                        channels=channels,
                        quotas=Quotas(config),
                        indexer=indexer,
                        remover=remover,
                        epoch="an-epoch",
                        build_id=clock.new_id(),
                    )
                    rig.app = create_app(rig.system, identify_peers=False)
                    yield rig
    finally:
        store.close()


def _newest(unit: Unit) -> int:
    return unit.log.newest()
