"""Takes a session along: as a document, as data, or as a film of its terminal.

Documents go to a folder that the operator named; without one they come back in the
answer. Nothing is written outside that folder, and a file is replaced as a whole.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from ant import cast, clock, vault, wire
from ant.errors import Invalid, StorageFailed
from ant.model import Session, SessionId
from ant.sessions import get_session
from ant.store import Unit
from ant.terminal.plain import strip

DOCUMENT_MAX = 8 << 20
"""Bytes of a document that comes back in an answer; a larger one needs a folder."""

TEXT_MAX = 1 << 20
"""Bytes of transcript whose text goes into a document: the newest."""

MESSAGES = 5000
"""Messages of a document: the newest."""

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
    """What became of one target: a `path`, or the `document` itself."""

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
    known = [_ALIASES.get(name.strip().lower(), name.strip().lower()) for name in names]
    unknown = [name for name in known if name not in _FORMS]
    if unknown:
        raise Invalid(f"Unknown export target(s): {', '.join(unknown)} at $.targets")
    return tuple(dict.fromkeys(known))


def export(
    unit: Unit, session_id: SessionId, names: tuple[str, ...], folders: Folders
) -> dict[str, Written]:
    """Make each of the documents; blocking, for a thread. Raises `NotFound`."""
    session = get_session(unit, session_id)
    done = {}
    for name in names:
        _, _, ending, render = _FORMS[name]
        document = render(unit, session)
        folder = folders.of(name)
        if folder is not None:
            done[name] = _write(folder, session, ending, document)
        elif len(document.encode()) > DOCUMENT_MAX:
            note = "It is too large for an answer: set ANT_EXPORT_DIR."
            done[name] = Written(False, None, None, len(document.encode()), note)
        else:
            size = len(document.encode())
            done[name] = Written(True, None, document, size, None)
    return done


def _write(folder: Path, session: Session, ending: str, document: str) -> Written:
    place = folder / "sessions" / session.created_at.strftime("%Y/%m")
    path = place / vault.file_name(session, ending)
    try:
        if not path.resolve().is_relative_to(folder.resolve()):
            raise StorageFailed(f"{path} leads out of {folder}.")
        place.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{clock.new_id()}.part")
        partial.write_text(document, encoding="utf-8")
        os.replace(partial, path)
    except OSError as exc:
        raise StorageFailed(f"The export cannot be written: {exc}") from exc
    return Written(True, str(path), None, len(document.encode()), None)


def _chronicle(unit: Unit, session: Session) -> vault.Chronicle:
    return vault.Chronicle(
        session=session,
        messages=unit.messages.page(session.id, None, None, MESSAGES),
        tasks=unit.board.tasks(session.id),
        file_refs=unit.board.file_refs(session.id),
        prompts=unit.prompts.of_session(session.id),
        transcript=_text(unit, session),
    )


def _text(unit: Unit, session: Session) -> str:
    if session.terminal is None:
        return ""
    start = max(session.terminal.oldest, session.terminal.end - TEXT_MAX)
    data = b"".join(piece.data for piece in _pieces(unit, session, start))
    return strip(data)


def _pieces(unit: Unit, session: Session, start: int) -> list[cast.Piece]:
    assert session.terminal is not None
    pieces: list[cast.Piece] = []
    while start < session.terminal.end:
        chunks = unit.transcripts.read(session.id, start, _CHUNKS, _PAGE)
        if not chunks:
            break
        for chunk in chunks:
            data = chunk.data[max(start - chunk.offset, 0) :]
            pieces.append(cast.Piece(chunk.end - len(data), chunk.at, data))
        start = chunks[-1].end
    return pieces


def _as_markdown(unit: Unit, session: Session) -> str:
    return vault.markdown(_chronicle(unit, session))


def _as_html(unit: Unit, session: Session) -> str:
    return vault.page(_chronicle(unit, session))


def _as_json(unit: Unit, session: Session) -> str:
    told = _chronicle(unit, session)
    body: dict[str, Any] = {
        "session": told.session,
        "messages": told.messages,
        "tasks": told.tasks,
        "file_refs": told.file_refs,
        "prompts": told.prompts,
        "transcript": told.transcript,
        "exported_at": unit.now,
    }
    return wire.dumps(body).decode()


def _as_cast(unit: Unit, session: Session) -> str:
    """Header and events, one JSON value a line; nothing for a chat but the header."""
    terminal = session.terminal
    if terminal is None:
        first = cast.header(80, 24, session.created_at, session.name)
        return wire.dumps(first).decode() + "\n"
    seen = unit.sightings.of(session.id, terminal.oldest)
    sizes = [cast.Size(each.offset, each.cols, each.rows) for each in seen]
    cols, rows = (sizes[0].cols, sizes[0].rows) if sizes else _size(session)
    told = [sizes[i] for i in range(1, len(sizes)) if _other(sizes[i - 1], sizes[i])]
    marks = []
    for record in unit.prompts.of_session(session.id):
        marks.append(cast.Mark(record.end, f"prompt: {record.summary}"))
        if record.answer is not None:
            marks.append(cast.Mark(record.end, f"answer: {record.answer.chosen}"))
    pieces = _pieces(unit, session, terminal.oldest)
    started = pieces[0].at if pieces else session.created_at
    lines: list[Any] = [cast.header(cols, rows, started, session.name)]
    lines += cast.events(pieces, told, marks)
    return "".join(wire.dumps(line).decode() + "\n" for line in lines)


def _size(session: Session) -> tuple[int, int]:
    assert session.terminal is not None
    return session.terminal.cols, session.terminal.rows


def _other(before: cast.Size, after: cast.Size) -> bool:
    return (before.cols, before.rows) != (after.cols, after.rows)


Render = Callable[[Unit, Session], str]

_FORMS: dict[str, tuple[str, str, str, Render]] = {
    "markdown": ("Markdown for a vault", "vault", "md", _as_markdown),
    "json": ("Everything as data", "data", "json", _as_json),
    "asciicast": ("The terminal as a film", "film", "cast", _as_cast),
    "html": ("One page to read", "page", "html", _as_html),
}
_ALIASES = {"obsidian": "markdown", "cast": "asciicast", "md": "markdown"}
