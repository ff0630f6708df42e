"""Renders a session as a document: Markdown for a vault, or one HTML page. Pure.

Messages are quoted verbatim. The page loads nothing from elsewhere.
"""

import html
import re
from collections.abc import Callable, Iterable, Sequence

import attrs

from ant.core import clock
from ant.export.digest import digest, is_spoken
from ant.model.messages import Message
from ant.model.prompts import PromptRecord
from ant.model.rooms import FileRef, Task
from ant.model.run_events import RunEvent
from ant.model.sessions import Session
from ant.run_events.commands import COMMAND_BLOCK, CommandRecord, commands_of

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_FENCE = re.compile(r"`{3,}")
_UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Characters that YAML requires to be escaped in quotes, or reads as a line break."""
_TICKS = re.compile(r"`+")


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
    session = document.session
    parts = [_front_matter(session), f"# {_line(session.name)}", ""]
    parts += _digest_of(document)
    if document.tasks:
        parts += ["## Tasks", ""]
        parts += [f"- [{_tick(each)}] {_line(each.title)}" for each in document.tasks]
        parts.append("")
    if document.file_refs:
        parts += ["## Files", ""]
        parts += [f"- {_code(ref.file_path)}" for ref in document.file_refs] + [""]
    if document.prompts:
        parts += ["## Prompts and answers", ""]
        parts += [_prompt_line(each) for each in document.prompts] + [""]
    if commands := commands_of(document.events):
        parts += ["## Commands", ""]
        parts += [_command_line(each) for each in commands] + [""]
    if others := _others(document):
        parts += ["## What happened", "", *map(_event_line, others), ""]
    if document.messages:
        parts += ["## Messages", ""]
        for message in filter(is_spoken, document.messages):
            document.pause()
            who = _line(message.sender_id or message.role)
            parts += [f"**{who}** · {clock.stamp(message.created_at)}", ""]
            parts += [f"> {line}" for line in message.content.splitlines() or [""]]
            parts.append("")
    if document.transcript:
        parts += ["## Terminal", "", _fenced(document.transcript), ""]
    return "\n".join(parts)


def page(document: SessionDocument) -> str:
    """Return an HTML page with the same sections except the digest, without scripts."""
    session = document.session
    rows = [f"<h1>{_esc(session.name)}</h1>"]
    rows.append(
        f"<p>{_esc(session.type)} · {clock.stamp(session.created_at)}"
        f" · <code>{_esc(session.id)}</code></p>"
    )
    if document.tasks:
        rows.append("<h2>Tasks</h2><ul>")
        rows += [
            f"<li>[{_tick(each)}] {_esc(each.title)}</li>" for each in document.tasks
        ]
        rows.append("</ul>")
    if document.file_refs:
        rows.append("<h2>Files</h2><ul>")
        rows += [
            f"<li><code>{_esc(ref.file_path)}</code></li>" for ref in document.file_refs
        ]
        rows.append("</ul>")
    if document.prompts:
        rows.append("<h2>Prompts and answers</h2><ul>")
        rows += [
            f"<li>{_esc(_prompt_line(each)[2:])}</li>" for each in document.prompts
        ]
        rows.append("</ul>")
    if commands := commands_of(document.events):
        rows.append("<h2>Commands</h2><table>")
        rows += map(_command_row, commands)
        rows.append("</table>")
    if others := _others(document):
        rows.append("<h2>What happened</h2><ul>")
        rows += [f"<li>{_esc(_event_line(each)[2:])}</li>" for each in others]
        rows.append("</ul>")
    spoken = list(filter(is_spoken, document.messages))
    if spoken:
        rows.append("<h2>Messages</h2>")
    for message in spoken:
        document.pause()
        who = _esc(message.sender_id or message.role)
        at = clock.stamp(message.created_at)
        rows.append(
            f'<article id="{_esc(message.id)}"><h3>{who} <time>{at}</time></h3>'
            f"<pre>{_esc(message.content)}</pre></article>"
        )
    if document.transcript:
        rows.append(f"<h2>Terminal</h2><pre>{_esc(document.transcript)}</pre>")
    return _PAGE.format(title=_esc(session.name), body="\n".join(rows))


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4;
 padding: .6em; }}
td {{ padding: 0 1em 0 0; vertical-align: top; white-space: nowrap; }}
td:nth-child(2) {{ white-space: normal; overflow-wrap: anywhere; }}
.failed {{ color: #a00; }}
time {{ color: #666; font-weight: normal; font-size: .8em; }}
</style></head><body>
{body}
</body></html>
"""


