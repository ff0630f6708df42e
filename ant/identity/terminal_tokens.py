"""Tokens of terminals: how ANT makes and checks them, and what a caller with one sees.

A caller with an access token that is limited to a session sees the same way: that
session and its linked chat (`identity.access_tokens`).

Each run of a terminal's program gets a token in its environment (`ANT_TOKEN`). A caller
that shows a token acts as that terminal:

- It reads the session of its terminal, and its rooms: the terminal's linked chat, and
  the chats that the terminal is a member of and has not left.
- In these rooms it posts messages and read receipts, and shows that it types, always
  under the name of its terminal. It also reports hooks of its terminal.
- It receives the events of these rooms. It sees deliveries and receipts of sessions in
  the room, and links to rooms of its own (`visible_deliveries`, `visible_receipts`,
  `visible_event`).
- Everything else is `Forbidden`. `http.access.permissions` decides by route and frame.

A token is `ant.SESSION.SEAL`. The seal is an HMAC-SHA256 of the session's id and its
run, with a key in the data folder. ANT stores no token. A token is valid while its run
is starting or running and its session is neither archived nor deleted. An invalid token
is `Unauthorized`; ANT never treats its caller as the operator. `identity.quotas` limits
what a token may write.
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
from ant.model.access_tokens import AccessToken
from ant.model.deliveries import CHANNEL, MENTION, DeliveryRecord, Reason
from ant.model.events import (
    DeliveryUpdated,
    Event,
    MessageRead,
    RoomLinkCreated,
    RoomLinkDeleted,
    Tombstone,
)
from ant.model.handles import folded
from ant.model.rooms import LEFT, Read
from ant.model.sessions import Session, SessionId, SessionType, Status
from ant.store import Program, Unit
from ant.terminal.shell.shell_key import KEY_BYTES, ShellKey

PREFIX: Final = "ant."
"""The prefix of every token. A credential with this prefix is a token or invalid."""

FORM: Final = re.compile(r"ant\.([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{43})")

_NAMES: Final = (Reason.UNKNOWN_TARGET, Reason.PERSON)
"""Reasons of deliveries whose target is a name, and not a terminal."""

_FILTERED: Final = frozenset(
    {"delivery_updated", "message_read", "room_link_created", "room_link_deleted"}
)
"""Types of events that `visible_event` does not show to all members of a room."""

_LIVE: Final = (Status.STARTING, Status.RUNNING)


def _random_key() -> bytes:
    return clock.new_id().encode()


@attrs.frozen
class TokenSigner:
    """Makes and verifies tokens with a key; by default a random one."""

    _key: bytes = attrs.field(factory=_random_key, repr=False)

    def token(self, session_id: str, run: str) -> str:
        """The token of one run of a session's program."""
        seal = hmac.digest(self._key, f"{session_id}.{run}".encode(), hashlib.sha256)
        text = base64.urlsafe_b64encode(seal).decode().rstrip("=")
        return f"{PREFIX}{session_id}.{text}"

    def shell_key(self, session_id: str, run: str) -> ShellKey:
        """The key of the shell marks of a run; the same after a restart."""
        text = f"shell.{session_id}.{run}"
        seal = hmac.digest(self._key, text.encode(), hashlib.sha256)
        return ShellKey.of(seal[:KEY_BYTES])

    def matches(self, token: str, session_id: str, run: str) -> bool:
        """Whether `token` is the token of that run; compared in constant time."""
        expected = self.token(session_id, run)
        return hmac.compare_digest(expected.encode(), token.encode())


@attrs.frozen
class Caller:
    """The terminal that a valid token names: its session, its run, its handle.

    With an `access_token` it is the session, or the room, that this token is limited
    to; then `run` is empty.
    """

    session_id: SessionId
    run: str
    handle: str | None
    access_token: AccessToken | None = None

    @property
    def is_terminal(self) -> bool:
        """Whether a program of the terminal calls, by the terminal's own token."""
        return self.access_token is None

    def is_named(self, name: str) -> bool:
        """Whether `name` is the session's id, or its handle with or without the `@`."""
        if name == self.session_id:
            return True
        return self.handle is not None and folded(name) == folded(self.handle)


def identify(unit: Unit, token_signer: TokenSigner, token: str) -> Caller:
    """The caller that a token names. Raises `Unauthorized` for an invalid token."""
    form = FORM.fullmatch(token)
    program = _running(unit, form[1]) if form else None
    if program is None or not token_signer.matches(
        token, program.session.id, program.run or ""
    ):
        raise Unauthorized(
            "This token is invalid: this server did not make it, or the program of its "
            "terminal has ended. Use the ANT_TOKEN of a terminal that runs."
        )
    return Caller(program.session.id, program.run or "", program.session.handle)


def _running(unit: Unit, session_id: str) -> Program | None:
    """The program of an active session that is starting or running, or None."""
    program = unit.sessions.program(session_id)
    if program is None or not program.session.active or not program.run:
        return None
    return program if program.status in _LIVE else None


def check_alive(unit: Unit, caller: Caller) -> Session:
    """The caller's session. Raises `Unauthorized` when its run has ended.

    For a caller with an access token it is when that token is valid no more.
    """
    if (limited := caller.access_token) is not None:
        stored = unit.access_tokens.get(limited.id)
        session = unit.sessions.get(caller.session_id)
        is_gone = session is None or session.deleted_at is not None
        if stored is None or stored.is_expired(unit.now) or is_gone:
            raise Unauthorized("This token was revoked, or has expired.")
        assert session is not None
        return session
    program = _running(unit, caller.session_id)
    if program is None or program.run != caller.run:
        raise Unauthorized("The program of this token's terminal has ended.")
    return program.session


