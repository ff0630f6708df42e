"""Stores prompts: announces new ones with cards and notices, and closes each once."""

from collections.abc import Collection, Mapping

import attrs

from ant.api import codec
from ant.api.message_requests import MergeMeta, PostMessage
from ant.api.prompt_requests import AgentResponse
from ant.core.errors import Conflict, Forbidden, Invalid, NotFound
from ant.messages import deliveries, messages
from ant.messages.routing import RestState
from ant.model import compat
from ant.model.messages import Message, MessageId, MessageType
from ant.model.prompt_events import (
    PromptBridgeResolved,
    PromptDetected,
    PromptUpdated,
    SessionInputResolved,
    SessionNeedsInput,
)
from ant.model.prompts import (
    PUT_AWAY,
    PromptRecord,
    PromptStatus,
    Target,
    TargetKind,
)
from ant.model.sessions import Session, SessionId
from ant.prompts import cards
from ant.prompts import targets as bridge
from ant.rooms import participants
from ant.run_events import entries, log
from ant.sessions.linked import get_terminal_of, need_terminal_of
from ant.sessions.sessions import need_terminal
from ant.store import Unit
from ant.terminal.model.prompt import Option


def raise_prompt(
    unit: Unit,
    record: PromptRecord,
    rests: Mapping[SessionId, RestState] = deliveries.NO_AGENTS,
) -> PromptRecord | None:
    """Store a new prompt, and post it to its targets; return the record with them.

    Return None if the session was removed meanwhile.
    """
    session = unit.sessions.get(record.session_id)
    if session is None:
        return None
    targets = bridge.targets_of(unit, session.id, session.linked_chat_id)
    record = attrs.evolve(record, targets=targets)
    record, notices = _announced(unit, record, session, rests)
    unit.prompts.add(record)
    for room_id, message_id in notices:
        unit.prompts.add_notice(record.id, room_id, message_id)
    log.record(unit, session.id, entries.prompt_opened(record))
    unit.emit(PromptDetected(session.id, record))
    unit.emit(
        SessionNeedsInput(
            session_id=session.id,
            event_class=record.class_,
            summary=record.summary,
            source=compat.BRIDGE_SOURCE,
            prompt_id=record.id,
            detector=record.detector,
            since=record.detected_at,
            kind=record.kind,
            options=record.options,
        )
    )
    return record


def _announced(
    unit: Unit,
    record: PromptRecord,
    session: Session,
    rests: Mapping[SessionId, RestState],
) -> tuple[PromptRecord, list[tuple[SessionId, MessageId]]]:
    """Post a card in the linked chat and notices in other rooms, once in each room.

    Return the record with its card, and the room and the id of each notice.
    """
    notices: list[tuple[SessionId, MessageId]] = []
    for target in record.targets:
        chat_id = _chat_of(target, session)
        if chat_id is None or chat_id in record.delivered_to:
            continue
        if unit.sessions.state(chat_id) != (False, False):
            continue  # Removed, archived or deleted.
        is_card = chat_id == session.linked_chat_id
        request = PostMessage(
            content=cards.content(record)
            if is_card
            else cards.notice(record, session.handle or session.name),
            role="assistant",
            sender_id=session.id,
            msg_type=MessageType.AGENT_EVENT
            if is_card
            else MessageType.PROMPT_DETECTED,
            meta=cards.pending_meta(record),
        )
        message = messages.post_message(unit, chat_id, request, rests).message
        record = attrs.evolve(record, delivered_to=(*record.delivered_to, chat_id))
        if is_card:
            record = attrs.evolve(record, chat_id=chat_id, message_id=message.id)
        else:
            notices.append((chat_id, message.id))
    return record, notices


def _chat_of(target: Target, session: Session) -> SessionId | None:
    if target.kind is TargetKind.LINKED_CHAT:
        return session.linked_chat_id
    return target.session_id


