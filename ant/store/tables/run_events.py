"""The tables of run events and terminal events."""

from typing import ClassVar

from peewee import AutoField, BigIntegerField, ForeignKeyField, IntegerField, TextField

from ant.store.tables.sessions import SessionRow, Table


class RunEventRow(Table):
    """A run event. It outlives its session as a tombstone, so no delete cascades.

    `minor` is 1 for a minor event, 2 for a row in the place of pruned ones, else 0.
    """

    id = AutoField()
    session_id = TextField()
    n = IntegerField()
    at = TextField()
    source = TextField()
    trust = TextField()
    kind = TextField()
    text = TextField()
    payload = TextField()
    raw_ref = TextField(null=True)
    start = BigIntegerField(null=True)
    end = BigIntegerField(null=True)
    prev = TextField(null=True)
    hash = TextField()
    minor = IntegerField(default=0)

    class Meta:
        table_name = "run_events"
        indexes: ClassVar = ((("session_id", "n"), True),)


class TerminalEventRow(Table):
    """An event that the host of a terminal reported."""

    id = AutoField()
    session_id = ForeignKeyField(SessionRow, field="id", on_delete="CASCADE")
    offset = BigIntegerField()
    at = TextField()
    kind = TextField()
    data = TextField()

    class Meta:
        table_name = "terminal_events"
