"""Sessions: create, list, look, delete."""

from ant import sessions
from ant.commands import CreateSession, DeleteSession
from ant.errors import AntError
from ant.http.endpoint import endpoint
from ant.launch import default_command, plan
from ant.model import Session, SessionId, SessionList
from ant.system import System


@endpoint("GET", "/api/sessions")
async def list_sessions(system: System) -> SessionList:
    """Active sessions, newest change first, and `recoverable` ones."""
    return await system.journal.read(sessions.list_sessions)


@endpoint("POST", "/api/sessions", status=201)
async def create_session(system: System, body: CreateSession) -> Session:
    """Create a terminal, chat or agent; the first and last start their program at once.

    A missing folder or program is refused and nothing is created. A caller who leaves
    while the program starts leaves a session that has none yet.
    """
    if body.type.has_terminal:
        plan(body.command, body.root_dir, body.env, body.cols, body.rows)
    program = default_command(body.type, body.command)
    if not (body.type.has_terminal and body.start):
        return await system.journal.write(sessions.create_session, body, program)
    with system.supervisor.seat():
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


@endpoint("GET", "/api/sessions/<session_id>")
async def get_session(system: System, session_id: SessionId) -> Session:
    """One session, archived and deleted ones too."""
    return await system.journal.read(sessions.get_session, session_id)


@endpoint("DELETE", "/api/sessions/<session_id>", status=204)
async def delete_session(
    system: System, session_id: SessionId, query: DeleteSession
) -> None:
    """End the program and mark the session and its linked chat deleted.

    With `hard=true` both are removed, with all that hangs on them. A caller who leaves
    meanwhile leaves a session that is stopped, or deleted, and no program of either.
    """
    ids = await system.journal.read(sessions.to_delete, session_id, query.hard)
    for each in ids:
        await system.supervisor.stop(each)
    ids = await system.journal.write(sessions.delete_session, session_id, query.hard)
    for each in ids:  # Somebody may have started it again in between.
        await system.supervisor.stop(each)
    if query.hard:
        await system.journal.write(sessions.remove_sessions, ids)
        for each in ids:
            system.stage.flows.pop(each, None)
