"""Status, pending, respond, settings and hooks over HTTP."""

import json
from typing import Any

import pytest
import trio

from ant.core import clock
from ant.http.routes.prompts import last_rows
from ant.prompts.hooks import TRUST_S
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Form, Kind, Option, PromptClass
from tests.asked import Asker, prompt
from tests.http.asking import Answer, Api
from tests.systems import PATIENCE_S, Rig


@pytest.fixture
async def asker(rig: Rig) -> Asker:
    return await Asker.start(rig)


async def respond(api: Api, asker: Asker, **body: Any) -> Answer:
    path = f"/api/sessions/{asker.session.id}/prompt-bridge/respond"
    return await api.call("POST", path, body)


async def status(api: Api, session_id: str | None) -> Any:
    return await api.get(f"/api/sessions/{session_id}/status")


async def test_waiting_terminals_come_first(api: Api, rig: Rig) -> None:
    """A prompt, then an editor, then the newest change."""
    editor = prompt("", class_=PromptClass.EDITOR, form=Form.VIEW, options=())
    asks, edits, works = [await Asker.start(rig, name) for name in "abc"]
    await asks.ask()
    edits.show(editor)
    works.show(kind=Kind.BUSY)
    page = await api.get("/api/status")
    told = [
        (each["session"]["name"], each["needs_input"], each["agent_status"]["state"])
        for each in page["terminals"]
    ]
    assert [("a", True, "waiting"), ("b", False, "waiting"), ("c", False, "busy")] == (
        told
    )
    assert 1 == page["waiting"]


async def test_the_overview_says_where_a_terminal_is(api: Api, rig: Rig) -> None:
    """Its folder and rooms; and the end of the screen of those that wait."""
    asks, works = [await Asker.start(rig, name) for name in "ab"]
    fake = rig.terminals[0]
    rows = "".join(f"row {n}\r\n" for n in range(12))
    fake.say(f"{rows}Run it?\r\n\r\n".encode())
    live = rig.system.supervisor.need(asks.session.id)
    with trio.fail_after(PATIENCE_S):
        await live.flow.wait_beyond(len(rows))
    rooms = [await api.room(name) for name in ("first", "left", "last", "archived")]
    for room in rooms:
        path = f"/api/sessions/{room['id']}/participants"
        added = await api.call("POST", path, {"session_id": asks.session.id})
        assert 201 == added.status, added.body
    path = f"/api/sessions/{rooms[1]['id']}/participants"
    gone = await api.call("DELETE", path, {"session_id": asks.session.id})
    assert 200 == gone.status, gone.body
    await api.call("PATCH", f"/api/sessions/{rooms[3]['id']}", {"archived": True})
    await asks.ask()
    works.show(kind=Kind.BUSY)
    first, second = (await api.get("/api/status"))["terminals"]
    assert ["last", "first"] == [each["name"] for each in first["rooms"]]
    assert rooms[0]["id"] == first["rooms"][1]["id"]
    assert [*(f"row {n}" for n in range(3, 12)), "Run it?"] == first["screen"]
    assert rig.specs[0].cwd == first["folder"]
    assert ([], None) == (second["rooms"], second["screen"])


def test_the_last_rows_of_a_screen() -> None:
    """At most ten, with the empty ones in between, and none of a blank screen."""
    assert () == last_rows(["", "  ", ""])
    assert ("a", "", "b") == last_rows(["a", "", "b", "", ""])
    assert tuple("bcdefghijk") == last_rows([*"abcdefghijk", ""])


async def test_an_answer_without_effect_is_told_to_all(api: Api, asker: Asker) -> None:
    """The prompt is still pending; its record says what was typed."""
    one = await asker.ask()
    asker.outcomes.append(Outcome("Yes", False, asker.end + 1))
    async with api.ear() as ear:
        await respond(api, asker, prompt_id=one.id, type="select", choice={"index": 0})
        (told,) = await ear.heard()
    assert ("prompt_updated", one.id, "pending", False) == (
        told["type"],
        told["prompt"]["id"],
        told["prompt"]["status"],
        told["prompt"]["answer"]["resolved"],
    )


