"""Renders a session as a document: Markdown for a vault, or one HTML page. Pure.

Messages are quoted verbatim. Whatever is put into a document is escaped
(`ant.export.markdown`, autoescape for HTML), so that a viewer runs and loads nothing.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import Any

import attrs
from jinja2 import Environment, PackageLoader, StrictUndefined

from ant.core import clock
from ant.export import markdown as escapes
from ant.export.digest import Quote, digest, is_spoken
from ant.export.markdown import Markdown, one_line
from ant.model.messages import Message
from ant.model.prompts import PromptRecord
from ant.model.rooms import FileRef, Task
from ant.model.run_events import RunEvent
from ant.model.sessions import Session
from ant.run_events.commands import COMMAND_BLOCK, CommandRecord, commands_of

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")

DIGESTED = 2 << 20
"""Characters of messages that the digest of a document covers: the newest."""


def _no_pause() -> None:
    """Do nothing: no other work waits."""


@attrs.frozen
class SessionDocument:
    """The content of a document; messages are oldest first.

    Rendering calls `pause` between two pieces of work.
    """

    session: Session
    messages: Sequence[Message]
    tasks: Sequence[Task]
    file_refs: Sequence[FileRef]
    prompts: Sequence[PromptRecord]
    events: Sequence[RunEvent]
    transcript: str
    pause: Callable[[], None] = _no_pause


def file_name(session: Session, ending: str) -> str:
    """Return a file name for any file system: readable, and unique by its id."""
    safe = _UNSAFE.sub("-", session.name).strip("-.")[:60] or "session"
    return f"{safe}_{session.id[:8]}.{ending}"


def markdown(document: SessionDocument) -> str:
    """Return Markdown: front matter, a digest, then each section in order."""
    template = _environment(is_html=False).get_template("session.md.jinja")
    fields = _front_matter(document.session)
    return template.render(
        fields=fields, quotes=_quotes(document), **_sections(document)
    )


def page(document: SessionDocument) -> str:
    """Return an HTML page with the same sections except the digest, without scripts."""
    template = _environment(is_html=True).get_template("session.html.jinja")
    return template.render(**_sections(document))


@cache
def _environment(*, is_html: bool) -> Environment:
    """The templates. Each value is escaped, unless a filter made it `Markdown`."""
    made = Environment(
        loader=PackageLoader("ant.export"),
        autoescape=is_html,
        finalize=None if is_html else _as_markdown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "block_id": Markdown,
        "code": escapes.code,
        "extent": _extent,
        "fenced": escapes.fenced,
        "outcome": _outcome,
        "quoted": escapes.quoted,
        "stamp": clock.stamp,
        "tick": _tick,
        "yaml": escapes.yaml,
    }
    made.tests["with_bytes"] = _has_bytes
    return made


def _as_markdown(value: object) -> Markdown:
    return value if isinstance(value, Markdown) else escapes.escaped(str(value))


def _sections(document: SessionDocument) -> dict[str, Any]:
    """Return what both templates show."""
    return {
        "session": document.session,
        "tasks": document.tasks,
        "file_refs": document.file_refs,
        "prompts": document.prompts,
        "commands": commands_of(document.events),
        "events": [each for each in document.events if each.kind != COMMAND_BLOCK],
        "messages": _spoken(document),
        "transcript": document.transcript,
    }


def _spoken(document: SessionDocument) -> Iterator[Message]:
    for message in filter(is_spoken, document.messages):
        document.pause()
        yield message


def _front_matter(session: Session) -> dict[str, str]:
    return {
        "id": session.id,
        "name": session.name,
        "type": str(session.type),
        "created": clock.stamp(session.created_at),
        "updated": clock.stamp(session.updated_at),
        "handle": session.handle or "",
        "driver": str(session.cli_flag or ""),
    }


def _quotes(document: SessionDocument) -> Sequence[Quote]:
    room, count = DIGESTED, 0
    for message in reversed(document.messages):
        room -= len(message.content)
        if room < 0:
            break
        count += 1
    newest = document.messages[len(document.messages) - count :]
    return digest(document.session.id, newest, pause=document.pause).sentences


def _tick(task: Task) -> Markdown:
    return Markdown("x" if task.status in ("done", "completed", "closed") else " ")


def _outcome(record: PromptRecord | CommandRecord) -> str:
    """Return how a prompt was answered, or how a command ended."""
    if isinstance(record, PromptRecord):
        answer = record.answer
        if answer is None:
            return str(record.status)
        return one_line(answer.chosen) + (f" by {answer.by}" if answer.by else "")
    code = "no exit code" if record.exit_code is None else f"exit {record.exit_code}"
    if record.duration_ms is None:
        return code
    return f"{code}, {record.duration_ms / 1000:.1f} s"


def _has_bytes(event: RunEvent) -> bool:
    return event.start is not None or event.end is not None


def _extent(place: CommandRecord | RunEvent) -> str:
    ends = [str(each) for each in (place.start, place.end) if each is not None]
    return "@" + "–".join(ends) if ends else "no bytes"
