"""The one error shape (RFC 9457), for whoever has to say no."""

from http import HTTPStatus
from typing import Any

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, detail: str, issues: list[str] | None = None
) -> dict[str, Any]:
    """The shape. `error` and `message` repeat `detail` for the original's clients."""
    title = HTTPStatus(status).phrase
    shape: dict[str, Any] = {
        "type": f"urn:ant:problem:{title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "error": detail,
        "message": detail,
    }
    if issues:
        shape["issues"] = issues
    return shape
