"""Participants of rooms: members, posters and read receipts."""

from collections.abc import Collection
from typing import Any

import attrs
from peewee import JOIN, fn

from ant.api import codec
from ant.core import clock
from ant.model.handles import folded
from ant.model.rooms import LEFT, Read
from ant.store.tables.reachable import NOT_REMOVED
from ant.store.tables.rooms import (
    MemberRow,
    MessageRow,
    PersonRow,
    PosterRow,
    ReadRow,
)
from ant.store.tables.sessions import SessionRow
from ant.store.tables.statement import Statement, lazily, page


class Receipts(dict[str, list[Read]]):
    """A page of read receipts by message id.

    `next` is the number of the last receipt when more follow, else None.
    """

    next: int | None = None


RECEIPT_BYTES = 120
"""Bytes of a receipt as JSON without ids and names."""


@attrs.frozen
class MemberRecord:
    """A membership of a room."""

    session_id: str
    role: str
    alias: str | None
    cli_flag: str | None
    joined_at: str
    ordinal: int = attrs.field(default=0, eq=False)
    """Its position among all memberships, once it is stored."""


@attrs.frozen
class ListedMember:
    """A membership of a room, with the names of the member."""

    session_id: str
    role: str
    alias: str | None
    handle: str | None
    type: str


@attrs.frozen
class PersonRecord:
    """A person's membership of a room. Two spellings of a handle are one person."""

    handle: str
    role: str
    alias: str | None
    joined_at: str
    ordinal: int = attrs.field(default=0, eq=False)
    """Its position among all memberships of people, once it is stored."""

    @property
    def names(self) -> frozenset[str]:
        """Its handle and alias, folded."""
        return frozenset(folded(name) for name in (self.handle, self.alias) if name)


@attrs.frozen
class PosterRecord:
    """A sender in a room, by the name in its posts."""

    sender_id: str
    first_seen: str
    last_seen: str
    message_count: int


def _member(row: Any) -> MemberRecord:
    columns = row.session_id, row.role, row.alias_, row.cli_flag, row.joined_at
    return MemberRecord(*columns, row.id)


def _person(row: Any) -> PersonRecord:
    return PersonRecord(row.handle, row.role, row.alias_, row.joined_at, row.id)


_PEOPLE = Statement(
    lambda room_id: (
        PersonRow.select(PersonRow)
        .where(PersonRow.room_id == room_id)
        .order_by(PersonRow.id)
    )
)
_MEMBER = Statement(
    lambda room_id, session_id: MemberRow.select().where(
        (MemberRow.room_id == room_id) & (MemberRow.session_id == session_id)
    )
)
_ROOMS_OF = Statement(
    lambda session_id, limit: (
        MemberRow.select(MemberRow.room_id, SessionRow.name)
        .join(SessionRow, on=(SessionRow.id == MemberRow.room_id))
        .where(
            (MemberRow.session_id == session_id)
            & (MemberRow.role != LEFT)
            & NOT_REMOVED
            & (SessionRow.archived == False)  # noqa: E712
            & SessionRow.deleted_at.is_null()
        )
        .order_by(MemberRow.id.desc())
        .limit(limit)
    )
)
_ROSTER = Statement(
    lambda room_id: (
        MemberRow.select(
            MemberRow.session_id,
            MemberRow.role,
            MemberRow.alias_,
            SessionRow.handle,
            SessionRow.type,
        )
        .join(SessionRow, on=(SessionRow.id == MemberRow.session_id))
        .where(
            (MemberRow.room_id == room_id)
            & (SessionRow.archived == False)  # noqa: E712
            & SessionRow.deleted_at.is_null()
        )
        .order_by(MemberRow.id)
    )
)
_COUNT_POST = Statement(
    lambda room_id, sender_id, at: PosterRow.insert(
        room_id=room_id,
        sender_id=sender_id,
        first_seen=at,
        last_seen=at,
        message_count=1,
    ).on_conflict(
        conflict_target=[PosterRow.room_id, PosterRow.sender_id],
        update={
            PosterRow.last_seen: at,
            PosterRow.message_count: PosterRow.message_count + 1,
        },
    )
)


def _receipt(row: Any) -> tuple[int, str, Read]:
    """The receipt's number, the message's id, and the receipt."""
    reader = getattr(row, "reader", None)
    person = row.session_id if row.session_id.startswith("@") else None
    read = Read(
        session_id=row.session_id,
        reader_name=(reader.display_name or reader.name) if reader else row.session_id,
        reader_handle=reader.handle if reader else person,
        read_at=clock.parse_stamp(row.read_at),
    )
    return row.id, row.message_id_id, read


def _receipt_weight(row: Any) -> int:
    reader = getattr(row, "reader", None)
    names = (reader.display_name, reader.name, reader.handle) if reader else ()
    return codec.json_size((row.session_id, row.message_id_id, *names)) + RECEIPT_BYTES


