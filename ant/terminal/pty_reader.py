"""The PTY reader: moves a program's output from its terminal into the session's buffer.

Rule 1: the reader reads only while the buffer has room for a whole read. This is the
back-pressure: a program that writes faster than ANT stores blocks in its own `write`.
Rule 2: every byte is announced once, in order, as `OutputSeen`.
Rule 3: while the program floods, the reader also runs the detector on what it has read.
The detector's task then needs no turn of its own.
"""

from collections.abc import Callable

import trio

from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.host.host_terminal import HostTerminal, Skipped
from ant.terminal.observations import Observation, OutputSeen


class PtyReader:
    """Reads one terminal, on any host; the session's nursery runs `run`.

    `observe` receives the observations. `detect` runs the detector on the next piece of
    the buffer. `at_end` is set when the terminal has been read to its end.
    """

    def __init__(
        self,
        terminal: HostTerminal,
        flow: OutputFlow,
        observe: Callable[[Observation], None],
        detect: Callable[[], None],
    ) -> None:
        self.at_end = trio.Event()
        self._terminal, self._flow = terminal, flow
        self._observe, self._detect = observe, detect

    async def run(self) -> None:
        """Read until the end of the terminal.

        Where the host dropped bytes, the reader leaves their offsets out of the buffer.
        *Cancellation:* no byte is lost; those not read stay in the terminal.
        """
        while True:
            waited = await self._flow.wait_room()
            data = self._terminal.read_nowait() if waited else b""
            try:
                data = data or await self._terminal.read()
            except Skipped as skipped:
                await self._flow.skip(skipped.count)
                self._append(b"")
                continue
            if not data:
                self.at_end.set()
                return
            self._append(data)

    def read_available(self) -> None:
        """Read what the terminal holds now, while the buffer has room. Do not wait."""
        while self._flow.has_room and (data := self._terminal.read_nowait()):
            self._append(data)

    def _append(self, data: bytes) -> None:
        self._flow.append(data)
        self._observe(OutputSeen(self._flow.tail.end))
        if self._flow.floods:
            self._detect()
