"""One-use codes that a browser exchanges for a sign-in.

A code is in memory only, and there as its hash. It is valid for `CODE_S`, and `take`
removes it in one step of the loop: of many exchanges at once, one gets it.
"""

import hashlib
from collections.abc import Callable
from typing import Final

import attrs

from ant.core import clock
from ant.core.counters import Limit, increment
from ant.core.errors import Unauthorized
from ant.model.access_tokens import AccessToken, Scope

CODE_S: Final = 60
"""Seconds that a code is valid: enough to open a link or to scan a QR code."""

CODES_MAX: Final = 64
"""Codes that wait at a time; beyond that the oldest is dropped."""

DEVICE_DAYS: Final = 90
"""Days until a browser has to sign in again, unless the code says otherwise."""


@attrs.frozen
class Waiting:
    """What a code is for. `by` is the token that asked for it; None: the operator."""

    label: str | None
    scopes: tuple[Scope, ...]
    expires_in: int
    """Seconds that the sign-in lasts."""
    by: AccessToken | None
    until: float
    """When the code expires, in monotonic seconds."""


class SignInCodes:
    """The codes that wait, by their hashes. Only the loop's thread uses it."""

    def __init__(self, now: Callable[[], float] = clock.monotonic) -> None:
        self._now = now
        self._waiting: dict[bytes, Waiting] = {}

    def make(
        self,
        label: str | None = None,
        scopes: tuple[Scope, ...] = tuple(Scope),
        expires_in: int = DEVICE_DAYS * 86400,
        by: AccessToken | None = None,
    ) -> str:
        """A new code; it is shown once."""
        now = self._now()
        self._waiting = {k: e for k, e in self._waiting.items() if e.until > now}
        if len(self._waiting) >= CODES_MAX:
            increment(Limit.SIGN_IN_CODES)
            del self._waiting[next(iter(self._waiting))]
        code = clock.new_secret()
        waiting = Waiting(label, scopes, expires_in, by, now + CODE_S)
        self._waiting[_digest(code)] = waiting
        return code

    def take(self, code: str) -> Waiting:
        """What a code is for; it is spent from now on. Raises `Unauthorized`."""
        waiting = self._waiting.pop(_digest(code), None)
        if waiting is None or waiting.until <= self._now():
            raise Unauthorized(
                f"This code is invalid: each is valid once, for {CODE_S} seconds. Get "
                "another one with `ant open`."
            )
        return waiting


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "surrogateescape")).digest()
