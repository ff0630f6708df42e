"""Limits of what may be asked: on the type, so that a fault is named by its path."""

import re
from typing import Annotated, Any, Final

import attrs

from ant.model import SessionId

MAX_INPUT: Final = 1 << 20
"""Bytes of one input: a paste is far below it, a file belongs in a file."""

MAX_CONTENT: Final = 1 << 20
"""Characters of one message: a long report is far below it."""

MAX_OFFSET: Final = 1 << 53
"""The largest integer that every JSON reader keeps exact."""


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
    """A string of `low` to `high` characters that matches `pattern`, where given."""

    low: int = 0
    high: int = 4096
    pattern: str | None = None
    means: str = ""

    def check(self, value: str) -> None:
        if not self.low <= len(value) <= self.high:
            raise ValueError(
                f"expected {self.low} to {self.high} characters, got {len(value)}"
            )
        if self.pattern is not None and not re.search(self.pattern, value):
            raise ValueError(f"expected {self.means}")


@attrs.frozen
class Json:
    """Free data: `depth` levels of lists and objects, `size` characters and items."""

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


NO_NUL: Final = r"\A[^\x00]*\Z"
Name = Annotated[
    str,
    Text(1, 200, r"\A(?=.*\S)[^\x00-\x1f\x7f]*\Z", "text without control characters"),
]
Short = Annotated[str, Text(0, 500, NO_NUL, "text without NUL")]
Word = Annotated[str, Text(1, 100, r"\A[\w.:-]+\Z", "a word")]
Title = Annotated[str, Text(1, 1000, r"\A(?=[\s\S]*\S)[^\x00]*\Z", "text, without NUL")]
Prose = Annotated[str, Text(0, 100_000, NO_NUL, "text without NUL")]
Words = Annotated[str, Text(0, 1000, NO_NUL, "text without NUL")]
Path = Annotated[str, Text(1, 4096, NO_NUL, "a path without NUL")]
Argument = Annotated[str, Text(0, 131072, NO_NUL, "text without NUL")]
Variable = Annotated[
    str, Text(1, 256, r"\A[^=\x00]+\Z", "a variable name without = or NUL")
]
Ident = Annotated[SessionId, Text(1, 128, r"\A[\w-]+\Z", "an id")]
META: Final = Json(64, 1 << 18)
"""Deeper than anybody nests, and far from what a renderer takes with a row around it;
far larger than marks on a row are, and small enough to be told with every change."""

Meta = Annotated[dict[str, Any], META]
Size = Annotated[int, Range(1, 1000)]
Offset = Annotated[int, Range(0, MAX_OFFSET)]
Limit = Annotated[int, Range(1, 1000)]
Ref = Annotated[str, Text(0, 200)]
Ttl = Annotated[
    str, Text(1, 20, r"\A(forever|\d{1,6}[smhd])\Z", "forever or a duration as 15m")
]


def named(name: str, **kwargs: Any) -> Any:
    """A field whose name on the wire is not its name here."""
    return attrs.field(metadata={"wire": name}, **kwargs)
