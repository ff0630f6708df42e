"""Rows of keys, and rows of a status."""

import pytest

from ant.terminal.layout.hints import (
    COUNT,
    is_dialog_hint,
    is_footer,
    is_key_row,
    is_leaving_hint,
    is_status,
    is_taking_hint,
)
from tests.terminal.drawn import look_at


@pytest.mark.parametrize(
    ("row", "takes", "leaves"),
    [
        ("Enter to select · Esc to cancel", True, True),
        ("↑↓ navigate  enter select  esc cancel", True, True),
        ("(Use Enter to select)", True, False),
        ("Press Esc to go back", False, True),
        ("escape: close", False, True),
        ("⏎ confirm", True, False),
        ("? for shortcuts", False, False),
        ("esc to interrupt", False, False),
        ("Enter a name", False, False),
    ],
)
def test_the_keys_of_a_dialog(row: str, takes: bool, leaves: bool) -> None:
    """Enter takes an option, and Escape leaves; a key to interrupt is no such hint."""
    assert (takes, leaves) == (is_taking_hint(row), is_leaving_hint(row))
    assert (takes or leaves) is is_dialog_hint(row)


@pytest.mark.parametrize(
    ("row", "is_keys"),
    [
        ("↑/↓ move · enter select", True),
        ("  Use arrows, Enter to select", True),
        ("enter confirm · esc cancel", True),
        ("Enter a new name", False),
        ("Escape", False),
        ("Yes (enter)", False),
        ("Shift the tab to the left", True),
    ],
)
def test_a_row_of_keys_is_no_option(row: str, is_keys: bool) -> None:
    """It begins with a key and names two."""
    assert is_keys is is_key_row(row)


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ("~/demo (main)", True),
        ("0.0%/200k (auto)          model", True),
        ("model · high", True),
        ("\x1b[2mnothing else\x1b[m", True),
        ("So I wait.", False),
        ("So I wait", False),
        ("Is it ~/demo?", False),
    ],
)
def test_a_status_is_no_sentence(row: str, status: bool) -> None:
    """A folder, a share, several parts, or all of it faint."""
    assert status is is_status(look_at(row), 0)


def test_counts_of_long_lists() -> None:
    """With brackets or without."""
    assert all(map(COUNT.fullmatch, ("  3/20", "(3/20)", " [1 of 3]")))
    assert not any(map(COUNT.fullmatch, ("3", "(3)", "a/b", "3/20 rows")))
    assert is_footer(look_at("  (1/3)", "x"), 0)
