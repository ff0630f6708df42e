"""Rules of a run: what is known of a terminal's process, and which offsets it has."""

from collections.abc import Callable, Collection, Sequence

import attrs

from ant.core import clock
from ant.core.errors import NotFound
from ant.messages import deliveries
from ant.model.events import SessionExited, SessionsChanged
from ant.model.prompts import ENDED, LOST
from ant.model.run_events import HostEvent
from ant.model.sessions import Session, SessionId, Status, TerminalInfo
from ant.prompts import prompts
from ant.run_events import log
from ant.run_events.entries import PendingEntry
from ant.sessions.sessions import get_session, need_terminal
from ant.store import Keyframe, Program, Unit
from ant.terminal.buffer.tail import CAPACITY
from ant.terminal.host.base import Exit, Identity

POWER_LOSS_SKIP = 1 << 40
"""Offsets left out after the machine went down: its last commits may be gone, so what
was given away is unknown. 8,192 such losses fit into a JSON-safe integer."""


def look(unit: Unit, session_id: SessionId) -> tuple[Session, int]:
    """The row, and the first offset that was never given away. Raises `NotFound`."""
    program = unit.sessions.program(session_id)
    return get_session(unit, session_id), program.reserved if program else 0


def begin_run(
    unit: Unit, session_id: SessionId, run: str, cols: int | None, rows: int | None
) -> Program:
    """Note that a terminal is about to start, and which offset its first byte has.

    That is `reserved` of the answer: nothing was ever given an offset from there on.
    `run` marks the environment of the child, in case we die before we know its pid.
    """
    need_terminal(unit, session_id)
    program = unit.sessions.program(session_id)
    if program is None:
        raise NotFound("terminal of session", session_id)
    unit.sessions.change_terminal(
        session_id,
        status=Status.STARTING,
        run=run,
        pid=None,
        start_ticks=None,
        boot_id=None,
        cols=cols or program.cols,
        rows=rows or program.rows,
        reserved=program.reserved + CAPACITY,
    )
    begun = attrs.evolve(program, cols=cols or program.cols, rows=rows or program.rows)
    unit.lines.begin(session_id, program.reserved, begun.cols, begun.rows)
    return begun


def resume_run(
    unit: Unit, session_id: SessionId, find: Callable[[int], int]
) -> Program:
    """Take up a run that went on without us; its next byte has `reserved` as offset.

    `find` tells which offset that is, by where the transcript ends.
    """
    need_terminal(unit, session_id)
    program = unit.sessions.program(session_id)
    if program is None:
        raise NotFound("terminal of session", session_id)
    offset = find(program.stored)
    unit.sessions.change_terminal(session_id, status=Status.STARTING)
    _go_on_at(unit, session_id, offset)
    return attrs.evolve(program, reserved=offset)


def _go_on_at(unit: Unit, session_id: SessionId, offset: int) -> None:
    """There is no byte between the last one that is stored and this one."""
    at, reserved = clock.stamp(unit.now), offset + CAPACITY
    unit.transcripts.append(session_id, at, [(offset, b"")], reserved)


def salvage(unit: Unit, session_id: SessionId, chunks: list[tuple[int, bytes]]) -> None:
    """Append what a run put out after its transcript ended; nobody knows of it yet."""
    offset, last = chunks[-1]
    end = offset + len(last)
    unit.transcripts.append(session_id, clock.stamp(unit.now), chunks, reserved=end)


def record_run(
    unit: Unit,
    session_id: SessionId,
    identity: Identity | None,
    keyframe: Keyframe | None = None,
    resumed: bool = False,
) -> None:
    """The terminal runs, and this is its process; `keyframe` is its screen.

    One that is `resumed` has been running since it was started.
    """
    if keyframe is not None:
        unit.keyframes.put(keyframe)
    unit.sessions.change_terminal(
        session_id,
        status=Status.RUNNING,
        pid=identity.pid if identity else None,
        start_ticks=identity.start_ticks if identity else None,
        boot_id=identity.boot_id if identity else None,
        status_reason=None,
        exit_code=None,
        exit_signal=None,
        exited_at=None,
        **({} if resumed else {"started_at": clock.stamp(unit.now)}),
    )
    program = unit.sessions.program(session_id)
    if program is not None and not resumed:
        data = {
            "pid": identity.pid if identity else None,
            "run": program.run,
            "command": program.command,
            "cols": program.cols,
            "rows": program.rows,
        }
        first = program.reserved - CAPACITY
        _go_on_at(unit, session_id, first)
        log.record_host_event(unit, session_id, HostEvent("start", data, first))
    unit.emit(SessionsChanged(session_id))


def end_run(
    unit: Unit,
    session_id: SessionId,
    run: str,
    work: Callable[..., None],
    *args: object,
) -> None:
    """Record by `work(unit, session_id, *args)` how that run ended.

    Nothing is done where its end is recorded already, so it may be tried again.
    """
    program = unit.sessions.program(session_id)
    if program is None or program.run != run:
        return
    if program.status in (Status.STARTING, Status.RUNNING):
        work(unit, session_id, *args)


