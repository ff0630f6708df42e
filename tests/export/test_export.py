"""A session is taken along whole, to where the operator said and nowhere else."""

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ant.api.message_requests import PostMessage
from ant.core.errors import Invalid, StorageFailed
from ant.export import export as exporting
from ant.export.export import Folders, Written
from ant.export.verify import verify
from ant.messages.messages import post_message
from ant.model.run_events import RunEventDraft, Source, Trust
from ant.model.sessions import Session, SessionId
from ant.recording.transcript_writer import store_chunks, store_verdicts
from ant.run_events.commands import command_block
from ant.run_events.log import record
from ant.store import Store, Unit
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.screen.emulator import open_screen
from ant.terminal.shell.command_blocks import CommandBlock
from tests import asked
from tests.history.test_history import create

DATA = b"$ echo \xe6\xbc\xa2\r\n\xe6\xbc\xa2\r\n\x1b[31mred\x1b[m\r\n"


@pytest.fixture
def session(store: Store) -> Session:
    """A terminal with bytes, a resize in their midst, and a message."""
    row = create(store)
    chunks = [(0, DATA[:9]), (9, DATA[9:])]
    store.transact(store_chunks, [(row.id, chunks)], 1 << 20)
    quiet = Verdict(Kind.QUIET_UNKNOWN, "resized", (), 16)
    seen = [
        VerdictSeen(Verdict(Kind.BUSY, "time", (), 0), None, 80, 24),
        VerdictSeen(quiet, None, 40, 10),
    ]
    store.transact(store_verdicts, [(row.id, seen)])
    store.transact(post_message, row.id, PostMessage(content="We ship it today."))
    return row


def export(store: Store, session_id: SessionId, *names: str, **where: Path) -> Any:
    """What became of these targets."""
    return store.read(exporting.export, session_id, names, Folders(**where))


def test_without_a_folder_the_document_is_returned(
    store: Store, session: Session
) -> None:
    """Each format, in the response."""
    done = export(store, session.id, "markdown", "json", "asciicast", "html")
    assert all(each.ok and each.path is None for each in done.values())
    assert "> We ship it today." in done["markdown"].document
    whole = json.loads(done["json"].document)
    assert (session.id, "We ship it today.") == (
        whole["session"]["id"],
        whole["messages"][0]["content"],
    )
    assert "$ echo 漢\n漢\nred\n" in whole["transcript"]
    assert "We ship it today." in done["html"].document


def test_a_cast_ends_on_the_screen_of_the_session(
    store: Store, session: Session
) -> None:
    """Played with its resizes."""
    film = export(store, session.id, "asciicast")["asciicast"].document
    first, *rest = map(json.loads, film.splitlines())
    played, own = open_screen(80, 24), open_screen(80, 24)
    assert (80, 24) == (first["term"]["cols"], first["term"]["rows"])
    for _, kind, text in rest:
        if kind == "o":
            played.feed(text.encode())
        elif kind == "r":
            played.resize(*map(int, text.split("x")))
    own.feed(DATA[:16])
    own.resize(40, 10)
    own.feed(DATA[16:])
    assert (own.text(), own.cursor) == (played.text(), played.cursor)


def test_commands_are_in_every_document(store: Store, session: Session) -> None:
    """With their exit codes, and a marker in the cast before their output."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    block = CommandBlock(
        "make `x`\nit", False, "/a b", 2, 1.25, 16, 25, (2, 16), None, 0.0
    )
    store.transact(record, session.id, command_block(block, at))
    fact = RunEventDraft(Source.JSON, Trust.HIGH, "message", "<b>\nsaid", {}, end=16)
    store.transact(record, session.id, fact)
    done = export(store, session.id, "markdown", "html", "asciicast")
    text, page, film = (each.document for each in done.values())
    assert (
        "- 2026-01-01T00:00:00.000000Z make \\`x\\` it → exit 2, 1.2 s in `/a b` "
        "(@16–25)\n" in text
    )
    assert "json/message: &lt;b> said (@16)\n" in text
    assert '<tr class="failed">' in page
    assert "<code>make `x`\nit</code></td><td>exit 2, 1.2 s</td>" in page
    assert "json/message: &lt;b&gt;\nsaid" in page
    kinds = [(kind, data) for _, kind, data in map(json.loads, film.splitlines()[1:])]
    place = kinds.index(("m", "$ make `x` it"))
    shown = "".join(data for kind, data in kinds[:place] if kind == "o")
    assert DATA[:16].decode() == shown


def test_prompts_are_in_every_document(store: Store, session: Session) -> None:
    """With their answers, and markers in the cast."""
    done = asked.record(session.id, answer=asked.decision())
    store.transact(lambda unit: unit.prompts.add(done))
    made = export(store, session.id, "markdown", "html", "json", "asciicast")
    for name in ("markdown", "html"):
        assert "Run it? → Yes by @ada" in made[name].document
    (prompt,) = json.loads(made["json"].document)["prompts"]
    assert done.id == prompt["id"]
    assert '"m","answer: Yes"' in made["asciicast"].document


def test_a_large_document_is_not_made_for_a_response(
    store: Store, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stops at the limit; a file gets all of it, piece by piece."""
    monkeypatch.setattr(exporting, "DOCUMENT_MAX", 100_000)
    data, at = random_bytes(1 << 20), len(DATA)
    for start in range(0, len(data), 1 << 16):
        chunk = (at + start, data[start : start + (1 << 16)])
        store.transact(store_chunks, [(session.id, [chunk])], 1 << 24)
    done = export(store, session.id, "evidence")["evidence"]
    assert (False, None) == (done.ok, done.document)
    assert "ANT_EXPORT_DIR" in str(done.note)
    assert done.size < 2_000_000
    done = export(store, session.id, "evidence", export_dir=tmp_path)["evidence"]
    assert done.path.endswith(".evidence.json")
    found = verify(Path(done.path).read_bytes())
    assert found.fault is None
    assert done.size == Path(done.path).stat().st_size > 1_400_000


