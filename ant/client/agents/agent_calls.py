"""Calls of a client about agent CLIs: their drivers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any


class AgentCalls:
    """The part of a client that is about agent CLIs."""

    if TYPE_CHECKING:

        async def call(
            self, method: str, path: str, body: Any = None, **query: Any
        ) -> Any:
            """Send a request; its JSON response."""

    async def drivers(self) -> Any:
        """The drivers in use, the sessions that use them, and what is refused."""
        return await self.call("GET", "/api/drivers")

    async def reload_drivers(self) -> Any:
        """Have the operator's driver files read again; `sessions` took another one."""
        return await self.call("POST", "/api/drivers/reload")

    async def check_driver(
        self, content: str, session_id: str, file: str = "driver.toml"
    ) -> Any:
        """Try a driver file on the stored screens of a session."""
        body = {"content": content, "session_id": session_id, "file": file}
        return await self.call("POST", "/api/drivers/check", body)
