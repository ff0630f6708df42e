"""Message rows to and from the model, pages of them, and the full-text index."""

import re
from typing import Any

from peewee import SQL, fn

from ant import clock, wire
from ant.model import Message, MessageId, SessionId
from ant.store.tables import MessageIndex, MessageRow, SessionRow

TRIGRAM = 3
"""Characters that a word must have to be in the index; shorter ones are looked for."""


def _message(row: Any) -> Message:
    return Message(
        id=MessageId(row.id),
        session_id=SessionId(row.session_id_id),
        role=row.role,
        content=row.content,
        format=row.format,
        status=row.status,
        sender_id=row.sender_id,
        target=row.target,
        reply_to=MessageId(row.reply_to) if row.reply_to else None,
        msg_type=row.msg_type,
        meta=wire.loads(row.meta),
        created_at=clock.parse_stamp(row.created_at),
        pinned=row.pinned,
        client_id=row.client_id,
    )


class MessageStore:
    """Messages and their index, inside one transaction."""

    def get(self, session_id: str, message_id: str) -> Message | None:
        """That message of that room."""
        row = MessageRow.get_or_none(
            (MessageRow.id == message_id) & (MessageRow.session_id == session_id)
        )
        return _message(row) if row else None

    def by_client_id(self, session_id: str, client_id: str) -> Message | None:
        """The message that a client posted in a room under an id of its own."""
        row = MessageRow.get_or_none(
            (MessageRow.session_id == session_id) & (MessageRow.client_id == client_id)
        )
        return _message(row) if row else None

    def newest_stamp(self, session_id: str) -> str | None:
        """When the room's last message was posted."""
        stamp = (
            MessageRow.select(fn.MAX(MessageRow.created_at))
            .where(MessageRow.session_id == session_id)
            .scalar()
        )
        return str(stamp) if stamp else None

    def add(self, message: Message) -> None:
        """Insert a message; a trigger puts it into the index."""
        MessageRow.insert(
            id=message.id,
            session_id=message.session_id,
            role=message.role,
            content=message.content,
            format=message.format,
            status=message.status,
            sender_id=message.sender_id,
            target=message.target,
            reply_to=message.reply_to,
            msg_type=message.msg_type,
            meta=wire.dumps(message.meta).decode(),
            created_at=clock.stamp(message.created_at),
            pinned=message.pinned,
            client_id=message.client_id,
        ).execute()

    def change(self, message_id: str, **fields: Any) -> None:
        """Set columns of a message; `meta` is given as text."""
        MessageRow.update(fields).where(MessageRow.id == message_id).execute()

    def remove(self, message_id: str) -> None:
        """Delete a message, its receipts and its place in the index."""
        MessageRow.delete().where(MessageRow.id == message_id).execute()

    def page(
        self, session_id: str, since: str | None, before: str | None, limit: int
    ) -> tuple[Message, ...]:
        """Oldest first; `since` and `before` are exclusive stamps.

        With `since` alone the oldest `limit` after it, else the newest `limit`.
        """
        query = MessageRow.select().where(MessageRow.session_id == session_id)
        if since is not None:
            query = query.where(MessageRow.created_at > since)
        if before is not None:
            query = query.where(MessageRow.created_at < before)
        elif since is not None:
            return tuple(
                map(_message, query.order_by(MessageRow.created_at).limit(limit))
            )
        newest = query.order_by(MessageRow.created_at.desc()).limit(limit)
        return tuple(map(_message, newest))[::-1]

    def search(
        self,
        words: list[str],
        session_id: str | None,
        archived: bool,
        deleted: bool,
        by_rank: bool,
        limit: int,
    ) -> list[Message]:
        """Messages that hold every word, whatever its case; newest or best first."""
        indexed = [word for word in words if len(word) >= TRIGRAM]
        short = sorted({word for word in words if len(word) < TRIGRAM})
        query = MessageRow.select(MessageRow)
        if session_id is not None:
            query = query.where(MessageRow.session_id == session_id)
        else:
            query = query.join(SessionRow, on=(SessionRow.id == MessageRow.session_id))
            if not archived:
                query = query.where(SessionRow.archived == False)  # noqa: E712
            if not deleted:
                query = query.where(SessionRow.deleted_at.is_null())
        if short:
            query = query.where(_holds(short))
        order: Any = MessageRow.ordinal.desc()
        if indexed:
            match = " ".join('"' + word.replace('"', '""') + '"' for word in indexed)
            query = query.join_from(
                MessageRow, MessageIndex, on=(MessageIndex.rowid == MessageRow.ordinal)
            ).where(MessageIndex.match(match))
            order = MessageIndex.rank() if by_rank else MessageIndex.rowid.desc()
        return [_message(row) for row in query.order_by(order).limit(limit)]


def _holds(words: list[str]) -> Any:
    """One flat condition: hundreds of nested ones are too deep for SQLite."""
    each = '"t1"."content" LIKE ? ESCAPE \'\\\''
    escaped = [re.sub(r"([\\%_])", r"\\\1", word) for word in words]
    return SQL(" AND ".join([each] * len(words)), [f"%{word}%" for word in escaped])
