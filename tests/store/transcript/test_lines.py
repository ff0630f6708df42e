"""Blocks of lines: appended, filled, indexed, trimmed and deleted."""

from typing import Any

import pytest

from ant.history.pattern import grams
from ant.model.sessions import Session
from ant.store import LineBlock, RenderProgress, Store, Unit
from ant.store.tables.lines import LineBlockRow, LineTextRow
from ant.store.tables.sessions import database
from ant.store.transcript.lines import BLOCK, BlockState
from ant.terminal.render.rows import Line
from tests.rules import AT, create, taken_apart


@pytest.fixture
def session(store: Store) -> Session:
    """A terminal."""
    return create(store)


def lines(*texts: str, at: int = 0) -> list[Line]:
    """Ten bytes apart, one millisecond each."""
    return [Line(t, at + 10 * n, at + 10 * n + 9, n) for n, t in enumerate(texts)]


def put(store: Store, session: Session, number: int, *texts: str, **kw: Any) -> bool:
    """Append lines that end before a number; nothing stands by default."""
    standing = kw.pop("standing", ())
    place = RenderProgress(10 * number, number, 5, {"a": [1]})
    work = (session.id, place, lines(*texts, **kw), lines(*standing))
    return store.transact(lambda unit: unit.lines.store(*work))


def found(store: Store, session: Session, text: str = "", **kw: Any) -> list[str]:
    """The texts of the blocks that may contain a text."""

    def read(unit: Unit) -> list[str]:
        blocks = unit.lines.blocks(session.id, grams(text), **kw)
        return [block.text for block in blocks]

    return store.read(read)


def found_in_all(store: Store, text: str, live: bool, **kw: bool) -> list[LineBlock]:
    """The blocks of all sessions that may contain a text."""
    where = {"archived": False, "deleted": False, **kw}
    return store.read(
        lambda unit: list(unit.lines.everywhere(grams(text), live=live, **where))
    )


def count(store: Store, sql: str) -> int:
    """The result of a query of one number."""
    with store._db.connection_context():
        return int(database.execute_sql(sql).fetchone()[0])


def test_progress_is_read_as_stored(store: Store, session: Session) -> None:
    """None before the first."""
    assert store.read(lambda unit: unit.lines.progress(session.id)) is None
    put(store, session, 2, "one")
    assert RenderProgress(20, 2, 5, {"a": [1]}) == store.read(
        lambda unit: unit.lines.progress(session.id)
    )


def test_lines_are_appended_to_a_block(store: Store, session: Session) -> None:
    """Numbered consecutively; standing lines are no part of it."""
    put(store, session, 3, "one", "two", standing=["three"])
    put(store, session, 4, "three", at=20)
    (block,) = store.read(lambda unit: list(unit.lines.blocks(session.id)))
    assert [(1, "one"), (2, "two"), (3, "three")] == [
        (number, line.text) for number, line in block.numbered()
    ]
    assert [] == [b.text for b in found_in_all(store, "", True) if b.text != block.text]


def test_standing_lines_are_found_until_they_are_replaced(
    store: Store, session: Session
) -> None:
    """All are replaced together."""
    put(store, session, 1, standing=["old"])
    put(store, session, 1, standing=["new"])
    assert ["new"] == [block.text for block in found_in_all(store, "", True)]
    put(store, session, 1)
    assert [] == found_in_all(store, "", True)


