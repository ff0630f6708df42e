"""Names that ANT keeps only for clients of the original ANT. None has an effect.

ANT accepts and returns them, since such a client sends them or expects them, and reads
none of them. `ant.api.compat` has those that only requests contain.
"""

from typing import Final

import attrs

AUDIT: Final = True
"""Default of the setting `audit` of the prompt bridge. ANT records each prompt in the
evidence log, whatever the setting is."""

DETECTOR: Final = "screen"
"""The `detector` of every prompt. The original named a text pattern there."""

PROMPT_TYPE: Final = "prompt_detected"
"""The `type` of every prompt: in the original, the event that a prompt came with."""

BRIDGE_SOURCE: Final = "prompt_bridge"
"""The `source` of the events `session_needs_input` and `session_input_resolved`."""

ACTIVITY_SOURCE: Final = "terminal_line"
"""The `activity_source` of every `session_activity` event."""

RPC: Final = "rpc"
ACP: Final = "acp"
"""Sources of run events that the original had. ANT records no event with them; a query
may name them."""


@attrs.frozen
class Detect:
    """How the original ANT looked for prompts in text.

    Accepted and returned for its clients, without effect: ANT reads prompts from the
    screen.
    """

    min_interval_ms: int = 30_000
    """Has no effect; milliseconds between two looks of the original ANT."""
    window_lines: int = 12
    """Has no effect; lines at which the original ANT looked."""
    patterns: tuple[str, ...] = ()
    """Has no effect; regular expressions of the original ANT."""
