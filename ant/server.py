"""The composition root: makes all parts of a server and runs them.

The nesting of the blocks is the order of the shutdown, from the inside to the outside:

lock, store                released last
  journal                  completes the jobs in its queue
    background tasks       transcripts, prompts, deliveries, health: cancelled
      sessions             HUP, grace, KILL; ANT detaches from those in tmux
        listener           closes first: sockets receive 1001
"""

import gc
import logging
import os
import signal
from collections.abc import Callable, Sequence
from functools import partial

import attrs
import trio

from ant.config import Config
from ant.core import clock, descriptors
from ant.core.background import open_background
from ant.core.errors import AntError, StorageFailed
from ant.core.fair_turns import FairTurns
from ant.core.service_notifier import ServiceNotifier
from ant.data_dir import operator_key
from ant.data_dir.key_file import read_key
from ant.data_dir.lock import locked
from ant.data_dir.reserve import Reserve
from ant.data_dir.startup_checks import check_folder
from ant.history.indexer import Indexer
from ant.http import listeners
from ant.http.access.auth import has_priority
from ant.http.access.peers import Peers
from ant.http.access.sock_diag import SockDiag, open_sock_diag
from ant.http.app import create_app
from ant.http.listeners import Listeners
from ant.http.server.base_path import below
from ant.http.server.listener import serve as serve_app
from ant.identity.quotas import Quotas
from ant.identity.terminal_tokens import TokenSigner
from ant.journal.bus import Bus
from ant.journal.writer import open_journal
from ant.messages.channel_sender import ChannelSender
from ant.messages.delivery_dispatcher import DeliveryDispatcher
from ant.messages.inbox_files import OverflowFiles
from ant.prompts.prompt_service import PromptService
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
from ant.sessions.hook_arguments import HookFiles
from ant.store import Job, Store, Unit
from ant.terminal.agents.own_drivers import DriverFolder
from ant.terminal.host import umask
from ant.terminal.host.pty import open_pty
from ant.terminal.host.subreaper import become_subreaper, children, hide_memory
from ant.terminal.screen.display import warm_up
from ant.terminal.tmux.tmux_server import Tmux

log = logging.getLogger(__name__)

RECORD_ENDS_S = 5.0
"""Seconds that a stop waits for a slow disk to record how sessions ended."""

CLOSE_S = 0.2
"""Seconds that sockets get to receive 1001 when the server stops at once."""

_IGNORED = {
    *(signal.SIGUSR1, signal.SIGUSR2, signal.SIGIO),
    *(signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF),
}
"""By default each would kill ANT, and programs that ignore SIGHUP would live on."""

Ready = Callable[[Sequence[str], Callable[[], str] | None], None]
"""Is called with the URLs of the server, and a function that makes a sign-in link. That
is None where no key is set: a browser of this user needs no sign-in then."""


async def serve(config: Config, ready: Ready) -> None:
    """Run a server until a signal stops it; call `ready` once it serves.

    SIGTERM, SIGINT and SIGHUP stop it gracefully; a second one, or SIGQUIT, at once.
    Raises `Conflict` (folder, port or socket in use, settings that do not fit
    together), `Forbidden` (public without a key), `StorageFailed`, and any `OSError` of
    the folder.
    """
    config, certificate = listeners.check(config)
    umask.make_private()
    if config.api_key and os.geteuid() != 0:
        hide_memory()
    descriptors.raise_limit()
    with locked(config.data_dir):
        check_folder(config.data_dir)
        opened = await listeners.open_all(config, certificate)
        try:
            await _open_and_serve(opened.config, opened, ready)
        finally:
            opened.close()


async def _open_and_serve(config: Config, opened: Listeners, ready: Ready) -> None:
    """Open the database, and serve until a signal stops the server."""
    reserve = Reserve(config.data_dir)
    reserve.begin()
    store = Store.open(config.database)
    store.release_reserve = reserve.release
    try:
        await _serve(config, store, reserve, opened, ready)
        _record_clean_stop(store)
    finally:
        store.close()


async def _serve(
    config: Config,
    store: Store,
    reserve: Reserve,
    opened: Listeners,
    ready: Ready,
) -> None:
    needs_sign_in = config.api_key is not None
    own_drivers = DriverFolder(config.drivers)
    own_drivers.load()
    tmux = Tmux(config.data_dir, child_environment({}), config.spool_max_bytes)
    survivors = await recovery.recover(store, tmux)
    hook_files = HookFiles(config.data_dir / "hooks")
    hook_files.keep(survivors)
    warm_up()
    opened.warn_of_name()
    config, can_identify, sock_diag = _authentication(config, opened)
    bus = Bus(store.read(_newest_seq))
    stopped, stopped_at_once, closed = trio.Event(), trio.Event(), trio.Event()
    running = trio.CancelScope()
    notifier = ServiceNotifier(os.environ, os.getpid())
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
            opened.url,
            TokenSigner(read_key(config.data_dir)),
            config.shell_integration,
            tmux,
            ca=opened.ca,
            hook_files=hook_files,
        )
        background.start_soon("orphans", children.reap_orphans)
        background.start_soon("turns", services.turns.run)
        background.start_soon("transcripts", transcript_writer.run)
        background.start_soon("sizes", services.sizes.run)
        background.start_soon("recorder", recorder.run)
        background.start_soon("indexer", indexer.run)
        background.start_soon("webhooks", webhooks.run)
        background.start_soon("channels", channels.run)
        await background.start("prompts", prompt_service.start_tracking)
        await background.start("deliveries", dispatcher.start_delivering)
        remover = Remover(
            journal, indexer, config.event_log_keep, config.event_log_max_age_days
        )
        background.start_soon("remover", remover.run)
        background.start_soon("endings", services.endings.run)
        background.start_soon("reserve", reserve.run)
        if notifier.has_watchdog:
            background.start_soon("watchdog", notifier.run_watchdog)
        await background.start("signals", partial(_signals, stopped, stopped_at_once))
        background.start_soon(
            "hurry", partial(_at_once, stopped_at_once, closed, services, running)
        )
        with running:
            async with open_supervisor(
                services, config.max_active_sessions, config.grace_s
            ) as supervisor:
                for session_id, surviving in survivors.items():
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
                    drivers=own_drivers,
                )
                peers = None
                if can_identify:
                    peers = Peers(
                        sock_diag, services, tmux.tmux_commands.name, config.insecure
                    )
                has_pages = needs_sign_in and not opened.url.startswith("unix:")
                link = partial(_sign_in_link, system) if has_pages else None
                is_ready = partial(ready, opened.shown, link)
                await _listen(system, opened, peers, stopped, is_ready, notifier)
                closed.set()
        await _record_ends(services)


