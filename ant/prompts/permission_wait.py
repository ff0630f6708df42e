"""One request for a permission that waits for its answer."""

import attrs
import trio

from ant.core import clock
from ant.prompts.agent_permissions import HookDecision, PermissionAsk


@attrs.define(eq=False)
class PermissionWait:
    """A hook's request while its agent waits.

    It ends in one of three ways: its task takes a decision, it is let go without one,
    or its task ends, because the client left or the time is over.
    """

    ask: PermissionAsk
    at: float = attrs.field(factory=lambda: clock.monotonic())
    decision: HookDecision | None = None
    is_taken: bool = False
    _woken: trio.Event = attrs.field(factory=trio.Event)
    _over: trio.Event = attrs.field(factory=trio.Event)

    @property
    def is_open(self) -> bool:
        """Whether a decision can still be offered."""
        return not (self._woken.is_set() or self._over.is_set())

    def let_go(self) -> None:
        """End the wait without a decision, unless it has one."""
        self._woken.set()

    async def offer(self, decision: HookDecision) -> bool:
        """Give the decision to the request's task; whether the task took it.

        *Cancellation:* the task may still take it.
        """
        if not self.is_open:
            return False
        self.decision = decision
        self._woken.set()
        await self._over.wait()
        return self.is_taken

    async def taken(self, timeout_s: float) -> HookDecision | None:
        """Wait for the decision, in the request's task; None if there is none in time.

        *Cancellation:* the decision is not taken. Call `end` in any case.
        """
        with trio.move_on_after(timeout_s):
            await self._woken.wait()
        self.is_taken = self.decision is not None
        return self.decision

    def end(self) -> None:
        """Note that the request's task is over."""
        self._over.set()
