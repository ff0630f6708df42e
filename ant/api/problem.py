"""The one error shape (RFC 9457), for whoever has to say no."""

from http import HTTPStatus
from typing import Any, Final

MEDIA_TYPE: Final = "application/problem+json"

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "Why not (RFC 9457); `error` and `message` repeat `detail`.",
    "properties": {
        "type": {"type": "string", "pattern": "^urn:ant:problem:[a-z-]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "error": {"type": "string"},
        "message": {"type": "string"},
        "issues": {
            "type": "array",
            "items": {"type": "string"},
            "description": "One sentence per fault, each ending in a JSON path.",
        },
    },
    "required": ["type", "title", "status", "detail", "error", "message"],
    "additionalProperties": False,
}
"""The shape as JSON Schema."""


def problem(
    status: int, detail: str, issues: list[str] | None = None, slug: str | None = None
) -> dict[str, Any]:
    """The shape. `error` and `message` repeat `detail` for the original's clients.

    `type` ends in `slug`, which tells more than the status does, else in the title.
    """
    title = HTTPStatus(status).phrase
    shape: dict[str, Any] = {
        "type": f"urn:ant:problem:{slug or title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "error": detail,
        "message": detail,
    }
    if issues:
        shape["issues"] = issues
    return shape
