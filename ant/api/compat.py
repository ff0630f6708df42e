"""Parts of requests that ANT accepts only for clients of the original ANT.

None has an effect. `ant.model.compat` has those that responses contain, too.
"""

from typing import Annotated, Final

import attrs

from ant.api.constraints import Count, Range, Text
from ant.api.patch import UNSET

IGNORED_PARAMETERS: Final = frozenset({"agent_context"})
"""Query parameters that such clients send."""

Pattern = Annotated[str, Text(1, 1000)]


@attrs.frozen
class PatchDetect:
    """Changes of `detect`, which has no effect; fields that are left out stay."""

    min_interval_ms: Annotated[int, Range(1, 86_400_000)] = UNSET
    """Has no effect; milliseconds between two looks of the original ANT."""
    window_lines: Annotated[int, Range(1, 1000)] = UNSET
    """Has no effect; lines at which the original ANT looked."""
    patterns: Annotated[tuple[Pattern, ...], Count(100)] = UNSET
    """Has no effect; regular expressions of the original ANT."""
