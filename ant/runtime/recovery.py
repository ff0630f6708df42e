"""Recovery after a start: resume or end what the last server run left behind.

A program in tmux survives the server. ANT resumes it when the database knows its run
and its session is active. ANT ends every other program of its own, and never one of
others.
"""

import logging

from ant.model.sessions import TMUX, SessionId
from ant.runtime import run_records
from ant.store import Program, Store, Unit
from ant.terminal.buffer.tail import MAX_READ
from ant.terminal.host import processes
from ant.terminal.host.end_session import end_session
from ant.terminal.host.host_terminal import Identity
from ant.terminal.host.run_processes import tag_of_lost
from ant.terminal.tmux.spool_reader import SpoolReader, resume_at
from ant.terminal.tmux.tmux_server import SurvivingPane, Tmux

log = logging.getLogger(__name__)

ORPHAN_GRACE_S = 0.5
"""Seconds between HUP and KILL for the processes of a lost session, whose terminal is
gone."""

BATCH = 16
"""Reads of a spool that are stored in one commit: 1 MiB."""


async def recover(store: Store, tmux: Tmux) -> dict[SessionId, SurvivingPane]:
    """End orphaned programs, mark their sessions as lost, and return panes to resume.

    Call it before any other use of the store. Raises `StorageFailed`.
    """
    boot_id = processes.boot_id()
    surviving_panes = await tmux.surviving_panes()
    kept: dict[SessionId, SurvivingPane] = {}
    for program in store.read(_unfinished):
        session_id = program.session.id
        surviving = surviving_panes.get(session_id)
        if surviving is not None and _is_same(program, surviving):
            kept[session_id] = surviving_panes.pop(session_id)
            continue
        await _end_lost(program)
        if program.host == TMUX and program.boot_id == boot_id:
            _salvage(store, tmux, program)
    for surviving in surviving_panes.values():
        log.warning(
            "Ending %s in tmux: no active session has this run.",
            surviving.pane_ids.name,
        )
        await tmux.end(surviving, ORPHAN_GRACE_S)
    store.transact(run_records.recover, boot_id, kept)
    for name in tmux.spooled():
        if name not in kept:
            tmux.forget(name)
    return kept


def _is_same(program: Program, surviving: SurvivingPane) -> bool:
    is_active = program.host == TMUX and program.session.active
    return is_active and program.run == surviving.pane_ids.run


async def _end_lost(program: Program) -> None:
    """End what a run left behind, in its terminal session and outside of it."""
    identity, session_id, run = None, program.session.id, program.run or ""
    if program.pid and program.start_ticks and program.boot_id:
        identity = Identity(program.pid, program.start_ticks, program.boot_id)
    sids: set[int | None] = {*processes.find_lost(session_id, identity, run)}
    if sids:
        log.warning("Ending the processes of lost session %s.", session_id)
    tag = tag_of_lost(session_id, run, identity)
    for sid in sids or {None}:
        await end_session(sid, ORPHAN_GRACE_S, tag)


def _salvage(store: Store, tmux: Tmux, program: Program) -> None:
    """Store the unread output that a program wrote before its tmux died."""
    folder = tmux.folder(program.session.id)
    spool = SpoolReader(folder, resume_at(folder, program.stored))
    while chunks := _batch(spool):
        store.transact(run_records.salvage, program.session.id, chunks)


def _batch(spool: SpoolReader) -> list[tuple[int, bytes]]:
    chunks: list[tuple[int, bytes]] = []
    while len(chunks) < BATCH:
        offset = spool.offset
        if data := spool.take(MAX_READ):
            chunks.append((offset, data))
        elif hole := spool.hole():
            spool.pass_over(hole)
            chunks.append((spool.offset, b""))
        else:
            break
    return chunks


def _unfinished(unit: Unit) -> list[Program]:
    return unit.sessions.unfinished()
