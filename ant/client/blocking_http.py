"""HTTP over a blocking socket, for short calls to a server of this machine.

To import `httpx` and `trio` takes most of the time of a short command. A verb that
makes some calls one after the other needs neither. Its coroutine is the same, and it
never waits for an event loop: `run_blocking` runs it to its end.

Rule: this transport is for plain HTTP to loopback only. So it needs no TLS and no
proxy, and a key never leaves the machine.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Coroutine, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode, urlsplit

import h11

from ant.client.errors import Unreachable
from ant.core.errors import AntError
from ant.core.ip_addresses import is_loopback

T = TypeVar("T")

TIMEOUT_S: Final = 30.0
"""Timeout of a response; the server responds to an input within 5 s."""

CONNECT_S: Final = 5.0
"""Timeout of a connection: on this machine the kernel makes one at once."""

READ_BYTES: Final = 65536

_SAFE: Final = "/%:@!$&'()*+,;=~"
"""Characters of a path that stay as they are; others are percent-encoded."""


class Response:
    """A response that was read to its end."""

    def __init__(self, status_code: int, content: bytes) -> None:
        self.status_code, self.content = status_code, content

    @property
    def is_error(self) -> bool:
        """Whether the server refused, or failed."""
        return self.status_code >= 400

    @property
    def is_success(self) -> bool:
        """Whether the server did what it was asked."""
        return 200 <= self.status_code < 300

    @property
    def text(self) -> str:
        """The body as text; bytes that are not UTF-8 become U+FFFD."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON. Raises `ValueError`."""
        return json.loads(self.content)


def fits(url: str) -> bool:
    """Whether this transport can call a server: by plain HTTP, on this machine."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.scheme.lower() == "http" and "@" not in parts.netloc
    return is_plain and port != 0 and is_loopback(parts.hostname or "")


class BlockingHttp:
    """Calls one server, over one connection after the other.

    It has the part of `httpx.AsyncClient` that `AntClient.call` uses. `fits(url)` must
    hold. One caller at a time.
    """

    def __init__(self, url: str, headers: Mapping[bytes, bytes]) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        self._path = parts.path.rstrip("/")
        self._headers = [
            (b"Host", parts.netloc.encode("ascii", "replace")),
            (b"Accept", b"application/json"),
            (b"User-Agent", b"ant"),
            *headers.items(),
        ]
        self._socket: socket.socket | None = None
        self._connection = h11.Connection(h11.CLIENT)

    async def aclose(self) -> None:
        """Close the connection."""
        self._close()

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = TIMEOUT_S,
    ) -> Response:
        """Send a request and read its response.

        `timeout` bounds each wait for a byte. Raises `Unreachable`, and `AntError` for
        a header that cannot be sent, such as a key with a control character.
        """
        body, fields = content, [*self._headers, *_encoded(headers)]
        if json is not None:
            body = _dumps(json)
            fields.append((b"Content-Type", b"application/json"))
        if body is not None or method != "GET":
            body = body or b""
            fields.append((b"Content-Length", str(len(body)).encode()))
        target = self._path + quote(path, safe=_SAFE)
        if params:
            target += f"?{urlencode(_pairs(params))}"
        try:
            request = h11.Request(method=method, target=target, headers=fields)
        except (
            h11.LocalProtocolError
        ) as exc:  # Its text has the header, and so the key.
            raise AntError(
                "The key or token of this call cannot be sent in a header."
            ) from exc
        is_done = False
        try:
            response = self._exchange(request, body or b"", timeout)
            is_done = True
        except (OSError, h11.RemoteProtocolError) as exc:
            said = getattr(exc, "strerror", None) or str(exc) or type(exc).__name__
            is_late = isinstance(exc, TimeoutError)
            reason = f"no answer within {timeout:g} s" if is_late else said
            raise Unreachable(reason) from exc
        finally:
            if not is_done:  # Ctrl-C, too: the rest of an answer would come first.
                self._close()
        return response

    def _exchange(self, request: h11.Request, body: bytes, timeout: float) -> Response:
        if self._socket is None or self._connection.our_state is not h11.IDLE:
            self._close()
            self._connection = h11.Connection(h11.CLIENT)
            self._socket = socket.create_connection(self._address, CONNECT_S)
        connection, peer = self._connection, self._socket
        peer.settimeout(timeout)
        events: list[h11.Event] = [request, *([h11.Data(data=body)] if body else [])]
        for part in (*events, h11.EndOfMessage()):
            peer.sendall(connection.send(part) or b"")
        status, parts = 0, []
        while True:
            event: Any = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(peer.recv(READ_BYTES))
            elif isinstance(event, h11.Response):
                status = event.status_code
            elif isinstance(event, h11.Data):
                parts.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                break
            elif event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                raise Unreachable("the connection has ended")
        if connection.our_state is h11.DONE and connection.their_state is h11.DONE:
            connection.start_next_cycle()
        return Response(status, b"".join(parts))

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None


def run_blocking(call: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never waits for an event loop; return its result.

    Raises what it raises, and `RuntimeError` if it does wait.
    """
    try:
        call.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    call.close()
    raise RuntimeError("This call waits for an event loop, and none runs.")


def _dumps(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _encoded(headers: Mapping[str, str] | None) -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in (headers or {}).items()]


def _pairs(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and values of a query; a list has a pair for each of its items."""
    pairs = []
    for name, value in params.items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, _text(each)) for each in values]
    return pairs


def _text(value: Any) -> str:
    """A value of a query, spelled as `httpx` does."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