def _sign_in_link(system: System) -> str:
    """A link with which one browser can sign in, once, within a minute."""
    base = system.services.server_url.rstrip("/")
    return f"{base}/sign-in#{system.sign_in_codes.make()}"


async def _record_ends(services: RunServices) -> None:
    """Try once more to record the ends of sessions that the database refused."""
    try:
        with trio.move_on_after(RECORD_ENDS_S):
            await services.endings.settle_all()
    except AntError as exc:
        log.error("The ends of some sessions are not recorded: %s", exc)


def _record_clean_stop(store: Store) -> None:
    """Record a clean stop, with the disk reserve if needed; log a failure."""
    job = Job(run_records.leave_cleanly, (), makes_room=True)
    try:
        store.transact_group([job])
        job.outcome()
    except StorageFailed as exc:
        log.error("The clean stop of the server is not recorded: %s", exc)


def _authentication(
    config: Config, opened: Listeners
) -> tuple[Config, bool, SockDiag | None]:
    """The configuration with the key that callers need, or how to do without.

    Without a key, ANT asks the kernel which process calls: True, and for TCP the
    kernel's interface. If it does not answer, ANT makes a key for local programs.
    Raises `StorageFailed`.
    """
    operator_key.remove(config.data_dir)
    try:
        become_subreaper()
        is_needed = not config.api_key and config.tcp
        sock_diag = open_sock_diag() if is_needed else None
        can_identify = not config.api_key and (sock_diag is not None or not config.tcp)
    except OSError as exc:
        log.error("ANT cannot adopt orphaned processes of terminals: %s.", exc)
        sock_diag, can_identify = None, False
    if can_identify or config.api_key or config.insecure:
        return config, can_identify, sock_diag
    key = operator_key.make(config.data_dir, opened.local_url)
    log.warning(
        "The kernel does not report which process calls, so every caller must send the "
        "key in %s; the `ant` command reads it there.",
        config.data_dir / operator_key.FILE,
    )
    return attrs.evolve(config, api_key=key), False, None


async def _listen(
    system: System,
    opened: Listeners,
    peers: Peers | None,
    stopped: trio.Event,
    ready: Callable[[], None],
    notifier: ServiceNotifier,
) -> None:
    """Serve until stopped. The bus closes first, so that sockets receive 1001."""
    app = create_app(system, identify_peers=peers is not None)
    async with trio.open_nursery() as nursery:
        await nursery.start(
            partial(
                serve_app,
                below(system.config.base_path, app),
                opened.all,
                stopped=stopped,
                grace_s=system.config.grace_s,
                on_small_input=system.services.turns.hold,
                lookup_peer=peers.accepted if peers else None,
                certificate=opened.certificate,
                has_priority=partial(has_priority, system.config),
            )
        )
        gc.collect()
        gc.freeze()  # These objects stay; to scan them takes 50 ms.
        ready()
        await notifier.ready(opened.url)
        await stopped.wait()
        log.info("Stopping.")
        system.health.stopping = True
        system.bus.close()
        system.services.prompt_service.stop()
        await notifier.stopping()


async def _signals(
    stopped: trio.Event, stopped_at_once: trio.Event, task_status: trio.TaskStatus[None]
) -> None:
    """Stop gracefully on the first signal, and at once on the second or on SIGQUIT."""
    wanted = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT, *_IGNORED}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.add(signal.SIGHUP)
    with trio.open_signal_receiver(*wanted) as arrived:
        task_status.started()
        async for signum in arrived:
            if signum in _IGNORED:
                log.warning("%s is ignored.", signal.Signals(signum).name)
                continue
            if stopped.is_set() or signum == signal.SIGQUIT:
                log.warning("Stopping at once.")
                stopped_at_once.set()
            stopped.set()


async def _at_once(
    stopped_at_once: trio.Event,
    closed: trio.Event,
    services: RunServices,
    running: trio.CancelScope,
) -> None:
    """After the event, kill programs, let sockets receive 1001, and cancel the rest."""
    await stopped_at_once.wait()
    end_all(services, 0)
    with trio.move_on_after(CLOSE_S):
        await closed.wait()
    running.cancel()


def _newest_seq(unit: Unit) -> int:
    return unit.log.newest()


def _epoch(unit: Unit) -> str:
    """The id of this event log, which is made and deleted with the database."""
    epoch = unit.settings.get("epoch")
    if epoch is None:
        epoch = clock.new_id()
        unit.settings.put("epoch", epoch)
    return epoch
