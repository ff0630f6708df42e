"""Driver files as plain data."""

import re
from pathlib import Path

import pytest

from ant.terminal.agents.driver_files import driver_files


def test_files_are_read_in_the_order_of_their_names(folder: Path) -> None:
    """Only `*.toml` counts; the tables are what the files contain."""
    (folder / "b.toml").write_text('name = "first"\nprograms = ["x"]\n')
    (folder / "a.toml").write_text('name = "second"\n')
    (folder / "README.md").write_text("not a driver")
    expected = [
        ("a.toml", {"name": "second"}),
        ("b.toml", {"name": "first", "programs": ["x"]}),
    ]
    assert expected == list(driver_files().items())


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("name = ", "a.toml: Invalid value"),
        ("name = " + "[" * 100_000, "a.toml: it is nested too deep"),
        ("name = " + "9" * 5_000, "a.toml: Exceeds the limit"),
        ('programs = ["a"]', "a.toml: the key `name` is missing"),
        ('name = ""', "a.toml: the key `name` is missing"),
    ],
)
def test_a_bad_file_is_named(folder: Path, text: str, error: str) -> None:
    """A file that is not TOML, or that names no driver."""
    (folder / "a.toml").write_text(text)
    with pytest.raises(ValueError, match=re.escape(error)):
        driver_files()
