"""The terms of a search: literal text, in which `mess*` is the beginning of a word.

A text that has the star, too, matches as well: text can be found by any part of it.
"""

import re

import attrs

PREFIX = 3
"""Characters that a prefix has at least, as many as the indexes need."""

_PREFIX = re.compile(rf"(?<!\S)(\S{{{PREFIX},}})\*(?!\S)")


@attrs.frozen
class SearchTerm:
    """A word or a phrase of a search.

    A text that matches contains all `pieces`. `source` is a regular expression of the
    term. If `has_prefix`, pieces alone are not enough: `source` must match, too.
    """

    pieces: tuple[str, ...]
    source: str
    has_prefix: bool

    @classmethod
    def of(cls, text: str) -> "SearchTerm":
        """Return the term of a text, in which only a `*` after a word is syntax."""
        pieces: list[str] = []
        source, at = "", 0
        for found in _PREFIX.finditer(text):
            before, start = text[at : found.start()], found[1]
            # After a character of a word, the prefix would be in the middle of it.
            edge = r"(?<!\w)" if _is_of_word(start[0]) else ""
            literal = re.escape(start)
            source += rf"{re.escape(before)}(?:{edge}{literal}\w*|{literal}\*)"
            pieces.append(before + start)
            at = found.end()
        if at < len(text) or not pieces:
            pieces.append(text[at:])
            source += re.escape(text[at:])
        return cls(tuple(pieces), source, at > 0)


def begins_word(start: str, text: str) -> bool:
    """Whether the term of `start` and a star matches a text, in any case.

    A `start` that begins with another character than that of a word matches anywhere.
    It is as fast as `in`, whatever the text is.
    """
    start, text = start.lower(), text.lower()
    if f"{start}*" in text:
        return True
    at = text.find(start)
    while at > 0 and _is_of_word(start[0]) and _is_of_word(text[at - 1]):
        at = text.find(start, at + 1)
    return at >= 0


def _is_of_word(char: str) -> bool:
    return char.isalnum() or char == "_"
