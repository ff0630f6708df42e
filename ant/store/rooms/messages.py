"""Messages: stored, listed in pages, and searched with the full-text index."""

import re
from collections.abc import Callable, Generator, Iterable
from functools import cache
from typing import Any, NamedTuple

from peewee import SQL, fn

from ant.api import codec
from ant.core import clock
from ant.model.messages import Message, MessageId
from ant.model.search_terms import SearchTerm
from ant.store.tables.reachable import reachable
from ant.store.tables.rooms import MessageIndex, MessageRow
from ant.store.tables.statement import PAGE_BYTES, Page, Statement, lazily, page, scan

TRIGRAM = 3
"""Characters of a word that the index finds. The store scans for shorter words."""


class EncodedMessage(NamedTuple):
    """A message as JSON, made by SQLite.

    Pages and searches have many messages, and would make an object of each only to
    take it apart again.
    """

    id: MessageId
    content: str
    json: bytes


_COLUMNS = [field.name for field in MessageRow._meta.sorted_fields[1:]]


def _json_column() -> Any:
    """An expression: the JSON of a message, as `codec.dumps` renders the `Message`.

    SQLite makes it in less time than it takes to make objects of the columns.
    """
    columns = MessageRow._meta.fields
    values = {name: columns[name] for name in _COLUMNS}
    flag = fn.IIF(MessageRow.pinned, "true", "false")
    values |= {"pinned": fn.JSON(flag), "meta": fn.JSON(MessageRow.meta)}
    return fn.JSON_OBJECT(*(part for pair in values.items() for part in pair))


def _select_encoded() -> Any:
    """A query for the columns of `_encoded`."""
    return MessageRow.select(MessageRow.id, MessageRow.content, _json_column())


def _encoded(row: Any) -> EncodedMessage:
    """The message in a row of `_select_encoded`."""
    ident, content, text = row
    return EncodedMessage(ident, content, text.encode())


def _encoded_page(
    rows: Iterable[Any], limit: int, budget: int = PAGE_BYTES, newest: bool = False
) -> Page[EncodedMessage]:
    """The first rows as `page` chooses them, each weighed by its JSON."""
    made = map(_encoded, rows)
    try:
        return page(made, _same, limit, budget, newest, _size)
    finally:
        if isinstance(rows, Generator):
            rows.close()


def _same(message: EncodedMessage) -> EncodedMessage:
    return message


def _size(message: EncodedMessage) -> int:
    return len(message.json)


def _message(row: Any) -> Message:
    """The message in a row, which has all columns of the table in their order."""
    (_, ident, session_id, role, content, *middle, meta, at, pinned, client, hops) = row
    return Message(
        ident,
        session_id,
        role,
        content,
        *middle,  # type: ignore[call-arg]  # Six columns that are fields.
        {} if meta == "{}" else codec.loads(meta),
        clock.parse_stamp(at),
        bool(pinned),
        client,
        hops,
    )


_GET = Statement(
    lambda session_id, message_id: MessageRow.select().where(
        (MessageRow.id == message_id) & (MessageRow.session_id == session_id)
    )
)
_BY_CLIENT_ID = Statement(
    lambda session_id, client_id: (
        MessageRow.select()
        .where(
            (MessageRow.session_id == session_id) & (MessageRow.client_id == client_id)
        )
        .order_by(MessageRow.ordinal)
    )
)
_NEWEST = Statement(
    lambda session_id: MessageRow.select(fn.MAX(MessageRow.created_at)).where(
        MessageRow.session_id == session_id
    )
)
_ADD = Statement(lambda **row: MessageRow.insert(row), names=_COLUMNS)


@cache
def _page(
    since: bool,
    before: bool,
    newest: bool,
    select: Callable[[], Any] = _select_encoded,
) -> Statement:
    """A page with a bound on neither, either or both sides, from either end."""

    def build(session_id: Any, limit: Any, since_at: Any, before_at: Any) -> Any:
        query = select().where(MessageRow.session_id == session_id)
        if since:
            query = query.where(MessageRow.created_at > since_at)
        if before:
            query = query.where(MessageRow.created_at < before_at)
        order = MessageRow.created_at.desc() if newest else MessageRow.created_at
        return query.order_by(order).limit(limit)

    return Statement(build)


def _matching(room: bool, archived: bool, deleted: bool, by_rank: bool) -> Any:
    """A search for indexed words in one room or in all, newest or best match first."""

    def build(session_id: Any, match: Any, limit: Any) -> Any:
        query = (
            _reachable(
                _select_encoded(), session_id if room else None, archived, deleted
            )
            .join_from(
                MessageRow,
                MessageIndex,
                on=(MessageRow.ordinal == (0 - MessageIndex.rowid)),
            )
            .where(MessageIndex.match(match))
        )
        order = MessageIndex.rank() if by_rank else MessageIndex.rowid
        return query.order_by(order).limit(limit)

    return build


@cache
def _search(room: bool, archived: bool, deleted: bool, by_rank: bool) -> Statement:
    return Statement(_matching(room, archived, deleted, by_rank))


def _reachable(query: Any, session_id: Any, archived: bool, deleted: bool) -> Any:
    """Those messages of one room, else of all rooms that a search covers."""
    if session_id is not None:
        return query.where(MessageRow.session_id == session_id)
    return reachable(query, MessageRow.session_id, archived, deleted)


