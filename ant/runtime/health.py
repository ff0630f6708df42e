"""A snapshot of the resources that the server and its sessions use, as measured."""

import os
import resource
import statistics
from collections import deque
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import attrs
import trio

import ant
from ant.api import codec
from ant.core import clock, counters, descriptors
from ant.core.background import Background, Fault
from ant.core.errors import StorageFailed
from ant.data_dir.reserve import Reserve
from ant.journal.writer import Journal
from ant.messages import deliveries
from ant.model.sessions import SessionId
from ant.runtime.supervisor import Supervisor
from ant.terminal.host import processes

FRESH_S = 1.0
"""Seconds for which a snapshot is returned again, since to measure costs as much as a
page of messages. A person who looks after a failure waits no longer."""

SAMPLE_S = 15.0
"""Seconds between two samples of the sessions, as the original's clients expect."""

PULSE_S = 0.05
"""Seconds between two measurements of the event loop's delay."""

PULSES = 1200
"""Measurements of the delay that are kept: those of the last minute."""

STALL_CPU_PCT = 80.0
STALL_SILENCE_S = 60.0
"""A session is stalled when it uses this much of a core and has had no output for this
long."""

MAKE_ROOM = (
    "The disk of the data folder is full, or nearly: make room there, or delete "
    "sessions for good (DELETE /api/sessions/ID?hard=true)."
)

_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1 << 20


@attrs.frozen
class SessionLoad:
    """The resources of one running session, summed over all its processes."""

    session_id: SessionId = attrs.field(metadata={"wire": "sessionId"})
    pid: int
    """The process id of its program."""
    cpu_pct: float = attrs.field(metadata={"wire": "cpuPct"})
    """The processor time of all its processes; 100 is one core."""
    rss_mb: float = attrs.field(metadata={"wire": "rssMb"})
    """The memory of all its processes, in MiB."""


@attrs.frozen
class Resources:
    """The resources of all sessions, under the original's names; 100 % is one core."""

    total_cpu_pct: float = attrs.field(metadata={"wire": "totalCpuPct"})
    """The processor time of all sessions; 100 is one core."""
    total_rss_mb: float = attrs.field(metadata={"wire": "totalRssMb"})
    """The memory of all sessions, in MiB."""
    active_session_count: int = attrs.field(metadata={"wire": "activeSessionCount"})
    """The number of sessions whose program runs."""
    max_active_sessions: int = attrs.field(metadata={"wire": "maxActiveSessions"})
    """The most sessions that may run; 0 is no limit."""
    at_cap: bool = attrs.field(metadata={"wire": "atCap"})
    """Whether that many run."""
    can_spawn: bool = attrs.field(metadata={"wire": "canSpawn"})
    """Whether another session may start."""
    stalled_sessions: tuple[SessionId, ...] = attrs.field(
        metadata={"wire": "stalledSessions"}
    )
    """The ids of sessions that use most of a core and print nothing for a minute."""
    sessions: tuple[SessionLoad, ...]
    """Each running session."""
    sampled_at: datetime = attrs.field(metadata={"wire": "sampledAt"})
    """When ANT measured the sessions."""


@attrs.frozen
class Pressure:
    """The resources of the server process, and the loop's delay in the last minute."""

    cpu_pct: float
    """The processor time of the server; 100 is one core."""
    rss_bytes: int
    """The memory of the server, in bytes."""
    open_fds: int
    """Its open descriptors."""
    max_fds: int
    """The most descriptors that it may open."""
    loop_delay_ms_p50: float
    """The delay of the event loop in the last minute: the median, in milliseconds."""
    loop_delay_ms_max: float
    """The delay of the event loop in the last minute: the longest, in milliseconds."""


@attrs.frozen
class Met:
    """A limit: how often it was reached since the start, and what happens then."""

    name: str
    """The name of the limit."""
    count: int
    """How often it was reached since the start of the server."""
    policy: str
    """What happens when it is reached."""


@attrs.frozen
class TmuxFound:
    """The tmux of this server: its version, and its socket's name for `tmux -L`."""

    version: str
    """The version of tmux."""
    socket: str
    """The name of its socket, for `tmux -L`."""


