"""What may be asked of a search over the whole server, and what it finds."""

from datetime import datetime

import attrs

from ant.model.messages import Found
from ant.model.rooms import Task
from ant.model.run_events import RunEvent
from ant.model.sessions import SessionId


@attrs.frozen
class LineFound:
    """A line of a terminal, and the bytes from `start` to `end` that drew it.

    `text` is the whole line, cut where it is long; what was found is marked in
    `snippet`.
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
    """A task whose title or description has the words."""

    task: Task = attrs.field(metadata={"flat": True})
    snippet: str


@attrs.frozen
class EventFound:
    """A run event whose text has the words."""

    event: RunEvent = attrs.field(metadata={"flat": True})
    snippet: str


@attrs.frozen
class Everything:
    """What was found, newest first, or best first where that was asked for.

    `results` are messages; the others are null where their scope was not asked for.
    Not `complete`: there was more to look through than is looked through at once.
    """

    results: tuple[Found, ...]
    terminals: tuple[LineFound, ...] | None = None
    tasks: tuple[TaskFound, ...] | None = None
    events: tuple[EventFound, ...] | None = None
    complete: bool = True