class MessageStore:
    """Messages in one transaction; owns the tables `messages` and `messages_fts`."""

    def get(self, session_id: str, message_id: str) -> Message | None:
        """The message with that id in that room; None when there is none."""
        row = _GET.one(session_id=session_id, message_id=message_id)
        return _message(row) if row else None

    def by_client_id(self, session_id: str, client_id: str) -> list[Message]:
        """The messages of a room with a client's own id, oldest first.

        There is at most one of each sender.
        """
        rows = _BY_CLIENT_ID.rows(session_id=session_id, client_id=client_id)
        return list(map(_message, rows))

    def newest_stamp(self, session_id: str) -> str | None:
        """The stamp of the newest message of a room; None before the first."""
        stamp: str | None = _NEWEST.value(session_id=session_id)
        return stamp

    def add(self, message: Message) -> None:
        """Insert a message. A trigger indexes it."""
        row = {name: getattr(message, name) for name in _COLUMNS}
        row["meta"] = codec.dumps(message.meta).decode()
        row["created_at"] = clock.stamp(message.created_at)
        _ADD.run(**row)

    def change(self, message_id: str, **fields: Any) -> None:
        """Set columns of a message; `meta` is JSON text."""
        MessageRow.update(fields).where(MessageRow.id == message_id).execute()

    def remove(self, message_id: str) -> None:
        """Delete a message, its receipts, its deliveries and its index entry."""
        MessageRow.delete().where(MessageRow.id == message_id).execute()

    def page(
        self,
        session_id: str,
        since: str | None,
        before: str | None,
        limit: int,
        *,
        newest: bool = True,
        budget: int = PAGE_BYTES,
    ) -> Page[EncodedMessage]:
        """Messages of a room, oldest first: at most `limit`, of about `budget` bytes.

        The `newest` between `since` and `before`, or the oldest. Both are stamps, and
        exclusive.
        """
        rows = _page(since is not None, before is not None, newest).run(
            session_id=session_id, limit=limit + 1, since_at=since, before_at=before
        )
        return _encoded_page(rows, limit, budget, newest)

    def newest(self, session_id: str, limit: int, budget: int) -> Page[Message]:
        """The newest messages of a room, chosen as in a page of them, oldest first."""
        rows = _page(False, False, True, MessageRow.select).rows(
            session_id=session_id, limit=limit + 1, since_at=None, before_at=None
        )
        return page(rows, _message, limit, budget, newest=True)

    def search(
        self,
        words: list[str],
        session_id: str | None,
        archived: bool,
        deleted: bool,
        by_rank: bool,
        limit: int,
    ) -> Page[EncodedMessage]:
        """Messages that contain every word in any case, newest or best match first.

        At most `limit`, of about `PAGE_BYTES`: of one room, or of all rooms, where
        `archived` and `deleted` ones count on request. A word with a `*` at its end is
        the beginning of a word, and the store reads the messages that contain it.
        Without a word of `TRIGRAM` characters it scans all messages, and the newest
        come first.
        """
        terms = list(map(SearchTerm.of, words))
        pieces = [piece for term in terms for piece in term.pieces]
        prefixes = [term.pieces[0] for term in terms if term.has_prefix]
        indexed = [word for word in pieces if len(word) >= TRIGRAM]
        short = sorted({word for word in pieces if len(word) < TRIGRAM})
        match = " ".join('"' + word.replace('"', '""') + '"' for word in indexed)
        where = (session_id is not None, archived, deleted)
        if not short and not prefixes:
            rows = _search(*where, by_rank).run(
                session_id=session_id, match=match, limit=limit + 1
            )
        elif indexed:
            query = _matching(*where, by_rank)(session_id, match, limit + 1)
            query = query.where(_holds(short)) if short else query
            for start in prefixes:
                query = query.where(fn.BEGINS_WORD(start, MessageRow.content))
            rows = lazily(query.namedtuples())
        else:
            query = _reachable(_select_encoded(), session_id, archived, deleted)
            query = query.where(_holds(short))
            newest = query.order_by(MessageRow.ordinal.desc())
            rows = lazily(newest.limit(limit + 1).namedtuples())
        return _encoded_page(rows, limit)

    def matching(
        self,
        holds: Callable[[str], bool],
        session_id: str | None,
        archived: bool,
        deleted: bool,
        limit: int,
        budget: int,
    ) -> tuple[list[Message], bool]:
        """Messages whose content matches `holds`, newest first; whether these are all.

        Of one room or of all, as `search`. It stops after `limit` messages,
        `PAGE_BYTES` of JSON, or `budget` characters of content read; the second result
        is False after the latter two.
        """
        every = MessageRow.select(MessageRow)
        query = _reachable(every, session_id, archived, deleted)
        newest = lazily(query.order_by(MessageRow.ordinal.desc()).namedtuples())
        return scan(newest, _message, lambda row: row.content, holds, limit, budget)


def _holds(words: list[str]) -> Any:
    """Condition: the content contains every word. Flat, since SQLite limits nesting."""
    each = '"t1"."content" LIKE ? ESCAPE \'\\\''
    escaped = [re.sub(r"([\\%_])", r"\\\1", word) for word in words]
    return SQL(" AND ".join([each] * len(words)), [f"%{word}%" for word in escaped])
