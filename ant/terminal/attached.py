"""One `tmux -C` client over pipes: commands to a session, their answers, its news.

Rule 1: a line that is written is written whole (`LINE_MAX` is what a pipe takes in one
piece), so that asking never waits.
Rule 2: no client is ended before tmux has greeted it: tmux 3.5a would fall, and all its
sessions with it.
Rule 3: answers come in the order of the commands; when the client has ended, those that
wait are answered by None.
"""

import os
import subprocess
from collections import deque
from collections.abc import Callable

import attrs
import trio

from ant.errors import CapacityReached, NotRunning
from ant.terminal.control import Answer, Control, Notice

LINE_MAX = 4096
"""PIPE_BUF of Linux: a shorter write to a pipe is never cut."""

READ = 65536

GREET_S = 10.0
"""What tmux is given to greet a client: it needs milliseconds, unless it hangs."""


@attrs.define(eq=False)
class Command:
    """A command that was given, and its answer when it is there."""

    done: trio.Event = attrs.field(factory=trio.Event)
    answer: Answer | None = None


class Client:
    """A control client; made by `open_client`, and run by one task."""

    def __init__(self, process: trio.Process) -> None:
        assert process.stdin is not None
        self._process = process
        self._fd: int = process.stdin.fileno()  # type: ignore[attr-defined]
        self._waiting: deque[Command] = deque()
        self._greeting: bytes | None = None
        self.over = trio.Event()

    async def greet(self) -> None:
        """Wait for the first that tmux says."""
        assert self._process.stdout is not None
        try:
            self._greeting = bytes(await self._process.stdout.receive_some(READ))
        except trio.BrokenResourceError:
            self._greeting = b""

    def give(self, *commands: str) -> Command:
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
        given = [Command() for _ in commands]
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

        *Cancellation:* the client is ended; its session stays.
        """
        control, stdout = Control(), self._process.stdout
        assert stdout is not None
        try:
            data = self._greeting or b""
            while data:
                for said in control.feed(data):
                    if isinstance(said, Notice):
                        tell(said)
                    elif isinstance(said, Answer) and said.ours:
                        self._answered(said)
                data = bytes(await stdout.receive_some(READ))
        except trio.BrokenResourceError:
            pass
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
        if self._greeting is not None:
            self._process.kill()

    async def aclose(self) -> None:
        """End the client and wait for that; one that was not greeted ends when it is.

        *Cancellation:* the same.
        """
        self._end()
        with trio.CancelScope(shield=True, deadline=trio.current_time() + 1):
            assert self._process.stdin is not None
            await self._process.stdin.aclose()
            await self._process.wait()
            if self._process.stdout is not None:
                await self._process.stdout.aclose()


async def open_client(argv: list[str], env: dict[str, str]) -> Client:
    """Start a client, as a process that no signal of our terminal reaches.

    Where tmux does not greet it in `GREET_S` it is over. *Cancellation:* comes before
    it is started.
    """
    process = await trio.lowlevel.open_process(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=env,
        cwd="/",
        start_new_session=True,
    )
    client = Client(process)
    with trio.CancelScope(shield=True, deadline=trio.current_time() + GREET_S):
        await client.greet()
    return client
