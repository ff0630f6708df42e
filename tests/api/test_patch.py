"""Fields that are left out, and fields that are null."""

from ant.api.patch import UNSET, changes
from ant.api.room_requests import PatchTask


def test_a_patch_distinguishes_null_from_absent() -> None:
    """`changes` has only the fields that the patch contains."""
    assert {} == changes(PatchTask())
    assert {"description": None} == changes(PatchTask(description=None))
    assert not UNSET
