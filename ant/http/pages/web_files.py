"""The files of the page, read once: content, compressed forms, type, and one hash.

The hash is in the path of every file (`web/HASH/PATH`), so a browser may keep a file
for ever: a changed file has another path. Names are looked up in a table of the files
that were read, so no path leads out of the folder.
"""

import functools
import gzip
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import attrs

import ant
from ant.http.pages.slim import SLIMMED, slim, small_name

FOLDER: Final = Path(ant.__file__).parent / "web"
"""The page's own files, and in `vendor/` those of third parties."""

STAMP: Final = "vendor/version"
"""The file that shows that the third-party files are complete."""

INDEX: Final = "index.html"

VENDOR: Final = "vendor"
"""The folder of third-party files, and in `own/` of small forms of our own."""

OWN: Final = "own"

TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""Files with another ending are not served: licenses and the stamp, for example."""

MISSING: Final = (
    "The page of ANT is not complete: its third-party files are not installed. Run "
    "`make vendor`, which needs npm, or PyPI and the npm registry; then restart ANT.\n"
)

HASH_LENGTH: Final = 16
"""Hex digits of the hash: enough that two versions of the page never share one."""


@attrs.frozen
class WebFile:
    """A file in memory."""

    content: bytes
    gzipped: bytes | None
    """The content as gzip; None if that is not smaller."""
    content_type: str
    brotli: bytes | None = None
    """The content as Brotli; None if nobody made it (`tools/vendor_web.py`)."""

    @property
    def least(self) -> bytes:
        """The smallest form, which a browser is sent that takes all of them."""
        return self.brotli or self.gzipped or self.content


@attrs.frozen
class WebFiles:
    """The files of the page by their path below its folder, with `/` in between."""

    hash: str
    """Changes with every name and every byte of the files."""
    files: Mapping[str, WebFile]
    index: WebFile | None
    """The first file of the page, with the prefix of all others in it. None if the
    page is not complete."""

    @property
    def prefix(self) -> str:
        """The beginning of the address of each file, relative to the page."""
        return f"web/{self.hash}"


def file_of(content: bytes, content_type: str, brotli: bytes | None = None) -> WebFile:
    """A file of this content; compresses it as gzip."""
    gzipped = gzip.compress(content, mtime=0)
    is_smaller = len(gzipped) < len(content)
    return WebFile(content, gzipped if is_smaller else None, content_type, brotli)


@functools.cache
def read_files(folder: Path = FOLDER) -> WebFiles:
    """Read the files of a folder; a second call returns the same ones."""
    contents = dict(_contents(folder))
    digest = hashlib.sha256()
    for name, (content, _) in contents.items():
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    found = digest.hexdigest()[:HASH_LENGTH]
    index, template = None, contents.pop(INDEX, None)
    if template is not None and (folder / STAMP).exists():
        text = template[0].replace(b"{{assets}}", f"web/{found}".encode())
        index = file_of(text, TYPES[".html"])
    files = {
        name: file_of(content, TYPES[Path(name).suffix], brotli)
        for name, (content, brotli) in contents.items()
    }
    return WebFiles(found, files, index)


def _contents(folder: Path) -> Iterator[tuple[str, tuple[bytes, bytes | None]]]:
    """Each file that may be served: its name, its content, and that as Brotli."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in name.parts)
        if path.suffix not in TYPES or not path.is_file() or is_hidden:
            continue
        if name.parts[:2] == (VENDOR, OWN):
            continue
        is_own = name.parts[0] != VENDOR and path.suffix in SLIMMED
        yield name.as_posix(), _small(folder, path) if is_own else _read(path)


def _small(folder: Path, path: Path) -> tuple[bytes, bytes | None]:
    """A file of ours: its small form, if that was made of what the file is now."""
    source = path.read_bytes()
    made = folder / VENDOR / small_name(path.name, source)
    return _read(made) if made.exists() else (slim(source.decode()).encode(), None)


def _read(path: Path) -> tuple[bytes, bytes | None]:
    compressed = path.with_name(f"{path.name}.br")
    return path.read_bytes(), compressed.read_bytes() if compressed.exists() else None
