"""Rules of identity: a terminal's token says who calls, and which rooms that opens.

A token is not stored. It seals the session and its run with the server's key, so it is
dead when the run ended or the session is archived or deleted, whoever still has it.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Collection, Iterable
from typing import Final

import attrs

from ant.core import clock
from ant.core.errors import Forbidden, Unauthorized
from ant.model.deliveries import CHANNEL, DeliveryRecord, Reason
from ant.model.events import (
    DeliveryUpdated,
    Event,
    MessageRead,
    RoomLinkCreated,
    RoomLinkDeleted,
)
from ant.model.rooms import LEFT, Read
from ant.model.sessions import Session, SessionId, SessionType, Status
from ant.store import Program, Unit

PREFIX: Final = "ant."
"""What begins so is a token or nothing: never taken for no credential at all."""

FORM: Final = re.compile(r"ant\.([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{43})")

_LIVE: Final = (Status.STARTING, Status.RUNNING)


def _key() -> bytes:
    return clock.new_id().encode()


@attrs.frozen
class TokenSigner:
    """Makes tokens and knows its own again; without a key those of nobody else."""

    _key: bytes = attrs.field(factory=_key, repr=False)

    def token(self, session_id: str, run: str) -> str:
        """The token of one run of a session's program."""
        seal = hmac.digest(self._key, f"{session_id}.{run}".encode(), hashlib.sha256)
        text = base64.urlsafe_b64encode(seal).decode().rstrip("=")
        return f"{PREFIX}{session_id}.{text}"

    def nonce(self, session_id: str, run: str) -> str:
        """What a shell of that run seals its marks with; the same after a restart."""
        text = f"shell.{session_id}.{run}"
        return hmac.digest(self._key, text.encode(), hashlib.sha256).hex()[:32]

    def matches(self, token: str, session_id: str, run: str) -> bool:
        """Whether it is the token of that run; in constant time."""
        expected = self.token(session_id, run)
        return hmac.compare_digest(expected.encode(), token.encode())


@attrs.frozen
class Caller:
    """The terminal that shows a token: which run of it, and its handle then."""

    session_id: SessionId
    run: str
    handle: str | None

    def is_named(self, name: str) -> bool:
        """Whether it is meant by an id, or by a handle with or without its `@`."""
        if name == self.session_id:
            return True
        folded = f"@{name.strip().removeprefix('@')}".lower()
        return self.handle is not None and folded == self.handle.lower()


def identify(unit: Unit, token_signer: TokenSigner, token: str) -> Caller:
    """Who shows this token. Raises `Unauthorized` when it is none, or dead."""
    form = FORM.fullmatch(token)
    program = _running(unit, form[1]) if form else None
    if program is None or not token_signer.matches(
        token, program.session.id, program.run or ""
    ):
        raise Unauthorized(
            "This token opens nothing: it is not one of ours, or its terminal has "
            "ended."
        )
    return Caller(program.session.id, program.run or "", program.session.handle)


def _running(unit: Unit, session_id: str) -> Program | None:
    program = unit.sessions.program(session_id)
    if program is None or not program.session.active or not program.run:
        return None
    return program if program.status in _LIVE else None


def check_alive(unit: Unit, caller: Caller) -> Session:
    """The caller's row. Raises `Unauthorized` when its run has ended since."""
    program = _running(unit, caller.session_id)
    if program is None or program.run != caller.run:
        raise Unauthorized("The terminal of this token has ended.")
    return program.session


def check_room(unit: Unit, caller: Caller, room_id: str) -> None:
    """A room opens to the terminal whose linked chat it is, and to its members.

    Raises `Unauthorized` when the caller's run has ended, and `Forbidden`, for a room
    that does not exist, or is archived or deleted, too.
    """
    check_alive(unit, caller)
    if not can_access_room(unit, caller, room_id):
        raise Forbidden("The terminal of this token is not in this room.")


