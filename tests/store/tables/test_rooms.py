"""The tables of rooms."""

import pytest

from ant.store.tables import rooms
from ant.store.tables.rooms import MessageRow
from ant.store.tables.sessions import SessionRow, Table

TABLES = [row for row in Table.__subclasses__() if row.__module__ == rooms.__name__]


@pytest.mark.parametrize("table", TABLES, ids=lambda each: each.__name__)
def test_rows_of_rooms_cascade_from_a_session(table: type[Table]) -> None:
    """Directly, or by their message."""
    assert {field.rel_model for field in table._meta.refs} & {SessionRow, MessageRow}
