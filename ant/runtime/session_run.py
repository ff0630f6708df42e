"""One run of a terminal's program: turns its observations into records and events."""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial

import attrs
import trio

from ant.core import clock
from ant.core.errors import AntError, NotRunning
from ant.history.replay import RESIZED
from ant.model.events import Envelope, Event, SessionActivity, TerminalResized
from ant.model.run_events import HostEvent
from ant.model.sessions import TMUX, SessionId
from ant.model.transcript import Chunk
from ant.prompts import prompts
from ant.recording import keyframes
from ant.run_events.commands import command_block
from ant.run_events.entries import PendingEntry
from ant.runtime import run_records
from ant.runtime.launch import plan
from ant.runtime.services import RunServices
from ant.sessions.hook_arguments import NO_HOOKS, hook_arguments
from ant.store import Keyframe, Program
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import Tail
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.detect.verdict import ActivitySeen, VerdictSeen
from ant.terminal.host.host_terminal import ControlSeen, ExitStatus, HostTerminal, Spec
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.observations import (
    BlockSeen,
    InputSeen,
    Observation,
    OutputSeen,
    Resized,
    RestSeen,
    TitleSeen,
)
from ant.terminal.screen.display import Display
from ant.terminal.session import LiveTerminal
from ant.terminal.tmux.spool_reader import resume_at
from ant.terminal.tmux.tmux_server import SurvivingPane

log = logging.getLogger(__name__)

KEYFRAME_EVERY = 4 << 20
"""Bytes between two keyframes. After a crash ANT replays at most this much, and a
tail."""

FLUSH_S = 5.0
"""Seconds that a slow disk has at the end of a session to store the last bytes."""


