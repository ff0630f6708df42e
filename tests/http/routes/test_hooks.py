"""Hooks that answer, over HTTP: a request waits, and is a prompt like any other."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from ant.core.counters import Limit
from ant.model.prompts import PromptRecord
from ant.prompts import prompt_service
from ant.terminal.model.choice import Choice, Outcome
from tests.asked import Asker, stored
from tests.heard import Hearer
from tests.hooking import ALLOWED, RULES, Hook, denied, dialog
from tests.http.asking import Answer, Api
from tests.systems import PATIENCE_S, Rig


@pytest.fixture
async def asker(rig: Rig) -> Asker:
    return await Asker.start(rig)


async def until(asker: Asker, look: Callable[[], Any]) -> Any:
    """The first true answer of `look`, asked when a prompt may have changed."""
    case = asker.rig.system.services.prompt_service._entries[asker.session.id]
    with trio.fail_after(PATIENCE_S):
        while not (found := look()):
            await case.changed.park()
    return found


async def opened(asker: Asker) -> PromptRecord:
    """The current prompt, once it is there and stored."""
    service = asker.rig.system.services.prompt_service

    def look() -> PromptRecord | None:
        record = service.shown(asker.session.id)
        return record if record is not None and record.is_pending else None

    await until(asker, look)
    return await asker.told()


@asynccontextmanager
async def waiting(
    asker: Asker, query: dict[str, Any] | None = None, **fields: Any
) -> AsyncIterator[Hook]:
    """A request that waits; it has its response at the end of the block."""
    hook = Hook.of(asker)
    service = asker.rig.system.services.prompt_service
    count = service.waiting
    async with trio.open_nursery() as nursery:
        nursery.start_soon(lambda: hook.post(query, **fields))
        await until(asker, lambda: service.waiting > count or hook.over.is_set())
        yield hook
        with trio.fail_after(PATIENCE_S):
            await hook.over.wait()


async def respond(api: Api, asker: Asker, **body: Any) -> Answer:
    path = f"/api/sessions/{asker.session.id}/prompt-bridge/respond"
    return await api.call("POST", path, body)


async def events(api: Api, asker: Asker) -> list[Any]:
    path = f"/api/sessions/{asker.session.id}/run-events"
    page = await api.get(path)
    found: list[Any] = page["events"]
    return found


async def test_a_request_is_a_prompt_and_its_answer_the_response(
    api: Api, asker: Asker
) -> None:
    """Without a dialog: one card, the exact command, and not a key pressed."""
    async with api.ear() as ear:
        async with waiting(asker) as hook:
            one = await opened(asker)
            assert ("Bash: touch a.txt", "hook", "permission_request") == (
                one.question,
                one.detector,
                one.class_,
            )
            labels = [option.label for option in one.options]
            rule = "Allow, and always: Bash(touch:*) (local settings)"
            assert ["Allow", "Deny", rule] == labels
            assert [False, False, True] == [each.lasting for each in one.options]
            assert one.details is not None
            assert ("claude-code", "Bash", True, "/src", "default") == (
                one.details.agent,
                one.details.tool,
                one.details.complete,
                one.details.folder,
                one.details.mode,
            )
            assert {"command": "touch a.txt", "description": "Make one file"} == (
                one.details.input
            )
            assert one == stored(asker.rig.store, one.id)
            page = await api.get(f"/api/sessions/{asker.session.id}/status")
            assert (one.id, "waiting", "hook", one.message_id) == (
                page["prompt"]["id"],
                page["agent_status"]["state"],
                page["agent_status"]["source"],
                page["event_id"],
            )
            answer = await respond(api, asker, prompt_id=one.id, type="approve")
            assert (200, True, "hook") == (
                answer.status,
                answer.body["resolved"],
                answer.body["prompt"]["answer"]["via"],
            )
        tags = [each["type"] for each in await ear.heard()]
    assert ALLOWED == hook.body
    assert [] == asker.typed
    assert 1 == tags.count("prompt_detected") == tags.count("prompt_bridge_resolved")
    found = [
        each for each in await events(api, asker) if "prompt_id" in each["payload"]
    ]
    assert [("permission", "hook"), ("approval_decision", "json")] == [
        (each["kind"], each["source"]) for each in found
    ]
    assert "hook" == found[1]["payload"]["via"]


async def test_a_denial_has_its_reason(api: Api, asker: Asker) -> None:
    """As `text`; by a message, too. Without one ANT has a sentence."""
    async with waiting(asker) as hook:
        one = await opened(asker)
        answer = await respond(
            api, asker, prompt_id=one.id, type="deny", text="Use rg.", by="ada"
        )
        assert ("Deny", "Use rg.", "Use rg.") == (
            answer.body["chosen"],
            answer.body["prompt"]["answer"]["text"],
            answer.body["prompt"]["answer"]["justification"],
        )
    assert denied("Use rg.") == hook.body
    async with waiting(asker) as hook:
        one = await opened(asker)
        content = {"event_id": one.message_id, "type": "deny", "text": "Not now."}
        path = f"/api/sessions/{asker.session.linked_chat_id}/messages"
        body = {"msg_type": "agent_response", "content": json.dumps(content)}
        assert 200 == (await api.call("POST", path, body)).status
    assert denied("Not now.") == hook.body
    async with waiting(asker) as hook:
        one = await opened(asker)
        assert 200 == (await respond(api, asker, response="deny")).status
    assert denied("The operator denied this.") == hook.body
    assert [] == asker.typed


async def test_a_suggestion_is_kept(api: Api, asker: Asker) -> None:
    """By its place or its label, exactly as the agent sent it."""
    async with waiting(asker) as hook:
        await opened(asker)
        chosen = {"type": "select", "choice": {"index": 2}}
        assert 200 == (await respond(api, asker, **chosen)).status
    decision = hook.body["hookSpecificOutput"]["decision"]
    assert {"behavior": "allow", "updatedPermissions": [RULES]} == decision
    async with waiting(asker, agent="codex") as hook:
        one = await opened(asker)
        assert ["Allow", "Deny"] == [option.label for option in one.options]
        assert 422 == (await respond(api, asker, **chosen)).status
        assert 200 == (await respond(api, asker, response="Allow")).status
    assert ALLOWED == hook.body


async def test_what_is_no_answer_is_refused(api: Api, asker: Asker) -> None:
    """A line of text, a retry, an unknown label: the request waits on."""
    async with waiting(asker) as hook:
        await opened(asker)
        for body in (
            {"type": "text", "text": "yes"},
            {"type": "retry"},
            {"type": "select", "choice": {"indexes": [0]}},
            {"type": "select", "choice": {"label": "Perhaps"}},
            {"response": "yes, always"},
        ):
            assert 422 == (await respond(api, asker, **body)).status, body
        assert not hook.over.is_set()
        assert (
            200
            == (await respond(api, asker, type="confirm", choice={"yes": True})).status
        )
    assert ALLOWED == hook.body


async def test_the_dialog_of_a_request_is_its_prompt(api: Api, asker: Asker) -> None:
    """The dialog comes after the request, and goes by the answer."""
    async with waiting(asker) as hook:
        one = await opened(asker)
        asker.show(dialog())
        same = await opened(asker)
        assert (one.id, one.options) == (same.id, same.options)
        async with trio.open_nursery() as nursery:

            async def answer() -> None:
                told = await respond(api, asker, prompt_id=one.id, type="approve")
                assert (200, True) == (told.status, told.body["resolved"])

            nursery.start_soon(answer)
            with trio.fail_after(PATIENCE_S):
                await hook.over.wait()
            asker.show()
    assert ALLOWED == hook.body
    assert [] == asker.typed
    assert 1 == asker.rig.tags().count("PromptDetected")


async def test_the_request_of_a_dialog_is_its_prompt(api: Api, asker: Asker) -> None:
    """The dialog comes first: its options stay, and a plain yes goes by the hook."""
    first = await asker.ask(dialog())
    async with api.ear() as ear, waiting(asker) as hook:
        one = await opened(asker)
        told = [each for each in await ear.heard() if each["type"] == "prompt_updated"]
        assert [one.question] == [each["prompt"]["question"] for each in told]
        assert (first.id, first.options) == (one.id, one.options)
        assert ("Bash: touch a.txt", "screen") == (one.question, one.detector)
        assert one.details is not None
        assert one == stored(asker.rig.store, one.id)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                lambda: respond(api, asker, response="1", prompt_id=one.id)
            )
            with trio.fail_after(PATIENCE_S):
                await hook.over.wait()
            asker.show()
    assert ALLOWED == hook.body
    assert [] == asker.typed
    assert 1 == asker.rig.tags().count("PromptDetected")
    # What lasts is chosen on the screen, as without a hook.
    await asker.ask(dialog("ls"))
    async with waiting(asker, command="ls") as hook:
        answer = await respond(api, asker, response="2")
        assert (200, "keys") == (
            answer.status,
            answer.body["prompt"]["answer"]["via"],
        )
    assert {} == hook.body
    assert [Choice("select", index=1)] == [choice for _, choice in asker.typed]


@pytest.mark.parametrize("first", ["hook", "dialog"])
async def test_an_answer_is_not_for_the_dialog_of_another(
    api: Api, asker: Asker, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """The hook of one agent took it; the dialog of another gets a card of its own."""
    monkeypatch.setattr(prompt_service, "ECHO_S", 0.01)  # It does not go.
    other = dialog("rm -rf /home")
    if first == "dialog":
        await asker.ask(other)
    async with waiting(asker, command="make") as hook:
        one = await opened(asker)
        assert "Bash: make" == one.question
        if first == "hook":
            asker.show(other)
        answer = await respond(api, asker, prompt_id=one.id, type="approve")
        assert (200, True, "answered", "hook") == (
            answer.status,
            answer.body["resolved"],
            answer.body["prompt"]["status"],
            answer.body["prompt"]["answer"]["via"],
        )
    assert ALLOWED == hook.body
    two = await opened(asker)
    assert one.id != two.id
    assert one.message_id != two.message_id is not None
    assert (other.options, other.text) == (two.options, two.raw_text)
    for _ in range(2):
        again = await respond(api, asker, prompt_id=one.id, type="approve")
        assert (409, "urn:ant:problem:already-answered") == (
            again.status,
            again.body["type"],
        )
    assert [] == asker.typed
    assert 200 == (await respond(api, asker, prompt_id=two.id, type="deny")).status
    assert [(other.fingerprint, Choice("deny"))] == asker.typed


@pytest.mark.parametrize("end", ["answered", "ran"])
async def test_the_end_of_a_request_leaves_the_dialog_of_another(
    api: Api, asker: Asker, end: str
) -> None:
    """Its dialog was answered in the terminal, or its tool has ended: a 409, no key."""
    other = dialog("rm -rf /home")
    async with waiting(asker, command="make") as hook:
        one = await opened(asker)
        asker.show(other)
        if end == "answered":
            asker.show()
            asker.show(other)
        else:
            await Hook.of(asker).api.call("POST", "/api/hooks", ended("Bash", "make"))
    assert {} == hook.body
    two = await opened(asker)
    assert (True, other.text) == (one.id != two.id, two.raw_text)
    answer = await respond(api, asker, prompt_id=one.id, type="approve")
    assert (409, []) == (answer.status, asker.typed)


async def test_the_terminal_may_be_first(api: Api, asker: Asker) -> None:
    """A dialog that was seen goes away: the request is let go, and decides nothing."""
    async with waiting(asker) as hook:
        one = await opened(asker)
        asker.show(dialog())
        asker.show()
    assert {} == hook.body
    await asker.settled()
    kept = stored(asker.rig.store, one.id)
    assert kept is not None
    assert ("resolved", "left_screen", None) == (kept.status, kept.reason, kept.answer)
    answer = await respond(api, asker, prompt_id=one.id, type="approve")
    assert (409, "urn:ant:problem:already-answered") == (
        answer.status,
        answer.body["type"],
    )


async def test_a_wait_for_a_prompt_is_told(api: Api, asker: Asker) -> None:
    """From a cursor, too: that is by the run event of the hook's prompt."""
    path = f"/api/sessions/{asker.session.id}/wait"
    after = (await api.get(path, until="prompt", timeout="0"))["next"]
    async with waiting(asker):
        one = await opened(asker)
        for query in ({}, {"after": after}):
            told = await api.get(path, until="prompt", timeout="5", **query)
            assert ("prompt", one.id) == (told["until"], told["prompt"]["id"])
        await respond(api, asker, prompt_id=one.id, type="approve")


