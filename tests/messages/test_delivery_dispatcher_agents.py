"""Messages to programs on real terminals, well behaved and otherwise.

The mock agents log what they were given: nothing is called reacted that they did not
submit, and everything ends.
"""

import contextlib
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from ant.api.message_requests import PostMessage
from ant.api.room_requests import AddParticipant
from ant.messages import deliveries, delivery_attempt, messages
from ant.model.deliveries import DeliveryRecord
from ant.model.messages import MessageId
from ant.model.sessions import CliFlag, SessionId, SessionType
from ant.rooms import participants
from ant.terminal.host.pty import open_pty
from ant.terminal.model.prompt import Kind
from tests.heard import content, named
from tests.live.waiting import eventually
from tests.mocks.named import mock_agent, script
from tests.soak import soak
from tests.systems import PATIENCE_S, Rig, running
from tests.terminal.input.test_race import ROOT, Control, logged

pytestmark = pytest.mark.slow

ENDED = ("reacted", "acked", "unconfirmed", "failed", "dead")

PRINTABLE = "".join(filter(str.isprintable, map(chr, range(0x110000))))
"""Every character that has a picture, as far as Python knows."""


@attrs.define(eq=False)
class Stand:
    """A room with one real program in it."""

    rig: Rig
    room_id: SessionId
    session_id: SessionId
    log: Path
    control: Control | None = None

    @property
    def live(self) -> Any:
        return self.rig.system.supervisor.need(self.session_id)

    async def post(self, text: str) -> MessageId:
        write = self.rig.system.journal.write
        ask = PostMessage(text, sender_id="@ada")
        return (await write(messages.post_message, self.room_id, ask)).message.id

    async def until(self, ident: MessageId, *states: str) -> DeliveryRecord:
        """Wait until its delivery is in one of these states, and return it."""
        with trio.fail_after(2 * PATIENCE_S):
            while True:
                moved = self.rig.system.services.dispatcher.moved(ident)
                read = self.rig.system.journal.read
                (one,) = await read(deliveries.of_message, self.room_id, ident)
                if one.state in states:
                    return one
                await moved.wait()

    async def at(self, kind: Kind) -> None:
        """Wait until the verdict on the screen is of this kind."""
        with trio.fail_after(PATIENCE_S):
            while self.live.verdict is None or self.live.verdict.kind is not kind:
                await self.live.wait_output(0.05)

    async def front(self, *names: str) -> None:
        """Wait until this program is in the foreground."""
        with trio.fail_after(PATIENCE_S):
            while (tty := self.live.tty()) is None or tty.foreground not in names:
                await self.live.wait_output(0.05)

    def submitted(self) -> list[str]:
        return [line["text"] for line in logged(self.log, "submitted")]


@asynccontextmanager
async def standing(folder: Path, *command: str, **fields: Any) -> AsyncIterator[Stand]:
    """A server in this process with real terminals, and a program in a room."""
    async with running(folder / "data", open_terminal=open_pty) as rig:
        session = await rig.create(
            "codex", command=command or None, root_dir=ROOT, cols=100, rows=40, **fields
        )
        room = await rig.create("room", type=SessionType.CHAT)
        ask = AddParticipant(session_id=session.id)
        await rig.system.journal.write(participants.add_participant, room.id, ask)
        await rig.system.supervisor.start(session.id)
        yield Stand(rig, room.id, session.id, folder / "log")


@asynccontextmanager
async def agent(
    folder: Path, *more: str, style: str = "claude"
) -> AsyncIterator[Stand]:
    """A mock agent at rest."""
    command = mock_agent(folder, style, *more)
    (folder / "data").mkdir()
    async with standing(folder, *command) as stand:
        await stand.at(Kind.AT_REST)
        async with await trio.open_unix_socket(str(folder / "s")) as stream:
            stand.control = Control(stream)
            yield stand


def why(record: DeliveryRecord) -> tuple[str, str | None]:
    return record.state.value, record.reason.value if record.reason else None


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_attempt, "REACT_S", 4.0)


