"""What somebody answers to a prompt, and what became of it."""

from typing import Literal

import attrs

Answer = Literal["approve", "deny", "select", "text", "confirm", "retry", "abort"]


@attrs.frozen
class Choice:
    """An answer, by meaning and never by key.

    `select` needs `index` (from 0), `label` or, of several boxes, `indexes`; `text`
    needs `text`; `confirm` needs `yes`.
    """

    type: Answer
    index: int | None = None
    label: str | None = None
    indexes: tuple[int, ...] | None = None
    text: str | None = None
    yes: bool | None = None


@attrs.frozen
class Outcome:
    """What an answer did. `chosen` is the label, or the type where there is none.

    `resolved`: the prompt went away while it was watched. `end` is the offset of the
    first byte that may be the program's reaction.
    """

    chosen: str
    resolved: bool
    end: int
