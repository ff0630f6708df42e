"""Waits that go on from one another's cursor miss nothing and tell nothing twice."""

import gc
import tempfile
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from ant.api.terminal_requests import WaitFor
from ant.model.sessions import SessionId
from ant.model.waits import Waited
from ant.prompts import prompts
from ant.runtime.waits import wait_for
from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.observations import BlockSeen
from ant.terminal.shell.command_blocks import CommandBlock
from tests.asked import prompt, record
from tests.live.waiting import eventually
from tests.systems import PATIENCE_S, Rig, running

UNTIL = (r"output:re:fact \d+;", "block", "prompt")
COUNT = 100
EXAMPLES = max(4, settings.default.max_examples // 10)
"""Each is a server of its own, of half a second; `make fuzz` runs three hundred."""

LAST = 99
"""The exit code of the last run."""

OPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), st.integers(1, 12)),
        st.tuples(st.just("block"), st.just(0)),
        st.tuples(st.just("prompt"), st.just(0)),
        st.tuples(st.just("restart"), st.integers(0, 3)),
        st.tuples(st.just("pause"), st.integers(1, 8)),
        st.tuples(st.just("settle"), st.just(0)),
    ),
    max_size=16,
)


def block(command: str, end: int) -> CommandBlock:
    """A command that has just ended."""
    at = trio.current_time()
    return CommandBlock(command, False, None, 0, 0.1, end, end, None, None, at)


async def act(
    rig: Rig, session_id: SessionId, ops: Sequence[tuple[str, int]]
) -> dict[str, list[Any]]:
    """Do all this to a terminal, and end it; what a wait can tell of it, by kind."""
    done: dict[str, list[Any]] = {"output": [], "block": [], "prompt": [], "exit": []}
    services = rig.system.services
    for number, (what, count) in enumerate([*ops, ("restart", LAST)], 1):
        run = services.running[session_id]
        end = run.flow.tail.end
        if what == "say":
            text = b"".join(
                b"\x1b[1mfact\x1b[0m %d;" % (number * 100 + n) for n in range(count)
            )
            done["output"] += [number * 100 + n for n in range(count)]
            cut = count * 7 % len(text)
            rig.terminals[-1].say(text[:cut], text[cut:])
        elif what == "block":
            run.on_observation(BlockSeen(block(f"command {number}", end)))
            done["block"].append(f"command {number}")
        elif what == "prompt":
            asks = record(session_id, prompt(f"Question {number}?"), start=end, end=end)
            await rig.system.journal.write(prompts.raise_prompt, asks)
            done["prompt"].append(f"Question {number}?")
        elif what == "restart":
            rig.terminals[-1].end(ExitStatus(code=count))
            await run.live.over.wait()
            await rig.settle()
            done["exit"].append(count)
            if count != LAST:
                await rig.system.supervisor.start(session_id)
        elif what == "settle":
            await rig.settle()
        else:
            for _ in range(count):
                await trio.lowlevel.checkpoint()
    return done


def told_of(answer: Waited) -> tuple[str, Any]:
    """The kind of a fact, and what says which one it is."""
    match answer.until:
        case "block":
            return "block", answer.command
        case "prompt":
            assert answer.prompt is not None
            return "prompt", answer.prompt.question
        case "exit":
            return "exit", answer.exit_code
    assert answer.text is not None
    assert answer.start is not None
    return "output", (answer.start, answer.end)


async def follow(
    rig: Rig, session_id: SessionId, after: str, timeouts: Sequence[int]
) -> list[Waited]:
    """All that waits tell from a cursor on, up to the end of the last run."""
    told: list[Waited] = []
    for turn in range(10_000):
        timeout = timeouts[turn % len(timeouts)]
        asked = WaitFor(UNTIL, timeout, after)
        answer = await wait_for(rig.system, session_id, asked, None)
        before, after = after, answer.next
        assert [int(each) for each in before.split(".")] <= [
            int(each) for each in after.split(".")
        ] or answer.until is not None
        if answer.timed_out:
            assert not answer.stopping
            await trio.lowlevel.checkpoint()
            continue
        assert before != after
        told.append(answer)
        if (answer.until, answer.exit_code) == ("exit", LAST):
            break
    return told


