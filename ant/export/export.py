"""Takes a session along: as a document, as data, or as a film of its terminal.

Documents go to a folder that the operator named; without one they come back in the
answer. Nothing is written outside that folder, and a file is replaced as a whole.
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
from ant.core.errors import Invalid, StorageFailed
from ant.export import asciicast, bundle, documents
from ant.model.sessions import Session, SessionId
from ant.model.transcript import Chunk
from ant.recording.reader import read_bytes
from ant.run_events.commands import COMMAND_BLOCK, commands_of
from ant.sessions.sessions import get_session
from ant.store import Unit
from ant.terminal.screen.strip_escapes import strip

DOCUMENT_MAX = 8 << 20
"""Bytes of the documents that come back in an answer; larger ones need a folder."""

TEXT_MAX = 1 << 20
"""Bytes of transcript whose text goes into a document: the newest."""

MESSAGES = 5000
"""Messages of a document: the newest, and no more than have `ROWS_BYTES`."""

ROWS_BYTES = 8 << 20
"""Bytes of messages, and of run events, that a document is made of: what an answer
takes, and what is in memory meanwhile."""

EVENTS = 5000
"""Run events of a document, and commands of a film: the newest. Data has all."""

PROMPTS = 5000
"""Prompts of a document or a film: the newest."""

LABEL = 80
"""Characters of a command that a mark in a film shows."""

_CHUNKS = 64
_PAGE = 1 << 20


@attrs.frozen
class ExportTarget:
    """A form that a session can be taken along in; `configured`: it has a folder."""

    id: str
    label: str
    kind: str
    configured: bool
    folder: str | None


@attrs.frozen
class Written:
    """What became of one target: a `path`, or the `document` itself.

    `size` is in bytes; of what was too large for an answer, as far as it was made.
    """

    ok: bool
    path: str | None
    document: str | None
    size: int
    note: str | None


@attrs.frozen
class Folders:
    """Where documents go; None where the operator named no place."""

    export_dir: Path | None = None
    obsidian_vault: Path | None = None

    def of(self, target: str) -> Path | None:
        """The folder of a target: the vault for Markdown, where there is one."""
        if target == "markdown" and self.obsidian_vault is not None:
            return self.obsidian_vault
        return self.export_dir


def targets(folders: Folders) -> tuple[ExportTarget, ...]:
    """All that there are."""
    told = []
    for name, (label, kind, _, _) in _FORMS.items():
        folder = folders.of(name)
        place = None if folder is None else str(folder)
        told.append(ExportTarget(name, label, kind, folder is not None, place))
    return tuple(told)


def chosen(names: tuple[str, ...]) -> tuple[str, ...]:
    """The targets of these names, `obsidian` being Markdown. Raises `Invalid`."""
    if not names:
        raise Invalid("expected the name of a target at $.targets")
    known = [_ALIASES.get(name.strip().lower(), name.strip().lower()) for name in names]
    unknown = [name for name in known if name not in _FORMS]
    if unknown:
        raise Invalid(f"Unknown export target(s): {', '.join(unknown)} at $.targets")
    return tuple(dict.fromkeys(known))


def export(
    unit: Unit, session_id: SessionId, names: tuple[str, ...], folders: Folders
) -> dict[str, Written]:
    """Make each of the documents; blocking, for a thread. Raises `NotFound`.

    A document is made and written in pieces: it may be larger than memory.
    """
    session = get_session(unit, session_id)
    done: dict[str, Written] = {}
    room = DOCUMENT_MAX
    for name in names:
        _, _, ending, render = _FORMS[name]
        folder = folders.of(name)
        if folder is None:
            done[name] = _answered(_paused(unit, render(unit, session)), room)
            room -= done[name].size if done[name].ok else 0
        else:
            pieces = _paused(unit, render(unit, session))
            done[name] = _write(folder, session, ending, pieces)
    return done


def _paused(unit: Unit, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same pieces; others may run, and the caller may leave, in between."""
    for piece in pieces:
        unit.pause()
        yield piece