class ParticipantStore:
    """Participants in one transaction.

    It owns the tables `members`, `person_members`, `posters` and `reads`.
    """

    def members(self, room_id: str) -> list[MemberRecord]:
        """Every membership of a room, ended ones included, oldest first."""
        rows = MemberRow.select(MemberRow).join(
            SessionRow, on=(SessionRow.id == MemberRow.session_id)
        )
        rows = rows.where((MemberRow.room_id == room_id) & NOT_REMOVED)
        return list(map(_member, rows.order_by(MemberRow.id).namedtuples()))

    def member(self, room_id: str, session_id: str) -> MemberRecord | None:
        """The membership of a session in a room; None when there never was one."""
        row = _MEMBER.one(room_id=room_id, session_id=session_id)
        return _member(row) if row else None

    def roster(self, room_id: str) -> list[ListedMember]:
        """Every membership of an active session in a room, oldest first."""
        return [
            ListedMember(row.session_id, row.role, row.alias_, row.handle, row.type)
            for row in _ROSTER.rows(room_id=room_id)
        ]

    def save_member(self, room_id: str, member: MemberRecord) -> None:
        """Insert or replace a membership."""
        fields = {
            "role": member.role,
            "alias_": member.alias,
            "cli_flag": member.cli_flag,
            "joined_at": member.joined_at,
        }
        here = (MemberRow.room_id == room_id) & (
            MemberRow.session_id == member.session_id
        )
        if not MemberRow.update(fields).where(here).execute():
            MemberRow.insert(
                room_id=room_id, session_id=member.session_id, **fields
            ).execute()

    def people(self, room_id: str) -> list[PersonRecord]:
        """Every person that is or was a member of a room, oldest first."""
        return list(map(_person, _PEOPLE.rows(room_id=room_id)))

    def person(self, room_id: str, name: str) -> PersonRecord | None:
        """The membership of the person with this handle; None if there never was one.

        A person that has left counts, too.
        """
        here = (PersonRow.room_id == room_id) & (PersonRow.name == folded(name))
        row = PersonRow.select(PersonRow).where(here).first()
        return _person(row) if row else None

    def has_person(self, room_id: str, name: str) -> bool:
        """Whether a person with this handle is a member of a room and has not left."""
        person = self.person(room_id, name)
        return person is not None and person.role != LEFT

    def save_person(self, room_id: str, person: PersonRecord) -> None:
        """Insert or replace a person's membership."""
        fields = {
            "handle": person.handle,
            "role": person.role,
            "alias_": person.alias,
            "joined_at": person.joined_at,
        }
        name = folded(person.handle)
        here = (PersonRow.room_id == room_id) & (PersonRow.name == name)
        if not PersonRow.update(fields).where(here).execute():
            PersonRow.insert(room_id=room_id, name=name, **fields).execute()

    def memberships(self, session_id: str) -> list[str]:
        """The id of every room that a session is or was a member of, oldest first."""
        rows = MemberRow.select(MemberRow.room_id).where(
            MemberRow.session_id == session_id
        )
        ordered: Any = rows.order_by(MemberRow.id).namedtuples()
        return [row.room_id for row in ordered]

    def rooms_of(self, session_id: str, limit: int) -> list[tuple[str, str]]:
        """Id and name of active rooms that a session is in, the last joined first."""
        rows = _ROOMS_OF.rows(session_id=session_id, limit=limit)
        return [(row.room_id, row.name) for row in rows]

    def posters(self, room_id: str) -> list[PosterRecord]:
        """Every sender in a room, by the time of the first post."""
        rows = PosterRow.select().where(PosterRow.room_id == room_id)
        return [
            PosterRecord(
                row.sender_id, row.first_seen, row.last_seen, row.message_count
            )
            for row in rows.order_by(PosterRow.first_seen, PosterRow.sender_id)
        ]

    def posted_as(self, room_id: str, names: Collection[str]) -> frozenset[str]:
        """Which of these folded handles somebody posted under in a room."""
        handles = fn.LTRIM(fn.LOWER(PosterRow.sender_id), "@")
        bare = [name.removeprefix("@") for name in names]
        here = (PosterRow.room_id == room_id) & handles.in_(bare)
        rows = PosterRow.select(PosterRow.sender_id).where(here)
        posted = {folded(row.sender_id) for row in rows}
        return frozenset(name for name in names if name in posted)

    def count_post(self, room_id: str, sender_id: str, at: str) -> None:
        """Count a post of a sender at a stamp."""
        _COUNT_POST.run(room_id=room_id, sender_id=sender_id, at=at)

    def uncount_post(self, room_id: str, sender_id: str) -> None:
        """Count one post less. Delete the sender after the last one."""
        here = (PosterRow.room_id == room_id) & (PosterRow.sender_id == sender_id)
        PosterRow.update(message_count=PosterRow.message_count - 1).where(
            here
        ).execute()
        PosterRow.delete().where(here & (PosterRow.message_count <= 0)).execute()

    def add_read(self, message_id: str, reader_id: str, at: str) -> bool:
        """Store a receipt unless there is one; return whether it was stored."""
        query = ReadRow.insert(
            message_id=message_id, session_id=reader_id, read_at=at
        ).on_conflict_ignore()
        before = ReadRow.select().where(ReadRow.message_id == message_id).count()
        query.execute()
        after = ReadRow.select().where(ReadRow.message_id == message_id).count()
        return bool(after > before)

    def reads(
        self, room_id: str, message_id: str | None = None, after: int = 0
    ) -> Receipts:
        """Receipts by message, of one message or of a whole room, oldest first.

        Those after the receipt with number `after`, of about `PAGE_BYTES`.
        """
        query = (
            ReadRow.select(
                ReadRow, SessionRow.name, SessionRow.display_name, SessionRow.handle
            )
            .join(MessageRow, on=(MessageRow.id == ReadRow.message_id))
            .switch(ReadRow)
            .join(
                SessionRow,
                JOIN.LEFT_OUTER,
                on=((SessionRow.id == ReadRow.session_id) & NOT_REMOVED),
                attr="reader",
            )
            .where(MessageRow.session_id == room_id)
        )
        if message_id is not None:
            query = query.where(ReadRow.message_id == message_id)
        query = query.where(ReadRow.id > after).order_by(ReadRow.id)
        rows = page(lazily(query), _receipt, weigh=_receipt_weight)
        reads = Receipts()
        for _, message, read in rows:
            reads.setdefault(message, []).append(read)
        reads.next = rows[-1][0] if rows.more else None
        return reads
