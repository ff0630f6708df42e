"""Exports a session: as a document, as data, or as an asciicast of its terminal.

Exports are written to a folder that the operator configured. Without one, they are
returned in the response. ANT writes nothing outside that folder, and replaces a file
atomically.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any

import attrs

from ant.api import codec
from ant.core import clock
from ant.core.errors import Conflict, Invalid, StorageFailed
from ant.export import asciicast, bundle, documents
from ant.export.transcript_text import text_of, text_start
from ant.model.sessions import Session, SessionId
from ant.model.transcript import Chunk
from ant.recording.reader import chunks_between, read_sizes
from ant.run_events import entries, log
from ant.run_events.commands import COMMAND_BLOCK, commands_of
from ant.sessions.sessions import get_session
from ant.store import Unit

DOCUMENT_MAX = 8 << 20
"""Bytes of all documents in one response; larger ones need a folder."""

MESSAGES = 5000
"""Messages of a document: the newest, and at most `ROWS_BYTES` of them."""

ROWS_BYTES = 8 << 20
"""Bytes of messages, and of run events, in a document: what fits in a response, and in
memory meanwhile."""

EVENTS = 5000
"""Run events of a document, and commands of an asciicast: the newest. A data export
has all."""

PROMPTS = 5000
"""Prompts of a document or an asciicast: the newest."""

LABEL = 80
"""Characters of a command in a marker of an asciicast."""


@attrs.frozen
class ExportTarget:
    """A format of exports."""

    id: str
    """The name to request it by."""
    label: str
    """The name to show."""
    kind: str
    """The kind of the document."""
    configured: bool
    """Whether it is written to a folder."""
    folder: str | None
    """That folder; null if the document is in the answer."""


@attrs.frozen
class Written:
    """The result of one export: the `path` of a file, or the `document` itself."""

    ok: bool
    """Whether the export succeeded."""
    path: str | None
    """The path of the file; null if the document is in the answer."""
    document: str | None
    """The document; null if it was written to a file, or is too large."""
    size: int
    """The bytes of the document, or those that were made until it was too large."""
    note: str | None
    """Why it failed; null if it did not."""


@attrs.frozen
class Folders:
    """The folders for exports; None if the operator configured none."""

    export_dir: Path | None = None
    obsidian_vault: Path | None = None

    def of(self, target: str) -> Path | None:
        """Return the folder of a target: the vault for Markdown, if there is one."""
        if target == "markdown" and self.obsidian_vault is not None:
            return self.obsidian_vault
        return self.export_dir


def targets(folders: Folders) -> tuple[ExportTarget, ...]:
    """Return all formats."""
    found = []
    for name, (label, kind, _, _) in _FORMS.items():
        folder = folders.of(name)
        place = None if folder is None else str(folder)
        found.append(ExportTarget(name, label, kind, folder is not None, place))
    return tuple(found)


def chosen(names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the targets of these names and aliases, each once. Raises `Invalid`."""
    if not names:
        raise Invalid("expected the name of a target at $.targets")
    resolved = [
        _ALIASES.get(name.strip().lower(), name.strip().lower()) for name in names
    ]
    unknown = [name for name in resolved if name not in _FORMS]
    if unknown:
        raise Invalid(f"Unknown export target(s): {', '.join(unknown)} at $.targets")
    return tuple(dict.fromkeys(resolved))


def record_export(unit: Unit, session_id: SessionId, names: tuple[str, ...]) -> None:
    """Record the bundles among these targets in the chain, which they will contain.

    The event has the names of the session, so that nobody can change these in the
    bundle unnoticed. Raises `NotFound`.
    """
    session = get_session(unit, session_id)
    if bundles := [name for name in names if name in BUNDLES]:
        log.record(unit, session_id, entries.exported(session, bundles))


def _check_names(unit: Unit, session: Session) -> None:
    """Raise `Conflict` if the chain has other names than the session."""
    for event in unit.run_events.page(session.id, 1, kind=entries.EXPORTED):
        if any(event.payload[key] != getattr(session, key) for key in entries.NAMES):
            raise Conflict("The session was renamed during its export. Export again.")


def export(
    unit: Unit, session_id: SessionId, names: tuple[str, ...], folders: Folders
) -> dict[str, Written]:
    """Export a session to each target; blocking, for a thread. Raises `NotFound`.

    An export is made and written in pieces: it may be larger than memory. Before a
    bundle, call `record_export`. Raises `Conflict` if the session was renamed since.
    """
    session = get_session(unit, session_id)
    if not BUNDLES.isdisjoint(names):
        _check_names(unit, session)
    done: dict[str, Written] = {}
    room = DOCUMENT_MAX
    for name in names:
        _, _, ending, render = _FORMS[name]
        folder = folders.of(name)
        if folder is None:
            done[name] = _returned(_paused(unit, render(unit, session)), room)
            room -= done[name].size if done[name].ok else 0
        else:
            pieces = _paused(unit, render(unit, session))
            done[name] = _write(folder, session, ending, pieces)
    return done


