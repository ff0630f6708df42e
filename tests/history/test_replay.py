"""A verdict can be repeated at any stored byte, by the current rules."""

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
    """With the rule and the rows it matched, from the stored facts."""
    told = store.read(replay.explain, session.id, ASKED)
    assert (Kind.DIALOG, "words", (1,)) == (told.kind, told.rule, told.rows)
    assert ("Delete it? [y/N]",) == told.evidence
    assert told.prompt is not None
    assert ("y", "N") == tuple(option.label for option in told.prompt.options)
    assert (READING, True) == (told.tty, told.recorded)


def test_any_byte_is_explained(store: Store, session: Session) -> None:
    """Offsets without facts use the last ones before them."""
    for offset in range(ASKED + 10):
        told = store.read(replay.explain, session.id, offset)
        assert (offset, offset >= len(BUSY)) == (told.offset, told.recorded)


def test_an_offset_that_is_not_stored_is_refused(
    store: Store, session: Session
) -> None:
    """As is an unknown session."""
    with pytest.raises(Conflict):
        store.read(replay.explain, session.id, 10_000)
    with pytest.raises(NotFound):
        store.read(replay.explain, SessionId("nobody"), None)


def test_a_verdict_without_facts_says_so(store: Store) -> None:
    """The verdict on an old transcript depends on its bytes alone."""
    row = create(store)
    store.transact(store_chunks, [(row.id, [(0, ASKS)])], 1 << 20)
    told = store.read(replay.explain, row.id, None)
    assert (Kind.DIALOG, None, False) == (told.kind, told.tty, told.recorded)


def test_a_verdict_that_rules_decide_differently_is_a_change(
    store: Store, session: Session
) -> None:
    """Unchanged ones are counted; a changed one has both results."""
    assert (2, []) == store.read(replay.replay, session.id)
    other = VerdictSeen(
        Verdict(Kind.AT_REST, "prompt", (), ASKED), READING, 80, 24, 0.3
    )
    store.transact(store_verdicts, [(session.id, [other])])
    count, changed = store.read(replay.replay, session.id)
    assert (3, 1) == (count, len(changed))
    assert ("at_rest", "dialog") == (changed[0].before[0], changed[0].now[0])
    assert ASKED == changed[0].offset


def test_output_after_a_resize_is_played_in_the_new_size(store: Store) -> None:
    """The offset of a resize is recorded."""
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


def test_all_sessions_of_a_database_are_replayed(
    store: Store, session: Session, tmp_path: Path
) -> None:
    """All terminals; a missing file raises `NotFound`."""
    store.close()
    assert (2, []) == replay.replay_all(tmp_path / "ant.db")
    assert (2, []) == replay.replay_all(tmp_path / "ant.db", [session.id])
    with pytest.raises(NotFound):
        replay.replay_all(tmp_path / "other.db")
