"""Permanent removal of sessions: marked at once, their rows deleted in slices.

Rule 1: no query returns a marked session or its rows; the rows are deleted later.
Rule 2: a slice takes some milliseconds, so that other writes run in between.
Rule 3: the mark is deleted with the last row, so after a crash removal continues.
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
"""How long a slice takes, about. SQLite overwrites deleted data (`secure_delete`)."""

BATCH_ROWS = 64
BATCH_BYTES = 256 << 10
"""Rows and bytes deleted between two looks at the clock; at least one row."""

INDEXED = 8
"""Deleting an indexed byte takes about that many times as long as one of transcript."""

_PARTS = (
    ("chunks", "session_id", "id", "size"),
    ("line_blocks", "session_id", "id", "1"),
    ("sightings", "session_id", "id", "1"),
    ("terminal_events", "session_id", "id", "1"),
    ("prompt_notices", "room_id", "rowid", "1"),
    ("prompts", "session_id", "ordinal", "LENGTH(text)"),
    ("deliveries", "session_id", "ordinal", "1"),
    ("deliveries", "room_id", "ordinal", "1"),
    ("messages", "session_id", "ordinal", f"LENGTH(content) * {INDEXED}"),
    ("tasks", "session_id", "ordinal", "1"),
    ("file_refs", "session_id", "ordinal", "1"),
    ("posters", "room_id", "rowid", "1"),
    ("members", "room_id", "id", "1"),
    ("person_members", "room_id", "id", "1"),
    ("access_tokens", "session_id", "ordinal", "1"),
    ("members", "session_id", "id", "1"),
    ("links", "source_room_id", "ordinal", "1"),
    ("links", "target_room_id", "ordinal", "1"),
)
"""Tables with many rows of a session: table, column of its id, key and size of a row.
Other tables have few rows of a session. `ON DELETE CASCADE` deletes those."""


@attrs.define
class RemovalProgress:
    """How far a session is removed; after a crash removal begins with a new one.

    `seq` and `n` are the last event and run event that became tombstones. `passed`
    holds sessions whose rows could not be deleted, which are skipped.
    """

    passed: set[str] = attrs.field(factory=set)
    session_id: str | None = None
    seq: int = 0
    n: int = 0


class RemovalStore:
    """Removal of sessions in one transaction; owns the mark `sessions.removed`."""

    def mark(self, session_id: str, at: str) -> None:
        """Mark a session removed at a time, and delete what is pending for it.

        Its handle and links to it become free, so no query finds it.
        """
        linked = SessionRow.linked_chat_id == session_id
        SessionRow.update(linked_chat_id=None).where(linked).execute()
        database.execute_sql(
            "UPDATE sessions SET removed = 1, handle = NULL, "
            "deleted_at = COALESCE(deleted_at, ?) WHERE id = ?",
            (at, session_id),
        )
        # Without its terminal row nothing more is stored for the session.
        for table in (TerminalRow, KeyframeRow, LineCursorRow):
            table.delete().where(table.session_id == session_id).execute()
        PromptRow.delete().where(
            (PromptRow.session_id == session_id)
            & (PromptRow.status == PromptStatus.PENDING)
        ).execute()
        # `+` makes SQLite use the index of states: few deliveries are pending.
        states = [str(state) for state in (*PENDING, *UNDER_WAY)]
        places = ", ".join("?" * len(states))
        database.execute_sql(
            f"DELETE FROM {DeliveryRow._meta.table_name} WHERE state IN ({places}) "
            "AND (+room_id = ? OR +session_id = ?)",
            (*states, session_id, session_id),
        )

    def next(self, passed: Collection[str] = ()) -> str | None:
        """The oldest marked session that is not in `passed`, or None."""
        rows = database.execute_sql(
            "SELECT id FROM sessions WHERE removed = 1 ORDER BY ordinal LIMIT ?",
            (len(passed) + 1,),
        )
        ids = (ident for (ident,) in rows.fetchall())
        return next((ident for ident in ids if ident not in passed), None)

    def remove_slice(self, progress: RemovalProgress) -> RemovalProgress | None:
        """Delete rows of the next marked session for about `SLICE_S`.

        Return the progress, which holds once this transaction is committed; None when
        no session is marked.
        """
        session_id = self.next(progress.passed)
        if session_id is None:
            return None
        if progress.session_id == session_id:
            done = attrs.evolve(progress)
        else:
            done = RemovalProgress(progress.passed, session_id)
        began = clock.monotonic()
        for _ in self._steps(session_id, done):
            if clock.monotonic() - began > SLICE_S:
                return done
        SessionRow.delete().where(SessionRow.id == session_id).execute()
        return done

    def _steps(self, session_id: str, progress: RemovalProgress) -> Iterator[None]:
        """Delete a batch of rows for each step, and record the progress."""
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
    """Keys of a batch of rows of a session, in no order."""
    rows = database.execute_sql(
        f"SELECT {key}, {size} FROM {table} WHERE {column} = ? LIMIT {BATCH_ROWS}",
        (session_id,),
    )
    return _fitting(rows)


def _following(
    table: str, key: str, session_id: str, after: int, text: str
) -> list[int]:
    """Keys of the next batch of log rows of a session, in order."""
    rows = database.execute_sql(
        f"SELECT {key}, LENGTH({text}) FROM {table} "
        f"WHERE session_id = ? AND {key} > ? ORDER BY {key} LIMIT {BATCH_ROWS}",
        (session_id, after),
    )
    return _fitting(rows)


def _fitting(rows: Any) -> list[int]:
    """The keys of the first rows: at least one, of `BATCH_BYTES` together."""
    keys: list[int] = []
    room = BATCH_BYTES
    for key, size in rows.fetchall():
        if keys and room < size:
            break
        keys.append(key)
        room -= size
    return keys
