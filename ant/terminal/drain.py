"""When all that an ended program wrote has been read."""

import math

import trio

from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.host.base import Terminal

DRAIN_QUIET_S = 0.25
"""After the program's exit, silence of this length means that all it wrote was read."""

DRAIN_MAX_S = 5.0
"""What a stop grants the rest of the output when storage does not keep up."""


async def drain(terminal: Terminal, flow: OutputFlow, at_end: trio.Event) -> None:
    """Wait until it is read to its end, or is quiet while there is room.

    A grandchild may hold a terminal of ours open for ever, so the end need not come.
    That of one that outlives us comes, also when its bytes wait to be stored before a
    hole. *Cancellation:* nothing to undo.
    """
    quiet_s = math.inf if terminal.outlives_server else DRAIN_QUIET_S
    while not at_end.is_set():
        before = flow.tail.end
        with trio.move_on_after(quiet_s):
            await at_end.wait()
        if flow.tail.end == before and flow.has_room:
            return
