"""Rules of prompts, on a database and without an event loop."""

from typing import Any

import attrs
import pytest

from ant.api import codec
from ant.api.constraints import META
from ant.api.message_requests import MergeMeta
from ant.api.prompt_requests import AgentResponse, PutBridge
from ant.api.run_event_requests import ListRunEvents
from ant.core import clock
from ant.core.errors import Conflict, Forbidden, Gone, Invalid, NotFound, NotRunning
from ant.messages import messages
from ant.model.messages import Message, MessageId
from ant.model.prompts import (
    ENDED,
    LEFT,
    LOST,
    PUT_AWAY,
    PromptRecord,
    PromptStatus,
)
from ant.model.sessions import Session, SessionId
from ant.prompts import prompts
from ant.prompts import targets as bridge
from ant.rooms import participants
from ant.run_events import hash_chain, log
from ant.runtime import run_records
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.model.prompt import Option
from tests.asked import decision, prompt, record, stored
from tests.rules import (
    NOBODY,
    create,
    decoded,
    events_of,
    look,
    patch,
    post,
    room,
)


@pytest.fixture
def here(store: Store) -> Session:
    """A terminal with a linked chat."""
    return create(store)


def ask(store: Store, here: Session, question: str = "Run it?") -> PromptRecord:
    """A prompt that is told of."""
    given = record(here.id, prompt(question))
    told: PromptRecord | None = store.transact(prompts.raise_prompt, given)
    assert told is not None
    return told


def tags(store: Store, work: Any, *args: Any) -> list[str]:
    return [codec.event_tag(event) for event in events_of(store, work, *args)]


def closed(one: PromptRecord, **fields: Any) -> PromptRecord:
    """As it is when it has left the screen."""
    given = {"status": PromptStatus.RESOLVED, "reason": LEFT, **fields}
    return attrs.evolve(one, closed_at=one.detected_at, **given)


def card_of(store: Store, one: PromptRecord) -> Message:
    assert one.chat_id is not None
    assert one.message_id is not None
    return store.read(participants.need_message, one.chat_id, one.message_id)


def notices(store: Store, one: PromptRecord) -> list[tuple[SessionId, MessageId]]:
    return store.read(lambda unit: unit.prompts.notices(one.id))


def put(store: Store, **fields: Any) -> None:
    store.transact(bridge.put_config, codec.read_body(codec.render(fields), PutBridge))


def test_a_prompt_comes_with_its_card(store: Store, here: Session) -> None:
    """In one transaction: the card, then the prompt event, then the input event."""
    given = record(here.id)
    work = prompts.raise_prompt
    told = [
        event
        for event in events_of(store, work, given)
        if codec.event_tag(event) != "participants_changed"
    ]
    assert [
        "message_created",
        "run_event_created",
        "prompt_detected",
        "session_needs_input",
    ] == list(map(codec.event_tag, told))
    kept = stored(store, given.id)
    assert kept is not None
    assert told[2].prompt == kept  # type: ignore[union-attr]
    assert (here.linked_chat_id, (here.linked_chat_id,)) == (
        kept.chat_id,
        kept.delivered_to,
    )
    card = card_of(store, kept)
    assert ("assistant", here.id, "agent_event", "pending", kept.id, here.id) == (
        card.role,
        card.sender_id,
        card.msg_type,
        card.meta["status"],
        card.meta["prompt_id"],
        card.meta["terminal_id"],
    )
    assert kept.id == codec.loads(card.content)["payload"]["prompt_id"]


def test_other_rooms_get_a_notice(store: Store, here: Session) -> None:
    """Once per room; an archived or unknown room and a webhook get none."""
    one, gone = room(store, "one room"), room(store, "gone")
    patch(store, gone.id, archived=True)
    chat = {"kind": "chat", "session_id": here.linked_chat_id}
    targets = [
        *({"kind": "linked_chat"}, chat),
        *({"kind": "chat", "session_id": each} for each in (one.id, one.id)),
        *({"kind": "chat", "session_id": each} for each in (gone.id, "nobody")),
        {"kind": "webhook", "url": "https://example.org"},
    ]
    put(store, default_targets=targets)
    told = ask(store, here)
    assert (here.linked_chat_id, one.id) == told.delivered_to
    assert len(targets) == len(told.targets)
    (text,) = [
        message
        for message in decoded(
            store.read(messages.list_messages, one.id, messages.ListMessages())
        )
        if message.msg_type == "prompt_detected"
    ]
    assert told.raw_text in text.content
    assert [(one.id, text.id)] == notices(store, told)
    assert {
        "status": "pending",
        "prompt_id": told.id,
        "terminal_id": here.id,
    } == text.meta


