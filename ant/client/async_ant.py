"""The library for trio: programs in terminals, and rooms."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from ant.client.async_handles import AsyncRoom, AsyncTerminal
from ant.client.default_client import DefaultClient
from ant.core import clock
from ant.core.errors import NotRunning
from ant.core.ip_addresses import is_loopback

if TYPE_CHECKING:
    from ant.client.json_rows import SessionRow

NAME_CHARS: Final = 60
"""Characters of a command in the name of its terminal."""


class AsyncAnt(DefaultClient):
    """A client of a server, and of its terminals and rooms: `async with AsyncAnt()`.

    Without arguments it finds the server and its key or token as the `ant` command
    does. In a terminal of ANT it is that terminal. `url` names another server, `on` one
    of `servers.toml`. `api_key` is the key or token to show. `sender` is the name that
    posts and answers have, unless a token says who they are from. `plain_http` allows
    to send a key over plain HTTP to another machine. `ca` is a file with a certificate
    of the server to trust, or of who signed it.

    Raises `WrongServer`, and later `Unreachable` where no server answers.
    """

    async def run(
        self,
        command: str | Sequence[str],
        *,
        name: str | None = None,
        cwd: str | os.PathLike[str] | None = None,
        env: dict[str, str] | None = None,
        **fields: Any,
    ) -> AsyncTerminal:
        """Start a program in a new terminal; returns the terminal.

        A list is the program and its arguments. A string is a command for `sh -c`.
        Without `cwd` the program starts in the folder of this process; on another
        machine, in the home of the server's user. Without `name` the terminal has that
        of the command. `fields` are further ones of `POST /api/sessions`, such as
        `cols`, `rows`, `ttl` and `host`.
        """
        argv = ["sh", "-c", command] if isinstance(command, str) else list(command)
        address = urlsplit(self.url)
        is_here = address.scheme == "unix" or is_loopback(address.hostname or "")
        if cwd is None and is_here:
            cwd = Path.cwd()
        if cwd is not None:
            fields["root_dir"] = os.fspath(cwd)
        if env is not None:
            fields["env"] = env
        row = await self.create(name or _name_of(command), command=argv, **fields)
        return AsyncTerminal(self, row, place="0")

    async def terminal(self, name: str) -> AsyncTerminal:
        """A terminal by its id, the beginning of its id, name or handle.

        Raises `NotFound`, `Ambiguous`, and `NotRunning` if it is a room.
        """
        row: SessionRow = await self.session(name)
        if row["type"] == "chat":
            raise NotRunning(f"{name!r} is a room, not a terminal.")
        return AsyncTerminal(self, row)

    async def new_room(self, name: str, **fields: Any) -> AsyncRoom:
        """Create a room; returns it. Raises `Conflict` if the name is taken."""
        return AsyncRoom(self, await self.create(name, "chat", **fields))

    async def find_room(self, name: str) -> AsyncRoom:
        """A room by its id, name or handle; for a terminal, its chat.

        Raises `NotFound` and `Ambiguous`.
        """
        return AsyncRoom(self, await self.room(name))


def _name_of(command: str | Sequence[str]) -> str:
    """A name for the terminal of a command; an id makes it the only one."""
    text = command if isinstance(command, str) else " ".join(command)
    words = " ".join("".join(filter(_is_plain, text)).split())
    return f"{words[:NAME_CHARS]} {clock.new_id()[:8]}".strip()


def _is_plain(char: str) -> bool:
    return char.isascii() and (char.isprintable() or char.isspace())
