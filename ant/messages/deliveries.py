"""Rules of the ledger: the deliveries of a message, and the steps of each.

Rule 1: a delivery that is to be typed becomes `queued` in the transaction that stores
the message. Rule 2: a step is committed before any task or client can see it. A
delivery that ended takes no further step, except that its terminal may still
acknowledge it. Rule 3: ANT never types a delivery twice. It commits `begin` before the
first key; a delivery that had begun when the server ended becomes `unconfirmed`.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import attrs

from ant.api.message_requests import ListDeliveries, MarkRead
from ant.core import clock
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.messages import channels, outsiders, routing
from ant.messages.routing import (
    Recipient,
    RestState,
    RoutedMember,
    RoutedPost,
    to_own_terminal,
)
from ant.messages.typed_message import TypedMessage
from ant.model.deliveries import (
    MENTION,
    PENDING,
    UNDER_WAY,
    DeliveryId,
    DeliveryKind,
    DeliveryRecord,
    DeliveryState,
    Reason,
    Transition,
    is_final,
)
from ant.model.events import DeliveryUpdated
from ant.model.handles import folded
from ant.model.messages import Message, MessageId, MessageType
from ant.model.rooms import LEFT, PARTICIPANT, Read
from ant.model.sessions import Session, SessionId, SessionType
from ant.rooms import participants
from ant.run_events import entries, log
from ant.sessions.sessions import check_exists
from ant.store import Page, Unit, paging

QUEUE = 256
"""Messages that may wait for one terminal. The next is `dead` at once
(`queue_full`)."""

UNNAMED = "somebody"
"""The sender's name for a message that has none."""

NO_AGENTS: Mapping[SessionId, RestState] = {}
"""No agents are running, as far as the caller knows."""

_ACKNOWLEDGED = PENDING | UNDER_WAY | {DeliveryState.REACTED, DeliveryState.UNCONFIRMED}


@attrs.frozen
class MessageReach:
    """The limits of a message's distribution.

    `is_confined`: only members of its room receive it. `is_looped`: no program receives
    it, and the ledger records the programs that would have.
    """

    is_confined: bool = False
    is_looped: bool = False


@attrs.frozen
class LedgerStep:
    """The next step of a delivery."""

    state: DeliveryState
    reason: Reason | None = None
    offset: int | None = None
    file: str | None = None
    """The path of the file that holds the message, where it was not typed."""


def send(
    unit: Unit,
    message: Message,
    rests: Mapping[SessionId, RestState] = NO_AGENTS,
    reach: MessageReach = MessageReach(),
) -> tuple[DeliveryRecord, ...]:
    """Queue a message for its recipients, and return the new rows of the ledger.

    `rests` maps running agents to their state; a session that is not in it does not
    run.
    """
    roster = _roster(unit, message.session_id, rests)
    linked = [_member(each) for each in unit.sessions.linking(message.session_id)]
    names_any = bool(message.target) or "@" in message.content
    is_chat = bool(linked) or not unit.sessions.has_terminal(message.session_id)
    if is_chat and not (roster or linked or names_any or reach.is_looped):
        return ()
    sender = participants.resolve(unit, message.sender_id)
    post = RoutedPost(
        text=message.content,
        sender=sender.id if sender else None,
        from_terminal=sender is not None and sender.type.has_terminal,
        role=message.role,
        target=message.target,
        msg_type=message.msg_type,
        source=message.meta.get("source"),
    )
    if reach.is_confined:
        named = _known(message.target, [*roster, *linked])
    else:
        named = _named(unit, message.target)
    is_channel = _has_channel(unit, message)
    people = _people(unit, message.session_id) if names_any else routing.NO_PEOPLE
    recipients = routing.route(
        post, roster, linked, named, people=people, is_channel=is_channel
    )
    if not (is_chat or message.target or MessageType.is_machine(message.msg_type)):
        recipients.append(to_own_terminal(message.session_id))
    if "@" in message.content:
        known = frozenset(people).union(*(each.names for each in (*roster, *linked)))
        is_raw = any(each.kind is DeliveryKind.RAW for each in recipients)
        recipients += outsiders.recipients(
            unit, message, post, known, is_confined=reach.is_confined, is_raw=is_raw
        )
    if reach.is_looped:  # Rows keep a looped message from channels, too.
        names = {folded(each.target_id) for each in recipients}
        routed = channels.receivers(unit, [message])
        handles = (each.handle for _, found, _ in routed for each in found)
        recipients += [routing.to_channel(e) for e in handles if folded(e) not in names]
    name = _sender(unit, message)
    return tuple(_enter(unit, message, name, each, reach) for each in recipients)


