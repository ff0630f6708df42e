"""Statements that are compiled once."""

from typing import Any

from ant.store import Store, Unit
from ant.store.tables.reachable import NOT_REMOVED
from ant.store.tables.sessions import SessionRow, SettingRow
from ant.store.tables.statement import Statement, lazily, page


def on(store: Store, work: Any) -> Any:
    def run(unit: Unit) -> Any:
        unit.settings.put("a", "1")
        unit.settings.put("b", "2")
        return work()

    return store.transact(run)


def _by_key(key: Any) -> Any:
    return SettingRow.select().where(SettingRow.key == key)


def test_each_run_uses_its_own_values(store: Store) -> None:
    """By name; columns of rows by name, too."""
    by_key = Statement(_by_key)

    def work() -> list[Any]:
        return [by_key.one(key=key) for key in ("a", "b", "c")]

    one, two, none = on(store, work)
    assert ("a", "1", "2", None) == (one.key, one.value, two.value, none)


def test_it_is_compiled_once(store: Store) -> None:
    """However often it runs."""
    built: list[int] = []

    def build(key: Any) -> Any:
        built.append(1)
        return _by_key(key)

    statement = Statement(build)
    on(store, lambda: [list(statement.rows(key="a")) for _ in range(3)])
    assert [1] == built


def test_constants_and_placeholders_keep_their_order(store: Store) -> None:
    """The order of the SQL."""

    def build(low: Any, limit: Any) -> Any:
        query = SettingRow.select(SettingRow.value).where(SettingRow.key >= low)
        return query.where(SettingRow.key != "zz").limit(limit)

    statement = Statement(build)
    assert ["1"] == on(
        store, lambda: [row.value for row in statement.rows(limit=1, low="a")]
    )
    assert "2" == on(store, lambda: statement.value(low="b", limit=9))
    assert on(store, lambda: statement.value(low="zz", limit=9)) is None


def test_a_statement_may_change_rows(store: Store) -> None:
    """Such a statement returns no rows."""
    update = Statement(
        lambda key, value: SettingRow.update(value=value).where(SettingRow.key == key)
    )

    def work() -> tuple[int, Any]:
        count = update.run(key="a", value="9").rowcount
        return count, SettingRow.get(SettingRow.key == "a").value

    assert (1, "9") == on(store, work)


def test_rows_are_fetched_lazily(store: Store) -> None:
    """Dropping the generator ends the statement."""

    def work() -> list[Any]:
        rows = lazily(SettingRow.select().order_by(SettingRow.key).namedtuples())
        told = [next(rows).key]
        rows.close()
        return told + [row.key for row in lazily(SettingRow.select())]

    assert ["a", "a", "b"] == on(store, work)[:3]


def test_a_lookup_of_a_session_is_planned_once() -> None:
    """A value beside a partial index has SQLite plan at each execution."""
    sql, values = SessionRow.select(SessionRow.id).where(NOT_REMOVED).sql()
    assert sql.endswith("= 0)")
    assert [] == values


def test_a_page_knows_its_size() -> None:
    """That of the rows in it, without the one that did not fit."""
    whole = page("abc", str, weigh=lambda _: 10)
    assert (30, False) == (whole.size, whole.more)
    cut = page("abc", str, budget=25, weigh=lambda _: 10)
    assert (("a", "b"), 20, True) == (cut, cut.size, cut.more)
    assert 0 == page("", str).size
