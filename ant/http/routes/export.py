"""What happened, to read afterwards and to take along: digest and export."""

import attrs

from ant.api.terminal_requests import ExportSession
from ant.core.errors import CapacityReached, StorageFailed
from ant.export import export
from ant.export.digest import Digest, read_digest
from ant.export.export import ExportTarget, Folders, Written
from ant.http.contract.endpoint import endpoint
from ant.identity.tokens import Caller
from ant.journal.writer import Lane
from ant.model.sessions import SessionId
from ant.runtime.system import System
from ant.sessions import sessions

OPERATOR = "operator"
"""In whose name a digest is made when no terminal asks for it."""


@attrs.frozen
class Targets:
    """The forms that a session can be taken along in."""

    targets: tuple[ExportTarget, ...]


@attrs.frozen
class Exported:
    """What became of each target that was asked for, by its name."""

    ok: bool
    session_id: SessionId
    targets: dict[str, Written]


def _folders(system: System) -> Folders:
    return Folders(system.config.export_dir, system.config.obsidian_vault)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/digest",
    inactive=True,
    raises=(CapacityReached,),
    token="room",
)
async def get_digest(
    system: System, session_id: SessionId, caller: Caller | None
) -> Digest:
    """A session in figures and lines of its own, each with the id that it comes from.

    The newest 5,000 messages, or 2 MiB of them, are read; cards and notices are left
    out. `terminal` has the commands of a terminal, the failures by themselves, its
    prompts and answers. One is made at a time for a caller.
    """
    owner = caller.session_id if caller is not None else OPERATOR
    return await system.journal.read_in_thread(
        read_digest, session_id, lane=Lane.REPORT, owner=owner
    )


@endpoint("GET", "/api/sessions/<session_id>/export", inactive=True)
async def list_targets(system: System, session_id: SessionId) -> Targets:
    """The forms there are, and whether each has a folder to go to."""
    await system.journal.read(sessions.check_exists, session_id)
    return Targets(export.targets(_folders(system)))


@endpoint(
    "POST",
    "/api/sessions/<session_id>/export",
    inactive=True,
    raises=(StorageFailed, CapacityReached),
    large=True,
)
async def export_session(
    system: System, session_id: SessionId, body: ExportSession
) -> Exported:
    """Write the session as Markdown, data, evidence, asciicast or HTML, or answer so.

    `targets` names the forms, `markdown` when it is left out; `obsidian` is Markdown.
    `json` is all rows and the chain of events, `evidence` that and the bytes: both can
    be checked without a server. Without a configured folder the document is in the
    answer.
    """
    names = export.chosen(body.named())
    if (flow := system.services.flows.get(session_id)) is not None:
        await system.services.transcript_writer.catch_up(session_id, flow)
    done = await system.journal.read_in_thread(
        *(export.export, session_id, names, _folders(system)), lane=Lane.REPORT
    )
    return Exported(all(each.ok for each in done.values()), session_id, done)
