"""A wake-up that one task waits for and any task sets, without a lost wake-up."""

import trio


class Wakeup:
    """A flag for one waiting task. It stays set until the task waits for it."""

    def __init__(self) -> None:
        self._event = trio.Event()

    def set(self) -> None:
        """Wake the waiting task, now or when it next waits."""
        self._event.set()

    async def wait(self) -> None:
        """Wait until the flag is set, and clear it. *Cancellation:* it stays."""
        await self._event.wait()
        self._event = trio.Event()