@pytest.mark.parametrize("style", ["claude", "codex"])
@pytest.mark.parametrize(
    "text",
    [
        "please do `this` & \"that\"; $HOME (x) !y 'z' \\ # ~",
        "\n".join(f"line {n}" for n in range(200)),
        "é" * 50_000,
        "no width: cafe\u0301 \U0001f469\u200d\U0001f4bb \u2714\ufe0f a\u200bb\ufe0fc",
    ],
)
async def test_content_survives(tmp_path: Path, style: str, text: str) -> None:
    """Byte for byte, once, behind its header or in a file; and ANT sees a reaction."""
    async with agent(tmp_path, style=style) as stand:
        ident = await stand.post(text)
        one = await stand.until(ident, *ENDED)
        (whole,) = stand.submitted()
        header, _, given = whole.partition('" -- ')
        if "\n" in text or len(text) > 4000:
            given = (content(named(given)) or b"").decode()
        assert text == given
        assert header.startswith("[antchat message for all participants] room: room")
        assert ("reacted", None) == why(one)
        assert one.offset is not None
        assert one.offset <= stand.live.flow.tail.stored


@pytest.mark.parametrize("characters", [4_000, soak(len(PRINTABLE))])
async def test_every_character_survives(tmp_path: Path, characters: int) -> None:
    """As if by hand, in lines that fit on the screen, where the last one is found."""
    size = 10_000
    async with agent(tmp_path) as stand:
        session = await stand.rig.look(stand.session_id)
        stand.room_id = session.linked_chat_id or stand.room_id
        for n in range(0, characters, size):
            rows = range(n, min(n + size, characters), 40)
            lines = [PRINTABLE[row : row + 40] for row in rows]
            text = "\n".join([*lines, f"from {n} on {'.' * 60}"])
            one = await stand.until(await stand.post(text), *ENDED)
            assert ("reacted", None) == why(one)
            assert text == stand.submitted()[-1]
        assert len(range(0, characters, size)) == len(stand.submitted())


@pytest.mark.parametrize(
    ("flags", "style", "expected", "count"),
    [
        (["--late", "1"], "claude", [("reacted", None)], 1),
        (["--eat-enter"], "claude", [("reacted", None)], 1),
        soak(["--eat-enter"], "codex", [("unconfirmed", "no_reaction")], 0),
        soak(["--mute"], "claude", [("unconfirmed", "not_submitted")], 0),
        (["--ambush", "5"], "claude", [("unconfirmed", "not_submitted")], 0),
        (
            ["--die", "30"],
            "claude",
            [("unconfirmed", "not_submitted"), ("failed", "program_ended")],
            0,
        ),
    ],
)
async def test_a_program_that_misbehaves(
    tmp_path: Path, flags: list[str], style: str, expected: Any, count: int
) -> None:
    """A message that the program did not take is not acknowledged, nor typed again."""
    async with agent(tmp_path, *flags, style=style) as stand:
        one = await stand.until(await stand.post("hello"), *ENDED)
        assert why(one) in expected
        assert count == len(stand.submitted())
        assert [] == logged(stand.log, "chose")


@pytest.mark.parametrize(
    ("text", "reason"),
    [soak("hello", "not_submitted"), soak("x" * 100_000, "not_submitted")],
)
async def test_a_program_that_hangs(tmp_path: Path, text: str, reason: str) -> None:
    """The delivery is unconfirmed, whatever the terminal still accepted."""
    async with agent(tmp_path) as stand:
        assert stand.control is not None
        await stand.control.order("hang")
        one = await stand.until(await stand.post(text), *ENDED)
        assert ("unconfirmed", reason) == why(one)
        assert [] == stand.submitted()


async def test_a_dialog_is_waited_for(tmp_path: Path) -> None:
    """ANT types no byte into it, and delivers the message when it has closed."""
    async with agent(tmp_path) as stand:
        assert stand.control is not None
        await stand.control.order("dialog 0")
        await stand.at(Kind.DIALOG)
        ident = await stand.post("hello")
        assert ("withheld", "dialog") == why(await stand.until(ident, "withheld"))
        assert [] == logged(stand.log, "byte")
        await stand.control.order("rest")
        assert ("reacted", None) == why(await stand.until(ident, *ENDED))
        assert 1 == len(stand.submitted())


async def test_work_is_waited_for(tmp_path: Path) -> None:
    """ANT delivers the message afterwards."""
    async with agent(tmp_path) as stand:
        assert stand.control is not None
        await stand.control.order("busy")
        await stand.at(Kind.BUSY)
        ident = await stand.post("hello")
        assert ("withheld", "busy") == why(await stand.until(ident, "withheld"))
        await stand.control.order("rest")
        assert ("reacted", None) == why(await stand.until(ident, *ENDED))


