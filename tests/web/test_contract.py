"""The contract in a browser."""

import pytest

from tests.web.browser import PHONE
from tests.web.conftest import Opener


@pytest.mark.slow
def test_the_contract_is_readable(window: Opener) -> None:
    """By a link of the contents, on a phone without scrolling sideways, and by axe."""
    watched = window()
    page = watched.open("/docs")
    page.get_by_role("link", name="Frames of /ws").click()
    assert page.url.endswith("/docs#frames")
    assert page.get_by_text("join_session", exact=True).first.is_visible()
    assert [] == watched.axe("header", "article:has(#post_message)")  # All takes long.
    small = window(**PHONE).open("/docs")
    wide, room = small.evaluate("[document.body.scrollWidth, innerWidth]")
    assert wide <= room
