"""Rules of the ledger: who gets a message, and each step that it takes until it ends.

Rule 1: what is to be typed is `queued` in the transaction that stores the message.
Rule 2: a step is written before anybody hears of it; an ended delivery takes none, but
that its terminal may still acknowledge it. Rule 3: what may have been typed is never
typed again: `begin` is written before the first key, and what was begun when a server
ended is `unconfirmed`.
"""

from collections.abc import Mapping, Sequence
from functools import partial

import attrs

from ant.api.message_requests import ListDeliveries, MarkRead
from ant.core import clock
from ant.identity import tokens
from ant.identity.tokens import Caller
from ant.messages import channels, routing
from ant.messages.routing import Recipient, RestState, RoutedMember, RoutedPost
from ant.messages.typed_message import TypedMessage
from ant.model.deliveries import (
    PENDING,
    UNDER_WAY,
    DeliveryId,
    DeliveryRecord,
    DeliveryState,
    Reason,
    Transition,
    is_final,
)
from ant.model.events import DeliveryUpdated
from ant.model.handles import folded
from ant.model.messages import Message, MessageId
from ant.model.rooms import LEFT, PARTICIPANT, Read
from ant.model.sessions import Session, SessionId, SessionType
from ant.rooms import participants
from ant.run_events import entries, log
from ant.sessions.sessions import check_exists
from ant.store import Page, Unit, paging

QUEUE = 256
"""Messages that may wait for one terminal; the next is given up at once."""

SOMEBODY = "somebody"
"""Who sent a message that says nothing of it."""

NOBODY: Mapping[SessionId, RestState] = {}
"""No agent runs, as far as is known."""

_ACKNOWLEDGED = PENDING | UNDER_WAY | {DeliveryState.REACTED, DeliveryState.UNCONFIRMED}


@attrs.frozen
class MessageReach:
    """How far a message goes.

    `is_confined`: to members of its room only. `is_looped`: to no program at all, and
    the ledger says whom it would have reached.
    """

    is_confined: bool = False
    is_looped: bool = False


@attrs.frozen
class LedgerStep:
    """What became of a delivery next."""

    state: DeliveryState
    reason: Reason | None = None
    offset: int | None = None
    file: str | None = None
    """Where the message is, if it was put into a file."""


def send(
    unit: Unit,
    message: Message,
    rests: Mapping[SessionId, RestState] = NOBODY,
    reach: MessageReach = MessageReach(),
) -> tuple[DeliveryRecord, ...]:
    """Queue a message for everybody it is meant for; the new rows of the ledger.

    `rests` says what running agents do; who is not in it does not run.
    """
    roster = _roster(unit, message.session_id, rests)
    linked = [_member(each) for each in unit.sessions.linking(message.session_id)]
    if not (roster or linked or message.target or reach.is_looped):
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
    recipients = routing.route(post, roster, linked, named, is_channel=is_channel)
    if reach.is_looped:  # Channels have no rows else, and must not be told.
        names = {folded(each.target_id) for each in recipients}
        heard = channels.hearing(unit, [message])
        handles = (each.handle for _, found, _ in heard for each in found)
        recipients += [routing.told(e) for e in handles if folded(e) not in names]
    who = _sender(unit, message)
    return tuple(_enter(unit, message, who, each, reach) for each in recipients)


def reached(records: Sequence[DeliveryRecord]) -> list[SessionId]:
    """The terminals that these bring something to, or that have it already."""
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
    """The member of the room that has that handle; nobody else is looked for."""
    return next(
        (
            each
            for each in members
            if target and each.handle and folded(each.handle) == folded(target)
        ),
        None,
    )


def _has_channel(unit: Unit, message: Message) -> bool:
    """Whether a local channel has the target, and may be named there."""
    channel = channels.find(unit, message.target) if message.target else None
    return channel is not None and channels.may_name(unit, channel, message)


def _enter(
    unit: Unit, message: Message, sender: str, recipient: Recipient, reach: MessageReach
) -> DeliveryRecord:
    """Open a delivery's row in the ledger."""
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
        _tell(unit, record, sender, record.transitions)
    return record


def begin(unit: Unit, delivery_id: DeliveryId) -> bool:
    """From now on it may be typed; False where it is not to be typed any more."""
    record = unit.deliveries.get(delivery_id)
    if record is None or not record.waits:
        return False
    unit.deliveries.begin(delivery_id)
    return True


