"""Rules of a run: the state of a terminal's process, and the offsets of its output."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import attrs

from ant.api import codec
from ant.core import clock
from ant.core.errors import NotFound
from ant.messages import deliveries
from ant.model.events import SessionExited, SessionsChanged
from ant.model.prompts import ENDED, LOST
from ant.model.run_events import HostEvent
from ant.model.sessions import Session, SessionId, Status, TerminalInfo
from ant.prompts import prompts
from ant.run_events import entries, log
from ant.run_events.entries import PendingEntry
from ant.sessions.hook_arguments import NO_HOOKS, HookArguments
from ant.sessions.sessions import get_session, need_terminal
from ant.store import Keyframe, Program, Unit
from ant.terminal.buffer.tail import CAPACITY
from ant.terminal.host.host_terminal import ExitStatus, Identity

POWER_LOSS_SKIP = 1 << 40
"""Offsets skipped after the machine went down. Its last commits may be lost, so ANT
does not know which offsets it had used. 8,192 such losses fit into a JSON-safe
integer."""


def session_and_reserved(unit: Unit, session_id: SessionId) -> tuple[Session, int]:
    """Return the session, and the first offset never used. Raises `NotFound`."""
    program = unit.sessions.program(session_id)
    return get_session(unit, session_id), program.reserved if program else 0


def begin_run(
    unit: Unit, session_id: SessionId, run: str, cols: int | None, rows: int | None
) -> Program:
    """Record that a terminal is about to start, and reserve offsets for its output.

    `reserved` of the result is the offset of its first byte; no byte ever had that
    offset or a higher one. `run` marks the child's environment, in case the server dies
    before it knows the child's pid.
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
    """Resume a run that survived the server; its next byte has the offset `reserved`.

    `find` returns that offset, from the end of the transcript.
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
    """Record that no byte exists between the last stored one and this offset."""
    at, reserved = clock.stamp(unit.now), offset + CAPACITY
    unit.transcripts.append(session_id, at, [(offset, b"")], reserved)


def salvage(unit: Unit, session_id: SessionId, chunks: list[tuple[int, bytes]]) -> None:
    """Append the output that a run wrote after the end of its transcript.

    No client has seen it.
    """
    offset, last = chunks[-1]
    end = offset + len(last)
    unit.transcripts.append(session_id, clock.stamp(unit.now), chunks, reserved=end)


def record_run(
    unit: Unit,
    session_id: SessionId,
    identity: Identity | None,
    keyframe: Keyframe | None = None,
    resumed: bool = False,
    hooks: HookArguments = NO_HOOKS,
) -> None:
    """Record that the terminal runs: its process, and its screen as a keyframe.

    A `resumed` run keeps the time of its start, and the arguments that ANT added.
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
        **({} if resumed else _start(unit, hooks)),
    )
    program = unit.sessions.program(session_id)
    if program is not None and not resumed:
        data: dict[str, Any] = {
            "pid": identity.pid if identity else None,
            "run": program.run,
            "command": program.command,
            "cols": program.cols,
            "rows": program.rows,
        }
        if hooks.arguments:
            data["added_arguments"] = list(hooks.arguments)
        first = program.reserved - CAPACITY
        _go_on_at(unit, session_id, first)
        log.record_host_event(unit, session_id, HostEvent("start", data, first))
        if hooks.reason is not None:
            log.record(unit, session_id, entries.hooks_withheld(hooks.reason))
    unit.emit(SessionsChanged(session_id))


def _start(unit: Unit, hooks: HookArguments) -> dict[str, str | None]:
    """The columns of a terminal that a start sets."""
    added = codec.dumps(hooks.arguments).decode() if hooks.arguments else None
    return {"started_at": clock.stamp(unit.now), "added_arguments": added}


def end_run(
    unit: Unit,
    session_id: SessionId,
    run: str,
    work: Callable[..., None],
    *args: object,
) -> None:
    """Record with `work(unit, session_id, *args)` how the run ended.

    Does nothing where the end is recorded already, so a caller may try again.
    """
    program = unit.sessions.program(session_id)
    if program is None or program.run != run:
        return
    if program.status in (Status.STARTING, Status.RUNNING):
        work(unit, session_id, *args)


def abandon_run(
    unit: Unit, session_id: SessionId, run: str, reason: str | None
) -> None:
    """Record that the terminal of a run could not be opened.

    The state of the run before it stays: an exited session is exited again.
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
    exit_: ExitStatus,
    end: int,
    complete: bool,
    reason: str | None,
    keyframe: Keyframe | None = None,
    pending: Sequence[PendingEntry] = (),
) -> None:
    """Record that the program exited.

    `end` is one past its last byte, `keyframe` the screen that it left. When the
    transcript is `complete` up to `end`, the next run continues at `end`; otherwise it
    skips the reserved offsets. `pending` has the entries that are not recorded yet.
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
    log.record_all(unit, [(session_id, pending)])
    prompts.resolve_all(unit, ENDED, session_id)
    data = {"code": exit_.code, "signal": exit_.signal, "reason": reason}
    until = end if complete else min(end, program.stored)
    log.record_host_event(unit, session_id, HostEvent("exit", data, until))
    unit.emit(
        SessionExited(session_id, Status.EXITED, exit_.code, exit_.signal, reason, end)
    )
    unit.emit(SessionsChanged(session_id))


def resize(unit: Unit, session_id: SessionId, cols: int, rows: int) -> Session:
    """Store a terminal's size, for its row and its next start."""
    need_terminal(unit, session_id)
    unit.sessions.change_terminal(session_id, cols=cols, rows=rows)
    return get_session(unit, session_id)


def recover(
    unit: Unit, boot_id: str, kept: Collection[SessionId] = ()
) -> list[SessionId]:
    """After a start, mark runs that this server does not hold as lost; return them.

    The runs in `kept` continue and are resumed. The open prompts of all other runs are
    closed. Deliveries that were being typed or watched become unconfirmed. If the whole
    machine went down uncleanly, the offsets of all terminals skip ahead.
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
    """Record that the run ended, and that ANT will never know how."""
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
    pending: Sequence[PendingEntry] = (),
) -> None:
    """Record screen and pending entries of a program that the server leaves running."""
    if keyframe is not None:
        unit.keyframes.put(keyframe)
    log.record_all(unit, [(session_id, pending)])


def leave_cleanly(unit: Unit) -> None:
    """Record that the server stopped cleanly: all that happened is in the database."""
    unit.settings.put("clean", "yes")
