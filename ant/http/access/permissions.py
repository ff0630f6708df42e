"""What a terminal's token may do: the stance of each route and frame, and as whom.

Who calls without one is the operator and may do everything; nothing here is asked then.
A route that takes no stance is refused.
"""

from typing import Any, Final, Literal

import attrs

from ant.api.frames import Frame, JoinSession, LeaveSession, PresencePing, Resume
from ant.api.message_requests import PostMessage
from ant.core.counters import Limit, increment
from ant.core.errors import Forbidden, TooLarge
from ant.identity import tokens
from ant.identity.tokens import Caller
from ant.model.messages import MessageType
from ant.runtime.system import System

Stance = Literal["room", "self", "either"]
"""Where a route opens to a token: in the rooms of its terminal, for that terminal
itself, or in both. A `self` without a session in its path gets the caller as `caller`,
or the body's `speaker` is bound to it."""

MAX_KEPT_IN_PART: Final = 1 << 20
"""Bytes of a body of a token of which a part is kept: a hook tells of whole files."""

LOBBY: Final = "__ant_sessions__"
"""What the original's clients join to hear `sessions_changed`; here everybody does."""

_NOTHING: Final = (
    "The token of a terminal opens only the rooms of that terminal; this asks for more."
)


async def check_call(
    system: System, stance: Stance | None, caller: Caller, session_id: str | None
) -> None:
    """Refuse what a token does not open. Raises `Forbidden` and `Unauthorized`."""
    if stance is None:
        raise Forbidden(_NOTHING)
    is_self = session_id in (None, caller.session_id)
    if stance != "room" and is_self:
        return
    if stance == "self" or session_id is None:
        raise Forbidden(_NOTHING)
    await system.journal.read(tokens.check_room, caller, session_id)


def check_size(system: System, keeps: int | None, size: int) -> None:
    """Refuse a token's body that is too large, before it is read where it says so.

    One of which the route `keeps` a part may be larger. Raises `TooLarge`.
    """
    most = system.config.token_body_max if keeps is None else MAX_KEPT_IN_PART
    if size > most:
        increment(Limit.TOKEN_BODY)
        raise TooLarge(f"A body of a terminal's token may have {most} bytes here.")


def spend(system: System, keeps: int | None, caller: Caller, size: int) -> None:
    """Count a request of a token. Raises `TooLarge` and `RateLimited`."""
    check_size(system, keeps, size)
    kept = size if keeps is None else min(size, keeps)
    system.quotas.spend(caller.session_id, kept)


def bound(caller: Caller, speaker: str | None, body: Any) -> Any:
    """The body as that terminal says it, whose name in it is `speaker`.

    A terminal is no user, so it does not post in that role. Raises `Forbidden` when the
    body names somebody else, or makes up what only the server says.
    """
    changes: dict[str, Any] = {}
    if speaker is not None:
        by_handle = speaker == "handle" and caller.handle is not None
        changes[speaker] = caller.handle if by_handle else caller.session_id
        _check_name(caller, getattr(body, speaker))
    if isinstance(body, PostMessage):
        if MessageType.is_machine(body.msg_type) or body.role == "system":
            raise Forbidden("A terminal's token posts no messages of this kind.")
        changes["role"] = "assistant" if body.role == "user" else body.role
    return attrs.evolve(body, **changes) if changes else body


def _check_name(caller: Caller, name: str | None) -> None:
    if name is not None and not caller.is_named(name):
        raise Forbidden(f"This token speaks for {caller.session_id}, not for {name!r}.")


async def check_frame(system: System, caller: Caller, frame: Frame) -> Frame:
    """What a token may ask over `/ws`, as itself: to join its rooms, and to resume.

    Raises as `check_call` does.
    """
    match frame:
        case LeaveSession() | PresencePing():
            return frame
        case JoinSession() if frame.session_id == LOBBY:
            return frame
        case JoinSession():
            rooms = [frame.session_id]
        case Resume():
            rooms = list(frame.sessions)
        case _:
            raise Forbidden(_NOTHING)
    _check_name(caller, frame.handle)
    for room_id in rooms:
        await system.journal.read(tokens.check_room, caller, room_id)
    return attrs.evolve(frame, handle=caller.handle)
