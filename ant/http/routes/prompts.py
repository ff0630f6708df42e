"""Routes of prompts: what a terminal waits for, answers to it, and its targets."""

from contextlib import suppress

import attrs
import trio

from ant.api.prompt_requests import (
    ExplainScreen,
    HookWait,
    PutBridge,
    ReportHook,
    Respond,
)
from ant.core import clock
from ant.core.errors import (
    AlreadyAnswered,
    CapacityReached,
    Conflict,
    Gone,
    NotAnOption,
    NotFound,
    NotRunning,
    PromptChanged,
)
from ant.history import replay
from ant.history.replay import Explanation
from ant.http.contract.endpoint import endpoint
from ant.identity.terminal_tokens import Caller
from ant.journal.writer import Lane
from ant.model.access_tokens import AccessToken, Scope
from ant.model.prompts import (
    AgentState,
    AgentStatus,
    BridgeConfig,
    CaptureState,
    Overview,
    PromptRecord,
    StatusPage,
    TerminalActivity,
    TerminalStatus,
)
from ant.model.sessions import SessionId
from ant.prompts import hook_forms, hooks, prompts, status_pages, targets
from ant.prompts.agent_permissions import PERMISSION_REQUEST, PermissionAsk
from ant.prompts.hook_forms import HookAnswer
from ant.runtime.agents.drivers import version_of
from ant.runtime.prompt_answers import Responded, answer_prompt
from ant.runtime.system import System
from ant.sessions import sessions
from ant.terminal.view import NO_LIBRARY

WORKING_S = 10.0
THINKING_S = 30.0
"""Seconds of silence below which a terminal's activity is `working` or `thinking`."""

SCREEN_ROWS = 10
"""Rows of a screen in the overview: a dialog and what it is about."""


@attrs.frozen
class Pending:
    """The prompt that waits for an answer."""

    pending: PromptRecord | None
    """The prompt; null if there is none."""


@attrs.frozen
class BridgeSettings:
    """The settings of the prompt bridge."""

    config: BridgeConfig
    """The settings."""


@attrs.frozen
class ChangedSettings:
    """The settings of the prompt bridge after a change."""

    config: BridgeConfig
    """All settings as they are now."""
    ignored: tuple[str, ...]
    """The settings of the request that have no effect."""


@attrs.frozen
class HookHeard:
    """What the report did."""

    ok: bool
    event: str
    """The name of the hook event."""
    action: str
    """`recorded` if the report changed what ANT knows of the agent's state, else
    `ignored`."""


@endpoint("GET", "/api/sessions/<session_id>/status", inactive=True, scope=Scope.VIEW)
async def get_status(system: System, session_id: SessionId) -> StatusPage:
    """Report whether a session needs input, and what its program does.

    The answer holds the pending prompt with its card, the state of the agent
    (`agent_status`), the linked terminal and chat, and where a message to the session
    goes. For a linked chat the status is that of its terminal. Fields that ANT cannot
    determine are null.
    """
    page = await system.journal.read(status_pages.status_page, session_id)
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


@endpoint("GET", "/api/status", scope=Scope.VIEW)
async def get_overview(system: System) -> Overview:
    """List every running terminal with what it does and what it asks.

    Terminals with a pending prompt come first, the longest wait first; `waiting` counts
    them. Next come terminals that wait in another way, such as a pager or an editor.
    The others follow, with the newest change first. `screen` has the end of the screen
    of those that wait.

    Events tell every change of it to each socket: `sessions_changed`, `session_exited`,
    `agent_status_updated`, and those of prompts. So nobody needs to ask twice.
    """
    page = await system.journal.read_in_thread(status_pages.overview)
    terminals = []
    for each in page.terminals:
        terminals.append(_as_it_is_now(system, each))
        await trio.lowlevel.checkpoint()  # Each may draw a screen.
    terminals.sort(key=lambda each: not (each.needs_input or _waits(each.agent_status)))
    return attrs.evolve(page, terminals=tuple(terminals))