def can_access_room(unit: Unit, caller: Caller, room_id: str) -> bool:
    """Whether a room is there, is active and opens to the caller's terminal."""
    own, room = unit.sessions.get(caller.session_id), unit.sessions.get(room_id)
    if own is None or room is None or not room.active:
        return False
    return _is_in(unit, own, room_id)


def _is_in(unit: Unit, session: Session, room_id: str) -> bool:
    if room_id == session.linked_chat_id:
        return True
    member = unit.people.member(room_id, session.id)
    if member is None or member.role == LEFT:
        return False
    # Posts make members of terminals' own sessions, too; those are no rooms.
    room = unit.sessions.get(room_id)
    return room is not None and room.type is SessionType.CHAT


def rooms_of(unit: Unit, caller: Caller) -> tuple[Session, ...]:
    """The caller's own row and those of the active rooms that open to it."""
    own = unit.sessions.get(caller.session_id)
    if own is None:
        return ()
    ids = filter(None, {own.linked_chat_id, *unit.people.memberships(own.id)})
    known = unit.sessions.several(list(ids)).values()
    rooms = [room for room in known if room.active and _is_in(unit, own, room.id)]
    rooms.sort(key=lambda room: (room.updated_at, room.id), reverse=True)
    return (own, *rooms)


def visible_deliveries(
    unit: Unit, caller: Caller | None, records: Iterable[DeliveryRecord]
) -> tuple[DeliveryRecord, ...]:
    """The deliveries that a token is told of; the operator is told of all.

    Those to its terminal, to others in the room of the message, and to names that are
    no session's. `file` is told of the caller's own only.
    """
    if caller is None:
        return tuple(records)
    known: dict[tuple[str, str], bool] = {}
    found: list[DeliveryRecord] = []
    for record in records:
        if record.target_id == caller.session_id:
            found.append(record)
            continue
        key = record.session_id, record.target_id
        if key not in known:
            known[key] = _is_inside(unit, record)
        if known[key]:
            found.append(attrs.evolve(record, file=None))
    return tuple(found)


def _is_inside(unit: Unit, record: DeliveryRecord) -> bool:
    """Whether the target is in the room of the message, or is no session's name."""
    target = unit.sessions.get(record.target_id)
    if target is None:  # A session that was removed since is not a mere name.
        return record.adapter == CHANNEL or record.reason is Reason.UNKNOWN_TARGET
    return _is_in(unit, target, record.session_id)


def visible_receipts(
    unit: Unit, caller: Caller | None, room_id: SessionId, reads: Collection[Read]
) -> tuple[Read, ...]:
    """The receipts that a token is told of: of itself, and of who is in the room."""
    if caller is None:
        return tuple(reads)
    known = unit.sessions.several(list({read.session_id for read in reads}))
    inside = {each.id for each in known.values() if _is_in(unit, each, room_id)}
    inside |= {caller.session_id, room_id}
    return tuple(read for read in reads if read.session_id in inside)


def visible_event(
    unit: Unit, caller: Caller, room_id: SessionId, event: Event
) -> Event | None:
    """An event of a room as a token is told it; None for one that it is not told.

    The lists of deliveries, receipts and links leave the same out. Raises as
    `check_room`.
    """
    check_room(unit, caller, room_id)
    match event:
        case DeliveryUpdated():
            records = visible_deliveries(unit, caller, [event.delivery])
            return attrs.evolve(event, delivery=records[0]) if records else None
        case MessageRead():
            reads = visible_receipts(unit, caller, room_id, event.reads)
            is_told = any(read.session_id == event.reader_id for read in reads)
            return attrs.evolve(event, reads=reads) if is_told else None
        case RoomLinkCreated() | RoomLinkDeleted():
            is_source = event.room_id == room_id
            other = event.target_room_id if is_source else event.room_id
            return event if other and can_access_room(unit, caller, other) else None
        case _:
            return event
