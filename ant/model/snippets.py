"""Snippets: the part of a text around a match, with each match marked.

Searches of messages and of transcripts make their snippets here.
"""

import re
from collections.abc import Sequence

import attrs

from ant.model.search_terms import SearchTerm

CONTEXT = 80
"""Characters on either side of the match. A text no longer than this is shown whole."""


@attrs.frozen
class WordMarker:
    """Finds words in a text and marks them in a snippet.

    A snippet shows the surroundings of the first word of the query, and marks each
    occurrence of every word there. To search a long text for hundreds of words at once
    takes seconds in which no other Python code runs, so only the first is searched for
    in the whole text.
    """

    _first: re.Pattern[str]
    _any: re.Pattern[str]

    @classmethod
    def of(cls, words: Sequence[str], *, fold: bool) -> "WordMarker":
        """A marker of these words or phrases, of which there is at least one.

        With `fold`, case does not matter. A `*` after a word has its meaning in a
        search: the marker marks the whole word.
        """
        flags = re.IGNORECASE if fold else 0
        sources = [SearchTerm.of(word).source for word in words]
        return cls(
            re.compile(sources[0], flags),
            re.compile("|".join(sources), flags),
        )

    def find(self, text: str) -> tuple[int, int] | None:
        """Return start and end of the first word's first occurrence."""
        match = self._first.search(text)
        return match.span() if match else None

    def mark(self, text: str) -> str:
        """Return the snippet; it shows the beginning where the first word is absent."""
        if len(text) <= CONTEXT:
            return self._any.sub(_marked, text)
        start, stop = around(text, *(self.find(text) or (0, 0)))
        marked = self._any.sub(_marked, text[start:stop])
        return cut(text, start, stop, marked)

    def count(self, text: str) -> int:
        """Return how many characters of the text are occurrences of the words."""
        return sum(map(len, self._any.findall(text)))


def _marked(match: re.Match[str]) -> str:
    return f"<mark>{match[0]}</mark>"


def around(text: str, low: int, high: int) -> tuple[int, int]:
    """Return where the snippet of a match at `low` to `high` starts and stops.

    `stop` may be beyond the end of the text.
    """
    if len(text) <= CONTEXT:
        return 0, len(text)
    return max(0, low - CONTEXT), high + CONTEXT


def cut(text: str, start: int, stop: int, marked: str) -> str:
    """Return a marked snippet with an ellipsis at each side where it omits text."""
    return f"{'…' if start else ''}{marked}{'…' if stop < len(text) else ''}"
