"""An agent's hook, played by a test: payloads of Claude Code, and who sends them."""

from typing import Any

import attrs
import trio

from ant.api import codec
from ant.api.prompt_requests import ReportHook
from ant.prompts.agent_permissions import PermissionAsk
from ant.terminal.model.prompt import Prompt
from tests.asked import Asker, prompt
from tests.http.asking import Answer, Api

RULES = {
    "type": "addRules",
    "rules": [{"toolName": "Bash", "ruleContent": "touch:*"}],
    "behavior": "allow",
    "destination": "localSettings",
}


def payload(command: str = "touch a.txt", **fields: Any) -> dict[str, Any]:
    """What Claude Code 2.1 posts when it asks for a command."""
    return {
        "session_id": "6f1c",
        "transcript_path": "/home/ada/.claude/projects/x/6f1c.jsonl",
        "cwd": "/src",
        "prompt_id": "p1",
        "permission_mode": "default",
        "hook_event_name": "PermissionRequest",
        "tool_name": "Bash",
        "tool_input": {"command": command, "description": "Make one file"},
        "permission_suggestions": [RULES],
        **fields,
    }


def asked(command: str = "touch a.txt", **fields: Any) -> PermissionAsk:
    """The request of that payload."""
    body = codec.read_body(codec.render(payload(command, **fields)), ReportHook)
    ask = PermissionAsk.of(body, takes_suggestions=True)
    assert ask is not None
    return ask


def dialog(command: str = "touch a.txt", **fields: Any) -> Prompt:
    """The dialog of Claude Code 2.1 for a command, as the detector sees it."""
    again = f"Yes, and don't ask again for {command} commands in /src"
    text = (
        f" Bash command\n\n   {command}\n   Make one file\n\n Do you want to proceed?\n"
        f" ❯ 1. Yes\n   2. {again}\n   3. No\n\n Esc to cancel · Tab to amend"
    )
    subject = f"Bash command {command} Make one file Do you want to proceed?"
    given = {"text": text, "subject": subject, **fields}
    return prompt("Do you want to proceed?", "Yes", again, "No", **given)


ALLOWED = {
    "hookSpecificOutput": {
        "hookEventName": "PermissionRequest",
        "decision": {"behavior": "allow"},
    }
}


def denied(reason: str) -> dict[str, Any]:
    """The response to a request that was denied."""
    decision = {"behavior": "deny", "message": reason}
    return {
        "hookSpecificOutput": {
            "hookEventName": "PermissionRequest",
            "decision": decision,
        }
    }


@attrs.define(eq=False)
class Hook:
    """One request of a hook, sent in a task of its own, and its `answer`."""

    api: Api
    answer: Answer | None = None
    over: trio.Event = attrs.field(factory=trio.Event)
    scope: trio.CancelScope = attrs.field(factory=trio.CancelScope)

    @classmethod
    def of(cls, asker: Asker) -> "Hook":
        """A hook of the program in that terminal."""
        services = asker.rig.system.services
        run = services.running[asker.session.id].run
        token = services.token_signer.token(asker.session.id, run)
        return cls(Api(asker.rig, token))

    async def post(self, query: dict[str, Any] | None = None, **fields: Any) -> None:
        """Send the request and wait for its response."""
        body = payload(**fields)
        with self.scope:
            self.answer = await self.api.call(
                "POST", "/api/hooks", body, **(query or {})
            )
        self.over.set()

    @property
    def body(self) -> Any:
        """The response, which must be a 200."""
        assert self.answer is not None
        assert 200 == self.answer.status, self.answer.body
        return self.answer.body