class SessionRun:
    """One run of one session's program."""

    live: LiveTerminal
    flow: OutputFlow
    _began_at: float
    _drawn: int

    def __init__(
        self,
        services: RunServices,
        session_id: SessionId,
        cols: int | None = None,
        rows: int | None = None,
        cwd: str | None = None,
        surviving: SurvivingPane | None = None,
    ) -> None:
        self.session_id = session_id
        self.detector = PromptDetector()
        self.has_begun = False
        self._services, self._size, self._cwd = services, (cols, rows), cwd
        self._surviving = surviving
        self._folder: str | None = None
        self._hooks = NO_HOOKS
        self._run = surviving.pane_ids.run if surviving else clock.new_id()

    @property
    def run(self) -> str:
        """The id of this run, to which its token belongs."""
        return self._run

    @property
    def silent_s(self) -> float:
        """Seconds since the last output of the program, else since its start."""
        last = self.detector.last_output
        return trio.current_time() - (self._began_at if last is None else last)

    @property
    def folder(self) -> str | None:
        """The folder that the shell reported last, else the one of the program's start.

        None if neither is known: an earlier server started it, in a default folder.
        """
        return (self.live.folder if self.has_begun else None) or self._folder

    async def open(self) -> tuple[HostTerminal, OutputFlow, Display | None]:
        """Reserve offsets for the run, then start the program or resume it."""
        if self._surviving is not None:
            return await self._resume(self._surviving)
        await self._services.endings.settle(self.session_id)
        async with self._services.sizes.starting(self.session_id) as began:
            program = await self._services.journal.write(
                run_records.begin_run, self.session_id, self._run, *self._size
            )
            began((program.cols, program.rows))
        self._enter(program)
        display, spec = _display(program), self._spec(program)
        if program.host != TMUX:
            return await self._services.open_terminal(spec), self.flow, display
        terminal = await self._services.need_tmux().open(
            spec, self.session_id, self._run, program.reserved, self._stored
        )
        return terminal, self.flow, display

    async def _resume(
        self, surviving: SurvivingPane
    ) -> tuple[HostTerminal, OutputFlow, Display | None]:
        """Attach at the first byte that is not stored, with the screen as of there."""
        journal, tmux = self._services.journal, self._services.need_tmux()
        find = partial(resume_at, tmux.folder(self.session_id))
        program = await journal.write(run_records.resume_run, self.session_id, find)
        self._enter(program)
        self._set_shell_key()
        display = None
        with suppress(ImportError):
            display = await journal.read_in_thread(keyframes.restore, self.session_id)
            display.pass_over(program.reserved)
            display.resize(program.cols, program.rows)
        terminal = await tmux.attach(surviving, program.reserved, self._stored)
        if not surviving.dead:
            terminal.resize(program.cols, program.rows)
        return terminal, self.flow, display

    def _enter(self, program: Program) -> None:
        self.flow = OutputFlow(Tail(program.reserved), self._services.turns)
        self._size = program.cols, program.rows
        self.detector.flag = program.session.cli_flag

    def _stored(self) -> int:
        return self.flow.tail.stored

    def _set_shell_key(self) -> None:
        if self._services.shell_integration:
            key = self._services.token_signer.shell_key(self.session_id, self._run)
            self.detector.shell.key = key

    def _spec(self, program: Program) -> Spec:
        own = {
            **program.env,
            "ANT_SESSION_ID": self.session_id,
            "ANT_RUN": self._run,
            "ANT_SERVER_URL": self._services.server_url,
            "ANT_HANDLE": program.session.handle or "",
            "ANT_TOKEN": self._services.token_signer.token(self.session_id, self._run),
            **({"ANT_CA": self._services.ca} if self._services.ca else {}),
        }
        root_dir = program.session.root_dir or self._cwd
        self._set_shell_key()
        spec = plan(
            program.command,
            root_dir,
            own,
            program.cols,
            program.rows,
            self.detector.shell.key,
        )
        self._folder = spec.cwd
        files, url = self._services.hook_files, self._services.server_url
        self._hooks = hook_arguments(program, spec.argv[0], files, url)
        return attrs.evolve(spec, argv=self._hooks.added_to(spec.argv))

    async def on_started(self, live: LiveTerminal) -> None:
        """Record the process, so that a later server run can find it."""
        self.live, self._began_at = live, trio.current_time()
        self._drawn = self.flow.tail.start
        await self._services.journal.write(
            run_records.record_run,
            self.session_id,
            live.terminal.identity,
            self._keyframe(),
            self._surviving is not None,
            self._hooks,
        )
        prompt, past = None, list[Chunk]()
        if self._surviving is not None:
            prompt = await self._services.journal.read(
                prompts.open_prompt, self.session_id
            )
            past = await self._services.journal.read_in_thread(
                keyframes.output_since_last_command, self.session_id
            )
        self.has_begun = True
        self._services.recorder.enter(
            self.session_id, self.flow, live.terminal.shows_input
        )
        self._services.prompt_service.enter(
            self.session_id, self._run, self.flow, prompt
        )
        self._services.dispatcher.enter(self.session_id, live)
        self._services.running[self.session_id] = self
        self._services.flows[self.session_id] = self.flow
        self._services.broadcaster.wake(self.session_id)
        size = self._services.sizes.current(self.session_id)
        if size is not None and size != self._size:  # It changed during the start.
            with suppress(NotRunning):
                live.resize(*size)
        if self._surviving is not None:
            live.replay([(each.data, each.end, _then(each.at)) for each in past])
            live.set_driver(self.detector.flag)  # Detects, even without new output.

    def on_observation(self, observation: Observation) -> None:
        """Wake viewers and writers, and publish what the room should know."""
        match observation:
            case OutputSeen(end):
                self._services.broadcaster.wake(self.session_id)
                self._services.transcript_writer.mark(self.session_id, self.flow)
                if end - self._drawn >= KEYFRAME_EVERY:
                    self._drawn = end
                    self._services.transcript_writer.mark_drawing(
                        self.session_id, self._keyframe
                    )
            case RestSeen():
                self._services.broadcaster.wake(self.session_id)
            case ActivitySeen():
                self._publish(SessionActivity(self.session_id, clock.now()))
            case VerdictSeen():
                self._services.prompt_service.verdict_changed(
                    self.session_id, observation.verdict
                )
                self._services.dispatcher.saw(self.session_id)
                self._services.transcript_writer.add_verdict(
                    self.session_id, self.flow, observation
                )
            case InputSeen():
                self._services.recorder.typed(self.session_id, observation)
            case TitleSeen():
                self._services.recorder.titled(self.session_id, observation)
            case ControlSeen(kind, data):
                event = HostEvent(kind, data, self.flow.tail.end)
                self._services.recorder.host_event(self.session_id, event)
            case BlockSeen(block):
                ago = timedelta(seconds=trio.current_time() - block.at)
                draft = command_block(block, clock.now() - ago)
                self._services.transcript_writer.add_event(
                    self.session_id, self.flow, draft
                )
            case Resized(cols, rows):
                self._services.recorder.resized(self.session_id, cols, rows)
                # The bytes alone do not show a redraw where the size changed.
                self._note_size(cols, rows)
                self._services.transcript_writer.mark_drawing(
                    self.session_id, self._keyframe
                )
                self._publish(TerminalResized(self.session_id, cols, rows))

    def _note_size(self, cols: int, rows: int) -> None:
        seen = VerdictSeen(
            Verdict(Kind.QUIET_UNKNOWN, RESIZED, (), self.flow.tail.end),
            self.live.tty(),
            cols,
            rows,
            0.0,
            self.detector.flag,
        )
        self._services.transcript_writer.add_verdict(self.session_id, self.flow, seen)

    def should_answer_queries(self) -> bool:
        """Whether no socket has joined as the program's terminal."""
        return not self._services.broadcaster.has_typist(self.session_id)

    async def on_ended(self, exit_: ExitStatus | None, reason: str | None) -> None:
        """Store the last bytes, then record that the run ended.

        If the database refuses, ANT logs that and tries again (`UnrecordedEnds`). If
        the end is still not recorded when this server stops, the next server run marks
        the run as lost.
        """
        try:
            if exit_ is None:
                await self._abandon(reason)
            else:
                await self._finish(exit_, reason)
        except AntError as exc:
            log.error("The end of session %s is not recorded: %s", self.session_id, exc)
        finally:
            if self._services.hook_files is not None:
                self._services.hook_files.remove(self.session_id)
            self._release()

    async def on_detached(self) -> None:
        """Store the last bytes and the screen. The row stays `running`."""
        try:
            with trio.move_on_after(FLUSH_S):
                await self._services.transcript_writer.flush(self.session_id, self.flow)
            self._services.transcript_writer.forget_drawing(self.session_id)
            pending = self._services.recorder.leave(self.session_id)
            await self._services.journal.write(
                run_records.leave_run, self.session_id, self._keyframe(), pending
            )
        except AntError as exc:
            log.error(
                "The screen of session %s is not stored: %s", self.session_id, exc
            )
        finally:
            self._release()

    def _release(self) -> None:
        # In every case: a dead terminal that counts as running would stay for ever.
        if self.has_begun:
            del self._services.running[self.session_id]
            self._services.prompt_service.forget(self.session_id)
            self._services.recorder.leave(self.session_id)
            self._services.dispatcher.leave(self.session_id)
        self._services.broadcaster.wake(self.session_id)

    async def _abandon(self, reason: str | None) -> None:
        if self._surviving is None:
            record = partial(self._end, run_records.abandon_run, self._run, reason)
        else:
            record = partial(self._end, run_records.lose_run, reason)
        await self._services.endings.offer(self.session_id, record)

    async def _finish(self, exit_: ExitStatus, reason: str | None) -> None:
        with trio.move_on_after(FLUSH_S):
            await self._services.transcript_writer.flush(self.session_id, self.flow)
        await self._services.prompt_service.leave(self.session_id)
        self._services.transcript_writer.forget_drawing(self.session_id)
        keyframe = self._keyframe() if self.has_begun else None
        pending = self._services.recorder.leave(self.session_id)
        record = partial(self._record_exit, exit_, reason, keyframe, pending)
        await self._services.endings.offer(self.session_id, record)

    async def _end(self, work: Callable[..., None], *args: object) -> None:
        write = self._services.journal.write
        await write(run_records.end_run, self.session_id, self._run, work, *args)

    async def _record_exit(
        self,
        exit_: ExitStatus,
        reason: str | None,
        keyframe: Keyframe | None,
        pending: Sequence[PendingEntry],
    ) -> None:
        end = self.flow.tail.end
        with trio.move_on_after(FLUSH_S):  # The database may accept them by now.
            await self._services.transcript_writer.try_flush(self.session_id, self.flow)
        complete = self.flow.tail.stored == end
        if complete:
            self.flow.tail.trim()
        await self._end(
            run_records.finish_run, exit_, end, complete, reason, keyframe, pending
        )
        if complete and self._services.tmux is not None:
            self._services.tmux.forget(self.session_id)

    def _keyframe(self) -> Keyframe | None:
        picture = self.live.picture()
        return keyframes.keyframe(self.session_id, picture) if picture else None

    def _publish(self, event: Event) -> None:
        self._services.journal.publish(Envelope(clock.now(), event))


def _display(program: Program) -> Display | None:
    """Return a blank screen of the program's size; None without a screen library."""
    try:
        return Display.blank(program.cols, program.rows, program.reserved)
    except ImportError:
        return None


def _then(at: datetime) -> float:
    """Return that time, before this process started, on trio's clock."""
    return trio.current_time() - (clock.now() - at).total_seconds()
