"""The services that all runs of a server share."""

from collections.abc import Awaitable, Callable
from typing import Protocol

import attrs

from ant.core.errors import Invalid
from ant.core.fair_turns import FairTurns
from ant.identity.terminal_tokens import TokenSigner
from ant.journal.writer import Journal
from ant.messages.delivery_dispatcher import DeliveryDispatcher
from ant.model.sessions import SessionId
from ant.prompts.prompt_service import PromptService
from ant.recording.event_recorder import EventRecorder
from ant.recording.transcript_writer import TranscriptWriter
from ant.runtime.broadcaster import Broadcaster
from ant.runtime.terminal_sizes import TerminalSizes
from ant.runtime.unrecorded_ends import UnrecordedEnds
from ant.runtime.wait_slots import WaitSlots
from ant.sessions.hook_arguments import HookFiles
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.host.host_terminal import HostTerminal, Spec
from ant.terminal.session import LiveTerminal, RunObserver
from ant.terminal.tmux.tmux_server import Tmux


class ActiveRun(RunObserver, Protocol):
    """A run in progress, as `SessionRun` implements it."""

    live: LiveTerminal
    flow: OutputFlow
    detector: PromptDetector

    @property
    def run(self) -> str:
        """The id of the run, to which its token belongs."""
        ...

    @property
    def folder(self) -> str | None:
        """The folder of its shell, else of its start; None if neither is known."""
        ...

    @property
    def silent_s(self) -> float:
        """Seconds since the last output of the program, else since its start."""
        ...


@attrs.define(eq=False)
class RunServices:
    """What all runs share.

    `running` has the runs in progress. `flows` has the last flow of every session that
    has run since the server started. `open_terminal` starts a program on a PTY. `ca`
    is the file of the certificate that programs in terminals trust; empty if none.
    Without `hook_files` ANT gives no agent hook settings.
    """

    journal: Journal
    transcript_writer: TranscriptWriter
    recorder: EventRecorder
    prompt_service: PromptService
    dispatcher: DeliveryDispatcher
    broadcaster: Broadcaster
    open_terminal: Callable[[Spec], Awaitable[HostTerminal]]
    turns: FairTurns
    server_url: str = ""
    token_signer: TokenSigner = attrs.field(factory=TokenSigner)
    shell_integration: bool = True
    tmux: Tmux | None = None
    ca: str = ""
    hook_files: HookFiles | None = None
    endings: UnrecordedEnds = attrs.field(factory=UnrecordedEnds)
    wait_slots: WaitSlots = attrs.field(factory=WaitSlots)
    running: dict[SessionId, ActiveRun] = attrs.field(factory=dict)
    flows: dict[SessionId, OutputFlow] = attrs.field(factory=dict)
    sizes: TerminalSizes = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.sizes = TerminalSizes(self.journal, self.find)

    def find(self, session_id: SessionId) -> LiveTerminal | None:
        """Return the live terminal of a session."""
        active = self.running.get(session_id)
        return active.live if active else None

    def need_tmux(self) -> Tmux:
        """Return the tmux server. Raises `Invalid` where this ANT has none."""
        if self.tmux is None:
            raise Invalid("this server has no tmux at $.host")
        return self.tmux
