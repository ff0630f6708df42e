"""Handles: how a name becomes one, and how one is written."""

import pytest

from ant import handles


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("codex", "codex"),
        ("Codex CLI (2)", "codex-cli-2"),
        ("--a--", "a"),
        ("日本", ""),
        ("x" * 31 + " y", "x" * 31),
    ],
)
def test_a_name_becomes_a_slug(name: str, slug: str) -> None:
    """Small letters and digits, at most 32, no dash at either end."""
    assert slug == handles.slug(name)


@pytest.mark.parametrize("text", ["@ada", "ada", " ada "])
def test_a_handle_has_its_at(text: str) -> None:
    """However it was typed."""
    assert "@ada" == handles.normal(text)


@pytest.mark.parametrize(("text", "fits"), [("@a.b-c_9", True), ("@", False)])
def test_what_a_handle_may_look_like(text: str, fits: bool) -> None:
    """An at and something behind it."""
    assert fits == bool(handles.FORM.fullmatch(text))