def _people(unit: Unit, room_id: SessionId) -> dict[str, str]:
    """Return the handle of each person in a room, by its folded names."""
    inside = [each for each in unit.people.people(room_id) if each.role != LEFT]
    by_alias = {folded(each.alias or each.handle): each.handle for each in inside}
    return by_alias | {folded(each.handle): each.handle for each in inside}


def reached(records: Sequence[DeliveryRecord]) -> list[SessionId]:
    """Return the terminals that the message is queued for or was typed into."""
    return [
        SessionId(each.target_id)
        for each in records
        if each.state is DeliveryState.QUEUED or each.reason is Reason.TERMINAL_DIRECT
    ]


def _roster(
    unit: Unit, room_id: SessionId, rests: Mapping[SessionId, RestState]
) -> list[RoutedMember]:
    return [
        RoutedMember(
            session_id=SessionId(each.session_id),
            handle=each.handle,
            alias=each.alias,
            has_terminal=SessionType(each.type).has_terminal,
            is_participant=each.role == PARTICIPANT,
            rest=rests.get(SessionId(each.session_id), RestState.STOPPED),
        )
        for each in unit.people.roster(room_id)
        if each.role != LEFT
    ]


def _member(session: Session) -> RoutedMember:
    return RoutedMember(
        session.id,
        session.handle,
        has_terminal=session.terminal is not None,
        forwards=session.auto_forward_chat,
    )


def _named(unit: Unit, target: str | None) -> RoutedMember | None:
    session = unit.sessions.by_handle(folded(target)) if target else None
    return _member(session) if session else None


def _known(target: str | None, members: Sequence[RoutedMember]) -> RoutedMember | None:
    """Return the member with this handle. Sessions outside of the room do not count."""
    return next(
        (
            each
            for each in members
            if target and each.handle and folded(each.handle) == folded(target)
        ),
        None,
    )


def _has_channel(unit: Unit, message: Message) -> bool:
    """Whether a local channel has the target as its handle, and may be targeted."""
    channel = channels.find(unit, message.target) if message.target else None
    return channel is not None and channels.may_name(unit, channel, message)


def _enter(
    unit: Unit, message: Message, sender: str, recipient: Recipient, reach: MessageReach
) -> DeliveryRecord:
    """Add a delivery's row to the ledger."""
    step = LedgerStep(DeliveryState.QUEUED)
    if reach.is_looped and recipient.skip in (None, Reason.CHANNEL):
        step = LedgerStep(DeliveryState.WITHHELD, Reason.LOOP)
    elif recipient.skip is not None:
        step = LedgerStep(DeliveryState.SKIPPED, recipient.skip)
    elif unit.deliveries.count(recipient.target_id) >= QUEUE:
        step = LedgerStep(DeliveryState.DEAD, Reason.QUEUE_FULL)
    record = DeliveryRecord(
        id=DeliveryId(clock.new_id()),
        message_id=message.id,
        session_id=message.session_id,
        adapter=recipient.adapter,
        target_id=recipient.target_id,
        kind=recipient.kind,
        route=recipient.route,
        state=step.state,
        reason=step.reason,
        delivered=False,
        error=None,
        offset=None,
        final=is_final(step.state, step.reason),
        created_at=unit.now,
        updated_at=unit.now,
        transitions=(Transition(step.state, step.reason, unit.now),),
    )
    unit.deliveries.add(record, recipient.session_id)
    record = unit.deliveries.get(record.id) or record
    if recipient.skip is None:
        _announce(unit, record, sender, record.transitions)
    return record