def check_room(unit: Unit, caller: Caller, room_id: str) -> None:
    """Check that the caller may read and post in a room.

    Raises `Unauthorized` when the caller's run has ended. Raises `Forbidden` for a room
    that is not one of its terminal, does not exist, or is deleted.
    """
    check_alive(unit, caller)
    if can_access_room(unit, caller, room_id):
        return
    if caller.access_token is not None:
        raise Forbidden(
            f"This token is limited to session {caller.session_id!r} and its chat; use "
            "a token without that limit."
        )
    raise Forbidden(
        "The terminal of this token is not a member of this room. Add it as a "
        "participant, or call as the operator (`ant --operator`)."
    )


def can_access_room(unit: Unit, caller: Caller, room_id: str) -> bool:
    """Whether a room exists, is not deleted, and is one of the caller's terminal.

    An archived room stays readable; the rules refuse what would change it.
    """
    own, room = unit.sessions.get(caller.session_id), unit.sessions.get(room_id)
    if own is None or room is None or room.deleted_at is not None:
        return False
    if caller.access_token is not None:
        return room_id in (own.id, own.linked_chat_id)
    return _is_in(unit, own, room_id)


def _is_in(unit: Unit, session: Session, room_id: str) -> bool:
    """Whether a room is a session's linked chat, or a chat that it is a member of."""
    if room_id == session.linked_chat_id:
        return True
    member = unit.people.member(room_id, session.id)
    if member is None or member.role == LEFT:
        return False
    # A post to a terminal's own session makes members of it, but it is no room.
    room = unit.sessions.get(room_id)
    return room is not None and room.type is SessionType.CHAT


def rooms_of(unit: Unit, caller: Caller) -> tuple[Session, ...]:
    """The caller's session, then its active rooms, last changed first."""
    own = unit.sessions.get(caller.session_id)
    if own is None:
        return ()
    ids = filter(None, {own.linked_chat_id, *unit.people.memberships(own.id)})
    sessions = unit.sessions.several(list(ids)).values()
    rooms = [
        room
        for room in sessions
        if room.active and can_access_room(unit, caller, room.id)
    ]
    rooms.sort(key=lambda room: (room.updated_at, room.id), reverse=True)
    return (own, *rooms)


def visible_deliveries(
    unit: Unit, caller: Caller | None, records: Iterable[DeliveryRecord]
) -> tuple[DeliveryRecord, ...]:
    """The deliveries that a caller sees, in the given order; the operator sees all.

    A token sees those to its terminal, to members of the room of the message, and to
    names that no session has. It sees `file` only of those to its terminal. Of mentions
    of names outside of the room it sees only those of programs' messages, for which ANT
    looked in the room only.
    """
    if caller is None:
        return tuple(records)
    is_visible: dict[tuple[str | None, ...], bool] = {}
    visible: list[DeliveryRecord] = []
    for record in records:
        if record.target_id == caller.session_id:
            visible.append(record)
            continue
        key = record.session_id, record.target_id, record.route, record.reason
        if key not in is_visible:
            is_visible[key] = _is_inside(unit, record)
        if is_visible[key]:
            visible.append(attrs.evolve(record, file=None))
    return tuple(visible)


def _is_inside(unit: Unit, record: DeliveryRecord) -> bool:
    """Whether the target is in the room of the message, or is no session's name."""
    target = unit.sessions.get(record.target_id)
    if target is None:  # A removed session does not count as a name.
        if record.route == MENTION and record.reason is not Reason.PERSON:
            return False
        return record.adapter == CHANNEL or record.reason in _NAMES
    return _is_in(unit, target, record.session_id)


def visible_receipts(
    unit: Unit, caller: Caller | None, room_id: SessionId, reads: Collection[Read]
) -> tuple[Read, ...]:
    """The receipts that a caller sees, in the given order; the operator sees all.

    A token sees those of its terminal and of members of the room.
    """
    if caller is None:
        return tuple(reads)
    names = {read.session_id for read in reads}
    readers = unit.sessions.several(list(names))
    inside: set[str] = {e.id for e in readers.values() if _is_in(unit, e, room_id)}
    people = unit.people.people(room_id)
    inside |= {folded(each.handle) for each in people if each.role != LEFT}
    inside |= {caller.session_id, room_id}
    return tuple(read for read in reads if read.session_id in inside)


def visible_event(
    unit: Unit, caller: Caller, room_id: SessionId, event: Event
) -> Event | None:
    """An event of a room as the caller sees it, or None if it must not see it.

    Lists of deliveries, receipts and links leave out the same. Raises as `check_room`.
    """
    check_room(unit, caller, room_id)
    match event:
        case DeliveryUpdated():
            records = visible_deliveries(unit, caller, [event.delivery])
            return attrs.evolve(event, delivery=records[0]) if records else None
        case MessageRead():
            reads = visible_receipts(unit, caller, room_id, event.reads)
            is_visible = any(read.session_id == event.reader_id for read in reads)
            return attrs.evolve(event, reads=reads) if is_visible else None
        case RoomLinkCreated() | RoomLinkDeleted():
            is_source = event.room_id == room_id
            other = event.target_room_id if is_source else event.room_id
            return event if other and can_access_room(unit, caller, other) else None
        case Tombstone():  # The hash of content that the caller may not have seen.
            return None if event.event_type in _FILTERED else event
        case _:
            return event
