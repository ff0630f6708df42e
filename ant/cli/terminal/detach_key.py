r"""The key that detaches from a terminal, by its name and in what is typed.

Sans-io. A terminal sends such a key as one control byte, or as a sequence while a
program asked for the kitty keyboard or for xterm's `modifyOtherKeys`. Inside a
bracketed paste nothing is a key. Ctrl+[ is Escape, which begins each sequence, so it is
no such key.
"""

import re
from typing import Final

import attrs

DEFAULT: Final = "C-]"
VARIABLE: Final = "ANT_DETACH_KEY"

_NAME = re.compile(r"(?:\^|c-|ctrl[-+])([a-z@\\\]^_])", re.IGNORECASE)
_CTRL: Final = 4
_LOCKS: Final = (0, 64, 128, 192)
"""Caps lock and num lock, which the kitty keyboard reports, too."""

_PASTE_BEGIN, _PASTE_END = b"\x1b[200~", b"\x1b[201~"


@attrs.define
class DetachKey:
    """Finds a key in what is typed.

    It remembers the end of each piece, so it finds the markers of a paste that two
    pieces share. A key always comes in one piece.
    """

    _pattern: re.Pattern[bytes]
    _is_pasting: bool = False
    _tail: bytes = b""

    @classmethod
    def named(cls, name: str) -> "DetachKey":
        """The key with a name such as `C-]`, `ctrl+]` or `^]`. Raises `ValueError`."""
        found = _NAME.fullmatch(name)
        if found is None:
            raise ValueError(
                f"{name!r} is no key that can detach: use Ctrl with a letter or one of "
                r"@ \ ] ^ _, such as C-]."
            )
        char = found[1].lower()
        byte = ord(char.upper()) & 0x1F
        modifiers = b"|".join(b"%d" % (1 + _CTRL + locks) for locks in _LOCKS)
        code = b"%d" % ord(char)
        return cls(
            re.compile(
                rb"%b|\x1b\[%b(?::\d*)*;(?:%b)(?::1)?(?:;[\d:]*)?u|\x1b\[27;(?:%b);%b~"
                % (re.escape(bytes([byte])), code, modifiers, modifiers, code)
            )
        )

    def split(self, data: bytes) -> tuple[bytes, bool]:
        """What was typed before the key, and whether the key is in it."""
        at = 0
        while True:
            if self._is_pasting:
                end = self._find(_PASTE_END, data, at)
                if end is None:
                    break
                self._is_pasting, at = False, end
            key = self._pattern.search(data, at)
            begin = self._find(_PASTE_BEGIN, data, at)
            if key is not None and (begin is None or key.start() < begin):
                return data[: key.start()], True
            if begin is None:
                break
            self._is_pasting, at = True, begin
        self._tail = (self._tail + data)[1 - len(_PASTE_BEGIN) :]
        return data, False

    def _find(self, marker: bytes, data: bytes, at: int) -> int | None:
        """Where a marker ends in `data`; it may begin in the piece before."""
        if at:
            found = data.find(marker, at)
            return None if found < 0 else found + len(marker)
        found = (self._tail + data).find(marker)
        return None if found < 0 else found + len(marker) - len(self._tail)
