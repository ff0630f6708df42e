"""The tables of rendered terminal text: where each line is, and how to find it."""

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
    """A run of a terminal: the offset of its first byte, and its size then."""

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
    """How far a transcript is rendered: the byte and the number that come next.

    `at` is the time of the last byte in milliseconds, `state` the renderer's, as JSON.
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
    """Lines in a row, from number `first` on, drawn by bytes from `start` to `stop`.

    `state`: 0 is what stands on the screen, 1 may get more lines, 2 is to be indexed,
    3 is. `since` and `until` are the times of the oldest and the newest, milliseconds.
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
    """The lines of a block, a newline between two; `spans`: see `store.lineblocks`."""

    id = IntegerField(primary_key=True)
    spans = BlobField()
    text = TextField()

    class Meta:
        table_name = "line_texts"


class LineIndex(FTS5Model):  # type: ignore[misc]
    """Which texts hold which three characters in a row; kept by `LineStore`."""

    rowid = RowIDField()
    text = SearchField()

    class Meta:
        database = database
        table_name = "lines_fts"


class LineGraveRow(Table):
    """A block that is gone, whose text is still to be taken out."""

    id = IntegerField(primary_key=True)
    indexed = BooleanField()

    class Meta:
        table_name = "line_graves"
