"""Large operations per turn of the event loop, and none while a key passes."""

import trio
from trio.abc import Instrument
from trio.testing import MockClock, wait_all_tasks_blocked

from ant.core.fair_turns import HOLD, HOLD_MAX, FairTurns


class Counter(Instrument):
    """Which turn of the loop it is."""

    def __init__(self) -> None:
        self.turn = 0

    def after_io_wait(self, timeout: float) -> None:
        self.turn += 1


class Steps(Instrument):
    """Which tasks did something."""

    def __init__(self) -> None:
        self.tasks: set[trio.lowlevel.Task] = set()

    def before_task_step(self, task: trio.lowlevel.Task) -> None:
        self.tasks.add(task)


class Greedy:
    """`count` callers that take one turn after another; `went` in which each did."""

    def __init__(self, turns: FairTurns, count: int) -> None:
        self.turns, self.count, self.counter = turns, count, Counter()
        self.went: list[tuple[int, int]] = []

    async def run(self) -> None:
        """Until it is cancelled."""
        trio.lowlevel.add_instrument(self.counter)
        try:
            async with trio.open_nursery() as nursery:
                for number in range(self.count):
                    nursery.start_soon(self._take, number)
        finally:
            trio.lowlevel.remove_instrument(self.counter)

    async def _take(self, number: int) -> None:
        while True:
            if not await self.turns.take():
                await trio.lowlevel.checkpoint()
            self.went.append((self.counter.turn, number))

    def most(self) -> int:
        """How many went in one turn."""
        turns = [turn for turn, _ in self.went]
        return max(map(turns.count, set(turns)))


async def pass_turns(count: int) -> None:
    """Let the loop turn so often."""
    for _ in range(count):
        await trio.lowlevel.checkpoint()


async def test_only_width_callers_proceed_in_a_turn() -> None:
    """Of twenty busy callers three proceed in a turn, each as often as the others."""
    turns = FairTurns(3)
    greedy = Greedy(turns, 20)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run)
            await pass_turns(2)
            nursery.start_soon(greedy.run)
            await pass_turns(50)
            greedy.went.clear()
            await pass_turns(100)
            nursery.cancel_scope.cancel()
    assert 3 == greedy.most()
    went = [number for _, number in greedy.went]
    assert len(went) >= 3 * 90, "nearly no turn is lost"
    times = [went.count(number) for number in range(20)]
    assert max(times) - min(times) <= 2


async def test_a_small_operation_goes_first() -> None:
    """No caller proceeds in the next turns, and then all do."""
    turns = FairTurns(2)
    greedy = Greedy(turns, 5)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run)
            await pass_turns(2)
            nursery.start_soon(greedy.run)
            await pass_turns(20)
            for _ in range(10):
                turns.hold()
                await pass_turns(1)  # Who was let go on in this turn is done.
                before = len(greedy.went)
                await pass_turns(HOLD - 1)
                assert before == len(greedy.went)
                await pass_turns(5)
                assert before + 2 * 3 <= len(greedy.went)
            nursery.cancel_scope.cancel()


async def test_a_lone_caller_waits_for_a_small_operation() -> None:
    """A caller that need not wait for others waits for it, too."""
    turns = FairTurns(2)
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run)
            await pass_turns(2)
            turns.hold()
            assert await turns.take()
            assert not await turns.take()
            nursery.cancel_scope.cancel()


async def test_small_operations_cannot_starve_large_ones() -> None:
    """However many come, large operations have one of ten turns."""
    turns = FairTurns(2)
    greedy = Greedy(turns, 5)

    async def hurry() -> None:
        while True:
            turns.hold()
            await trio.lowlevel.checkpoint()

    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run)
            await pass_turns(2)
            nursery.start_soon(greedy.run)
            nursery.start_soon(hurry)
            await pass_turns(20)
            for _ in range(10):
                before = len(greedy.went)
                await pass_turns(HOLD_MAX + 2)
                assert before < len(greedy.went)
            nursery.cancel_scope.cancel()


async def test_a_lone_caller_does_not_wait() -> None:
    """A free place is taken without a checkpoint; the next caller waits."""
    turns = FairTurns(1)
    with trio.CancelScope() as scope:
        scope.cancel()
        assert not await turns.take()
    assert not scope.cancelled_caught
    with trio.CancelScope() as scope:
        scope.cancel()
        await turns.take()
    assert scope.cancelled_caught


async def test_a_cancelled_caller_blocks_no_other(autojump_clock: MockClock) -> None:
    """The turn of a cancelled caller goes to the next one."""
    turns, went = FairTurns(1), trio.Event()
    await turns.take()

    async def second() -> None:
        await turns.take()
        went.set()

    with trio.fail_after(1):
        async with trio.open_nursery() as nursery:
            first = trio.CancelScope()

            async def give_up() -> None:
                with first:
                    await turns.take()

            nursery.start_soon(give_up)
            await wait_all_tasks_blocked()
            nursery.start_soon(second)
            await wait_all_tasks_blocked()
            first.cancel()
            nursery.start_soon(turns.run)
            await went.wait()
            nursery.cancel_scope.cancel()


async def test_the_loop_idles_while_no_caller_waits() -> None:
    """Then the loop sleeps; one busy caller alone costs no step of another task."""
    turns, steps = FairTurns(1), Steps()
    with trio.fail_after(5):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(turns.run)
            await pass_turns(2)
            assert not await turns.take()
            assert await turns.take()
            await pass_turns(3)
            trio.lowlevel.add_instrument(steps)
            for _ in range(20):
                await turns.take()
                await trio.lowlevel.checkpoint()
            trio.lowlevel.remove_instrument(steps)
            nursery.cancel_scope.cancel()
    assert {trio.lowlevel.current_task()} == steps.tasks
