"""Room links, seen from either end."""

from collections.abc import Iterator
from typing import Any

from ant.api import codec
from ant.core import clock
from ant.model.rooms import LinkId, Relationship, RoomLink
from ant.model.sessions import SessionId, SessionType
from ant.store.tables.rooms import LinkRow
from ant.store.tables.sessions import SessionRow
from ant.store.tables.statement import Page, lazily, page

ROW_BYTES = 500
"""What a link has beside texts, as JSON: ids, times, kinds and names."""


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
    """Room links, inside one transaction."""

    def outgoing(self, room_id: str) -> tuple[RoomLink, ...]:
        """Links in which the room is the source, oldest first."""
        return self._where(LinkRow.source_room_id == room_id)

    def incoming(self, room_id: str) -> tuple[RoomLink, ...]:
        """Links in which the room is the target, oldest first."""
        return self._where(LinkRow.target_room_id == room_id)

    def page(self, room_id: str, after: int | None) -> Page[RoomLink]:
        """A page of the links of a room from either end, oldest first.

        Those whose ordinals follow `after`; `next` is the last one's.
        """
        where = (LinkRow.source_room_id == room_id) | (
            LinkRow.target_room_id == room_id
        )
        if after is not None:
            where &= LinkRow.ordinal > after
        last = after

        def made(row: Any) -> RoomLink:
            nonlocal last
            last = row.ordinal
            return _link(row)

        rows = page(self._rows(where), made, weigh=_weight)
        rows.next = str(last) if rows.more else None
        return rows

    def get(self, link_id: str) -> RoomLink | None:
        """The link with that id."""
        return next(iter(self._where(LinkRow.id == link_id)), None)

    def exists(self, source: str, target: str, relationship: Relationship) -> bool:
        """Whether there is such a link already."""
        query = LinkRow.select().where(
            (LinkRow.source_room_id == source)
            & (LinkRow.target_room_id == target)
            & (LinkRow.relationship == relationship)
        )
        return bool(query.exists())

    def add(self, link: RoomLink) -> None:
        """Insert a link; names and types of its ends are those of the rooms."""
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

    def _where(self, condition: Any) -> tuple[RoomLink, ...]:
        return tuple(map(_link, self._rows(condition)))

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
