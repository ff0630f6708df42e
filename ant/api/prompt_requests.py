"""Requests about prompts: answers, settings of the prompt bridge, reports of hooks."""

from typing import Annotated, Any, ClassVar, Literal

import attrs

from ant.api.compat import PatchDetect
from ant.api.constraints import (
    MAX_CONTENT,
    MAX_INPUT,
    NO_NUL,
    Count,
    Ident,
    Offset,
    Prose,
    Range,
    RequiredFields,
    SessionName,
    SessionReference,
    Short,
    Text,
    Word,
    named,
)
from ant.api.patch import UNSET
from ant.model.messages import MessageId
from ant.terminal.model.choice import Answer

Reply = Annotated[str, Text(0, MAX_INPUT, NO_NUL, "text without NUL")]
Index = Annotated[int, Range(0, 10_000)]
Url = Annotated[
    str,
    Text(
        1,
        2048,
        r"https?://(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
        r"(?:[/?][\x21-\x7e]*)?",
        "an http or https address without a user name",
    ),
]


@attrs.frozen
class ChoiceAsk:
    """A choice, in any form of the original ANT; its `type` goes before the other one.

    `index` counts from 0. `selected` and `label` are the label of an option, `value`
    and `text` a line to type.
    """

    type: Answer | None = None
    action: Word | None = None
    index: Index | None = None
    indexes: Annotated[tuple[Index, ...], Count(1000)] | None = None
    selected: Reply | None = None
    label: Reply | None = None
    value: Reply | None = None
    text: Reply | None = None
    yes: bool | None = None


@attrs.frozen
class Respond:
    """An answer to a prompt of a terminal.

    `type` is how to read the answer. Without it, `response` (or `text`) is the label,
    the key or the number of one option, or a line if the prompt takes one. `prompt_id`
    is the prompt that the caller saw; without it the answer is for the current one.
    """

    rule: ClassVar = RequiredFields(("response", "text", "type", "choice"))
    response: Reply | None = None
    text: Reply | None = None
    enter: bool = True
    prompt_id: Ident | None = None
    type: Answer | None = None
    choice: ChoiceAsk | None = None
    by: Short | None = None
    source: Short | None = None
    justification: Prose | None = None
    reason: Prose | None = None


@attrs.frozen
class AgentResponse:
    """The content of a message whose `msg_type` is `agent_response`.

    The prompt is that of the card `event_id`, that of a card with the content
    `event_content`, the one with `prompt_id`, or the current one of the terminal.
    """

    open: ClassVar = True
    type: Answer | None = None
    choice: ChoiceAsk | None = None
    event_id: Annotated[MessageId, Text(1, 128)] | None = None
    event_content: Annotated[str, Text(0, MAX_CONTENT)] | None = None
    terminal_session_id: SessionName | None = None
    prompt_id: Ident | None = None
    value: Reply | None = None
    text: Reply | None = None
    source: Short | None = None
    justification: Prose | None = None
    reason: Prose | None = None


@attrs.frozen
class TargetAsk:
    """A place for prompts: the `linked_chat`, a `chat` by its id, or a `webhook`."""

    kind: Literal["linked_chat", "chat", "webhook"]
    session_id: SessionName | None = None
    url: Url | None = None


Targets = Annotated[tuple[TargetAsk, ...], Count(20)]
Routes = Annotated[dict[SessionName, Targets | None], Count(1000)]


@attrs.frozen
class PatchBridge:
    """Changes of the settings. A route that is null returns to the default.

    Fields that are left out stay. `audit` and `detect` have no effect.
    """

    enabled: bool = UNSET
    audit: bool = UNSET
    default_targets: Targets = UNSET
    routes: Routes = UNSET
    detect: PatchDetect = UNSET


@attrs.frozen
class PutBridge:
    """The settings, or an object with them as `config`.

    Fields that are left out stay. `audit` and `detect` have no effect.
    """

    enabled: bool = UNSET
    audit: bool = UNSET
    default_targets: Targets = UNSET
    routes: Routes = UNSET
    detect: PatchDetect = UNSET
    config: PatchBridge | None = None


@attrs.frozen
class ReportHook:
    """A report of a hook of an agent CLI; `rest` has its other fields."""

    rule: ClassVar = RequiredFields(("event", "hook_event_name"))
    open: ClassVar = True
    event: Annotated[str, Text(1, 200, NO_NUL, "text without NUL")] | None = None
    hook_event_name: Annotated[str, Text(1, 200, NO_NUL, "text without NUL")] | None = (
        None
    )
    session_id: (
        Annotated[str, SessionReference(0, 500, NO_NUL, "text without NUL")] | None
    ) = named("ant_session_id", default=None)
    agent: Short = "claude-code"
    notification_type: Short | None = None
    tool_name: Short | None = None
    rest: dict[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


@attrs.frozen
class ExplainScreen:
    """The screen to explain: after all bytes before `offset`, or the present one."""

    offset: Offset | None = None