async def test_a_prompt_from_screen_to_answer(api: Api, asker: Asker) -> None:
    """Heard by all, seen by either id, answered by option, gone everywhere."""
    chat = asker.session.linked_chat_id
    async with api.ear() as ear:
        one = await asker.ask()
        tags = await ear.tags()
    # The card is for those who joined its room.
    assert ["agent_status_updated", "prompt_detected", "session_needs_input"] == tags
    for each in (asker.session.id, chat):
        path = f"/api/sessions/{each}/prompt-bridge/pending"
        pending = (await api.get(path))["pending"]
        assert (one.id, one.message_id) == (pending["id"], pending["message_id"])
        page = await status(api, each)
        assert (True, one.id, "waiting") == (
            page["needs_input"],
            page["prompt"]["id"],
            page["agent_status"]["state"],
        )
    overview = await api.get("/api/status")
    (told,) = overview["terminals"]
    assert (1, page["prompt"], page["agent_status"], page["terminal"]) == (
        overview["waiting"],
        told["prompt"],
        told["agent_status"],
        told["session"],
    )
    assert (
        page["capture"]["terminal_activity"]["state"]
        == (told["terminal_activity"]["state"])
    )
    async with api.ear() as ear:
        answer = await respond(
            api,
            asker,
            prompt_id=one.id,
            type="select",
            choice={"index": 1},
            by="ada",
            reason="why not",
        )
        tags = await ear.tags()
    assert (200, {"ok", "prompt", "chosen", "resolved"}) == (
        answer.status,
        answer.body.keys(),
    )
    assert ("answered", "ada", "why not", True) == (
        answer.body["prompt"]["status"],
        answer.body["prompt"]["answer"]["by"],
        answer.body["prompt"]["answer"]["justification"],
        answer.body["resolved"],
    )
    assert [Choice("select", index=1)] == [choice for _, choice in asker.typed]
    assert [
        "agent_status_updated",
        "prompt_bridge_resolved",
        "session_input_resolved",
    ] == tags
    for each in (asker.session.id, chat):
        path = f"/api/sessions/{each}/prompt-bridge/pending"
        assert {"pending": None} == await api.get(path)
        assert (await status(api, each))["needs_input"] is False


async def test_words_are_understood_or_refused(api: Api, asker: Asker) -> None:
    """A label, a number; anything else is a 422 and nothing is typed."""
    await asker.ask()
    for said in ("maybe", "4", "y"):
        answer = await respond(api, asker, response=said)
        assert 422 == answer.status
        assert answer.detail
    assert 400 == (await respond(api, asker, response=" ")).status
    assert [] == asker.typed
    assert 200 == (await respond(api, asker, response="no")).status
    assert [Choice("select", index=2)] == [choice for _, choice in asker.typed]


async def test_a_line_is_typed(api: Api, asker: Asker) -> None:
    """Where one is asked for; `text` is the other name of `response`."""
    line = prompt(
        "Name:", form=Form.LINE, options=(), class_=PromptClass.FREE_TEXT, text="Name:"
    )
    await asker.ask(line)
    answer = await respond(api, asker, text="ada")
    assert (200, "ada") == (answer.status, answer.body["prompt"]["answer"]["text"])


async def test_nothing_is_pending(api: Api, asker: Asker) -> None:
    """Nothing asked, nothing running, a room, an unknown prompt, a past one."""
    assert 409 == (await respond(api, asker, response="y")).status
    assert 404 == (await respond(api, asker, response="y", prompt_id="p")).status
    one = await asker.ask()
    asker.show(prompt("And this?"))
    answer = await respond(api, asker, response="yes", prompt_id=one.id)
    assert (409, "urn:ant:problem:already-answered") == (
        answer.status,
        answer.body["type"],
    )
    assert 404 == (await respond(api, asker, response="y", prompt_id="p")).status
    room, idle = await api.room(), await asker.rig.create("two")
    for session_id in (room["id"], idle.id):
        path = f"/api/sessions/{session_id}/prompt-bridge/respond"
        assert 409 == (await api.call("POST", path, {"response": "y"})).status
    path = f"/api/sessions/{room['id']}/prompt-bridge/pending"
    assert 409 == (await api.call("GET", path)).status
    assert [] == asker.typed


