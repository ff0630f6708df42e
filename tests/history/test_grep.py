"""Lines of one terminal that hold what is asked for."""

from datetime import timedelta
from typing import Any

import pytest

from ant.api.terminal_requests import ReadHistory
from ant.core import clock
from ant.core.errors import Invalid
from ant.history import history
from ant.history import lines as rendered
from ant.history.grep import TEXT_MAX
from ant.model.sessions import Session
from ant.model.transcript import History
from ant.store import Store
from tests.history.test_lines import NOON, begin, catch_up, say
from tests.rules import create

TEXT = b"".join(b"%05d a line of text\r\n" % n for n in range(4000))


@pytest.fixture
def session(store: Store) -> Session:
    """A terminal with 4000 lines, some blocks of them indexed and some not."""
    made = create(store, cols=80, rows=5)
    begin(store, made, 0)
    say(store, made, 0, TEXT)
    catch_up(store, made)
    store.transact(rendered.tidy)
    return made


def grep(store: Store, session: Session, text: str, **ask: Any) -> History:
    """What the rule answers."""
    found = store.read(history.read_history, session.id, ReadHistory(grep=text, **ask))
    for row in found.rows:
        assert row.line is not None
        assert row.start is not None
        assert row.end is not None
        assert (row.line, row.start) == (row.id, row.byte_offset)
        assert row.size == row.end - row.start
    return found


def lines(found: History) -> list[int | None]:
    """Their numbers."""
    return [row.line for row in found.rows]


def test_a_line_has_number_time_and_bytes(store: Store, session: Session) -> None:
    """Of exactly the bytes that drew it."""
    (row,) = grep(store, session, "01234").rows
    assert ("01234 a line of text", 1235) == (row.text, row.line)
    assert "<mark>01234</mark> a line of text" == row.snippet
    assert TEXT[row.start : row.end] == b"01234 a line of text"
    assert row.ts_ms == clock.epoch_ms(NOON)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("01234", [1235]),
        ("03999", [4000]),
        ("00000 A LINE", []),
        ("00000 a line", [1]),
        ("re:^0003[12] A", []),
        ("re:^0003[12] a", [33, 32]),
        ("re:00[0-9]7 .*text$", list(range(98, 0, -10))),
        ("re:^0+7 a", [8]),
        ("no such", []),
        ("0200*", list(range(2010, 2000, -1))),
        ("200*", []),
        ("0200* a lin*", list(range(2010, 2000, -1))),
        ("02000* a ine*", []),
    ],
)
def test_lines_are_found_in_every_state(
    store: Store, session: Session, words: str, expected: list[int]
) -> None:
    """Indexed, not indexed, or on the screen; newest first."""
    assert expected == lines(grep(store, session, words))


def test_limit_and_order(store: Store, session: Session) -> None:
    """The newest, newest first; in ascending order and with `from` the oldest."""
    assert [4000, 3999] == lines(grep(store, session, "line", limit=2))
    forward = grep(store, session, "line", limit=2, order="asc")
    assert [1, 2] == lines(forward)
    following = grep(store, session, "line", limit=2, from_=forward.next)
    assert [3, 4] == lines(following)
    assert [1, 2] == lines(grep(store, session, "line", limit=2, from_=0))
    start = TEXT.index(b"02000")
    assert [2001, 2002] == lines(grep(store, session, "line", limit=2, from_=start))


def test_times(store: Store, session: Session) -> None:
    """The newest after `since` and before `before`; in ascending order the oldest."""
    say(store, session, len(TEXT), b"later line\r\n" * 3, at_s=60)
    noon, later = (clock.stamp(NOON + timedelta(seconds=s)) for s in (0, 30))
    found = grep(store, session, "line", since=later, limit=2)
    assert [4003, 4002] == lines(found)
    back = grep(store, session, "line", since=later, limit=2, to=found.previous)
    assert [4001] == lines(back)
    forward = grep(store, session, "line", since=later, limit=2, order="asc")
    assert [4001, 4002] == lines(forward)
    assert found.since_ms == clock.epoch_ms(NOON) + 30_000
    assert [4000] == lines(grep(store, session, "line", before=later, limit=1))
    assert [] == lines(grep(store, session, "line", before=noon))
    assert [] == lines(grep(store, session, "line", since="1h"))


@pytest.mark.slow
def test_unrendered_output_is_searched(store: Store, session: Session) -> None:
    """The search renders it; of too much, it reports how far it searched."""
    end = say(store, session, len(TEXT), b"fresh\r\n")
    found = grep(store, session, "fresh")
    assert ([4001], end) == (lines(found), found.indexed_to)
    say(store, session, end, b"fresh\r\n" * (rendered.LIVE // 7 + 2))
    found = grep(store, session, "fresh")
    assert found.indexed_to is not None
    assert end < found.indexed_to < found.end
    catch_up(store, session)
    assert found.end == grep(store, session, "fresh").indexed_to


def test_trimmed_lines_are_not_found(store: Store, session: Session) -> None:
    """At once, before their block is removed."""
    say(store, session, len(TEXT), b"new\r\n")
    store.transact(lambda unit: unit.transcripts.trim(session.id, 20))
    assert [] == lines(grep(store, session, "00017"))
    assert [4001] == lines(grep(store, session, "new"))


def test_a_long_line_is_cut(store: Store) -> None:
    """The snippet shows what was found in it."""
    made = create(store, cols=80, rows=5)
    begin(store, made, 0)
    say(store, made, 0, b"x" * 5000 + b"needle" + b"y" * 5000 + b"\r\n")
    (row,) = grep(store, made, "needle").rows
    assert "x" * TEXT_MAX == row.text
    assert "x<mark>needle</mark>y" in (row.snippet or "")
    assert (0, 10_006) == (row.start, row.end)


def test_an_invalid_expression_is_refused(store: Store, session: Session) -> None:
    """With the name of the field."""
    with pytest.raises(Invalid, match=r"at \$\.grep$"):
        grep(store, session, "re:(")
