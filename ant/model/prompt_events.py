"""The events about prompts; `ant.model.events` has the others."""

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
    """A terminal shows a prompt; the frame contains all of it."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    prompt: PromptRecord


@attrs.frozen
class SessionNeedsInput:
    """A terminal waits for input."""

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
    """A terminal no longer waits for an answer; `promptId` was the last prompt."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    source: str
    prompt_id: PromptId = attrs.field(metadata=_PROMPT)
    status: PromptStatus
    reason: str | None


@attrs.frozen
class PromptBridgeResolved:
    """A prompt is no longer pending; the frame contains its outcome."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    prompt_id: PromptId = attrs.field(metadata=_PROMPT)
    prompt: PromptRecord


@attrs.frozen
class AgentStatusUpdated:
    """The state of a terminal's program changed; also sent to a socket that joins."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    status: AgentStatus