def begin(unit: Unit, delivery_id: DeliveryId) -> bool:
    """Record that typing begins. False where nothing may be typed any more."""
    record = unit.deliveries.get(delivery_id)
    if record is None or not record.waits:
        return False
    unit.deliveries.begin(delivery_id)
    return True


def advance(
    unit: Unit, delivery_id: DeliveryId, *steps: LedgerStep
) -> DeliveryRecord | None:
    """Take these steps. Return the record after them, None where the message is gone.

    A delivery that ended meanwhile stays unchanged. A step to the state and reason that
    the delivery has already is no step.
    """
    record = unit.deliveries.get(delivery_id)
    if record is None or record.final:
        return record
    last = steps[-1]
    if (last.state, last.reason) == (record.state, record.reason):
        return unit.deliveries.change(record)
    record = _taken(unit, record, *steps)
    if record.state is DeliveryState.REACTED:
        _read(unit, record)
    return record


def mark_noted(
    unit: Unit, delivery_id: DeliveryId, offset: int
) -> DeliveryRecord | None:
    """Record that a shell was given the path of the message's file.

    The delivery stays withheld: a comment in a shell does not deliver it.
    """
    record = unit.deliveries.get(delivery_id)
    if record is None or record.reason is not Reason.NOT_AN_AGENT:
        return record
    return _taken(
        unit, record, LedgerStep(DeliveryState.WITHHELD, Reason.NOTED, offset)
    )


def acknowledge(
    unit: Unit, message_id: MessageId, terminal_id: SessionId, reason: Reason
) -> None:
    """Record that the program in that terminal has the message.

    The evidence is a reply to the message, or a receipt.
    """
    for record in unit.deliveries.of_message(message_id):
        if record.target_id == terminal_id and record.state in _ACKNOWLEDGED:
            _taken(unit, record, LedgerStep(DeliveryState.ACKED, reason))
            _read(unit, record)


def replied(unit: Unit, message: Message) -> None:
    """Acknowledge the message that a new message replies to, if its sender received it.

    The sender is the session that its name resolves to.
    """
    if message.reply_to is None:
        return
    sender = participants.resolve(unit, message.sender_id)
    if sender is not None:
        acknowledge(unit, message.reply_to, sender.id, Reason.REPLY)


def mark_read(
    unit: Unit, room_id: SessionId, message_id: MessageId, request: MarkRead
) -> tuple[Read, ...]:
    """Add a receipt as `participants.mark_read` does, and acknowledge the delivery."""
    reads = participants.mark_read(unit, room_id, message_id, request)
    reader = participants.resolve(unit, request.reader_id)
    if reader is not None:
        acknowledge(unit, message_id, reader.id, Reason.READ)
    return reads


def _taken(unit: Unit, record: DeliveryRecord, *steps: LedgerStep) -> DeliveryRecord:
    taken = [Transition(s.state, s.reason, unit.now, s.offset) for s in steps]
    last = steps[-1]
    offsets = [step.offset for step in steps if step.offset is not None]
    files = [step.file for step in steps if step.file is not None]
    record = unit.deliveries.change(
        attrs.evolve(
            record,
            state=last.state,
            reason=last.reason,
            offset=offsets[-1] if offsets else record.offset,
            final=is_final(last.state, last.reason),
            file=files[-1] if files else record.file,
            updated_at=unit.now,
            transitions=(*record.transitions, *taken),
        )
    )
    message = unit.messages.get(record.session_id, record.message_id)
    _announce(unit, record, _sender(unit, message) if message else UNNAMED, taken)
    return record


