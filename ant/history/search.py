"""Searches the whole server: messages, terminals, tasks and run events."""

import heapq
from collections.abc import Callable, Sequence
from typing import TypeVar

import attrs

from ant.api import codec
from ant.api.message_requests import Search
from ant.api.page_requests import SearchAll
from ant.core import clock
from ant.history.grep import TEXT_MAX
from ant.history.pattern import GRAM, REGEX, SearchPattern, typed
from ant.messages import messages
from ant.model.messages import Found
from ant.model.rooms import Task
from ant.model.search import EventFound, Everything, LineFound, TaskFound
from ant.model.search_terms import SearchTerm
from ant.model.sessions import SessionId
from ant.sessions.sessions import check_exists
from ant.store import LineBlock, Unit, page
from ant.terminal.render.rows import Line

SCAN_MAX = 256 << 20
"""Characters that one search reads at most: half a second to two."""

RANKED = 1000
"""The newest matches, of which a search by relevance returns the best."""

WEIGHED = 64 << 10
"""Characters at the beginning of a text that determine its relevance."""

LINE_BYTES = 300
"""Bytes of a found line as JSON, without its texts."""

T = TypeVar("T")


@attrs.frozen
class _Hit:
    """A line that matches."""

    session_id: SessionId
    number: int
    line: Line


def is_indexed(request: Search | SearchAll) -> bool:
    """Whether the index answers a search, in milliseconds for any number of rows.

    Other searches read texts, or compare the relevance of all their matches.
    """
    words = request.q.split()
    only_messages = not isinstance(request, SearchAll) or request.scope == "messages"
    has_grams = not request.q.startswith(REGEX) and all(
        len(each) >= GRAM and not SearchTerm.of(each).has_prefix for each in words
    )
    return only_messages and has_grams and request.sort == "newest"


def search_room(unit: Unit, room_id: SessionId, request: Search) -> bytes:
    """Return the messages of one room that match words or a regular expression.

    The result is the JSON of `SearchResults`. Raises `Invalid` for an invalid regular
    expression.
    """
    results, complete = _found_in(unit, room_id, request)
    return codec.render({"results": codec.verbatim_list(results), "complete": complete})


def _found_in(
    unit: Unit, room_id: SessionId, request: Search
) -> tuple[Sequence[bytes], bool]:
    if not request.q.startswith(REGEX):
        found = messages.search(unit, room_id, request)
        return found, not found.more
    check_exists(unit, room_id)
    pattern = typed(request.q, "$.q")
    return _messages(unit, pattern, room_id, request) if pattern else ((), True)


def search_all(unit: Unit, request: SearchAll) -> tuple[bytes, bool]:
    """Return what has all of the words, in each scope of the request.

    The result is the JSON of `Everything`, and whether the search was complete.
    Archived and deleted rooms and terminals are left out unless the request includes
    them. Raises `Invalid` for an invalid regular expression.
    """
    scopes, pattern = request.scope.split(","), typed(request.q, "$.q")
    complete = True
    results: Sequence[bytes] = ()
    terminals: tuple[LineFound, ...] | None = None
    tasks: tuple[TaskFound, ...] | None = None
    events: tuple[EventFound, ...] | None = None
    if "messages" in scopes and pattern is not None:
        if request.q.startswith(REGEX):
            results, complete = _messages(unit, pattern, None, request)
        else:
            words = Search(request.q, request.limit, request.sort, request.include)
            found = messages.search(unit, None, words)
            results, complete = found, not found.more
    if "terminals" in scopes:
        terminals, whole = _lines(unit, pattern, request) if pattern else ((), True)
        complete = complete and whole
    if "tasks" in scopes:
        tasks, whole = _tasks(unit, pattern, request) if pattern else ((), True)
        complete = complete and whole
    if "events" in scopes:
        events, whole = _events(unit, pattern, request) if pattern else ((), True)
        complete = complete and whole
    everything = codec.plain(Everything((), terminals, tasks, events, complete))
    return codec.render(
        {**everything, "results": codec.verbatim_list(results)}
    ), complete


def _messages(
    unit: Unit,
    pattern: SearchPattern,
    room_id: SessionId | None,
    request: Search | SearchAll,
) -> tuple[Sequence[bytes], bool]:
    """Return the JSON of each `Found`, and whether the search was complete."""
    found, whole = unit.messages.matching(
        _matches(unit, pattern),
        room_id,
        *_included(request),
        _count(request),
        SCAN_MAX,
    )
    best = _best(unit, found, lambda message: message.content, pattern, request)
    marked = (Found(each, pattern.mark(each.content)) for each in best)
    return [codec.dumps(each) for each in marked], whole


