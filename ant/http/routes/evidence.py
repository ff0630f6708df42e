"""What happened, to read afterwards and to take along: digest and export."""

import attrs

from ant import exporting, sessions, tracing
from ant.commands import ExportSession
from ant.digest import Digest, read_digest
from ant.errors import CapacityReached, StorageFailed
from ant.exporting import ExportTarget, Folders, Written
from ant.http.endpoint import endpoint
from ant.inquiries import ListRunEvents, ListTerminalEvents
from ant.journal import Lane
from ant.model import SessionId
from ant.system import System
from ant.tokens import Caller
from ant.trail import RunEvents, TerminalEvents

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


@endpoint("GET", "/api/sessions/<session_id>/run-events", inactive=True)
async def list_run_events(
    system: System, session_id: SessionId, query: ListRunEvents
) -> RunEvents:
    """What happened in a session, or in the terminal of that linked chat.

    Oldest first: the newest `limit`, or the oldest after `since` or `after`. `source`
    and `kind` are exact, `q` is a part of the text. Each has the hash of the one
    before.
    """
    return await system.journal.study(tracing.list_run_events, session_id, query)


@endpoint("GET", "/api/sessions/<session_id>/terminal/events", inactive=True)
async def list_terminal_events(
    system: System, session_id: SessionId, query: ListTerminalEvents
) -> TerminalEvents:
    """What the host of a terminal told: its start, sizes, title and end, newest first.

    A terminal in tmux has tmux's notifications, too.
    """
    return await system.journal.study(tracing.list_terminal_events, session_id, query)


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
    return await system.journal.study(
        read_digest, session_id, lane=Lane.REPORT, owner=owner
    )


@endpoint("GET", "/api/sessions/<session_id>/export", inactive=True)
async def list_targets(system: System, session_id: SessionId) -> Targets:
    """The forms there are, and whether each has a folder to go to."""
    await system.journal.read(sessions.check_exists, session_id)
    return Targets(exporting.targets(_folders(system)))


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
    names = exporting.chosen(body.named())
    if (flow := system.stage.flows.get(session_id)) is not None:
        await system.stage.scribe.catch_up(session_id, flow)
    done = await system.journal.study(
        *(exporting.export, session_id, names, _folders(system)), lane=Lane.REPORT
    )
    return Exported(all(each.ok for each in done.values()), session_id, done)
