"""How a client reaches a server: by TCP, with TLS or without, or by a Unix socket."""

from __future__ import annotations

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import attrs
import httpx
import trio

from ant.core.errors import AntError, Forbidden
from ant.core.ip_addresses import is_loopback

if TYPE_CHECKING:
    from trio_websocket import WebSocketConnection

CONNECT_S = 10.0
"""Timeout of a WebSocket handshake: a server that died during one never responds."""

UNIX = "unix:"
"""How the URL of a Unix socket begins. The rest is the path of the socket."""

_HOST = "localhost"
"""The Host header on a Unix socket, which has no name."""


@attrs.frozen
class Address:
    """The address of a server. `socket` is the path of a Unix socket, or None."""

    base_url: str
    socket: str | None
    _is_local: bool
    _context: ssl.SSLContext | None

    @classmethod
    def of(cls, url: str, ca: Path | None = None) -> Self:
        """The address in a URL; `ca` has certificates to trust besides.

        Raises `AntError` if that file cannot be used, and `httpx.InvalidURL`.
        """
        if url.startswith(UNIX):
            return cls(f"http://{_HOST}", url.removeprefix(UNIX), True, None)
        parts = httpx.URL(url)
        is_tls = parts.scheme == "https"
        return cls(url, None, is_loopback(parts.host), _context(ca) if is_tls else None)

    def settings(self) -> dict[str, Any]:
        """The arguments of `httpx.AsyncClient` for this address."""
        if self.socket is not None:
            transport = _UnixTransport(self.socket)
            return {"transport": transport, "trust_env": False}
        # A proxy of the environment would receive the key on its way to this machine.
        # Without TLS nothing is verified: to read all authorities takes half of a call.
        return {"trust_env": not self._is_local, "verify": self._context or False}

    def websocket(
        self, path: str, **settings: Any
    ) -> AbstractAsyncContextManager[WebSocketConnection]:
        """Open a WebSocket at a path of the server; `settings` as in trio-websocket."""
        from trio_websocket import open_websocket_url

        if self.socket is not None:
            return self._unix_websocket(self.socket, path, **settings)
        return open_websocket_url(
            self.base_url.replace("http", "ws", 1) + path,
            ssl_context=self._context,
            connect_timeout=CONNECT_S,
            **settings,
        )

    @asynccontextmanager
    async def _unix_websocket(
        self, socket: str, path: str, **settings: Any
    ) -> AsyncIterator[WebSocketConnection]:
        from trio_websocket import ConnectionTimeout, HandshakeError, wrap_client_stream

        try:
            async with trio.open_nursery() as nursery:
                try:
                    with trio.fail_after(CONNECT_S):
                        _check_owner(socket)
                        stream = await trio.open_unix_socket(socket)
                        connection = await wrap_client_stream(
                            nursery, stream, _HOST, path, **settings
                        )
                except trio.TooSlowError:
                    raise ConnectionTimeout from None
                except OSError as exc:
                    raise HandshakeError from exc
                try:
                    yield connection
                finally:
                    with trio.move_on_after(CONNECT_S):
                        await connection.aclose()
        except BaseExceptionGroup as group:
            raise _most_important(group) from None


class _UnixTransport(httpx.AsyncHTTPTransport):
    """Requests over a Unix socket, after a look at who made it."""

    def __init__(self, socket: str) -> None:
        super().__init__(verify=False, uds=socket)
        self._socket = socket

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        _check_owner(self._socket)
        return await super().handle_async_request(request)


def _check_owner(socket: str) -> None:
    """Refuse a socket that another user put in the place of the server's.

    That user would receive the key. Root may call servers of others: then the socket
    is in a folder of the same user. Raises `Forbidden`.
    """
    path = Path(socket).absolute()
    try:
        owner, us = path.stat().st_uid, os.geteuid()
        trusted = {us, 0} if us else {0, path.parent.stat().st_uid}
    except OSError:
        return  # To connect fails, too, and says why.
    if owner not in trusted:
        raise Forbidden(
            f"The socket {path} belongs to uid {owner}, who is not you, so the key is "
            "not shown there: look who made it, and name the socket of your server."
        )


def _most_important(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The error of the caller or of the connection, not a cancellation if possible."""
    errors = sorted(group.exceptions, key=lambda e: isinstance(e, trio.Cancelled))
    return errors[0]


def distrust(error: BaseException) -> str | None:
    """Why the certificate of a server is not trusted; None for any other error."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message.rstrip(".")
            return f"its certificate is not trusted ({why}); --ca FILE trusts one"
        if isinstance(cause, ssl.SSLError) and cause.reason == "WRONG_VERSION_NUMBER":
            return "it speaks plain http, not https"
        cause = cause.__cause__ or cause.__context__
    return None


def _context(ca: Path | None) -> ssl.SSLContext:
    """The authorities of the system and those in a file. Raises `AntError`."""
    context = httpx.create_ssl_context()
    if ca is not None:
        # A certificate in the file counts by itself, whoever signed it.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            context.load_verify_locations(cafile=ca)
        except OSError as exc:
            raise AntError(
                f"{ca} has no certificates that can be read: {exc.strerror or exc}."
            ) from exc
    return context
