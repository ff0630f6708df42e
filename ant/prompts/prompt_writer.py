"""Stores the prompts of a session in order: prompt and card first, changes after that.

A prompt is stored after the bytes that drew it. One task per session writes.
"""

import logging
from collections.abc import Callable

import attrs
import trio

from ant.core.errors import StorageFailed
from ant.journal.writer import Journal
from ant.messages.routing import RestState
from ant.model.sessions import SessionId
from ant.prompts import prompts
from ant.prompts.open_prompt import OpenPrompt
from ant.prompts.tracker import PromptTracker
from ant.prompts.webhooks import Webhooks
from ant.recording.transcript_writer import TranscriptWriter
from ant.terminal.buffer.flow import OutputFlow

log = logging.getLogger(__name__)

RETRY_S = 0.5
"""Pause after a failed commit."""


@attrs.define(eq=False)
class SessionPrompts:
    """The prompts of one session, and the state of their storage.

    `writing` is the scope of the task that writes, `failed` the error of its last
    commit if that failed. `expiring` is the scope of the task that waits until the last
    hook is outranked, `looking` that of the task that waits until the dialog of an
    answered request should have gone. `is_over`: the program has ended. Tasks that wait
    for a change park in `changed`.
    """

    tracker: PromptTracker
    flow: OutputFlow
    writing: trio.CancelScope | None = None
    failed: StorageFailed | None = None
    expiring: trio.CancelScope | None = None
    looking: trio.CancelScope | None = None
    is_over: bool = False
    changed: trio.lowlevel.ParkingLot = attrs.field(factory=trio.lowlevel.ParkingLot)


class PromptWriter:
    """Writes what is due of a session's prompts; `rests` are the states of agents."""

    def __init__(
        self,
        journal: Journal,
        transcript_writer: TranscriptWriter,
        webhooks: Webhooks,
        rests: Callable[[], dict[SessionId, RestState]],
    ) -> None:
        self._journal, self._transcript_writer, self._webhooks = (
            journal,
            transcript_writer,
            webhooks,
        )
        self._rests = rests

    async def write(self, entry: SessionPrompts, scope: trio.CancelScope) -> None:
        """Store all that is due. *Cancellation:* the run is over."""
        try:
            with scope:
                await self._write_all(entry)
        finally:
            entry.writing = None
            entry.changed.unpark_all()

    async def _write_all(self, entry: SessionPrompts) -> None:
        while due := [each for each in entry.tracker.unsettled() if each.is_due]:
            try:
                await self._write_one(entry, due[0])
                entry.failed = None
            except StorageFailed as exc:
                log.error("A prompt cannot be stored yet; ANT tries again: %s", exc)
                entry.failed = exc
            except Exception:
                # A bug: another try would fail in the same way.
                log.exception("A prompt of %s is lost.", entry.tracker.session_id)
                due[0].keep(None)
            entry.changed.unpark_all()
            if entry.failed is not None:
                await trio.sleep(RETRY_S)

    async def _write_one(self, entry: SessionPrompts, open_prompt: OpenPrompt) -> None:
        if open_prompt.stored is not None:
            open_prompt.keep(
                await self._journal.write(prompts.change_prompt, open_prompt.record)
            )
            return
        await self._transcript_writer.flush(
            entry.tracker.session_id, entry.flow, open_prompt.record.end
        )
        if open_prompt.is_over:
            return
        open_prompt.is_storing = True
        try:
            record = await self._journal.write(
                prompts.raise_prompt, open_prompt.opening(), self._rests()
            )
        finally:
            open_prompt.is_storing = False
        open_prompt.keep(record)
        if record is not None:
            for url in filter(None, (target.url for target in record.targets)):
                self._webhooks.post_nowait(url, record)
