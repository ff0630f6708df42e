"""Choices that a program offers in running text, and how they are answered.

What would read the next line takes it for one of them. So it asks, and is not at rest.
"""

import re
from collections.abc import Sequence

_EQUALS = re.compile(r"(?<![\w=])['\"(\[]?(\w{1,10})['\")\]]? ?= ?[A-Za-z]")
"""A key and what it does: `y = yes`."""

_BRACKETED = re.compile(r"(?:^|[\s,;:/])[\[(](\w)[\])] ?[A-Za-z]")
"""A key in brackets before its word: `[y] yes`."""

_ITEM = re.compile(r"(?:^\s*|\s{2,}|[,;?:] )\(?([a-h]|\d)[).] ?\S")
"""An entry of a list, a row of its own or one of several in a row: `a) first`."""

_LISTED = re.compile(
    r"\b(?:pick|choose|select|answer|reply|options?|approve|proceed|confirm)\b[^:?]{0,40}"
    r"[:?] *\w+(?: ?[/|] ?\w+)+\s*$"
    r"|[:?(\[] *y(?:es)? ?[/|,] ?no?\b",
    re.IGNORECASE,
)
"""Words with slashes at the end of a request: `Pick: yes / no / always`."""

_PRESSES = re.compile(
    r"(?i:\b(?:press|type|enter|hit|say|send|reply)) (?i:with )?['\"`<\[(]?"
    r"(?:\w|(?i:yes|no|ok|enter|return|space)|[A-Z]{3,12})['\"`>\])]? "
    r"(?i:(?:to|for) (?:confirm|approve|allow|run|accept|proceed|continue|skip|reject|"
    r"deny|delete|apply|execute|overwrite|agree|refuse|yes|no)\b)"
)
"""A request to press a key or to type a word: `Press y to run it`."""

_YES_NO = {"y", "n"}

_RETRY = re.compile(
    r"\b(?:invalid|please|try again|unknown|unrecogni[sz]ed|must be|expected|error|"
    r"not (?:an? )?(?:valid|option|choice))\b",
    re.IGNORECASE,
)
"""Words of a program that did not take an answer and asks again."""

_ENTERED = re.compile(
    r"\?\s+(?:press )?(?:enter|return) to "
    r"(?:confirm|accept|approve|allow|run|execute|proceed|continue)\b",
    re.IGNORECASE,
)
"""A question that Enter alone answers with yes."""

_REQUEST = re.compile(
    r"\b(?:type|enter|give|provide) (?:an?|the|your) (?:\w+[ /-]){0,2}"
    r"(?:comment|answer|reply|response|reason|feedback)\b",
    re.IGNORECASE,
)
"""A request for a line of text."""


def asks_again(text: str) -> bool:
    """Whether a text says that an answer was none of the choices."""
    return bool(_RETRY.search(text))


def confirms_by_enter(text: str) -> bool:
    """Whether a text ends a question with what Enter does: `Run it? Enter to run`."""
    return bool(_ENTERED.search(text))


def requests_text(text: str) -> bool:
    """Whether a text asks for a comment or a reason."""
    return bool(_REQUEST.search(text))


def offers_choices(rows: Sequence[str], above: str = "") -> bool:
    """Whether a paragraph offers choices that are typed.

    `rows` are its rows, from the highest down. `above` is the last row of the paragraph
    before it, whose question may belong to a list.
    """
    text = " ".join(row.strip() for row in rows)
    for pattern in (_EQUALS, _BRACKETED):
        keys = {found[1].lower() for found in pattern.finditer(text)}
        if len(keys) > 1 and ("?" in text or keys >= _YES_NO):
            return True
    if any(pattern.search(text) for pattern in (_LISTED, _PRESSES)):
        return True
    items = [(row, found[1]) for row in rows for found in _ITEM.finditer(row)]
    labels = [label for _, label in items]
    numbers = [str(n + 1) for n in range(len(labels))]
    letters = [chr(ord("a") + n) for n in range(len(labels))]
    if len(labels) < 2 or labels not in (numbers, letters):
        return False
    asks = above if items[0][0] == rows[0] and "?" not in rows[0] else text
    return "?" in asks
