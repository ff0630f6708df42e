"""Stand-ins for what tests cannot wait for, held to the contract of the real thing."""

from collections import deque

import trio

from ant.core.errors import NotRunning
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host.host_terminal import (
    HANG_UP_GRACE_S,
    ControlSeen,
    ExitStatus,
    Identity,
)
from ant.terminal.model.tty import Tty

HUNG_UP = ExitStatus(signal=1)
INTERRUPTED = ExitStatus(signal=2)
KILLED = ExitStatus(signal=9)


class FakeTerminal:
    """A terminal in memory with an echoing program on it; passes the host contract.

    What is written comes back as output. `\\x04` ends the program with code 0, `\\x03`
    by SIGINT, a hang-up by SIGHUP unless it is `stubborn`: then only KILL does, after
    the grace. `script` is what it says first, one read for each piece. With `room` it
    takes that many bytes of input and then none, until a test calls `drink`. Tests look
    at `written` and `sizes`, and play the program by `say` and `end`.
    """

    def __init__(
        self,
        *script: bytes,
        stubborn: bool = False,
        room: int | None = None,
        size: tuple[int, int] = (80, 24),
    ) -> None:
        self.written = bytearray()
        self.sizes = [size]
        self.closed = self.left = False
        self.discipline: Tty | None = None
        self.environment: dict[str, str] = {}
        self.kept = b""
        self.outlives_server = self.answers_queries = False
        self._stubborn = stubborn
        self._room = room
        self._output: deque[bytes] = deque()
        self._exit: ExitStatus | None = None
        self._changed = trio.lowlevel.ParkingLot()
        self.say(*script)

    @property
    def identity(self) -> Identity | None:
        return None

    async def read(self) -> bytes:
        await trio.lowlevel.checkpoint()
        while not self._output and self._exit is None and not self.closed:
            await self._changed.park()
        if not self._output:
            return b""
        first = self._output.popleft()
        if len(first) > MAX_READ:
            self._output.appendleft(first[MAX_READ:])
        return first[:MAX_READ]

    def read_nowait(self) -> bytes:
        return self._output.popleft() if self._output else b""

    def tty(self) -> Tty | None:
        return self.discipline

    def shows_input(self) -> bool:
        tty = self.discipline
        return tty is not None and tty.echo and tty.canonical

    def has_environ(self, variable: str, value: str) -> bool:
        return self.environment.get(variable) == value

    def remember(self, data: bytes) -> None:
        self.kept = data

    def remembered(self) -> bytes:
        return self.kept

    async def write(self, data: bytes) -> int:
        await trio.lowlevel.checkpoint()
        while not (count := self.write_nowait(data)) and data:
            await self._changed.park()
        return count

    def write_nowait(self, data: bytes) -> int:
        self._check_running()
        part = data[: self._room]
        if self._room is not None:
            self._room -= len(part)
        self._take(part)
        return len(part)

    def interrupt(self) -> None:
        self._check_running()
        self.end(INTERRUPTED)

    def resize(self, cols: int, rows: int) -> None:
        self._check_running()
        self.sizes.append((cols, rows))

    async def wait_exit(self) -> ExitStatus:
        await trio.lowlevel.checkpoint()
        while self._exit is None:
            await self._changed.park()
        return self._exit

    async def notice(self) -> ControlSeen:
        await trio.sleep_forever()

    async def detach(self) -> None:
        await trio.lowlevel.checkpoint()
        self.left = self.closed = True
        self._changed.unpark_all()

    async def aclose(self, grace_s: float = HANG_UP_GRACE_S) -> ExitStatus:
        try:
            await trio.lowlevel.checkpoint()
            if not self._stubborn:
                self.end(HUNG_UP)
            with trio.move_on_after(grace_s):
                await self.wait_exit()
        finally:
            self.end(KILLED)
            self.closed = True
            self._changed.unpark_all()
        assert self._exit is not None
        return self._exit

    def say(self, *output: bytes) -> None:
        """Output from the program, one read for each piece."""
        self._output.extend(piece for piece in output if piece)
        self._changed.unpark_all()

    def end(self, how: ExitStatus) -> None:
        """The program ends, unless it has: what it said before can still be read."""
        self._exit = self._exit or how
        self._changed.unpark_all()

    def drink(self, room: int | None = None) -> None:
        """The program takes input again: `room` more bytes, or all there ever is."""
        self._room = room
        self._changed.unpark_all()

    def _check_running(self) -> None:
        if self._exit is not None or self.closed:
            raise NotRunning("The program has ended.")

    def _take(self, data: bytes) -> None:
        self.written += data
        for key, how in ((b"\x03", INTERRUPTED), (b"\x04", ExitStatus(code=0))):
            before, found, _ = data.partition(key)
            if found:
                self.say(before)
                self.end(how)
                return
        self.say(data)
