"""Makes the page's own scripts and styles small, without a bundler.

It removes comments that stand on lines of their own, blank lines, and the indentation.
So an error in a browser still names a line that reads as in the source. Where Node was
at hand, `tools/vendor_web.py` went further: it left a small form of each file, which
counts as long as its source is the same.

Rule: a line that begins with `//`, `/*` or `*` outside of a comment is none of code
that this project writes; a test looks at every file. A text over several lines is HTML
or CSS, where indentation means nothing.
"""

import hashlib
from collections.abc import Iterator
from pathlib import PurePath
from typing import Final

SLIMMED: Final = (".js", ".css")
"""The endings of files that are made small."""


def small_name(name: str, source: bytes) -> str:
    """The path of a file's small form, below the folder of third-party files."""
    path, digest = PurePath(name), hashlib.sha256(source).hexdigest()
    return f"own/{path.stem}.{digest[:16]}{path.suffix}"


def slim(text: str) -> str:
    """A script or a style without comments, blank lines and indentation."""
    return "".join(f"{line}\n" for line in _kept(text))


def _kept(text: str) -> Iterator[str]:
    is_comment = False
    for line in text.splitlines():
        bare = line.strip()
        if is_comment:
            is_comment = not bare.endswith("*/")
        elif bare.startswith("/*"):
            is_comment = "*/" not in bare
            if not is_comment and not bare.endswith("*/"):
                yield bare
        elif bare and not bare.startswith("//"):
            yield bare
