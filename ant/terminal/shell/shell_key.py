"""The secret of one run's shell, and the one-time codes that it makes; sans-io.

The code of a number is SipHash-2-4 of that number. It is a keyed hash for short inputs:
a program that has seen any number of codes can compute no other. Shells compute it in
their own arithmetic (`rc.bash`, `rc.fish`, `zsh/.zshenv`).
"""

import functools
import struct

import attrs

KEY_BYTES = 16
"""The size of a SipHash key."""

_WORD = (1 << 64) - 1
_START = (
    0x736F6D6570736575,
    0x646F72616E646F6D,
    0x6C7967656E657261,
    0x7465646279746573,
)
_LENGTH = 8 << 56
"""SipHash's last block of an input of 8 bytes."""


@attrs.frozen(repr=False)
class ShellKey:
    """A key: two unsigned numbers of 64 bits."""

    first: int
    second: int

    @classmethod
    def of(cls, secret: bytes) -> "ShellKey":
        """The key in `KEY_BYTES` bytes."""
        return cls(*struct.unpack("<QQ", secret))

    def code(self, number: int) -> int:
        """The code of a number below 2^64, as an unsigned number of 64 bits."""
        words = self.first, self.second, self.first, self.second
        a, b, c, d = (word ^ start for word, start in zip(words, _START, strict=True))
        a, b, c, d = _rounds(a, b, c, d ^ number, 2)
        a, b, c, d = _rounds(a ^ number, b, c, d ^ _LENGTH, 2)
        a, b, c, d = _rounds(a ^ _LENGTH, b, c ^ 0xFF, d, 4)
        return a ^ b ^ c ^ d

    @property
    def text(self) -> str:
        """The line that the shell reads: its numbers as the shells need them.

        The complements of the two halves as signed numbers, behind a `~`: the shells
        take that for the half, and `ShellState.find_key` can search for that byte. Then
        the four quarters, higher ones first, for fish: its doubles hold 53 bits.
        """
        halves = struct.unpack("<qq", struct.pack("<QQ", self.first, self.second))
        quarters = (
            part
            for half in (self.first, self.second)
            for part in (half >> 32, half & 0xFFFFFFFF)
        )
        complements = (f"~{~half}" for half in halves)
        return " ".join([*complements, *map(str, quarters)]) + "\n"

    @functools.cached_property
    def needle(self) -> bytes:
        """What the output has wherever a shell prints the key."""
        return self.text.split(" ", 1)[0].encode()


def _rounds(a: int, b: int, c: int, d: int, count: int) -> tuple[int, int, int, int]:
    for _ in range(count):
        a = a + b & _WORD
        b = (b << 13 & _WORD | b >> 51) ^ a
        a = a << 32 & _WORD | a >> 32
        c = c + d & _WORD
        d = (d << 16 & _WORD | d >> 48) ^ c
        a = a + d & _WORD
        d = (d << 21 & _WORD | d >> 43) ^ a
        c = c + b & _WORD
        b = (b << 17 & _WORD | b >> 47) ^ c
        c = c << 32 & _WORD | c >> 32
    return a, b, c, d
