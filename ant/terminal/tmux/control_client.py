"""One `tmux -C` control client over pipes: commands, their answers, notifications.

Rule 1: each line is written whole, so sending never waits. `LINE_MAX` is what a pipe
takes in one piece.
Rule 2: no client is ended before tmux has greeted it, and none starts while another one
ends: tmux 3.5a would crash, and all its sessions with it.
Rule 3: answers come in the order of the commands. When the client ends, the commands
that still wait get None.
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
"""PIPE_BUF of Linux: a write to a pipe of up to so many bytes is never split."""

READ = 65536

GREET_S = 10.0
"""Time limit for tmux to greet a client: it needs milliseconds, unless it hangs."""

CLOSE_S = 2.0
"""Time limit for tmux to release a client."""


@attrs.define(eq=False)
class TmuxCommand:
    """A command that was sent. `answer` is set when `done` is."""

    done: trio.Event = attrs.field(factory=trio.Event)
    answer: Answer | None = None


class ControlClient:
    """A control client. `open_client` makes it; one task runs it."""

    def __init__(self, process: trio.Process, attach_lock: trio.Lock) -> None:
        assert process.stdin is not None
        self._process, self._attach_lock = process, attach_lock
        self._fd: int = process.stdin.fileno()  # type: ignore[attr-defined]
        self._waiting: deque[TmuxCommand] = deque()
        self._greeting: bytes | None = None
        self.over = trio.Event()

    async def greet(self) -> None:
        """Wait for the first output of tmux."""
        self._greeting = await self._receive()

    async def _receive(self) -> bytes:
        assert self._process.stdout is not None
        try:
            return bytes(await self._process.stdout.receive_some(READ))
        except trio.BrokenResourceError:
            return b""

    def send(self, *commands: str) -> TmuxCommand:
        """Send commands, in one line; return the last one, for its answer.

        Raises `NotRunning` when the client has ended, and `CapacityReached` when tmux
        does not read; then no command was sent.
        """
        line = " ; ".join(commands).encode() + b"\n"
        assert len(line) <= LINE_MAX
        if self.over.is_set():
            raise NotRunning("The tmux session is gone.")
        try:
            os.write(self._fd, line)
        except BlockingIOError:
            raise CapacityReached("tmux does not read its commands.") from None
        except OSError as exc:
            raise NotRunning("The tmux session is gone.") from exc
        sent = [TmuxCommand() for _ in commands]
        self._waiting.extend(sent)
        return sent[-1]

    async def request(self, command: str) -> Answer | None:
        """Send a command and wait for its answer; None where the client ended first.

        Raises as `send`. *Cancellation:* the command was sent all the same.
        """
        sent = self.send(command)
        await sent.done.wait()
        return sent.answer

    async def run(self, on_notice: Callable[[Notice], None]) -> None:
        """Read until the client ends; call `on_notice` with each notification.

        *Cancellation:* the client takes no more commands; `aclose` ends it.
        """
        parser = ControlParser()
        try:
            data = self._greeting or b""
            while data:
                for event in parser.feed(data):
                    if isinstance(event, Notice):
                        on_notice(event)
                    elif isinstance(event, Answer) and event.ours:
                        self._answer(event)
                data = await self._receive()
        finally:
            self._end()

    def _answer(self, answer: Answer | None) -> None:
        if self._waiting:
            command = self._waiting.popleft()
            command.answer = answer
            command.done.set()

    def _end(self) -> None:
        self.over.set()
        while self._waiting:
            self._answer(None)

    async def aclose(self) -> None:
        """End the client; its session stays. One not greeted yet ends once it is.

        *Cancellation:* the same; this takes `CLOSE_S` at most.
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
                    # tmux holds the other end until it has noticed.
                    while await self._receive():
                        pass
                await process.wait()
                await process.stdout.aclose()
        finally:
            children.release(process.pid)


async def open_client(
    argv: list[str], env: dict[str, str], attach_lock: trio.Lock
) -> ControlClient:
    """Start a client, in a session of its own: no signal of ANT's terminal reaches it.

    Hold `attach_lock` while it starts. A client that tmux does not greet within
    `GREET_S` has ended. *Cancellation:* only before it is started.
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
