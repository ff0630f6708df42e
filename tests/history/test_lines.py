"""Stored bytes become lines, in whatever pieces it is done."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ant.core import clock
from ant.history import lines as rendered
from ant.model.sessions import Session
from ant.runtime import run_records
from ant.sessions import sessions
from ant.store import Store, Unit
from ant.store.tables.sessions import SightingRow
from ant.terminal.render.rows import Line
from tests.rules import AT, NOBODY, create, room, taken_apart
from tests.strategies import CUTS, cut

NOON = clock.parse_stamp("2026-05-17T12:00:00Z")
SIZE = 20, 5


@pytest.fixture
def session(store: Store) -> Session:
    """A terminal of 20 columns and 5 rows that began at byte 0."""
    made = create(store, cols=SIZE[0], rows=SIZE[1])
    begin(store, made, 0)
    return made


def begin(store: Store, session: Session, offset: int, size: Any = SIZE) -> None:
    """A run begins there."""
    store.transact(lambda unit: unit.lines.begin(session.id, offset, *size))


def say(
    store: Store, session: Session, offset: int, data: bytes, at_s: float = 0
) -> int:
    """Store a chunk; where the next one begins."""
    at = clock.stamp(NOON + timedelta(seconds=at_s))
    store.transact(
        lambda unit: unit.transcripts.append(session.id, at, [(offset, data)], 0)
    )
    return offset + len(data)


def resize(store: Store, session: Session, offset: int, cols: int, rows: int) -> None:
    """The size that it was seen to have after that byte."""

    def add(_: Unit) -> None:
        SightingRow.insert(
            **{"session_id": session.id, "offset": offset, "at": clock.stamp(NOON)},
            **{"cols": cols, "rows": rows, "quiet_ms": 0, "kind": "busy", "rule": "x"},
        ).execute()

    store.transact(add)


def catch_up(store: Store, session: Session, **ask: Any) -> int:
    """Render and store all there is; in how many pieces."""
    count = 0
    while (
        done := store.read(lambda u: rendered.render(u, session.id, **ask))
    ) is not None:
        count += 1
        store.transact(rendered.store_rendered, done)
    return count


def final(store: Store, session: Session) -> list[Line]:
    """The lines that are stored for good, in order."""
    blocks = store.read(lambda u: list(u.lines.blocks(session.id, forward=True)))
    numbered = [each for block in blocks for each in block.numbered()]
    assert list(range(1, len(numbered) + 1)) == [number for number, _ in numbered]
    return [line for _, line in numbered]


def standing(store: Store, session: Session) -> list[str]:
    """What is on the screen."""
    place = store.read(lambda unit: unit.lines.progress(session.id))
    return [] if place is None else [line.text for _, line in rendered.standing(place)]


def test_lines_have_times_bytes_and_numbers(store: Store, session: Session) -> None:
    """Of the chunks that drew them; lines on the screen are not final."""
    end = say(store, session, 0, b"one\r\ntwo\r\n")
    say(store, session, end, b"three\r\n4\r\n5\r\n6\r\n7", at_s=60)
    catch_up(store, session)
    noon = clock.epoch_ms(NOON)
    assert [Line("one", 0, 3, noon), Line("two", 5, 8, noon)] == final(store, session)
    assert ["three", "4", "5", "6", "7"] == standing(store, session)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A database for all examples of one test: to make one takes longer than most."""
    opened = Store.open(tmp_path_factory.mktemp("lasting") / "ant.db")
    yield opened
    opened.close()


@settings(max_examples=15)
@given(CUTS, CUTS, st.integers(50, 2000), st.integers(50, 2000))
def test_any_split_into_pieces_makes_the_same_lines(
    lasting: Store, stored: list[int], again: list[int], size: int, other: int
) -> None:
    """However it was stored, and however much was rendered at once."""
    text = b"".join(b"line %d \xe2\x9c\x93\r\n" % n for n in range(60)) + b"\x1b[2Aend"
    kept = []
    for cuts, much in ((stored, size), (again, other)):
        name = {"name": clock.new_id()}
        made = create(lasting, **name, cols=SIZE[0], rows=SIZE[1])
        begin(lasting, made, 0)
        offset = 0
        for piece in filter(None, cut(text, cuts)):
            offset = say(lasting, made, offset, piece)
        catch_up(lasting, made, size=much)
        kept.append((final(lasting, made), standing(lasting, made)))
    assert kept[0] == kept[1]


def test_a_piece_is_stored_once(store: Store, session: Session) -> None:
    """A second time it is ignored, as is that of a removed session."""
    say(store, session, 0, b"a\r\n" * 9)
    done = store.read(rendered.render, session.id)
    assert done is not None
    assert not store.transact(rendered.store_rendered, done)
    lines = final(store, session)
    assert store.transact(rendered.store_rendered, done)
    assert lines == final(store, session)
    store.transact(lambda unit: unit.removals.mark(session.id, AT))
    assert not store.transact(rendered.store_rendered, done)


def test_nothing_to_do_is_nothing(store: Store, session: Session) -> None:
    """For a silent terminal, a room, and an unknown session."""
    assert store.read(rendered.render, session.id) is None
    assert store.read(rendered.render, room(store).id) is None
    assert store.read(rendered.render, NOBODY) is None
    assert [] == store.read(rendered.lagging)
    say(store, session, 0, b"x")
    assert [session.id] == store.read(rendered.lagging)
    catch_up(store, session)
    assert [] == store.read(rendered.lagging)


