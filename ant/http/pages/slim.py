"""Makes the page's own scripts and styles small, without a bundler.

It removes comments that stand on lines of their own, blank lines, and the indentation.
So an error in a browser still names a line that reads as in the source.

Rule: a line that begins with `//`, `/*` or `*` outside of a comment is none of code
that this project writes; a test looks at every file. A text over several lines is HTML
or CSS, where indentation means nothing.
"""

from collections.abc import Iterator


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
