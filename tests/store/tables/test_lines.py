"""One model per table of the lines."""

import pytest

from ant.store.tables import lines
from ant.store.tables.lines import DeletedLineBlockRow, LineTextRow
from ant.store.tables.sessions import SessionRow, Table

TABLES = [row for row in Table.__subclasses__() if row.__module__ == lines.__name__]


@pytest.mark.parametrize("table", TABLES, ids=lambda each: each.__name__)
def test_what_is_of_a_terminal_hangs_on_its_session(table: type[Table]) -> None:
    """All but the texts, which are taken out a few at a time, and the list of those."""
    hangs = SessionRow in {field.rel_model for field in table._meta.refs}
    assert hangs != (table in (LineTextRow, DeletedLineBlockRow))
