"""Dialogs that have just been answered, and the requests that have.

The screen and a hook tell of the same question one after the other. So what is answered
by one of them may still come by the other.
"""

from typing import Final

import attrs

from ant.core import clock
from ant.prompts.agent_permissions import PermissionAsk
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
    """What one session has answered in the last seconds.

    `_echo` is the answered request whose dialog is on the screen now.
    """

    _echoes: list[tuple[PermissionAsk, float]] = attrs.field(factory=list)
    _echo: PermissionAsk | None = None
    _left: tuple[Prompt, float] | None = None

    def answered(self, ask: PermissionAsk) -> None:
        """Remember a request that took its answer before its dialog was seen."""
        now = clock.monotonic()
        echoes = [each for each in self._echoes if now < each[1]]
        self._echoes = [*echoes, (ask, now + ECHO_S)][-ECHOES:]

    def echo_until(self, prompt: Prompt | None) -> float | None:
        """Until when the dialog on the screen counts as answered; None if it does not.

        A dialog that was seen and has gone does not come back.
        """
        now = clock.monotonic()
        if self._echo is not None and (
            prompt is None or not self._echo.is_about(prompt)
        ):
            self.forget_echo()
        for ask, until in self._echoes:
            if prompt is not None and now < until and ask.is_about(prompt):
                self._echo = ask
                return until
        return None

    def forget_echo(self) -> None:
        """The dialog on the screen is another one than that of the answered request."""
        self._echoes = [each for each in self._echoes if each[0] is not self._echo]
        self._echo = None

    def left(self, dialog: Prompt) -> None:
        """Remember a dialog that went without a hook's request."""
        self._left = dialog, clock.monotonic()

    def is_late(self, ask: PermissionAsk) -> bool:
        """Whether the dialog of a request has just been answered without it."""
        if self._left is None or clock.monotonic() - self._left[1] >= LATE_S:
            return False
        return ask.is_about(self._left[0])