def test_a_new_size_applies_from_its_offset_on(store: Store, session: Session) -> None:
    """Within a chunk, too; one that was recorded late applies from then on."""
    resize(store, session, 30, 10, 5)
    text = b"x" * 25 + b"\r\n..." + b"y" * 15 + b"\x1b[1A\r\x1b[J!\r\n"
    say(store, session, 0, text)
    catch_up(store, session)
    # The second line has two rows of ten columns, and its first is drawn anew.
    assert ["x" * 25, "!"] == standing(store, session)
    place = store.read(lambda unit: unit.lines.progress(session.id))
    assert place is not None
    assert [10, 5] == place.state["size"]
    resize(store, session, 20, 44, 6)
    resize(store, session, place.offset, 33, 7)
    say(store, session, place.offset, b"!")
    catch_up(store, session)
    place = store.read(lambda unit: unit.lines.progress(session.id))
    assert place is not None
    assert [33, 7] == place.state["size"]


def test_another_run_begins_on_a_blank_screen(store: Store, session: Session) -> None:
    """Lines on the screen become final; a hole may lie between runs."""
    end = say(store, session, 0, b"the end\x1b[3")
    begin(store, session, end, (30, 6))
    resize(store, session, end, *SIZE)  # The last look at the run before.
    end = say(store, session, end, b"Again")
    catch_up(store, session)
    assert ["the end"] == [line.text for line in final(store, session)]
    assert ["Again"] == standing(store, session)
    begin(store, session, end + 1000, (40, 7))
    say(store, session, end + 1000, b"third")
    catch_up(store, session)
    assert ["the end", "Again"] == [line.text for line in final(store, session)]
    place = store.read(lambda unit: unit.lines.progress(session.id))
    assert place is not None
    assert [40, 7] == place.state["size"]


def test_an_alternate_screen_is_read_after_silence(
    store: Store, session: Session
) -> None:
    """Longer than the pauses of programs that redraw continuously."""
    end = say(store, session, 0, b"\x1b[?1049hfirst")
    end = say(store, session, end, b"\r\x1b[Ksecond", at_s=1)
    end = say(store, session, end, b"\r\x1b[Kthird", at_s=1 + rendered.REST_MS / 1000)
    catch_up(store, session)
    assert ["second"] == [line.text for line in final(store, session)]
    assert ["third"] == standing(store, session)


def test_trimmed_bytes_are_passed_over(store: Store, session: Session) -> None:
    """If they were trimmed before rendering; otherwise their lines are removed."""
    end = say(store, session, 0, b"".join(b"%d old\r\n" % n for n in range(9000)))
    catch_up(store, session)
    before = len(final(store, session))
    end = say(store, session, end, b"never rendered\r\n" * 9)
    say(store, session, end, b"new\r\n" * 20)
    store.transact(lambda unit: unit.transcripts.trim(session.id, 200))
    catch_up(store, session)
    blocks = store.read(lambda u: list(u.lines.blocks(session.id, forward=True)))
    lines = [each for block in blocks for each in block.numbered()]
    assert before < lines[-1][0]
    assert "new" == lines[-1][1].text
    assert "never rendered" not in [line.text for _, line in lines]
    assert sum(block.stop <= end for block in blocks) <= 1


def test_a_hole_at_the_end_is_passed_over(store: Store, session: Session) -> None:
    """Nothing is left to render before it, and output after it is rendered."""
    end = say(store, session, 0, b"old\r\n")
    end = say(store, session, end + (4 << 20), b"")
    catch_up(store, session)
    assert [] == store.read(rendered.lagging)
    say(store, session, end, b"new\r\n")
    catch_up(store, session)
    assert [] == store.read(rendered.lagging)
    assert ["old"] == [line.text for line in final(store, session) if line.text]
    assert ["new"] == [text for text in standing(store, session) if text]


def test_a_run_records_its_offset_and_size(store: Store) -> None:
    """No other record has them when its first bytes are rendered."""
    made = create(store, cols=70, rows=9)
    store.transact(run_records.begin_run, made.id, "run", 90, None)
    (run,) = store.read(lambda unit: unit.lines.runs(made.id, 1))
    assert (0, 90, 9) == (run.offset, run.cols, run.rows)


def test_tidying_ends(store: Store, session: Session) -> None:
    """A block at a time into the index, and out of it once the session is removed."""
    say(store, session, 0, b"".join(b"%d needle\r\n" % n for n in range(9000)))
    catch_up(store, session)
    assert not store.read(rendered.is_tidy)
    count = 0
    while store.transact(rendered.tidy):
        count += 1
    assert 2 <= count <= 5
    assert store.read(rendered.is_tidy)
    store.transact(sessions.remove_sessions, [session.id])
    taken_apart(store)
    assert not store.read(rendered.is_tidy)
    while store.transact(rendered.tidy):
        pass
    assert store.read(rendered.is_tidy)


@pytest.mark.slow
def test_what_a_search_may_do_itself_is_little(store: Store, session: Session) -> None:
    """More of it is rendered and stored first."""
    end = say(store, session, 0, b"a line\r\n" * (rendered.LIVE // 8))
    assert not store.read(rendered.lags, session.id)
    say(store, session, end, b"x")
    assert store.read(rendered.lags, session.id)
    catch_up(store, session)
    assert not store.read(rendered.lags, session.id)


@pytest.mark.parametrize("busy_s", [0.0, None])
def test_a_piece_takes_a_moment(
    store: Store, session: Session, busy_s: float | None
) -> None:
    """A slice at least, and then whatever is done in time."""
    size = 4 * rendered.SLICE
    say(store, session, 0, b"a line\r\n" * (size // 8))
    assert (4 if busy_s == 0.0 else 1) == catch_up(store, session, busy_s=busy_s)
