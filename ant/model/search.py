"""The results of a search over the whole server."""

from datetime import datetime

import attrs

from ant.model.messages import Found
from ant.model.rooms import Task
from ant.model.run_events import RunEvent
from ant.model.sessions import SessionId


@attrs.frozen
class LineFound:
    """A line of a terminal that matched; the bytes from `start` to `end` drew it.

    `text` is the line, truncated if it is long. `snippet` marks the match.
    """

    session_id: SessionId
    line: int
    at: datetime
    start: int
    end: int
    text: str
    snippet: str


@attrs.frozen
class TaskFound:
    """A task whose title or description matched."""

    task: Task = attrs.field(metadata={"flat": True})
    snippet: str


@attrs.frozen
class EventFound:
    """A run event whose text matched."""

    event: RunEvent = attrs.field(metadata={"flat": True})
    snippet: str


@attrs.frozen
class Everything:
    """All matches, newest first, or by rank if the request asked for it.

    `results` are messages. The other lists are null for scopes that the request did not
    name. `complete` is false if the search ended at its bound.
    """

    results: tuple[Found, ...]
    terminals: tuple[LineFound, ...] | None = None
    tasks: tuple[TaskFound, ...] | None = None
    events: tuple[EventFound, ...] | None = None
    complete: bool = True
