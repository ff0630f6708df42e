"""The tables of rendered lines."""

import pytest

from ant.store.tables import lines
from ant.store.tables.lines import DeletedLineBlockRow, LineTextRow
from ant.store.tables.sessions import SessionRow, Table

TABLES = [row for row in Table.__subclasses__() if row.__module__ == lines.__name__]


@pytest.mark.parametrize("table", TABLES, ids=lambda each: each.__name__)
def test_lines_cascade_from_their_session(table: type[Table]) -> None:
    """Except texts, which are deleted in slices, and the list of deleted blocks."""
    hangs = SessionRow in {field.rel_model for field in table._meta.refs}
    assert hangs != (table in (LineTextRow, DeletedLineBlockRow))