@attrs.frozen
class Health:
    """A snapshot of the server: `ok`, `degraded` or `stopping`.

    It is degraded while the database refuses writes, or while the disk is full or its
    reserve cannot be kept; `advice` then says what to do. It is also degraded while
    `degraded_tasks` names tasks that do not work: the system reported an error to the
    task, or bugs have `stopped` it. `deliveries` counts those that wait or are watched,
    and those given up as `dead`; it is null while the database cannot be read. `tmux`
    is null where no tmux is installed. `taken_at` is the time of the snapshot, which is
    at most a second old.
    """

    status: str
    """`ok`, `degraded` or `stopping`."""
    taken_at: datetime
    """When ANT took this snapshot."""
    version: str
    """The version of ANT."""
    started_at: datetime
    """When the server started."""
    uptime_s: float
    """Seconds since then."""
    active_session_count: int
    """The number of sessions whose program runs."""
    session_cap: int
    """The most sessions that may run; 0 is no limit."""
    stalled_sessions: tuple[SessionId, ...]
    """The ids of sessions that use most of a core and print nothing for a minute."""
    pressure: Pressure
    """The resources of the server."""
    limits: tuple[Met, ...]
    """Every limit, with how often it was reached."""
    resources: Resources
    """The resources of the sessions, by the names of the original ANT."""
    deliveries: dict[str, int] | None = None
    """Deliveries that wait or are watched, and those that ANT gave up as `dead`, by
    state; null while the database cannot be read."""
    tmux: TmuxFound | None = None
    """The tmux of the server; null where none is installed."""
    advice: str | None = None
    """What a person should do; null if there is nothing."""
    degraded_tasks: tuple[Fault, ...] = ()
    """The tasks that do not work now, each with its last error."""


@attrs.frozen
class _State:
    """The facts whose change makes a snapshot outdated at once. They cost nothing."""

    is_stopping: bool
    is_refused: bool
    is_short: bool
    faults: tuple[Fault, ...]
    sessions: int


@attrs.frozen
class _Taken:
    """A snapshot as JSON, with the time and the state that it was taken in."""

    at: float
    state: _State
    content: bytes


@attrs.frozen
class _Sample:
    at: float
    own_cpu_s: float
    ticks: dict[SessionId, int]
    loads: tuple[SessionLoad, ...] = ()
    stalled: tuple[SessionId, ...] = ()
    own_cpu_pct: float = 0.0


def _own_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