def test_a_broken_write_leaves_nothing(
    store: Store, session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither half a document nor its beginning."""

    def broken(*args: object) -> object:
        yield b"{"
        raise StorageFailed("gone")

    monkeypatch.setattr(exporting.bundle, "pieces", broken)
    with pytest.raises(StorageFailed):
        export(store, session.id, "json", export_dir=tmp_path)
    assert [] == [each for each in tmp_path.rglob("sessions/**/*") if each.is_file()]


def random_bytes(size: int) -> bytes:
    """Always the same, and no text."""
    return b"".join(
        hashlib.sha256(number.to_bytes(4)).digest() for number in range(size // 32)
    )


def test_with_a_folder_the_document_is_written(
    store: Store, session: Session, tmp_path: Path
) -> None:
    """By year and month, Markdown to the vault; a second export replaces it."""
    where = {"export_dir": tmp_path / "out", "obsidian_vault": tmp_path / "vault"}
    for _ in range(2):
        done: dict[str, Written] = export(
            store, session.id, "markdown", "json", **where
        )
        for name, folder in (("markdown", "vault"), ("json", "out")):
            path = Path(str(done[name].path))
            assert path.is_relative_to(tmp_path / folder / "sessions")
            assert done[name].size == path.stat().st_size
    files = [each for each in tmp_path.rglob("*") if each.suffix == ".part"]
    assert [] == files


def test_nothing_is_written_outside_the_folder(
    store: Store, session: Session, tmp_path: Path
) -> None:
    """A link that leads out of the folder is not followed."""
    outside, folder = tmp_path / "outside", tmp_path / "out"
    outside.mkdir()
    (folder).mkdir()
    (folder / "sessions").symlink_to(outside, target_is_directory=True)
    with pytest.raises(StorageFailed):
        export(store, session.id, "json", export_dir=folder)
    assert [] == list(outside.iterdir())


@pytest.mark.parametrize("name", ["", "out", "out/sessions"])
def test_a_loop_of_links_is_an_error(
    store: Store, session: Session, tmp_path: Path, name: str
) -> None:
    """Wherever they are: at the document's own place, too."""
    folder = tmp_path / "out"
    if not name:
        path = Path(
            str(export(store, session.id, "json", export_dir=folder)["json"].path)
        )
        path.unlink()
        name = str(path.relative_to(tmp_path))
    looping = tmp_path / name
    looping.parent.mkdir(exist_ok=True)
    looping.symlink_to(looping)
    with pytest.raises(StorageFailed, match="cannot be written"):
        export(store, session.id, "json", export_dir=folder)


def test_a_folder_that_cannot_be_written_is_an_error(
    store: Store, session: Session, tmp_path: Path
) -> None:
    """A file stands in its place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="cannot be written"):
        export(store, session.id, "json", export_dir=tmp_path / "file")


def test_targets_have_names() -> None:
    """And aliases of the original; unknown names are refused."""
    assert ("markdown", "asciicast") == exporting.chosen(("Obsidian", "md", "cast"))
    with pytest.raises(Invalid, match="open-slide"):
        exporting.chosen(("json", "open-slide"))
    with pytest.raises(Invalid, match="the name of a target"):
        exporting.chosen(())
    told = exporting.targets(Folders())
    assert ["markdown", "json", "evidence", "asciicast", "html"] == [
        each.id for each in told
    ]
    assert not any(each.configured for each in told)


def test_the_cast_of_a_chat_is_a_header(store: Store) -> None:
    """Without events."""

    def make(unit: Unit) -> SessionId:
        row = unit.sessions.active()[0]
        assert row.linked_chat_id is not None
        return row.linked_chat_id

    create(store)
    chat = store.read(make)
    film = export(store, chat, "asciicast")["asciicast"].document
    assert 1 == len(film.splitlines())
