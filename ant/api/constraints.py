"""Constraints of request fields. They annotate types, so that an error has its path."""

import re
from typing import Annotated, Any, Final

import attrs

from ant.api.patch import UNSET
from ant.api.problem import shown
from ant.core.visible_text import HIDDEN, VISIBLE
from ant.model.sessions import CliFlag, SessionId

MAX_INPUT: Final = 1 << 20
"""Bytes of one input. A paste is far below it; a file should be uploaded otherwise."""

MAX_CONTENT: Final = 1 << 20
"""Characters of one message. A long report is far below it."""

MAX_OFFSET: Final = 1 << 53
"""The largest integer that every JSON reader represents exactly."""


@attrs.frozen
class Range:
    """An integer from `low` to `high`, both included."""

    low: int
    high: int

    def check(self, value: int) -> None:
        if not self.low <= value <= self.high:
            raise ValueError(f"expected {self.low} to {self.high}, got {value}")


@attrs.frozen
class Text:
    """A string of `low` to `high` characters that matches `pattern` as a whole.

    Python and ECMA-262 must read the pattern alike. So it spells ranges out and has no
    anchors: `$` and classes such as backslash d differ. An error calls it `means`.
    """

    low: int = 0
    high: int = 4096
    pattern: str | None = None
    means: str = ""

    @property
    def anchored(self) -> str | None:
        """The pattern with anchors for JSON Schema, which searches for a match."""
        if self.pattern is None:
            return None
        return f"^(?:{self.pattern})$" if "|" in self.pattern else f"^{self.pattern}$"

    def check(self, value: str) -> None:
        if not self.low <= len(value) <= self.high:
            raise ValueError(
                f"expected {self.low} to {self.high} characters, got {len(value)}"
            )
        if self.pattern is not None and not re.fullmatch(self.pattern, value):
            raise ValueError(f"expected {self.means}")


@attrs.frozen
class SessionReference(Text):
    """A text that names a session by its id, or by its handle with the `@`.

    ANT puts the id in the place of a handle (`http.access.session_names`), so that no
    rule meets a handle there.
    """


@attrs.frozen
class AgentFlag:
    """A value of `cli_flag` that ANT accepts now; with `or_empty`, also none."""

    or_empty: bool = False

    @property
    def words(self) -> tuple[str, ...]:
        """The accepted texts; a driver of the operator's own adds to them."""
        return (*CliFlag.accepted(), *([""] if self.or_empty else []))

    def check(self, value: str) -> None:
        OneOf(self.words).check(value)


@attrs.frozen
class OneOf:
    """One of these words. The empty one, if it is among them, is none to recommend."""

    words: tuple[str, ...]

    def check(self, value: str) -> None:
        if value not in self.words:
            words = ", ".join(word or '""' for word in self.words)
            raise ValueError(f"expected one of {words}, got {shown(value)}")


@attrs.frozen
class Json:
    """Free data of at most `depth` levels and `size` characters and items."""

    depth: int
    size: int

    def check(self, value: Any) -> None:
        size, level = 0, [value]
        for _ in range(self.depth + 1):
            size += len(level)
            deeper: list[Any] = []
            for each in level:
                if isinstance(each, dict):
                    size += sum(map(len, each))
                    deeper += each.values()
                elif isinstance(each, list | tuple):
                    deeper += each
                elif isinstance(each, str):
                    size += len(each)
            if size > self.size:
                raise ValueError(f"expected at most {self.size} characters, got more")
            if not deeper:
                return
            level = deeper
        raise ValueError(f"expected at most {self.depth} levels, got more")


@attrs.frozen
class Count:
    """A list or object of at most `high` items."""

    high: int

    def check(self, value: Any) -> None:
        if len(value) > self.high:
            raise ValueError(f"expected at most {self.high} items, got {len(value)}")


