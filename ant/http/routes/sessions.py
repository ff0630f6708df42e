"""Sessions: create, list, look, change, delete, bring back."""

import attrs

from ant.api.page_requests import ListAll
from ant.api.session_requests import (
    CreateSession,
    DeleteSession,
    PatchSession,
    SetCliFlag,
    SetHandle,
)
from ant.core.errors import AntError, CapacityReached, Conflict, Gone
from ant.http.contract.endpoint import endpoint
from ant.identity import tokens
from ant.identity.tokens import Caller
from ant.model.sessions import TMUX, CliFlag, Session, SessionId, SessionList
from ant.runtime.launch import default_command, plan
from ant.runtime.system import System
from ant.sessions import sessions


@attrs.frozen
class HandleSet:
    """The handle and display name that a session has now."""

    handle: str | None
    display_name: str | None


@attrs.frozen
class CliFlagSet:
    """The driver that a session has now."""

    id: SessionId
    cli_flag: CliFlag | None


@endpoint("GET", "/api/sessions", token="self")
async def list_sessions(
    system: System, query: ListAll, caller: Caller | None
) -> SessionList:
    """Active sessions, newest change first, and `recoverable` ones; 4 MiB at most.

    A terminal's token is shown that terminal and the rooms it is in.
    """
    if caller is not None:
        return SessionList(
            await system.journal.read_in_thread(tokens.rooms_of, caller), ()
        )
    return await system.journal.read_in_thread(sessions.list_sessions, query)


@endpoint("POST", "/api/sessions", status=201, raises=(Conflict, CapacityReached))
async def create_session(system: System, body: CreateSession) -> Session:
    """Create a terminal, chat or agent; the first and last start their program at once.

    A missing folder or program is refused and nothing is created. A caller who leaves
    while the program starts leaves a session that has none yet.
    """
    if body.type.has_terminal:
        body = attrs.evolve(body, host=body.host or system.config.default_host)
        if body.host == TMUX:
            await system.services.need_tmux().tmux_commands.check()
        plan(body.command, body.root_dir, body.env, body.cols, body.rows)
    program = default_command(body.type, body.command)
    if not (body.type.has_terminal and body.start):
        return await system.journal.write(sessions.create_session, body, program)
    with system.supervisor.slot():
        session = await system.journal.write(sessions.create_session, body, program)
    try:
        await system.supervisor.start(session.id)
    except AntError:
        ids = [session.id, session.linked_chat_id]
        # Cancelled here, the caller has left and the session stays, not started.
        await system.journal.write(  # noqa: ASYNC120
            sessions.remove_sessions, [each for each in ids if each]
        )
        raise
    return await system.journal.read(sessions.get_session, session.id)


@endpoint("GET", "/api/sessions/<session_id>", inactive=True, token="either")
async def get_session(system: System, session_id: SessionId) -> Session:
    """One session, archived and deleted ones too."""
    return await system.journal.read(sessions.get_session, session_id)


@endpoint(
    "DELETE", "/api/sessions/<session_id>", status=204, inactive=True, raises=(Gone,)
)
async def delete_session(
    system: System, session_id: SessionId, query: DeleteSession
) -> None:
    """End the program and mark the session and its linked chat deleted.

    With `hard=true` both are removed, with all that hangs on them: nothing of them can
    be read any more, and the disk is given back bit by bit. A caller who leaves
    meanwhile leaves a session that is stopped, or deleted, and no program of either.
    """
    ids = await system.journal.read(sessions.to_delete, session_id, query.hard)
    for each in ids:
        await system.supervisor.stop(each)
    write = system.journal.write_removal if query.hard else system.journal.write
    ids = await write(sessions.delete_session, session_id, query.hard)
    for each in ids:  # Somebody may have started it again in between.
        await system.supervisor.stop(each)
    if query.hard:
        await system.journal.write_removal(sessions.remove_sessions, ids)
        for each in ids:
            system.services.flows.pop(each, None)
        system.remover.wake()


@endpoint("PATCH", "/api/sessions/<session_id>", inactive=True, raises=(Conflict, Gone))
async def patch_session(
    system: System, session_id: SessionId, body: PatchSession
) -> Session:
    """Rename, archive, unarchive, relink and the like; `meta` is merged.

    Archiving takes the automatic pair along and ends the program.
    """
    session, archived = await system.journal.write(
        sessions.patch_session, session_id, body
    )
    for each in archived:
        await system.supervisor.stop(each)
    return session


@endpoint(
    "POST", "/api/sessions/<session_id>/restore", inactive=True, raises=(Conflict, Gone)
)
async def restore_session(system: System, session_id: SessionId) -> Session:
    """Bring back an archived or deleted session and its pair; starts nothing."""
    return await system.journal.write(sessions.restore_session, session_id)


@endpoint("PATCH", "/api/sessions/<session_id>/handle", raises=(Conflict,))
async def set_handle(
    system: System, session_id: SessionId, body: SetHandle
) -> HandleSet:
    """Set or clear the public handle and the display name."""
    session = await system.journal.write(sessions.set_handle, session_id, body)
    return HandleSet(session.handle, session.display_name)


@endpoint("PATCH", "/api/sessions/<session_id>/cli-flag")
async def set_cli_flag(
    system: System, session_id: SessionId, body: SetCliFlag
) -> CliFlagSet:
    """Set or clear the agent CLI driver, which judges what is shown from now on."""
    session = await system.journal.write(sessions.set_cli_flag, session_id, body)
    if (live := system.supervisor.find(session_id)) is not None:
        live.set_driver(session.cli_flag)
    return CliFlagSet(session.id, session.cli_flag)