@pytest.mark.parametrize("is_linked", [True, False])
def test_a_notice_shows_the_end_of_its_prompt(
    store: Store, here: Session, is_linked: bool
) -> None:
    """As the card does, also where there is no card."""
    there = room(store, "there")
    linked = [{"kind": "linked_chat"}] * is_linked
    targets = [*linked, {"kind": "chat", "session_id": there.id}]
    put(store, routes={here.id: targets})
    told = ask(store, here)
    answered = closed(
        told, status=PromptStatus.ANSWERED, reason=None, answer=decision()
    )
    store.transact(prompts.change_prompt, answered)
    (notice,) = notices(store, told)
    shown = [store.read(participants.need_message, *notice)]
    if is_linked:
        shown.append(card_of(store, told))
    metas = [each.meta for each in shown]
    assert ["responded"] * len(metas) == [each["status"] for each in metas]
    assert {decision().chosen} == {each["chosen"] for each in metas}
    assert answered == stored(store, told.id)


def test_a_prompt_without_targets_is_stored(store: Store, here: Session) -> None:
    """The bridge is off."""
    put(store, enabled=False)
    given = record(here.id)
    assert ["run_event_created", "prompt_detected", "session_needs_input"] == tags(
        store, prompts.raise_prompt, given
    )
    told = stored(store, given.id)
    assert told is not None
    assert ((), (), None) == (told.targets, told.delivered_to, told.message_id)


def test_a_prompt_of_a_removed_session_is_not_stored(
    store: Store, here: Session
) -> None:
    """Whether it was removed before the prompt was announced, or after."""
    told = ask(store, here)
    store.transact(sessions.remove_sessions, [here.id])
    assert store.transact(prompts.raise_prompt, record(here.id)) is None
    assert store.transact(prompts.change_prompt, closed(told)) is None


def test_a_prompt_is_closed_once(store: Store, here: Session) -> None:
    """With its card and both events; a second time changes nothing."""
    told = ask(store, here)
    work, gone = prompts.change_prompt, closed(told)
    assert [
        "run_event_created",
        "message_updated",
        "prompt_bridge_resolved",
        "session_input_resolved",
    ] == tags(store, work, gone)
    assert gone == stored(store, told.id)
    card = card_of(store, told)
    assert ("settled", LEFT, told.id) == (
        card.meta["status"],
        card.meta["reason"],
        card.meta["prompt_id"],
    )
    again = attrs.evolve(gone, status=PromptStatus.ANSWERED)
    assert [] == tags(store, work, again)
    assert gone == stored(store, told.id)


def test_an_answer_is_on_the_card(store: Store, here: Session) -> None:
    """With responder and justification; keys that a person set stay."""
    told = ask(store, here)
    assert told.chat_id is not None
    assert told.message_id is not None
    mark = MergeMeta({"bookmarked": True})
    store.transact(prompts.merge_meta, told.chat_id, told.message_id, mark)
    answer = decision(justification="it is safe")
    gone = closed(told, status=PromptStatus.ANSWERED, reason=None, answer=answer)
    store.transact(prompts.change_prompt, gone)
    meta = card_of(store, told).meta
    assert ("responded", "Yes", True, "it is safe", True) == (
        meta["status"],
        meta["chosen"],
        meta["resolved"],
        meta["decision"]["justification"],
        meta["bookmarked"],
    )


def test_an_answer_without_effect_is_stored(store: Store, here: Session) -> None:
    """The prompt stays pending; all are told of the answer, and of no end."""
    told = ask(store, here)
    noted = attrs.evolve(told, answer=decision(resolved=False), selected=1)
    assert ["run_event_created", "message_updated", "prompt_updated"] == tags(
        store, prompts.change_prompt, noted
    )
    meta = card_of(store, told).meta
    assert ("pending", "Yes", False) == (
        meta["status"],
        meta["chosen"],
        meta["resolved"],
    )
    assert noted == stored(store, told.id)


