"""Cursors of waits."""

import pytest

from ant.model.waits import WaitCursor


@pytest.mark.parametrize(
    ("text", "offset", "number", "again"),
    [("4160.13", 4160, 13, "4160.13"), ("7", 7, None, "7.0"), ("0.0", 0, 0, "0.0")],
)
def test_a_cursor_is_text(
    text: str, offset: int, number: int | None, again: str
) -> None:
    """Read and written; an offset alone has no number."""
    cursor = WaitCursor.of(text)
    assert (offset, number, again) == (cursor.offset, cursor.number, str(cursor))
