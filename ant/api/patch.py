"""A field that was left out, as different from one that is null."""

from typing import Any, Final

import attrs


class Unset:
    """What a field of a patch is when the caller did not name it."""

    def __repr__(self) -> str:
        return "UNSET"

    def __bool__(self) -> bool:
        return False


UNSET: Final[Any] = Unset()


def changes(patch: Any) -> dict[str, Any]:
    """The fields that a patch names, null ones too."""
    pairs = ((f.name, getattr(patch, f.name)) for f in attrs.fields(type(patch)))
    return {name: value for name, value in pairs if value is not UNSET}