def test_a_moved_marker_is_no_event(store: Store, here: Session) -> None:
    """It is kept."""
    told = ask(store, here)
    options = tuple(Option(each.label, n == 2) for n, each in enumerate(told.options))
    moved = attrs.evolve(told, selected=2, options=options)
    assert [] == tags(store, prompts.change_prompt, moved)
    assert moved == stored(store, told.id)


def test_another_option_is_an_event(store: Store, here: Session) -> None:
    """Whoever shows the prompt shows the new one."""
    told = ask(store, here)
    options = (*told.options[:-1], Option("Never", False))
    changed = attrs.evolve(told, options=options)
    assert ["prompt_updated"] == tags(store, prompts.change_prompt, changed)


def test_input_is_resolved_with_the_last(store: Store, here: Session) -> None:
    """While another prompt is pending, the session needs input."""
    one, two = ask(store, here), ask(store, here, "And this?")
    work = prompts.change_prompt
    assert "session_input_resolved" not in tags(store, work, closed(one))
    assert "session_input_resolved" in tags(store, work, closed(two))


def test_the_card_may_be_gone(store: Store, here: Session) -> None:
    """Or its room archived; the prompt is closed all the same."""
    one, two = ask(store, here), ask(store, here)
    store.transact(messages.delete_message, one.chat_id, one.message_id)
    patch(store, here.id, archived=True)
    work = prompts.change_prompt
    assert ["run_event_created", "prompt_bridge_resolved"] == tags(
        store, work, closed(one)
    )
    assert "message_updated" in tags(store, work, closed(two))


def test_a_card_that_is_full_is_emptied(store: Store, here: Session) -> None:
    """The end of the prompt is more important than other keys."""
    told = ask(store, here)
    assert told.chat_id is not None
    assert told.message_id is not None
    fill = MergeMeta({"x": "y" * (META.size - 120)})
    store.transact(prompts.merge_meta, told.chat_id, told.message_id, fill)
    gone = closed(told, reason=ENDED)
    store.transact(prompts.change_prompt, gone)
    meta = card_of(store, told).meta
    assert ("discarded", told.id) == (meta["status"], meta["prompt_id"])
    assert "x" not in meta


@pytest.mark.parametrize("status", ["discarded", "dismissed", "settled", "responded"])
def test_a_card_that_is_put_away(store: Store, here: Session, status: str) -> None:
    """Takes its prompt along; the card stays as it was written."""
    told = ask(store, here)
    work, where = prompts.merge_meta, (told.chat_id, told.message_id)
    away = MergeMeta({"status": status})
    assert [
        "message_updated",
        "run_event_created",
        "prompt_bridge_resolved",
        "session_input_resolved",
    ] == tags(store, work, *where, away)
    kept = stored(store, told.id)
    assert kept is not None
    assert (PromptStatus.DISCARDED, PUT_AWAY) == (kept.status, kept.reason)
    assert status == card_of(store, told).meta["status"]
    message, again = store.transact(work, *where, away)
    assert (status, None) == (message.meta["status"], again)
    answered = attrs.evolve(kept, answer=decision())
    assert ["run_event_created"] == tags(store, prompts.change_prompt, answered)
    assert answered == stored(store, told.id), "that it was answered is kept"


def test_a_notice_that_is_put_away(store: Store, here: Session) -> None:
    """Takes its prompt along, and the card; it stays as it was written itself."""
    there = room(store, "there")
    targets = [{"kind": "linked_chat"}, {"kind": "chat", "session_id": there.id}]
    put(store, routes={here.id: targets})
    told = ask(store, here)
    (notice,) = notices(store, told)
    away = MergeMeta({"status": "dismissed"})
    message, discarded = store.transact(prompts.merge_meta, *notice, away)
    assert discarded is not None
    assert PromptStatus.DISCARDED is discarded.status
    assert "dismissed" == message.meta["status"]
    assert message == store.read(participants.need_message, *notice)
    assert "discarded" == card_of(store, told).meta["status"]


