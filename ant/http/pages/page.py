"""Serves the page at `/`, its files below `/web/`, icon, manifest, and the contract.

None of them has data, so nobody needs a credential for them: the page of a browser that
is not signed in shows how to sign in. The files are in memory from the start of the
server. The contract is rendered when somebody first asks for it.
"""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Final

from quart import Response, request

from ant.core.errors import NotFound
from ant.http.pages.contract_page import POLICY as CONTRACT_POLICY
from ant.http.pages.contract_page import contract_page
from ant.http.pages.web_files import (
    HASH_LENGTH,
    MISSING,
    TYPES,
    WebFile,
    WebFiles,
    file_of,
)
from ant.runtime.system import System
from ant.store import Unit

FILES: Final = "/web/"
"""The beginning of the path of every file."""

POLICY: Final = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "font-src 'self'; style-src 'self' 'unsafe-inline'; manifest-src 'self'; "
    "base-uri 'none'; require-trusted-types-for 'script'; frame-ancestors 'none'; "
    "form-action 'self'"
)
"""What the page may do: run and load files of this server. xterm.js writes styles into
its elements, hence the one exception."""

KEPT: Final = "public, max-age=31536000, immutable"
"""Of a file whose path has its hash."""

ASKED: Final = "no-cache"
"""Of a file whose path stays the same: a browser asks each time whether it changed."""

ROOT_FILES: Final = {
    "/favicon.ico": "favicon.svg",
    "/favicon.svg": "favicon.svg",
    "/manifest.webmanifest": "manifest.webmanifest",
}
"""Files that browsers look for at the root, by their path."""

View = Callable[..., Awaitable[Response]]


def respond(file: WebFile, etag: str, caching: str, policy: str = POLICY) -> Response:
    """The response to the current request: a file, or that it is unchanged."""
    headers = {
        "Cache-Control": caching,
        "Content-Security-Policy": policy,
        "ETag": f'W/"{etag}"',  # Weak: the same for all encodings.
        "Vary": "Accept-Encoding",
    }
    if request.if_none_match.contains_weak(etag):
        return Response(b"", 304, headers)
    content = file.content
    # Browsers take Brotli from https and from this machine only.
    for encoding, encoded in (("br", file.brotli), ("gzip", file.gzipped)):
        if encoded is not None and request.accept_encodings.quality(encoding) > 0:
            content, headers["Content-Encoding"] = encoded, encoding
            break
    return Response(content, 200, headers, content_type=file.content_type)


def views(web_files: WebFiles) -> dict[str, View]:
    """The views of the page and its files by their paths; all are for GET."""

    async def show_page() -> Response:
        if web_files.index is None:
            return Response(MISSING, 503, content_type="text/plain; charset=utf-8")
        return respond(web_files.index, web_files.hash, ASKED)

    async def send_file(version: str, name: str) -> Response:
        file = web_files.files.get(name) if version == web_files.hash else None
        if file is None:
            raise NotFound(
                "file of the page", f"{version}/{name}", "Load the page again."
            )
        return respond(file, web_files.hash, KEPT)

    def root_file(name: str) -> View:
        async def send_root_file() -> Response:
            return respond(web_files.files[name], web_files.hash, ASKED)

        return send_root_file

    named = {
        path: root_file(name)
        for path, name in ROOT_FILES.items()
        if name in web_files.files
    }
    return {"/": show_page, f"{FILES}<version>/<path:name>": send_file, **named}


def contract_view(system: System) -> View:
    """The view of the contract for people, for GET."""
    has_key = system.config.api_key is not None
    rendered: list[tuple[WebFile, str]] = []

    def render(_: Unit) -> tuple[WebFile, str]:
        content = contract_page(has_key).encode()
        etag = hashlib.sha256(content).hexdigest()[:HASH_LENGTH]
        return file_of(content, TYPES[".html"]), etag

    async def show_contract() -> Response:
        if not rendered:  # It takes half a second, so not in the event loop.
            rendered.append(await system.journal.read_in_thread(render))
        return respond(*rendered[0], ASKED, CONTRACT_POLICY)

    return show_contract