@pytest.mark.slow
@given(
    ops=OPS,
    timeouts=st.lists(st.sampled_from([0, 20]), min_size=1, max_size=4),
    window=st.sampled_from([2, 1024]),
)
@settings(max_examples=EXAMPLES)
def test_no_fact_between_two_waits_is_missed(
    ops: list[tuple[str, int]], timeouts: list[int], window: int
) -> None:
    """Whatever happens while a wait is open or between two, each once and in order."""

    async def main() -> None:
        with tempfile.TemporaryDirectory() as folder, trio.fail_after(PATIENCE_S):
            async with running(Path(folder), window=window) as rig:
                session = await rig.started()
                here = WaitFor(("block",), 0)
                start = await wait_for(rig.system, session.id, here, None)
                done: dict[str, list[Any]] = {}
                live: list[Waited] = []

                async def watch() -> None:
                    live.extend(await follow(rig, session.id, start.next, timeouts))

                async with trio.open_nursery() as nursery:
                    nursery.start_soon(watch)
                    done |= await act(rig, session.id, ops)
                later = await follow(rig, session.id, start.next, [20])
                for told in (live, later):
                    check(told, done)

    trio.run(main)


def check(told: list[Waited], done: dict[str, list[Any]]) -> None:
    """Everything that was done was told, once, each kind in its order."""
    found: dict[str, list[Any]] = {kind: [] for kind in done}
    for answer in told:
        kind, which = told_of(answer)
        found[kind].append(which)
    places = found.pop("output")
    assert sorted(set(places)) == places
    assert len(done["output"]) == len(places)
    assert {k: v for k, v in done.items() if k != "output"} == found
    runs = [answer.run for answer in told]
    assert len(set(runs)) == len(done["exit"])
    assert runs == sorted(runs, key=runs.index), "facts of two runs are mixed"


async def test_a_bus_that_moved_on(tmp_path: Path) -> None:
    """Events that left the window are read from the log."""
    async with running(tmp_path, window=1) as rig:
        session = await rig.started()
        start = await wait_for(rig.system, session.id, WaitFor(("exit",), 0), None)
        rig.terminals[0].end(ExitStatus(code=7))
        await rig.system.services.running[session.id].live.over.wait()
        await rig.settle()
        for number in range(4):
            await rig.create(f"other {number}")
        asked = WaitFor(("exit",), 20, start.next)
        with trio.fail_after(PATIENCE_S):
            answer = await wait_for(rig.system, session.id, asked, None)
        assert 7 == answer.exit_code


async def test_stored_output_is_searched_in_a_thread(rig: Rig) -> None:
    """Beyond what is in memory, and a gap is named."""
    session = await rig.started()
    rig.terminals[0].say(b"needle\r\n", *[b"x" * 60_000 + b"\r\n"] * 60)
    with trio.fail_after(PATIENCE_S):
        asked = WaitFor(("output:needle",), 20, "0")
        flow = rig.system.services.flows[session.id]
        await flow.wait_beyond(60 * 60_000)
        await rig.system.services.transcript_writer.flush(session.id, flow)
        await eventually(lambda: flow.tail.base)
        answer = await wait_for(rig.system, session.id, asked, None)
        assert (0, 6) == (answer.start, answer.end)
        asked = WaitFor(("output:needle",), 0, answer.next)
        nothing = await wait_for(rig.system, session.id, asked, None)
        assert nothing.timed_out
        assert nothing.gap is None
        assert int(nothing.next.split(".")[0]) == flow.tail.end


held: list[int] = []


async def hold() -> None:
    """Wait with a deadline, as each open request does, and nothing else."""
    held.append(1)
    with trio.move_on_after(300):
        await trio.sleep_forever()


async def traced(wait: Callable[[], Awaitable[object]], are_open: Any) -> float:
    """Bytes that each of `COUNT` such tasks holds."""
    gc.collect()
    async with trio.open_nursery() as nursery:
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(COUNT):
            nursery.start_soon(wait)
        await eventually(are_open)
        gc.collect()
        held = tracemalloc.get_traced_memory()[0] - before
        nursery.cancel_scope.cancel()
    return held / COUNT


@pytest.mark.slow
async def test_a_wait_is_small(rig: Rig) -> None:
    """Below 2 KiB beyond a task with a deadline; nothing stays when they leave."""
    session = await rig.started()
    rig.terminals[0].say(b"$ ")
    until = ("output:passed", "block", "idle:200")
    waiting = rig.system.bus._by_session

    async def wait() -> None:
        await wait_for(rig.system, session.id, WaitFor(until, 300), None)

    def are_asleep() -> bool:
        found = waiting.get(session.id, set())
        return len(found) == COUNT and all(each._task for each in found)

    tracemalloc.start()
    try:
        await traced(wait, are_asleep)  # Caches are full now.
        own = await traced(wait, are_asleep)
        control = await traced(hold, lambda: len(held) == COUNT)
    finally:
        tracemalloc.stop()
    assert own - control < 2048, (own, control)
    assert 0 == rig.system.services.wait_slots.count
    assert not waiting
    assert 0 == rig.system.services.broadcaster.count()
