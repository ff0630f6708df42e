"""A recap says nothing that is not recorded, and where to find it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.core.errors import NotFound
from ant.export.terminal_summary import (
    COMMANDS,
    LONGEST,
    Recap,
    Share,
    SummarySource,
    gather,
    recap,
)
from ant.model.prompts import PromptStatus
from ant.model.run_events import RunEvent, RunEventDraft, Source, Trust
from ant.model.sessions import SessionId, TerminalInfo
from ant.run_events.commands import command_block
from ant.run_events.log import record
from ant.store import Store
from ant.terminal.shell.command_blocks import CommandBlock
from tests import asked
from tests.history.test_history import create

START = datetime(2026, 1, 1, tzinfo=UTC)


def ran(
    number: int, code: int | None, ms: int = 100, command: str = "make"
) -> RunEventDraft:
    """A command, one a minute; a hundred bytes of output each."""
    start = number * 100
    block = CommandBlock(
        command, False, "/x", code, ms / 1000, start, start + 100, None, None, 0
    )
    return command_block(block, START + timedelta(minutes=number))


def state(name: Any, source: Source = Source.STATUS) -> RunEventDraft:
    """The program is in another state."""
    return RunEventDraft(source, Trust.MEDIUM, "status", f"{name}", {"state": name})


def of(store: Store, session_id: SessionId, facts: Sequence[RunEventDraft]) -> Recap:
    """The recap of a session with these facts."""
    for fact in facts:
        store.transact(record, session_id, fact)
    gathered = store.read(gather, session_id)
    assert gathered is not None
    return recap(gathered)


def test_commands_and_failures(store: Store) -> None:
    """Each with its event and its bytes; how many, and how long they took."""
    codes = [0, 2, None, 0, 1]
    facts = [ran(number, code) for number, code in enumerate(codes)]
    made = of(store, create(store).id, [*facts, state("busy")])
    assert (5, 2, 1, 500, 5) == (
        *(made.command_count, made.failed, made.unknown, made.busy_ms),
        made.covered,
    )
    assert codes == [each.exit_code for each in made.commands]
    assert [1, 2, 3, 4, 5] == [each.event_id for each in made.commands]
    assert [(2, 100, 200), (5, 400, 500)] == [
        (each.event_id, each.start, each.end) for each in made.failures
    ]
    assert ("make", 100, "/x", START) == (
        *(made.commands[0].command, made.commands[0].duration_ms),
        *(made.commands[0].cwd, made.commands[0].ended_at),
    )
    assert (Share("command_block", 5), Share("status", 1)) == made.events


def test_only_the_newest_are_listed(store: Store) -> None:
    """A failure long ago is still among the failures; long commands are cut."""
    facts = [ran(0, 1, command="x" * 900)]
    facts += [ran(number, 0) for number in range(1, COMMANDS + 5)]
    made = of(store, create(store).id, facts)
    assert (COMMANDS + 5, COMMANDS) == (made.command_count, len(made.commands))
    assert (COMMANDS + 4) * 100 == made.commands[-1].start
    assert ["x" * LONGEST] == [each.command for each in made.failures]


def test_states_are_counted_by_name(store: Store) -> None:
    """Those that ANT recorded; a status of a hook does not count."""
    facts = [state("busy"), state("ready"), state("busy"), state(5), state(None)]
    made = of(store, create(store).id, [*facts, state("busy", Source.HOOK)])
    assert (Share("busy", 2), Share("ready", 1)) == made.statuses


def test_prompts_and_their_answers(store: Store) -> None:
    """Those that wait, too; each with its id and the bytes that drew it."""
    row = create(store)
    done = asked.record(row.id, answer=asked.decision(), status=PromptStatus.ANSWERED)
    waits = asked.record(row.id)
    for each in (done, waits):
        store.transact(lambda unit, each=each: unit.prompts.add(each))
    made = of(store, row.id, [])
    assert (2, 1, 1) == (made.prompt_count, made.answered, made.pending)
    first, second = made.prompts
    assert (done.id, done.start, done.end, done.question) == (
        *(first.prompt_id, first.start, first.end, first.question),
    )
    assert asked.decision().chosen == first.answer
    assert ("pending", None, None) == (second.status, second.answer, second.by)


def test_the_recap_of_a_silent_terminal_is_empty(store: Store) -> None:
    """A chat has no recap, and an unknown session is not found."""
    row = create(store)
    made = of(store, row.id, [])
    assert (0, 0, (), (), None, None, 0, 0) == (
        *(made.command_count, made.failed, made.commands, made.events),
        *(made.first_event, made.last_event, made.oldest, made.end),
    )
    assert row.linked_chat_id is not None
    assert store.read(gather, row.linked_chat_id) is None
    with pytest.raises(NotFound):
        store.read(gather, "nothing")


def event(number: int, code: int | None, ms: int) -> RunEvent:
    """A command's event."""
    fact = ran(number, code, ms)
    return RunEvent(
        *(number, SessionId("one"), number, 0, fact.source, fact.trust, fact.kind),
        *(fact.text, fact.payload, None, fact.start, fact.end, START, None, ""),
    )


CODES = st.none() | st.integers(-1, 255)


@given(st.lists(st.tuples(CODES, st.integers(0, 9)), max_size=40))
def test_fuzz_figures_agree(runs: list[tuple[int | None, int]]) -> None:
    """What failed, what did not and what is unknown are all there are."""
    events = [event(number, code, ms) for number, (code, ms) in enumerate(runs)]
    terminal = TerminalInfo("pty", None, 80, 24, *(None,) * 6, 0, 0)
    kinds = {"command_block": len(runs)}
    made = recap(SummarySource(terminal, events, [], kinds, None, None, []))
    good = sum(code == 0 for code, _ in runs)
    assert len(runs) == made.command_count == made.failed + made.unknown + good
    assert sum(ms for _, ms in runs) == made.busy_ms
    ids = [each.event_id for each in made.commands]
    assert [*range(len(runs))][-COMMANDS:] == ids
