"""Events of running terminals are recorded after their bytes, at a limited rate."""

from typing import Any

import pytest
import trio

from ant.api import codec
from ant.api.run_event_requests import ListRunEvents, ListTerminalEvents
from ant.core.counters import Limit, counted
from ant.core.errors import StorageFailed
from ant.model.prompts import AgentState
from ant.model.run_events import HostEvent, RunEvent
from ant.model.sessions import Session
from ant.prompts.hooks import HookFact
from ant.recording import event_recorder, notice_limiter, transcript_writer
from ant.run_events import hash_chain, log
from ant.terminal.host.host_terminal import ControlSeen, ExitStatus
from ant.terminal.model.prompt import Kind
from ant.terminal.observations import BlockSeen, InputSeen, TitleSeen
from ant.terminal.shell.command_blocks import CommandBlock
from tests.asked import Asker, prompt
from tests.live.waiting import eventually
from tests.systems import PATIENCE_S, Rig


async def trail(rig: Rig, session: Session, **ask: Any) -> list[RunEvent]:
    page = await rig.system.journal.read(
        log.list_run_events, session.id, ListRunEvents(**ask)
    )
    assert ask or hash_chain.fault(codec.plain(page.events)) is None
    return list(page.events)


async def texts(rig: Rig, session: Session, **ask: Any) -> list[str]:
    return [each.text for each in await trail(rig, session, **ask)]


async def ended(rig: Rig, session: Session) -> None:
    """Its program ends, and all is written."""
    live = rig.system.supervisor.find(session.id)
    rig.terminals[-1].end(ExitStatus(code=0))
    with trio.fail_after(PATIENCE_S):
        if live is not None:
            await live.over.wait()
    await rig.settle()


@pytest.mark.slow
async def test_a_run_is_recorded_from_start_to_exit(rig: Rig) -> None:
    """As events of the terminal and in the chain; each state comes after its bytes."""
    asker = await Asker.start(rig)
    asker.show(kind=Kind.BUSY)
    rig.terminals[0].say(b"0123456789" * 3)
    await eventually(lambda: texts(rig, asker.session, kind="status"))
    await asker.ask(prompt())  # Stored: ANT drops one that leaves before that.
    await ended(rig, asker.session)
    told = await trail(rig, asker.session)
    assert "start: pid None" == told[0].text
    assert "exit: code 0" == told[-1].text
    assert {"busy", "busy → waiting", "Run it?"} <= {each.text for each in told}
    page = await rig.system.journal.read(
        log.list_terminal_events, asker.session.id, ListTerminalEvents()
    )
    assert ["exit", "start"] == [row.kind for row in page.rows]
    assert (30, 0) == tuple(row.offset for row in page.rows)
    await rig.check_published()


async def test_no_state_is_recorded_before_its_bytes_are_there(rig: Rig) -> None:
    """It waits for them, and points at them."""
    asker = await Asker.start(rig)
    asker.show(kind=Kind.BUSY)  # By byte 10, which is not there yet.
    asker.show(kind=Kind.BUSY)
    await rig.settle()
    assert [] == await texts(rig, asker.session, kind="status")
    rig.terminals[0].say(b"0123456789")
    await eventually(lambda: texts(rig, asker.session, kind="status"))
    (event,) = await trail(rig, asker.session, kind="status")
    live = rig.system.supervisor.need(asker.session.id)
    assert event.end == 10 <= live.flow.tail.stored


async def test_states_that_alternate_are_rate_limited(rig: Rig) -> None:
    """A hundred changes are two events; the last one has the last state."""
    asker = await Asker.start(rig)
    rig.terminals[0].say(b"x" * 4000)
    for n in range(100):
        asker.show(kind=Kind.AT_REST if n % 2 else Kind.BUSY)
    await ended(rig, asker.session)
    told = await trail(rig, asker.session, kind="status")
    assert ["busy", "busy → ready"] == [each.text for each in told]
    assert 98 == told[-1].payload["passed_over"]


