"""Links between rooms, listed from either end."""

from collections.abc import Iterator
from typing import Any

from ant.api import codec
from ant.core import clock
from ant.model.rooms import LinkId, Relationship, RoomLink
from ant.model.sessions import SessionId, SessionType
from ant.store.tables.rooms import LinkRow
from ant.store.tables.sessions import SessionRow
from ant.store.tables.statement import Page, lazily, page_by_ordinal

ROW_BYTES = 500
"""Bytes of a link as JSON without its texts: ids, times, types and field names."""


def _link(row: Any) -> RoomLink:
    return RoomLink(
        id=LinkId(row.id),
        source_room_id=SessionId(row.source_room_id_id),
        target_room_id=SessionId(row.target_room_id_id),
        relationship=Relationship(row.relationship),
        title=row.title,
        created_by=row.created_by,
        created_at=clock.parse_stamp(row.created_at),
        settings=codec.loads(row.settings),
        source_name=row.source.name,
        source_type=SessionType(row.source.type),
        target_name=row.target.name,
        target_type=SessionType(row.target.type),
    )


def _weight(row: Any) -> int:
    texts = row.title, row.created_by, row.settings, row.source.name, row.target.name
    return codec.json_size(texts) + ROW_BYTES


class LinkStore:
    """Room links in one transaction; owns the table `links`.

    Queries leave out links to and from removed rooms.
    """

    def page(self, room_id: str, after: int | None) -> Page[RoomLink]:
        """Links from and to a room, oldest first, of about `PAGE_BYTES`.

        Those with an ordinal after `after`. `next` is the ordinal of the last one.
        """
        where = (LinkRow.source_room_id == room_id) | (
            LinkRow.target_room_id == room_id
        )
        if after is not None:
            where &= LinkRow.ordinal > after
        return page_by_ordinal(self._rows(where), _link, _weight)

    def get(self, link_id: str) -> RoomLink | None:
        """The link with that id; None when there is none."""
        row = next(self._rows(LinkRow.id == link_id), None)
        return _link(row) if row else None

    def exists(self, source: str, target: str, relationship: Relationship) -> bool:
        """Whether a link between these rooms with that relationship exists."""
        query = LinkRow.select().where(
            (LinkRow.source_room_id == source)
            & (LinkRow.target_room_id == target)
            & (LinkRow.relationship == relationship)
        )
        return bool(query.exists())

    def add(self, link: RoomLink) -> None:
        """Insert a link. The names and types of its rooms are not stored."""
        LinkRow.insert(
            id=link.id,
            source_room_id=link.source_room_id,
            target_room_id=link.target_room_id,
            relationship=link.relationship,
            title=link.title,
            created_by=link.created_by,
            created_at=clock.stamp(link.created_at),
            settings=codec.dumps(link.settings).decode(),
        ).execute()

    def remove(self, link_id: str) -> None:
        """Delete a link."""
        LinkRow.delete().where(LinkRow.id == link_id).execute()

    def _rows(self, condition: Any) -> Iterator[Any]:
        source, target = SessionRow.alias(), SessionRow.alias()
        return lazily(
            LinkRow.select(LinkRow, source, target)
            .join(source, on=(source.id == LinkRow.source_room_id), attr="source")
            .switch(LinkRow)
            .join(target, on=(target.id == LinkRow.target_room_id), attr="target")
            .where(condition & (source.removed == False) & (target.removed == False))  # noqa: E712
            .order_by(LinkRow.ordinal)
        )
