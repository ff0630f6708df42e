"""The results of a search over the whole server."""

from datetime import datetime

import attrs

from ant.model.messages import Found
from ant.model.rooms import Task
from ant.model.run_events import RunEvent
from ant.model.sessions import SessionId


@attrs.frozen
class LineFound:
    """A line of a terminal that matched."""

    session_id: SessionId
    line: int
    """The number of the line in the terminal, counted from its first."""
    at: datetime
    """When its bytes were printed."""
    start: int
    """The byte offset of the first byte that drew it."""
    end: int
    """The byte offset after the last byte that drew it."""
    text: str
    """The line as it was last shown, truncated if it is long."""
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
    """All matches, newest first, or by rank if the request asked for it."""

    results: tuple[Found, ...]
    """The messages that matched."""
    terminals: tuple[LineFound, ...] | None = None
    """The lines of terminals that matched; null if the scope did not name them."""
    tasks: tuple[TaskFound, ...] | None = None
    """The tasks that matched; null if the scope did not name them."""
    events: tuple[EventFound, ...] | None = None
    """The run events that matched; null if the scope did not name them."""
    complete: bool = True
