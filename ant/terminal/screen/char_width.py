"""The width of a character in columns, as terminals draw it."""

import functools
import unicodedata
from typing import Final

CACHED: Final = 4096
"""Characters whose width the cache holds: a screen repeats a few of them."""

_NO_WIDTH = frozenset(["Mn", "Me", "Cf", "Zl", "Zp"])
_VISIBLE = frozenset(
    "\xad\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2"
    "\ufff9\ufffa\ufffb\U000110bd\U000110cd"
)
"""Format characters (Cf) that terminals draw."""

_JAMO = ("\u1160", "\u11ff")
"""The first and last vowel or final consonant that joins a Hangul syllable."""


@functools.lru_cache(CACHED)
def char_width(char: str) -> int:
    """Return the columns of a character: 0 for an accent, 2 for a wide one, else 1."""
    if char in _VISIBLE:
        return 1
    if unicodedata.category(char) in _NO_WIDTH or _JAMO[0] <= char <= _JAMO[1]:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
