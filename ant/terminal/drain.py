"""Waiting until all that an exited program wrote has been read."""

import math

import trio

from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.host.host_terminal import HostTerminal

DRAIN_QUIET_S = 0.25
"""Silence after the program's exit for so long means that all it wrote was read."""

DRAIN_MAX_S = 5.0
"""How long a stop waits for the rest of the output when storage does not keep up."""


async def drain(terminal: HostTerminal, flow: OutputFlow, at_end: trio.Event) -> None:
    """Wait until the terminal is read to its end, or is silent while there is room.

    A PTY may have no end: a grandchild of the program may hold it open for ever. A
    terminal that outlives the server always has one, also when its bytes have to be
    stored before a gap. *Cancellation:* nothing to undo.
    """
    quiet_s = math.inf if terminal.outlives_server else DRAIN_QUIET_S
    while not at_end.is_set():
        before = flow.tail.end
        with trio.move_on_after(quiet_s):
            await at_end.wait()
        if flow.tail.end == before and flow.has_room:
            return
