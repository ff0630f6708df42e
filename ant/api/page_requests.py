"""Queries for a page of a list."""

from typing import Annotated, Final

import attrs

from ant.api.constraints import (
    NO_NUL,
    Text,
)


@attrs.frozen
class ListAll:
    """A page of all rows: those after the row `after`, the `next` of the page before.

    That row may have been deleted since.
    """

    after: Annotated[str, Text(0, 1000, NO_NUL, "text without NUL")] | None = None


FIRST_PAGE: Final = ListAll()
