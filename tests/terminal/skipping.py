"""A terminal whose host has dropped bytes."""

from ant.terminal.host.host_terminal import Skipped
from tests.fakes import FakeTerminal


class SkippingTerminal(FakeTerminal):
    """Prints `first`; then `count` bytes are missing; then it prints `then`."""

    def __init__(self, first: bytes, count: int, then: bytes) -> None:
        super().__init__(first)
        self.count, self.then = count, then

    async def read(self) -> bytes:
        if self._output or not self.then:
            return await super().read()
        if self.count:
            count, self.count = self.count, 0
            raise Skipped(count)
        self.say(self.then)
        self.then = b""
        return await super().read()