def change_prompt(unit: Unit, record: PromptRecord) -> PromptRecord | None:
    """Store what changed of a prompt: the selection, the answer, its end.

    All but a change of the selection alone is announced. Of a prompt that is closed
    already only the answer is stored. Return the stored record, or None if the
    session was removed.
    """
    before = unit.prompts.get(record.id)
    if before is None:
        return None
    if not before.is_pending:
        record = attrs.evolve(before, answer=before.answer or record.answer)
        unit.prompts.change(record)
        _record_change(unit, before, record)
        return record
    unit.prompts.change(record)
    _record_change(unit, before, record)
    if not record.is_pending:
        _announce_end(unit, record)
        return record
    is_answered = record.answer != before.answer
    if is_answered:
        _update_cards(unit, record)
    is_told = record.details != before.details
    if is_answered or is_told or _unmarked(record) != _unmarked(before):
        unit.emit(PromptUpdated(record.session_id, record))
    return record


def _unmarked(record: PromptRecord) -> list[Option]:
    """The options without the marker: a program may move it many times a second."""
    return [attrs.evolve(option, selected=False) for option in record.options]


def _record_change(unit: Unit, before: PromptRecord, now: PromptRecord) -> None:
    """Record a run event for an answer through ANT, or for an end without one.

    A prompt that stayed and is answered again has an event for each answer.
    """
    if now.answer is not None and now.answer != before.answer:
        log.record(unit, now.session_id, entries.prompt_answered(now))
    if before.is_pending and now.status not in (
        PromptStatus.PENDING,
        PromptStatus.ANSWERED,
    ):
        log.record(unit, now.session_id, entries.prompt_closed(now))


def _announce_end(
    unit: Unit, record: PromptRecord, *, kept: MessageId | None = None
) -> None:
    _update_cards(unit, record, kept)
    unit.emit(PromptBridgeResolved(record.session_id, record.id, record))
    if unit.prompts.pending(record.session_id) is None:
        unit.emit(
            SessionInputResolved(
                record.session_id,
                compat.BRIDGE_SOURCE,
                record.id,
                record.status,
                record.reason,
            )
        )


def _update_cards(
    unit: Unit, record: PromptRecord, kept: MessageId | None = None
) -> None:
    """Put the answer or the end of a prompt into the meta of its card and notices.

    The message `kept` stays as it is.
    """
    places = unit.prompts.notices(record.id)
    if record.chat_id is not None and record.message_id is not None:
        places.insert(0, (record.chat_id, record.message_id))
    for room_id, message_id in places:
        if message_id != kept:
            _update_card(unit, record, room_id, message_id)


def _update_card(
    unit: Unit, record: PromptRecord, room_id: SessionId, message_id: MessageId
) -> None:
    """Put the answer or the end of a prompt into a message's meta, if it exists."""
    card = unit.messages.get(room_id, message_id)
    if card is None:
        return
    make = cards.answer_meta if record.is_pending else cards.closed_meta
    try:
        messages.set_meta(unit, card, make(record))
    except Invalid:  # A client filled the meta up: the end of the prompt replaces it.
        bare = attrs.evolve(card, meta=cards.pending_meta(record))
        messages.set_meta(unit, bare, make(record))


def resolve_all(
    unit: Unit,
    reason: str,
    session_id: SessionId | None = None,
    kept: Collection[SessionId] = (),
) -> None:
    """Close the pending prompts of one terminal, or of all: their programs have ended.

    The programs in `kept` run on; the last prompt of each stays pending.
    """
    still = {record.id for each in kept if (record := unit.prompts.pending(each))}
    for before in unit.prompts.all_pending(session_id):
        if before.id in still:
            continue
        is_answered = before.answer is not None
        record = attrs.evolve(
            before,
            status=PromptStatus.ANSWERED if is_answered else PromptStatus.RESOLVED,
            reason=None if is_answered else reason,
            closed_at=unit.now,
        )
        unit.prompts.change(record)
        _record_change(unit, before, record)
        _announce_end(unit, record)


def open_prompt(unit: Unit, session_id: SessionId) -> PromptRecord | None:
    """Return the last stored prompt of a terminal, if it is pending."""
    return unit.prompts.pending(session_id)


