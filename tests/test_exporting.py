"""A session is taken along whole, to where the operator said and nowhere else."""

import json
from pathlib import Path
from typing import Any

import pytest

from ant import exporting
from ant.commands import PostMessage
from ant.errors import Invalid, StorageFailed
from ant.exporting import Folders, Written
from ant.model import Session, SessionId
from ant.rooms import post_message
from ant.scribe import store_chunks, store_sightings
from ant.store import Store, Unit
from ant.terminal.observations import VerdictSeen
from ant.terminal.prompt import Kind, Verdict
from ant.terminal.screen import open_screen
from tests.test_evidence import create

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
    store.transact(store_sightings, [(row.id, seen)])
    store.transact(post_message, row.id, PostMessage(content="We ship it today."))
    return row


def export(store: Store, session_id: SessionId, *names: str, **where: Path) -> Any:
    """What became of these targets."""
    return store.read(exporting.export, session_id, names, Folders(**where))


def test_without_a_folder_the_document_comes_back(
    store: Store, session: Session
) -> None:
    """Each form in the answer."""
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


def test_a_film_ends_on_the_screen_of_the_session(
    store: Store, session: Session
) -> None:
    """Played through the screen model, resizes too."""
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


def test_with_a_folder_it_is_written_there(
    store: Store, session: Session, tmp_path: Path
) -> None:
    """By year and month; Markdown to the vault, and again in its place."""
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


def test_nothing_is_written_outside(
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


def test_a_folder_that_cannot_be_written_is_said(
    store: Store, session: Session, tmp_path: Path
) -> None:
    """A file stands in its place."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageFailed, match="cannot be written"):
        export(store, session.id, "json", export_dir=tmp_path / "file")


def test_targets_have_names() -> None:
    """The original's too; what is none is refused, by its name."""
    assert ("markdown", "asciicast") == exporting.chosen(("Obsidian", "md", "cast"))
    with pytest.raises(Invalid, match="open-slide"):
        exporting.chosen(("json", "open-slide"))
    told = exporting.targets(Folders())
    assert ["markdown", "json", "asciicast", "html"] == [each.id for each in told]
    assert not any(each.configured for each in told)


def test_a_chat_has_no_film(store: Store) -> None:
    """A header, and nothing that moves."""

    def make(unit: Unit) -> SessionId:
        row = unit.sessions.active()[0]
        assert row.linked_chat_id is not None
        return row.linked_chat_id

    create(store)
    chat = store.read(make)
    film = export(store, chat, "asciicast")["asciicast"].document
    assert 1 == len(film.splitlines())
