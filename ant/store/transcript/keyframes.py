"""Keyframes: the newest stored screen of each terminal."""

import attrs

from ant.store.tables.sessions import KeyframeRow, TerminalRow
from ant.store.tables.statement import Statement


@attrs.frozen
class Keyframe:
    """The ANSI text that draws a session's screen before the byte at `offset`."""

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
    """One keyframe for each session in one transaction; owns the table `keyframes`."""

    def get(self, session_id: str) -> Keyframe | None:
        """The keyframe of a session; None before the first."""
        row = _GET.one(session_id=session_id)
        if row is None:
            return None
        return Keyframe(session_id, row.offset, row.cols, row.rows, bytes(row.ansi))

    def put(self, keyframe: Keyframe) -> None:
        """Replace the keyframe of a session.

        Does nothing when the terminal has been removed meanwhile.
        """
        if _EXISTS.one(session_id=keyframe.session_id) is not None:
            _PUT.run(**attrs.asdict(keyframe))
