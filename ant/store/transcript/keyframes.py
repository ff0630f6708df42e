"""The newest picture of each terminal's screen."""

import attrs

from ant.store.tables.sessions import KeyframeRow, TerminalRow
from ant.store.tables.statement import Statement


@attrs.frozen
class Keyframe:
    """What draws a session's screen as it was before the byte at `offset`."""

    session_id: str
    offset: int
    cols: int
    rows: int
    ansi: bytes


_GET = Statement(
    lambda session_id: KeyframeRow.select(
        KeyframeRow.offset, KeyframeRow.cols, KeyframeRow.rows, KeyframeRow.ansi
    ).where(KeyframeRow.session_id == session_id)
)
_PUT = Statement(
    lambda session_id, offset, cols, rows, ansi: KeyframeRow.insert(
        session_id=session_id, offset=offset, cols=cols, rows=rows, ansi=ansi
    ).on_conflict("REPLACE")
)
_EXISTS = Statement(
    lambda session_id: TerminalRow.select(TerminalRow.stored).where(
        TerminalRow.session_id == session_id
    )
)


class KeyframeStore:
    """One picture for each session, inside one transaction."""

    def get(self, session_id: str) -> Keyframe | None:
        """The newest, None where none was taken yet."""
        row = _GET.one(session_id=session_id)
        if row is None:
            return None
        return Keyframe(session_id, row.offset, row.cols, row.rows, bytes(row.ansi))

    def put(self, keyframe: Keyframe) -> None:
        """Keep this one instead of the one before.

        A session that is gone meanwhile is left alone.
        """
        if _EXISTS.one(session_id=keyframe.session_id) is not None:
            _PUT.run(**attrs.asdict(keyframe))