def advance(
    unit: Unit, delivery_id: DeliveryId, *steps: LedgerStep
) -> DeliveryRecord | None:
    """Take these steps; the record after them, None where the message is gone.

    One that ended meanwhile stays as it is. To be withheld for the reason that is known
    already is no step.
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


def note(unit: Unit, delivery_id: DeliveryId, offset: int) -> DeliveryRecord | None:
    """A shell was told where the file of a message is; that is no delivery of it."""
    record = unit.deliveries.get(delivery_id)
    if record is None or record.reason is not Reason.NOT_AN_AGENT:
        return record
    return _taken(
        unit, record, LedgerStep(DeliveryState.WITHHELD, Reason.NOTED, offset)
    )


def acknowledge(
    unit: Unit, message_id: MessageId, terminal_id: SessionId, reason: Reason
) -> None:
    """Who runs in that terminal has the message: by a reply to it, or a receipt."""
    for record in unit.deliveries.of_message(message_id):
        if record.target_id == terminal_id and record.state in _ACKNOWLEDGED:
            _taken(unit, record, LedgerStep(DeliveryState.ACKED, reason))
            _read(unit, record)


def replied(unit: Unit, message: Message) -> None:
    """A message was posted: if it is a reply by somebody it was sent to, that arrived.

    *Who* it is, is who its sender's name belongs to.
    """
    if message.reply_to is None:
        return
    sender = participants.resolve(unit, message.sender_id)
    if sender is not None:
        acknowledge(unit, message.reply_to, sender.id, Reason.REPLY)


def mark_read(
    unit: Unit, room_id: SessionId, message_id: MessageId, request: MarkRead
) -> tuple[Read, ...]:
    """As `people.mark_read`, by the terminal itself, which has the message then."""
    reads = participants.mark_read(unit, room_id, message_id, request)
    acknowledge(unit, message_id, request.reader_id, Reason.READ)
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
    _tell(unit, record, _sender(unit, message) if message else SOMEBODY, taken)
    return record


def _tell(
    unit: Unit, record: DeliveryRecord, sender: str, taken: Sequence[Transition]
) -> None:
    """Tell room and terminal, and record each step with what happened there."""
    terminal_id = SessionId(record.target_id)
    for step in taken:
        fact = entries.delivered(record, sender, step)
        log.record(unit, terminal_id, fact)
    for told in dict.fromkeys((record.session_id, SessionId(record.target_id))):
        unit.emit(DeliveryUpdated(told, record.message_id, record.id, record))


def _read(unit: Unit, record: DeliveryRecord) -> None:
    who = SessionId(record.target_id)
    participants.has_read(unit, record.session_id, record.message_id, who)


def recover(unit: Unit) -> None:
    """After a start: what was being typed or watched then is `unconfirmed`."""
    restarted = LedgerStep(DeliveryState.UNCONFIRMED, Reason.SERVER_RESTARTED)
    for record in unit.deliveries.unsettled():
        _taken(unit, record, restarted)


def next_letter(
    unit: Unit, terminal_id: SessionId
) -> tuple[DeliveryRecord, TypedMessage] | None:
    """The oldest delivery that waits for that terminal, and what it has to say."""
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
        is_named=record.route in ("target", "mention", "linked_chat"),
        parent=(_sender(unit, parent), parent.content) if parent else None,
        accepts=terminal is not None and terminal.accepts_messages,
    )
    return record, typed_message


def _sender(unit: Unit, message: Message) -> str:
    session = participants.resolve(unit, message.sender_id)
    if session is None:
        return message.sender_id or SOMEBODY
    return session.handle or session.name


def waiting(unit: Unit) -> list[SessionId]:
    """The terminals for which something waits."""
    return unit.deliveries.terminals()


def of_message(
    unit: Unit, room_id: SessionId, message_id: MessageId, caller: Caller | None = None
) -> tuple[DeliveryRecord, ...]:
    """The deliveries of one message, as a token is told them. Raises `NotFound`."""
    check_exists(unit, room_id)
    participants.need_message(unit, room_id, message_id)
    return tokens.visible_deliveries(
        unit, caller, unit.deliveries.of_message(message_id)
    )


def list_deliveries(
    unit: Unit,
    session_id: SessionId,
    request: ListDeliveries,
    caller: Caller | None = None,
) -> Page[DeliveryRecord]:
    """To that terminal or of that room, oldest first, as pages of messages are.

    For a token what it is not told of is left out of the page. Raises `Invalid` on a
    bad cursor.
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
    told = Page(tokens.visible_deliveries(unit, caller, page))
    told.more, told.next = page.more, page[last].id if page.more else None
    return told


def counts(unit: Unit) -> dict[str, int]:
    """How many wait or are watched, and how many were given up."""
    wanted = (*PENDING, *UNDER_WAY, DeliveryState.DEAD)
    found = unit.deliveries.counts(wanted)
    return {state.value: found.get(state, 0) for state in sorted(wanted)}
