"""The permissions of an access token, for each route, frame and body.

A route names its scope in the route table, a frame in `FRAME_SCOPES`; one that names
none is closed to access tokens. A token that is limited to a session calls only routes
with that session, or its linked chat, in their path, and the list of sessions.

Rule: without `answer` a token answers no prompt, by whatever way. It types nothing
while a prompt waits, posts nothing that ANT would type as if by hand, and puts no card
away.
"""

from typing import Any, Final, Literal

from ant.api.frames import (
    CheckHealth,
    Frame,
    JoinSession,
    LeaveSession,
    PresencePing,
    Resume,
    SendInput,
    SendResize,
)
from ant.api.message_requests import MergeMeta, PostMessage
from ant.core.errors import Forbidden, NotRunning
from ant.http.access.permissions import LOBBY
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.model.access_tokens import AccessToken, Scope
from ant.model.messages import MessageType
from ant.model.sessions import SessionId
from ant.prompts.agent_state import ASKING
from ant.prompts.cards import PUT_AWAY
from ant.rooms import participants
from ant.runtime.system import System
from ant.sessions.linked import room_of
from ant.store import Unit
from ant.terminal.session import LiveTerminal

RouteScope = Scope | Literal["any"]
"""The scope that a route requires. `any`: every valid token, about itself."""

FRAME_SCOPES: Final[dict[type[Frame], Scope]] = {
    JoinSession: Scope.VIEW,
    Resume: Scope.VIEW,
    LeaveSession: Scope.VIEW,
    CheckHealth: Scope.VIEW,
    PresencePing: Scope.VIEW,
    SendInput: Scope.TYPE,
    SendResize: Scope.TYPE,
}
"""The scope that each frame requires; `join_session` with `spawnPty` requires `type`.
The handshake requires `view`, since every socket receives events."""

HOW: Final = "`ant tokens new` makes another one, or call as the operator."


def need(token: AccessToken | None, scope: Scope, why: str = "this call") -> None:
    """Check that a token has a scope; None is a caller without an access token.

    Raises `Forbidden`.
    """
    if token is None or token.may(scope):
        return
    own = ", ".join(token.scopes)
    raise Forbidden(
        f"A token needs the scope `{scope}` for {why}, and this one has {own}. {HOW}"
    )


async def check_call(
    system: System,
    scope: RouteScope | None,
    token: AccessToken,
    caller: Caller | None,
    session_id: str | None,
    is_listed: bool,
) -> None:
    """Check that a token may call a route. Raises `Forbidden` and `Unauthorized`.

    `caller` is the session that the token is limited to. `is_listed`: the route leaves
    out by itself what such a caller must not see.
    """
    if scope is None:
        raise Forbidden("This route is closed to access tokens. Call as the operator.")
    if scope == "any":
        return
    need(token, scope)
    if caller is None or is_listed:
        return
    if session_id is None:
        raise Forbidden(
            f"This token is limited to session {caller.session_id!r}, and this call is "
            "about the whole server. Use a token without that limit."
        )
    await system.journal.read(terminal_tokens.check_room, caller, session_id)


async def check_body(
    system: System,
    token: AccessToken,
    speaker: str | None,
    session_id: SessionId | None,
    body: Any,
) -> None:
    """Check what a token says in a body. Raises `Forbidden`.

    Only `admin` speaks for a session, for the system, or as the server does.
    """
    if isinstance(body, MergeMeta) and body.meta.get("status") in PUT_AWAY:
        need(token, Scope.ANSWER, "putting a card away")
    if isinstance(body, PostMessage):
        kind, role = body.msg_type.casefold(), body.role.casefold()
        if kind == MessageType.AGENT_RESPONSE:
            need(token, Scope.ANSWER, "answering a prompt")
            if token.session_id is not None:
                raise Forbidden(
                    "A token that is limited to a session answers prompts by "
                    "POST …/prompt-bridge/respond, since a message may answer those of "
                    "other terminals."
                )
        elif MessageType.is_machine(body.msg_type) or role == "system":
            need(token, Scope.ADMIN, "messages of this kind")
        is_answer = kind == MessageType.AGENT_RESPONSE
        if role == "user" and session_id is not None and not is_answer:
            typed = await system.journal.read(_is_typed, session_id)
            why = "posting as `user` in a terminal's own chat, where ANT types it"
            for scope in (Scope.TYPE, Scope.ANSWER) if typed else ():
                need(token, scope, why)
    name = getattr(body, speaker) if speaker is not None else None
    if name is not None and not token.may(Scope.ADMIN):
        spoken = await system.journal.read_in_thread(participants.resolve, name)
        if spoken is not None and spoken.id != token.session_id:
            need(token, Scope.ADMIN, f"speaking for session {spoken.id!r}")


def _is_typed(unit: Unit, session_id: SessionId) -> bool:
    """Whether ANT types what a person posts there as if by hand."""
    room_id = room_of(unit, session_id)
    return bool(unit.sessions.linking(room_id)) or unit.sessions.has_terminal(room_id)


def check_no_prompt(
    system: System, token: AccessToken | None, live: LiveTerminal, session_id: SessionId
) -> None:
    """Check that a token may type now: without `answer` not while a prompt waits.

    It looks at the screen anew; call it in the same step as the typing. Raises
    `Forbidden`. It cannot prevent what a program reads later from what was typed ahead.
    """
    if token is None or token.may(Scope.ANSWER):
        return
    shown = system.services.prompt_service.shown(session_id)
    is_asking = shown is not None and shown.is_pending
    if not is_asking:
        try:
            _, verdict = live.snapshot()
        except NotRunning:
            return  # The typing itself reports that the program has ended.
        is_asking = verdict.kind in ASKING and verdict.prompt is not None
    if is_asking:
        need(token, Scope.ANSWER, "typing while a prompt waits for an answer")


async def check_frame(
    system: System, token: AccessToken, caller: Caller | None, frame: Frame
) -> None:
    """Check that a token may send a frame. Raises `Forbidden` and `Unauthorized`."""
    kind = type(frame)
    if kind not in FRAME_SCOPES:
        raise Forbidden(f"The frame {kind.type} is closed to access tokens.")
    need(token, FRAME_SCOPES[kind], f"the frame {kind.type}")
    if isinstance(frame, JoinSession) and frame.spawn_pty:
        need(token, Scope.TYPE, "`spawnPty`, which starts a program and resizes it")
    if caller is None:
        return
    named = [getattr(frame, "session_id", LOBBY), *getattr(frame, "sessions", ())]
    for session_id in named:
        if session_id != LOBBY and not isinstance(frame, LeaveSession):
            await system.journal.read(terminal_tokens.check_room, caller, session_id)
