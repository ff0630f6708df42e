"""How the client reaches a server with an event loop."""

import httpx
import pytest

import ant.client
from ant.client import ENDED, Disconnected, Unreachable
from ant.client.connections import connected


def test_what_has_ended() -> None:
    """Errors of this library and of httpx; made at the first use."""
    assert {Disconnected, httpx.ReadError} < set(ENDED)
    assert Unreachable not in ENDED
    with pytest.raises(AttributeError):
        ant.client.no_such_name  # noqa: B018  The access is the test.


@pytest.mark.parametrize(
    ("url", "expected"), [("http://127.0.0.1:1", False), ("http://192.0.2.1:1", True)]
)
def test_a_proxy_of_the_environment_is_for_others_only(
    url: str, expected: bool
) -> None:
    """It would receive the key on its way to this machine."""
    assert expected is connected(url, {}).trust_env
