"""What a person looks for, as something that can be found in lines.

Words are found wherever they stand; without a capital, whatever the case of what was
written. After `re:` it is a regular expression, read by RE2, whose time is that of the
text: no expression can make it slow.
"""

import re
from typing import Any, Protocol

import attrs

from ant.core.errors import Invalid
from ant.model.snippets import CONTEXT, WordMarker, around, cut

REGEX = "re:"

GRAM = 3
"""Characters in a row that an index knows."""

ROUND = 20
"""Characters that every text has more when it is weighed: the shortest is not best."""

MATCH = 10 * CONTEXT
"""Characters of a regular expression's match that a snippet shows."""

REASON = 200
"""Characters of what RE2 says of an expression that it does not read."""

_ESCAPED = re.compile(r"\\(?:[pP](?:\{\^?\w*\}|\w)|.)", re.DOTALL)
_TRICKY = re.compile(r"\\[AzQEC]|\(\?[a-zA-Z]*-")
"""What reads a text of several lines in another way than each of them."""
_PLAIN = re.compile(r"[A-Za-z0-9 _/:=,;<>@#%&!~'\"-]+")


class Pattern(Protocol):
    """Something to look for; `grams` are in all text that has it, or there are none."""

    @property
    def grams(self) -> tuple[str, ...]:
        """Three letters in a row each, for an index."""
        ...

    def find(self, text: str) -> tuple[int, int] | None:
        """Where it stands first in a line."""
        ...

    def may_be_in(self, text: str) -> bool:
        """Whether looking into each line of this text is worth it; quick."""
        ...

    def mark(self, text: str) -> str:
        """What stands around the first, all that is found there marked."""
        ...

    def weight(self, text: str) -> float:
        """How much of a text is what was looked for."""
        ...


def grams(text: str) -> tuple[str, ...]:
    """Every three letters in a row, of those that all know to have one case."""
    found = (text[at : at + GRAM] for at in range(len(text) - GRAM + 1))
    return tuple(
        dict.fromkeys(gram for gram in found if gram.isascii() and gram.isprintable())
    )


@attrs.frozen
class Words:
    """A line has all of them; `first` is what a snippet shows."""

    words: tuple[str, ...]
    fold: bool
    grams: tuple[str, ...]
    _marker: WordMarker

    @classmethod
    def of(cls, words: tuple[str, ...], fold: bool) -> "Words":
        """`fold`: whatever the case of what was written."""
        each = tuple(map(str.lower, words)) if fold else words
        all_grams = dict.fromkeys(gram for word in each for gram in grams(word))
        return cls(
            each,
            fold,
            tuple(all_grams),
            WordMarker.of(words, fold=fold),
        )

    def find(self, text: str) -> tuple[int, int] | None:
        """See `Pattern`."""
        if not self.may_be_in(text):
            return None
        return self._marker.find(text) or (0, 0)

    def may_be_in(self, text: str) -> bool:
        """See `Pattern`."""
        if self.fold:
            text = text.lower()
        return all(word in text for word in self.words)

    def mark(self, text: str) -> str:
        """See `Pattern`."""
        return self._marker.mark(text)

    def weight(self, text: str) -> float:
        """See `Pattern`."""
        return self._marker.count(text) / (len(text) + ROUND)


@attrs.frozen
class Regex:
    """A regular expression of RE2."""

    grams: tuple[str, ...]
    _each: Any
    _block: Any

    @classmethod
    def of(cls, source: str, path: str) -> "Regex":
        """Raises `Invalid`, with the path of what was asked, on one that is none."""
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
        """See `Pattern`."""
        found = self._each.search(text)
        return found.span() if found else None

    def may_be_in(self, text: str) -> bool:
        """See `Pattern`."""
        return self._block is None or self._block.search(text) is not None

    def mark(self, text: str) -> str:
        """See `Pattern`; only the first is marked."""
        low, high = self.find(text) or (0, 0)
        start, stop = around(text, low, min(high, low + MATCH))
        high = min(high, stop)
        marked = f"{text[start:low]}<mark>{text[low:high]}</mark>{text[high:stop]}"
        return cut(text, start, stop, marked)

    def weight(self, text: str) -> float:
        """See `Pattern`; only the first counts."""
        low, high = self.find(text) or (0, 0)
        return (high - low) / (len(text) + ROUND)


def smart(text: str, path: str) -> Pattern:
    """One phrase as it stands, or `re:`; raises `Invalid` naming `path`."""
    if text.startswith(REGEX):
        return Regex.of(text.removeprefix(REGEX), path)
    return Words.of((text,), fold=text == text.lower())


def typed(text: str, path: str) -> Pattern | None:
    """Words, each wherever it stands and whatever its case, or `re:`; None for none.

    Raises `Invalid` naming `path`.
    """
    if text.startswith(REGEX):
        return Regex.of(text.removeprefix(REGEX), path)
    words = tuple(text.split())
    return Words.of(words, fold=True) if words else None


def _literals(source: str) -> tuple[str, ...]:
    """Pieces that all that matches must have, as far as that is easy to tell."""
    if set(source) & set("|([{"):
        return ()
    text = _ESCAPED.sub("\0", source)
    found: list[str] = []
    for piece in _PLAIN.finditer(text):
        is_sure = text[piece.end() : piece.end() + 1] not in ("*", "?")
        found += grams((piece[0] if is_sure else piece[0][:-1]).lower())
    return tuple(dict.fromkeys(found))
