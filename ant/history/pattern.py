"""Search patterns: words or a regular expression, matched against lines of text.

A phrase matches anywhere in a line; without a capital letter it matches in any case.
In `mess*` only the `*` is syntax: the text begins a word (`ant.model.search_terms`).
After `re:` the pattern is a regular expression. RE2 matches in time linear in the
length of the text, so no expression can make a search slow.
"""

import re
from typing import Any, Protocol

import attrs

from ant.core.errors import Invalid
from ant.model.search_terms import SearchTerm
from ant.model.snippets import CONTEXT, WordMarker, around, cut

REGEX = "re:"

GRAM = 3
"""Characters of each entry in the line index."""

ROUND = 20
"""Characters added to the length of each ranked text, so that the shortest
text does not always win."""

MATCH = 10 * CONTEXT
"""Characters of a regular expression's match that a snippet shows."""

REASON = 200
"""Characters kept of RE2's message about an invalid expression."""

_ESCAPED = re.compile(r"\\(?:[pP](?:\{\^?\w*\}|\w)|.)", re.DOTALL)
_TRICKY = re.compile(r"\\[AzQEC]|\(\?[a-zA-Z]*-")
"""Syntax that matches a text of several lines differently from its single lines."""
_PLAIN = re.compile(r"[A-Za-z0-9 _/:=,;<>@#%&!~'\"-]+")


class SearchPattern(Protocol):
    """A search pattern. Every text that matches contains all `grams`, if any."""

    @property
    def grams(self) -> tuple[str, ...]:
        """The substrings of `GRAM` characters to look up in the index."""
        ...

    def find(self, text: str) -> tuple[int, int] | None:
        """Return the start and end of the first match in a line, or None."""
        ...

    def may_be_in(self, text: str) -> bool:
        """Return False if no line of this text can match; cheap."""
        ...

    def mark(self, text: str) -> str:
        """Return the text around the first match, with its matches marked."""
        ...

    def weight(self, text: str) -> float:
        """Return the share of the text that matched, for ranking."""
        ...


def grams(text: str) -> tuple[str, ...]:
    """Return each substring of `GRAM` printable ASCII characters, once, in order."""
    found = (text[at : at + GRAM] for at in range(len(text) - GRAM + 1))
    return tuple(
        dict.fromkeys(gram for gram in found if gram.isascii() and gram.isprintable())
    )


@attrs.frozen
class Words:
    """Matches a line that contains all words, and for each prefix a word with it."""

    words: tuple[str, ...]
    fold: bool
    grams: tuple[str, ...]
    _prefixes: tuple[re.Pattern[str], ...]
    _marker: WordMarker

    @classmethod
    def of(cls, words: tuple[str, ...], fold: bool) -> "Words":
        """Make a pattern of these words; with `fold` they match in any case."""
        terms = tuple(map(SearchTerm.of, words))
        each = tuple(piece for term in terms for piece in term.pieces)
        each = tuple(map(str.lower, each)) if fold else each
        all_grams = dict.fromkeys(gram for word in each for gram in grams(word))
        flags = re.IGNORECASE if fold else 0
        return cls(
            each,
            fold,
            tuple(all_grams),
            tuple(re.compile(t.source, flags) for t in terms if t.has_prefix),
            WordMarker.of(words, fold=fold),
        )

    def find(self, text: str) -> tuple[int, int] | None:
        """See `SearchPattern`."""
        if not self.may_be_in(text):
            return None
        if not all(prefix.search(text) for prefix in self._prefixes):
            return None
        return self._marker.find(text) or (0, 0)

    def may_be_in(self, text: str) -> bool:
        """See `SearchPattern`."""
        if self.fold:
            text = text.lower()
        return all(word in text for word in self.words)

    def mark(self, text: str) -> str:
        """See `SearchPattern`."""
        return self._marker.mark(text)

    def weight(self, text: str) -> float:
        """See `SearchPattern`."""
        return self._marker.count(text) / (len(text) + ROUND)


@attrs.frozen
class Regex:
    """Matches a line in which RE2 finds the expression."""

    grams: tuple[str, ...]
    _each: Any
    _block: Any

    @classmethod
    def of(cls, source: str, path: str) -> "Regex":
        """Compile an expression. Raises `Invalid` with `path` if RE2 cannot."""
        try:
            import re2
        except ImportError as exc:
            raise Invalid(
                f"`re:` needs the package google-re2, which is not installed, at {path}"
            ) from exc
        plain = _ESCAPED.sub("", source)
        options = re2.Options()
        options.log_errors = False
        options.case_sensitive = plain != plain.lower()
        try:
            each = re2.compile(source, options=options)
            lines = re2.compile(f"(?m){source}", options=options)
        except re2.error as exc:
            reason = bytes(exc.args[0]).decode("utf-8", "replace")[:REASON]
            raise Invalid(
                f"expected a regular expression of RE2, got {reason} at {path}"
            ) from exc
        tricky = _TRICKY.search(source.replace("\\\\", ""))
        return cls(_literals(source), each, None if tricky else lines)

    def find(self, text: str) -> tuple[int, int] | None:
        """See `SearchPattern`."""
        found = self._each.search(text)
        return found.span() if found else None

    def may_be_in(self, text: str) -> bool:
        """See `SearchPattern`."""
        return self._block is None or self._block.search(text) is not None

    def mark(self, text: str) -> str:
        """See `SearchPattern`. Only the first match is marked."""
        low, high = self.find(text) or (0, 0)
        start, stop = around(text, low, min(high, low + MATCH))
        high = min(high, stop)
        marked = f"{text[start:low]}<mark>{text[low:high]}</mark>{text[high:stop]}"
        return cut(text, start, stop, marked)

    def weight(self, text: str) -> float:
        """See `SearchPattern`. Only the first match counts."""
        low, high = self.find(text) or (0, 0)
        return (high - low) / (len(text) + ROUND)


def smart(text: str, path: str) -> SearchPattern:
    """Return the pattern of one phrase, or of `re:`. Raises `Invalid` with `path`."""
    if text.startswith(REGEX):
        return Regex.of(text.removeprefix(REGEX), path)
    return Words.of((text,), fold=text == text.lower())


def typed(text: str, path: str) -> SearchPattern | None:
    """Return a pattern of words in any order and case, or of `re:`; None for no word.

    Raises `Invalid` with `path`.
    """
    if text.startswith(REGEX):
        return Regex.of(text.removeprefix(REGEX), path)
    words = tuple(text.split())
    return Words.of(words, fold=True) if words else None


def _literals(source: str) -> tuple[str, ...]:
    """Return substrings that every match must contain, where the syntax shows them."""
    if set(source) & set("|([{"):
        return ()
    text = _ESCAPED.sub("\0", source)
    found: list[str] = []
    for piece in _PLAIN.finditer(text):
        is_sure = text[piece.end() : piece.end() + 1] not in ("*", "?")
        found += grams((piece[0] if is_sure else piece[0][:-1]).lower())
    return tuple(dict.fromkeys(found))
