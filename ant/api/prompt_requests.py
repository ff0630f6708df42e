"""Requests about prompts: answers, settings of the prompt bridge, reports of hooks."""

from typing import Annotated, Any, ClassVar, Final, Literal

import attrs

from ant.api.compat import PatchDetect
from ant.api.constraints import (
    MAX_CONTENT,
    MAX_INPUT,
    NO_NUL,
    Count,
    Ident,
    Label,
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

MAX_HOOK_S: Final = 86_400
"""A day: a dialog that opens at night is answered in the morning."""

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
    """What kind of answer this is. Null: the other fields say it."""
    action: Word | None = None
    """An answer that needs no other field: `approve`, `deny`, `retry` or `abort`."""
    index: Index | None = None
    """The option to select, counted from 0."""
    indexes: Annotated[tuple[Index, ...], Count(1000)] | None = None
    """The boxes to tick, counted from 0, at a prompt with several boxes."""
    selected: Reply | None = None
    """The label of the option to select."""
    label: Reply | None = None
    """The label of the option to select; goes before `selected`."""
    value: Reply | None = None
    """A line to type, without the Enter at its end."""
    text: Reply | None = None
    """A line to type; `value` goes before it."""
    yes: bool | None = None
    """True to confirm, false to decline."""


@attrs.frozen
class Respond:
    """An answer to a prompt of a terminal."""

    rule: ClassVar = RequiredFields(("response", "text", "type", "choice"))
    response: Reply | None = None
    """The label, the key or the number (from 1) of one option, or the line to type if
    the prompt takes one."""
    text: Reply | None = None
    """The same as `response`; with a `type` it goes before it. With a denial it is the
    reason, which the agent gets if its hook waits."""
    enter: bool = True
    """Whether Enter may submit the answer. False is for prompts that take one key, and
    a 422 for others."""
    prompt_id: Ident | None = None
    """The id of the prompt that the caller saw: ANT types nothing if another one is
    shown. Null: the current prompt."""
    type: Answer | None = None
    """What kind of answer this is. Null: `response` names an option or is a line."""
    choice: ChoiceAsk | None = None
    """Details of an answer with a `type`. Null: there are none."""
    by: Label | None = None
    """Who answers, for the record; any text."""
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
    """What kind of answer this is. Null: `choice` says it."""
    choice: ChoiceAsk | None = None
    """Details of the answer. Null: there are none."""
    event_id: Annotated[MessageId, Text(1, 128)] | None = None
    """The id of the card, which is a message of the linked chat."""
    event_content: Annotated[str, Text(0, MAX_CONTENT)] | None = None
    """The whole `content` of the card, for a client that has no id of it."""
    terminal_session_id: SessionName | None = None
    """The id of the terminal; another one than that of this chat is a 403."""
    prompt_id: Ident | None = None
    """The id of the prompt. Without an id and without a card the answer is for the
    current prompt."""
    value: Reply | None = None
    """A line to type, without the Enter at its end."""
    text: Reply | None = None
    """A line to type, or the reason of a denial; `value` goes before it."""
    source: Short | None = None
    justification: Prose | None = None
    reason: Prose | None = None


@attrs.frozen
class TargetAsk:
    """A place for prompts: the `linked_chat`, a `chat` by its id, or a `webhook`."""

    kind: Literal["linked_chat", "chat", "webhook"]
    """The kind of the place."""
    session_id: SessionName | None = None
    """The id of the chat; only for `chat`."""
    url: Url | None = None
    """The address to which ANT sends a POST; only for `webhook`."""


Targets = Annotated[tuple[TargetAsk, ...], Count(20)]
Routes = Annotated[dict[SessionName, Targets | None], Count(1000)]


@attrs.frozen
class PatchBridge:
    """Changes of the settings. Fields that are left out stay."""

    enabled: bool = UNSET
    """Whether ANT sends prompts anywhere; it detects them in any case."""
    audit: bool = UNSET
    """Has no effect; ANT records every prompt."""
    default_targets: Targets = UNSET
    """Where prompts go that have no route."""
    routes: Routes = UNSET
    """Where the prompts of a session go, by its id. A route that is null is removed,
    and the session uses the default targets again."""
    detect: PatchDetect = UNSET
    """Has no effect; ANT reads prompts from the screen."""


@attrs.frozen
class PutBridge:
    """The settings, or an object with them as `config`.

    Fields that are left out stay.
    """

    enabled: bool = UNSET
    """Whether ANT sends prompts anywhere; it detects them in any case."""
    audit: bool = UNSET
    """Has no effect; ANT records every prompt."""
    default_targets: Targets = UNSET
    """Where prompts go that have no route."""
    routes: Routes = UNSET
    """Where the prompts of a session go, by its id. A route that is null is removed,
    and the session uses the default targets again."""
    detect: PatchDetect = UNSET
    """Has no effect; ANT reads prompts from the screen."""
    config: PatchBridge | None = None
    """The settings, in place of the other fields; not both. Null: the other fields have
    them."""


@attrs.frozen
class ReportHook:
    """A report of a hook of an agent CLI; `rest` has its other fields."""

    rule: ClassVar = RequiredFields(("event", "hook_event_name"))
    open: ClassVar = True
    event: Annotated[str, Text(1, 200, NO_NUL, "text without NUL")] | None = None
    """The name of the hook event, such as `Stop` or `PreToolUse`."""
    hook_event_name: Annotated[str, Text(1, 200, NO_NUL, "text without NUL")] | None = (
        None
    )
    """The same as `event`, by the name that agent CLIs use."""
    session_id: (
        Annotated[str, SessionReference(0, 500, NO_NUL, "text without NUL")] | None
    ) = named("ant_session_id", default=None)
    """The id of the terminal that the agent runs in. Null: ANT records nothing."""
    agent: Short = "claude-code"
    """The name of the agent CLI, for the record."""
    notification_type: Short | None = None
    """What a `Notification` is about, such as `idle_prompt`."""
    tool_name: Short | None = None
    """The tool that the agent uses, for the record."""
    rest: dict[str, Any] = attrs.field(factory=dict, metadata={"rest": True})


@attrs.frozen
class HookWait:
    """How long a `PermissionRequest` waits."""

    timeout: Annotated[int, Range(0, MAX_HOOK_S)] = 600
    """Seconds after which a `PermissionRequest` without an answer is let go. Other
    events do not wait."""


@attrs.frozen
class ExplainScreen:
    """The screen to explain."""

    offset: Offset | None = None
    """Explain the screen after all bytes before this byte offset of the transcript.
    Without it, the present screen."""
