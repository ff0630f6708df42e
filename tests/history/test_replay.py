"""A verdict can be made again, at any byte that is kept, by the rules of today."""

from pathlib import Path

import attrs
import pytest

from ant.core.errors import Conflict, NotFound
from ant.history import replay
from ant.model.sessions import Session, SessionId
from ant.recording.transcript_writer import store_chunks, store_verdicts
from ant.store import Store, Unit
from ant.store.tables.sessions import SightingRow
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.model.tty import Tty
from tests.history.test_history import create

BUSY = b"building\r\n"
ASKS = b"Delete it? [y/N] "
READING = Tty(echo=True, canonical=True, foreground="bash", leader=True, reading=True)
ASKED = len(BUSY) + len(ASKS)


@pytest.fixture
def session(store: Store) -> Session:
    """A terminal that was busy, then asked, and went on."""
    row = create(store)
    data = BUSY + ASKS + b"y\r\ndone\r\n"
    store.transact(store_chunks, [(row.id, [(0, data)])], 1 << 20)
    seen = [
        VerdictSeen(Verdict(Kind.BUSY, "time", (), len(BUSY)), None, 80, 24, 0.1),
        VerdictSeen(Verdict(Kind.DIALOG, "words", (1,), ASKED), READING, 80, 24, 0.3),
    ]
    store.transact(store_verdicts, [(row.id, seen)])
    told = store.read(replay.explain, row.id, ASKED)
    seen[1] = attrs.evolve(
        seen[1], verdict=attrs.evolve(seen[1].verdict, prompt=told.prompt)
    )
    store.transact(forget, row.id)
    store.transact(store_verdicts, [(row.id, seen)])
    return row


def forget(unit: Unit, session_id: SessionId) -> None:
    """Drop what was seen of a session."""
    SightingRow.delete().where(SightingRow.session_id == session_id).execute()


def test_a_past_screen_is_explained(store: Store, session: Session) -> None:
    """Which rule fires on which rows, by the facts that were kept."""
    told = store.read(replay.explain, session.id, ASKED)
    assert (Kind.DIALOG, "words", (1,)) == (told.kind, told.rule, told.rows)
    assert ("Delete it? [y/N]",) == told.evidence
    assert told.prompt is not None
    assert ("y", "N") == tuple(option.label for option in told.prompt.options)
    assert (READING, True) == (told.tty, told.recorded)


def test_any_byte_is_explained(store: Store, session: Session) -> None:
    """In between there are no facts of its own; what was last known counts."""
    for offset in range(ASKED + 10):
        told = store.read(replay.explain, session.id, offset)
        assert (offset, offset >= len(BUSY)) == (told.offset, told.recorded)


def test_what_is_not_kept_cannot_be_explained(store: Store, session: Session) -> None:
    """An offset beyond the end, a session that is none."""
    with pytest.raises(Conflict):
        store.read(replay.explain, session.id, 10_000)
    with pytest.raises(NotFound):
        store.read(replay.explain, SessionId("nobody"), None)


def test_a_verdict_without_facts_says_so(store: Store) -> None:
    """A transcript older than they are is judged by its bytes alone."""
    row = create(store)
    store.transact(store_chunks, [(row.id, [(0, ASKS)])], 1 << 20)
    told = store.read(replay.explain, row.id, None)
    assert (Kind.DIALOG, None, False) == (told.kind, told.tty, told.recorded)


def test_what_rules_no_longer_say_is_a_change(store: Store, session: Session) -> None:
    """Those that stand are counted; another verdict is told with both sides."""
    assert (2, []) == store.read(replay.replay, session.id)
    other = VerdictSeen(
        Verdict(Kind.AT_REST, "prompt", (), ASKED), READING, 80, 24, 0.3
    )
    store.transact(store_verdicts, [(session.id, [other])])
    count, changed = store.read(replay.replay, session.id)
    assert (3, 1) == (count, len(changed))
    assert ("at_rest", "dialog") == (changed[0].before[0], changed[0].now[0])
    assert ASKED == changed[0].offset


def test_a_redraw_in_another_size_is_played_in_it(store: Store) -> None:
    """Where the size changed is a fact too."""
    row = create(store)
    wide, narrow = b"x" * 60, b"\r\nGo on? [y/n] "
    data = wide + narrow
    store.transact(store_chunks, [(row.id, [(0, data)])], 1 << 20)
    resized = Verdict(Kind.QUIET_UNKNOWN, replay.RESIZED, (), len(wide))
    asked = Verdict(Kind.DIALOG, "words", (2,), len(data))
    seen = [
        VerdictSeen(Verdict(Kind.BUSY, "time", (), 1), None, 80, 24),
        VerdictSeen(resized, READING, 40, 10),
        VerdictSeen(asked, READING, 40, 10, 0.3),
    ]
    store.transact(store_verdicts, [(row.id, seen)])
    told = store.read(replay.explain, row.id, len(data))
    assert (10, (2,)) == (len(told.lines), told.rows)
    assert ["x" * 40, "x" * 20] == list(told.lines[:2])


def test_all_sessions_of_a_database_are_made_again(
    store: Store, session: Session, tmp_path: Path
) -> None:
    """Each terminal that there is; a file that is not there is said."""
    store.close()
    assert (2, []) == replay.replay_all(tmp_path / "ant.db")
    assert (2, []) == replay.replay_all(tmp_path / "ant.db", [session.id])
    with pytest.raises(NotFound):
        replay.replay_all(tmp_path / "other.db")
