"""Find the terminal of a session: its own, or the one that it is the linked chat of."""

from ant.core.errors import NotRunning
from ant.model.sessions import Session, SessionId
from ant.sessions.sessions import need_active
from ant.store import Unit


def terminal_of(unit: Unit, session: Session) -> Session | None:
    """The session itself if it has a terminal, else the terminal linked to this chat.

    When several terminals link to the chat, it is the one that the chat was created
    for. None when there is no terminal, or when it is not clear which.
    """
    if session.terminal is not None:
        return session
    linked = unit.sessions.linking(session.id)
    made_for = session.meta.get("auto_linked_terminal_id")
    preferred = [each for each in linked if each.id == made_for]
    candidates = preferred or linked
    return candidates[0] if len(candidates) == 1 else None


def need_terminal_of(unit: Unit, session_id: SessionId) -> Session:
    """Like `terminal_of`, for the id of an active session.

    Raises `NotFound`, `Gone`, and `NotRunning` when there is no terminal.
    """
    session = need_active(unit, session_id)
    terminal = terminal_of(unit, session)
    if terminal is None:
        raise NotRunning(
            f"Session {session_id!r} is a chat and has no terminal of its own."
        )
    return terminal