def test_other_changes_of_meta_are_no_dismissal(store: Store, here: Session) -> None:
    """Nor is one of another message, whatever it says."""
    told = ask(store, here)
    chat = look(store, here.linked_chat_id)
    text = post(store, chat)
    odd = post(store, chat, msg_type="agent_event")
    work = prompts.merge_meta
    for message_id, meta in (
        (told.message_id, {"status": "pending"}),
        (told.message_id, {"status": ["discarded"]}),
        (told.message_id, {"seen": True}),
        (text.id, {"status": "discarded"}),
        (odd.id, {"status": "discarded"}),
    ):
        _, discarded = store.transact(work, chat.id, message_id, MergeMeta(meta))
        assert discarded is None
    kept = stored(store, told.id)
    assert kept is not None
    assert kept.is_pending


def test_the_end_of_a_program_closes_its_prompts(store: Store, here: Session) -> None:
    """Of that session only; one with an answer becomes answered."""
    other = create(store, "two")
    one, two, three = ask(store, here), ask(store, here), ask(store, other)
    noted = attrs.evolve(two, answer=decision(resolved=False))
    store.transact(prompts.change_prompt, noted)
    store.transact(run_records.finish_run, here.id, ExitStatus(code=0), 5, True, None)
    became = [stored(store, each.id) for each in (one, two, three)]
    assert [
        (PromptStatus.RESOLVED, ENDED),
        (PromptStatus.ANSWERED, None),
        (PromptStatus.PENDING, None),
    ] == [(each.status, each.reason) for each in became if each]
    assert "discarded" == card_of(store, one).meta["status"]


def test_a_lost_program_has_no_pending_prompt(store: Store, here: Session) -> None:
    """After a crash of the server."""
    told = ask(store, here)
    assert "session_input_resolved" in tags(store, run_records.recover, "boot")
    kept = stored(store, told.id)
    assert kept is not None
    assert (PromptStatus.RESOLVED, LOST) == (kept.status, kept.reason)


def test_pending_takes_the_id_of_terminal_or_chat(store: Store, here: Session) -> None:
    """A room without a terminal is refused."""
    chat_id = SessionId(here.linked_chat_id or "")
    assert store.read(prompts.pending, here.id) is None
    told = ask(store, here)
    for each in (here.id, chat_id):
        assert told == store.read(prompts.pending, each)
    with pytest.raises(NotRunning):
        store.read(prompts.pending, room(store).id)
    with pytest.raises(NotFound):
        store.read(prompts.pending, NOBODY)


def test_a_prompt_is_that_of_its_terminal(store: Store, here: Session) -> None:
    """Another terminal does not find it."""
    told, other = ask(store, here), create(store, "two")
    assert told == store.read(prompts.need_prompt, here.id, told.id)
    for session_id, prompt_id in ((other.id, told.id), (here.id, "nothing")):
        with pytest.raises(NotFound):
            store.read(prompts.need_prompt, session_id, prompt_id)


def find(
    store: Store, room_id: SessionId | None, **fields: Any
) -> tuple[Session, PromptRecord | None]:
    ask = AgentResponse(**fields)
    return store.read(prompts.find_response_target, room_id or NOBODY, ask)


def test_a_response_finds_its_prompt(store: Store, here: Session) -> None:
    """By card, by content of a card, by id; without these, only the terminal."""
    told = ask(store, here)
    content = card_of(store, told).content
    for where in (here.id, here.linked_chat_id):
        for fields in (
            {"event_id": told.message_id},
            {"event_content": content},
            {"event_content": content, "terminal_session_id": here.id},
            {"prompt_id": told.id},
        ):
            terminal, found = find(store, where, **fields)
            assert (here.id, told) == (terminal.id, found)
        terminal, found = find(store, where, terminal_session_id=here.id)
        assert (here.id, None) == (terminal.id, found)


def test_a_response_elsewhere_is_forbidden(store: Store, here: Session) -> None:
    """The id of a card or a terminal does not give access to the terminal."""
    told, other, public = ask(store, here), create(store, "two"), room(store)
    for where in (other.id, other.linked_chat_id, public.id):
        for fields in (
            {"event_id": told.message_id},
            {"event_content": card_of(store, told).content},
            {"prompt_id": told.id},
            {"terminal_session_id": here.id},
        ):
            with pytest.raises(Forbidden):
                find(store, where, **fields)


