"""One `tmux -C` client over pipes: commands to a session, their answers, its news.

Rule 1: a line that is written is written whole (`LINE_MAX` is what a pipe takes in one
piece), so that asking never waits.
Rule 2: no client is ended before tmux has greeted it, and none comes while another one
goes: tmux 3.5a would fall, and all its sessions with it.
Rule 3: answers come in the order of the commands; when the client has ended, those that
wait are answered by None.
"""

import os
import subprocess
from collections import deque
from collections.abc import Callable

import attrs
import trio

from ant.core.errors import CapacityReached, NotRunning
from ant.terminal.host import umask
from ant.terminal.host.subreaper import children
from ant.terminal.tmux.control_parser import Answer, ControlParser, Notice

LINE_MAX = 4096
"""PIPE_BUF of Linux: a shorter write to a pipe is never cut."""

READ = 65536

GREET_S = 10.0
"""What tmux is given to greet a client: it needs milliseconds, unless it hangs."""

CLOSE_S = 2.0
"""The same to let go of one."""


@attrs.define(eq=False)
class TmuxCommand:
    """A command that was given, and its answer when it is there."""

    done: trio.Event = attrs.field(factory=trio.Event)
    answer: Answer | None = None


class ControlClient:
    """A control client; made by `open_client`, and run by one task."""

    def __init__(self, process: trio.Process, attach_lock: trio.Lock) -> None:
        assert process.stdin is not None
        self._process, self._attach_lock = process, attach_lock
        self._fd: int = process.stdin.fileno()  # type: ignore[attr-defined]
        self._waiting: deque[TmuxCommand] = deque()
        self._greeting: bytes | None = None
        self.over = trio.Event()

    async def greet(self) -> None:
        """Wait for the first that tmux says."""
        self._greeting = await self._hear()

    async def _hear(self) -> bytes:
        assert self._process.stdout is not None
        try:
            return bytes(await self._process.stdout.receive_some(READ))
        except trio.BrokenResourceError:
            return b""

    def give(self, *commands: str) -> TmuxCommand:
        """Give commands, in one line; the answer is that of the last one.

        Raises `NotRunning` when the client has ended, and `CapacityReached` when tmux
        takes nothing; then no command was given.
        """
        line = " ; ".join(commands).encode() + b"\n"
        assert len(line) <= LINE_MAX
        if self.over.is_set():
            raise NotRunning("The tmux session is gone.")
        try:
            os.write(self._fd, line)
        except BlockingIOError:
            raise CapacityReached("tmux does not answer.") from None
        except OSError as exc:
            raise NotRunning("The tmux session is gone.") from exc
        given = [TmuxCommand() for _ in commands]
        self._waiting.extend(given)
        return given[-1]

    async def ask(self, command: str) -> Answer | None:
        """The answer to a command; None where the client ended before.

        Raises as `give`. *Cancellation:* it was given all the same.
        """
        given = self.give(command)
        await given.done.wait()
        return given.answer

    async def run(self, tell: Callable[[Notice], None]) -> None:
        """Read until the client ends; notifications are given to `tell`.

        *Cancellation:* it takes no more commands; `aclose` ends it.
        """
        control = ControlParser()
        try:
            data = self._greeting or b""
            while data:
                for said in control.feed(data):
                    if isinstance(said, Notice):
                        tell(said)
                    elif isinstance(said, Answer) and said.ours:
                        self._answered(said)
                data = await self._hear()
        finally:
            self._end()

    def _answered(self, answer: Answer | None) -> None:
        if self._waiting:
            command = self._waiting.popleft()
            command.answer = answer
            command.done.set()

    def _end(self) -> None:
        self.over.set()
        while self._waiting:
            self._answered(None)

    async def aclose(self) -> None:
        """End the client; its session stays. One not greeted yet ends when it is.

        *Cancellation:* the same; it takes `CLOSE_S` at most.
        """
        self._end()
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            with trio.CancelScope(shield=True, deadline=trio.current_time() + CLOSE_S):
                async with self._attach_lock:
                    await process.stdin.aclose()
                    if self._greeting is not None:
                        process.kill()
                    while await self._hear():  # tmux holds the other end till it knows.
                        pass
                await process.wait()
                await process.stdout.aclose()
        finally:
            children.release(process.pid)  # From now on nobody waits for it.


async def open_client(
    argv: list[str], env: dict[str, str], attach_lock: trio.Lock
) -> ControlClient:
    """Start a client, as a process that no signal of our terminal reaches.

    `calm` is held while a client comes or goes. Where tmux does not greet it in
    `GREET_S` it is over. *Cancellation:* comes before it is started.
    """
    async with attach_lock:
        with children.starting():
            process = await trio.lowlevel.open_process(
                argv,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=env,
                cwd="/",
                start_new_session=True,
                umask=umask.for_programs(),
            )
            children.claim(process.pid)
        client = ControlClient(process, attach_lock)
        with trio.CancelScope(shield=True, deadline=trio.current_time() + GREET_S):
            await client.greet()
    return client