def _as_it_is_now(system: System, stored: TerminalStatus) -> TerminalStatus:
    """A stored status with what only the running terminal knows."""
    session_id = stored.session.id
    agent = system.services.prompt_service.status(session_id)
    session_run = system.services.running.get(session_id)
    folder, screen = stored.folder, None
    if session_run is not None:
        folder = session_run.folder or folder
        if stored.needs_input or _waits(agent):
            screen = last_rows(session_run.live.text())
    return attrs.evolve(
        stored,
        agent_status=agent,
        terminal_activity=_activity(system, session_id),
        folder=folder,
        screen=screen,
    )


def last_rows(rows: list[str]) -> tuple[str, ...]:
    """The last rows of a screen, without empty ones at its end."""
    end = len(rows)
    while end and not rows[end - 1].strip():
        end -= 1
    return tuple(rows[max(end - SCREEN_ROWS, 0) : end])


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


@endpoint(
    "GET",
    "/api/sessions/<session_id>/prompt-bridge/pending",
    inactive=True,
    raises={NotRunning: "The session is a chat and has no terminal of its own."},
    scope=Scope.VIEW,
)
async def get_pending(system: System, session_id: SessionId) -> Pending:
    """Return the pending prompt of a terminal, or null.

    The path names the terminal or its linked chat.
    """
    return Pending(await system.journal.read(prompts.pending, session_id))


@endpoint(
    "POST",
    "/api/sessions/<session_id>/prompt-bridge/respond",
    raises={
        Conflict: "The session has no pending prompt.",
        AlreadyAnswered: "The prompt is no longer open.",
        PromptChanged: "The screen no longer shows the prompt. Nothing was typed.",
        NotRunning: "The session has no terminal, or its program has ended.",
        NotAnOption: "The prompt has no such answer. Nothing was typed.",
        CapacityReached: "16 answers of the session wait for the database.",
    },
    scope=Scope.ANSWER,
)
async def respond(system: System, session_id: SessionId, body: Respond) -> Responded:
    """Answer the prompt `prompt_id`, or the current prompt.

    The path names the terminal or its linked chat. `type` says how to answer:
    `approve`, `deny`, `select`, `text`, `confirm`, `retry` or `abort`, with details in
    `choice`. Without `type`, `response` selects the option with that label, key or
    number, or is the line to type. `approve` and `deny` apply only to a plain yes or
    no; otherwise the answer is a 422 that names the options.

    If the agent's own hook waits for the answer, it goes there, and `via` in the answer
    is `hook`; with `deny`, `text` is the reason for the agent. Otherwise ANT reads the
    screen again before it types. If the prompt changed or was answered, the answer is a
    409; if the prompt has no such answer, it is a 422. In both cases ANT types nothing.
    Of several answers at once, one is accepted. `resolved` is true if the prompt
    disappeared; if not, it is still pending.
    """
    return await answer_prompt(system, session_id, body)


@endpoint(
    "GET",
    "/api/sessions/<session_id>/prompt-bridge/explain",
    inactive=True,
    raises={
        Conflict: "No screen library is installed on the server.",
        NotRunning: "The session is a chat and has no terminal.",
        CapacityReached: "16 reports wait already.",
    },
    scope=Scope.VIEW,
)
async def explain_screen(
    system: System, session_id: SessionId, query: ExplainScreen
) -> Explanation:
    """Explain the detected state of a terminal: which rule matched which rows.

    `hook` is the last report of the agent's own hook, and `state` what follows from
    both: the newer one counts.

    Without `offset` the answer is about the current screen; with it, about the screen
    at that byte of the transcript, as far as the transcript is kept. A past screen is
    judged by the current rules and by the facts recorded at that time. `agent` has the
    driver, the versions that it was recorded with, and the one that runs, if it is
    known. Without a screen library on the server the answer is a 409.
    """
    await system.journal.read(sessions.get_terminal, session_id)
    session_run = system.services.running.get(session_id)
    if session_run is not None and query.offset is None:
        with suppress(NotRunning):  # It ended: explain the end of its transcript.
            screen, verdict = session_run.live.snapshot()
            flag = session_run.detector.flag
            seen = replay.explanation(session_id, screen, verdict, flag)
            service = system.services.prompt_service
            status, hook = service.status(session_id), service.hook_report(session_id)
            state = status.state if status is not None else None
            agent = await version_of(system, session_run)
            return attrs.evolve(seen, state=state, hook=hook, agent=agent)
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