async def test_a_draft_is_waited_for(tmp_path: Path) -> None:
    """ANT neither sends nor changes the draft."""
    async with agent(tmp_path) as stand:
        stand.live.type_nowait(b"half")
        with trio.fail_after(PATIENCE_S):
            while "half" not in "".join(stand.live.snapshot()[0].lines):
                await stand.live.wait_output(0.05)
        ident = await stand.post("hello")
        assert ("withheld", "draft") == why(await stand.until(ident, "withheld"))
        stand.live.type_nowait(b"\x7f" * 4)
        assert ("reacted", None) == why(await stand.until(ident, *ENDED))
        (whole,) = stand.submitted()
        assert whole.startswith("[antchat")


async def test_a_program_ends_and_begins(tmp_path: Path) -> None:
    """A message that could not be typed into the first is typed into the next."""
    async with agent(tmp_path) as stand:
        await stand.rig.system.supervisor.stop(stand.session_id)
        ident = await stand.post("hello")
        assert ("withheld", "not_running") == why(await stand.until(ident, "withheld"))
        (tmp_path / "s").unlink()
        await stand.rig.system.supervisor.start(stand.session_id)
        assert ("reacted", None) == why(await stand.until(ident, *ENDED))


async def test_a_line_reader_is_given_lines(tmp_path: Path) -> None:
    """An agent that takes no paste: what fits is typed, of what does not, the line
    names the file."""
    (tmp_path / "data").mkdir()
    source = """
import sys, termios
modes = termios.tcgetattr(0)
modes[3] &= ~termios.ICANON
termios.tcsetattr(0, termios.TCSANOW, modes)
print("> ", end="", flush=True)
for line in sys.stdin:
    open(sys.argv[1], "a").write(line)
    print("> ", end="", flush=True)
"""
    out = tmp_path / "out"
    async with standing(
        tmp_path, *script(tmp_path, "aider", source), str(out)
    ) as stand:
        for text in ("short `$x`", "two\nlines", "x" * 5000):
            one = await stand.until(await stand.post(text), *ENDED)
            assert ("reacted", None) == why(one)
        await eventually(lambda: (content(out) or b"").count(b"\n") == 3)
        lines = (content(out) or b"").decode().splitlines()
        assert lines[0].endswith('" -- short `$x`')
        files = [content(named(line)) for line in lines[1:]]
        assert [b"two\nlines", b"x" * 5000] == files


@pytest.mark.parametrize("style", ["claude", "codex", "gemini", "copilot", "qwen"])
async def test_every_agent_receives(tmp_path: Path, style: str) -> None:
    """A driver recognizes it; the session need not name the driver."""
    async with agent(tmp_path, style=style) as stand:
        one = await stand.until(await stand.post("hello `$(x)` !!"), *ENDED)
        assert ("reacted", None) == why(one)
        assert (True, True, None) == (one.delivered, one.final, one.file)
        (whole,) = stand.submitted()
        assert whole.endswith('" -- hello `$(x)` !!')


LEAVER = """
import os, sys, termios, tty
before = termios.tcgetattr(0)
tty.setraw(0)
rule = "─" * 80
os.write(1, f"\\x1b[?2004h{rule}\\r\\n❯ \\r\\n{rule}\\x1b[1A\\r\\x1b[2C".encode())
given = b""
while not given.endswith(b"\\x1b[201~"):
    given += os.read(0, 4096)
os.write(1, given[6:-6].replace(b"\\n", b"\\r\\n"))
termios.tcsetattr(0, termios.TCSANOW, before)
os.execvp("sh", ["sh", "-i"])
"""
"""Shows a message that it is given, and leaves its place to a shell."""


async def test_no_enter_for_the_next_program(tmp_path: Path) -> None:
    """The text is on the screen as before, but another program would take the key."""
    (tmp_path / "data").mkdir()
    command = script(tmp_path, "claude", LEAVER)
    async with standing(tmp_path, *command) as stand:
        await stand.at(Kind.AT_REST)
        text = f"touch {tmp_path}/run"
        one = await stand.until(await stand.post(text), *ENDED)
        assert ("unconfirmed", "not_submitted") == why(one)
        stand.live.type_nowait(b"echo o''k\r")
        with trio.fail_after(PATIENCE_S):
            while "ok" not in [line.strip() for line in stand.live.look().lines]:
                await stand.live.wait_output(0.1)
        assert content(tmp_path / "run") is None


SWALLOWER = """
import os, sys, termios, tty
before = termios.tcgetattr(0)
tty.setraw(0)
rule = "─" * 80
os.write(1, f"\\x1b[?2004h{rule}\\r\\n❯ \\r\\n{rule}\\x1b[1A\\r\\x1b[2C".encode())
os.read(0, 6)
os.write(1, b"\\x1b[?2004l\\x1b[2J\\x1b[H")
termios.tcsetattr(0, termios.TCSANOW, before)
"""
"""Takes a few bytes of a message, and leaves the rest to who comes next."""


