"""Tables and their widths."""

import pytest

from ant.cli.table import table, width


@pytest.mark.parametrize(
    ("text", "expected"), [("", 0), ("abc", 3), ("漢字", 4), ("e\u0301", 1), ("é", 1)]
)
def test_width(text: str, expected: int) -> None:
    """Wide characters take two columns, combining ones none."""
    assert expected == width(text)


def test_a_table() -> None:
    """Cells align, and none ends its line or the table."""
    rows = [("a", "b\nc", "x"), ("漢", "\x1b[1m", "")]
    assert ["a   b c        x", "漢  \\u001b[1m"] == list(table(rows))
    assert [] == list(table([]))
