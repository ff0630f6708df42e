"""What a caller may ask about prompts: answers, the bridge's settings, hook facts."""

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
    """What is chosen, in any of the original's ways; a `type` in here wins.

    `index` counts from 0; `selected` and `label` are the option's words, `value` and
    `text` a line to type.
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

    With `type` it is meant as it says. Without, `response` (or `text`) is understood as
    the one option that has this label, key or number, or as a line where one is asked
    for. `prompt_id` names the prompt that was seen; else the current one is bound.
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

    The prompt is that of the card `event_id`, of the card's content `event_content`, of
    `prompt_id`, or the current one of the terminal.
    """

    open: ClassVar = True
    type: Answer | None = None
    choice: ChoiceAsk | None = None
    event_id: Annotated[MessageId, Text(1, 128)] | None = None
    event_content: Annotated[str, Text(0, MAX_CONTENT)] | None = None
    terminal_session_id: Ident | None = None
    prompt_id: Ident | None = None
    value: Reply | None = None
    text: Reply | None = None
    source: Short | None = None
    justification: Prose | None = None
    reason: Prose | None = None


@attrs.frozen
class TargetAsk:
    """Where a prompt is told: `linked_chat`, `chat` with `session_id`, or `webhook`."""

    kind: Literal["linked_chat", "chat", "webhook"]
    session_id: Ident | None = None
    url: Url | None = None


Targets = Annotated[tuple[TargetAsk, ...], Count(20)]
Routes = Annotated[dict[Ident, Targets | None], Count(1000)]


@attrs.frozen
class PatchBridge:
    """What is named is changed; a route that is null goes back to the default."""

    enabled: bool = UNSET
    audit: bool = UNSET
    default_targets: Targets = UNSET
    routes: Routes = UNSET
    detect: PatchDetect = UNSET


@attrs.frozen
class PutBridge:
    """The settings, or an object with them as `config`; those not named stay."""

    enabled: bool = UNSET
    audit: bool = UNSET
    default_targets: Targets = UNSET
    routes: Routes = UNSET
    detect: PatchDetect = UNSET
    config: PatchBridge | None = None


@attrs.frozen
class ReportHook:
    """What an agent CLI's own hook tells; its other fields are in `rest`."""

    rule: ClassVar = RequiredFields(("event", "hook_event_name"))
    open: ClassVar = True
    event: Annotated[str, Text(1, 200, NO_NUL, "text without NUL")] | None = None
    hook_event_name: Annotated[str, Text(1, 200, NO_NUL, "text without NUL")] | None = (
        None
    )
    session_id: Short | None = named("ant_session_id", default=None)
    agent: Short = "claude-code"
    notification_type: Short | None = None
    tool_name: Short | None = None
    rest: dict[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


@attrs.frozen
class ExplainScreen:
    """Which screen: after the byte before `offset`, else as it is now."""

    offset: Offset | None = None
