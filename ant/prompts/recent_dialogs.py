"""Dialogs that have just been answered, and the requests that have.

The screen and a hook tell of the same question one after the other. So what is answered
by one of them may still come by the other.
"""

from typing import Final

import attrs

from ant.core import clock
from ant.prompts.permissions import PermissionAsk
from ant.terminal.model.prompt import Prompt

LATE_S: Final = 2.0
"""Seconds in which the request of a dialog comes that was answered on the screen. An
agent sends the request when it draws the dialog."""

ECHO_S: Final = 3.0
"""Seconds that the dialog of an answered request may stay, as `answer_prompt.WATCH_S`.
Then it is a prompt of its own."""

ECHOES: Final = 16
"""Answered requests that are remembered for that."""


@attrs.define(eq=False)
class RecentDialogs:
    """What one session has answered in the last seconds."""

    _echoes: list[tuple[PermissionAsk, float]] = attrs.field(factory=list)
    _left: tuple[Prompt, float] | None = None

    def answered(self, ask: PermissionAsk) -> None:
        """Remember a request that took its answer; its dialog may be seen after it."""
        now = clock.monotonic()
        echoes = [each for each in self._echoes if now < each[1]]
        self._echoes = [*echoes, (ask, now + ECHO_S)][-ECHOES:]

    def echo_until(self, prompt: Prompt) -> float | None:
        """Until when a dialog counts as that of an answered request; None if never."""
        now = clock.monotonic()
        for ask, until in self._echoes:
            if now < until and ask.is_about(prompt):
                return until
        return None

    def left(self, dialog: Prompt) -> None:
        """Remember a dialog that went without a hook's request."""
        self._left = dialog, clock.monotonic()

    def is_late(self, ask: PermissionAsk) -> bool:
        """Whether the dialog of a request has just been answered without it."""
        if self._left is None or clock.monotonic() - self._left[1] >= LATE_S:
            return False
        return ask.is_about(self._left[0])
