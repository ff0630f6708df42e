"""Durable settings of the server."""

from ant.store import Store, Unit


def test_put_replaces_the_value(store: Store) -> None:
    """None before the first."""

    def work(unit: Unit) -> list[str | None]:
        seen = [unit.settings.get("a")]
        for value in ("one", "two"):
            unit.settings.put("a", value)
            seen.append(unit.settings.get("a"))
        return seen

    assert [None, "one", "two"] == store.transact(work)
