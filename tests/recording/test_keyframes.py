"""Screens are restored from a keyframe and the bytes after it."""

from typing import Any

import attrs
import pytest

from ant.api.session_requests import CreateSession
from ant.core.errors import NotRunning
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.model.sessions import Session, SessionType
from ant.recording import keyframes
from ant.recording.transcript_writer import store_verdicts
from ant.run_events import commands, log
from ant.sessions import sessions
from ant.store import Keyframe, Store, Unit
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.screen.display import Display


def create(store: Store, **fields: Any) -> Session:
    ask = CreateSession(**{"name": "one", "type": SessionType.TERMINAL, **fields})
    return store.transact(sessions.create_session, ask, None)


def keep(store: Store, keyframe: Keyframe) -> None:
    def work(unit: Unit) -> None:
        unit.keyframes.put(keyframe)

    store.transact(work)


def fill(store: Store, session: Session, *chunks: tuple[int, bytes]) -> None:
    """Bytes, wherever they belong."""

    def work(unit: Unit) -> None:
        for chunk in chunks:
            at = "2026-05-17T12:00:00.000000Z"
            unit.transcripts.append(session.id, at, [chunk], reserved=chunk[0] + 100)

    store.transact(work)


def drawn(store: Store, session: Session) -> tuple[Any, ...]:
    """Offset, size and what is not blank."""
    drawing = store.read(keyframes.redraw, session.id)
    lines = [line for line in drawing.lines if line]
    return drawing.offset, drawing.cols, drawing.rows, lines


def test_a_terminal_that_never_ran_is_blank(store: Store) -> None:
    """In the size it would start with."""
    session = create(store, cols=50, rows=7)
    assert (0, 50, 7, []) == drawn(store, session)


def test_bytes_after_a_keyframe_are_played_on_it(store: Store) -> None:
    """Bytes before it are not read, and holes after it are passed over."""
    session = create(store)
    fill(store, session, (0, b"zero"), (4, b"onetw"), (20, b"o!"))
    display = Display.blank(30, 4, 0)
    display.feed(b"other", 7)
    keep(store, keyframes.keyframe(session.id, display.picture()))
    assert (22, 30, 4, ["othertwo!"]) == drawn(store, session)


def test_a_keyframe_may_be_ahead(store: Store) -> None:
    """Output that was visible but not stored at a crash is shown."""
    session = create(store)
    fill(store, session, (0, b"zero"))
    keep(store, Keyframe(session.id, 9, 30, 4, b"zero more"))
    assert (9, 30, 4, ["zero more"]) == drawn(store, session)


def test_bytes_after_a_keyframe_are_drawn_in_the_size_they_had(store: Store) -> None:
    """The database may have refused the keyframe that follows a resize."""
    session = create(store, cols=70, rows=9)
    keep(store, Keyframe(session.id, 2, 30, 4, b"ab"))
    fill(store, session, (0, b"abcd"))
    resized = Verdict(Kind.QUIET_UNKNOWN, "resized", (), 4)
    seen = [VerdictSeen(resized, None, 50, 7)]
    store.transact(store_verdicts, [(session.id, seen)])
    fill(store, session, (4, b"ef"))
    assert (6, 50, 7, ["abcdef"]) == drawn(store, session)


@pytest.mark.parametrize("has_keyframe", [True, False])
def test_a_redraw_plays_a_bounded_number_of_bytes(
    store: Store, monkeypatch: pytest.MonkeyPatch, has_keyframe: bool
) -> None:
    """A keyframe too far back is not used; the newest bytes are drawn."""
    monkeypatch.setattr(keyframes, "REDRAW_MAX", 4)
    session = create(store, cols=30, rows=4)
    fill(store, session, (0, b"zero"), (4, b"one2"))
    if has_keyframe:
        keep(store, Keyframe(session.id, 0, 30, 4, b"old"))
    assert (8, 30, 4, ["one2"]) == drawn(store, session)


def test_output_since_the_last_command_is_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the byte after its output; of much output, the beginning and the end."""
    monkeypatch.setattr(keyframes, "REREAD_BYTES", 6)
    session = create(store)
    fill(store, session, (0, b"zero"), (4, b"one2"), (20, b"three"), (25, b"four5678"))

    def heard() -> list[tuple[int, bytes]]:
        found = store.read(keyframes.output_since_last_command, session.id)
        return [(each.offset, each.data) for each in found]

    assert [(0, b"zero"), (4, b"on"), (27, b"ur5678")] == heard()
    for end, kind, source in (
        (3, commands.COMMAND_BLOCK, Source.TERMINAL),
        (99, commands.COMMAND_BLOCK, Source.HOOK),
        (99, "question", Source.TERMINAL),
        (None, commands.COMMAND_BLOCK, Source.TERMINAL),
    ):
        fact = RunEventDraft(source, Trust.HIGH, kind, "x", start=end, end=end)
        store.transact(log.record, session.id, fact)
    assert [(3, b"o"), (4, b"one2"), (27, b"ur5678")] == heard()
    fact = RunEventDraft(
        Source.TERMINAL, Trust.HIGH, commands.COMMAND_BLOCK, "x", end=24
    )
    store.transact(log.record, session.id, fact)
    assert [(24, b"e"), (25, b"four5"), (30, b"678")] == heard()
    fact = attrs.evolve(fact, end=33)
    store.transact(log.record, session.id, fact)
    assert [] == heard()


def test_a_chat_has_no_screen(store: Store) -> None:
    """It raises `NotRunning`."""
    session = create(store, type=SessionType.CHAT)
    with pytest.raises(NotRunning):
        store.read(keyframes.redraw, session.id)
