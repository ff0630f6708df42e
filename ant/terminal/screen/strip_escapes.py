"""The readable text of terminal output, without drawing it on a screen."""

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves.
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links, shell marks.
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC.
    r"|\x1b[ -/]*[0-~]"  # Two-character and charset sequences.
    r"|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]"  # Other controls, but ESC, tab, ends.
    r"|\x1b"  # An escape cut off by the end of the chunk.
)
_ERASED = re.compile(r"[^\r\n]*\r(?:\x1b\[[0-9;:]*m)*(?=\x1b\[[02]?K)|([^\r\n]+)")
"""A line that the program erases from its beginning, as progress bars do, or the text
of another line. Without the latter, the search would begin again at each character."""


def strip(data: bytes) -> str:
    """Return the text of a chunk without escape sequences and control characters.

    Tabs and newlines stay. If the program overwrites a line from its beginning, the
    result has the last text. Bytes that are not UTF-8 become U+FFFD. The time grows
    with the length only, since no other thread runs meanwhile.
    """
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    if "\r" not in text:
        return _ESCAPES.sub("", text)
    text = _ESCAPES.sub("", _ERASED.sub(r"\1", text))
    return "\n".join(map(_last_written, text.split("\n")))


def _last_written(line: str) -> str:
    kept: list[str] = []
    length = 0
    for part in reversed(line.split("\r")):
        if len(part) > length:
            kept.append(part[length:])
            length = len(part)
    return "".join(kept)
