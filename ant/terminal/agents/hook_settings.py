"""Hook settings of agent CLIs, by which an agent reports to ANT and asks it.

The settings have no secret: an HTTP hook names the variable that has the token, and
the command `ant hook` reads it by itself. Neither stops an agent whose server is away.
"""

import re
from typing import Any, Final
from urllib.parse import urlsplit

import attrs

from ant.core.ip_addresses import is_loopback

PATH: Final = "/api/hooks"

TOKEN: Final = "ANT_TOKEN"
"""The variable that has the token of a terminal."""

PERMISSION: Final = "PermissionRequest"
"""The event to which the answer is a decision; all others are reports."""

DAY_S: Final = 86_400
"""Seconds that a permission of Claude Code may wait: its dialog is on the screen."""

CODEX_S: Final = 600
"""Seconds that one of Codex may wait: it draws its dialog only afterwards. It is the
time after which Codex gives a hook up by itself."""

REPORT_S: Final = 5
"""Seconds that an agent waits for the receipt of a report, which comes at once."""

MARGIN_S: Final = 5
"""Seconds before that at which the server lets a permission go: an agent that gives up
by itself may show an error."""


Version = tuple[int, ...]

_VERSION: Final = re.compile(r"\d+(?:\.\d+)+")


@attrs.frozen
class _Form:
    """What an agent calls its events, and how long it waits, in its unit of time.

    `since` is its first version that takes these settings, and `http_since` the first
    one that calls a server by itself; None if none does.
    """

    events: tuple[str, ...]
    answer_s: int = REPORT_S
    per_second: int = 1
    since: Version = ()
    http_since: Version | None = None


_FORMS: Final = {
    "claude-code": _Form(
        (
            *("UserPromptSubmit", "PreToolUse", PERMISSION, "PostToolUse"),
            *("Notification", "Stop"),
        ),
        DAY_S,
        since=(2, 0, 45),
        http_since=(2, 1, 63),
    ),
    "codex-cli": _Form(
        ("UserPromptSubmit", "PreToolUse", PERMISSION, "PostToolUse", "Stop"),
        CODEX_S,
    ),
    "gemini-cli": _Form(
        ("BeforeAgent", "BeforeTool", "AfterTool", "Notification", "AfterAgent"),
        per_second=1000,
    ),
}

FORMS: Final = tuple(_FORMS)
"""The forms of hook settings, each named like the driver of the agent that has it."""


def too_old_for(form: str, version: str | None) -> bool:
    """Whether a version of an agent refuses these settings; an unknown one does not."""
    found = _parsed(version)
    return found is not None and found < _FORMS[form].since


def hook_settings(
    form: str, url: str | None = None, version: str | None = None
) -> dict[str, Any]:
    """Return the settings that send an agent's events to the server at `url`.

    A known and new version of Claude Code calls a server by plain HTTP on this machine.
    An old one refuses such settings with a dialog. So in every other case the agent
    runs `ant hook`, which finds the server of its terminal.
    """
    chosen = _FORMS[form]
    is_http = url is not None and _is_near(url) and _calls(chosen, version)
    hooks = {}
    for event in chosen.events:
        seconds = wait_s(form, event)
        if url is not None and is_http:
            query = f"?timeout={seconds - MARGIN_S}" if event == PERMISSION else ""
            hook = _http(url.rstrip("/") + PATH + query)
        else:
            hook = {"type": "command", "command": f"ant hook --agent {form}"}
        hook["timeout"] = seconds * chosen.per_second
        hooks[event] = [{"hooks": [hook]}]
    return {"hooks": hooks}


def _parsed(version: str | None) -> Version | None:
    match = _VERSION.match(version or "")
    return tuple(map(int, match[0].split("."))) if match else None


def _calls(form: _Form, version: str | None) -> bool:
    """Whether that version of an agent is known to call a server by itself."""
    first, found = form.http_since, _parsed(version)
    return first is not None and found is not None and found >= first


def _is_near(url: str) -> bool:
    """Whether Claude Code can call a server by itself.

    It does not know a certificate of ours, and refuses addresses of private networks.
    """
    parts = urlsplit(url)
    return parts.scheme == "http" and is_loopback(parts.hostname or "")


def _http(url: str) -> dict[str, Any]:
    return {
        "type": "http",
        "url": url,
        "headers": {"Authorization": f"Bearer ${TOKEN}"},
        "allowedEnvVars": [TOKEN],
    }


def wait_s(form: str, event: object) -> int:
    """Return the seconds that an agent waits for the answer to an event."""
    return _FORMS[form].answer_s if event == PERMISSION else REPORT_S
