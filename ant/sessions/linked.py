"""The terminal of a session, its own or that of its linked chat; and its room."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from ant.core.errors import Conflict, NotRunning
from ant.model.sessions import Session, SessionId
from ant.sessions.sessions import check_active, get_session, pair_of
from ant.store import Unit

P = ParamSpec("P")
T = TypeVar("T")


def terminal_of(unit: Unit, session: Session) -> Session | None:
    """The session itself if it has a terminal, else the terminal linked to this chat.

    When several active terminals link to the chat, it is the one that the chat was
    created for. An inactive chat also has the inactive terminal of its pair. None when
    there is no terminal, or when it is not clear which.
    """
    if session.terminal is not None:
        return session
    linked = unit.sessions.linking(session.id)
    made_for = session.meta.get("auto_linked_terminal_id")
    preferred = [each for each in linked if each.id == made_for]
    candidates = preferred or linked
    if not candidates and not session.active:
        candidates = pair_of(unit, session)[1:]
    return candidates[0] if len(candidates) == 1 else None


def get_terminal_of(unit: Unit, session_id: SessionId) -> Session:
    """Like `terminal_of`, for the id of a session, active or not.

    Raises `NotFound`, and `NotRunning` when there is no terminal.
    """
    terminal = terminal_of(unit, get_session(unit, session_id))
    if terminal is None:
        raise NotRunning(
            f"Session {session_id!r} is a chat and has no terminal of its own."
        )
    return terminal


def need_terminal_of(unit: Unit, session_id: SessionId) -> Session:
    """Like `get_terminal_of`, for an active session.

    Raises `NotFound`, `Gone`, and `NotRunning` when there is no terminal.
    """
    check_active(unit, session_id)
    return get_terminal_of(unit, session_id)


def room_of(unit: Unit, session_id: SessionId) -> SessionId:
    """The session whose messages are meant by this id: for a terminal, its linked chat.

    It is the terminal itself when it has none, and the id itself when there is no such
    session.
    """
    _, chat_id = unit.sessions.linked_chat(session_id)
    return chat_id or session_id


def need_room(unit: Unit, session_id: SessionId) -> SessionId:
    """Like `room_of`, for a message to post to an active session.

    Raises `NotFound`, `Gone`, and `Conflict` for a terminal without a linked chat: no
    program would receive the message.
    """
    check_active(unit, session_id)
    kind, chat_id = unit.sessions.linked_chat(session_id)
    if kind.has_terminal and chat_id is None:
        raise Conflict(
            f"Terminal {session_id!r} has no linked chat, so no program would receive "
            "the message. Link a chat (linked_chat_id), or post in a room that the "
            "terminal is in."
        )
    return chat_id or session_id


def in_room_to_post(
    unit: Unit,
    rule: Callable[Concatenate[Unit, SessionId, P], T],
    session_id: SessionId,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a rule for the room that `need_room` returns. Raises as that does."""
    return rule(unit, need_room(unit, session_id), *args, **kwargs)


def in_room(
    unit: Unit,
    rule: Callable[Concatenate[Unit, SessionId, P], T],
    session_id: SessionId,
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """Run a rule of a room for the room that `room_of` returns."""
    return rule(unit, room_of(unit, session_id), *args, **kwargs)
