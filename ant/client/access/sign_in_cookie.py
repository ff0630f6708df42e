"""The cookie of a sign-in, which a client shows as its token instead."""

import httpx

from ant.core.errors import AntError

_PREFIX = "ant_device_"
"""How the name of the cookie begins; the rest tells servers of one host apart."""


def take_token(http: httpx.AsyncClient) -> str:
    """The token in the cookie; the client keeps no cookie. Raises `AntError`."""
    found = [each.value for each in http.cookies.jar if each.name.startswith(_PREFIX)]
    http.cookies.clear()
    if not found or not found[0]:
        raise AntError("This is not an ANT server: it answers without a cookie.")
    return found[0]