def test_a_response_where_the_prompt_was_announced(store: Store, here: Session) -> None:
    """By the notice, its prompt or the terminal; also in another terminal's chat."""
    there, other = room(store, "there"), create(store, "two")
    places = [there.id, other.linked_chat_id]
    targets = [{"kind": "chat", "session_id": each} for each in places]
    put(store, routes={here.id: targets})
    told = ask(store, here)
    announced = notices(store, told)
    assert places == [place for place, _ in announced]
    for where, message_id in announced:
        for fields in (
            {"event_id": message_id},
            {"prompt_id": told.id},
            {"terminal_session_id": here.id},
            {"event_id": message_id, "terminal_session_id": here.id},
        ):
            terminal, found = find(store, where, **fields)
            assert (here.id, told) == (terminal.id, found)
        with pytest.raises(Forbidden):
            find(store, where, prompt_id=told.id, terminal_session_id=another(store))
    with pytest.raises(NotFound):
        find(store, there.id, event_id=announced[1][1])
    with pytest.raises(Conflict, match="prompt_id"):
        find(store, there.id, type="approve")
    forged = post(store, room(store, "x"), meta={"prompt_id": told.id})
    with pytest.raises(NotFound):
        find(store, forged.session_id, event_id=forged.id)


def another(store: Store) -> SessionId:
    """The id of another terminal."""
    return create(store, f"terminal {clock.new_id()}").id


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"event_id": MessageId("nothing")}, NotFound),
        ({"prompt_id": "nothing"}, NotFound),
        ({"terminal_session_id": "nobody"}, NotFound),
        ({"event_content": "{"}, Invalid),
        ({"event_content": "[]"}, Invalid),
        ({"event_content": '{"payload": 5}'}, Invalid),
        ({"event_content": '{"payload": {"prompt_id": 5}}'}, Invalid),
        ({"event_content": '{"payload": {"prompt_id": "nothing"}}'}, NotFound),
    ],
)
def test_a_response_to_nothing(
    store: Store, here: Session, fields: dict[str, Any], error: Any
) -> None:
    """Is refused."""
    with pytest.raises(error):
        find(store, here.linked_chat_id, **fields)


def test_a_response_in_a_room_without_terminal_is_refused(
    store: Store, here: Session
) -> None:
    """A room without a terminal, one that is put away, one that is none; a chat."""
    with pytest.raises(Conflict):
        find(store, room(store).id, type="approve")
    with pytest.raises(NotFound):
        find(store, NOBODY, type="approve")
    with pytest.raises(NotFound):
        find(store, here.id, terminal_session_id=here.linked_chat_id)
    patch(store, here.id, archived=True)
    with pytest.raises(Gone):
        find(store, here.id, type="approve")


def test_a_prompt_that_cannot_be_stored_is_not_announced(
    store: Store, here: Session
) -> None:
    """A card without its prompt could not be answered."""

    def raise_and_fail(unit: Unit) -> None:
        prompts.raise_prompt(unit, record(here.id))
        raise Conflict("no")

    with pytest.raises(Conflict):
        store.transact(raise_and_fail)
    chat_id = SessionId(here.linked_chat_id or "")
    assert () == store.read(messages.list_messages, chat_id, messages.ListMessages())


def test_the_whole_of_a_prompt_is_in_the_chain(store: Store, here: Session) -> None:
    """Asked, answered without effect, answered; a prompt that left is closed."""
    told = ask(store, here)
    tried = attrs.evolve(told, answer=decision(resolved=False, by="@bob"))
    store.transact(prompts.change_prompt, tried)
    done = attrs.evolve(
        closed(told, status=PromptStatus.ANSWERED, reason=None), answer=decision()
    )
    store.transact(prompts.change_prompt, done)
    left = ask(store, here, "And this?")
    store.transact(prompts.change_prompt, closed(left))
    ask(store, here, "That?")
    store.transact(prompts.resolve_all, ENDED, here.id)
    page = store.read(log.list_run_events, here.id, ListRunEvents())
    assert [
        ("permission", "Run it?"),
        ("approval_decision", "@bob chose Yes for Run it?"),
        ("approval_decision", "@ada chose Yes for Run it?"),
        ("permission", "And this?"),
        ("prompt_closed", "resolved: And this?"),
        ("permission", "That?"),
        ("prompt_closed", "resolved: That?"),
    ] == [(event.kind, event.text) for event in page.events]
    assert {"prompt_id": told.id} == page.events[0].raw_ref
    assert hash_chain.fault(codec.plain(page.events)) is None
