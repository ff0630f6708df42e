"""A client that finds its server, and raises errors of the library only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from ant.client.access import credentials
from ant.client.access.servers import WrongServer
from ant.client.ant_client import AntClient
from ant.client.errors import Unreachable
from ant.core.errors import AntError, Invalid, Unauthorized

if TYPE_CHECKING:
    import os


class DefaultClient(AntClient):
    """A client of the server that `ant` would call; `AsyncAnt` explains it."""

    def __init__(
        self,
        url: str | None = None,
        api_key: str | None = None,
        *,
        on: str | None = None,
        sender: str = "script",
        plain_http: bool = False,
        ca: str | os.PathLike[str] | None = None,
    ) -> None:
        if on is not None and url is not None:
            raise WrongServer("Give either a url or on=, not both.")
        found = credentials.find(
            on,
            url,
            key=api_key,
            plain_http=plain_http,
            ca=None if ca is None else Path(ca),
            sender=sender,
        )
        try:
            super().__init__(found.url, found.caller.key, ca=found.ca)
        except (httpx.InvalidURL, UnicodeError) as exc:
            raise WrongServer(f"{found.url!r} is not a URL: {exc}.") from exc
        self.sender = found.caller.sender
        self._withheld = found.caller.withheld

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.url!r})"

    async def _events_after(self, last: int, query: dict[str, str]) -> httpx.Response:
        """As that of `AntClient`, with errors of the library only."""
        try:
            return await super()._events_after(last, query)
        except httpx.TransportError as exc:
            raise self._unreachable(exc) from None

    async def _send(self, method: str, path: str, **settings: Any) -> Any:
        """As that of `AntClient`, with errors of the library only."""
        try:
            return await super()._send(method, path, **settings)
        except httpx.TransportError as exc:
            raise self._unreachable(exc) from None
        except Unauthorized as exc:
            if self._withheld:
                exc.args = (f"{exc} {self._withheld}",)
            raise

    def _unreachable(self, error: httpx.TransportError) -> AntError:
        if isinstance(error, httpx.LocalProtocolError):
            # Its text has the header, and so the key.
            return Invalid("The key or token of this client cannot be sent in a header")
        reason = str(error) or type(error).__name__
        return Unreachable(f"cannot reach {self.url}: {reason}")
