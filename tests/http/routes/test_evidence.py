"""Digests over HTTP."""

from datetime import UTC, datetime

from ant.blocks import command_block
from ant.store import Unit
from ant.terminal.blocks import Block
from ant.tracing import record
from tests.http.asking import Api
from tests.systems import Rig


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


async def test_a_terminal_tells_what_was_run(api: Api, rig: Rig) -> None:
    """Its commands and how they ended, by their events; its chat tells of the room."""
    row = await rig.create()

    def run(unit: Unit) -> None:
        at = datetime(2026, 1, 1, tzinfo=UTC)
        for number, code in enumerate((0, 3)):
            block = Block(f"x{number}", False, "/", code, 1, 0, 0, None, None)
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
