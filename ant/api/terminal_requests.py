"""Requests about a terminal: input, size, start, stop, history, export."""

from typing import Annotated, ClassVar, Final, Literal

import attrs

from ant.api.constraints import (
    BASE64,
    MAX_INPUT,
    Count,
    Limit,
    Moment,
    Offset,
    Range,
    RequiredFields,
    SessionName,
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
    """The input as text, sent as UTF-8. Enter is `\\r`."""
    data_b64: Annotated[str, Text(0, MAX_INPUT_B64, BASE64, "base64")] | None = None
    """The input as bytes in base64."""


@attrs.frozen
class StopTerminal:
    """An interrupt of the program, as by Ctrl-C."""

    reason: Short | None = None
    """Why, for the record."""
    requested_by: Annotated[str, Text(0, 100)] = "web"
    """Who asks, for the record."""


@attrs.frozen
class StartTerminal:
    """A start of the program of a session that runs none."""

    cols: Size | None = None
    """The width in columns. Null keeps the last one."""
    rows: Size | None = None
    """The height in rows. Null keeps the last one."""


@attrs.frozen
class ResizeTerminal:
    """The new size of a terminal; the last one that a client sets wins."""

    cols: Size
    rows: Size


@attrs.frozen
class ReadHistory:
    """A page of transcript: by time, by byte offset, or by search."""

    since: Moment | None = None
    before: Moment | None = None
    from_: Offset | None = named("from", default=None)
    """The byte offset to read forward from, the oldest first: the `next` of a page."""
    to: Offset | None = None
    """Only pieces before this byte offset, the newest of them: the `previous` of a
    page."""
    grep: Annotated[str, Text(0, 1000)] | None = None
    """Only lines that contain this phrase, or match a regular expression of RE2 after
    `re:`. A phrase without capitals matches in any case."""
    raw: bool = False
    """Whether each row has its bytes as `raw_b64` in place of `text`."""
    limit: Limit = 100
    order: Literal["asc", "desc"] | None = None
    """`asc` is oldest first, `desc` newest first. The default is `asc` with `from`,
    else `desc`."""


UNTIL: Final = (
    r"ready|prompt|exit|block|output:[^\x00]+|idle:[0-9]{1,4}(?:\.[0-9]{1,3})?"
)
CURSOR: Final = r"[0-9]{1,15}(?:\.[0-9]{1,15})?"
MAX_WAIT_S: Final = 300
"""Seconds of the longest wait: proxies cut a quiet request after some minutes, and a
client whose network is gone learns it by then."""


@attrs.frozen
class WaitFor:
    """What a wait is for, for how long, and from where."""

    until: Annotated[
        tuple[
            Annotated[
                str,
                Text(
                    1,
                    1000,
                    UNTIL,
                    "ready, prompt, exit, block, output:TEXT, output:re:PATTERN or "
                    "idle:SECONDS",
                ),
            ],
            ...,
        ],
        Count(8),
    ]
    """What to wait for: `ready`, `prompt`, `exit`, `block`, `output:TEXT`,
    `output:re:PATTERN` or `idle:SECONDS`. Repeat the parameter for several, at most 8;
    the first that comes is told."""
    timeout: Annotated[int, Range(0, MAX_WAIT_S)] = 30
    """The most seconds to wait. With 0 the answer comes at once."""
    after: Annotated[str, Text(1, 31, CURSOR, "a cursor or a byte offset")] | None = (
        None
    )
    """Only what came after this place: the `next` of an earlier answer, or a byte
    offset. Without it the wait begins now, and what is true already is told at once."""


@attrs.frozen
class ListEvents:
    """A page of the event log after `since`, optionally of one session or one type."""

    since: Offset = 0
    """Only events after the one with this `seq`; 0 is the beginning."""
    limit: Limit = 100
    session: SessionName | None = None
    """Only events of the session with this id."""
    type: Word | None = None
    """Only events of this type, such as `message_created`."""


@attrs.frozen
class ExportSession:
    """The forms of an export: a list of names, or one name; Markdown by default."""

    targets: Annotated[tuple[Short, ...], Count(10)] | None = None
    """The names of the formats. Null: the one in `target`."""
    target: Short | None = None
    """The name of one format, or several with commas. Null: `markdown`."""

    def named(self) -> tuple[str, ...]:
        """The names of the forms, split at commas."""
        texts = self.targets or ((self.target,) if self.target else ("markdown",))
        return tuple(name for each in texts for name in each.split(",") if name.strip())
