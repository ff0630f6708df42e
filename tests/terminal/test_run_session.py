"""The start and the end of a session, and what is recorded of them."""

import pytest
import trio
from trio.testing import MockClock

from ant.core.errors import Invalid, Stalled
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.host.host_terminal import ExitStatus, HostTerminal
from ant.terminal.run_session import TEARDOWN_S
from ant.terminal.screen.display import Display
from tests.cancel import cancel_at_every_step
from tests.fakes import HUNG_UP, KILLED, FakeTerminal
from tests.terminal.test_session import Recorder, start


async def test_the_error_of_an_open_is_the_reason_of_the_end() -> None:
    """The caller gets the error; the end has no exit."""

    class Closed(Recorder):
        async def open(self) -> tuple[HostTerminal, OutputFlow, Display | None]:
            raise Invalid("there is no program at $.command[0]")

    recorder = Closed(FakeTerminal())
    async with trio.open_nursery() as nursery:
        with pytest.raises(Invalid):
            await start(nursery, recorder)
    assert [(None, "there is no program at $.command[0]")] == recorder.ends


async def test_a_program_whose_start_cannot_be_recorded_is_ended(
    autojump_clock: MockClock,
) -> None:
    """It does not run on unrecorded."""
    recorder = Recorder(FakeTerminal())
    recorder.began_fails = Invalid("no at $")
    async with trio.open_nursery() as nursery:
        with pytest.raises(Invalid):
            await start(nursery, recorder)
    assert recorder.terminal.closed
    assert [(HUNG_UP, "no at $")] == recorder.ends


async def test_an_end_that_hangs_is_cut_off(autojump_clock: MockClock) -> None:
    """The shield has a deadline, and `over` is set all the same."""

    class Hanging(Recorder):
        async def on_ended(self, exit_: ExitStatus | None, reason: str | None) -> None:
            await trio.sleep_forever()

    recorder = Hanging(FakeTerminal())
    with trio.fail_after(TEARDOWN_S + 5), pytest.RaisesGroup(Stalled):
        async with trio.open_nursery() as nursery:
            live = await start(nursery, recorder)
            live.stop()
            await live.over.wait()


async def test_cancelled_anywhere_it_ends_the_terminal() -> None:
    """An opened terminal is closed, its end reported once, its input answered."""
    recorders: list[Recorder] = []

    async def life() -> None:
        recorders.append(Recorder(FakeTerminal(b"hello")))
        async with trio.open_nursery() as nursery:
            live = await start(nursery, recorders[-1])
            typed = live.type_nowait(b"x\x04")
            await typed.wait(5)

    async def check() -> None:
        recorder = recorders[-1]
        assert recorder.terminal.closed == bool(recorder.opened)
        assert recorder.ends or not recorder.opened
        assert len(recorder.ends) <= 1
        assert recorder.flow.tail.stored == recorder.flow.tail.end

    assert await cancel_at_every_step(life, check) > 10


async def test_a_cancelled_session_is_killed(autojump_clock: MockClock) -> None:
    """Without grace; the reason is `stopped`."""
    recorder = Recorder(FakeTerminal(stubborn=True))
    async with trio.open_nursery() as nursery:
        await start(nursery, recorder)
        begun = trio.current_time()
        nursery.cancel_scope.cancel()
    assert begun == trio.current_time()
    assert [(KILLED, "stopped")] == recorder.ends