async def test_one_of_twenty_answers_is_accepted(api: Api, asker: Asker) -> None:
    """The other nineteen are refused."""
    one = await asker.ask()
    asker.go = trio.Event()
    answers: list[int] = []

    async def ask() -> None:
        answer = await respond(api, asker, prompt_id=one.id, type="approve")
        answers.append(answer.status)
        if len(answers) == 19:
            asker.go.set()

    async with trio.open_nursery() as nursery:
        for _ in range(20):
            nursery.start_soon(ask)
    assert [200, *[409] * 19] == sorted(answers)
    assert 1 == len(asker.typed)


async def test_a_dialog_that_is_drawn_anew_at_that_moment(
    api: Api, asker: Asker
) -> None:
    """Its end is not stored yet: the 409 says what happened, and what to do."""
    one = await asker.ask()
    asker.show(prompt("Run it now?"))
    answer = await respond(api, asker, prompt_id=one.id, type="approve")
    assert (409, []) == (answer.status, asker.typed)
    assert (
        "This prompt has left the screen: it was answered there, or the program drew "
        "it anew. Answer the prompt that waits now, if there is one."
    ) == answer.body["detail"]
    two = await asker.told()
    answer = await respond(api, asker, prompt_id=two.id, type="approve", by="@ada")
    assert 200 == answer.status
    answer = await respond(api, asker, prompt_id=two.id, type="approve")
    said = "This prompt was answered already by @ada: 'approve'."
    assert (409, True) == (answer.status, answer.body["detail"].startswith(said))


async def test_a_pager_is_no_prompt(api: Api, asker: Asker) -> None:
    """It waits for keys, which the state says; there is nothing to answer."""
    asker.show(prompt(class_=PromptClass.PAGER, form=Form.VIEW, options=()))
    page = await status(api, asker.session.id)
    assert (False, None, "waiting", "dialog") == (
        page["needs_input"],
        page["prompt"],
        page["agent_status"]["state"],
        page["agent_status"]["kind"],
    )
    assert 409 == (await respond(api, asker, response="q")).status


async def test_a_screen_that_moves_is_the_same_prompt(api: Api, asker: Asker) -> None:
    """One event, one card; what is marked now is in the answer."""
    one = await asker.ask()
    asker.show(
        prompt(options=(Option("Yes"), Option("Yes, always"), Option("No", True)))
    )
    again = await asker.told()
    path = f"/api/sessions/{asker.session.id}/prompt-bridge/pending"
    pending = (await api.get(path))["pending"]
    assert (one.id, again.id, 2) == (pending["id"], again.id, pending["selected"])
    assert 1 == asker.rig.tags().count("PromptDetected")


async def test_the_status_page_has_the_originals_keys(api: Api, asker: Asker) -> None:
    """All of them, whether or not there is something in them."""
    page = await status(api, asker.session.id)
    keys = {
        *("needs_input", "event_id", "event_chat_id", "event", "event_class"),
        *("summary", "since", "agent_status", "prompt_bridge", "session"),
        *("terminal", "linked_chat", "route", "capture"),
    }
    assert keys == page.keys() - {"prompt"}
    assert {"mode", "terminal_id", "linked_chat_id", "executes_in_terminal"} == set(
        page["route"]
    )
    assert (None, "terminal_activity", "none", "working") == (
        page["agent_status"],
        page["capture"]["status_source"],
        page["capture"]["interactive_source"],
        page["capture"]["terminal_activity"]["state"],
    )
    asker.show(kind=Kind.AT_REST)
    page = await status(api, asker.session.id)
    assert ("ready", "at_rest", "driver_status_line") == (
        page["agent_status"]["state"],
        page["agent_status"]["kind"],
        page["capture"]["status_source"],
    )
    assert page["capture"]["detected_at"] == page["agent_status"]["detectedAt"]
    room = await api.room()
    page = await status(api, room["id"])
    assert (None, "none", "chatroom", room["id"]) == (
        page["terminal"],
        page["capture"]["status_source"],
        page["route"]["mode"],
        page["session"]["id"],
    )


