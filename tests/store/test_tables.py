"""One model per table."""

from ant.store import tables
from ant.store.tables import TABLES, Table


def test_every_table_is_listed() -> None:
    """So that tests of the schema miss none."""
    defined = {
        each
        for each in vars(tables).values()
        if isinstance(each, type) and issubclass(each, Table) and each is not Table
    }
    assert defined == set(TABLES)
