"""The server's own durable marks."""

from ant.store import Store, Unit


def test_the_last_value_stays(store: Store) -> None:
    """None before the first."""

    def work(unit: Unit) -> list[str | None]:
        seen = [unit.settings.get("a")]
        for value in ("one", "two"):
            unit.settings.put("a", value)
            seen.append(unit.settings.get("a"))
        return seen

    assert [None, "one", "two"] == store.transact(work)
