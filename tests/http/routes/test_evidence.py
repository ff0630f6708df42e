"""Digests, exports and the trail over HTTP."""

from datetime import UTC, datetime

import trio

from ant import chain
from ant.blocks import command_block
from ant.store import Unit
from ant.terminal.blocks import Block
from ant.terminal.host import Exit
from ant.tracing import record
from tests.http.asking import Api
from tests.systems import PATIENCE_S, Rig


async def test_a_digest_quotes_the_room(api: Api) -> None:
    """Each sentence with the message it comes from; cards do not count."""
    room = await api.room()
    here = f"/api/sessions/{room['id']}"
    ids = {}
    for text in ("We decided to ship the parser today.", "Its tests fail on Windows."):
        answer = await api.call(
            "POST", f"{here}/messages", {"content": text, "sender_id": "ada"}
        )
        ids[answer.body["id"]] = text
    await api.call(
        "POST", f"{here}/messages", {"content": "{}", "msg_type": "agent_event"}
    )
    told = await api.get(f"{here}/digest")
    assert (2, 1, 3) == (
        told["messageCount"],
        told["participantCount"],
        told["covered"],
    )
    assert "parser" in [each["term"] for each in told["keyTerms"]]
    assert ids == {each["messageId"]: each["text"] for each in told["sentences"]}


async def test_an_empty_room_has_an_empty_digest(api: Api) -> None:
    """Nothing is made up."""
    room = await api.room()
    told = await api.get(f"/api/sessions/{room['id']}/digest")
    assert (0, [], None) == (
        told["messageCount"],
        told["sentences"],
        told["firstMessage"],
    )


async def test_what_happened_is_read_in_pages(api: Api) -> None:
    """Of a terminal, by its linked chat as well; its host's words by themselves."""
    session = await api.rig.started()
    api.rig.terminals[0].end(Exit(code=3))
    live = api.rig.system.supervisor.find(session.id)
    with trio.fail_after(PATIENCE_S):
        if live is not None:
            await live.over.wait()
    here = f"/api/sessions/{session.id}"
    page = await api.get(f"{here}/run-events")
    assert ["start: pid None", "exit: code 3"] == [e["text"] for e in page["events"]]
    assert chain.fault(page["events"]) is None
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
            block = Block(f"x{number}", False, "/", code, 1, 0, 0, None, None, 0)
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


async def test_an_export_comes_back_or_is_refused(api: Api) -> None:
    """The forms are listed, Markdown is the default, another name is a 400."""
    room = await api.room("A room")
    here = f"/api/sessions/{room['id']}/export"
    told = await api.get(here)
    assert "markdown" in [each["id"] for each in told["targets"]]
    answer = await api.call("POST", here, {})
    assert "# A room" in answer.body["targets"]["markdown"]["document"]
    answer = await api.call("POST", here, {"targets": ["obsidian", "html"]})
    assert ["html", "markdown"] == sorted(answer.body["targets"])
    assert 400 == (await api.call("POST", here, {"target": "slides"})).status