def _answered(pieces: Iterable[bytes], room: int) -> Written:
    """The document itself; of one that is too large no more is made than is needed."""
    made, size = [], 0
    for piece in pieces:
        made.append(piece)
        size += len(piece)
        if size > room:
            note = "It is too large for an answer: set ANT_EXPORT_DIR."
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
            raise StorageFailed(f"{path} leads out of {folder}.")
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
    """Open a file that is its owner's alone, whatever the umask is."""
    return os.open(path, flags, 0o600)


def _resolved(path: Path) -> Path:
    """Where a path leads. Raises `OSError`, also for links that lead nowhere else."""
    with suppress(FileNotFoundError):
        path.stat()  # Python 3.13 itself says nothing of links that go round.
    return path.resolve()


def _document(unit: Unit, session: Session) -> documents.SessionDocument:
    return documents.SessionDocument(
        session=session,
        messages=unit.messages.page(session.id, None, None, MESSAGES, ROWS_BYTES),
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
    start = max(session.terminal.oldest, session.terminal.end - TEXT_MAX)
    text, held = [], b""
    for chunk in _chunks(unit, session, start):
        unit.pause()
        # At the end of a line, so that no character and hardly a sequence is cut.
        whole, end, held = (held + chunk.data).rpartition(b"\n")
        text.append(strip(whole + end))
    return "".join(text) + strip(held)


def _chunks(unit: Unit, session: Session, start: int) -> Iterator[Chunk]:
    """The transcript from exactly `start` on, a few chunks in memory at a time."""
    assert session.terminal is not None
    while start < session.terminal.end:
        chunks = read_bytes(unit, session.id, start, _CHUNKS, _PAGE)
        if not chunks:
            return
        yield from chunks
        start = chunks[-1].end


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
    """Header and events, one JSON value a line; nothing for a chat but the header."""
    terminal = session.terminal
    if terminal is None:
        yield _line(asciicast.header(80, 24, session.created_at, session.name))
        return
    seen = unit.verdicts.of(session.id, terminal.oldest)
    sizes = [asciicast.Size(each.offset, each.cols, each.rows) for each in seen]
    cols, rows = (sizes[0].cols, sizes[0].rows) if sizes else _size(session)
    told = [sizes[i] for i in range(1, len(sizes)) if _other(sizes[i - 1], sizes[i])]
    chunks = _chunks(unit, session, terminal.oldest)
    pieces = (asciicast.Piece(each.offset, each.at, each.data) for each in chunks)
    first = next(pieces, None)
    started = first.at if first is not None else session.created_at
    yield _line(asciicast.header(cols, rows, started, session.name))
    played = pieces if first is None else chain([first], pieces)
    yield from map(_line, asciicast.events(played, told, _marks(unit, session)))


def _marks(unit: Unit, session: Session) -> list[asciicast.Marker]:
    """Where something is to be found: prompts, answers, and commands."""
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


def _size(session: Session) -> tuple[int, int]:
    assert session.terminal is not None
    return session.terminal.cols, session.terminal.rows


def _other(before: asciicast.Size, after: asciicast.Size) -> bool:
    return (before.cols, before.rows) != (after.cols, after.rows)


_BUNDLE = "evidence.json"
Render = Callable[[Unit, Session], Iterator[bytes]]

_FORMS: dict[str, tuple[str, str, str, Render]] = {
    "markdown": ("Markdown for a vault", "vault", "md", _as_markdown),
    "json": ("Everything as data", "data", "json", _as_json),
    "evidence": ("Data and bytes, to be checked", "data", _BUNDLE, _as_evidence),
    "asciicast": ("The terminal as a film", "film", "cast", _as_cast),
    "html": ("One page to read", "page", "html", _as_html),
}
_ALIASES = {"obsidian": "markdown", "cast": "asciicast", "md": "markdown"}
