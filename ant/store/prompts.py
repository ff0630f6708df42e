"""Prompts of agents: stored, listed and changed while they are open."""

from typing import Any

import attrs
from peewee import fn

from ant.api import codec
from ant.core import clock
from ant.model import compat
from ant.model.messages import MessageId
from ant.model.prompts import (
    Decision,
    PromptDetails,
    PromptId,
    PromptRecord,
    PromptStatus,
    Target,
)
from ant.model.sessions import SessionId
from ant.store.tables.sessions import NoticeRow, PromptRow
from ant.store.tables.statement import Page, lazily, page
from ant.terminal.model.prompt import Form, Kind, Option, PromptClass

ROW_BYTES = 600
"""Bytes of a prompt as JSON without its texts."""


def _record(row: Any) -> PromptRecord:
    detected_at = clock.parse_stamp(row.detected_at)
    session_id = SessionId(row.session_id_id)
    return PromptRecord(
        id=PromptId(row.id),
        type=compat.PROMPT_TYPE,
        terminal_id=session_id,
        session_id=session_id,
        run=row.run,
        status=PromptStatus(row.status),
        reason=row.reason,
        kind=Kind(row.kind),
        class_=PromptClass(row.class_),
        form=Form(row.form),
        question=row.question,
        summary=row.summary,
        options=tuple(
            codec.read_data(each, Option) for each in codec.loads(row.options)
        ),
        selected=row.selected,
        fingerprint=row.fingerprint,
        rule=row.rule,
        raw_text=row.text,
        start=row.start,
        end=row.end,
        detector=row.detector,
        ts=clock.epoch_ms(detected_at),
        detected_at=detected_at,
        closed_at=clock.parse_stamp(row.closed_at) if row.closed_at else None,
        answer=codec.read_data(codec.loads(row.answer), Decision)
        if row.answer
        else None,
        targets=tuple(
            codec.read_data(each, Target) for each in codec.loads(row.targets)
        ),
        delivered_to=tuple(codec.loads(row.delivered_to)),
        chat_id=SessionId(row.chat_id) if row.chat_id else None,
        message_id=MessageId(row.message_id) if row.message_id else None,
        details=codec.read_data(codec.loads(row.details), PromptDetails)
        if row.details
        else None,
    )


def _open_columns(record: PromptRecord) -> dict[str, Any]:
    """The columns that may change while a prompt is open."""
    return {
        "status": record.status,
        "reason": record.reason,
        "question": record.question,
        "summary": record.summary,
        "options": codec.dumps(record.options).decode(),
        "selected": record.selected,
        "closed_at": clock.stamp(record.closed_at) if record.closed_at else None,
        "answer": codec.dumps(record.answer).decode() if record.answer else None,
        "details": codec.dumps(record.details).decode() if record.details else None,
    }


@attrs.frozen
class PromptCounts:
    """Numbers of a terminal's prompts: all, answered, and pending."""

    all: int
    answered: int
    pending: int


def _weight(row: Any) -> int:
    texts = row.text, row.question, row.summary, row.options, row.answer, row.details
    return codec.json_size((*texts, row.targets, row.delivered_to)) + ROW_BYTES


class PromptStore:
    """Prompts of terminals in one transaction; owns `prompts` and `prompt_notices`."""

    def get(self, prompt_id: str) -> PromptRecord | None:
        """The prompt with that id; None when there is none."""
        return self._first(PromptRow.id == prompt_id)

    def pending(self, session_id: str) -> PromptRecord | None:
        """The newest pending prompt of a terminal; None when there is none."""
        here = PromptRow.session_id == session_id
        return self._first(here & (PromptRow.status == PromptStatus.PENDING))

    def all_pending(self, session_id: str | None = None) -> list[PromptRecord]:
        """Every pending prompt, of one terminal or of all, oldest first."""
        where = PromptRow.status == PromptStatus.PENDING
        if session_id is not None:
            where &= PromptRow.session_id == session_id
        rows = PromptRow.select().where(where).order_by(PromptRow.ordinal)
        return list(map(_record, rows))

    def of_session(self, session_id: str, limit: int) -> Page[PromptRecord]:
        """The newest prompts of a terminal, oldest first.

        At most `limit`, of about `PAGE_BYTES`.
        """
        rows = PromptRow.select().where(PromptRow.session_id == session_id)
        rows = rows.order_by(PromptRow.ordinal.desc()).limit(limit + 1)
        return page(lazily(rows), _record, limit, newest=True, weigh=_weight)

    def counts(self, session_id: str) -> PromptCounts:
        """How many prompts a terminal had."""
        is_answered = fn.SUM(PromptRow.answer.is_null(False))
        is_pending = fn.SUM(PromptRow.status == PromptStatus.PENDING)
        query = PromptRow.select(fn.COUNT(PromptRow.ordinal), is_answered, is_pending)
        rows: Any = query.where(PromptRow.session_id == session_id).tuples()
        return PromptCounts(*(count or 0 for count in rows[0]))

    def of_card(self, message_id: str) -> PromptRecord | None:
        """The newest prompt that a message shows; None when there is none."""
        return self._first(PromptRow.message_id == message_id)

    def of_notice(self, room_id: str, message_id: str) -> PromptRecord | None:
        """The prompt that a message announces in a room; None when there is none."""
        here = (NoticeRow.room_id == room_id) & (NoticeRow.message_id == message_id)
        row = NoticeRow.select(NoticeRow.prompt_id).where(here).first()
        return self.get(row.prompt_id_id) if row else None

    def notices(self, prompt_id: str) -> list[tuple[SessionId, MessageId]]:
        """The messages that announce a prompt in rooms, each with its room."""
        query = NoticeRow.select(NoticeRow.room_id, NoticeRow.message_id)
        rows: Any = query.where(NoticeRow.prompt_id == prompt_id).tuples()
        return [(SessionId(room), MessageId(message)) for room, message in rows]

    def add_notice(self, prompt_id: str, room_id: str, message_id: str) -> None:
        """Insert the message that announces a stored prompt in a room."""
        fields = {"prompt_id": prompt_id, "room_id": room_id, "message_id": message_id}
        NoticeRow.insert(fields).execute()

    def add(self, record: PromptRecord) -> None:
        """Insert a prompt."""
        PromptRow.insert(
            id=record.id,
            session_id=record.session_id,
            run=record.run,
            kind=record.kind,
            class_=record.class_,
            form=record.form,
            fingerprint=record.fingerprint,
            rule=record.rule,
            text=record.raw_text,
            start=record.start,
            end=record.end,
            detector=record.detector,
            detected_at=clock.stamp(record.detected_at),
            targets=codec.dumps(record.targets).decode(),
            delivered_to=codec.dumps(record.delivered_to).decode(),
            chat_id=record.chat_id,
            message_id=record.message_id,
            **_open_columns(record),
        ).execute()

    def change(self, record: PromptRecord) -> None:
        """Store the columns of a prompt that may change."""
        PromptRow.update(_open_columns(record)).where(
            PromptRow.id == record.id
        ).execute()

    def _first(self, where: Any) -> PromptRecord | None:
        query = PromptRow.select().where(where).order_by(PromptRow.ordinal.desc())
        row = query.first()
        return _record(row) if row else None
