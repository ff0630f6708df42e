"""A wake-up that one task waits for and any task sets, without a lost wake-up."""

import trio


class Wakeup:
    """A flag for one waiting task. It stays set until the task waits for it.

    It is smaller than a `trio.Event`: a thousand requests may wait, each with its own.
    """

    __slots__ = ("_is_set", "_task")

    def __init__(self) -> None:
        self._is_set = False
        self._task: trio.lowlevel.Task | None = None

    def set(self) -> None:
        """Wake the waiting task, now or when it next waits."""
        self._is_set = True
        if self._task is not None:
            task, self._task = self._task, None
            trio.lowlevel.reschedule(task)

    async def wait(self) -> None:
        """Wait until the flag is set, and clear it. *Cancellation:* it stays."""
        if self._is_set:
            await trio.lowlevel.checkpoint()
        else:
            self._task = trio.lowlevel.current_task()
            await trio.lowlevel.wait_task_rescheduled(self._abort)
        self._is_set = False

    def _abort(self, _: object) -> trio.lowlevel.Abort:
        self._task = None
        return trio.lowlevel.Abort.SUCCEEDED
