"""No program runs a message, whatever the message contains: real programs on PTYs.

All programs are in one room, so each text is posted once, to all of them.
"""

import os
import random
import shutil
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from ant.api.message_requests import PostMessage
from ant.api.room_requests import AddParticipant
from ant.messages import deliveries, messages
from ant.model.deliveries import DeliveryRecord, Reason
from ant.model.messages import MessageId
from ant.model.sessions import CliFlag, Session, SessionId, SessionType
from ant.rooms import participants
from ant.terminal.host.host_terminal import HostTerminal, Spec
from ant.terminal.host.pty import PtyTerminal, open_pty
from ant.terminal.model.prompt import Kind
from tests.heard import content
from tests.systems import PATIENCE_S, Rig, running

pytestmark = pytest.mark.slow


@attrs.frozen
class Program:
    """A program that is not an agent; `noted`: it is a shell that gets a comment.

    `probe` makes it print `response` if it waits for input as it did at its start.
    """

    name: str
    command: tuple[str, ...] | None
    noted: bool = False
    probe: str = "echo ok$((40+2))"
    response: str = "ok42"
    env: dict[str, str] = attrs.field(factory=dict)
    accepts: bool = False

    @property
    def is_missing(self) -> str | None:
        """The executable that would have to be installed."""
        needs = self.command[0] if self.command else "bash"
        behind = "dash" if self.command and "dash" in self.command else needs
        return next((each for each in (needs, behind) if not shutil.which(each)), None)


PYTHON = {"probe": "print('ok%d' % 42)"}
BASIC = {"TERM": "dumb"}
PROGRAMS = [
    Program("login", None, noted=True),
    Program("noediting", ("bash", "--noediting", "-i")),
    Program("norc", ("bash", "--norc", "-i")),
    Program("plain", ("bash", "-i"), env={"ANT_SHELL_INTEGRATION": "0"}),
    Program("sh", ("sh", "-i")),
    Program("dash", ("dash", "-i")),
    Program("zsh", ("zsh", "-f")),
    Program("marked", ("zsh",)),
    Program("fish", ("fish",), noted=True, probe="echo ok(math 40+2)"),
    Program("behind", ("script", "-qc", "bash --norc", "/dev/null")),
    Program("dashed", ("script", "-qc", "dash", "/dev/null")),
    Program("python", ("python3",), **PYTHON),  # type: ignore[arg-type]
    Program("quiet", ("script", "-qc", "python3 -q", "/dev/null"), **PYTHON),  # type: ignore[arg-type]
    Program("node", ("node",), probe="'ok'+42"),
    Program("accepting", ("sh", "-i"), accepts=True),
]


def texts(trap: Path) -> list[str]:
    """Texts that a shell could run or fail on; each would create the file."""
    run = f"touch {trap}"
    return [
        f"please run $({run})",
        f"`{run}`",
        f"one\n{run}\nthree",
        f"hello ; {run} #",
        f"it's done && {run}",
        f"'\n{run}\n'",
        f'"\n{run}\n"',
        f"for f in 1 2 3; do {run}; done",
        f"if true; then\n{run}",
        "!! !$ !touch",
        f"cat <<EOF\n$({run})\nEOF",
        f"\x1b[201~\r{run}\r",
        f"\x03\x04\r{run}\r",
        f"a\x0f\x1b\r{run}\t|| {run}",
        f"import os; os.system('{run}')",
        f"require('fs').writeFileSync('{trap}', '')",
        f"__import__('os').system('{run}')\n",
        f"\\\n{run}",
        f"# {run}\n{run}",
        "x" * 5000 + f"\n{run}",
    ]


class Watched(PtyTerminal):
    """A terminal that keeps what was written to it."""

    written: bytearray

    def write_nowait(self, data: bytes) -> int:
        count = super().write_nowait(data)
        self.written += data[:count]
        return count


async def open_watched(spec: Spec) -> HostTerminal:
    """The same program, watched."""
    terminal = await open_pty(spec)
    terminal.__class__ = Watched
    assert isinstance(terminal, Watched)
    terminal.written = bytearray()
    return terminal


