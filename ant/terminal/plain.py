"""What a person reads in terminal bytes, as far as it is known without a screen."""

import re

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves.
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"  # OSC: titles, links, shell marks.
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\)?"  # DCS, SOS, PM, APC.
    r"|\x1b[ -/]*[0-~]"  # Two-character and charset sequences.
    r"|[\x00-\x08\x0b-\x1a\x1c-\x1f\x7f]"  # Other controls, but tab, newline and ESC.
    r"|\x1b"  # An escape cut off by the end of the chunk.
)


def strip(data: bytes) -> str:
    """The text of a chunk without escape sequences and control characters.

    Tabs and newlines stay. Bytes that are no UTF-8 become U+FFFD.
    """
    return _ESCAPES.sub("", data.decode("utf-8", "replace"))
