"""Answers to prompts, and their outcomes."""

from typing import Literal

import attrs

Answer = Literal["approve", "deny", "select", "text", "confirm", "retry", "abort"]


@attrs.frozen
class Choice:
    """An answer to a prompt, by its meaning and never by a key.

    `select` needs `index` (from 0), `label` or, of several boxes, `indexes`; `text`
    needs `text`; `confirm` needs `yes`. In other answers `text` is the reason of a
    denial, which only an agent's hook takes.
    """

    type: Answer
    index: int | None = None
    label: str | None = None
    indexes: tuple[int, ...] | None = None
    text: str | None = None
    yes: bool | None = None


@attrs.frozen
class Outcome:
    """The outcome of an answer.

    `chosen` is the label of the option, or the type of the answer if it has no label.
    `resolved`: the prompt disappeared while ANT watched it. `end` is the offset of the
    first byte that may be the program's reaction.
    """

    chosen: str
    resolved: bool
    end: int
