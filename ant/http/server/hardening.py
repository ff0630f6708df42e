"""Headers of every response, which tell a browser what it must not do with it.

Nothing that ANT serves is for another site: no page may read it, embed it, run it or
keep it. The headers are bytes that are added to a finished head, since h11 would check
each of them anew for every response.
"""

from typing import Final

HEADERS: Final = {
    # A browser does not guess another type than the one that is named.
    b"x-content-type-options": b"nosniff",
    # No page of another origin may load it, as a script or a picture for example.
    b"cross-origin-resource-policy": b"same-origin",
    # A page of another origin that opened it cannot hold on to its window.
    b"cross-origin-opener-policy": b"same-origin",
    # Transcripts and messages stay in no cache, of a browser or a proxy.
    b"cache-control": b"no-store",
    # A link in it does not carry its address, which may have a key in it.
    b"referrer-policy": b"no-referrer",
    # It runs and loads nothing, and no page may show it in a frame.
    b"content-security-policy": b"default-src 'none'; frame-ancestors 'none'",
    # The same for browsers that do not know frame-ancestors.
    b"x-frame-options": b"DENY",
}
"""A response with a Cache-Control or Content-Security-Policy of its own keeps it."""

_LINES: Final = {
    b"\r\n" + name + b":": name + b": " + value + b"\r\n"
    for name, value in HEADERS.items()
}
_BLOCK: Final = b"".join(_LINES.values())
_OWN: Final = (b"\r\ncache-control:", b"\r\ncontent-security-policy:")


def hardened(head: bytes) -> bytes:
    """The head of a response, up to its empty line, with the headers that it lacks."""
    lower = head.lower()
    if any(start in lower for start in _OWN):
        block = b"".join(line for start, line in _LINES.items() if start not in lower)
    else:
        block = _BLOCK
    return head[:-2] + block + b"\r\n"
