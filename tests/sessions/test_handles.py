"""Handles from names."""

import pytest

from ant.sessions import handles


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
    """Lower-case letters and digits, at most 32, no dash at either end."""
    assert slug == handles.slug(name)
