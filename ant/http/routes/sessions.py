"""Routes of sessions: create, list, read, change, delete, restore."""

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
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.model.access_tokens import Scope
from ant.model.sessions import (
    TMUX,
    CliFlag,
    ReplacedName,
    Session,
    SessionId,
    SessionList,
)
from ant.runtime.launch import default_command, plan
from ant.runtime.system import System
from ant.sessions import sessions
from ant.sessions.kept_list import list_until


@attrs.frozen
class ChangedSession:
    """The session after the change."""

    session: Session = attrs.field(metadata={"flat": True})
    replaced: tuple[ReplacedName, ...]
    """Names and handles that other sessions have taken while this session and its
    linked chat were inactive, each with the free one in its place."""


@attrs.frozen
class HandleSet:
    """The handle and display name of the session after the change."""

    handle: str | None
    display_name: str | None


@attrs.frozen
class CliFlagSet:
    """The agent CLI driver of the session after the change."""

    id: SessionId
    """The id of the session."""
    cli_flag: CliFlag | None


@endpoint("GET", "/api/sessions", token="self", scope=Scope.VIEW)
async def list_sessions(
    system: System, query: ListAll, caller: Caller | None
) -> SessionList | bytes:
    """List the active sessions and the recoverable ones.

    `sessions` are the active sessions, newest change first. `recoverable` are archived
    and deleted sessions, newest deletion first. A page holds at most 4 MiB; to read the
    next page, pass its `next` as `after`. The recoverable sessions begin on the page
    with the last active one. With a terminal's token the list holds that terminal and
    the active rooms that it is in, without pages.
    """
    if caller is not None:
        return SessionList(
            await system.journal.read_in_thread(terminal_tokens.rooms_of, caller), ()
        )
    return await system.journal.read_json(list_until, query)


@endpoint(
    "POST",
    "/api/sessions",
    status=201,
    raises={
        Conflict: "The name is in use by an active session.",
        CapacityReached: "As many sessions run as the server or the system allows.",
    },
    scope=Scope.ADMIN,
)
async def create_session(system: System, body: CreateSession) -> Session:
    """Create a session: a terminal, an agent or a chat.

    A terminal or agent starts its program at once, unless `start` is false. `command`
    is a list of arguments; the default is the login shell. `host` is `pty`, or `tmux`
    for a program that outlives the server; the default is the server's setting.
    `cli_flag` names the agent CLI driver; for an agent the default follows from its
    program. `ttl` is how long the session can be restored after it is deleted. ANT also
    creates a private chat named `NAME-Chat`, links it as `linked_chat_id`, and gives
    both a handle.

    The name must not be in use by an active session: that is a 409. If the folder or
    the program does not exist, the request is refused and nothing is created. If the
    client disconnects while the program starts, the session exists without a running
    program.
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


@endpoint(
    "GET", "/api/sessions/<session_id>", inactive=True, token="either", scope=Scope.VIEW
)
async def get_session(system: System, session_id: SessionId) -> Session:
    """Return a session, also if it is archived or deleted."""
    return await system.journal.read(sessions.get_session, session_id)


@endpoint(
    "DELETE", "/api/sessions/<session_id>", status=204, inactive=True, scope=Scope.ADMIN
)
async def delete_session(
    system: System, session_id: SessionId, query: DeleteSession
) -> None:
    """End the program, and mark the session and its linked chat as deleted.

    A deleted session can be restored within its `ttl`. Deleting it again changes
    nothing. An archived session is then deleted instead of archived. With `hard=true`
    both are removed for good, with everything that belongs to them: nothing of them can
    be read any more, and the disk space becomes free in steps. If the client
    disconnects during the request, the session is stopped or deleted, and in either
    case no program of it runs.
    """
    ids = await system.journal.read(sessions.to_delete, session_id)
    for each in ids:
        await system.supervisor.stop(each)
    write = system.journal.write_removal if query.hard else system.journal.write
    ids = await write(sessions.delete_session, session_id, query.hard)
    for each in ids:  # Another request may have started it in between.
        await system.supervisor.stop(each)
    if query.hard:
        await system.journal.write_removal(sessions.remove_sessions, ids)
        for each in ids:
            system.services.flows.pop(each, None)
            system.services.sizes.forget(each)
        system.remover.wake()


@endpoint(
    "PATCH",
    "/api/sessions/<session_id>",
    inactive=True,
    raises={
        Conflict: "The name is in use by an active session.",
        Gone: "The session is archived or deleted, and the body does not unarchive it.",
    },
    scope=Scope.ADMIN,
)
async def patch_session(
    system: System, session_id: SessionId, body: PatchSession
) -> ChangedSession:
    """Change the fields of a session that the body names.

    `meta` is merged: its keys replace those of the session, and null removes a key.
    `name` also renames the linked chat, if the chat still has its automatic name.
    `archived: true` archives the session and its automatically linked chat and ends the
    program; `archived: false` brings both back, as `POST …/restore` does. Where that is
    so already, nothing changes. `linked_chat_id` links another chat and archives the
    automatic one. Any other change of an inactive session is a 410. A `name` that is in
    use is a 409.
    """
    session, replaced, archived = await system.journal.write(
        sessions.patch_session, session_id, body
    )
    for each in archived:
        await system.supervisor.stop(each)
    return ChangedSession(session, tuple(replaced))


@endpoint(
    "POST",
    "/api/sessions/<session_id>/restore",
    inactive=True,
    raises={Gone: "The `ttl` of the deleted session has passed."},
    scope=Scope.ADMIN,
)
async def restore_session(system: System, session_id: SessionId) -> ChangedSession:
    """Restore an archived or deleted session and its linked chat.

    The program is not started. A deleted session can be restored within its `ttl`;
    later it is a 410. If another session has taken its name or handle, it gets one that
    is free, such as `NAME (2)` or `@handle-2`, and `replaced` says so. The answer for
    an active session is the session as it is.
    """
    work = sessions.restore_session, session_id
    session, replaced = await system.journal.write(*work)
    return ChangedSession(session, tuple(replaced))


@endpoint(
    "PATCH",
    "/api/sessions/<session_id>/handle",
    raises={Conflict: "Another active session has this handle."},
    scope=Scope.ADMIN,
)
async def set_handle(
    system: System, session_id: SessionId, body: SetHandle
) -> HandleSet:
    """Set the public handle of a session, its display name, or both.

    Null clears a field, and an omitted field stays. A missing `@` is added to the
    handle. A handle of another active session is a 409.
    """
    session = await system.journal.write(sessions.set_handle, session_id, body)
    return HandleSet(session.handle, session.display_name)


@endpoint("PATCH", "/api/sessions/<session_id>/cli-flag", scope=Scope.ADMIN)
async def set_cli_flag(
    system: System, session_id: SessionId, body: SetCliFlag
) -> CliFlagSet:
    """Set the agent CLI driver of a session; null or an empty text clears it.

    The driver recognises the program's state on the screen. A running terminal uses the
    new driver from now on.
    """
    session = await system.journal.write(sessions.set_cli_flag, session_id, body)
    if (live := system.supervisor.find(session_id)) is not None:
        live.set_driver(session.cli_flag)
    return CliFlagSet(session.id, session.cli_flag)