def _announce(
    unit: Unit, record: DeliveryRecord, sender: str, taken: Sequence[Transition]
) -> None:
    """Log each step as a run event, and emit the change to room and terminal."""
    terminal_id = SessionId(record.target_id)
    for step in taken:
        log.record(unit, terminal_id, entries.delivery_step(record, sender, step))
    for session_id in dict.fromkeys((record.session_id, terminal_id)):
        unit.emit(DeliveryUpdated(session_id, record.message_id, record.id, record))


def _read(unit: Unit, record: DeliveryRecord) -> None:
    reader_id = SessionId(record.target_id)
    participants.add_receipt(unit, record.session_id, record.message_id, reader_id)


def recover(unit: Unit) -> None:
    """After a start, make deliveries `unconfirmed` that were being typed or watched."""
    restarted = LedgerStep(DeliveryState.UNCONFIRMED, Reason.SERVER_RESTARTED)
    for record in unit.deliveries.unsettled():
        _taken(unit, record, restarted)


def next_message(
    unit: Unit, terminal_id: SessionId
) -> tuple[DeliveryRecord, TypedMessage] | None:
    """Return the oldest delivery that waits for a terminal, and the text to type."""
    record = unit.deliveries.next(terminal_id)
    if record is None:
        return None
    room = unit.sessions.get(record.session_id)
    message = unit.messages.get(record.session_id, record.message_id)
    terminal = unit.sessions.get(terminal_id)
    assert room is not None
    assert message is not None
    parent = None
    if message.reply_to is not None:
        parent = unit.messages.get(room.id, message.reply_to)
    typed_message = TypedMessage(
        kind=record.kind,
        content=message.content,
        message_id=message.id,
        room_id=room.id,
        room_name=room.name,
        sender=_sender(unit, message),
        is_named=record.route in ("target", MENTION, "linked_chat"),
        parent=(_sender(unit, parent), parent.content) if parent else None,
        accepts=terminal is not None and terminal.accepts_messages,
    )
    return record, typed_message


def _sender(unit: Unit, message: Message) -> str:
    session = participants.resolve(unit, message.sender_id)
    if session is None:
        return message.sender_id or UNNAMED
    return session.handle or session.name


def waiting(unit: Unit) -> list[SessionId]:
    """Return the terminals for which deliveries wait."""
    return unit.deliveries.terminals()


def of_message(
    unit: Unit, room_id: SessionId, message_id: MessageId, caller: Caller | None = None
) -> tuple[DeliveryRecord, ...]:
    """Return the deliveries of a message that the caller may see. Raises `NotFound`."""
    check_exists(unit, room_id)
    participants.need_message(unit, room_id, message_id)
    return terminal_tokens.visible_deliveries(
        unit, caller, unit.deliveries.of_message(message_id)
    )


def list_deliveries(
    unit: Unit,
    session_id: SessionId,
    request: ListDeliveries,
    caller: Caller | None = None,
) -> Page[DeliveryRecord]:
    """Return a page of the deliveries to a terminal or of a room, oldest first.

    The page is chosen as a page of messages is. Rows that a token may not see are left
    out of the page. Raises `Invalid` on a bad cursor.
    """
    check_exists(unit, session_id)
    place = partial(unit.deliveries.ordinal, session_id)
    since, before = (
        paging.parse_bound(unit, request, key, place, "delivery")
        for key in ("since", "before")
    )
    state = DeliveryState(request.state) if request.state else None
    page = unit.deliveries.page(session_id, state, since, before, request.limit)
    last = -1 if since is not None and before is None else 0
    shown = Page(terminal_tokens.visible_deliveries(unit, caller, page))
    shown.more, shown.next = page.more, page[last].id if page.more else None
    return shown


def counts(unit: Unit) -> dict[str, int]:
    """Return how many deliveries wait, are being watched, or were given up."""
    states = (*PENDING, *UNDER_WAY, DeliveryState.DEAD)
    found = unit.deliveries.counts(states)
    return {state.value: found.get(state, 0) for state in sorted(states)}
