"""The base path: a reverse proxy shows the server below a path such as `/ant`.

Some proxies remove that path from a request and others leave it. ANT takes both: it
removes the path where it is there, before anything else looks at the request.
"""

import re
from typing import Final, cast
from urllib.parse import urlsplit

from hypercorn.typing import (
    ASGIFramework,
    ASGIReceiveCallable,
    ASGISendCallable,
    Scope,
)

from ant.core.errors import Conflict

_FORM: Final = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)+")


def checked(base_path: str | None, public_url: str | None) -> str | None:
    """The base path without a slash at its end; None if there is none.

    Raises `Conflict` if it is no path, or not that of the public URL.
    """
    base = (base_path or "").rstrip("/")
    if base and _FORM.fullmatch(base) is None:
        raise Conflict(
            f"--base-path {base_path!r} is no path such as /ant: begin with a slash, "
            "and use letters, digits and . _ ~ - only."
        )
    if base and public_url and urlsplit(public_url).path.rstrip("/") != base:
        raise Conflict(
            f"--public-url {public_url} does not end with the base path {base}: give "
            "the whole URL at which others reach this server."
        )
    return base or None


def below(base: str | None, app: ASGIFramework) -> ASGIFramework:
    """The app, with its routes also below the base path."""
    if base is None:
        return app
    start = f"{base}/"

    async def without_base(
        scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable
    ) -> None:
        path = scope["path"] if scope["type"] != "lifespan" else ""
        if path == base and scope["type"] == "http":
            # The links of a page are relative, so its address must end with a slash.
            await _redirect(start, send)
            return
        if path.startswith(start):
            # `raw_path` is not read: a client may encode any letter of the base.
            scope = cast(Scope, {**scope, "path": path[len(base) :]})
        await app(scope, receive, send)

    return without_base


async def _redirect(location: str, send: ASGISendCallable) -> None:
    headers = [(b"location", location.encode()), (b"content-length", b"0")]
    await send(
        {
            "type": "http.response.start",
            "status": 308,
            "headers": headers,
            "trailers": False,
        }
    )
    await send({"type": "http.response.body", "body": b"", "more_body": False})
