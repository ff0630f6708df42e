"""A program that is written to, played by a test: what it shows and what it was told.

It takes the place of a live terminal for the courier. What `say` does next is in
`plans`: to be raised, or what became of the text once `go` is set; then `reacts` takes
what is next in `reactions`.
"""

from collections import deque
from pathlib import Path
from typing import Any

import attrs
import trio

from ant.api.message_requests import PostMessage
from ant.api.room_requests import AddParticipant
from ant.core.errors import Conflict
from ant.messages import deliveries, messages
from ant.model.deliveries import DeliveryRecord
from ant.model.messages import MessageId
from ant.model.sessions import Session, SessionId, SessionType
from ant.rooms import participants
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.buffer.tail import Tail
from ant.terminal.input.addressee import Check
from ant.terminal.input.type_message import TypeResult
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.model.tty import Tty
from ant.terminal.screen.modes import Modes
from tests.systems import PATIENCE_S, Rig

AGENT = Tty(echo=False, canonical=False, foreground="codex", interprets=False)
"""An agent that a driver knows is in front."""

SENT = TypeResult(0, submitted=True, sure=True)


@attrs.define(eq=False)
class Hearer:
    """One terminal in a room, and what it was told."""

    rig: Rig
    session: Session
    room: Session
    verdict: Verdict | None = None
    pastes: bool = True
    is_blind: bool = False
    told: list[str] = attrs.field(factory=list)
    plans: deque[TypeResult | Exception] = attrs.field(factory=deque)
    reactions: deque[int | Exception | None] = attrs.field(factory=deque)
    go: trio.Event = attrs.field(factory=trio.Event)
    foreground: Tty | None = AGENT
    since: float = 0.0
    flow: OutputFlow = attrs.field(factory=lambda: OutputFlow(Tail(0)))

    @classmethod
    async def start(cls, rig: Rig, name: str = "codex", room: Any = None) -> "Hearer":
        """A terminal that runs and is at rest, in a room."""
        session = await rig.create(name)
        room = room or await rig.create("room", type=SessionType.CHAT)
        ask = AddParticipant(session_id=session.id)
        await rig.system.journal.write(participants.add_participant, room.id, ask)
        one = cls(rig, session, room)
        one.go.set()
        one.show(Kind.AT_REST)
        one.run()
        return one

    def run(self) -> None:
        """The program begins."""
        self.rig.system.services.dispatcher.enter(self.session.id, self)

    def end(self) -> None:
        """It ends."""
        self.rig.system.services.dispatcher.leave(self.session.id)

    def show(self, kind: Kind, rule: str = "codex-cli/composer") -> None:
        """The screen is judged to be that."""
        self.verdict = Verdict(kind, rule, (), 0)
        self.rig.system.services.dispatcher.saw(self.session.id)

    def tty(self) -> Tty | None:
        return self.foreground

    def modes(self) -> Modes:
        if self.is_blind:
            raise Conflict("No screen library is installed on this server.")
        return Modes(bracketed_paste=self.pastes)

    async def type_comment(self, line: str) -> TypeResult:
        return await self.type_message(line)

    async def type_message(self, text: str, check: Check | None = None) -> TypeResult:
        plan = self.plans.popleft() if self.plans else SENT
        if isinstance(plan, Exception):
            await trio.lowlevel.checkpoint()
            raise plan
        self.told.append(text)
        await self.go.wait()
        return plan

    async def reacts(self, end: int, text: str, patience_s: float) -> int | None:
        await trio.lowlevel.checkpoint()
        reaction = self.reactions.popleft() if self.reactions else 0
        if isinstance(reaction, Exception):
            raise reaction
        return reaction

    async def post(self, text: str = "hello", **fields: Any) -> MessageId:
        """A message in the room; its id."""
        ask = PostMessage(text, **fields)
        write = self.rig.system.journal.write
        return (await write(messages.post_message, self.room.id, ask)).message.id

    async def delivery(self, message_id: MessageId) -> DeliveryRecord:
        """Its delivery to this terminal, as it is."""
        read = self.rig.system.journal.read
        found = await read(deliveries.of_message, self.room.id, message_id)
        (one,) = [each for each in found if each.target_id == self.session.id]
        return one

    async def until(self, message_id: MessageId, *states: str) -> DeliveryRecord:
        """Its delivery, once it is in one of these states."""
        dispatcher = self.rig.system.services.dispatcher
        with trio.fail_after(PATIENCE_S):
            while True:
                moved = dispatcher.moved(message_id)
                one = await self.delivery(message_id)
                if one.state in states:
                    return one
                await moved.wait()

    async def ended(self, message_id: MessageId) -> DeliveryRecord:
        """Its delivery, once nothing more is done for it."""
        dispatcher = self.rig.system.services.dispatcher
        with trio.fail_after(PATIENCE_S):
            while not (await self.delivery(message_id)).final:
                moved = dispatcher.moved(message_id)
                if not (await self.delivery(message_id)).final:
                    await moved.wait()
        await self.idle()
        return await self.delivery(message_id)

    async def idle(self) -> None:
        """Until nothing is to be done there."""
        rounds = self.rig.system.services.dispatcher._queues
        with trio.fail_after(PATIENCE_S):
            while SessionId(self.session.id) in rounds:
                await trio.lowlevel.checkpoint()


def named(line: str) -> Path:
    """The file that a line names."""
    return Path(line.rpartition(" ")[2])


def content(path: Path) -> bytes | None:
    """What is in a file; None where there is none."""
    return path.read_bytes() if path.exists() else None