@pytest.mark.parametrize(
    ("silent_s", "state"),
    [(0, "working"), (9, "working"), (10, "thinking"), (30, "idle")],
)
async def test_activity_follows_from_silence(
    api: Api, asker: Asker, monkeypatch: pytest.MonkeyPatch, silent_s: int, state: str
) -> None:
    """The original's, with the age in ms."""
    session_run = asker.rig.system.services.running[asker.session.id]
    monkeypatch.setattr(type(session_run), "silent_s", float(silent_s))
    page = await status(api, asker.session.id)
    assert {"state": state, "ageMs": silent_s * 1000} == page["capture"][
        "terminal_activity"
    ]


@pytest.mark.parametrize("spelling", ["agent_response", "Agent_Response"])
async def test_a_prompt_is_answered_in_the_room_it_was_routed_to(
    api: Api, asker: Asker, spelling: str
) -> None:
    """By its notice there; the notice and the card are resolved, and told of."""
    room = await api.room()
    targets = [{"kind": "linked_chat"}, {"kind": "chat", "session_id": room["id"]}]
    config = {"routes": {asker.session.id: targets}}
    await api.call("PUT", "/api/prompt-bridge/config", config)
    one = await asker.ask()
    path = f"/api/sessions/{room['id']}/messages"
    (notice,) = (await api.get(path))["messages"]
    content = {"event_id": notice["id"], "type": "select", "choice": {"index": 1}}
    body = {"msg_type": spelling, "content": json.dumps(content), "sender_id": "@ada"}
    async with api.ear(room["id"]) as ear:
        answer = await api.call("POST", path, body)
        heard = await ear.heard()
    assert (200, True, "@ada", "chat") == (
        answer.status,
        answer.body["resolved"],
        answer.body["prompt"]["answer"]["by"],
        answer.body["prompt"]["answer"]["source"],
    )
    assert [Choice("select", index=1)] == [choice for _, choice in asker.typed]
    updated = [each for each in heard if each["type"] == "message_updated"]
    assert [notice["id"]] == [each["msgId"] for each in updated]
    for session_id in (room["id"], asker.session.linked_chat_id):
        page = await api.get(f"/api/sessions/{session_id}/messages")
        (card,) = page["messages"]
        assert ("responded", one.id) == (
            card["meta"]["status"],
            card["meta"]["prompt_id"],
        )
    again = await api.call("POST", path, body)
    assert (409, "urn:ant:problem:already-answered") == (
        again.status,
        again.body["type"],
    )
    wrong = await api.call("POST", path, {**body, "content": "yes"})
    assert 400 == wrong.status
    assert wrong.detail.startswith("The content of an agent_response is not JSON: ")


async def test_settings(api: Api) -> None:
    """Got and put, in either envelope, merged to any depth."""
    path = "/api/prompt-bridge/config"
    config = (await api.get(path))["config"]
    assert (True, True, {}, 30_000) == (
        config["enabled"],
        config["audit"],
        config["routes"],
        config["detect"]["min_interval_ms"],
    )
    answer = await api.call("PUT", path, {"detect": {"window_lines": 3}})
    assert (200, 3, 30_000) == (
        answer.status,
        answer.body["config"]["detect"]["window_lines"],
        answer.body["config"]["detect"]["min_interval_ms"],
    )
    answer = await api.call("PUT", path, {"config": {"enabled": False}})
    assert (200, False, 3) == (
        answer.status,
        answer.body["config"]["enabled"],
        answer.body["config"]["detect"]["window_lines"],
    )
    assert [] == answer.body["ignored"]
    assert {"config": answer.body["config"]} == await api.get(path)
    for body in ({"audit": False, "detect": {}, "enabled": True}, {"audit": True}):
        for form in (body, {"config": body}):
            answer = await api.call("PUT", path, form)
            assert [e for e in body if e != "enabled"] == answer.body["ignored"]
    answer = await api.call("PUT", path, {"default_targets": [{"kind": "chat"}]})
    assert (400, ["a chat target needs session_id at $.default_targets[0]"]) == (
        answer.status,
        answer.body["issues"],
    )


