"""Blocks of lines: appended, filled, indexed, trimmed and taken out."""

from typing import Any

import pytest

from ant.history.pattern import grams
from ant.model.sessions import Session
from ant.store import LineBlock, RenderProgress, Store, Unit
from ant.store.tables.lines import LineBlockRow, LineTextRow
from ant.store.tables.sessions import database
from ant.store.transcript.lines import BLOCK, RendererState
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
    """Append lines that end before that number; nothing stands, unless it is said."""
    standing = kw.pop("standing", ())
    place = RenderProgress(10 * number, number, 5, {"a": [1]})
    work = (session.id, place, lines(*texts, **kw), lines(*standing))
    return store.transact(lambda unit: unit.lines.store(*work))


def found(store: Store, session: Session, text: str = "", **kw: Any) -> list[str]:
    """The texts of the blocks that may hold it."""

    def read(unit: Unit) -> list[str]:
        blocks = unit.lines.blocks(session.id, grams(text), **kw)
        return [block.text for block in blocks]

    return store.read(read)


def everywhere(store: Store, text: str, live: bool, **kw: bool) -> list[LineBlock]:
    """The same over all sessions."""
    where = {"archived": False, "deleted": False, **kw}
    return store.read(
        lambda unit: list(unit.lines.everywhere(grams(text), live=live, **where))
    )


def count(store: Store, sql: str) -> int:
    """What a query of one number says."""
    with store._db.connection_context():
        return int(database.execute_sql(sql).fetchone()[0])


def test_a_place_is_kept(store: Store, session: Session) -> None:
    """As it was stored last; there is none before."""
    assert store.read(lambda unit: unit.lines.progress(session.id)) is None
    put(store, session, 2, "one")
    assert RenderProgress(20, 2, 5, {"a": [1]}) == store.read(
        lambda unit: unit.lines.progress(session.id)
    )


def test_lines_are_appended_to_a_block(store: Store, session: Session) -> None:
    """Numbered one after the other, and what stands is no part of it."""
    put(store, session, 3, "one", "two", standing=["three"])
    put(store, session, 4, "three", at=20)
    (block,) = store.read(lambda unit: list(unit.lines.blocks(session.id)))
    assert [(1, "one"), (2, "two"), (3, "three")] == [
        (number, line.text) for number, line in block.numbered()
    ]
    assert [] == [b.text for b in everywhere(store, "", True) if b.text != block.text]


def test_what_stands_is_found_everywhere_until_it_goes(
    store: Store, session: Session
) -> None:
    """And is replaced as a whole."""
    put(store, session, 1, standing=["old"])
    put(store, session, 1, standing=["new"])
    assert ["new"] == [block.text for block in everywhere(store, "", True)]
    put(store, session, 1)
    assert [] == everywhere(store, "", True)


def test_a_full_block_is_indexed_later_and_found_all_the_time(
    store: Store, session: Session
) -> None:
    """Before and after, by the same words."""
    long = "x" * (BLOCK // 2)
    assert put(store, session, 4, long, "needle" + long, "more")
    (full,) = found(store, session, "needle")[1:]
    assert full.endswith("needle" + long)
    assert 1 == store.transact(lambda unit: unit.lines.index(9))
    assert [full] == [t for t in found(store, session, "NEEDLE") if t != "more"]
    assert [full] == [block.text for block in everywhere(store, "needle", False)]
    assert [] == everywhere(store, "noodle", False)
    assert ["more"] == found(store, session, "noodle")
    assert store.read(lambda unit: unit.lines.is_tidy())


def test_blocks_come_newest_first_or_oldest_first(
    store: Store, session: Session
) -> None:
    """And only those within the times and the bytes that are asked for."""
    for number in range(3):
        text = f"block {number} " + "x" * BLOCK
        put(store, session, number + 2, text, at=1000 * number)
    starts = [text[:7] for text in found(store, session)]
    assert ["block 2", "block 1", "block 0"] == starts
    assert starts[::-1] == [t[:7] for t in found(store, session, forward=True)]
    assert ["block 2"] == [t[:7] for t in found(store, session, oldest=1500)]
    assert [] == found(store, session, since=0)
    assert [] == found(store, session, before=0)


def test_bytes_that_go_take_their_lines_with_them(
    store: Store, session: Session
) -> None:
    """Out of the lists at once, and out of the index when it is swept."""
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


def test_a_session_that_goes_leaves_nothing(store: Store, session: Session) -> None:
    """Blocks at once; texts and index after some sweeps, one by one."""
    put(store, session, 3, "needle " + "x" * BLOCK, "more", standing=["stands"])
    store.transact(lambda unit: unit.lines.index(9))
    store.transact(lambda unit: unit.lines.begin(session.id, 0, 80, 24))
    store.transact(lambda unit: unit.removals.mark(session.id, AT))
    taken_apart(store)
    assert [] == everywhere(store, "", True) + everywhere(store, "needle", False)
    sweeps = 0
    while store.transact(lambda unit: unit.lines.sweep(1)):
        sweeps += 1
    assert 3 == sweeps
    for table in ("line_blocks", "line_texts", "line_cursors", "line_runs"):
        assert 0 == count(store, f"SELECT count(*) FROM {table}")
    sql = "SELECT count(*) FROM lines_fts WHERE lines_fts MATCH '\"nee\"'"
    assert 0 == count(store, sql)


def test_ids_are_not_taken_while_a_text_is_there(
    store: Store, session: Session
) -> None:
    """Even where its block is gone; the newest has the lowest."""
    put(store, session, 2, "x" * BLOCK)
    store.transact(lambda unit: unit.lines.trim(session.id, 1000))
    put(store, session, 3, "y" * BLOCK, at=2000)
    with store._db.connection_context():
        assert [-2] == [row.id for row in LineBlockRow.select()]
        assert [-2, -1] == sorted(row.id for row in LineTextRow.select())


def test_a_run_is_known_by_where_it_begins(store: Store, session: Session) -> None:
    """One that came to nothing gives its place to the next."""
    for offset, cols in ((0, 80), (50, 90), (50, 100), (70, 110)):
        store.transact(
            lambda unit, o, c: unit.lines.begin(session.id, o, c, 24), offset, cols
        )
    runs = store.read(lambda unit: unit.lines.runs(session.id, 70))
    assert [(0, 80), (50, 100)] == [(run.offset, run.cols) for run in runs]


def test_states_are_in_the_order_of_a_life() -> None:
    """Queries compare them."""
    assert [
        RendererState.STANDING,
        RendererState.OPEN,
        RendererState.FULL,
        RendererState.INDEXED,
    ] == sorted(RendererState)