@pytest.mark.parametrize("shell", [soak("sh"), soak("bash")])
async def test_no_line_for_the_next_program(tmp_path: Path, shell: str) -> None:
    """A shell that gets a part of the message gets no end of a line."""
    (tmp_path / "data").mkdir()
    command = shlex.join(script(tmp_path, "claude", SWALLOWER))
    async with standing(tmp_path, shell, "-i") as stand:
        stand.live.type_nowait(f"{command}\r".encode())
        await stand.front("claude")
        await stand.at(Kind.AT_REST)
        text = f"please\ntouch {tmp_path}/run\n" * 3
        one = await stand.until(await stand.post(text), *ENDED, "withheld")
        assert ("unconfirmed", "not_submitted") == why(one)
        stand.live.type_nowait(b"\recho o''k\r")
        with trio.fail_after(PATIENCE_S):
            while "ok" not in [line.strip("#$ ") for line in stand.live.look().lines]:
                await stand.live.wait_output(0.1)
        assert content(tmp_path / "run") is None


@pytest.mark.parametrize("shell", ["sh", "bash"])
async def test_a_message_to_an_agent_is_never_a_command(
    tmp_path: Path, shell: str
) -> None:
    """Typed as if by hand while the agent works; it ends, and a shell is in front."""
    (tmp_path / "data").mkdir()
    command = shlex.join(mock_agent(tmp_path, "claude"))
    async with standing(tmp_path, shell, "-i") as stand:
        stand.live.type_nowait(f"{command}\r".encode())
        await stand.front("claude")
        await stand.at(Kind.AT_REST)
        session = await stand.rig.look(stand.session_id)
        stand.room_id = session.linked_chat_id or stand.room_id
        text = f"touch {tmp_path}/run"
        async with await trio.open_unix_socket(str(tmp_path / "s")) as stream:
            await stream.send_all(b"busy\n")
            await stand.at(Kind.BUSY)
            first, second = await stand.post(text), await stand.post(text)
            assert ("withheld", "busy") == why(await stand.until(first, "withheld"))
            with contextlib.suppress(trio.BrokenResourceError):
                await stream.send_all(b"die\n")
            await stand.front(shell)
        for ident in (first, second):
            with trio.fail_after(PATIENCE_S):
                while not (one := await stand.until(ident, "withheld", *ENDED)).final:
                    await stand.live.wait_output(0.1)
            assert ("withheld", "not_an_agent") == why(one)
            assert text.encode() == content(Path(one.file or ""))
        stand.live.type_nowait(b"echo o''k\r")
        with trio.fail_after(PATIENCE_S):
            while "ok" not in [line.strip("#$ ") for line in stand.live.look().lines]:
                await stand.live.wait_output(0.1)
        assert content(tmp_path / "run") is None
        one = await stand.until(await stand.post(f"echo x > {tmp_path}/run"), *ENDED)
        assert ("reacted", None) == why(one)
        await eventually(lambda: content(tmp_path / "run") == b"x\n")


WRITER = """#!/usr/bin/env python3
import os, sys
os.write(1, b"> ")
for line in sys.stdin:
    open(sys.argv[1], "a").write(line)
    os.write(1, b"> ")
"""
"""An agent that no driver knows; started by its own name."""


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, ("withheld", "not_an_agent")),
        ({"cli_flag": CliFlag.AIDER}, ("withheld", "not_an_agent")),
        ({"accepts_messages": True}, ("reacted", None)),
        (
            {"accepts_messages": True, "cli_flag": CliFlag.AIDER},
            ("reacted", None),
        ),
    ],
)
async def test_an_agent_that_no_driver_knows(
    tmp_path: Path, fields: dict[str, Any], expected: Any
) -> None:
    """Its session has to accept messages; to name a driver is not enough."""
    (tmp_path / "data").mkdir()
    tool, out = tmp_path / "tool", tmp_path / "out"
    tool.write_text(WRITER.replace("/usr/bin/env python3", sys.executable))
    tool.chmod(0o755)
    async with standing(tmp_path, str(tool), str(out), **fields) as stand:
        ident = await stand.post("$(touch x)")
        with trio.fail_after(PATIENCE_S):
            while not (one := await stand.until(ident, "withheld", *ENDED)).final:
                await stand.live.wait_output(0.1)
        assert expected == why(one)
        given = content(out) or b""
        assert (expected[0] == "reacted") == (b"$(touch x)" in given)
