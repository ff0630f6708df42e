"""Run events and terminal events over REST."""

from datetime import UTC, datetime

import trio

from ant.run_events import hash_chain
from ant.run_events.commands import command_block
from ant.run_events.log import record
from ant.store import Unit
from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.shell.command_blocks import CommandBlock
from tests.http.asking import Api
from tests.systems import PATIENCE_S, Rig


async def test_what_happened_is_read_in_pages(api: Api) -> None:
    """Of a terminal, by its linked chat as well; its host's words by themselves."""
    session = await api.rig.started()
    api.rig.terminals[0].end(ExitStatus(code=3))
    live = api.rig.system.supervisor.find(session.id)
    with trio.fail_after(PATIENCE_S):
        if live is not None:
            await live.over.wait()
    here = f"/api/sessions/{session.id}"
    page = await api.get(f"{here}/run-events")
    assert ["start: pid None", "exit: code 3"] == [e["text"] for e in page["events"]]
    assert hash_chain.fault(page["events"]) is None
    linked = await api.get(f"/api/sessions/{session.linked_chat_id}/run-events")
    assert (session.linked_chat_id, session.id, page["events"]) == (
        linked["session_id"],
        linked["terminal_id"],
        linked["events"],
    )
    one = await api.get(f"{here}/run-events?limit=1&q=exit&source=terminal")
    assert (1, page["events"][1:]) == (one["count"], one["events"])
    told = await api.get(f"{here}/terminal/events")
    assert ["exit", "start"] == [row["kind"] for row in told["rows"]]
    data = {"code": 3, "signal": None, "reason": None}
    assert data == told["rows"][0]["data"]


async def test_a_terminal_tells_what_was_run(api: Api, rig: Rig) -> None:
    """Its commands and how they ended, by their events; its chat tells of the room."""
    row = await rig.create()

    def run(unit: Unit) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        for number, code in enumerate((0, 3)):
            block = CommandBlock(f"x{number}", False, "/", code, 1, 0, 0, None, None, 0)
            record(unit, row.id, command_block(block, at))

    await rig.system.journal.write(run)
    told = await api.get(f"/api/sessions/{row.id}/digest")
    assert (0, 2, 1) == (
        told["messageCount"],
        told["terminal"]["command_count"],
        told["terminal"]["failed"],
    )
    (failure,) = told["terminal"]["failures"]
    events = await api.get(f"/api/sessions/{row.id}/run-events")
    assert ("x1", 3, events["events"][-1]["id"]) == (
        failure["command"],
        failure["exit_code"],
        failure["event_id"],
    )
    told = await api.get(f"/api/sessions/{row.linked_chat_id}/digest")
    assert told["terminal"] is None
