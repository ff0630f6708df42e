"""Sessions that are removed for good: marked at once, and taken apart in slices.

Rule 1: a session that is marked is read by nobody; its rows go later.
Rule 2: a slice takes some milliseconds, so that others write in between.
Rule 3: the mark goes with the last row, so a crash costs nothing.
"""

from collections.abc import Collection, Iterator
from typing import Any

import attrs

from ant.core import clock
from ant.model.deliveries import PENDING, UNDER_WAY
from ant.model.prompts import PromptStatus
from ant.store import event_log
from ant.store.run_events import redact_run_events
from ant.store.tables.lines import LineCursorRow
from ant.store.tables.rooms import DeliveryRow
from ant.store.tables.sessions import (
    EventRow,
    KeyframeRow,
    PromptRow,
    SessionRow,
    TerminalRow,
    database,
)

SLICE_S = 0.01
"""How long a slice takes, about. Many systems overwrite what is deleted, too."""

BATCH_ROWS = 64
BATCH_BYTES = 256 << 10
"""What is deleted between two looks at the clock: one row at least."""

INDEXED = 8
"""Times as long as a byte of transcript a byte takes that is in the index."""

_PARTS = (
    ("chunks", "session_id", "id", "size"),
    ("line_blocks", "session_id", "id", "1"),
    ("sightings", "session_id", "id", "1"),
    ("terminal_events", "session_id", "id", "1"),
    ("prompts", "session_id", "ordinal", "LENGTH(text)"),
    ("deliveries", "session_id", "ordinal", "1"),
    ("deliveries", "room_id", "ordinal", "1"),
    ("messages", "session_id", "ordinal", f"LENGTH(content) * {INDEXED}"),
    ("tasks", "session_id", "ordinal", "1"),
    ("file_refs", "session_id", "ordinal", "1"),
    ("posters", "room_id", "rowid", "1"),
    ("members", "room_id", "id", "1"),
    ("members", "session_id", "id", "1"),
    ("links", "source_room_id", "ordinal", "1"),
    ("links", "target_room_id", "ordinal", "1"),
)
"""Tables with many rows of a session: the column that names it, key and size of a row.
What is not here has one row, or few, and goes with the session."""


@attrs.define
class Progress:
    """How far the logs of a session were gone through; begun anew after a crash.

    What is in `passed` over could not be taken apart: others come first.
    """

    passed: set[str] = attrs.field(factory=set)
    session_id: str | None = None
    seq: int = 0
    n: int = 0


class RemovalStore:
    """Sessions that are to go, inside one transaction."""

    def mark(self, session_id: str, at: str) -> None:
        """From now on nobody reads it, and nothing waits for it."""
        linked = SessionRow.linked_chat_id == session_id
        SessionRow.update(linked_chat_id=None).where(linked).execute()
        database.execute_sql(
            "UPDATE sessions SET removed = 1, handle = NULL, "
            "deleted_at = COALESCE(deleted_at, ?) WHERE id = ?",
            (at, session_id),
        )
        # With its terminal goes what would store more of it.
        for table in (TerminalRow, KeyframeRow, LineCursorRow):
            table.delete().where(table.session_id == session_id).execute()
        PromptRow.delete().where(
            (PromptRow.session_id == session_id)
            & (PromptRow.status == PromptStatus.PENDING)
        ).execute()
        # A plus keeps SQLite to the index of states: few wait, and many have arrived.
        states = [str(state) for state in (*PENDING, *UNDER_WAY)]
        places = ", ".join("?" * len(states))
        database.execute_sql(
            f"DELETE FROM {DeliveryRow._meta.table_name} WHERE state IN ({places}) "
            "AND (+room_id = ? OR +session_id = ?)",
            (*states, session_id, session_id),
        )

    def next(self, passed: Collection[str] = ()) -> str | None:
        """The oldest session that is to be taken apart and is not passed over."""
        rows = database.execute_sql(
            "SELECT id FROM sessions WHERE removed = 1 ORDER BY ordinal LIMIT ?",
            (len(passed) + 1,),
        )
        ids = (ident for (ident,) in rows.fetchall())
        return next((ident for ident in ids if ident not in passed), None)

    def take(self, progress: Progress) -> Progress | None:
        """Take rows of the next session away for some milliseconds; None for nothing.

        What it answers is how far it is once this transaction is in, and not before.
        """
        session_id = self.next(progress.passed)
        if session_id is None:
            return None
        if progress.session_id == session_id:
            done = attrs.evolve(progress)
        else:
            done = Progress(progress.passed, session_id)
        began = clock.monotonic()
        for _ in self._steps(session_id, done):
            if clock.monotonic() - began > SLICE_S:
                return done
        SessionRow.delete().where(SessionRow.id == session_id).execute()
        return done

    def _steps(self, session_id: str, progress: Progress) -> Iterator[None]:
        for table, column, key, size in _PARTS:
            while keys := _batch(table, column, key, size, session_id):
                places = ", ".join("?" * len(keys))
                database.execute_sql(
                    f"DELETE FROM {table} WHERE {key} IN ({places})", keys
                )
                yield
        while seqs := _following("events", "seq", session_id, progress.seq, "body"):
            event_log.redact_events(EventRow.seq.in_(seqs))
            progress.seq = seqs[-1]
            yield
        while numbers := _following("run_events", "n", session_id, progress.n, "text"):
            redact_run_events(session_id, numbers[0], numbers[-1])
            progress.n = numbers[-1]
            yield


def _batch(table: str, column: str, key: str, size: str, session_id: str) -> list[int]:
    rows = database.execute_sql(
        f"SELECT {key}, {size} FROM {table} WHERE {column} = ? LIMIT {BATCH_ROWS}",
        (session_id,),
    )
    return _within(rows)


def _following(
    table: str, key: str, session_id: str, after: int, text: str
) -> list[int]:
    rows = database.execute_sql(
        f"SELECT {key}, LENGTH({text}) FROM {table} "
        f"WHERE session_id = ? AND {key} > ? ORDER BY {key} LIMIT {BATCH_ROWS}",
        (session_id, after),
    )
    return _within(rows)


def _within(rows: Any) -> list[int]:
    """The keys of the first rows, as many as a batch has."""
    keys: list[int] = []
    room = BATCH_BYTES
    for key, size in rows.fetchall():
        if keys and room < size:
            break
        keys.append(key)
        room -= size
    return keys