async def test_a_state_of_a_hook_is_recorded_with_its_source(rig: Rig) -> None:
    """And with the trust of what a program reports."""
    session = await rig.started()
    prompt_service = rig.system.services.prompt_service
    assert prompt_service.hook_reported(
        session.id, HookFact(AgentState.READY, "Stop", None, 0.0)
    )
    await ended(rig, session)
    (event,) = await trail(rig, session, kind="status")
    assert ("ready", "medium", "hook") == (
        event.text,
        event.trust,
        event.payload["source"],
    )


async def test_titles_and_sizes_are_rate_limited(rig: Rig) -> None:
    """A spinner does not change a title; of many sizes the last is recorded."""
    session = await rig.started()
    session_run = rig.system.services.running[session.id]
    for n, title in enumerate(("⠂ task", "⠐ task", "⠂ other", "✳ task")):
        session_run.on_observation(TitleSeen(title, n))
    for cols in range(80, 120):
        session_run.live.resize(cols, 24)
    await ended(rig, session)
    told = await texts(rig, session, kind="system")
    assert ["title: ⠂ task"] == [text for text in told if "title" in text]
    assert ["resize: 80×24", "resize: 119×24"] == [t for t in told if "resize" in t]
    _, last = await trail(rig, session, q="resize")
    assert 38 == last.payload["passed_over"]


async def test_a_title_is_read_off_the_screen(rig: Rig) -> None:
    """When output pauses."""
    session = await rig.started()
    rig.terminals[0].say(b"\x1b]0;my task\x07hello")
    await eventually(lambda: texts(rig, session, q="title: my task"))


async def test_host_events_are_recorded(rig: Rig) -> None:
    """Unchanged, after the bytes before them."""
    session = await rig.started()
    rig.terminals[0].say(b"abc")
    live = rig.system.supervisor.need(session.id)
    with trio.fail_after(PATIENCE_S):
        await live.flow.wait_beyond(2)
    session_run = rig.system.services.running[session.id]
    session_run.on_observation(
        ControlSeen("window-renamed", {"name": "vi\udcff", "window_id": 1})
    )
    await eventually(lambda: texts(rig, session, q="window-renamed"))
    page = await rig.system.journal.read(
        log.list_terminal_events,
        session.id,
        ListTerminalEvents(kind="window-renamed"),
    )
    assert [({"name": "vi?", "window_id": 1}, 3)] == [
        (row.data, row.offset) for row in page.rows
    ]


@pytest.mark.meets(Limit.HOST_EVENTS)
async def test_notifications_that_do_not_end_are_limited(rig: Rig) -> None:
    """The newest is recorded with the end of the run, and all of them are counted.

    What matters more is not limited: the start, the exit, the commands.
    """
    session = await rig.started()
    before = counted(Limit.HOST_EVENTS)
    saw = rig.system.services.running[session.id].on_observation
    for n in range(2000):
        data = {"window_id": 1, "name": f"{n}"}
        saw(ControlSeen("window-renamed", data))
    block = CommandBlock("x", False, None, 0, 0.5, 0, 0, None, "0" * 64, 0.0)
    for _ in range(100):
        saw(BlockSeen(block))
    await ended(rig, session)
    told = await trail(rig, session, q="window-renamed", limit=1000)
    assert notice_limiter.BURST + 1 == len(told)
    assert "1999" == told[-1].payload["name"]
    assert 2000 == sum(1 + each.payload.get("passed_over", 0) for each in told)
    assert 2000 - len(told) == counted(Limit.HOST_EVENTS) - before
    assert 100 == len(await trail(rig, session, kind="command_block"))
    page = await rig.system.journal.read(
        log.list_terminal_events, session.id, ListTerminalEvents(order="asc")
    )
    kinds = [row.kind for row in page.rows]
    assert ("start", "exit") == (kinds[0], kinds[-1])
    assert notice_limiter.BURST + 3 == len(kinds)


