"""Requests about access tokens and sign-ins."""

from typing import Annotated

import attrs

from ant.api.constraints import Count, Range, SessionName, Text, Title
from ant.model.access_tokens import Scope

YEARS_S = 10 * 366 * 86400
"""Ten years in seconds: who wants more wants a token that does not expire."""

Seconds = Annotated[int, Range(1, YEARS_S)]


@attrs.frozen
class CreateToken:
    """An access token to make."""

    label: Title
    """What the token is for, such as `CI` or `phone`."""
    scopes: Annotated[tuple[Scope, ...], Count(5)]
    """What the token may do: one scope at least."""
    session_id: SessionName | None = None
    """The terminal or room that the token is limited to. Null: it is not limited."""
    expires_in: Seconds | None = None
    """Seconds until the token expires. Null: it does not expire."""


@attrs.frozen
class CreateSignInCode:
    """A code to make, with which one browser can sign in."""

    label: Title | None = None
    """The name of the device. Null: the browser names itself."""
    scopes: Annotated[tuple[Scope, ...], Count(5)] = tuple(Scope)
    """What the browser may do. All scopes if left out."""
    expires_in: Seconds = 90 * 86400
    """Seconds until the browser has to sign in again."""


@attrs.frozen
class SignIn:
    """A one-use code, to be exchanged for a sign-in."""

    code: Annotated[str, Text(1, 128)]
    """The code of the link."""
    label: Title | None = None
    """How the browser names itself, if the code has no label."""
    expires_in: Seconds | None = None
    """Seconds that the sign-in lasts, at most as many as the code allows. Null: those
    of the code."""
