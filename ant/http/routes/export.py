"""Routes that summarise a session and export it: digest and export."""

import attrs

from ant.api.terminal_requests import ExportSession
from ant.core.errors import CapacityReached, Conflict, StorageFailed
from ant.export import export
from ant.export.digest import Digest, read_digest
from ant.export.export import ExportTarget, Folders, Written
from ant.http.contract.endpoint import endpoint
from ant.identity.terminal_tokens import Caller
from ant.journal.writer import Lane
from ant.model.access_tokens import Scope
from ant.model.sessions import SessionId
from ant.runtime.system import System
from ant.sessions import sessions

OPERATOR = "operator"
"""Whose share of the report lane a digest counts against when the operator asks."""


@attrs.frozen
class Targets:
    """The formats that a session can be exported to."""

    targets: tuple[ExportTarget, ...]
    """The formats."""


@attrs.frozen
class Exported:
    """The result of each requested target."""

    ok: bool
    """Whether every target succeeded."""
    session_id: SessionId
    targets: dict[str, Written]
    """The result of each target, by its name."""


def _folders(system: System) -> Folders:
    return Folders(system.config.export_dir, system.config.obsidian_vault)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/digest",
    inactive=True,
    raises={CapacityReached: "16 reports wait already, or 4 of this caller."},
    token="room",
    scope=Scope.VIEW,
)
async def get_digest(
    system: System, session_id: SessionId, caller: Caller | None
) -> Digest:
    """Summarise a session: figures, key terms, and quoted sentences.

    Each sentence carries the id of the message it comes from. ANT reads the newest
    5,000 messages, at most 2 MiB of them, and leaves out prompt cards and notices. For
    a terminal, `terminal` lists its commands, the failed ones separately, and its
    prompts with their answers; it is null for a chat. ANT makes one digest at a time
    for each caller. With too many requests waiting the answer is a 429.
    """
    owner = caller.session_id if caller is not None else OPERATOR
    return await system.journal.read_in_thread(
        read_digest, session_id, lane=Lane.REPORT, owner=owner
    )


@endpoint("GET", "/api/sessions/<session_id>/export", inactive=True, scope=Scope.VIEW)
async def list_targets(system: System, session_id: SessionId) -> Targets:
    """List the export formats, and whether a folder is configured for each."""
    await system.journal.read(sessions.check_exists, session_id)
    return Targets(export.targets(_folders(system)))


@endpoint(
    "POST",
    "/api/sessions/<session_id>/export",
    inactive=True,
    raises={
        StorageFailed: "A document could not be written to its folder.",
        CapacityReached: "16 reports wait already.",
        Conflict: "The session was renamed during its export.",
    },
    large=True,
    scope=Scope.ADMIN,
)
async def export_session(
    system: System, session_id: SessionId, body: ExportSession
) -> Exported:
    """Export a session as Markdown, JSON, evidence, asciicast or HTML.

    `targets` names the formats: `markdown`, `json`, `evidence`, `asciicast`, `html`;
    the default is `markdown`, and `obsidian` means the same. `json` holds all rows and
    the hash chain of run events; `evidence` holds the same and the transcript bytes.
    Both can be verified without a server: before it makes them, ANT adds a run event
    `exported` with the session's names to the chain. If the session is renamed
    meanwhile, the answer is a 409.

    ANT writes each document to the configured folder; Markdown goes to the Obsidian
    vault, if one is configured. Without a folder the document is in the answer; the
    documents of one answer may have 8 MiB together, and a larger one needs a folder.
    Before it exports, ANT stores the output that it holds in memory.
    """
    names = export.chosen(body.named())
    if (flow := system.services.flows.get(session_id)) is not None:
        await system.services.transcript_writer.catch_up(session_id, flow)
    if not export.BUNDLES.isdisjoint(names):
        await system.journal.write(export.record_export, session_id, names)
    done = await system.journal.read_in_thread(
        *(export.export, session_id, names, _folders(system)), lane=Lane.REPORT
    )
    return Exported(all(each.ok for each in done.values()), session_id, done)
