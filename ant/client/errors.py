"""Errors of the library. The module imports no library, so a short call may use it."""

from __future__ import annotations

from typing import Any, Protocol

from ant.core.errors import AntError

RETRY_S = 60.0
"""Seconds for which a lost server is called again, if the caller says nothing else: a
restart with checks of a large database is far below."""


class Ambiguous(AntError):
    """A name is that of several sessions; the sentence lists them."""


class Unreachable(AntError):
    """No server answers, or it has ended the connection."""


class Disconnected(Unreachable):
    """A connection has ended that a client may open again."""


def only(rows: list[Any], name: str) -> Any:
    """The only session of a list. Raises `Ambiguous`."""
    if len(rows) == 1:
        return rows[0]
    known = (f"{row['name']} ({row['handle'] or '-'}, {row['id']})" for row in rows[:8])
    more = f", and {len(rows) - 8} more" if len(rows) > 8 else ""
    raise Ambiguous(
        f"{name!r} names {len(rows)} sessions: {', '.join(known)}{more}. Give the id "
        "of one."
    )


class FailedResponse(Protocol):
    """The part of a response that says what went wrong."""

    @property
    def status_code(self) -> int: ...

    @property
    def text(self) -> str: ...

    def json(self) -> Any: ...


def problem_in(response: FailedResponse) -> dict[str, Any]:
    """The problem object of a refusal; if it has none, one with its status and text."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict):
        return problem
    return {"detail": f"HTTP {response.status_code}: {response.text[:200]}"}
