"""Answers to prompts: from a request to the terminal that shows the prompt."""

from collections.abc import Iterator
from contextlib import contextmanager

import attrs

from ant.api import codec
from ant.api.message_requests import PostMessage
from ant.api.prompt_requests import AgentResponse, Respond
from ant.core import clock
from ant.core.errors import AlreadyAnswered, Invalid
from ant.model.deliveries import Delivery
from ant.model.messages import MessageId
from ant.model.prompts import Decision, PromptRecord, TargetKind
from ant.model.sessions import SessionId
from ant.prompts import interpret, prompts
from ant.prompts.interpret import Responder
from ant.prompts.open_prompt import why_gone
from ant.rooms import participants
from ant.runtime.system import System
from ant.sessions import sessions
from ant.sessions.linked import need_terminal_of
from ant.terminal.model.choice import Choice


@attrs.frozen
class Responded:
    """The answer to a prompt: what was chosen, and whether the prompt closed."""

    ok: bool
    prompt: PromptRecord
    """The prompt as it is now."""
    chosen: str
    """The label of the option, or the type of the answer if no option was chosen."""
    resolved: bool
    """Whether the prompt left the screen; if not, it is still pending."""


@attrs.frozen
class Handled:
    """The response to an `agent_response`. ANT stores no message with that id."""

    id: MessageId
    """An id as a message would have; ANT stores none."""
    session_id: SessionId
    """The id of the room."""
    role: str
    """The `role` of the request."""
    format: str
    """The `format` of the request; `json` in place of `text`."""
    status: str
    """Always `complete`."""
    sender_id: str | None
    """The `sender_id` of the request; null if it had none."""
    target: str | None
    """The `target` of the request; null if it had none."""
    reply_to: MessageId | None
    """The `reply_to` of the request; null if it had none."""
    msg_type: str
    """Always `agent_response`."""
    handled: bool
    """Always true: the answer was typed."""
    deliveries: tuple[Delivery, ...]
    """One entry, for the terminal."""
    prompt: PromptRecord
    """The prompt as it is now."""
    chosen: str
    """The label of the option, or the type of the answer if no option was chosen."""
    resolved: bool
    """Whether the prompt left the screen; if not, it is still pending."""


async def answer_prompt(
    system: System, session_id: SessionId, request: Respond
) -> Responded:
    """Answer a prompt of the terminal with this id, or of this chat's terminal.

    Raises `NotFound` for a prompt that does not exist, `Conflict` where no prompt is
    open, or where it was answered or changed, `NotAnOption` where the answer is not
    valid for it. *Cancellation:* an answer that was claimed is typed and recorded all
    the same.
    """
    terminal = await system.journal.read(need_terminal_of, session_id)
    record = await _bound(system, terminal.id, request.prompt_id)
    choice = interpret.respond_choice(record, request)
    responder = Responder(
        by=request.by,
        source=request.source or "respond",
        justification=request.justification or request.reason,
    )
    record, decision = await _answer(system, record, choice, responder)
    return Responded(True, record, decision.chosen, decision.resolved)


async def answer_card(
    system: System, room_id: SessionId, request: PostMessage
) -> Handled:
    """Answer a prompt by a message, as `answer_prompt` does.

    The room is the chat of its terminal, or one where the prompt was announced. Raises
    `Forbidden` in any other room.
    """
    await system.journal.read(sessions.check_active, room_id)
    with _in_content():
        noun = "The content of an agent_response"
        response = codec.read_body(request.content.encode(), AgentResponse, noun)
    terminal, named = await system.journal.read(
        prompts.find_response_target, room_id, response
    )
    record = await _bound(system, terminal.id, named.id if named else None)
    with _in_content():
        choice = interpret.card_choice(record, response)
    source = response.source or request.meta.get("source")
    is_linked = terminal.id == room_id or terminal.linked_chat_id == room_id
    default = TargetKind.LINKED_CHAT if is_linked else TargetKind.CHAT
    why = response.justification or response.reason or request.meta.get("justification")
    responder = Responder(
        by=await system.journal.read(participants.name_of, request.sender_id),
        responder_id=request.sender_id,
        source=source if isinstance(source, str) else default,
        justification=why if isinstance(why, str) else None,
    )
    record, decision = await _answer(system, record, choice, responder)
    return Handled(
        id=MessageId(clock.new_id()),
        session_id=room_id,
        role=request.role,
        format="json" if request.format == "text" else request.format,
        status="complete",
        sender_id=request.sender_id,
        target=request.target,
        reply_to=request.reply_to,
        msg_type=request.msg_type,
        handled=True,
        deliveries=(Delivery("agent-event-bus", terminal.id, True),),
        prompt=record,
        chosen=decision.chosen,
        resolved=decision.resolved,
    )


@contextmanager
def _in_content() -> Iterator[None]:
    """Name errors in the JSON of a message by their path below `$.content`."""
    try:
        yield
    except Invalid as exc:
        issues = (issue.replace(" at $", " at $.content") for issue in exc.issues)
        raise Invalid(*issues) from exc


async def _bound(
    system: System, terminal_id: SessionId, prompt_id: str | None
) -> PromptRecord:
    """Return the named prompt if it is open; without a name, the current one.

    Raises `NotFound`, and `AlreadyAnswered` for a prompt that has closed.
    """
    prompt_service = system.services.prompt_service
    if prompt_id is None:
        return prompt_service.current(terminal_id)
    found = prompt_service.find(terminal_id, prompt_id)
    if found is None:
        past = await system.journal.read(prompts.need_prompt, terminal_id, prompt_id)
        raise AlreadyAnswered(why_gone(past))
    return found


async def _answer(
    system: System, record: PromptRecord, choice: Choice, responder: Responder
) -> tuple[PromptRecord, Decision]:
    live = system.supervisor.need(record.session_id)
    return await system.services.prompt_service.answer(live, record, choice, responder)