def merge_meta(
    unit: Unit, room_id: SessionId, message_id: MessageId, request: MergeMeta
) -> tuple[Message, PromptRecord | None]:
    """As `messages.merge_meta`; a card that is put away discards its pending prompt.

    So does a notice of the prompt in another room. Return the message, and the prompt
    that was discarded, if any.
    """
    message = messages.merge_meta(unit, room_id, message_id, request)
    if request.meta.get("status") not in cards.PUT_AWAY:
        return message, None
    before = None
    if message.msg_type == MessageType.AGENT_EVENT:
        before = unit.prompts.of_card(message.id)
    elif message.msg_type == MessageType.PROMPT_DETECTED:
        before = unit.prompts.of_notice(room_id, message.id)
    if before is None or not before.is_pending:
        return message, None
    record = attrs.evolve(
        before, status=PromptStatus.DISCARDED, reason=PUT_AWAY, closed_at=unit.now
    )
    unit.prompts.change(record)
    _record_change(unit, before, record)
    _announce_end(unit, record, kept=message.id)
    return message, record


def pending(unit: Unit, session_id: SessionId) -> PromptRecord | None:
    """Return the pending prompt of a terminal, by the id of it or of its linked chat.

    Raises `NotFound`, and `NotRunning` for a chat without a terminal.
    """
    return unit.prompts.pending(get_terminal_of(unit, session_id).id)


def need_prompt(unit: Unit, terminal_id: SessionId, prompt_id: str) -> PromptRecord:
    """Return a prompt of a terminal. Raises `NotFound`."""
    record = unit.prompts.get(prompt_id)
    if record is None or record.session_id != terminal_id:
        raise NotFound("prompt", prompt_id)
    return record


def find_response_target(
    unit: Unit, room_id: SessionId, request: AgentResponse
) -> tuple[Session, PromptRecord | None]:
    """Return the terminal that a response in a room is for, and the prompt it names.

    In a linked chat that is a prompt of its terminal. In any room it is a prompt that
    was announced there. Raises `NotFound` for an unknown card, prompt or terminal,
    `Forbidden` for a terminal or a prompt of another room, `Invalid` for a card content
    without a prompt id, and `Conflict` if the room has no terminal and the response
    names no prompt.
    """
    own = _terminal_in(unit, room_id)
    record = _named_prompt(unit, room_id, request)
    if request.terminal_session_id is not None:
        named = participants.resolve(unit, request.terminal_session_id)
        if named is None or named.terminal is None:
            raise NotFound("terminal", request.terminal_session_id)
        if own is None or named.id != own.id:
            record = record or unit.prompts.pending(named.id)
            is_here = record is not None and room_id in record.delivered_to
            if record is None or record.session_id != named.id or not is_here:
                raise Forbidden(
                    f"Terminal {named.id!r} is not the terminal of this room, and no "
                    "prompt of it was announced here."
                )
    if record is not None and (own is None or record.session_id != own.id):
        if room_id not in record.delivered_to:
            raise Forbidden(
                f"Prompt {record.id!r} does not belong to the terminal of this room, "
                "and was not announced here."
            )
        return need_terminal(unit, record.session_id), record
    if own is None:
        raise Conflict(
            f"Room {room_id!r} is not the linked chat of exactly one terminal. Name "
            "the prompt by `prompt_id`, or its message in this room by `event_id`."
        )
    return own, record


def _terminal_in(unit: Unit, room_id: SessionId) -> Session | None:
    try:
        return need_terminal_of(unit, room_id)
    except Conflict:
        return None


def _named_prompt(
    unit: Unit, room_id: SessionId, request: AgentResponse
) -> PromptRecord | None:
    if request.event_id is not None:
        record = unit.prompts.of_card(request.event_id)
        record = record or unit.prompts.of_notice(room_id, request.event_id)
        if record is None:
            raise NotFound("prompt card", request.event_id)
        return record
    prompt_id: str | None = request.prompt_id
    if prompt_id is None and request.event_content is not None:
        prompt_id = _prompt_id_in(request.event_content)
    if prompt_id is None:
        return None
    record = unit.prompts.get(prompt_id)
    if record is None:
        raise NotFound("prompt", prompt_id)
    return record


def _prompt_id_in(content: str) -> str:
    """Return the prompt id in the content of a card. Raises `Invalid`."""
    path = "$.content.event_content"
    try:
        event = codec.loads(content)
    except Invalid as exc:
        raise Invalid(f"expected the content of a prompt card at {path}") from exc
    payload = event.get("payload") if isinstance(event, dict) else None
    prompt_id = payload.get("prompt_id") if isinstance(payload, dict) else None
    if not isinstance(prompt_id, str):
        raise Invalid(f"expected the content of a prompt card at {path}")
    return prompt_id
