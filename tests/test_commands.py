"""What a caller may ask."""

import attrs
import pytest

from ant import commands
from ant.commands import Count, Range, Text

COMMANDS = [
    each
    for each in vars(commands).values()
    if isinstance(each, type) and attrs.has(each) and each.__module__ == "ant.commands"
]


@pytest.mark.parametrize("value", [1, 5, 10])
def test_both_ends_of_a_range_are_in_it(value: int) -> None:
    """From low to high."""
    Range(1, 10).check(value)


@pytest.mark.parametrize("value", [0, 11])
def test_a_range_names_its_ends(value: int) -> None:
    """And what came instead."""
    with pytest.raises(ValueError, match=rf"expected 1 to 10, got {value}"):
        Range(1, 10).check(value)


def test_text_has_a_length_and_a_form() -> None:
    """Counted in characters."""
    text = Text(1, 3, r"\A[a-z\u6f22]+\Z", "small letters")
    text.check("\u6f22\u6f22\u6f22")
    with pytest.raises(ValueError, match="1 to 3 characters, got 4"):
        text.check("abcd")
    with pytest.raises(ValueError, match="expected small letters"):
        text.check("A")
    with pytest.raises(ValueError, match="expected small letters"):
        text.check("a\n")


def test_a_count_is_a_bound() -> None:
    """Of a list or an object."""
    Count(2).check(("a", "b"))
    with pytest.raises(ValueError, match="at most 2 items, got 3"):
        Count(2).check(("a", "b", "c"))


def test_frames_are_listed_once() -> None:
    """By different types."""
    assert len(commands.FRAMES) == len({cls.type for cls in commands.FRAMES})


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.__name__)
def test_commands_are_frozen(command: type) -> None:
    """An ask does not change on its way."""
    name = attrs.fields(command)[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(command.__new__(command), name, None)
