"""What a caller may ask."""

import attrs
import pytest

from ant import commands
from ant.commands import UNSET, PatchTask, changes

COMMANDS = [
    each
    for each in vars(commands).values()
    if isinstance(each, type) and attrs.has(each) and each.__module__ == "ant.commands"
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.__name__)
def test_commands_are_frozen(command: type) -> None:
    """An ask does not change on its way."""
    name = attrs.fields(command)[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(command.__new__(command), name, None)


def test_a_patch_tells_null_from_absent() -> None:
    """Only what was named is changed."""
    assert {} == changes(PatchTask())
    assert {"description": None} == changes(PatchTask(description=None))
    assert not UNSET
