"""`ant --operator VERB`: one call as the operator, from a terminal of ANT or elsewhere.

The operator types the key, or a one-use code. ANT keeps neither: not in a file, in an
argument or in the environment. A code becomes a sign-in, which ends with the call.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ant.core.errors import AntError, Unauthorized

if TYPE_CHECKING:
    from ant.client import AntClient

OPERATOR: Final = "ant.cli.operator"
"""The key in `click.Context.meta`: whether the call is one of the operator."""

SIGN_IN_S: Final = 86400
"""Seconds until the sign-in ends by itself, where the process is killed before."""

SIGN_OUT_S: Final = 5.0

_CODE: Final = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)
"""The form of a code: `core.clock.new_secret`."""

_NEITHER: Final = (
    "This is neither the operator's key nor a valid code. Each code is valid once, for "
    "a minute; `ant open --print` in a shell outside of ANT makes one."
)


def ask() -> str:
    """Ask for the key or a code on the terminal, without showing it.

    Raises `click.UsageError` where there is no terminal.
    """
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY))
    except OSError as exc:
        raise click.UsageError(
            "--operator asks for the key, so it needs a terminal. In a script, use "
            "--api-key-file or an access token."
        ) from exc
    answer: str = click.prompt(
        "Operator key, or a code of `ant open --print` (hidden)",
        hide_input=True,
        err=True,
    )
    typed = answer.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    # The code may come as the link that has it.
    return typed.strip().rpartition("/sign-in#")[2]


@asynccontextmanager
async def operator_client(
    url: str, secret: str, ca: Path | None
) -> AsyncIterator[AntClient]:
    """A client that calls as the operator, by a key or a code.

    Raises `Unauthorized` if the secret is neither.
    """
    from ant.client import AntClient

    token = None
    if _CODE.fullmatch(secret) is not None:
        async with AntClient(url, ca=ca) as ant:
            with suppress(Unauthorized):  # A key may have the form of a code.
                token = await ant.sign_in(
                    secret, "ant --operator", expires_in=SIGN_IN_S
                )
    async with AsyncExitStack() as stack:
        ant = await stack.enter_async_context(AntClient(url, token or secret, ca=ca))
        if token is None:
            await _check_key(ant)
        else:
            stack.push_async_callback(_sign_out, ant)
        yield ant


async def _sign_out(ant: AntClient) -> None:
    """End the sign-in. Where that fails, it ends by itself after `SIGN_IN_S`."""
    import httpx
    import trio

    with trio.move_on_after(SIGN_OUT_S), suppress(AntError, httpx.TransportError):
        await ant.sign_out()


async def _check_key(ant: AntClient) -> None:
    """Raise `Unauthorized` unless the client calls as the operator.

    A server without a key ignores one, and would take the call for its terminal's.
    """
    try:
        await ant.tokens()
    except AntError as exc:
        raise Unauthorized(_NEITHER) from exc
