"""Requests for pages of run events and of terminal events."""

from typing import Annotated, Literal

import attrs

from ant.api.constraints import Limit, Moment, Offset, OneOf, Word, Words
from ant.model.run_events import Source


@attrs.frozen
class ListRunEvents:
    """A page of run events.

    `q` is a part of the text, in any case. `since` and `before` take a time, epoch
    milliseconds or a duration, `after` and `before_id` the id of an event. The page has
    the newest events within these bounds; with `after` or `order=asc` the oldest.
    """

    since: Moment | None = None
    before: Moment | None = None
    after: Offset | None = None
    before_id: Offset | None = None
    source: Annotated[str, OneOf(tuple(Source))] | None = None
    kind: Word | None = None
    q: Words | None = None
    limit: Limit = 200
    order: Literal["asc", "desc"] | None = None


@attrs.frozen
class ListTerminalEvents:
    """A page of terminal events.

    `since` and `before` take a time, epoch milliseconds or a duration, `after` and
    `before_id` the id of an event. The page has the newest events within these bounds;
    with `after` or `order=asc` the oldest.
    """

    since: Moment | None = None
    before: Moment | None = None
    after: Offset | None = None
    before_id: Offset | None = None
    kind: Word | None = None
    limit: Limit = 100
    order: Literal["asc", "desc"] = "desc"
