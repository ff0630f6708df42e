"""Answers to hooks in the forms that agent CLIs read.

An empty object leaves the decision to the agent's own dialog. Claude Code, Qwen Code
and Codex read one form. Codex refuses a request whose answer has a field that it does
not know, `updatedPermissions` among them, so ANT offers it no suggestions. Gemini CLI
has no hook that answers a permission.
"""

from typing import Any, Final

import attrs

from ant.api.prompt_requests import ReportHook
from ant.prompts.agent_permissions import PERMISSION_REQUEST, HookDecision

DENIED: Final = "The operator denied this."
"""What the agent reads where no reason was given."""


def _optional(name: str) -> Any:
    return attrs.field(default=None, metadata={"optional": True, "wire": name})


@attrs.frozen
class PermissionDecision:
    """The answer to a permission."""

    behavior: str
    """`allow` or `deny`."""
    message: str | None = _optional("message")
    """Why it is denied; only with `deny`."""
    updated_permissions: tuple[dict[str, Any], ...] | None = _optional(
        "updatedPermissions"
    )
    """The agent's own suggestion that it shall keep; only if one was chosen."""


@attrs.frozen
class HookOutput:
    """The answer to a permission, as agent CLIs read it."""

    event: str = attrs.field(metadata={"wire": "hookEventName"})
    """Always `PermissionRequest`."""
    decision: PermissionDecision
    """The answer."""


@attrs.frozen
class HookAnswer:
    """The answer to a `PermissionRequest`. An empty object decides nothing."""

    output: HookOutput | None = _optional("hookSpecificOutput")
    """The decision. Without one the agent's own dialog decides."""


def takes_suggestions(request: ReportHook) -> bool:
    """Whether the agent reads `updatedPermissions`; a turn has an id in Codex only."""
    return not request.agent.startswith("codex") and "turn_id" not in request.rest


def permission_answer(decision: HookDecision | None) -> HookAnswer:
    """Return the answer to a `PermissionRequest`; None lets the request go."""
    if decision is None:
        return HookAnswer()
    is_denial, kept = decision.behavior == "deny", decision.suggestion
    told = PermissionDecision(
        behavior=decision.behavior,
        message=(decision.reason or DENIED) if is_denial else None,
        updated_permissions=(kept,) if kept is not None and not is_denial else None,
    )
    return HookAnswer(HookOutput(PERMISSION_REQUEST, told))
