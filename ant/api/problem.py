"""The form of all error responses (RFC 9457)."""

from http import HTTPStatus
from typing import Any, Final

import orjson

from ant.core import errors

SHOWN: Final = 60
"""Characters of an invalid value that an error repeats."""

MEDIA_TYPE: Final = "application/problem+json"

SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A refusal (RFC 9457); `error` and `message` repeat `detail`.",
    "properties": {
        "type": {
            "type": "string",
            "pattern": "^urn:ant:problem:[a-z-]+$",
            "description": "Names the error; `docs/api.md` lists them.",
        },
        "title": {"type": "string", "description": "The phrase of the status."},
        "status": {
            "type": "integer",
            "minimum": 400,
            "maximum": 599,
            "description": "The HTTP status.",
        },
        "detail": {
            "type": "string",
            "description": "What is wrong, and what to do, in a sentence.",
        },
        "error": {"type": "string", "description": "The same as `detail`."},
        "message": {"type": "string", "description": "The same as `detail`."},
        "issues": {
            "type": "array",
            "items": {"type": "string"},
            "description": "One sentence per fault, each ending in a JSON path.",
        },
    },
    "required": ["type", "title", "status", "detail", "error", "message"],
    "additionalProperties": False,
    "examples": [
        {
            "type": "urn:ant:problem:invalid",
            "title": "Bad Request",
            "status": 400,
            "detail": "expected 1 to 1000, got 0 at $.cols",
            "error": "expected 1 to 1000, got 0 at $.cols",
            "message": "expected 1 to 1000, got 0 at $.cols",
            "issues": ["expected 1 to 1000, got 0 at $.cols"],
        }
    ],
}
"""The form as JSON Schema."""


def problem(
    status: int, detail: str, issues: list[str] | None = None, slug: str | None = None
) -> dict[str, Any]:
    """An error response. `error` and `message` are for clients of the original ANT.

    `type` ends in `slug`, which is more precise than the status, or else in the title.
    """
    title = HTTPStatus(status).phrase
    body: dict[str, Any] = {
        "type": f"urn:ant:problem:{slug or title.lower().replace(' ', '-')}",
        "title": title,
        "status": status,
        "detail": detail,
        "error": detail,
        "message": detail,
    }
    if issues:
        body["issues"] = issues
    return body


def shown(value: object) -> str:
    """An invalid value as JSON, as the client may have sent it, cut to `SHOWN`."""
    if isinstance(value, str):
        value = value[: SHOWN + 1]  # The value may have megabytes.
    try:
        text = orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return "deeply nested data"
    return text if len(text) <= SHOWN else text[:SHOWN] + "…"


def error_of(problem: dict[str, Any]) -> errors.AntError:
    """The error in a problem object."""
    detail = str(problem.get("detail", "The server gave no reason."))
    urn = str(problem.get("problem") or problem.get("type"))
    kind = errors.BY_SLUG.get(urn.rpartition(":")[2], errors.AntError)
    if kind is errors.Invalid:
        return errors.Invalid(*(problem.get("issues") or [detail]))
    if kind is errors.NotFound:
        missing = errors.NotFound("", "")
        missing.args = (detail,)
        return missing
    return kind(detail)
