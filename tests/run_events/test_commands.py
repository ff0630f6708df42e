"""The commands of a shell are recorded in its session's chain and read back from it."""

from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from ant.api import codec
from ant.api.run_event_requests import ListRunEvents
from ant.model.run_events import RunEvent, RunEventDraft, Source, Trust
from ant.run_events import commands, hash_chain
from ant.run_events.commands import CommandRecord, command_block, commands_of
from ant.run_events.log import list_run_events, record_all
from ant.store import Store
from ant.terminal.shell.command_blocks import CommandBlock
from tests.history.test_history import create

ENDED = datetime(2026, 1, 1, 12, 0, 10, tzinfo=UTC)
BLOCK = CommandBlock(
    "make test", False, "/a b", 2, 1.5, 40, 90, (20, 35), "ab" * 32, 0.0
)


def recorded(store: Store, *facts: RunEventDraft) -> tuple[RunEvent, ...]:
    """These facts as events of a new session."""
    row = create(store)
    store.transact(record_all, [(row.id, facts)])
    return store.read(list_run_events, row.id, ListRunEvents()).events


def test_a_block_is_an_event(store: Store) -> None:
    """With the original's words, and with all that is known of it."""
    (event,) = recorded(store, command_block(BLOCK, ENDED))
    assert (Source.TERMINAL, Trust.HIGH, "command_block", "make test", 40, 90) == (
        *(event.source, event.trust, event.kind, event.text),
        *(event.start, event.end),
    )
    assert {
        "command": "make test",
        "truncated": False,
        "exit_code": 2,
        "cwd": "/a b",
        "duration_ms": 1500,
        "started_at": "2026-01-01T12:00:08.500000Z",
        "ended_at": "2026-01-01T12:00:10.000000Z",
        "source_event": "shell_marks",
        "command_start": 20,
        "command_end": 35,
        "output_sha256": "ab" * 32,
    } == event.payload
    assert hash_chain.seal(codec.plain(event)) == event.hash


def test_unknown_fields_are_null(store: Store) -> None:
    """No prompt before the command, or the terminal ended before the command did."""
    unknown = attrs.evolve(BLOCK, typed=None, exit_code=None, cwd=None, sha256=None)
    (event,) = recorded(store, command_block(unknown, ENDED))
    names = ("command_start", "command_end", "exit_code", "cwd", "output_sha256")
    assert [None] * 5 == [event.payload[name] for name in names]
    (command,) = commands_of([event])
    assert (None, None, False) == (command.exit_code, command.cwd, command.failed)


def test_commands_are_read_back(store: Store) -> None:
    """They alone, in their order."""
    other = RunEventDraft(Source.STATUS, Trust.MEDIUM, "status", "busy")
    events = recorded(store, command_block(BLOCK, ENDED), other)
    assert [
        CommandRecord(events[0].id, "make test", "/a b", 2, 1500, ENDED, 40, 90)
    ] == commands_of(events)
    assert commands_of(events)[0].failed


@pytest.mark.parametrize(
    "payload", [{}, {"exit_code": "1", "cwd": 5, "duration_ms": True, "ended_at": 9}]
)
def test_a_hook_may_send_fields_of_any_type(
    store: Store, payload: dict[str, Any]
) -> None:
    """A field of the wrong type is None; the time is that of the record."""
    fact = RunEventDraft(Source.HOOK, Trust.HIGH, commands.COMMAND_BLOCK, "ls", payload)
    (event,) = recorded(store, fact)
    (command,) = commands_of([event])
    assert (None, None, None, event.created_at) == (
        *(command.exit_code, command.cwd, command.duration_ms, command.ended_at),
    )
