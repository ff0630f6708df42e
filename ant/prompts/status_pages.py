"""Status pages: the terminal and chat of a session, and its pending prompt."""

from typing import Any

from ant.api import codec
from ant.core.errors import Invalid
from ant.model.prompts import (
    BridgeState,
    CaptureState,
    Overview,
    PromptRecord,
    RoomBrief,
    RouteState,
    SessionBrief,
    StatusPage,
    TerminalStatus,
)
from ant.model.sessions import Session, SessionId, Status
from ant.sessions.linked import terminal_of
from ant.sessions.sessions import get_session
from ant.store import Unit

ROOMS = 20
"""Rooms of a terminal in the overview: a person reads no more in one line."""


def status_page(unit: Unit, session_id: SessionId) -> StatusPage:
    """Return the stored status of a session, without the state of its agent.

    Raises `NotFound`.
    """
    session = get_session(unit, session_id)
    terminal = terminal_of(unit, session)
    chat_id = terminal.linked_chat_id if terminal else session.id
    chat = unit.sessions.get(chat_id) if chat_id else None
    prompt = unit.prompts.pending(terminal.id) if terminal else None
    event = _event(unit, prompt)
    has_card = prompt is not None and event is not None
    executes = bool(terminal and chat and terminal.auto_forward_chat)
    return StatusPage(
        needs_input=prompt is not None,
        event_id=prompt.message_id if prompt and has_card else None,
        event_chat_id=prompt.chat_id if prompt and has_card else None,
        event=event,
        event_class=prompt.class_ if prompt else None,
        summary=prompt.summary if prompt else None,
        since=prompt.detected_at if prompt else None,
        agent_status=None,
        prompt_bridge=_bridge_state(prompt),
        prompt=prompt,
        session=brief(session),
        terminal=brief(terminal) if terminal else None,
        linked_chat=brief(chat) if chat else None,
        route=RouteState(
            mode=_mode(session, terminal, executes),
            terminal_id=terminal.id if terminal else None,
            linked_chat_id=chat.id if chat else None,
            executes_in_terminal=executes,
        ),
        capture=CaptureState(
            status_source="none",
            interactive_source=_source(prompt, has_card),
            detected_at=None,
            terminal_activity=None,
        ),
    )


def overview(unit: Unit) -> Overview:
    """Return the stored status of all running terminals, without agent states."""
    prompts = {each.session_id: each for each in unit.prompts.all_pending()}
    terminals = [
        TerminalStatus(
            session=brief(session),
            needs_input=(prompt := prompts.get(session.id)) is not None,
            since=prompt.detected_at if prompt else None,
            prompt=prompt,
            agent_status=None,
            terminal_activity=None,
            folder=session.root_dir,
            rooms=_rooms(unit, session),
            screen=None,
        )
        for session in unit.sessions.active()
        if session.status is Status.RUNNING
    ]
    # Those without a prompt keep their order: the newest change first.
    terminals.sort(key=lambda each: (each.since is None, each.since or unit.now))
    waiting = sum(each.needs_input for each in terminals)
    return Overview(waiting, tuple(terminals))


def _rooms(unit: Unit, session: Session) -> tuple[RoomBrief, ...]:
    rooms = unit.people.rooms_of(session.id, ROOMS + 1)
    own = session.linked_chat_id
    found = [RoomBrief(SessionId(id_), name) for id_, name in rooms if id_ != own]
    return tuple(found[:ROOMS])


def brief(session: Session) -> SessionBrief:
    """Return the brief form of a session."""
    return SessionBrief(
        id=session.id,
        name=session.name,
        type=session.type,
        handle=session.handle,
        display_name=session.display_name,
        status=session.status,
        ttl=session.ttl,
        last_activity=session.last_activity,
        linked_chat_id=session.linked_chat_id,
        cli_flag=session.cli_flag,
        auto_forward_chat=session.auto_forward_chat,
    )


def _event(unit: Unit, prompt: PromptRecord | None) -> dict[str, Any] | None:
    """Return the event on the card of a prompt; None without a card."""
    if prompt is None or prompt.chat_id is None or prompt.message_id is None:
        return None
    card = unit.messages.get(prompt.chat_id, prompt.message_id)
    if card is None:
        return None
    try:
        event: dict[str, Any] = codec.loads(card.content)
    except Invalid:
        return None
    return event


def _bridge_state(prompt: PromptRecord | None) -> BridgeState | None:
    if prompt is None:
        return None
    return BridgeState(
        prompt_id=prompt.id,
        detector=prompt.detector,
        summary=prompt.summary,
        since=prompt.detected_at,
        status=prompt.status,
    )


def _source(prompt: PromptRecord | None, has_card: bool) -> str:
    if prompt is None:
        return "none"
    return "agent_event_bus" if has_card else "prompt_bridge"


def _mode(session: Session, terminal: Session | None, executes: bool) -> str:
    if session.terminal is not None:
        return "terminal"
    if terminal is None:
        return "chatroom"
    return "private_terminal_input" if executes else "chatroom"
