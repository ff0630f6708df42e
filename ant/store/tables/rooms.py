"""The tables of rooms: what is said there, who is there, what hangs on the board."""

from typing import ClassVar

from peewee import (
    AutoField,
    BigIntegerField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
)
from playhouse.sqlite_ext import FTS5Model, RowIDField, SearchField

from ant.store.tables.sessions import SessionRow, Table, database


class MessageRow(Table):
    """A message; `created_at` grows strictly within a room, so it is an order too."""

    ordinal = AutoField()
    id = TextField(unique=True)
    session_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE")
    role = TextField()
    content = TextField()
    format = TextField()
    status = TextField()
    sender_id = TextField(null=True)
    target = TextField(null=True)
    reply_to = TextField(null=True)
    msg_type = TextField()
    meta = TextField()
    created_at = TextField()
    pinned = BooleanField(default=False)
    client_id = TextField(null=True)
    hops = IntegerField(default=0)

    class Meta:
        table_name = "messages"
        indexes: ClassVar = (
            (("session_id", "created_at"), False),
            (("session_id", "client_id"), True),
        )


class MessageIndex(FTS5Model):  # type: ignore[misc]
    """The full-text index of `content`, kept by triggers; `rowid` is -ordinal."""

    rowid = RowIDField()
    content = SearchField()

    class Meta:
        database = database
        table_name = "messages_fts"


class MemberRow(Table):
    """Somebody's place in a room; who left stays, with role `left`."""

    id = AutoField()
    room_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE", index=False)
    session_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE")
    role = TextField()
    cli_flag = TextField(null=True)
    alias_ = TextField(null=True, column_name="alias")
    joined_at = TextField()

    class Meta:
        table_name = "members"
        indexes: ClassVar = ((("room_id", "session_id"), True),)


class PosterRow(Table):
    """Who posted in a room, under the name they gave, how often and when."""

    room_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE", index=False)
    sender_id = TextField()
    first_seen = TextField()
    last_seen = TextField()
    message_count = IntegerField()

    class Meta:
        table_name = "posters"
        primary_key = CompositeKey("room_id", "sender_id")


class ReadRow(Table):
    """Who read a message first when."""

    id = AutoField()
    message_id = ForeignKeyField(
        MessageRow, field="id", on_delete="CASCADE", index=False
    )
    session_id = TextField()
    read_at = TextField()

    class Meta:
        table_name = "reads"
        indexes: ClassVar = ((("message_id", "session_id"), True),)


class LinkRow(Table):
    """A typed relationship between two rooms."""

    ordinal = AutoField()
    id = TextField(unique=True)
    source_room_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", index=False
    )
    target_room_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE")
    relationship = TextField()
    title = TextField(null=True)
    created_by = TextField(null=True)
    created_at = TextField()
    settings = TextField()

    class Meta:
        table_name = "links"
        indexes: ClassVar = (
            (("source_room_id", "target_room_id", "relationship"), True),
        )


class TaskRow(Table):
    """A task of a room."""

    ordinal = AutoField()
    id = TextField(unique=True)
    session_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE")
    created_by = TextField(null=True)
    assigned_to = TextField(null=True)
    title = TextField()
    description = TextField(null=True)
    status = TextField()
    file_refs = TextField()
    created_at = TextField()
    updated_at = TextField()

    class Meta:
        table_name = "tasks"


class FileRefRow(Table):
    """A file that somebody flagged in a room."""

    ordinal = AutoField()
    id = TextField(unique=True)
    session_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE")
    flagged_by = TextField(null=True)
    file_path = TextField()
    note = TextField(null=True)
    created_at = TextField()

    class Meta:
        table_name = "file_refs"


class DeliveryRow(Table):
    """A message on its way to a terminal, or to a name that nobody has.

    `begun`: typing it may have started, and what came of that is not written yet.
    `file` is the path of the message, where it was put into one.
    """

    ordinal = AutoField()
    id = TextField(unique=True)
    message_id = ForeignKeyField(MessageRow, field="id", on_delete="CASCADE")
    room_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE")
    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", null=True, index=False
    )
    target = TextField()
    adapter = TextField()
    kind = TextField()
    route = TextField()
    state = TextField(index=True)
    reason = TextField(null=True)
    offset = BigIntegerField(null=True)
    begun = BooleanField(default=False)
    created_at = TextField()
    updated_at = TextField()
    transitions = TextField()
    file = TextField(null=True)

    class Meta:
        table_name = "deliveries"
        indexes: ClassVar = (
            (("session_id", "state"), False),
            (("session_id", "state", "reason"), False),
        )


class HopRow(Table):
    """The furthest that a program's word in a place was from a person's.

    In a room by who said it; a person is nobody, and `hops` is 0. In a terminal it is
    what was brought there, by nobody.
    """

    place = ForeignKeyField(
        SessionRow, field="id", column_name="place", on_delete="CASCADE", index=False
    )
    author = TextField()
    person = IntegerField(index=True)
    hops = IntegerField()

    class Meta:
        table_name = "hop_counts"
        primary_key = CompositeKey("place", "author")
