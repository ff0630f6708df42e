"""Asking an app in this process: JSON in, JSON out, refusals held to their shape."""

import json
from typing import Any

import attrs
from quart_trio import QuartTrio


@attrs.frozen
class Answer:
    """What came back; `body` is read from JSON, None where there is none."""

    status: int
    body: Any
    headers: Any


async def ask(
    app: QuartTrio, method: str, path: str, body: Any = None, **headers: str
) -> Answer:
    """One request. A body that is bytes goes as it is, anything else as JSON."""
    data = body if isinstance(body, bytes) else None
    if body is not None and data is None:
        data = json.dumps(body).encode()
    response = await app.test_client().open(
        path,
        method=method,
        data=data,
        headers={key.replace("_", "-"): value for key, value in headers.items()},
    )
    raw = await response.get_data(as_text=False)
    answer = Answer(
        response.status_code, json.loads(raw) if raw else None, response.headers
    )
    if answer.status >= 400:
        check_problem(answer)
    return answer


def check_problem(answer: Answer) -> None:
    """Every refusal has the one shape."""
    body = answer.body
    assert "application/problem+json" == answer.headers["Content-Type"]
    assert {"type", "title", "status", "detail", "error", "message"} <= set(body)
    assert set(body) <= {
        *{"type", "title", "status", "detail", "error", "message"},
        "issues",
    }
    assert answer.status == body["status"]
    assert body["type"].startswith("urn:ant:problem:")
    assert body["detail"]
    assert body["detail"] == body["error"] == body["message"]
    for issue in body.get("issues", []):
        assert " at $" in issue
