"""Rules of command blocks: the run events of shell commands, and reading them back."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import attrs

from ant.core import clock
from ant.model.run_events import RunEvent, RunEventDraft, Source, Trust
from ant.terminal.shell.command_blocks import CommandBlock

COMMAND_BLOCK = "command_block"
"""The kind of the event, named as in the original."""

SHELL_MARKS = "shell_marks"
"""The source of the event: marks that the shell puts into its output."""


@attrs.frozen
class CommandRecord:
    """A command as its run event describes it.

    `duration_ms` and `exit_code` are None where they are unknown. The bytes of its
    output are `start` to `end`.
    """

    event_id: int
    command: str
    cwd: str | None
    exit_code: int | None
    duration_ms: int | None
    ended_at: datetime
    start: int | None
    end: int | None

    @property
    def failed(self) -> bool:
        """Whether the command is known to have failed."""
        return self.exit_code not in (None, 0)


def command_block(block: CommandBlock, ended_at: datetime) -> RunEventDraft:
    """The draft of a command that a shell ran."""
    started_at = ended_at - timedelta(seconds=block.duration_s)
    command_start, command_end = block.typed or (None, None)
    return RunEventDraft(
        Source.TERMINAL,
        Trust.HIGH,
        COMMAND_BLOCK,
        block.command,
        {
            "command": block.command,
            "truncated": block.cut,
            "exit_code": block.exit_code,
            "cwd": block.cwd,
            "duration_ms": round(block.duration_s * 1000),
            "started_at": clock.stamp(started_at),
            "ended_at": clock.stamp(ended_at),
            "source_event": SHELL_MARKS,
            "command_start": command_start,
            "command_end": command_end,
            "output_sha256": block.sha256,
        },
        block.start,
        block.end,
    )


def commands_of(events: Iterable[RunEvent]) -> list[CommandRecord]:
    """Return the commands among these events, in order, including those from hooks."""
    return [_command(each) for each in events if each.kind == COMMAND_BLOCK]


def _command(event: RunEvent) -> CommandRecord:
    """Read an event. A field that a hook's program filled with another type is None."""
    payload = event.payload
    cwd, ended_at = payload.get("cwd"), event.created_at
    with suppress(ValueError, TypeError, OverflowError):
        ended_at = clock.parse_stamp(payload.get("ended_at", ""))
    return CommandRecord(
        event_id=event.id,
        command=event.text,
        cwd=cwd if isinstance(cwd, str) else None,
        exit_code=_number(payload.get("exit_code")),
        duration_ms=_number(payload.get("duration_ms")),
        ended_at=ended_at,
        start=event.start,
        end=event.end,
    )


def _number(value: Any) -> int | None:
    return value if type(value) is int else None
