"""What the server and its sessions cost."""

import os
import resource
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pytest
import trio

import ant
from ant.api import codec
from ant.core import counters
from ant.data_dir.reserve import Reserve
from ant.runtime import health
from ant.runtime.health import HealthProbe
from ant.terminal.host.host_terminal import Identity
from ant.terminal.host.processes import Process
from tests.fakes import FakeTerminal
from tests.systems import PATIENCE_S, Rig, running


def process(pid: int, sid: int, ticks: int) -> Process:
    return Process(
        pid=pid,
        ppid=1,
        sid=sid,
        tty_nr=1,
        state="R",
        start_ticks=1,
        cpu_ticks=ticks,
        rss_bytes=3 << 20,
        threads=1,
    )


async def test_a_snapshot_counts(rig: Rig) -> None:
    """Sessions, cap and stop; a fake terminal has no processes to measure."""
    probe = rig.system.health
    await rig.started()
    probe.sample()
    snapshot = probe.snapshot()
    assert ("ok", ant.__version__, 1, 0, ()) == (
        snapshot.status,
        snapshot.version,
        snapshot.active_session_count,
        snapshot.session_cap,
        snapshot.stalled_sessions,
    )
    assert (1, False, True) == (
        snapshot.resources.active_session_count,
        snapshot.resources.at_cap,
        snapshot.resources.can_spawn,
    )
    assert snapshot.uptime_s >= 0
    pressure = snapshot.pressure
    assert 0 < pressure.open_fds < pressure.max_fds
    assert pressure.rss_bytes > 1 << 20
    probe.stopping = True
    snapshot = probe.snapshot()
    assert ("stopping", False) == (snapshot.status, snapshot.resources.can_spawn)


async def test_a_snapshot_is_taken_again_after_a_second(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Callers together get one, until it is old or the state is another."""
    probe = rig.system.health
    answers: list[bytes] = []

    async def ask() -> None:
        answers.append(await probe.recent())

    monkeypatch.setattr(health, "FRESH_S", 1e9)
    async with trio.open_nursery() as nursery:
        for _ in range(8):
            nursery.start_soon(ask)
    assert 1 == len(set(answers))
    counters.increment(counters.Limit.SEARCH)
    assert answers[0] == await probe.recent()
    rig.system.services.transcript_writer.waits = True
    degraded = codec.loads(await probe.recent())
    assert "degraded" == degraded["status"]
    rig.system.services.transcript_writer.waits = False
    await rig.started()
    started = codec.loads(await probe.recent())
    assert ("ok", 1) == (started["status"], started["active_session_count"])
    monkeypatch.setattr(health, "FRESH_S", 0.0)
    later = codec.loads(await probe.recent())
    assert later["taken_at"] > started["taken_at"]


async def test_degraded_by_a_refusing_database(rig: Rig) -> None:
    """Degraded while the last commit failed, or while transcripts wait for the disk."""
    rig.system.journal.degraded = True
    assert "degraded" == rig.system.health.snapshot().status
    rig.system.journal.degraded = False
    assert "ok" == rig.system.health.snapshot().status
    rig.system.services.transcript_writer.waits = True
    assert "degraded" == rig.system.health.snapshot().status


async def test_degraded_by_a_disk_that_is_nearly_full(tmp_path: Path) -> None:
    """Degraded with advice while the reserve is short; no advice otherwise."""
    async with running(tmp_path) as rig:
        reserve = Reserve(tmp_path)
        probe = HealthProbe(rig.system.journal, rig.system.supervisor, reserve=reserve)
        found = probe.snapshot()
        assert ("ok", None) == (found.status, found.advice)
        reserve.is_short = True
        found = probe.snapshot()
        assert "degraded" == found.status
        assert found.advice is not None
        assert "hard=true" in found.advice


async def test_without_descriptors_the_last_values_stay(rig: Rig) -> None:
    """/proc cannot be opened, so the memory is that of the last measurement."""
    probe = rig.system.health
    before = probe.snapshot().pressure
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    taken: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (before.open_fds + 20, hard))
    try:
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        found = probe.snapshot().pressure
        assert (before.rss_bytes, before.open_fds) == (found.rss_bytes, found.open_fds)
    finally:
        for fd in taken:
            os.close(fd)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert before.open_fds > 0


async def test_the_cap_is_reported(tmp_path: Path) -> None:
    """At the cap no session can start."""
    async with running(tmp_path, max_active_sessions=1) as rig:
        await rig.started()
        resources = rig.system.health.snapshot().resources
        assert (True, False, 1) == (
            resources.at_cap,
            resources.can_spawn,
            resources.max_active_sessions,
        )


async def test_the_load_of_a_session_is_that_of_its_processes(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of its terminal, since the last sample; a busy and silent one is stalled."""
    session = await rig.started()
    pid, ticks, at = 4242, 100, 1000.0

    def snapshot() -> list[Process]:
        mine = [process(pid, pid, ticks), process(pid + 1, pid, ticks)]
        return [*mine, process(pid + 2, pid + 2, 10**6)]

    # Only for the probe: no such processes exist, and none may get a signal.
    monkeypatch.setattr(health, "processes", SimpleNamespace(snapshot=snapshot))
    clock = SimpleNamespace(monotonic=lambda: at, now=health.clock.now)
    monkeypatch.setattr(health, "clock", clock)
    identity = Identity(pid, 1, "boot")
    monkeypatch.setattr(FakeTerminal, "identity", property(lambda _: identity))
    probe = rig.system.health
    probe.sample()
    (load,) = probe.snapshot().resources.sessions
    assert (session.id, pid, 0.0, 6.0) == (
        load.session_id,
        load.pid,
        load.cpu_pct,
        load.rss_mb,
    )
    at, ticks = at + 10, ticks + 5 * health._TICKS
    probe.sample()
    assert 100.0 == probe.snapshot().resources.total_cpu_pct
    assert () == probe.snapshot().stalled_sessions
    monkeypatch.setattr(health, "STALL_SILENCE_S", 0.0)
    at, ticks = at + 10, ticks + 5 * health._TICKS
    probe.sample()
    assert (session.id,) == probe.snapshot().stalled_sessions
    at += 10
    probe.sample()
    assert () == probe.snapshot().stalled_sessions


async def test_the_probe_samples_at_once_and_repeatedly(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It samples, and measures the loop's delay, in the background."""
    monkeypatch.setattr(health, "PULSE_S", 0.001)
    monkeypatch.setattr(health, "SAMPLE_S", 0.002)
    sampled = trio.Event()
    count = 0

    def sample() -> None:
        nonlocal count
        count += 1
        if count == 3:
            sampled.set()

    monkeypatch.setattr(rig.system.health, "sample", sample)
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(rig.system.health.run)
            await sampled.wait()
            nursery.cancel_scope.cancel()
    assert rig.system.health.snapshot().pressure.loop_delay_ms_max >= 0
