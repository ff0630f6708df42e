"""Maps domain errors to HTTP statuses and to problem objects (RFC 9457).

This is the only place that knows the status of an error.
"""

import logging
from typing import Any, Final

from quart import Quart, Response, has_websocket_context
from werkzeug.exceptions import HTTPException

from ant.api import codec
from ant.api.problem import MEDIA_TYPE, problem
from ant.core import errors
from ant.core.counters import Limit, increment

log = logging.getLogger(__name__)

STATUS: Final[dict[type[Exception], int]] = {
    errors.Invalid: 400,
    errors.Unauthorized: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.Gone: 410,
    errors.TooLarge: 413,
    errors.Unsupported: 415,
    errors.NotAnOption: 422,
    errors.CapacityReached: 429,
    errors.StorageFailed: 503,
    errors.Stalled: 503,
    errors.Stopping: 503,
}

GOING_AWAY: Final = 1001
"""Close code when the server stops."""

DEAD_TOKEN: Final = 4401
"""Close code for a socket of a terminal's token when that terminal has ended."""

INTERNAL_ERROR: Final = 1011
"""Close code when a bug in ANT ends the socket."""

_CLOSING: Final = frozenset({401, 403})
"""Statuses after which ANT closes the connection, since connections are limited."""

_SENTENCES: Final = {
    404: "There is no such path. docs/api.md and /openapi.json list the routes.",
    405: "This path does not accept that method; see the Allow header.",
    413: "The body is larger than 10 MiB.",
}


def status_for(kind: type[Exception]) -> int:
    """The status of the nearest class in an error's MRO; 500 if none has one."""
    return next((STATUS[cls] for cls in kind.__mro__ if cls in STATUS), 500)


def status_of(error: Exception) -> int:
    """The status of an error."""
    return status_for(type(error))


def problem_of(error: Exception) -> dict[str, Any]:
    """The problem object of an error.

    An error that is not an `AntError` is a bug: ANT logs it, and the problem object
    carries no details.
    """
    if isinstance(error, errors.AntError):
        issues = error.issues if isinstance(error, errors.Invalid) else None
        slug = errors.slug_of(type(error))
        return problem(status_of(error), str(error), issues, slug)
    log.error("A bug in a handler.", exc_info=error)
    return problem(500, "The server has a bug; its log has the details.")


def error_frame(error: Exception, ref: str | None, **more: str) -> bytes:
    """The `error` frame of `/ws` for an error; the problem's URN is in `problem`."""
    body = problem_of(error)
    frame = {**body, "type": "error", "problem": body["type"], **more}
    return codec.render(frame if ref is None else {**frame, "ref": ref})


def respond(body: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    """An HTTP response with a problem object; for a handshake it also closes."""
    response = Response(
        codec.dumps(body),
        status=body["status"],
        headers=headers,
        content_type=MEDIA_TYPE,
    )
    if has_websocket_context():
        response.headers["Connection"] = "close"
    return response


def register(app: Quart) -> None:
    """Make this app answer every error with a problem object."""

    async def handle_exception(error: Exception) -> Response:
        body = problem_of(error)
        headers = {"WWW-Authenticate": "Bearer"} if body["status"] == 401 else {}
        if body["status"] in _CLOSING:
            headers["Connection"] = "close"
        if isinstance(error, errors.RateLimited):
            headers["Retry-After"] = str(error.retry_s)
        return respond(body, headers)

    async def handle_http_exception(error: HTTPException) -> Response:
        status = error.code or 500
        if status == 413:
            increment(Limit.BODY)
        detail = _SENTENCES.get(status) or error.description or "The request failed."
        allow = dict(error.get_headers()).get("Allow")
        return respond(problem(status, detail), {"Allow": allow} if allow else None)

    app.register_error_handler(HTTPException, handle_http_exception)
    app.register_error_handler(Exception, handle_exception)