def abandon_run(
    unit: Unit, session_id: SessionId, run: str, reason: str | None
) -> None:
    """That run was begun, perhaps, and the terminal was never opened.

    What is known of the run before it stays: an exited session is still exited.
    """
    program = unit.sessions.program(session_id)
    if program is not None and program.run == run:
        unit.sessions.change_terminal(
            session_id,
            status=_before(program.session.terminal),
            status_reason=reason,
            run=None,
            reserved=program.reserved - CAPACITY,
        )
        unit.emit(SessionsChanged(session_id))


def _before(terminal: TerminalInfo | None) -> Status:
    if terminal is None or terminal.exited_at is None:
        return Status.NONE
    ended = terminal.exit_code is not None or terminal.exit_signal is not None
    return Status.EXITED if ended else Status.LOST


def finish_run(
    unit: Unit,
    session_id: SessionId,
    exit_: Exit,
    end: int,
    complete: bool,
    reason: str | None,
    keyframe: Keyframe | None = None,
    heard: Sequence[PendingEntry] = (),
) -> None:
    """The program ended; `end` is one past its last byte, `keyframe` what it left.

    When the transcript is `complete` up to there, numbering goes on right there; else
    it skips the reserve. `heard` is what it did before and is not recorded yet.
    """
    program = unit.sessions.program(session_id)
    if program is None:
        return
    if keyframe is not None:
        unit.keyframes.put(keyframe)
    at = clock.stamp(unit.now)
    unit.sessions.change_terminal(
        session_id,
        status=Status.EXITED,
        status_reason=reason,
        exit_code=exit_.code,
        exit_signal=exit_.signal,
        exited_at=at,
        **({"reserved": end} if complete else {}),
    )
    unit.sessions.change(session_id, updated_at=at)
    log.record_all(unit, [(session_id, heard)])
    prompts.resolve_all(unit, ENDED, session_id)
    data = {"code": exit_.code, "signal": exit_.signal, "reason": reason}
    until = end if complete else min(end, program.stored)
    log.record_host_event(unit, session_id, HostEvent("exit", data, until))
    unit.emit(
        SessionExited(session_id, Status.EXITED, exit_.code, exit_.signal, reason, end)
    )
    unit.emit(SessionsChanged(session_id))


def resize(unit: Unit, session_id: SessionId, cols: int, rows: int) -> Session:
    """Remember a terminal's size, for its row and its next start."""
    need_terminal(unit, session_id)
    unit.sessions.change_terminal(session_id, cols=cols, rows=rows)
    return get_session(unit, session_id)


def recover(
    unit: Unit, boot_id: str, kept: Collection[SessionId] = ()
) -> list[SessionId]:
    """After a start: call no process running that we do not hold; which were lost.

    Those in `kept` run on and are taken up again; of all others nothing waits for an
    answer any more. After an unclean end of the whole machine every numbering skips
    ahead.
    """
    clean = unit.settings.get("clean") == "yes"
    if unit.settings.get("boot_id") not in (None, boot_id) and not clean:
        unit.sessions.skip_offsets(POWER_LOSS_SKIP)
    unit.settings.put("boot_id", boot_id)
    unit.settings.put("clean", "no")
    prompts.resolve_all(unit, LOST, kept=kept)
    deliveries.recover(unit)
    unfinished = [program.session.id for program in unit.sessions.unfinished()]
    lost = [session_id for session_id in unfinished if session_id not in kept]
    for session_id in lost:
        lose_run(unit, session_id, "the server ended before it")
    return lost


def lose_run(unit: Unit, session_id: SessionId, reason: str | None) -> None:
    """How the program ended is not known, and will not be."""
    program = unit.sessions.program(session_id)
    unit.sessions.change_terminal(
        session_id,
        status=Status.LOST,
        status_reason=reason,
        exit_code=None,
        exit_signal=None,
        exited_at=clock.stamp(unit.now),
    )
    end = program.stored if program else 0
    log.record_host_event(unit, session_id, HostEvent("lost", {"reason": reason}, end))
    unit.emit(SessionExited(session_id, Status.LOST, None, None, reason, end))
    unit.emit(SessionsChanged(session_id))


def leave_run(
    unit: Unit,
    session_id: SessionId,
    keyframe: Keyframe | None,
    heard: Sequence[PendingEntry] = (),
) -> None:
    """A program goes on without us: what it shows, and what it did until now."""
    if keyframe is not None:
        unit.keyframes.put(keyframe)
    log.record_all(unit, [(session_id, heard)])


def leave_cleanly(unit: Unit) -> None:
    """The last word of a server run: everything before it is in the database."""
    unit.settings.put("clean", "yes")