class HealthProbe:
    """Samples in the background, so that `snapshot` is cheap; `recent` is cheaper."""

    def __init__(
        self,
        journal: Journal,
        supervisor: Supervisor,
        background: Background | None = None,
        reserve: Reserve | None = None,
    ) -> None:
        self.stopping = False
        self._background, self._reserve = background, reserve
        self._memory = self._open_fds = 0
        self._journal, self._supervisor = journal, supervisor
        self._started_at, self._started = clock.now(), clock.monotonic()
        self._delays: deque[float] = deque(maxlen=PULSES)
        self._sampled_at = clock.now()
        self._sample = _Sample(clock.monotonic(), _own_cpu_s(), {})
        self._taken: _Taken | None = None
        self._taking = trio.Lock()

    async def run(self) -> None:
        """Measure the loop's delay all the time, and the sessions at intervals."""
        next_sample = trio.current_time()
        while True:
            due = trio.current_time() + PULSE_S
            await trio.sleep_until(due)
            self._delays.append(trio.current_time() - due)
            if trio.current_time() >= next_sample:
                self.sample()
                next_sample = trio.current_time() + SAMPLE_S

    def sample(self) -> None:
        """Measure every running session, summed over all processes of its terminal."""
        by_sid: dict[int, list[processes.Process]] = {}
        for process in processes.snapshot():
            by_sid.setdefault(process.sid, []).append(process)
        before, at, own = self._sample, clock.monotonic(), _own_cpu_s()
        elapsed = max(at - before.at, 1e-3)
        ticks: dict[SessionId, int] = {}
        loads: list[SessionLoad] = []
        stalled: list[SessionId] = []
        for session_id, session_run in self._supervisor.services.running.items():
            identity = session_run.live.terminal.identity
            if identity is None:
                continue
            members = by_sid.get(identity.pid, [])
            ticks[session_id] = sum(member.cpu_ticks for member in members)
            used = ticks[session_id] - before.ticks.get(session_id, ticks[session_id])
            cpu_pct = max(0.0, round(100 * used / _TICKS / elapsed, 1))
            rss_mb = round(sum(member.rss_bytes for member in members) / _MIB, 1)
            loads.append(SessionLoad(session_id, identity.pid, cpu_pct, rss_mb))
            if cpu_pct >= STALL_CPU_PCT and session_run.silent_s >= STALL_SILENCE_S:
                stalled.append(session_id)
        own_cpu_pct = round(100 * (own - before.own_cpu_s) / elapsed, 1)
        self._sampled_at = clock.now()
        self._sample = _Sample(
            at, own, ticks, tuple(loads), tuple(stalled), own_cpu_pct
        )

    async def recent(self) -> bytes:
        """Return a snapshot with counts of deliveries as JSON, at most `FRESH_S` old.

        It is taken when a caller asks and the last one is older, or shows another
        status, other faults or another number of sessions.
        """
        if (taken := self._fresh()) is not None:
            return taken.content
        async with self._taking:
            taken = self._fresh() or await self._take()
        return taken.content

    def _fresh(self) -> _Taken | None:
        """The last snapshot, if it may be returned again."""
        taken = self._taken
        if taken is None or clock.monotonic() - taken.at >= FRESH_S:
            return None
        return taken if taken.state == self._state() else None

    async def _take(self) -> _Taken:
        counts: dict[str, int] | None = None
        with suppress(StorageFailed):
            counts = await self._journal.read_in_thread(deliveries.counts)
        health = attrs.evolve(self.snapshot(), deliveries=counts)
        content = codec.dumps(health)
        self._taken = _Taken(clock.monotonic(), self._state(), content)
        return self._taken

    def _state(self) -> _State:
        waits = self._supervisor.services.transcript_writer.waits
        return _State(
            is_stopping=self.stopping,
            is_refused=self._journal.degraded or waits,
            is_short=self._reserve is not None and self._reserve.is_short,
            faults=self._background.faults() if self._background else (),
            sessions=len(self._supervisor.services.running),
        )

    def snapshot(self) -> Health:
        """Return the state of now; the samples of sessions are up to `SAMPLE_S` old."""
        sample, cap, state = self._sample, self._supervisor.cap, self._state()
        at_cap = bool(cap) and state.sessions >= cap
        is_full = state.is_refused or state.is_short
        status = "degraded" if is_full or state.faults else "ok"
        return Health(
            status="stopping" if state.is_stopping else status,
            taken_at=clock.now(),
            version=ant.__version__,
            started_at=self._started_at,
            uptime_s=round(clock.monotonic() - self._started, 3),
            active_session_count=state.sessions,
            session_cap=cap,
            stalled_sessions=sample.stalled,
            pressure=self._pressure(),
            limits=tuple(
                Met(each.name.lower(), counters.counted(each), each.value)
                for each in counters.Limit
            ),
            resources=Resources(
                total_cpu_pct=round(sum(load.cpu_pct for load in sample.loads), 1),
                total_rss_mb=round(sum(load.rss_mb for load in sample.loads), 1),
                active_session_count=state.sessions,
                max_active_sessions=cap,
                at_cap=at_cap,
                can_spawn=not at_cap and not state.is_stopping,
                stalled_sessions=sample.stalled,
                sessions=sample.loads,
                sampled_at=self._sampled_at,
            ),
            tmux=self._tmux(),
            advice=MAKE_ROOM if is_full else None,
            degraded_tasks=state.faults,
        )

    def _tmux(self) -> TmuxFound | None:
        tmux = self._supervisor.services.tmux
        if tmux is None or tmux.tmux_commands.found is None:
            return None
        return TmuxFound(tmux.tmux_commands.found, tmux.tmux_commands.name)

    def _pressure(self) -> Pressure:
        with suppress(OSError):  # Without a free descriptor, keep the last values.
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self._memory = pages * resource.getpagesize()
            self._open_fds = len(os.listdir("/proc/self/fd"))
        delays = self._delays or deque([0.0])
        return Pressure(
            cpu_pct=self._sample.own_cpu_pct,
            rss_bytes=self._memory,
            open_fds=self._open_fds,
            max_fds=descriptors.limit(),
            loop_delay_ms_p50=round(1000 * statistics.median(delays), 2),
            loop_delay_ms_max=round(1000 * max(delays), 2),
        )
