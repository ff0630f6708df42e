"""The cookie of a sign-in."""

import httpx
import pytest

from ant.client.access.sign_in_cookie import take_token
from ant.core.errors import AntError


def test_the_cookie_is_taken() -> None:
    """It is no longer sent as one."""
    http = httpx.AsyncClient()
    http.cookies.set("other", "x")
    http.cookies.set("ant_device_1234", "ant_secret")
    assert "ant_secret" == take_token(http)
    assert not http.cookies
    with pytest.raises(AntError, match="without a cookie"):
        take_token(http)