def _front_matter(session: Session) -> str:
    fields = {
        "id": session.id,
        "name": session.name,
        "type": str(session.type),
        "created": clock.stamp(session.created_at),
        "updated": clock.stamp(session.updated_at),
        "handle": session.handle or "",
        "driver": str(session.cli_flag or ""),
    }
    lines = [f"{key}: {_yaml(value)}" for key, value in fields.items() if value]
    return "\n".join(["---", *lines, "tags: [ant]", "---", ""])


def _yaml(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    escaped = _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)
    return f'"{escaped}"'


def _digest_of(document: SessionDocument) -> Iterable[str]:
    room, count = DIGESTED, 0
    for message in reversed(document.messages):
        room -= len(message.content)
        if room < 0:
            break
        count += 1
    newest = document.messages[len(document.messages) - count :]
    made = digest(document.session.id, newest, pause=document.pause)
    if not made.sentences:
        return []
    quotes = [f"- {quote.text} ^{quote.message_id}" for quote in made.sentences]
    return ["## Digest", "", *quotes, ""]


def _tick(task: Task) -> str:
    return "x" if task.status in ("done", "completed", "closed") else " "


def _prompt_line(record: PromptRecord) -> str:
    question = _line(record.question or record.summary)
    answer = record.answer.chosen if record.answer else str(record.status)
    by = f" by {_line(record.answer.by)}" if record.answer and record.answer.by else ""
    at = clock.stamp(record.detected_at)
    return f"- {at} {record.class_}: {question} → {_line(answer)}{by} (@{record.end})"


def _others(document: SessionDocument) -> list[RunEvent]:
    return [each for each in document.events if each.kind != COMMAND_BLOCK]


def _command_line(command: CommandRecord) -> str:
    at, shown = clock.stamp(command.ended_at), _code(_line(command.command) or "?")
    place = f" in {_code(_line(command.cwd))}" if command.cwd else ""
    return f"- {at} {shown} → {_outcome(command)}{place} ({_range(command)})"


def _command_row(command: CommandRecord) -> str:
    name = "failed" if command.failed else "done"
    return (
        f'<tr class="{name}"><td><time>{clock.stamp(command.ended_at)}</time></td>'
        f"<td><code>{_esc(command.command)}</code></td>"
        f"<td>{_esc(_outcome(command))}</td><td>{_esc(command.cwd or '')}</td>"
        f"<td>{_esc(_range(command))}</td></tr>"
    )


def _outcome(command: CommandRecord) -> str:
    code = "no exit code" if command.exit_code is None else f"exit {command.exit_code}"
    if command.duration_ms is None:
        return code
    return f"{code}, {command.duration_ms / 1000:.1f} s"


def _range(place: CommandRecord | RunEvent) -> str:
    ends = [str(each) for each in (place.start, place.end) if each is not None]
    return "@" + "–".join(ends) if ends else "no bytes"


def _event_line(event: RunEvent) -> str:
    where = "" if event.start is None and event.end is None else f" ({_range(event)})"
    at = clock.stamp(event.created_at)
    return f"- {at} {event.source}/{_line(event.kind)}: {_line(event.text)}{where}"


def _line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    longest = max(map(len, _TICKS.findall(text)), default=0)
    fence, blank = "`" * (longest + 1), " " if longest else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def _fenced(text: str) -> str:
    longest = max((len(each) for each in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}text\n{text}\n{fence}"


def _esc(text: object) -> str:
    return html.escape(str(text))