async def test_a_request_without_a_dialog_waits(api: Api, asker: Asker) -> None:
    """Whatever else the screen shows."""
    async with waiting(asker) as hook:
        one = await opened(asker)
        for _ in range(3):
            asker.show()
        assert one == await opened(asker)
        assert not hook.over.is_set()
        await respond(api, asker, prompt_id=one.id, type="approve")
    assert ALLOWED == hook.body


async def test_a_denial_by_its_row_has_its_reason(api: Api, asker: Asker) -> None:
    """By `select`, as a page may send it; on the screen, too, if it is a plain no."""
    async with waiting(asker) as hook:
        one = await opened(asker)
        choice = {"type": "select", "choice": {"index": 1}, "text": "Use rg."}
        told = (await respond(api, asker, prompt_id=one.id, **choice)).body
        assert "Use rg." == told["prompt"]["answer"]["justification"]
    assert denied("Use rg.") == hook.body
    await asker.ask(dialog("make"))
    choice = {"type": "select", "choice": {"index": 2}, "text": "Use rg."}
    answer = (await respond(api, asker, **choice)).body["prompt"]["answer"]
    assert ("keys", None, None) == (
        answer["via"],
        answer["text"],
        answer["justification"],
    )


async def test_one_of_twenty_answers_wins(api: Api, asker: Asker) -> None:
    """The others are a 409."""
    async with waiting(asker) as hook:
        one = await opened(asker)
        statuses: list[int] = []

        async def answer() -> None:
            told = await respond(api, asker, prompt_id=one.id, type="approve")
            statuses.append(told.status)

        async with trio.open_nursery() as nursery:
            for _ in range(20):
                nursery.start_soon(answer)
    assert ALLOWED == hook.body
    assert [200, *[409] * 19] == sorted(statuses)


