"""The live terminal of a session: find, resize and draw it."""

from ant.core.errors import Conflict
from ant.journal.writer import Lane
from ant.model.sessions import Session, SessionId, Status
from ant.recording import keyframes
from ant.runtime.system import System
from ant.sessions import sessions
from ant.terminal.screen.display import Drawing
from ant.terminal.session import LiveTerminal
from ant.terminal.view import NO_LIBRARY


async def live_terminal(system: System, session_id: SessionId) -> LiveTerminal:
    """Return the session's live terminal; the first use of a session starts it."""
    session = await system.journal.read(sessions.need_terminal, session_id)
    if session.status is Status.NONE:
        return await system.supervisor.start(session_id)
    return system.supervisor.need(session_id)


async def resize_terminal(
    system: System,
    session_id: SessionId,
    cols: int,
    rows: int,
    *,
    if_free: bool = False,
) -> Session:
    """Set the size of a terminal for no socket, so that none owns it afterwards.

    With `if_free`, only if no socket owns it. Raises `NotFound`, `Gone`, `NotRunning`
    (a chat) or `StorageFailed`. *Cancellation:* a background task applies the size.
    """
    read, sizes = system.journal.read, system.services.sizes
    session = await read(sessions.need_terminal, session_id)
    assert session.terminal is not None
    stored = session.terminal.cols, session.terminal.rows
    if sizes.owner(session_id) is None or not if_free:
        sizes.set(session_id, (cols, rows), stored)
        await sizes.apply(session_id)
    return await read(sessions.get_session, session_id)


async def draw(system: System, session_id: SessionId) -> Drawing:
    """Return the session's current screen, or its last one if its program ended.

    Raises `Conflict` where no screen library is installed, and `CapacityReached`.
    *Cancellation:* nothing to undo. No other task runs between the drawing of a live
    screen and its return.
    """
    if (live := system.supervisor.find(session_id)) is not None:
        return live.look()
    try:
        drawing = await system.journal.read_in_thread(
            keyframes.redraw, session_id, lane=Lane.REPORT
        )
    except ImportError:
        raise Conflict(NO_LIBRARY) from None
    # The session may have started meanwhile.
    live = system.supervisor.find(session_id)
    return drawing if live is None else live.look()