async def hook(api: Api, **body: Any) -> Answer:
    return await api.call("POST", "/api/hooks", body)


async def test_hooks(api: Api, asker: Asker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count for more than the screen, whoever tells them has many fields."""
    here = asker.session.id
    asker.show(kind=Kind.AT_REST)
    answer = await hook(
        api,
        hook_event_name="PreToolUse",
        ant_session_id=here,
        tool_name="Bash",
        session_id="theirs",
        tool_input={"command": "ls"},
    )
    assert (200, {"ok": True, "event": "PreToolUse", "action": "recorded"}) == (
        answer.status,
        answer.body,
    )
    page = await status(api, here)
    assert ("busy", "hook", "Bash", "hook") == (
        page["agent_status"]["state"],
        page["agent_status"]["source"],
        page["agent_status"]["activity"],
        page["capture"]["status_source"],
    )
    for body in (
        {"event": "Unheard", "ant_session_id": here},
        {"event": "Stop"},
        {"event": "Stop", "ant_session_id": (await api.room())["id"]},
    ):
        answer = await hook(api, **body)
        assert (200, "ignored") == (answer.status, answer.body["action"])
    for event in ("Stop", "Unheard"):
        answer = await hook(api, event=event, ant_session_id="nobody")
        assert 404 == answer.status
    page = await api.get(f"/api/sessions/{here}/run-events?source=hook")
    assert [("tool_call", "Bash: ls"), ("system", "Unheard")] == [
        (event["kind"], event["text"]) for event in page["events"]
    ]
    fields = page["events"][0]["payload"]["fields"]
    assert ("theirs", {"command": "ls"}) == (fields["session_id"], fields["tool_input"])
    asker.show(kind=Kind.AT_REST)
    late = clock.monotonic() + TRUST_S
    monkeypatch.setattr(clock, "monotonic", lambda: late)
    assert "screen" == (await status(api, here))["agent_status"]["source"]


async def test_explain_shows_the_hook_and_the_screen(api: Api, asker: Asker) -> None:
    """The newer of both counts; a past screen has no hook."""
    here = asker.session.id
    path = f"/api/sessions/{here}/prompt-bridge/explain"
    asker.show(kind=Kind.AT_REST)
    assert (await api.get(path))["hook"] is None
    await hook(api, event="UserPromptSubmit", ant_session_id=here)
    told = await api.get(path)
    assert ("busy", "UserPromptSubmit", "busy", True) == (
        told["state"],
        told["hook"]["event"],
        told["hook"]["state"],
        told["hook"]["counts"],
    )
    said = {"last_assistant_message": "All is done."}
    await hook(api, event="Stop", ant_session_id=here, **said)
    status_page = await status(api, here)
    assert ("ready", "All is done.") == (
        status_page["agent_status"]["state"],
        status_page["agent_status"]["lastMessage"],
    )
    asker.show(kind=Kind.BUSY)
    told = await api.get(path)
    assert ("busy", "ready", False) == (
        told["state"],
        told["hook"]["state"],
        told["hook"]["counts"],
    )
    page = await status(api, here)
    assert page["agent_status"]["lastMessage"] is None


async def test_who_joins_is_told_the_state(api: Api, asker: Asker) -> None:
    """Of a terminal, if anything is known."""
    async with api.rig.app.test_client().websocket("/ws") as socket:
        join = f'{{"type":"join_session","sessionId":"{asker.session.id}","ref":"r"}}'

        async def joined() -> list[str]:
            await socket.send(join)
            types: list[str] = []
            while not types or types[-1] != "ack":
                types.append(json.loads(await socket.receive())["type"])
            return types

        assert "agent_status_updated" not in await joined()
        asker.show(prompt())
        assert "agent_status_updated" in await joined()
