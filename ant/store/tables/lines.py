"""The tables of rendered terminal text: lines, their positions, and their index."""

from typing import ClassVar

from peewee import (
    BigIntegerField,
    BlobField,
    BooleanField,
    CompositeKey,
    ForeignKeyField,
    IntegerField,
    TextField,
)
from playhouse.sqlite_ext import FTS5Model, RowIDField, SearchField

from ant.store.tables.sessions import SessionRow, Table, database


class LineRunRow(Table):
    """A run of a terminal: the offset of its first byte, and the screen size then."""

    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", index=False
    )
    offset = BigIntegerField()
    cols = IntegerField()
    rows = IntegerField()

    class Meta:
        table_name = "line_runs"
        primary_key = CompositeKey("session_id", "offset")
        without_rowid = True


class LineCursorRow(Table):
    """How far a transcript is rendered: the next byte offset and line number.

    `at` is the time of the last rendered byte in milliseconds since 1970, `state` the
    renderer's state as JSON.
    """

    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", primary_key=True
    )
    offset = BigIntegerField()
    number = BigIntegerField()
    at = BigIntegerField()
    state = BlobField()

    class Meta:
        table_name = "line_cursors"


class LineBlockRow(Table):
    """Consecutive lines from number `first` on, drawn by bytes from `start` to `stop`.

    `state`: 0 standing on the screen, 1 open for more lines, 2 full, 3 indexed.
    `since` and `until` are the times of the oldest and the newest line in milliseconds.
    """

    id = IntegerField(primary_key=True)
    session_id = ForeignKeyField(
        SessionRow, field="id", on_delete="CASCADE", index=False
    )
    state = IntegerField()
    first = BigIntegerField()
    count = IntegerField()
    start = BigIntegerField()
    stop = BigIntegerField()
    since = BigIntegerField()
    until = BigIntegerField()

    class Meta:
        table_name = "line_blocks"
        indexes: ClassVar = (
            (("session_id", "first"), False),
            (("session_id", "stop"), False),
        )


class LineTextRow(Table):
    """The lines of a block, separated by newlines; `spans` as `LineBlock` has them."""

    id = IntegerField(primary_key=True)
    spans = BlobField()
    text = TextField()

    class Meta:
        table_name = "line_texts"


class LineIndex(FTS5Model):  # type: ignore[misc]
    """The trigram index of the texts, which `LineStore` maintains."""

    rowid = RowIDField()
    text = SearchField()

    class Meta:
        database = database
        table_name = "lines_fts"


class DeletedLineBlockRow(Table):
    """A deleted block whose text is still to be deleted."""

    id = IntegerField(primary_key=True)
    indexed = BooleanField()

    class Meta:
        table_name = "line_graves"
