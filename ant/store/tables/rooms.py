"""The tables of rooms: messages, participants, links, tasks, files, deliveries."""

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
    """A message; `created_at` increases strictly within a room, so it orders, too."""

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
            (("session_id", "client_id", "sender_id"), True),
        )


class MessageIndex(FTS5Model):  # type: ignore[misc]
    """The full-text index of `content`, maintained by triggers; `rowid` is -ordinal."""

    rowid = RowIDField()
    content = SearchField()

    class Meta:
        database = database
        table_name = "messages_fts"


class MemberRow(Table):
    """A session's membership of a room; after it left the role is `left`."""

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


class PersonRow(Table):
    """A person's membership of a room; `name` is the handle as `folded` returns it."""

    id = AutoField()
    room_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE", index=False)
    name = TextField()
    handle = TextField()
    role = TextField()
    alias_ = TextField(null=True, column_name="alias")
    joined_at = TextField()

    class Meta:
        table_name = "person_members"
        indexes: ClassVar = ((("room_id", "name"), True),)


class PosterRow(Table):
    """A sender in a room, by the name of the posts: how many, the first, the last."""

    room_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE", index=False)
    sender_id = TextField()
    first_seen = TextField()
    last_seen = TextField()
    message_count = IntegerField()

    class Meta:
        table_name = "posters"
        primary_key = CompositeKey("room_id", "sender_id")


class ReadRow(Table):
    """A read receipt: when a session, or a person by a handle, first read a message."""

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
    """A reference to a file in a room."""

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
    """A delivery of a message to a terminal, or to a name that no session has.

    `begun`: typing may have started, and its outcome is not stored yet. `file` is the
    path of the file that holds the message, if it is typed as a path.
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
    """The furthest chain from a person's message, by place and author.

    `place` is a room, or a terminal that messages were delivered to. `author` is the
    program that posted in the room; for a person, and in a terminal, it is empty. A
    person's chain has 0 hops.
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
