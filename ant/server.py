"""The composition root: the nesting here is the order in which things are shut down.

lock, store                         let go last
  journal                           finishes what was asked of it
    transcript writer, clerk, health
      sessions                      HUP, grace, KILL; those in tmux are let go of
        listener, signals           leave first: sockets see 1001
"""

import gc
import logging
import os
import signal
from collections.abc import Callable
from functools import partial

import attrs
import trio

from ant.config import Config
from ant.core import clock, descriptors
from ant.core.background import open_background
from ant.core.errors import AntError, Conflict, Forbidden, StorageFailed
from ant.core.fair_turns import FairTurns
from ant.data_dir import operator_key
from ant.data_dir.key_file import read_key
from ant.data_dir.lock import locked
from ant.data_dir.reserve import Reserve
from ant.data_dir.startup_checks import check_folder
from ant.history.indexer import Indexer
from ant.http.access.auth import has_priority
from ant.http.access.peers import Peers
from ant.http.access.sock_diag import SockDiag, open_sock_diag
from ant.http.app import create_app
from ant.http.server.listener import address, open_listeners
from ant.http.server.listener import serve as serve_app
from ant.identity.quotas import Quotas
from ant.identity.tokens import TokenSigner
from ant.journal.bus import Bus
from ant.journal.writer import open_journal
from ant.messages.channel_sender import ChannelSender
from ant.messages.delivery_dispatcher import DeliveryDispatcher
from ant.messages.inbox_files import OverflowFiles
from ant.prompts.service import PromptService
from ant.prompts.webhooks import Webhooks
from ant.recording.event_recorder import EventRecorder
from ant.recording.transcript_writer import TranscriptWriter
from ant.rooms.presence import Presence
from ant.runtime import recovery, run_records
from ant.runtime.broadcaster import Broadcaster
from ant.runtime.health import HealthProbe
from ant.runtime.launch import child_environment
from ant.runtime.remover import Remover
from ant.runtime.services import RunServices
from ant.runtime.supervisor import end_all, open_supervisor
from ant.runtime.system import System
from ant.store import Job, Store, Unit
from ant.terminal.host import umask
from ant.terminal.host.pty import open_pty
from ant.terminal.host.subreaper import become_subreaper, children, hide_memory
from ant.terminal.screen.display import warm_up
from ant.terminal.tmux.server import Tmux

log = logging.getLogger(__name__)

LAST_WORDS_S = 5.0
"""What a stop grants a slow disk to record how sessions ended."""

GOODBYE_S = 0.2
"""What sockets are given to see 1001, where all else is stopped at once."""

_MEANINGLESS = {
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGIO),
    *(signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF),
}
"""Each would end us on the spot, and leave behind what ignores a hang-up."""

_WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""What listens on every address is reached from here by these."""


def check_config(config: Config) -> None:
    """Refuse to be open to the world by accident. Raises `Forbidden`."""
    if not (config.is_loopback or config.api_key or config.insecure):
        raise Forbidden(
            f"{config.host} can be reached from outside and no key is set: set "
            "ANT_API_KEY, listen on 127.0.0.1, or say --insecure."
        )


async def serve(config: Config, ready: Callable[[str], None]) -> None:
    """Run a server until it is told to stop; `ready` is given its URL once it answers.

    Raises `Conflict` (folder or port in use), `Forbidden` (public without a key),
    `StorageFailed`, and an `OSError` of the folder as it came. SIGTERM, SIGINT, SIGHUP:
    graceful; the second, and SIGQUIT: at once.
    """
    check_config(config)
    umask.make_private()
    if config.api_key and os.geteuid() != 0:
        hide_memory()
    descriptors.raise_limit()
    with locked(config.data_dir):
        check_folder(config.data_dir)
        try:
            listeners = await open_listeners(config.host, config.port)
        except OSError as exc:
            raise Conflict(
                f"Cannot listen on {config.host}:{config.port}: {exc.strerror or exc}."
            ) from exc
        reserve = Reserve(config.data_dir)
        reserve.begin()
        store = Store.open(config.database)
        store.release_reserve = reserve.give_back
        try:
            await _serve(config, store, reserve, listeners, ready)
            _leave_cleanly(store)
        finally:
            store.close()


async def _serve(
    config: Config,
    store: Store,
    reserve: Reserve,
    listeners: list[trio.SocketListener],
    ready: Callable[[str], None],
) -> None:
    tmux = Tmux(config.data_dir, child_environment({}), config.spool_max_bytes)
    kept = await recovery.recover(store, tmux)
    warm_up()
    host, port = address(listeners)
    url = _url(host, port)
    config, kernel = _who_is_asked(config, _url(_WILDCARDS.get(host, host), port))
    bus = Bus(store.read(_newest_seq))
    stopped, hurried, closed = trio.Event(), trio.Event(), trio.Event()
    hurry = trio.CancelScope()
    async with (
        open_journal(store, bus) as journal,
        tmux.running(),
        open_background() as background,
    ):
        indexer = Indexer(journal)
        transcript_writer = TranscriptWriter(
            journal, config.transcript_max_bytes, indexer.mark
        )
        webhooks = Webhooks(config.webhook_private)
        channels = ChannelSender(journal, bus)
        recorder = EventRecorder(transcript_writer)
        prompt_service = PromptService(journal, transcript_writer, recorder, webhooks)
        dispatcher = DeliveryDispatcher(
            journal, transcript_writer, bus, OverflowFiles(config.data_dir / "inbox")
        )
        services = RunServices(
            journal,
            transcript_writer,
            recorder,
            prompt_service,
            dispatcher,
            Broadcaster(),
            open_pty,
            FairTurns(),
            config.public_url or _url(_WILDCARDS.get(host, host), port),
            TokenSigner(read_key(config.data_dir)),
            config.shell_integration,
            tmux,
        )
        background.start_soon("orphans", children.reap_orphans)
        background.start_soon("turns", services.turns.run)
        background.start_soon("transcripts", transcript_writer.run)
        background.start_soon("recorder", recorder.run)
        background.start_soon("indexer", indexer.run)
        background.start_soon("webhooks", webhooks.run)
        background.start_soon("channels", channels.run)
        await background.start("prompts", prompt_service.run)
        await background.start("deliveries", dispatcher.start_delivering)
        remover = Remover(
            journal, indexer, config.event_log_keep, config.event_log_max_age_days
        )
        background.start_soon("remover", remover.run)
        background.start_soon("endings", services.endings.run)
        background.start_soon("reserve", reserve.run)
        await background.start("signals", partial(_signals, stopped, hurried))
        background.start_soon(
            "hurry", partial(_at_once, hurried, closed, services, hurry)
        )
        with hurry:
            async with open_supervisor(
                services, config.max_active_sessions, config.grace_s
            ) as supervisor:
                for session_id, surviving in kept.items():
                    await supervisor.resume(session_id, surviving)
                health = HealthProbe(journal, supervisor, background, reserve)
                background.start_soon("health", health.run)
                system = System(
                    config=config,
                    bus=bus,
                    journal=journal,
                    services=services,
                    supervisor=supervisor,
                    presence=Presence(),
                    health=health,
                    channels=channels,
                    quotas=Quotas(config),
                    indexer=indexer,
                    remover=remover,
                    epoch=store.transact(_epoch),
                    build_id=clock.new_id(),
                )
                peers = None
                if kernel is not None:
                    peers = Peers(
                        kernel, services, tmux.tmux_commands.name, config.insecure
                    )
                await _front(system, listeners, peers, stopped, partial(ready, url))
                closed.set()
        await _record_ends(services)


async def _record_ends(services: RunServices) -> None:
    """Try once more to record what ended and the database refused."""
    try:
        with trio.move_on_after(LAST_WORDS_S):
            await services.endings.settle_all()
    except AntError as exc:
        log.error("Some sessions will be called lost: %s", exc)


def _leave_cleanly(store: Store) -> None:
    """Note that all is stored, with the reserve if need be; else log why not."""
    job = Job(run_records.leave_cleanly, (), makes_room=True)
    try:
        store.transact_group([job])
        job.outcome()
    except StorageFailed as exc:
        log.error("The server stopped, and could not note that it did: %s", exc)


def _who_is_asked(config: Config, url: str) -> tuple[Config, SockDiag | None]:
    """Without a key the kernel is asked who calls; where it is silent, a key is made.

    `url` is where this machine reaches us. Raises `StorageFailed`.
    """
    operator_key.forget(config.data_dir)
    try:
        become_subreaper()
        kernel = None if config.api_key else open_sock_diag()
    except OSError as exc:
        log.error("What programs leave behind is not kept: %s.", exc)
        kernel = None
    if kernel is not None or config.api_key or config.insecure:
        return config, kernel
    key = operator_key.make(config.data_dir, url)
    log.warning(
        "The kernel does not tell who calls, so every caller must show the key in %s; "
        "`ant` reads it by itself.",
        config.data_dir / operator_key.FILE,
    )
    return attrs.evolve(config, api_key=key), None


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def _front(
    system: System,
    listeners: list[trio.SocketListener],
    peers: Peers | None,
    stopped: trio.Event,
    ready: Callable[[], None],
) -> None:
    """Serve until stopped; the bus closes first, so that sockets say goodbye."""
    async with trio.open_nursery() as nursery:
        await nursery.start(
            partial(
                serve_app,
                create_app(system, identify_peers=peers is not None),
                listeners,
                stopped=stopped,
                grace_s=system.config.grace_s,
                on_small_input=system.services.turns.hurry,
                lookup_peer=peers.connected if peers else None,
                has_priority=partial(has_priority, system.config),
            )
        )
        gc.collect()
        gc.freeze()  # All that is there stays: to look through it takes 50 ms.
        ready()
        await stopped.wait()
        log.info("Stopping.")
        system.health.stopping = True
        system.bus.close()


async def _signals(
    stopped: trio.Event, hurried: trio.Event, task_status: trio.TaskStatus[None]
) -> None:
    """The first signal stops gracefully, the second and SIGQUIT at once."""
    wanted = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, *_MEANINGLESS}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.add(signal.SIGHUP)
    with trio.open_signal_receiver(*wanted) as arrived:
        task_status.started()
        async for signum in arrived:
            if signum in _MEANINGLESS:
                log.warning("%s is ignored.", signal.Signals(signum).name)
                continue
            if stopped.is_set() or signum == signal.SIGQUIT:
                log.warning("Stopping at once.")
                hurried.set()
            stopped.set()


async def _at_once(
    hurried: trio.Event,
    closed: trio.Event,
    services: RunServices,
    hurry: trio.CancelScope,
) -> None:
    """Once hurried, end programs, let sockets see 1001, and cancel what is left."""
    await hurried.wait()
    end_all(services, 0)
    with trio.move_on_after(GOODBYE_S):
        await closed.wait()
    hurry.cancel()


def _newest_seq(unit: Unit) -> int:
    return unit.log.newest()


def _epoch(unit: Unit) -> str:
    """The name of this event log: made with the database, gone with it."""
    epoch = unit.settings.get("epoch")
    if epoch is None:
        epoch = clock.new_id()
        unit.settings.put("epoch", epoch)
    return epoch
