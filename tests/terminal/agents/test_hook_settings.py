"""Hook settings: what each agent reads, and no secret in it."""

import json
from typing import Any

import pytest

from ant.terminal.agents.driver import drivers
from ant.terminal.agents.hook_settings import (
    DAY_S,
    FORMS,
    MARGIN_S,
    REPORT_S,
    hook_settings,
    too_old_for,
    wait_s,
)

HTTP: dict[str, Any] = {
    "type": "http",
    "url": "http://127.0.0.1:6458/api/hooks",
    "headers": {"Authorization": "Bearer $ANT_TOKEN"},
    "allowedEnvVars": ["ANT_TOKEN"],
}


def test_claude_code_calls_a_near_server_by_itself() -> None:
    """With the token by its name, and with time for an answer to a permission only."""
    for url in ("http://127.0.0.1:6458", "http://127.0.0.1:6458/"):
        found = hook_settings("claude-code", url, "2.1.63")["hooks"]
        waiting = {"url": f"{HTTP['url']}?timeout={DAY_S - MARGIN_S}"}
        asked = [{"hooks": [{**HTTP, **waiting, "timeout": DAY_S}]}]
        told = [{"hooks": [{**HTTP, "timeout": REPORT_S}]}]
        assert asked == found["PermissionRequest"]
        assert all(told == found[each] for each in found.keys() - {"PermissionRequest"})
        assert {"UserPromptSubmit", "PreToolUse", "PostToolUse", "Stop"} < found.keys()


@pytest.mark.parametrize(
    "url", [None, "unix:/run/ant.sock", "https://127.0.0.1:6458", "http://10.0.0.2:80"]
)
def test_ant_calls_every_other_server(url: str | None) -> None:
    """One that Claude Code cannot reach, does not trust, or must not call."""
    runs_ant(hook_settings("claude-code", url, "2.1.63"))


@pytest.mark.parametrize("version", [None, "", "v3", "3", "2.1.62", "2.0.100"])
def test_an_old_or_unknown_version_runs_a_command(version: str | None) -> None:
    """Claude Code before 2.1.63 refuses HTTP hooks, with a dialog at its start."""
    runs_ant(hook_settings("claude-code", HTTP["url"], version))


def runs_ant(settings: dict[str, Any]) -> None:
    """Claude Code asks by `ant hook`."""
    found = settings["hooks"]["PermissionRequest"]
    command = {"type": "command", "command": "ant hook --agent claude-code"}
    assert [{"hooks": [{**command, "timeout": DAY_S}]}] == found


@pytest.mark.parametrize("form", FORMS[1:])
def test_other_agents_run_a_command(form: str) -> None:
    """Each with its own name, whatever the server is."""
    for groups in hook_settings(form, HTTP["url"], "9.9.9")["hooks"].values():
        (hook,) = groups[0]["hooks"]
        assert f"ant hook --agent {form}" == hook["command"]


def test_each_unit_of_time() -> None:
    """Gemini counts milliseconds; `ant hook` waits as long as the agent does."""
    gemini = hook_settings("gemini-cli")["hooks"]["BeforeTool"][0]["hooks"][0]
    assert REPORT_S * 1000 == gemini["timeout"]
    for form in FORMS[:2]:
        hook = hook_settings(form)["hooks"]["PermissionRequest"][0]["hooks"][0]
        assert wait_s(form, "PermissionRequest") == hook["timeout"]
        assert REPORT_S == wait_s(form, "Stop") == wait_s(form, None)


def test_the_forms_are_those_of_drivers() -> None:
    """Each form has a driver of its name, which says how its agent is started."""
    for form in FORMS:
        hints = drivers()[form].launch
        assert hints is not None
        assert form == hints.form
        assert json.loads(json.dumps(hook_settings(form))) == hook_settings(form)


def test_versions_without_such_hooks() -> None:
    """Only a version that is known can be too old."""
    assert too_old_for("claude-code", "2.0.44")
    assert too_old_for("claude-code", "1.9.100-beta")
    for version in (None, "unknown", "2.0.45", "2.1.0", "10.0"):
        assert not too_old_for("claude-code", version)
    assert not too_old_for("codex-cli", "0.1")
