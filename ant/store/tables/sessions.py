"""The tables of sessions, terminals, events and prompts, one Peewee model each.

Times are RFC 3339 text (`clock.stamp`), so text order is time order. Opening a `Store`
binds the models to its database. A process has one at a time.
"""

from typing import Any, ClassVar

from peewee import (
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    DatabaseProxy,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
)
from playhouse.sqlite_ext import AutoIncrementField

database: Any = DatabaseProxy()


class Table(Model):
    """A table in the database that the store opened."""

    class Meta:
        database = database
        legacy_table_names = False


class SessionRow(Table):
    """A terminal, agent or chat; `ordinal` breaks ties of time.

    No query returns a `removed` one: its rows are being deleted.
    """

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
    accepts_messages = BooleanField(default=False)
    hooks = BooleanField(default=True)
    removed = BooleanField(default=False)

    class Meta:
        table_name = "sessions"


class TerminalRow(Table):
    """The terminal of a session.

    `oldest` and `stored` are the first and the end offset of the transcript, `kept` is
    the number of its bytes. No byte ever got an offset at or past `reserved`. `pid`,
    `start_ticks`, `boot_id` and `run` identify the process for a later server run.
    """

    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", primary_key=True
    )
    host = TextField()
    command = TextField(null=True)
    added_arguments = TextField(null=True)
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
    """A chunk of terminal bytes; `size` gives its end without reading the blob."""

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
    """The ANSI text that draws a terminal's screen before the byte at `offset`."""

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
    """A verdict on a terminal after the bytes before `offset`, and its inputs.

    `tty` is a JSON object or null. `fingerprint` and `question` are those of a prompt.
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
    """A logged event; AUTOINCREMENT, so that no `seq` is used twice."""

    seq = AutoIncrementField()
    at = TextField()
    session_id = TextField(null=True, index=True)
    type = TextField()
    body = TextField()

    class Meta:
        table_name = "events"


class SettingRow(Table):
    """A durable setting of the server itself."""

    key = TextField(primary_key=True)
    value = TextField()

    class Meta:
        table_name = "settings"


class PromptRow(Table):
    """A prompt of a terminal; the message that showed it may be deleted."""

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
    detector = TextField()
    details = TextField(null=True)

    class Meta:
        table_name = "prompts"
        indexes: ClassVar = ((("session_id", "status"), False),)


class NoticeRow(Table):
    """The message that announces a prompt in a room other than the linked chat."""

    message_id = TextField(primary_key=True)
    room_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE")
    prompt_id = ForeignKeyField(PromptRow, field="id", on_delete="CASCADE")

    class Meta:
        table_name = "prompt_notices"
