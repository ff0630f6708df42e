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
    """The whole prompt."""


@attrs.frozen
class PromptUpdated:
    """A prompt changed and is still pending; the frame contains all of it.

    An answer was typed and the prompt stayed, or the options changed. That another
    option is selected is no event.
    """

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    prompt: PromptRecord
    """The whole prompt, as it is now."""


@attrs.frozen
class SessionNeedsInput:
    """A terminal waits for input."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    event_class: PromptClass = attrs.field(metadata={"wire": "eventClass"})
    """What the prompt asks for."""
    summary: str
    """The question in one line."""
    source: str
    """Always `prompt_bridge`."""
    prompt_id: PromptId = attrs.field(metadata=_PROMPT)
    detector: str
    """Always `screen`."""
    since: datetime
    """When ANT detected the prompt."""
    kind: Kind
    """The state of the program: it shows a dialog, or asks a question."""
    options: tuple[Option, ...]
    """The options in their order; empty if it takes a line of text."""


@attrs.frozen
class SessionInputResolved:
    """A terminal no longer waits for an answer; `promptId` was the last prompt."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    source: str
    """Always `prompt_bridge`."""
    prompt_id: PromptId = attrs.field(metadata=_PROMPT)
    """The id of the prompt that was the last one."""
    status: PromptStatus
    """How the prompt ended."""
    reason: str | None
    """Why it is no longer pending; null if it was answered through ANT."""


@attrs.frozen
class PromptBridgeResolved:
    """A prompt is no longer pending; the frame contains its outcome."""

    durable: ClassVar[bool] = True
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    prompt_id: PromptId = attrs.field(metadata=_PROMPT)
    prompt: PromptRecord
    """The whole prompt, with its outcome."""


@attrs.frozen
class AgentStatusUpdated:
    """The state of a terminal's program changed; also sent to a socket that joins."""

    durable: ClassVar[bool] = False
    to_all: ClassVar[bool] = True
    session_id: SessionId = attrs.field(metadata=_SESSION)
    status: AgentStatus
    """The state of the program."""
