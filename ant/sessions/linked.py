"""The terminal that a session is, or that a linked chat belongs to."""

from ant.core.errors import NotRunning
from ant.model.sessions import Session, SessionId
from ant.sessions.sessions import need_active
from ant.store import Unit


def terminal_of(unit: Unit, session: Session) -> Session | None:
    """The terminal itself, or the one whose linked chat this is, if there is one.

    Where several link to the chat it is the one it was made for, else none.
    """
    if session.terminal is not None:
        return session
    linking = unit.sessions.linking(session.id)
    made_for = session.meta.get("auto_linked_terminal_id")
    first = [each for each in linking if each.id == made_for]
    owners = first or linking
    return owners[0] if len(owners) == 1 else None


def need_terminal_of(unit: Unit, session_id: SessionId) -> Session:
    """As `terminal_of`, by id of an active session. Raises `NotRunning` for none."""
    session = need_active(unit, session_id)
    terminal = terminal_of(unit, session)
    if terminal is None:
        raise NotRunning(
            f"Session {session_id!r} is a chat and has no terminal of its own."
        )
    return terminal
