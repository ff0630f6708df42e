"""Prompts: what a terminal waits for, its answer, and where prompts are told."""

from contextlib import suppress

import attrs

from ant.api.prompt_requests import ExplainScreen, PutBridge, ReportHook, Respond
from ant.core import clock
from ant.core.errors import (
    CapacityReached,
    Conflict,
    Gone,
    NotAnOption,
    NotFound,
    NotRunning,
)
from ant.history import replay
from ant.history.replay import Explanation
from ant.http.contract.endpoint import endpoint
from ant.journal.writer import Lane
from ant.model.prompts import (
    AgentState,
    AgentStatus,
    BridgeConfig,
    CaptureState,
    Overview,
    PromptRecord,
    StatusPage,
    TerminalActivity,
)
from ant.model.sessions import SessionId
from ant.prompts import hooks, prompts, targets
from ant.prompts import status as prompts_status
from ant.runtime.prompt_answers import Responded, answer_prompt
from ant.runtime.system import System
from ant.sessions import sessions
from ant.terminal.view import NO_LIBRARY

WORKING_S = 10.0
THINKING_S = 30.0
"""Silent for less than that: `working` or `thinking`, in the original's words."""


@attrs.frozen
class Pending:
    """The prompt that waits for an answer, null where none does."""

    pending: PromptRecord | None


@attrs.frozen
class BridgeSettings:
    """The settings of the prompt bridge."""

    config: BridgeConfig


@attrs.frozen
class HookHeard:
    """What became of a hook's word: `recorded`, or `ignored`."""

    ok: bool
    event: str
    action: str


@endpoint("GET", "/api/sessions/<session_id>/status")
async def get_status(system: System, session_id: SessionId) -> StatusPage:
    """Whether a session needs somebody, who belongs to it, and what its program does.

    A chat's status is that of the terminal whose linked chat it is.
    """
    page = await system.journal.read(prompts_status.status_page, session_id)
    if page.terminal is None:
        return page
    agent = system.services.prompt_service.status(page.terminal.id)
    activity = _activity(system, page.terminal.id)
    if agent is not None:
        source = "hook" if agent.source == "hook" else "driver_status_line"
    else:
        source = "terminal_activity" if activity else "none"
    capture = CaptureState(
        status_source=source,
        interactive_source=page.capture.interactive_source,
        detected_at=agent.detected_at if agent else None,
        terminal_activity=activity,
    )
    return attrs.evolve(page, agent_status=agent, capture=capture)


@endpoint("GET", "/api/status")
async def get_overview(system: System) -> Overview:
    """What every terminal that runs does and waits for; who waits longest comes first.

    Then come other states of waiting, then all else, by the newest change.
    """
    page = await system.journal.read_in_thread(prompts_status.overview)
    terminals = [
        attrs.evolve(
            each,
            agent_status=system.services.prompt_service.status(each.session.id),
            terminal_activity=_activity(system, each.session.id),
        )
        for each in page.terminals
    ]
    terminals.sort(key=lambda each: not (each.needs_input or _waits(each.agent_status)))
    return attrs.evolve(page, terminals=tuple(terminals))


def _waits(status: AgentStatus | None) -> bool:
    return status is not None and status.state is AgentState.WAITING


def _activity(system: System, terminal_id: SessionId) -> TerminalActivity | None:
    session_run = system.services.running.get(terminal_id)
    if session_run is None:
        return None
    silent_s = session_run.silent_s
    state = "working" if silent_s < WORKING_S else "thinking"
    if silent_s >= THINKING_S:
        state = "idle"
    return TerminalActivity(state, int(silent_s * 1000))


@endpoint("GET", "/api/sessions/<session_id>/prompt-bridge/pending", raises=(Conflict,))
async def get_pending(system: System, session_id: SessionId) -> Pending:
    """The prompt of a terminal, or of the terminal whose linked chat this is."""
    return Pending(await system.journal.read(prompts.pending, session_id))


@endpoint(
    "POST",
    "/api/sessions/<session_id>/prompt-bridge/respond",
    raises=(Conflict, NotAnOption, CapacityReached),
)
async def respond(system: System, session_id: SessionId, body: Respond) -> Responded:
    """Answer the prompt `prompt_id`, or the current one.

    The screen is looked at again before anything is typed: a prompt that changed or was
    answered is a 409, an answer that means nothing to it a 422, and nothing is typed.
    `resolved` says whether the prompt went away. Where it did not it is still pending.
    """
    return await answer_prompt(system, session_id, body)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/prompt-bridge/explain",
    raises=(Conflict, CapacityReached),
)
async def explain_screen(
    system: System, session_id: SessionId, query: ExplainScreen
) -> Explanation:
    """Which rule fires on which rows of the screen, now or at any byte that is kept.

    A past screen is judged by today's rules and by the facts that were noted then.
    """
    await system.journal.read(sessions.need_terminal, session_id)
    session_run = system.services.running.get(session_id)
    if session_run is not None and query.offset is None:
        with suppress(NotRunning):  # Else the end of its transcript tells.
            look, verdict = session_run.live.snapshot()
            flag = session_run.detector.flag
            return replay.explanation(session_id, look, verdict, flag)
    if session_run is not None:
        await system.services.transcript_writer.flush(
            session_id, session_run.flow, query.offset
        )
    try:
        return await system.journal.read_in_thread(
            replay.explain, session_id, query.offset, lane=Lane.REPORT
        )
    except ImportError:
        raise Conflict(NO_LIBRARY) from None


@endpoint("GET", "/api/prompt-bridge/config")
async def get_config(system: System) -> BridgeSettings:
    """Where prompts are told."""
    return BridgeSettings(await system.journal.read(targets.get_config))


@endpoint("PUT", "/api/prompt-bridge/config")
async def put_config(system: System, body: PutBridge) -> BridgeSettings:
    """Change what is named, to any depth; null takes a route out."""
    return BridgeSettings(await system.journal.write(targets.put_config, body))


@endpoint(
    "POST",
    "/api/hooks",
    raises=(NotFound, Gone),
    token="self",
    speaker="session_id",
    keeps=hooks.BUDGET,
)
async def report_hook(system: System, body: ReportHook) -> HookHeard:
    """An agent CLI's hook tells what it does; it counts for more than the screen.

    Events of other names, and those of sessions that do not run, are ignored: they say
    nothing of what it does. All that name a session are recorded in its run events.
    """
    event, fact = hooks.event_of(body), hooks.fact_of(body, clock.monotonic())
    is_heard = False
    if body.session_id is not None:
        session_id = SessionId(body.session_id)
        await system.journal.read(sessions.check_active, session_id)
        is_heard = fact is not None and system.services.prompt_service.hook_reported(
            session_id, fact
        )
        await system.journal.write(hooks.record_hook, session_id, body)
    return HookHeard(True, event, "recorded" if is_heard else "ignored")