def test_a_full_block_is_found_before_and_after_indexing(
    store: Store, session: Session
) -> None:
    """By the same words."""
    long = "x" * (BLOCK // 2)
    assert put(store, session, 4, long, "needle" + long, "more")
    (full,) = found(store, session, "needle")[1:]
    assert full.endswith("needle" + long)
    assert 1 == store.transact(lambda unit: unit.lines.index(9))
    assert [full] == [t for t in found(store, session, "NEEDLE") if t != "more"]
    assert [full] == [block.text for block in found_in_all(store, "needle", False)]
    assert [] == found_in_all(store, "noodle", False)
    assert ["more"] == found(store, session, "noodle")
    assert store.read(lambda unit: unit.lines.is_tidy())


def test_blocks_come_newest_first_or_oldest_first(
    store: Store, session: Session
) -> None:
    """Within the given times and offsets."""
    for number in range(3):
        text = f"block {number} " + "x" * BLOCK
        put(store, session, number + 2, text, at=1000 * number)
    starts = [text[:7] for text in found(store, session)]
    assert ["block 2", "block 1", "block 0"] == starts
    assert starts[::-1] == [t[:7] for t in found(store, session, forward=True)]
    assert ["block 2"] == [t[:7] for t in found(store, session, oldest=1500)]
    assert [] == found(store, session, since=0)
    assert [] == found(store, session, before=0)


def test_trimmed_bytes_take_their_lines(store: Store, session: Session) -> None:
    """Out of the lists at once, and out of the index with a sweep."""
    put(store, session, 2, "needle " + "x" * BLOCK)
    put(store, session, 3, "needle " + "y" * BLOCK, at=100)
    store.transact(lambda unit: unit.lines.index(9))
    store.transact(lambda unit: unit.lines.trim(session.id, 50))
    assert ["y"] == [text[-1] for text in found(store, session, "needle")]
    assert not store.read(lambda unit: unit.lines.is_tidy())
    assert 2 == count(store, "SELECT count(*) FROM line_texts")
    assert 1 == store.transact(lambda unit: unit.lines.sweep(9))
    assert 1 == count(store, "SELECT count(*) FROM line_texts")
    sql = "SELECT count(*) FROM lines_fts WHERE lines_fts MATCH '\"xxx\"'"
    assert 0 == count(store, sql)
    with store._db.connection_context():
        check = "INSERT INTO lines_fts (lines_fts) VALUES ('integrity-check')"
        database.execute_sql(check)


def test_a_removed_session_leaves_no_lines(store: Store, session: Session) -> None:
    """Its blocks at once; texts and index after some sweeps."""
    put(store, session, 3, "needle " + "x" * BLOCK, "more", standing=["stands"])
    store.transact(lambda unit: unit.lines.index(9))
    store.transact(lambda unit: unit.lines.begin(session.id, 0, 80, 24))
    store.transact(lambda unit: unit.removals.mark(session.id, AT))
    taken_apart(store)
    assert [] == found_in_all(store, "", True) + found_in_all(store, "needle", False)
    sweeps = 0
    while store.transact(lambda unit: unit.lines.sweep(1)):
        sweeps += 1
    assert 3 == sweeps
    for table in ("line_blocks", "line_texts", "line_cursors", "line_runs"):
        assert 0 == count(store, f"SELECT count(*) FROM {table}")
    sql = "SELECT count(*) FROM lines_fts WHERE lines_fts MATCH '\"nee\"'"
    assert 0 == count(store, sql)


def test_ids_are_not_reused_while_a_text_exists(store: Store, session: Session) -> None:
    """Even if its block is deleted; the newest block has the lowest id."""
    put(store, session, 2, "x" * BLOCK)
    store.transact(lambda unit: unit.lines.trim(session.id, 1000))
    put(store, session, 3, "y" * BLOCK, at=2000)
    with store._db.connection_context():
        assert [-2] == [row.id for row in LineBlockRow.select()]
        assert [-2, -1] == sorted(row.id for row in LineTextRow.select())


def test_a_run_is_identified_by_its_offset(store: Store, session: Session) -> None:
    """A run without output is replaced by the next."""
    for offset, cols in ((0, 80), (50, 90), (50, 100), (70, 110)):
        store.transact(
            lambda unit, o, c: unit.lines.begin(session.id, o, c, 24), offset, cols
        )
    runs = store.read(lambda unit: unit.lines.runs(session.id, 70))
    assert [(0, 80), (50, 100)] == [(run.offset, run.cols) for run in runs]


def test_states_are_ordered() -> None:
    """Queries compare them."""
    assert [
        BlockState.STANDING,
        BlockState.OPEN,
        BlockState.FULL,
        BlockState.INDEXED,
    ] == sorted(BlockState)