@pytest.mark.slow
async def test_no_answer_in_time_is_no_denial(api: Api, asker: Asker) -> None:
    """The prompt ends with a reason; one whose dialog is on the screen stays."""
    hook = Hook.of(asker)
    await hook.post({"timeout": "0"})
    assert {} == hook.body
    await asker.settled()
    page = await api.get(f"/api/sessions/{asker.session.id}/status")
    assert page["prompt"] is None
    async with waiting(asker, {"timeout": "1"}) as hook:
        one = await opened(asker)
        asker.show(dialog())
    assert {} == hook.body
    same = await opened(asker)
    assert (one.id, "pending") == (same.id, same.status)
    answer = await respond(api, asker, prompt_id=one.id, response="Deny")
    assert (200, "keys") == (answer.status, answer.body["prompt"]["answer"]["via"])
    assert [(dialog().fingerprint, Choice("deny"))] == asker.typed


async def test_a_client_that_leaves_leaves_the_dialog(api: Api, asker: Asker) -> None:
    """By keys its prompt is answered; without a dialog it ends, and says why."""
    async with waiting(asker) as hook:
        one = await opened(asker)
        hook.scope.cancel()
    await asker.settled()
    kept = stored(asker.rig.store, one.id)
    assert kept is not None
    assert ("resolved", "hook_left") == (kept.status, kept.reason)
    async with waiting(asker) as hook:
        one = await opened(asker)
        asker.show(dialog())
        await opened(asker)
        hook.scope.cancel()
    answer = await respond(
        api, asker, prompt_id=one.id, type="select", choice={"index": 2}
    )
    assert (422, []) == (answer.status, asker.typed)
    asker.outcomes.append(Outcome("Yes", True, asker.end + 1))
    answer = await respond(
        api, asker, prompt_id=one.id, type="select", choice={"index": 0}
    )
    assert (200, "answered") == (answer.status, answer.body["prompt"]["status"])
    assert [(dialog().fingerprint, Choice("approve"))] == asker.typed


