"""A wake-up that cannot be missed: many ring, one waits, rings in between are one."""

import trio


class Wakeup:
    """For one waiting task. A ring that comes before the wait is kept until then."""

    def __init__(self) -> None:
        self._rung = trio.Event()

    def set(self) -> None:
        """Wake the waiter, now or when it next waits."""
        self._rung.set()

    async def wait(self) -> None:
        """Return once it rang since the last wait. *Cancellation:* a ring is kept."""
        await self._rung.wait()
        self._rung = trio.Event()
