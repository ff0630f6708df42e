"""The page that exchanges a code."""

import base64
import hashlib
import re

from ant.http.pages.sign_in_page import _HTML, POLICY


def test_the_policy_allows_what_the_page_has() -> None:
    """Its one script and its one style, by their hashes; nothing is loaded."""
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", _HTML, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in POLICY
    assert not re.search(r"\b(src|href|on\w+)=", _HTML)


def test_a_text_of_the_server_is_no_markup() -> None:
    """A label or an error is set as text."""
    assert "innerHTML" not in _HTML
    assert "textContent" in _HTML
