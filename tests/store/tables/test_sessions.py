"""The tables of sessions, terminals and the server itself."""

import pytest

import ant.store
from ant.store.tables.sessions import Table, database

TABLES = Table.__subclasses__()


@pytest.mark.parametrize("table", TABLES, ids=lambda each: each.__name__)
def test_a_table_names_itself(table: type[Table]) -> None:
    """Renaming a class does not rename its table; all are bound."""
    assert table._meta.table_name == table._meta.table_name.lower()
    assert not table._meta.table_name.endswith("_row")
    assert table._meta.database is database is ant.store.database
