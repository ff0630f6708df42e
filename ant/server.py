"""The composition root: the nesting here is the order in which things are shut down.

lock, store                         let go last
  journal                           finishes what was asked of it
    transcript writer, clerk, health
      sessions                      HUP, grace, KILL; those in tmux are let go of
        listener, signals           leave first: sockets see 1001
"""

import logging
import signal
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import trio

from ant import clock, recovery, runs, sessions
from ant.bus import Bus
from ant.channels import Channels
from ant.clerk import Clerk
from ant.config import Config
from ant.courier import Courier
from ant.errors import Conflict, Forbidden, StorageFailed
from ant.health import HealthProbe
from ant.http.app import create_app
from ant.inboxes import Inboxes
from ant.indexer import Indexer
from ant.journal import Journal, open_journal
from ant.keyfile import read_key
from ant.launch import child_environment
from ant.listener import address, open_listeners
from ant.listener import serve as serve_app
from ant.lock import locked
from ant.presence import Presence
from ant.quotas import Quotas
from ant.recorder import Recorder
from ant.scribe import Scribe
from ant.store import Store, Unit
from ant.supervisor import open_supervisor
from ant.system import System
from ant.tally import Limit, met
from ant.terminal.display import warm_up
from ant.terminal.pty import open_pty
from ant.terminal.tmux import Tmux
from ant.tokens import Mint
from ant.turns import Turns
from ant.viewers import Viewers
from ant.webhooks import Webhooks
from ant.witness import Stage

log = logging.getLogger(__name__)

SWEEP_S = 60.0
"""Between two looks at what is no longer to be kept."""

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

    Raises `Conflict` (folder or port in use), `Forbidden` (public without a key) and
    `StorageFailed`. SIGTERM, SIGINT: graceful; the second: at once.
    """
    check_config(config)
    with locked(config.data_dir):
        try:
            listeners = await open_listeners(config.host, config.port)
        except OSError as exc:
            raise Conflict(
                f"Cannot listen on {config.host}:{config.port}: {exc.strerror or exc}."
            ) from exc
        store = Store.open(config.database)
        try:
            await _serve(config, store, listeners, ready)
            store.transact(runs.leave_cleanly)
        finally:
            store.close()


async def _serve(
    config: Config,
    store: Store,
    listeners: list[trio.SocketListener],
    ready: Callable[[str], None],
) -> None:
    tmux = Tmux(config.data_dir, child_environment({}), config.spool_max_bytes)
    kept = await recovery.recover(store, tmux)
    warm_up()
    host, port = address(listeners)
    url = _url(host, port)
    bus = Bus(store.read(_newest_seq))
    stopped, hurry = trio.Event(), trio.CancelScope()
    async with (
        open_journal(store, bus) as journal,
        tmux.holding(),
        trio.open_nursery() as background,
    ):
        indexer = Indexer(journal)
        scribe = Scribe(journal, config.transcript_max_bytes, indexer.mark)
        webhooks = Webhooks(config.webhook_private)
        channels = Channels(journal, bus)
        recorder = Recorder(scribe)
        clerk = Clerk(journal, scribe, recorder, webhooks)
        courier = Courier(journal, scribe, bus, Inboxes(config.data_dir / "inbox"))
        stage = Stage(
            journal,
            scribe,
            recorder,
            clerk,
            courier,
            Viewers(),
            open_pty,
            Turns(),
            config.public_url or _url(_WILDCARDS.get(host, host), port),
            Mint(read_key(config.data_dir)),
            config.shell_integration,
            tmux,
        )
        background.start_soon(stage.turns.run)
        background.start_soon(scribe.run)
        background.start_soon(recorder.run)
        background.start_soon(indexer.run)
        background.start_soon(webhooks.run)
        background.start_soon(channels.run)
        await background.start(clerk.start_keeping)
        await background.start(courier.start_delivering)
        background.start_soon(_sweep, journal, config)
        await background.start(_signals, stopped, hurry)
        with hurry:
            async with open_supervisor(
                stage, config.max_active_sessions, config.grace_s
            ) as supervisor:
                for session_id, survivor in kept.items():
                    await supervisor.resume(session_id, survivor)
                health = HealthProbe(journal, supervisor)
                background.start_soon(health.run)
                system = System(
                    config=config,
                    bus=bus,
                    journal=journal,
                    stage=stage,
                    supervisor=supervisor,
                    presence=Presence(),
                    health=health,
                    channels=channels,
                    quotas=Quotas(config),
                    indexer=indexer,
                    epoch=store.transact(_epoch),
                    build_id=clock.new_id(),
                )
                await _front(system, listeners, stopped, partial(ready, url))
        background.cancel_scope.cancel()


def _url(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


async def _front(
    system: System,
    listeners: list[trio.SocketListener],
    stopped: trio.Event,
    ready: Callable[[], None],
) -> None:
    """Serve until stopped; the bus closes first, so that sockets say goodbye."""
    async with trio.open_nursery() as nursery:
        await nursery.start(
            partial(
                serve_app,
                create_app(system),
                listeners,
                stopped=stopped,
                grace_s=system.config.grace_s,
            )
        )
        ready()
        await stopped.wait()
        log.info("Stopping.")
        system.health.stopping = True
        system.bus.close()


async def _signals(
    stopped: trio.Event, hurry: trio.CancelScope, task_status: trio.TaskStatus[None]
) -> None:
    """The first signal stops gracefully, the second at once."""
    wanted = {signal.SIGTERM, signal.SIGINT}
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        wanted.add(signal.SIGHUP)
    with trio.open_signal_receiver(*wanted) as arrived:
        task_status.started()
        async for _ in arrived:
            if stopped.is_set():
                log.warning("Told again: stopping at once.")
                hurry.cancel()
            stopped.set()


def _newest_seq(unit: Unit) -> int:
    return unit.log.newest()


def _epoch(unit: Unit) -> str:
    """The name of this event log: made with the database, gone with it."""
    epoch = unit.settings.get("epoch")
    if epoch is None:
        epoch = clock.new_id()
        unit.settings.put("epoch", epoch)
    return epoch


async def _sweep(journal: Journal, config: Config) -> None:
    """Prune the event log, purge what was deleted long ago, for ever.

    Tombstones in the chains go at the age at which they go in the log.
    """

    def prune(unit: Unit) -> int:
        too_old = unit.now - timedelta(days=config.event_log_max_age_days)
        unit.run_events.bury(clock.stamp(too_old))
        return unit.log.prune(config.event_log_keep, clock.stamp(too_old))

    while True:
        try:
            met(Limit.EVENT_LOG, await journal.write(prune))
            await journal.write(sessions.purge)
        except StorageFailed as exc:
            log.error("The sweep has to wait: %s", exc)
        await trio.sleep(SWEEP_S)
