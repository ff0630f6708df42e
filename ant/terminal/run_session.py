"""Runs one terminal session from the start of its program to the record of its end.

`terminal.session.LiveTerminal` has the tasks that run meanwhile.
"""

import trio

from ant.core.background import is_of_system, sentence
from ant.core.errors import AntError, Stalled
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.host.host_terminal import HostTerminal
from ant.terminal.session import LiveTerminal, RunObserver

TEARDOWN_S = 10.0
"""Deadline of the shield: the grace, KILL and the last commit take far less."""


async def run_session(
    detector: PromptDetector,
    observer: RunObserver,
    task_status: trio.TaskStatus[LiveTerminal] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Open a terminal, report it started, and return when the session is over.

    Raises what opening raises, and whatever a bug in a task raises; the terminal is
    ended all the same. *Cancellation:* ANT kills the program without grace, or detaches
    where it outlives the server. The end is recorded, and no process or descriptor is
    left with ANT. This takes `TEARDOWN_S` at most.
    """
    terminal: HostTerminal | None = None
    live: LiveTerminal | None = None
    reason: str | None = "crashed"
    try:
        terminal, flow, display = await observer.open()
        live = LiveTerminal(terminal, flow, observer, display, detector)
        await observer.on_started(live)
        task_status.started(live)
        await live.run()
        reason = None
    except AntError as exc:
        reason = str(exc)
        raise
    except Exception as exc:
        if is_of_system(exc):
            reason = sentence(exc)
        raise
    finally:
        cancelled = trio.current_effective_deadline() <= trio.current_time()
        if cancelled:
            reason = "stopped"
        try:
            with trio.CancelScope(shield=True) as shield:
                shield.deadline = trio.current_time() + TEARDOWN_S
                exit_, detaches = None, False
                if live is not None:
                    outlives = live.terminal.outlives_server
                    detaches = live.detaching or (cancelled and outlives)
                if terminal is not None and detaches:
                    await terminal.detach()
                elif terminal is not None:
                    exit_ = await terminal.aclose(0)
                if live is not None:
                    live.close(detaches)
                if detaches:
                    await observer.on_detached()
                else:
                    await observer.on_ended(exit_, reason)
        finally:
            if live is not None:
                live.over.set()
        if shield.cancelled_caught:
            raise Stalled(f"The end of a session took more than {TEARDOWN_S:g} s.")
