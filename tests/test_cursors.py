"""Where a page begins."""

import attrs
import pytest

from ant import clock, cursors
from ant.errors import Invalid
from ant.store import Store, Unit
from tests.rules import AT


@attrs.frozen
class Ask:
    """What a query says."""

    since: str | None = None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, None),
        (AT, AT),
        ("2026-05-17T14:00:00+02:00", AT),
        ("1779019200000", AT),
        ("7", "1970-01-01T00:00:00.007000Z"),
        ("row", 3),
    ],
)
def test_a_bound(store: Store, text: str | None, expected: str | int | None) -> None:
    """A time in any form, the id of a row, or nothing; digits are milliseconds."""
    find = {"row": 3, "7": 7}.get

    def read(unit: Unit) -> str | int | None:
        return cursors.bound(unit, Ask(text), "since", find, "row")

    assert expected == store.read(read)


def test_a_duration_ends_now(store: Store) -> None:
    """It is counted from the time of the transaction."""

    def read(unit: Unit) -> bool:
        at = clock.stamp(clock.parse_moment("5m", unit.now))
        return at == cursors.bound(unit, Ask("5m"), "since")

    assert store.read(read)


@pytest.mark.parametrize(("noun", "also"), [("", ""), ("task", ", or a task's id")])
def test_what_is_neither_is_refused(store: Store, noun: str, also: str) -> None:
    """With all that would do, what was given, and where."""

    def read(unit: Unit) -> object:
        return cursors.bound(unit, Ask("soon"), "since", lambda _: None, noun)

    with pytest.raises(Invalid) as caught:
        store.read(read)
    assert (
        "expected an RFC 3339 time, epoch milliseconds or a duration such as 5m"
        f"{also}, got 'soon' at $.since" == str(caught.value)
    )