async def test_only_the_terminals_own_token(api: Api, rig: Rig) -> None:
    """Another one is a 403. From the operator it is a report, and does not wait."""
    one, two = [await Asker.start(rig, name) for name in ("one", "two")]
    hook = Hook.of(one)
    await hook.post(ant_session_id=two.session.id)
    assert hook.answer is not None
    assert 403 == hook.answer.status
    operator = Hook(api)
    await operator.post(ant_session_id=two.session.id)
    assert "recorded" == operator.body["action"]
    assert rig.system.services.prompt_service.shown(two.session.id) is None


@pytest.mark.meets(Limit.HOOKS)
@pytest.mark.parametrize("bound", ["WAITING", "OF_SESSION"])
async def test_requests_that_wait_are_bounded(
    asker: Asker, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    """Beyond the bound one is let go at once; the others wait."""
    monkeypatch.setattr(prompt_service, bound, 2)
    async with waiting(asker) as first, waiting(asker, command="make") as second:
        late = Hook.of(asker)
        await late.post(command="ls")
        assert {} == late.body
        assert not first.over.is_set()
        assert not second.over.is_set()
        asker.rig.system.services.prompt_service.stop()
    assert ({}, {}) == (first.body, second.body)


async def test_a_tool_that_has_ended_was_answered_elsewhere(
    api: Api, asker: Asker
) -> None:
    """Its dialog was never seen; another tool's end changes nothing."""
    token = Hook.of(asker).api
    async with waiting(asker) as hook:
        one = await opened(asker)
        for tool, command in (("Bash", "make"), ("Read", "touch a.txt")):
            await token.call("POST", "/api/hooks", ended(tool, command))
            assert not hook.over.is_set()
        await token.call("POST", "/api/hooks", ended("Bash", "touch a.txt"))
    assert {} == hook.body
    await asker.settled()
    kept = stored(asker.rig.store, one.id)
    assert kept is not None
    assert ("resolved", "tool_ran") == (kept.status, kept.reason)


def ended(tool: str, command: str) -> dict[str, Any]:
    """The report that a tool has ended."""
    tool_input = {"command": command, "description": "Make one file"}
    event = {"hook_event_name": "PostToolUse", "tool_name": tool}
    return {**event, "tool_input": tool_input, "tool_response": {"stdout": ""}}


async def test_a_server_that_stops_lets_go(asker: Asker) -> None:
    """And of what comes after that, too."""
    async with waiting(asker) as hook:
        one = await opened(asker)
        asker.rig.system.services.prompt_service.stop()
    assert {} == hook.body
    await asker.settled()
    kept = stored(asker.rig.store, one.id)
    assert kept is not None
    assert ("resolved", "server_stopped") == (kept.status, kept.reason)
    late = Hook.of(asker)
    await late.post()
    assert {} == late.body


async def test_a_message_that_the_agent_took(api: Api, rig: Rig) -> None:
    """Its hook has the text that ANT typed: the delivery is `reacted` by that."""
    hearer = await Hearer.start(rig)
    hearer.go = trio.Event()
    hearer.reactions.append(None)
    ident = await hearer.post("hello")
    while not hearer.told:
        await trio.lowlevel.checkpoint()
    event = {"hook_event_name": "UserPromptSubmit", "prompt": hearer.told[0]}
    body = {**event, "ant_session_id": hearer.session.id}
    assert 200 == (await api.call("POST", "/api/hooks", body)).status
    hearer.go.set()
    one = await hearer.until(ident, "reacted", "unconfirmed")
    assert ("reacted", "hook") == (one.state, one.reason)