def _paused(unit: Unit, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the pieces, and call `unit.pause` before each."""
    for piece in pieces:
        unit.pause()
        yield piece


def _returned(pieces: Iterable[bytes], room: int) -> Written:
    """Return the document; stop as soon as it is too large for the response."""
    made, size = [], 0
    for piece in pieces:
        made.append(piece)
        size += len(piece)
        if size > room:
            note = (
                "The export is too large for a response. "
                "Set ANT_EXPORT_DIR to write it to a file."
            )
            return Written(False, None, None, size, note)
    return Written(True, None, b"".join(made).decode(), size, None)


def _write(
    folder: Path, session: Session, ending: str, pieces: Iterable[bytes]
) -> Written:
    place = folder / "sessions" / session.created_at.strftime("%Y/%m")
    path = place / documents.file_name(session, ending)
    partial = path.with_suffix(f".{clock.new_id()}.part")
    try:
        if not _resolved(path).is_relative_to(_resolved(folder)):
            raise StorageFailed(f"{path} is outside of the export folder {folder}.")
        place.mkdir(parents=True, exist_ok=True)
        try:
            with open(partial, "wb", opener=_own_file) as file:
                size = sum(map(file.write, pieces))
            os.replace(partial, path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as exc:
        raise StorageFailed(f"The export cannot be written: {exc}") from exc
    return Written(True, str(path), None, size, None)


def _own_file(path: str, flags: int) -> int:
    """Open a file that only its owner can read, whatever the umask is."""
    return os.open(path, flags, 0o600)


def _resolved(path: Path) -> Path:
    """Resolve a path. Raises `OSError`, also for a loop of symbolic links."""
    with suppress(FileNotFoundError):
        path.stat()  # `resolve` of Python 3.13 does not report a loop.
    return path.resolve()


def _document(unit: Unit, session: Session) -> documents.SessionDocument:
    return documents.SessionDocument(
        session=session,
        messages=unit.messages.newest(session.id, MESSAGES, ROWS_BYTES),
        tasks=unit.board.tasks(session.id),
        file_refs=unit.board.file_refs(session.id),
        prompts=unit.prompts.of_session(session.id, PROMPTS),
        events=unit.run_events.page(session.id, EVENTS, budget=ROWS_BYTES),
        transcript=_text(unit, session),
        pause=unit.pause,
    )


def _text(unit: Unit, session: Session) -> str:
    if session.terminal is None:
        return ""
    start = text_start(session.terminal.oldest, session.terminal.end)

    def pieces() -> Iterator[bytes]:
        for chunk in _chunks(unit, session, start):
            unit.pause()
            yield chunk.data

    return text_of(pieces())


def _chunks(unit: Unit, session: Session, start: int) -> Iterator[Chunk]:
    """Yield the transcript from `start` on; a chat has none."""
    end = session.terminal.end if session.terminal else start
    return chunks_between(unit, session.id, start, end)


def _as_markdown(unit: Unit, session: Session) -> Iterator[bytes]:
    yield documents.markdown(_document(unit, session)).encode()


def _as_html(unit: Unit, session: Session) -> Iterator[bytes]:
    yield documents.page(_document(unit, session)).encode()


def _as_json(unit: Unit, session: Session) -> Iterator[bytes]:
    return bundle.pieces(unit, _document(unit, session), None)


def _as_evidence(unit: Unit, session: Session) -> Iterator[bytes]:
    oldest = session.terminal.oldest if session.terminal else 0
    chunks = _chunks(unit, session, oldest)
    return bundle.pieces(unit, _document(unit, session), chunks)


def _as_cast(unit: Unit, session: Session) -> Iterator[bytes]:
    """Yield header and events, one JSON value per line; for a chat, the header only."""
    terminal = session.terminal
    if terminal is None:
        yield _line(asciicast.header(80, 24, session.created_at, session.name))
        return
    default = terminal.cols, terminal.rows
    timeline = read_sizes(unit, session.id, terminal.oldest, terminal.end, default)
    cols, rows = timeline.size
    sizes = timeline.resizes()
    chunks = _chunks(unit, session, terminal.oldest)
    pieces = (asciicast.Piece(each.offset, each.at, each.data) for each in chunks)
    first = next(pieces, None)
    started = first.at if first is not None else session.created_at
    yield _line(asciicast.header(cols, rows, started, session.name))
    played = pieces if first is None else chain([first], pieces)
    yield from map(_line, asciicast.events(played, sizes, _marks(unit, session)))


def _marks(unit: Unit, session: Session) -> list[asciicast.Marker]:
    """Return markers for prompts, answers and commands."""
    assert session.terminal is not None
    marks = []
    for record in unit.prompts.of_session(session.id, PROMPTS):
        marks.append(asciicast.Marker(record.end, f"prompt: {record.summary}"))
        if record.answer is not None:
            marks.append(
                asciicast.Marker(record.end, f"answer: {record.answer.chosen}")
            )
    events = unit.run_events.page(session.id, EVENTS, kind=COMMAND_BLOCK)
    for command in commands_of(events):
        if command.start is not None:
            label = " ".join(command.command.split())[:LABEL]
            marks.append(asciicast.Marker(command.start, f"$ {label}"))
    return [mark for mark in marks if mark.offset >= session.terminal.oldest]


def _line(value: Any) -> bytes:
    return codec.dumps(value) + b"\n"


_BUNDLE = "evidence.json"
Render = Callable[[Unit, Session], Iterator[bytes]]

_FORMS: dict[str, tuple[str, str, str, Render]] = {
    "markdown": ("Markdown for a vault", "vault", "md", _as_markdown),
    "json": ("Everything as data", "data", "json", _as_json),
    "evidence": ("Data and bytes, to be checked", "data", _BUNDLE, _as_evidence),
    "asciicast": ("The terminal as an asciicast", "film", "cast", _as_cast),
    "html": ("One page to read", "page", "html", _as_html),
}
BUNDLES = frozenset({"json", "evidence"})
"""The targets that have the chain, which `ant evidence verify` checks."""

_ALIASES = {"obsidian": "markdown", "cast": "asciicast", "md": "markdown"}
