"""A transcript played on a screen looks as it looked."""

from ant.model.sessions import Session
from ant.recording.player import TranscriptPlayer
from ant.recording.transcript_writer import store_verdicts
from ant.store import Store, Unit
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.screen.display import Display
from tests.recording.test_keyframes import create, fill

SIZE = 20, 5


def begin(store: Store, session: Session, offset: int, cols: int, rows: int) -> None:
    """Record that a run starts there."""
    store.transact(lambda unit: unit.lines.begin(session.id, offset, cols, rows))


def resize(store: Store, session: Session, offset: int, cols: int, rows: int) -> None:
    """Record a size after the byte before `offset`."""
    verdict = Verdict(Kind.QUIET_UNKNOWN, "resized", (), offset)
    seen = [VerdictSeen(verdict, None, cols, rows)]
    store.transact(store_verdicts, [(session.id, seen)])


def played(
    store: Store, session: Session, *ends: int, display: Display | None = None
) -> list[tuple[int, list[str]]]:
    """Columns, and the rows that are not blank, after each offset."""

    def work(unit: Unit) -> list[tuple[int, list[str]]]:
        player = TranscriptPlayer(unit, session.id, 0, 1 << 20, SIZE, display)
        snapshots = [player.look(end, None, 0.0) for end in ends]
        assert list(ends) == [each.end for each in snapshots]
        return [(each.cols, [*filter(None, each.lines)]) for each in snapshots]

    return store.read(work)


def test_bytes_are_played_in_the_size_of_then(store: Store) -> None:
    """From the byte of the change on, within a chunk, too."""
    session = create(store)
    begin(store, session, 0, *SIZE)
    fill(store, session, (0, b"x" * 20 + b"\r\n" + b"y" * 15))
    resize(store, session, 22, 10, 5)
    assert [
        (20, ["x" * 20]),
        (10, ["x" * 10, "x" * 10]),
        (10, ["x" * 10, "x" * 10, "y" * 10, "y" * 5]),
    ] == played(store, session, 21, 22, 37)


def test_a_run_starts_on_a_blank_screen(store: Store) -> None:
    """After its first byte; at its offset the screen of the run before is shown."""
    session = create(store)
    begin(store, session, 0, *SIZE)
    fill(store, session, (0, b"old"), (3, b"new"))
    begin(store, session, 3, 30, 6)
    assert [(20, ["old"]), (30, ["n"]), (30, ["new"])] == played(
        store, session, 3, 4, 6
    )


def test_a_hole_has_no_bytes(store: Store) -> None:
    """Not those of the chunk behind it, either; a size within it applies."""
    session = create(store)
    begin(store, session, 0, *SIZE)
    fill(store, session, (0, b"one"), (100, b"two" * 100))
    resize(store, session, 50, 10, 5)
    assert [(20, ["one"]), (10, ["one"]), (10, ["onetwo"])] == played(
        store, session, 40, 60, 103
    )


def test_a_given_screen_is_played_on(store: Store) -> None:
    """In its own size up to the next change."""
    session = create(store)
    begin(store, session, 0, *SIZE)
    fill(store, session, (0, b"abcdefgh"))
    resize(store, session, 4, 12, 5)
    resize(store, session, 6, 14, 5)
    display = Display.blank(30, 5, 4)
    assert [(30, ["e"]), (14, ["efgh"])] == played(
        store, session, 5, 8, display=display
    )
