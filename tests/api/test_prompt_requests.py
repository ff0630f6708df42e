"""Requests about prompts."""

from typing import Any

import attrs
import pytest

from ant.api import codec, prompt_requests
from ant.api.prompt_requests import AgentResponse, PutBridge, ReportHook, Respond
from ant.core.errors import Invalid

COMMANDS = [
    each
    for each in vars(prompt_requests).values()
    if isinstance(each, type) and each.__module__ == prompt_requests.__name__
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.__name__)
def test_requests_are_frozen(command: type) -> None:
    """A request does not change."""
    name = attrs.fields(command)[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(command.__new__(command), name, None)


@pytest.mark.parametrize(
    ("kind", "body", "path"),
    [
        (Respond, {}, "$"),
        (Respond, {"response": None}, "$"),
        (Respond, {"response": 5}, "$.response"),
        (Respond, {"response": "a\0"}, "$.response"),
        (Respond, {"type": "maybe"}, "$.type"),
        (Respond, {"choice": {"index": -1}}, "$.choice.index"),
        (Respond, {"choice": {"key": "1"}}, "$.choice"),
        (Respond, {"response": "y", "sure": True}, "$"),
        (AgentResponse, {"type": "maybe"}, "$.type"),
        (ReportHook, {}, "$"),
        (ReportHook, {"event": ""}, "$.event"),
        (ReportHook, {"event": "Stop", "ant_session_id": 5}, "$.ant_session_id"),
        (PutBridge, {"enabled": "yes"}, "$.enabled"),
        (PutBridge, {"detect": {"min_interval_ms": 0}}, "$.detect.min_interval_ms"),
        (PutBridge, {"default_targets": [{"kind": "mail"}]}, "$.default_targets"),
        (PutBridge, {"config": {"audit": None}}, "$.config.audit"),
        (PutBridge, {"routes": {"a b": []}}, "$.routes"),
    ],
)
def test_a_fault_is_refused(kind: type, body: Any, path: str) -> None:
    """With its path."""
    with pytest.raises(Invalid) as caught:
        codec.read_body(codec.render(body), kind)
    assert any(f" at {path}" in issue for issue in caught.value.issues)


@pytest.mark.parametrize(
    ("url", "fits"),
    [
        ("https://example.org", True),
        ("http://example.org:8080/a?b=c", True),
        ("http://[2001:db8::1]:80/x", True),
        ("HTTPS://example.org", False),
        ("ftp://example.org", False),
        ("https://user:word@example.org/", False),
        ("https://example.org@elsewhere.org/", False),
        ("https://example.org\\@elsewhere.org/", False),
        ("https://exa mple.org/", False),
        ("https://example.org/a b", False),
        ("https://example.org/\r\nX: y", False),
        ("https:///path", False),
        ("", False),
    ],
)
def test_the_url_of_a_webhook(url: str, fits: bool) -> None:
    """It names one host, and no user name."""
    body = codec.render({"default_targets": [{"kind": "webhook", "url": url}]})
    if fits:
        codec.read_body(body, PutBridge)
    else:
        with pytest.raises(Invalid, match="url"):
            codec.read_body(body, PutBridge)


def test_open_requests_take_unknown_fields() -> None:
    """Hooks and clients of the original ANT send further fields."""
    hook = codec.read_body(b'{"event": "Stop", "cwd": "/", "x": [1]}', ReportHook)
    assert ("Stop", "claude-code") == (hook.event, hook.agent)
    response = codec.read_body(b'{"type": "approve", "class": "x"}', AgentResponse)
    assert "approve" == response.type