@pytest.mark.slow
async def test_typed_lines_are_recorded(rig: Rig) -> None:
    """Soon after their Enter, with the source of the input."""
    session = await rig.started()
    saw = rig.system.services.running[session.id].on_observation
    saw(InputSeen(b"make\n", "terminal_input", True))
    saw(InputSeen(b"hunter2\n", "api_terminal_input", False))
    await eventually(lambda: texts(rig, session, q="bytes typed"))
    told = await trail(rig, session, kind="prompt")
    assert ["make", "8 bytes typed, not kept"] == [each.text for each in told]
    ways = [each.payload["capture_source"] for each in told]
    assert ["terminal_input", "api_terminal_input"] == ways


async def test_names_of_typists_are_bounded(rig: Rig) -> None:
    """Further names in a run are not recorded; the first ones still are."""
    session = await rig.started()
    saw = rig.system.services.running[session.id].on_observation
    for n in (*range(event_recorder.TYPISTS + 5), 0):
        saw(InputSeen(b"make\n", "terminal_input", True, f"@{n}"))
    await ended(rig, session)
    told = await trail(rig, session, kind="prompt")
    sizes = {each.payload["by"]: each.payload["size"] for each in told}
    assert (10, 5, 25) == (sizes["@0"], sizes["@1"], sizes[None])
    assert event_recorder.TYPISTS + 1 == len(sizes)


async def test_a_bug_loses_run_events_and_nothing_else(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is logged, the chain says how many are lost, and the next ones are kept."""
    session = await rig.started()
    saw = rig.system.services.running[session.id].on_observation
    with monkeypatch.context() as patch:
        patch.setattr(log, "record_all", lambda unit, batch: 1 // 0)
        saw(ControlSeen("pause", {}))
        await eventually(lambda: "are lost" in caplog.text)
    saw(ControlSeen("continue", {}))
    await eventually(lambda: texts(rig, session, q="continue"))
    told = await texts(rig, session, kind="system")
    assert ["lost events: 1", "continue"] == told[-2:]


@pytest.mark.slow
@pytest.mark.meets(Limit.TRAIL)
async def test_events_lost_to_a_long_outage_are_counted(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest are kept, and an event records how many were lost."""
    session = await rig.started()
    journal, write = rig.system.journal, rig.system.journal.write
    refused = trio.Event()

    async def refuse(work: Any, *args: Any) -> Any:
        if work is log.record_all and not refused.is_set():
            raise StorageFailed("no room")
        return await write(work, *args)

    monkeypatch.setattr(journal, "write", refuse)
    monkeypatch.setattr(transcript_writer, "RETRY_S", 0.01)
    before = counted(Limit.TRAIL)
    services = rig.system.services
    flow = services.flows[session.id]
    for n in range(transcript_writer.EVENTS_MAX + 7):
        event = HostEvent("pane-mode-changed", {"pane_id": n}, 0)
        services.transcript_writer.add_event(session.id, flow, event)
    await eventually(lambda: rig.system.services.transcript_writer.waits)
    refused.set()
    await eventually(lambda: texts(rig, session, q="lost events"))
    assert 7 == counted(Limit.TRAIL) - before
    told = await trail(rig, session, q="pane-mode", limit=1000)
    assert transcript_writer.EVENTS_MAX == len(told)
    assert {"pane_id": 7, "kind": "pane-mode-changed"} == told[0].payload
    (lost,) = await trail(rig, session, q="lost events")
    assert 7 == lost.payload["count"]


def test_the_bounds_are_those_that_are_documented() -> None:
    """One state in five seconds, and at most ten scans a second."""
    assert (5.0, 5.0, 1.0, 60, 0.1) == (
        event_recorder.STATUS_EVERY_S,
        event_recorder.TITLE_EVERY_S,
        event_recorder.SIZE_EVERY_S,
        event_recorder.CHANGES_BURST,
        event_recorder.TICK_S,
    )
