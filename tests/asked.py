"""Prompts for tests: what a screen asks, verdicts about it, records, and answers."""

from collections import deque
from typing import Any

import attrs
import trio

from ant.core import clock
from ant.model.prompts import Decision, PromptRecord
from ant.model.sessions import Session, SessionId
from ant.prompts.tracker import PromptTracker
from ant.store import Store, Unit
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.model.choice import Choice, Outcome
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass, Verdict
from tests.rules import AT
from tests.systems import PATIENCE_S, Rig


def prompt(question: str = "Run it?", *labels: str, **fields: Any) -> Prompt:
    """A menu whose first row is marked, unless it is said otherwise."""
    labels = labels or ("Yes", "Yes, always", "No")
    given: dict[str, Any] = {
        "kind": Kind.DIALOG,
        "class_": PromptClass.PERMISSION_REQUEST,
        "form": Form.MENU,
        "question": question,
        "options": tuple(Option(label, n == 0) for n, label in enumerate(labels)),
        "rule": "menu",
        "rows": (1, 4),
        "text": f"{question}\n" + "\n".join(labels),
        **fields,
    }
    return Prompt(**given)


def secret() -> Prompt:
    """A password prompt."""
    return prompt(
        "Password:",
        class_=PromptClass.PASSWORD,
        form=Form.SECRET,
        options=(),
        text="Password:",
    )


def verdict(
    asked: Prompt | None = None, end: int = 10, kind: Kind | None = None
) -> Verdict:
    """That this is on the screen, else that the program is busy."""
    found = kind or (asked.kind if asked else Kind.BUSY)
    return Verdict(found, asked.rule if asked else "none", (1,), end, asked)


def record(
    session_id: str = "one", asked: Prompt | None = None, **fields: Any
) -> PromptRecord:
    """The record of a prompt as a desk makes it."""
    tracker = PromptTracker(SessionId(session_id), "run", 0)
    tracker.update(verdict(asked or prompt()))
    assert tracker.prompt is not None
    return attrs.evolve(tracker.prompt.record, **fields)


def decision(**fields: Any) -> Decision:
    """That somebody approved and the prompt went away."""
    given: dict[str, Any] = {
        "type": "approve",
        "chosen": "Yes",
        "text": None,
        "resolved": True,
        "by": "@ada",
        "responder_id": None,
        "source": "test",
        "justification": None,
        "decided_at": clock.parse_stamp(AT),
        **fields,
    }
    return Decision(**given)


def stored(store: Store, prompt_id: str) -> PromptRecord | None:
    """A prompt as the database has it."""

    def read(unit: Unit) -> PromptRecord | None:
        return unit.prompts.get(prompt_id)

    return store.read(read)


@attrs.define(eq=False)
class Asker:
    """A program that asks, played by a test: what is seen of it and what is typed.

    It takes the place of the part of a live terminal that reads the screen. An answer
    takes what is next in `outcomes`: to be raised, or to be the outcome once `go` is
    set; and then, if it is resolved, the screen is seen without the prompt.
    """

    rig: Rig
    session: Session
    typed: list[tuple[str, Choice]] = attrs.field(factory=list)
    outcomes: deque[Outcome | Exception] = attrs.field(factory=deque)
    go: trio.Event = attrs.field(factory=trio.Event)
    end: int = 0

    @classmethod
    async def start(cls, rig: Rig, name: str = "one") -> "Asker":
        """A session that runs; its answers come at once."""
        session = await rig.started(name)
        asker = cls(rig, session)
        live: Any = rig.system.supervisor.need(session.id)
        live.answer = asker.answer
        live._view.judge = lambda at: []  # What is seen, the test says.
        asker.go.set()
        return asker

    def show(self, asked: Prompt | None = None, kind: Kind | None = None) -> None:
        """Put it on the screen, after some output."""
        self.end += 10
        seen = VerdictSeen(verdict(asked, self.end, kind))
        self.rig.system.services.running[self.session.id].on_observation(seen)

    async def ask(self, asked: Prompt | None = None) -> PromptRecord:
        """Show a prompt and wait until it is stored."""
        self.show(asked or prompt())
        return await self.told()

    async def told(self) -> PromptRecord:
        """The prompt on the screen, once all is written."""
        prompt_service = self.rig.system.services.prompt_service
        case = prompt_service._entries[self.session.id]
        while any(open_prompt.is_due for open_prompt in case.tracker.unsettled()):
            await case.changed.park()
        return prompt_service.current(self.session.id)

    async def settled(self) -> None:
        """Until all that was asked and answered is written."""
        case = self.rig.system.services.prompt_service._entries[self.session.id]
        with trio.fail_after(PATIENCE_S):
            while case.tracker.unsettled():
                await case.changed.park()

    async def answer(self, fingerprint: str, choice: Choice) -> Outcome:
        """What `LiveTerminal.answer` does."""
        self.typed.append((fingerprint, choice))
        await self.go.wait()
        planned = self.outcomes.popleft() if self.outcomes else None
        if isinstance(planned, Exception):
            raise planned
        outcome = planned or Outcome(choice.label or choice.type, True, self.end + 1)
        if outcome.resolved:
            self.show()
        return outcome
