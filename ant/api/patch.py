"""Distinguishes a field that was left out from one that is null."""

from typing import Any, Final

import attrs


class Unset:
    """The value of a patch's field that the caller left out."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final[Any] = Unset()


def changes(patch: Any) -> dict[str, Any]:
    """The fields that a patch contains, with their values; null ones, too."""
    pairs = ((f.name, getattr(patch, f.name)) for f in attrs.fields(type(patch)))
    return {name: value for name, value in pairs if value is not UNSET}