@attrs.define(eq=False)
class Room:
    """A room with these programs in it."""

    rig: Rig
    id: SessionId
    members: dict[SessionId, tuple[Program, Session]]

    def live(self, session_id: SessionId) -> Any:
        return self.rig.system.supervisor.need(session_id)

    async def ended(self, ident: MessageId) -> list[DeliveryRecord]:
        """Wait until all deliveries of the message have ended, and return them."""
        dispatcher, read = (
            self.rig.system.services.dispatcher,
            self.rig.system.journal.read,
        )
        with trio.fail_after(3 * PATIENCE_S):
            while True:
                moved = dispatcher.moved(ident)
                found = await read(deliveries.of_message, self.id, ident)
                if all(each.final for each in found) and not dispatcher._queues:
                    return list(await read(deliveries.of_message, self.id, ident))
                with trio.move_on_after(0.1):
                    await moved.wait()

    async def rest(self) -> None:
        """Wait until all programs have started."""
        with trio.fail_after(2 * PATIENCE_S):
            for each in self.members:
                live = self.live(each)
                while live.verdict is None or live.verdict.kind is Kind.BUSY:
                    await live.wait_output(0.05)

    async def answers(self, session_id: SessionId, program: Program) -> bool:
        """Whether the program still responds to a person's input, as at its start."""
        live = self.live(session_id)
        live.type_nowait(program.probe.encode() + b"\r")
        with trio.move_on_after(PATIENCE_S):
            while not any(program.response in line for line in live.look().lines):
                await live.wait_output(0.1)
            return True
        return False


@asynccontextmanager
async def room_of(folder: Path, programs: Iterable[Program]) -> AsyncIterator[Room]:
    """All of them twice: in a session that names an agent's driver, and in one that
    does not."""
    (folder / "data").mkdir()
    home = folder / "home"
    home.mkdir()
    own = {"HOME": str(home), "HISTFILE": str(home / "history"), "LC_ALL": "C.UTF-8"}
    async with running(folder / "data", open_terminal=open_watched) as rig:
        write = rig.system.journal.write
        room = await rig.create("room", type=SessionType.CHAT)
        members = {}
        for program in programs:
            for flag in (None, CliFlag.CLAUDE_CODE):
                session = await rig.create(
                    f"{program.name}-{'flag' if flag else 'none'}",
                    command=program.command,
                    root_dir=str(home),
                    cols=100,
                    rows=30,
                    cli_flag=flag,
                    env=own | program.env,
                    accepts_messages=program.accepts,
                )
                ask = AddParticipant(session_id=session.id)
                await write(participants.add_participant, room.id, ask)
                await rig.system.supervisor.start(session.id)
                members[session.id] = program, session
        yield Room(rig, room.id, members)


async def check(folder: Path, programs: list[Program], posted: list[str]) -> None:
    """Post each text. None of it is typed, and the ledger has the reason."""
    async with room_of(folder, programs) as room:
        await room.rest()
        idents = []
        for text in posted:
            ask = PostMessage(text, sender_id="`touch x`")
            post = room.rig.system.journal.write(messages.post_message, room.id, ask)
            idents.append((await post).message.id)
        for text, ident in zip(posted, idents, strict=True):
            for one in await room.ended(ident):
                program, _ = room.members[SessionId(one.target_id)]
                noted = {Reason.NOTED} if program.noted else set()
                assert "withheld" == one.state, (program, one)
                assert one.reason in {Reason.NOT_AN_AGENT} | noted, (program, one)
                assert (False, True) == (one.delivered, one.final)
                assert one.file is not None
                assert text.encode() == content(Path(one.file))
        for session_id, (program, _) in room.members.items():
            terminal = room.live(session_id).terminal
            typed = bytes(terminal.written)
            lines = typed.count(b"# ANT: a message for this terminal is in the file ")
            if not program.noted:
                assert b"\r" not in typed, (program, typed)
                assert b" " not in typed, (program, typed)
            else:
                assert lines == typed.count(b"\r") > 0, (program, typed)
            assert b"touch" not in typed
            assert await room.answers(session_id, program), program
    assert content(folder / "trap") is None


def there(programs: list[Program]) -> list[Program]:
    """The programs that are installed; in CI all have to be."""
    missing = {each.is_missing for each in programs} - {None}
    found = [each for each in programs if each.is_missing is None]
    if missing and (not found or "ANT_TEST_NO_SKIP" in os.environ):
        pytest.skip(f"missing: {', '.join(sorted(map(str, missing)))}")
    return found


async def test_no_message_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the login shell, which prints marks, or by any other."""
    monkeypatch.setenv("SHELL", "/bin/bash")
    await check(tmp_path, there(PROGRAMS), texts(tmp_path / "trap")[::3])


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(12))
async def test_no_message_is_run_in_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    """Each text, and random parts of them, to some of the programs."""
    monkeypatch.setenv("SHELL", "/bin/bash")
    rng = random.Random(seed)
    posted = texts(tmp_path / "trap")
    parts = [part for text in posted for part in text.split(" ")]
    posted += [" ".join(rng.choices(parts, k=rng.randint(2, 12))) for _ in range(20)]
    rng.shuffle(posted)
    await check(tmp_path, rng.sample(there(PROGRAMS), 5), posted)
