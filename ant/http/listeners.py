"""What a server listens on by its settings: TCP, a Unix socket, TLS, and its URLs."""

import logging
from collections.abc import Iterable
from typing import Final

import attrs
import trio

from ant.config import SETTINGS, Config
from ant.core.errors import Conflict, Forbidden
from ant.core.ip_addresses import is_address, is_loopback
from ant.http.access.forwarded import Proxies
from ant.http.server import base_path, unix_socket
from ant.http.server.listener import address, open_listeners
from ant.http.server.tls import Certificate
from ant.http.server.unix_socket import UnixSocket

log = logging.getLogger(__name__)

_WILDCARDS: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""The address at which this machine reaches a listener on all addresses."""


@attrs.frozen
class Listeners:
    """The open listeners of a server, and the settings that belong to them.

    The `config` has the port that was bound and a checked base path.
    """

    config: Config
    tcp: list[trio.SocketListener]
    unix: UnixSocket | None
    certificate: Certificate | None

    @property
    def all(self) -> list[trio.SocketListener]:
        """The listeners, those of TCP first."""
        return [*self.tcp, *([self.unix.listener] if self.unix else [])]

    @property
    def shown(self) -> tuple[str, ...]:
        """The URLs to print at the start, that of TCP last."""
        unix = [f"unix:{self.unix.path}"] if self.unix else []
        return (*unix, *([self._url(self._host)] if self.tcp else []))

    @property
    def local_url(self) -> str:
        """The URL at which programs of this machine reach the server."""
        if not self.tcp:
            return f"unix:{self.config.uds}"
        return self._url(_WILDCARDS.get(self._host, self._host))

    @property
    def url(self) -> str:
        """The URL of links, and of `ANT_SERVER_URL` in terminals."""
        return self.config.public_url or self.local_url

    @property
    def ca(self) -> str:
        """The certificate that programs of this machine trust; empty without TLS."""
        return str(self.config.tls_cert) if self.certificate else ""

    @property
    def _host(self) -> str:
        return address(self.tcp)[0]

    def _url(self, host: str) -> str:
        scheme = "https" if self.certificate else "http"
        host = f"[{host}]" if ":" in host else host
        base = self.config.base_path or ""
        return f"{scheme}://{host}:{self.config.port}{base}"

    def warn_of_name(self) -> None:
        """Log a warning if programs in terminals will not accept the certificate."""
        if self.certificate is None or self.config.public_url or not self.tcp:
            return
        host = _WILDCARDS.get(self._host, self._host)
        if not self.certificate.covers(host):
            log.warning(
                "The certificate is not valid for %s, so `ant` in terminals cannot "
                "call this server: set --public-url to a URL with a name of the "
                "certificate.",
                host,
            )

    def close(self) -> None:
        """Close all, and remove the file of the Unix socket."""
        _close(self.tcp)
        if self.unix is not None:
            self.unix.remove()


def check(config: Config) -> tuple[Config, Certificate | None]:
    """The settings with a checked base path, and the certificate.

    Nothing is opened. Raises `Conflict` for settings that are wrong or do not fit
    together, and `Forbidden` for a public address without a key.
    """
    base = base_path.checked(config.base_path, config.public_url)
    Proxies(config.proxy)
    if config.tcp:
        check_hosts(config, filter(is_address, [config.host]))
    elif config.uds is None:
        raise Conflict("--no-tcp leaves nothing to listen on: give --uds PATH, too.")
    cert, key = config.tls_cert, config.tls_key
    if (cert is None) != (key is None):
        raise Conflict("--cert and --key belong together: give both.")
    if cert is not None and not config.tcp:
        raise Conflict("--cert is for --port, which --no-tcp leaves closed.")
    certificate = Certificate(cert, key) if cert and key else None
    return attrs.evolve(config, base_path=base), certificate


def check_hosts(config: Config, hosts: Iterable[str]) -> None:
    """Refuse addresses that others can reach without a key. Raises `Forbidden`."""
    if config.api_key or config.insecure or all(map(is_loopback, hosts)):
        return
    raise Forbidden(
        f"{config.host} can be reached from outside and no key is set: set "
        f"{SETTINGS['api_key'].variable}, listen on 127.0.0.1, or use --insecure."
    )


async def open_all(config: Config, certificate: Certificate | None) -> Listeners:
    """Listen on what checked settings say. Raises `Conflict` and `Forbidden`.

    *Cancellation:* leaves nothing open.
    """
    tcp = await _open_tcp(config) if config.tcp else []
    port = address(tcp)[1] if tcp else config.port
    try:
        unix = unix_socket.listen(config.uds) if config.uds is not None else None
    except Conflict:
        _close(tcp)
        raise
    return Listeners(attrs.evolve(config, port=port), tcp, unix, certificate)


async def _open_tcp(config: Config) -> list[trio.SocketListener]:
    try:
        listeners = await open_listeners(config.host, config.port)
    except OSError as exc:
        raise Conflict(
            f"Cannot listen on {config.host}:{config.port}: {exc.strerror or exc}."
        ) from exc
    try:
        # A name is as public as the addresses that it was resolved to.
        check_hosts(config, (e.socket.getsockname()[0] for e in listeners))
    except Forbidden:
        _close(listeners)
        raise
    return listeners


def _close(listeners: Iterable[trio.SocketListener]) -> None:
    for listener in listeners:
        listener.socket.close()