@endpoint("GET", "/api/prompt-bridge/config", scope=Scope.ADMIN)
async def get_config(system: System) -> BridgeSettings:
    """Return the settings of the prompt bridge: where ANT announces prompts."""
    return BridgeSettings(await system.journal.read(targets.get_config))


@endpoint("PUT", "/api/prompt-bridge/config", scope=Scope.ADMIN)
async def put_config(system: System, body: PutBridge) -> ChangedSettings:
    """Change the settings of the prompt bridge that the body names.

    The body holds the settings, or an object with them as `config`, but not both.
    Settings that it does not name stay as they are, at any depth. A route that is null
    is removed; its session uses the default targets again. While `enabled` is false,
    prompts are still detected and can be answered, but not announced.

    `audit` and `detect` have no effect: ANT stores them for clients of the original,
    and the answer lists them in `ignored`. A webhook at a private address is refused
    unless the server has `ANT_WEBHOOK_PRIVATE`.
    """
    private = system.config.webhook_private
    config = await system.journal.write(targets.put_config, body, private)
    return ChangedSettings(config, targets.without_effect(body))


@endpoint(
    "POST",
    "/api/hooks",
    raises={
        NotFound: "There is no session `ant_session_id`.",
        Gone: "That session is archived or deleted.",
    },
    token="self",
    speaker="session_id",
    keeps=hooks.BUDGET,
    scope=Scope.ADMIN,
)
async def report_hook(
    system: System,
    body: ReportHook,
    query: HookWait,
    caller: Caller | None,
    access_token: AccessToken | None,
) -> HookHeard | HookAnswer:
    """Report an event of an agent CLI's own hooks; a `PermissionRequest` waits.

    ANT derives the state of the agent from the event; between a hook and the screen,
    the newer one counts. `event` (or `hook_event_name`) is the name of the hook event,
    and `ant_session_id` the session. All other fields of the body are accepted.

    A `PermissionRequest` with a terminal's token is a prompt of that terminal, the same
    as its dialog on the screen, and the request waits for its answer: by `respond`, by
    a message, or in the terminal. The response is then the decision as the agent reads
    it, and no key is pressed. An empty object lets the agent's own dialog decide: that
    dialog was answered first, no answer came in `timeout` seconds, the server stops, or
    too many requests wait. ANT never denies by itself. From any other caller a
    `PermissionRequest` is a report like the others.

    `action` is `ignored` for an event that says nothing about the state, and for a
    session that does not run. ANT records every report that names a session as a run
    event of that session, of trust `medium`, with its fields cut to 16,000 characters
    together. With a terminal's token the session is that terminal.
    """
    event = hooks.event_of(body)
    asks = event == PERMISSION_REQUEST and caller is not None and access_token is None
    fact = None if asks else hooks.fact_of(body, clock.monotonic())
    is_applied = False
    if body.session_id is not None:
        session_id = SessionId(body.session_id)
        await system.journal.read(sessions.check_active, session_id)
        is_applied = fact is not None and system.services.prompt_service.hook_reported(
            session_id, fact
        )
        await system.journal.write(hooks.record_hook, session_id, body)
        if (text := hooks.taken_text(body)) is not None:
            system.services.dispatcher.hook_took(session_id, text)
        if (ended := hooks.ended_tool(body)) is not None:
            system.services.prompt_service.tool_ended(session_id, *ended)
        if asks:
            return await _decide(system, session_id, body, query.timeout)
    return HookHeard(True, event, "recorded" if is_applied else "ignored")


async def _decide(
    system: System, session_id: SessionId, body: ReportHook, timeout: int
) -> HookAnswer:
    """Wait for the answer to a permission; the response in the agent's form."""
    decision = None
    ask = PermissionAsk.of(body, hook_forms.takes_suggestions(body))
    if ask is not None:
        decision = await system.services.prompt_service.ask(session_id, ask, timeout)
    return hook_forms.permission_answer(decision)
