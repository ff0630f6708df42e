"""Queries that only ask for a page of a list."""

from typing import Annotated, Final

import attrs

from ant.api.constraints import (
    NO_NUL,
    Text,
)


@attrs.frozen
class ListAll:
    """All there are, a page at a time: what follows the row that is named.

    It is named as the `next` of the page before, which may be removed meanwhile.
    """

    after: Annotated[str, Text(0, 1000, NO_NUL, "text without NUL")] | None = None


FIRST_PAGE: Final = ListAll()
