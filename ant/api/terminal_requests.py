"""Requests about a terminal: input, size, start, stop, history, export."""

from typing import Annotated, ClassVar, Final, Literal

import attrs

from ant.api.constraints import (
    BASE64,
    MAX_INPUT,
    Count,
    Ident,
    Limit,
    Moment,
    Offset,
    RequiredFields,
    Short,
    Size,
    Text,
    Word,
    named,
)

MAX_INPUT_B64: Final = (MAX_INPUT + 2) // 3 * 4
"""Characters of the largest input in base64."""


@attrs.frozen
class TypeInput:
    """An input, as text in `data` or as bytes in `data_b64`; exactly one of them."""

    rule: ClassVar = RequiredFields(("data", "data_b64"), only=True)
    data: Annotated[str, Text(0, MAX_INPUT)] | None = None
    data_b64: Annotated[str, Text(0, MAX_INPUT_B64, BASE64, "base64")] | None = None


@attrs.frozen
class StopTerminal:
    """An interrupt of the program, as by Ctrl-C."""

    reason: Short | None = None
    requested_by: Annotated[str, Text(0, 100)] = "web"


@attrs.frozen
class StartTerminal:
    """A start of the program of a session that runs none."""

    cols: Size | None = None
    rows: Size | None = None


@attrs.frozen
class ResizeTerminal:
    """The new size of a terminal; the last one that a client sets wins."""

    cols: Size
    rows: Size


@attrs.frozen
class ReadHistory:
    """A page of transcript.

    `since` and `before` take a time, epoch milliseconds or a duration. The page has the
    newest rows within these bounds; with `order=asc` the oldest. `from` is a byte
    offset to read forward from. `to` is a byte offset before which to read the newest.
    """

    since: Moment | None = None
    before: Moment | None = None
    from_: Offset | None = named("from", default=None)
    to: Offset | None = None
    grep: Annotated[str, Text(0, 1000)] | None = None
    raw: bool = False
    limit: Limit = 100
    order: Literal["asc", "desc"] | None = None


@attrs.frozen
class ListEvents:
    """A page of the event log after `since`, optionally of one session or one type."""

    since: Offset = 0
    limit: Limit = 100
    session: Ident | None = None
    type: Word | None = None


@attrs.frozen
class ExportSession:
    """The forms of an export: a list of names, or one name; Markdown by default."""

    targets: Annotated[tuple[Short, ...], Count(10)] | None = None
    target: Short | None = None

    def named(self) -> tuple[str, ...]:
        """The names of the forms, split at commas."""
        texts = self.targets or ((self.target,) if self.target else ("markdown",))
        return tuple(name for each in texts for name in each.split(",") if name.strip())
