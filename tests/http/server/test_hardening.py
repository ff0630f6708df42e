"""Headers of every response."""

import h11
import pytest

from ant.http.server.hardening import HEADERS, hardened

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: x\r\n\r\n"


def headers_of(head: bytes) -> list[tuple[bytes, bytes]]:
    client = h11.Connection(h11.CLIENT)
    client.send(h11.Request(method="GET", target="/", headers=[("Host", "x")]))
    client.receive_data(head)
    response = client.next_event()
    assert isinstance(response, h11.Response)
    return list(response.headers)


def test_a_head_gets_all_of_them() -> None:
    """Behind its own."""
    assert [(b"content-type", b"x"), *HEADERS.items()] == headers_of(hardened(HEAD))


@pytest.mark.parametrize(
    "own", [b"Cache-Control: max-age=5", b"content-security-policy: default-src 'self'"]
)
def test_its_own_are_kept(own: bytes) -> None:
    """Each name is there once."""
    found = headers_of(hardened(HEAD[:-2] + own + b"\r\n\r\n"))
    name, _, value = own.lower().partition(b": ")
    assert HEADERS.keys() | {b"content-type"} == {each for each, _ in found}
    assert len(HEADERS) + 1 == len(found)
    assert value == dict(found)[name]
