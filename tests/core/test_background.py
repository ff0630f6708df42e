"""Tasks that outlast errors of the system, and stay away after too many bugs."""

import errno
import logging
from itertools import pairwise

import pytest
import trio
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core import background
from ant.core.background import (
    BUGS,
    PAUSE_MAX_S,
    PAUSE_S,
    STEADY_S,
    ChildTasks,
    is_of_system,
    open_background,
    persist,
    sentence,
)
from ant.core.counters import Limit, counted
from ant.core.errors import Conflict, Stopping, StorageFailed

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (FULL, True),
        (MemoryError(), True),
        (StorageFailed("no"), True),
        (ExceptionGroup("all", [FULL, ExceptionGroup("in", [MemoryError()])]), True),
        (ExceptionGroup("one is not", [FULL, KeyError("x")]), False),
        (KeyError("x"), False),
        (Conflict("no"), False),
    ],
)
def test_system_errors_are_told_from_bugs(error: Exception, expected: bool) -> None:
    """A group is a system error when all of its errors are."""
    assert expected == is_of_system(error)
    assert sentence(error)


@pytest.mark.meets(Limit.SYSTEM)
async def test_work_is_done_again_after_a_growing_pause(
    autojump_clock: MockClock,
) -> None:
    """Until it ends by itself; the pauses double up to a bound."""
    began: list[float] = []

    async def work(last: int) -> None:
        began.append(trio.current_time())
        if len(began) < last:
            raise FULL

    await persist("It", work, 12)
    assert 12 == len(began)
    pauses = [after - before for before, after in pairwise(began)]
    assert [PAUSE_S, 2 * PAUSE_S, 4 * PAUSE_S] == pytest.approx(pauses[:3])
    assert PAUSE_MAX_S == pytest.approx(pauses[-1])


async def test_a_bug_is_raised_on() -> None:
    """Only after a system error is the work run again."""

    async def work() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        await persist("It", work)


async def test_a_child_that_fails_fails_alone(caplog: pytest.LogCaptureFixture) -> None:
    """A task that is started between two nurseries runs in the next one."""
    children, done = ChildTasks(), list[str]()

    async def fail() -> None:
        raise FULL

    async def say(word: str) -> None:
        done.append(word)

    children.start_soon(say, "early")
    for _ in range(2):
        async with children.open():
            children.start_soon(fail)
            children.start_soon(say, "late")
            await wait_all_tasks_blocked()
        children.start_soon(say, "between")
    assert [{"early", "late"}, {"between", "late"}] == [{*done[:2]}, {*done[2:]}]
    assert 4 == len(done)
    assert "A task failed" in caplog.text


async def test_a_task_with_system_errors_runs_again(autojump_clock: MockClock) -> None:
    """It has a fault until it has run for `STEADY_S`; other tasks go on."""
    runs = 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        if runs <= 3:
            raise ExceptionGroup("in a nursery", [FULL])
        await trio.sleep_forever()

    before = counted(Limit.SYSTEM)
    async with open_background() as tasks:
        tasks.start_soon("one", run)
        tasks.start_soon("other", trio.sleep_forever)
        assert ("one", "other") == tasks.names
        await trio.sleep(STEADY_S / 2)
        assert 4 == runs
        (fault,) = tasks.faults()
        assert ("one", False) == (fault.task, fault.stopped)
        assert "No space left" in fault.detail
        await trio.sleep(STEADY_S * 2)
        assert () == tasks.faults()
    assert before + 3 == counted(Limit.SYSTEM)


async def test_a_task_with_many_bugs_is_stopped(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    """More than `BUGS` in an hour stop it, and it stays in `faults`."""
    runs = 0

    async def run() -> None:
        nonlocal runs
        runs += 1
        await trio.sleep(60)
        raise KeyError("a bug")

    async with open_background() as tasks:
        tasks.start_soon("one", run)
        await trio.sleep(100 * 60)
        (fault,) = tasks.faults()
        assert ("one", True) == (fault.task, fault.stopped)
    assert BUGS + 1 == runs
    assert "is not started again" in caplog.text


async def test_rare_bugs_are_forgotten(autojump_clock: MockClock) -> None:
    """One in ten minutes is no reason to stop."""

    async def run() -> None:
        await trio.sleep(600)
        raise KeyError("a bug")

    async with open_background() as tasks:
        tasks.start_soon("one", run)
        await trio.sleep(100 * 600)
        assert all(not each.stopped for each in tasks.faults())


async def test_a_task_ends_when_the_server_stops() -> None:
    """Alone and in a group; that is no fault."""
    async with open_background() as tasks:

        async def stop() -> None:
            raise ExceptionGroup("all", [Stopping("The server is stopping.")])

        tasks.start_soon("one", stop)
        await wait_all_tasks_blocked()
        assert () == tasks.faults()


async def test_the_caller_gets_an_error_before_the_start() -> None:
    """After its start the task is run again, and no caller waits for that."""

    async def never(task_status: trio.TaskStatus[None]) -> None:
        raise FULL

    again = trio.Event()

    async def once(task_status: trio.TaskStatus[None]) -> None:
        task_status.started()
        if not again.is_set():
            again.set()
            raise FULL
        done.set()

    done = trio.Event()
    async with open_background() as tasks:
        with pytest.raises(OSError, match="No space"):
            await tasks.start("never", never)
        await tasks.start("once", once)
        with trio.fail_after(5):
            await done.wait()


async def test_the_end_of_the_block_cancels_all(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Tasks that pause between two runs, too."""
    monkeypatch.setattr(background, "PAUSE_MAX_S", 1000.0)
    caplog.set_level(logging.CRITICAL)

    async def fail() -> None:
        raise FULL

    with trio.fail_after(5):
        async with open_background() as tasks:
            tasks.start_soon("one", fail)
            tasks.start_soon("two", trio.sleep_forever)
            await wait_all_tasks_blocked()