def _matches(unit: Unit, pattern: SearchPattern) -> Callable[[str], bool]:
    """Return a function that tests a text; it calls `unit.pause` before each."""

    def matches(text: str) -> bool:
        unit.pause()
        return pattern.find(text) is not None

    return matches


def _lines(
    unit: Unit, pattern: SearchPattern, request: SearchAll
) -> tuple[tuple[LineFound, ...], bool]:
    """Search lines: first those in blocks that are not indexed, then those that are.

    It keeps no more matches than the request needs: a flood may match in every line.
    """
    newest: list[_Hit] = []
    oldest: dict[SessionId, int] = {}
    budget, most = SCAN_MAX, _count(request)
    for live in (True, False):
        count = 0
        for block in unit.lines.everywhere(pattern.grams, *_included(request), live):
            if live and len(newest) == most and block.until < newest[-1].line.at:
                break  # The following blocks are older.
            unit.pause()
            budget -= len(block.text)
            if budget < 0:
                break
            if not pattern.may_be_in(block.text):
                continue
            session_id = block.session_id
            if session_id not in oldest:
                oldest[session_id] = unit.lines.oldest(session_id)
            hits = _hits(block, pattern, oldest[session_id])
            newest = heapq.nlargest(most, [*newest, *hits], key=_age)
            count += len(hits)
            if not live and count >= most:
                break
    found = [_found(hit, pattern) for hit in newest]
    best = _best(unit, found, lambda each: each.text, pattern, request)
    kept = page(best, lambda each: each, weigh=_line_weight)
    return kept, budget >= 0 and not kept.more


def _line_weight(line: LineFound) -> int:
    return codec.json_size((line.text, line.snippet)) + LINE_BYTES


def _hits(block: LineBlock, pattern: SearchPattern, oldest: int) -> list[_Hit]:
    return [
        _Hit(block.session_id, number, line)
        for number, line in block.numbered()
        if line.end > oldest and pattern.find(line.text) is not None
    ]


def _age(hit: _Hit) -> tuple[int, int]:
    return hit.line.at, hit.number


def _found(hit: _Hit, pattern: SearchPattern) -> LineFound:
    line = hit.line
    return LineFound(
        hit.session_id,
        hit.number,
        clock.from_epoch_ms(line.at),
        line.start,
        line.end,
        line.text[:TEXT_MAX],
        pattern.mark(line.text),
    )


def _tasks(
    unit: Unit, pattern: SearchPattern, request: SearchAll
) -> tuple[tuple[TaskFound, ...], bool]:
    found, whole = unit.board.matching(
        _matches(unit, pattern), *_included(request), _count(request), SCAN_MAX
    )
    best = _best(unit, found, _task_text, pattern, request)
    return tuple(
        TaskFound(task, pattern.mark(_task_text(task))) for task in best
    ), whole


def _task_text(task: Task) -> str:
    return f"{task.title}\n{task.description}" if task.description else task.title


def _events(
    unit: Unit, pattern: SearchPattern, request: SearchAll
) -> tuple[tuple[EventFound, ...], bool]:
    found, whole = unit.run_events.matching(
        _matches(unit, pattern), *_included(request), _count(request), SCAN_MAX
    )
    best = _best(unit, found, lambda event: event.text, pattern, request)
    return tuple(EventFound(event, pattern.mark(event.text)) for event in best), whole


def _included(request: Search | SearchAll) -> tuple[bool, bool]:
    """Return whether archived sessions are included, and deleted ones."""
    included = request.include.split(",")
    return "archived" in included, "deleted" in included


def _count(request: Search | SearchAll) -> int:
    return request.limit if request.sort == "newest" else max(request.limit, RANKED)


def _best(
    unit: Unit,
    newest: list[T],
    text: Callable[[T], str],
    pattern: SearchPattern,
    request: Search | SearchAll,
) -> list[T]:
    """Sort matches: newest first, or by the share of the text that matched."""
    if request.sort == "newest":
        return newest[: request.limit]

    def irrelevance(each: T) -> float:
        unit.pause()
        return -pattern.weight(text(each)[:WEIGHED])

    return sorted(newest, key=irrelevance)[: request.limit]
