"""The permissions of a terminal's token, for each route and frame.

A caller without a token is the operator, who may do everything; these checks do not
apply then. A route without a stance is refused.
"""

from typing import Any, Final, Literal

import attrs

from ant.api.frames import Frame, JoinSession, LeaveSession, PresencePing, Resume
from ant.api.message_requests import PostMessage
from ant.core.counters import Limit, increment
from ant.core.errors import Forbidden, TooLarge
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.model.messages import MessageType
from ant.runtime.system import System

Stance = Literal["room", "self", "either"]
"""Where a token may call a route: in the rooms of its terminal, for the terminal
itself, or both. A `self` route without a session in its path receives the caller as
`caller`, or the `speaker` of its body is bound to the caller."""

MAX_KEPT_IN_PART: Final = 1 << 20
"""Bytes of a token's body of which only a part is stored, such as the report of a hook,
which may contain whole files."""

LOBBY: Final = "__ant_sessions__"
"""A pseudo-session that older clients join to receive `sessions_changed`, which every
socket receives anyway."""

_NOTHING: Final = (
    "The token of a terminal is valid in the rooms of that terminal only; for this, "
    "call as the operator (`ant --operator`)."
)


async def check_call(
    system: System, stance: Stance | None, caller: Caller, session_id: str | None
) -> None:
    """Check that a token may call a route. Raises `Forbidden` and `Unauthorized`."""
    if stance is None:
        raise Forbidden(_NOTHING)
    is_self = session_id in (None, caller.session_id)
    if stance != "room" and is_self:
        return
    if stance == "self" or session_id is None:
        raise Forbidden(_NOTHING)
    await system.journal.read(terminal_tokens.check_room, caller, session_id)


def check_size(system: System, keeps: int | None, size: int) -> None:
    """Check the size of a token's body; first by its Content-Length, before reading.

    It may be larger if the route `keeps` only a part. Raises `TooLarge`.
    """
    most = system.config.token_body_max if keeps is None else MAX_KEPT_IN_PART
    if size > most:
        increment(Limit.TOKEN_BODY)
        raise TooLarge(
            f"A body with a terminal's token may have at most {most} bytes here."
        )


def spend(system: System, keeps: int | None, caller: Caller, size: int) -> None:
    """Count a request against the token's quota. Raises `TooLarge`, `RateLimited`."""
    check_size(system, keeps, size)
    kept = size if keeps is None else min(size, keeps)
    system.quotas.spend(caller.session_id, kept)


def bound(caller: Caller, speaker: str | None, body: Any) -> Any:
    """The body with its `speaker` field set to the calling terminal.

    A terminal is not a user: its role `user` becomes `assistant`. Raises `Forbidden` if
    the body names another speaker, or is a message of a kind that only the server
    posts.
    """
    changes: dict[str, Any] = {}
    if speaker is not None:
        by_handle = speaker == "handle" and caller.handle is not None
        changes[speaker] = caller.handle if by_handle else caller.session_id
        _check_name(caller, getattr(body, speaker))
    if isinstance(body, PostMessage):
        role = body.role.casefold()
        if MessageType.is_machine(body.msg_type) or role == "system":
            raise Forbidden("A terminal's token may not post messages of this kind.")
        changes["role"] = "assistant" if role == "user" else body.role
    return attrs.evolve(body, **changes) if changes else body


def _check_name(caller: Caller, name: str | None) -> None:
    if name is not None and not caller.is_named(name):
        raise Forbidden(f"This token speaks for {caller.session_id}, not for {name!r}.")


async def check_frame(system: System, caller: Caller, frame: Frame) -> Frame:
    """The frame as a token may send it: it may join its rooms, and resume, as itself.

    Raises `Forbidden` and `Unauthorized`.
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
        await system.journal.read(terminal_tokens.check_room, caller, room_id)
    return attrs.evolve(frame, handle=caller.handle)
