"""What happened to prompts: the events of `ant.events` that are about them."""

from datetime import datetime
from typing import ClassVar, Final

import attrs

from ant.model.prompts import AgentStatus, PromptId, PromptRecord, PromptStatus
from ant.model.sessions import SessionId
from ant.terminal.model.prompt import Kind, Option, PromptClass

_SESSION: Final = {"wire": "sessionId"}
_PROMPT: Final = {"wire": "promptId"}


@attrs.frozen
class PromptDetected:
    """A terminal asks something; the frame carries all of it."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    prompt: PromptRecord


@attrs.frozen
class SessionNeedsInput:
    """Somebody should look at that terminal."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    event_class: PromptClass = attrs.field(metadata={"wire": "eventClass"})
    summary: str
    source: str
    prompt_id: PromptId = attrs.field(metadata=_PROMPT)
    detector: str
    since: datetime
    kind: Kind
    options: tuple[Option, ...]


@attrs.frozen
class SessionInputResolved:
    """Nothing waits for an answer there any more; `promptId` was the last."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    source: str
    prompt_id: PromptId = attrs.field(metadata=_PROMPT)
    status: PromptStatus
    reason: str | None


@attrs.frozen
class PromptBridgeResolved:
    """A prompt is no longer pending; the frame carries what became of it."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    prompt_id: PromptId = attrs.field(metadata=_PROMPT)
    prompt: PromptRecord


@attrs.frozen
class AgentStatusUpdated:
    """What the program of a terminal does has changed; told again to who joins."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    status: AgentStatus
