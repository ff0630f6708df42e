"""One peewee model per table, nothing else.

Times are RFC 3339 text (`clock.stamp`): text order is time order. The database is bound
when a `Store` opens; a process has one at a time.
"""

from typing import Any, ClassVar

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    DatabaseProxy,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.sqlite_ext import AutoIncrementField, FTS5Model, RowIDField, SearchField

database: Any = DatabaseProxy()


class Table(Model):
    """Binds a table to whatever database the store opened."""

    class Meta:
        database = database
        legacy_table_names = False


class SessionRow(Table):
    """A terminal, agent or chat; `ordinal` breaks ties of time."""

    ordinal = AutoField()
    id = TextField(unique=True)
    name = TextField()
    type = TextField()
    workspace_id = TextField(null=True)
    root_dir = TextField(null=True)
    archived = BooleanField(default=False)
    ttl = TextField()
    deleted_at = TextField(null=True)
    last_activity = TextField(null=True)
    meta = TextField(default="{}")
    created_at = TextField()
    updated_at = TextField()
    handle = TextField(null=True, index=True)
    display_name = TextField(null=True)
    alias_ = TextField(null=True, column_name="alias")  # Model.alias is peewee's.
    cli_flag = TextField(null=True)
    linked_chat_id = TextField(null=True, index=True)
    auto_forward_chat = BooleanField(default=True)

    class Meta:
        table_name = "sessions"


class TerminalRow(Table):
    """The terminal half of a session.

    `stored` and `oldest` bound the transcript, `kept` counts its bytes; no byte offset
    at or past `reserved` was ever given away. `pid`, `start_ticks`, `boot_id` and `run`
    say which process it is, for a later server run to end.
    """

    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", primary_key=True
    )
    host = TextField()
    command = TextField(null=True)
    env = TextField(default="{}")
    cols = IntegerField()
    rows = IntegerField()
    status = TextField()
    status_reason = TextField(null=True)
    pid = IntegerField(null=True)
    start_ticks = BigIntegerField(null=True)
    boot_id = TextField(null=True)
    run = TextField(null=True)
    exit_code = IntegerField(null=True)
    exit_signal = IntegerField(null=True)
    started_at = TextField(null=True)
    exited_at = TextField(null=True)
    oldest = BigIntegerField(default=0)
    stored = BigIntegerField(default=0)
    kept = BigIntegerField(default=0)
    reserved = BigIntegerField(default=0)

    class Meta:
        table_name = "terminals"


class ChunkRow(Table):
    """A run of terminal bytes; `size` saves reading the blob to know where it ends."""

    id = AutoField()
    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", index=False
    )
    offset = BigIntegerField()
    size = IntegerField()
    at = TextField()
    data = BlobField()

    class Meta:
        table_name = "chunks"
        indexes: ClassVar = ((("session_id", "offset"), True),)


class KeyframeRow(Table):
    """What draws a terminal's screen as it was before the byte at `offset`."""

    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", primary_key=True
    )
    offset = BigIntegerField()
    cols = IntegerField()
    rows = IntegerField()
    ansi = BlobField()

    class Meta:
        table_name = "keyframes"


class SightingRow(Table):
    """A verdict on a terminal after the byte before `offset`, and what it was made of.

    `tty` is a JSON object or null; `fingerprint` and `question` are those of a prompt.
    """

    id = AutoField()
    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", index=False
    )
    offset = BigIntegerField()
    at = TextField()
    cols = IntegerField()
    rows = IntegerField()
    tty = TextField(null=True)
    quiet_ms = IntegerField()
    flag = TextField(null=True)
    kind = TextField()
    rule = TextField()
    fingerprint = TextField(null=True)
    question = TextField(null=True)

    class Meta:
        table_name = "sightings"
        indexes: ClassVar = ((("session_id", "offset"), False),)


class EventRow(Table):
    """The event log; AUTOINCREMENT, so that no `seq` is ever given twice."""

    seq = AutoIncrementField()
    at = TextField()
    session_id = TextField(null=True, index=True)
    type = TextField()
    body = TextField()

    class Meta:
        table_name = "events"


class SettingRow(Table):
    """The few durable switches and marks of the server itself."""

    key = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "settings"


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


class PromptRow(Table):
    """Something that a terminal asked; the card about it may be gone by now."""

    ordinal = AutoField()
    id = TextField(unique=True)
    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", index=False
    )
    run = TextField()
    status = TextField()
    reason = TextField(null=True)
    kind = TextField()
    class_ = TextField(column_name="class")
    form = TextField()
    question = TextField()
    summary = TextField()
    options = TextField()
    selected = IntegerField(null=True)
    fingerprint = TextField()
    rule = TextField()
    text = TextField()
    start = BigIntegerField()
    end = BigIntegerField()
    detected_at = TextField()
    closed_at = TextField(null=True)
    answer = TextField(null=True)
    targets = TextField()
    delivered_to = TextField()
    chat_id = TextField(null=True)
    message_id = TextField(null=True, index=True)

    class Meta:
        table_name = "prompts"
        indexes: ClassVar = ((("session_id", "status"), False),)


class DeliveryRow(Table):
    """A message on its way to a terminal, or to a name that nobody has.

    `begun`: typing it may have started, and what came of that is not written yet.
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

    class Meta:
        table_name = "deliveries"
        indexes: ClassVar = ((("session_id", "state"), False),)


TABLES = (
    SessionRow,
    TerminalRow,
    ChunkRow,
    KeyframeRow,
    SightingRow,
    EventRow,
    SettingRow,
    MessageRow,
    MemberRow,
    PosterRow,
    ReadRow,
    LinkRow,
    TaskRow,
    FileRefRow,
    PromptRow,
    DeliveryRow,
)