@attrs.frozen
class RequiredFields:
    """The `rule` of a class that requires one of several fields.

    At least one of them is present and not null; exactly one if `only`. With `null`
    they may be null, and their default is `UNSET`.
    """

    names: tuple[str, ...]
    only: bool = False
    null: bool = False

    def check(self, value: Any) -> None:
        absent = UNSET if self.null else None
        count = sum(getattr(value, name) is not absent for name in self.names)
        if self.only and count != 1:
            raise ValueError(f"expected exactly one of {' and '.join(self.names)}")
        if not count:
            raise ValueError(f"{' or '.join(self.names)} required")


NO_NUL: Final = r"[^\x00]*"
INK: Final = (
    r"[^\x00-\x20\x7f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    rf"{HIDDEN}]"
)
"""A character that is neither white space, as `str.strip` has it, nor hidden."""
SHOWN: Final = f"{VISIBLE}*"
NAMES: Final = "text without control, format and invisible characters"

DURATION: Final = r"[0-9]{1,9}[smhd]"
EPOCH_MS: Final = r"[0-9]{1,14}"
RFC3339: Final = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?"
    r"(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
BASE64: Final = r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"

Name = Annotated[str, Text(1, 200, SHOWN + INK + SHOWN, NAMES)]
Label = Annotated[str, Text(0, 500, SHOWN, NAMES)]
Short = Annotated[str, Text(0, 500, NO_NUL, "text without NUL")]
Word = Annotated[str, Text(1, 100, r"[A-Za-z0-9_.:-]+", "a word")]
Title = Annotated[str, Text(1, 1000, SHOWN + INK + SHOWN, NAMES)]
Prose = Annotated[str, Text(0, 100_000, NO_NUL, "text without NUL")]
Words = Annotated[str, Text(0, 1000, NO_NUL, "text without NUL")]
Path = Annotated[str, Text(1, 4096, NO_NUL, "a path without NUL")]
Argument = Annotated[str, Text(0, 131072, NO_NUL, "text without NUL")]
Variable = Annotated[
    str, Text(1, 256, r"[^=\x00]+", "a variable name without = or NUL")
]
Ident = Annotated[SessionId, Text(1, 128, r"[A-Za-z0-9_-]+", "an id")]
SessionName = Annotated[
    SessionId,
    SessionReference(
        1,
        128,
        r"[A-Za-z0-9_-]+|@[A-Za-z0-9_.-]+",
        "the id of a session, or its handle such as @codex",
    ),
]
NameOrId = Annotated[
    str,
    Text(
        1,
        128,
        r"[A-Za-z0-9_-]+|@?[A-Za-z0-9_.-]{1,64}",
        "the id of a session, or a handle such as @zoe",
    ),
]
"""The name of a session, or of a person in a room."""
Handle = Annotated[
    str,
    Text(0, 100, r"(?: *@?[A-Za-z0-9_.-]{1,64} *)?", "letters, digits, _, . or -"),
]
Moment = Annotated[
    str,
    Text(
        1,
        64,
        f"{DURATION}|{EPOCH_MS}|{RFC3339}",
        "an RFC 3339 time, epoch milliseconds or a duration such as 5m",
    ),
]
META: Final = Json(64, 1 << 18)
"""64 levels, so that a renderer can take it within a row; 256 Ki characters, so that
every event about the row can contain it."""

Meta = Annotated[dict[str, Any], META]
Size = Annotated[int, Range(1, 1000)]
Offset = Annotated[int, Range(0, MAX_OFFSET)]
Limit = Annotated[int, Range(1, 1000)]
Ref = Annotated[str, Text(0, 200)]
Ttl = Annotated[
    str, Text(1, 20, r"forever|[0-9]{1,6}[smhd]", "forever or a duration as 15m")
]


def named(name: str, **kwargs: Any) -> Any:
    """A field with another name on the wire than in the class."""
    return attrs.field(metadata={"wire": name}, **kwargs)
