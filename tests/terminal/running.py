"""A session on a real PTY without a server, for tests of answers and detection."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import trio

from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import Tail
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.host.host_terminal import ExitStatus, HostTerminal, Spec
from ant.terminal.host.pty import open_pty
from ant.terminal.model.prompt import Prompt, Verdict
from ant.terminal.observations import BlockSeen, Observation, OutputSeen
from ant.terminal.run_session import run_session
from ant.terminal.screen.display import Display
from ant.terminal.session import LiveTerminal
from ant.terminal.shell.command_blocks import CommandBlock

COLS, ROWS = 90, 30
PATIENCE_S = 20.0


class Onlooker:
    """An observer that stores at once, keeps what it sees, and can wait for it."""

    def __init__(self, argv: tuple[str, ...], cwd: str) -> None:
        program = shutil.which(argv[0])
        assert program is not None, f"{argv[0]} is not installed"
        env = {
            "PATH": os.environ["PATH"],
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "PS1": "$ ",
            "HOME": cwd,
            "PWD": cwd,
        }
        self.spec = Spec((program, *argv[1:]), cwd, env, COLS, ROWS)
        self.flow = OutputFlow(Tail(0))
        self.verdicts: list[tuple[float, Verdict]] = []
        self.blocks: list[CommandBlock] = []
        self.live: LiveTerminal
        self._told = trio.Event()

    async def open(self) -> tuple[HostTerminal, OutputFlow, Display | None]:
        terminal = await open_pty(self.spec)
        return terminal, self.flow, Display.blank(COLS, ROWS, 0)

    async def on_started(self, live: LiveTerminal) -> None:
        self.live = live

    def on_observation(self, observation: Observation) -> None:
        if isinstance(observation, OutputSeen):
            self.flow.mark_stored(observation.end)
        elif isinstance(observation, VerdictSeen):
            self.verdicts.append((trio.current_time(), observation.verdict))
        elif isinstance(observation, BlockSeen):
            self.blocks.append(observation.block)
        self._told.set()
        self._told = trio.Event()

    def should_answer_queries(self) -> bool:
        return True

    async def on_ended(self, exit_: ExitStatus | None, reason: str | None) -> None:
        self._told.set()

    async def on_detached(self) -> None:
        self._told.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until this holds; it is checked after each output and each verdict."""
        with trio.fail_after(PATIENCE_S):
            while not holds():
                await self._told.wait()

    async def prompt(self, fingerprint_not: str = "") -> Prompt:
        """Wait for a prompt with another fingerprint than that one."""

        def shown() -> Prompt | None:
            verdict = self.live.verdict
            asked = verdict.prompt if verdict else None
            other = asked is not None and asked.fingerprint != fingerprint_not
            return asked if other else None

        await self.until(lambda: shown() is not None)
        prompt = shown()
        assert prompt is not None
        return prompt

    async def shows(self, text: str) -> None:
        """Wait until this is on the screen."""
        await self.until(lambda: any(text in line for line in self.live.look().lines))


@asynccontextmanager
async def running(
    *argv: str, cwd: str = "/tmp", flag: str | None = None
) -> AsyncIterator[Onlooker]:
    """A session that runs this program; ended after the block."""
    async with trio.open_nursery() as nursery:
        onlooker = Onlooker(argv, cwd)
        live = await nursery.start(run_session, PromptDetector(flag), onlooker)
        try:
            yield onlooker
        finally:
            live.stop(0.1)
