"""Calls about drivers, against a real server."""

import pytest

from ant.core.errors import Invalid
from tests.live.server import worker_server

pytestmark = pytest.mark.slow


async def test_drivers_are_listed_reloaded_and_checked() -> None:
    """A mistake in a file is the server's sentence."""
    async with worker_server().client() as ant:
        page = await ant.drivers()
        assert "claude-code" in {each["name"] for each in page["drivers"]}
        again = await ant.reload_drivers()
        assert (0, page["folder"]) == (again["sessions"], again["folder"])
        session = await ant.create("talk", "chat")
        with pytest.raises(Invalid, match=r"a.toml: name: expected a text, got 1"):
            await ant.check_driver("name = 1", session["id"], "a.toml")
    worker_server().clear()
