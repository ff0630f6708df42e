"""What a caller may ask of a terminal: input, size, start, stop, history, export."""

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
"""Characters of an input of the greatest size in base64."""


@attrs.frozen
class TypeInput:
    """Exactly these bytes; one of the two must be given."""

    rule: ClassVar = RequiredFields(("data", "data_b64"), only=True)
    data: Annotated[str, Text(0, MAX_INPUT)] | None = None
    data_b64: Annotated[str, Text(0, MAX_INPUT_B64, BASE64, "base64")] | None = None


@attrs.frozen
class StopTerminal:
    """Interrupt the program, as Ctrl-C does."""

    reason: Short | None = None
    requested_by: Annotated[str, Text(0, 100)] = "web"


@attrs.frozen
class StartTerminal:
    """Start the program of a session that has none running."""

    cols: Size | None = None
    rows: Size | None = None


@attrs.frozen
class ResizeTerminal:
    """The last size set wins."""

    cols: Size
    rows: Size


@attrs.frozen
class ReadHistory:
    """A page of transcript.

    `since` and `before` take a time, epoch milliseconds or a duration; `from` is a byte
    offset and reads forward from it, `to` is one before which the newest are read.
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
    """A page of the event log after `since`, of one session or of one type."""

    since: Offset = 0
    limit: Limit = 100
    session: Ident | None = None
    type: Word | None = None


@attrs.frozen
class ExportSession:
    """Which forms: a list of names, or one; Markdown when none is named."""

    targets: Annotated[tuple[Short, ...], Count(10)] | None = None
    target: Short | None = None

    def named(self) -> tuple[str, ...]:
        """The names, commas taken apart."""
        given = self.targets or ((self.target,) if self.target else ("markdown",))
        return tuple(name for each in given for name in each.split(",") if name.strip())
