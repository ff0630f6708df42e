"""What may be asked of a search over the whole server, and what it finds."""

from datetime import datetime
from typing import Annotated, Literal

import attrs

from ant.limits import Limit, Text, Words
from ant.model import Found, SessionId, Task
from ant.trail import RunEvent

_SCOPE = "(?:messages|terminals|events|tasks)"
MEANS = "messages, terminals, events or tasks, commas between"

Scopes = Annotated[str, Text(1, 80, rf"{_SCOPE}(?:,{_SCOPE}){{0,7}}", MEANS)]
Include = Annotated[
    str,
    Text(
        0,
        20,
        r"(?:(?:archived|deleted)(?:,(?:archived|deleted))?)?",
        "archived, deleted",
    ),
]


@attrs.frozen
class SearchAll:
    """Words as a person types them, or `re:` and a regular expression of RE2.

    `scope` names where to look, commas between. `limit` is that of each scope.
    `include` names what is left out otherwise: `archived`, `deleted`, or both.
    """

    q: Words = ""
    scope: Scopes = "messages"
    limit: Limit = 50
    sort: Literal["newest", "rank"] = "newest"
    include: Include = ""


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
