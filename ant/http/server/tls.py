"""TLS of accepted connections: encrypted bytes in, plain bytes out, and back.

This uses no stream: the connection keeps its own reads and writes, with their
deadlines. OpenSSL does the work. It takes about a millisecond for a handshake.
"""

import logging
import ssl
from contextlib import suppress
from pathlib import Path
from typing import Final

from ant.core import clock
from ant.core.errors import Conflict
from ant.core.log_rate import FailureLog

log = logging.getLogger(__name__)

MAX_PLAIN: Final = 1 << 16
"""Bytes that one call of OpenSSL decrypts; a record has at most 16 KiB."""

CHECK_S: Final = 60.0
"""Seconds until ANT looks again whether the files were renewed."""

PLAIN_HTTP: Final = frozenset({"HTTP_REQUEST", "HTTPS_PROXY_REQUEST"})
"""Reasons of OpenSSL for a client that speaks plain HTTP."""


class TlsError(Exception):
    """The client does not speak TLS, or not as this server does.

    `is_plain_http`: it sent a request without TLS.
    """

    def __init__(self, error: ssl.SSLError) -> None:
        self.is_plain_http = error.reason in PLAIN_HTTP
        super().__init__(error.reason or str(error))


class Certificate:
    """The certificate of the server and its private key, in two PEM files.

    When the files change, new connections get the new certificate. While those do not
    fit together, they get the old one.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        """Read the files. Raises `Conflict` with the reason if they are of no use."""
        self._cert, self._key = cert, key
        self._failures = FailureLog(log, "The renewed certificate is not used")
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.options |= ssl.OP_NO_RENEGOTIATION
        self._context.set_alpn_protocols(["http/1.1"])
        self._stamp = self._read_stamp()
        self._load(self._context)
        self._checked_at = clock.monotonic()

    def session(self) -> "TlsSession":
        """The TLS of a new connection."""
        self._renew()
        return TlsSession(self._context)

    def covers(self, host: str) -> bool:
        """Whether a client that trusts the certificate accepts it for this host."""
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        try:
            client.load_verify_locations(cafile=self._cert)
            return _accepts(client, TlsSession(self._context), host)
        except (ssl.SSLError, OSError, ValueError):
            return False

    def _renew(self) -> None:
        now = clock.monotonic()
        if now < self._checked_at + CHECK_S:
            return
        self._checked_at = now
        try:
            stamp = self._read_stamp()
            if stamp != self._stamp:
                # A context that was half changed has no pair, so it is a new one.
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._load(context)
                self._load(self._context)
                self._stamp = stamp
        except Conflict as exc:
            self._failures.failed(exc)

    def _read_stamp(self) -> tuple[tuple[int, int, int], ...]:
        """What changes when the files do. Raises `Conflict`."""
        found = []
        for path in (self._cert, self._key):
            try:
                stat = path.stat()
            except OSError as exc:
                raise Conflict(f"{path} cannot be read: {exc.strerror}.") from exc
            found.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
        return tuple(found)

    def _load(self, context: ssl.SSLContext) -> None:
        for path in (self._cert, self._key):
            try:
                with path.open("rb"):
                    pass
            except OSError as exc:
                raise Conflict(f"{path} cannot be read: {exc.strerror}.") from exc
        try:
            context.load_cert_chain(self._cert, self._key, password=_no_password)
        except _Encrypted as exc:
            raise Conflict(
                f"The key {self._key} is encrypted; give one without a passphrase, "
                "in a file that only its owner can read."
            ) from exc
        except ssl.SSLError as exc:
            if exc.reason == "KEY_VALUES_MISMATCH":
                raise Conflict(
                    f"The key {self._key} does not belong to the certificate "
                    f"{self._cert}: give the key that it was made with."
                ) from exc
            raise Conflict(
                f"{self._cert} and {self._key} are not a certificate and its private "
                f"key in PEM form ({exc.reason or 'unknown content'})."
            ) from exc


class _Encrypted(Exception):
    pass


def _no_password() -> str:
    """Keep OpenSSL from asking for a passphrase on the terminal."""
    raise _Encrypted


class TlsSession:
    """The TLS of one connection. The first bytes from the client begin it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._received, self._to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._received, self._to_send, server_side=True)
        self._is_ready = self.is_ended = False

    def decrypt(self, data: bytes) -> bytes:
        """The plain bytes that are complete with these; then send `pending`.

        `is_ended` says that the client has ended its side. Raises `TlsError`.
        """
        self._received.write(data)
        plain = []
        try:
            if not self._is_ready:
                self._tls.do_handshake()
                self._is_ready = True
            while part := self._tls.read(MAX_PLAIN):
                plain.append(part)
            self.is_ended = True
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.is_ended = True
        except ssl.SSLError as exc:
            raise TlsError(exc) from exc
        return b"".join(plain)

    def encrypt(self, data: bytes) -> bytes:
        """The bytes to send for `data`, after those that `pending` would return.

        Call it in the order of sending. Before the handshake there is nothing to send.
        """
        if self._is_ready and data:
            self._tls.write(data)
        return self.pending()

    @property
    def has_pending(self) -> bool:
        """Whether bytes of TLS itself wait to be sent."""
        return self._to_send.pending > 0

    def pending(self) -> bytes:
        """Those bytes; the next `encrypt` returns them, too."""
        return self._to_send.read()

    def end(self) -> bytes:
        """The bytes that say that nothing more comes."""
        if self._is_ready:
            with suppress(ssl.SSLError):
                self._tls.unwrap()
        return self.pending()


def _accepts(context: ssl.SSLContext, server: TlsSession, host: str) -> bool:
    """Whether a client completes a handshake with this server in memory."""
    received, to_send = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(received, to_send, server_hostname=host)
    for _ in range(8):  # TLS takes three exchanges at most.
        try:
            client.do_handshake()
            return True
        except ssl.SSLWantReadError:
            pass
        with suppress(TlsError):
            server.decrypt(to_send.read())
        received.write(server.pending())
    return False
