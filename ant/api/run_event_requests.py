"""Requests for pages of run events and of terminal events."""

from typing import Annotated, Literal

import attrs

from ant.api.constraints import Limit, Moment, Offset, OneOf, Word, Words
from ant.model.run_events import Source


@attrs.frozen
class ListRunEvents:
    """A page of run events."""

    since: Moment | None = None
    before: Moment | None = None
    after: Offset | None = None
    """Only events after the one with this id, the oldest first: the `next` of a
    page."""
    before_id: Offset | None = None
    source: Annotated[str, OneOf(tuple(Source))] | None = None
    """Only events of this source."""
    kind: Word | None = None
    """Only events of this kind, such as `command_block`; exact."""
    q: Words | None = None
    """Only events whose text contains this, in any case."""
    limit: Limit = 200
    order: Literal["asc", "desc"] | None = None


@attrs.frozen
class ListTerminalEvents:
    """A page of terminal events."""

    since: Moment | None = None
    before: Moment | None = None
    after: Offset | None = None
    """Only events after the one with this id, the oldest first: the `next` of a
    page."""
    before_id: Offset | None = None
    kind: Word | None = None
    """Only events of this kind, such as `resize`; exact."""
    limit: Limit = 100
    order: Literal["asc", "desc"] = "desc"
