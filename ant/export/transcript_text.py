"""The readable text of a transcript: in documents, in bundles, and checked by verify.

A bundle has this text beside the bytes, and verify makes it again from them. So a
change of these rules needs a new version of the bundle.
"""

from collections.abc import Iterable

from ant.terminal.screen.strip_escapes import strip

TEXT_MAX = 1 << 20
"""Bytes of the transcript that a document has as text: the newest."""


def text_start(oldest: int, end: int) -> int:
    """Return the offset at which the text of a transcript begins."""
    return max(oldest, end - TEXT_MAX)


def text_of(chunks: Iterable[bytes]) -> str:
    """Return the text of consecutive chunks.

    Each piece ends with a line, so within no character and hardly any sequence.
    """
    text: list[str] = []
    held: list[bytes] = []
    for chunk in chunks:
        whole, end, rest = chunk.rpartition(b"\n")
        if end:
            text.append(strip(b"".join([*held, whole, end])))
            held.clear()
        held.append(rest)
    return "".join(text) + strip(b"".join(held))
