"""Recordings of programs, read from a folder."""

import json
from pathlib import Path
from typing import Any

import pytest

from ant.core.errors import Conflict
from ant.history import recordings
from ant.history.recordings import read_recordings
from ant.terminal.model.prompt import Kind
from tests.terminal.recorded import FOLDER
from tests.terminal.recorded import recordings as labelled

MOMENT = {"offset": 5, "echo": True, "canonical": False, "foreground": "mine"}


def write(folder: Path, name: str, data: bytes, **told: Any) -> Path:
    path = folder / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".ansi").write_bytes(data)
    path.write_text(json.dumps({"cols": 20, "rows": 4, **told}))
    return path


def test_moments_in_the_order_of_their_offsets(tmp_path: Path) -> None:
    """Each is a screen in the size of then; a label is not needed."""
    later = {**MOMENT, "offset": 10, "expect": {"kind": "busy"}, "quiet_s": 0.5}
    resize = {"offset": 5, "cols": 30, "rows": 4}
    write(
        tmp_path,
        "mine/run",
        b"mine>work ",
        moments=[later, MOMENT],
        resizes=[resize],
    )
    first, second = read_recordings(tmp_path)
    assert ("mine/run#0", "mine>", 20) == (
        first.place,
        first.snapshot.bare[0].rstrip(),
        first.snapshot.cols,
    )
    assert (None, 4.0) == (first.expected, first.snapshot.quiet_s)
    assert (Kind.BUSY, 0.5, 30) == (
        second.expected,
        second.snapshot.quiet_s,
        second.snapshot.cols,
    )


def test_it_reads_what_the_tests_read() -> None:
    """The same screens as our own reader of recordings has."""
    folder = FOLDER / "aider"
    ours = [each for recording in labelled(folder) for each in recording.looks()]
    found = list(read_recordings(folder))
    assert len(ours) == len(found) > 0
    for (moment, snapshot), each in zip(ours, found, strict=True):
        assert moment.expect["kind"] == each.expected
        assert snapshot == each.snapshot


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        ({}, "'moments' is missing"),
        ({"moments": [{}]}, "'offset' is missing"),
        ({"moments": 1}, "not iterable"),
        ({"moments": [{**MOMENT, "expect": {"kind": "x"}}]}, "'x' is not a valid Kind"),
        ({"moments": [MOMENT], "cols": "x"}, "is no recording"),
    ],
)
def test_what_is_no_recording_is_named(
    tmp_path: Path, told: dict[str, Any], reason: str
) -> None:
    """With its path."""
    path = write(tmp_path, "mine/run", b"mine>", **told)
    with pytest.raises(Conflict, match=reason) as caught:
        list(read_recordings(tmp_path))
    assert str(path) in str(caught.value)


def test_a_folder_and_a_file_have_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond them nothing is read."""
    monkeypatch.setattr(recordings, "FILES_MAX", 1)
    write(tmp_path, "a", b"mine>", moments=[MOMENT])
    assert 1 == len(list(read_recordings(tmp_path)))
    write(tmp_path, "b", b"mine>", moments=[MOMENT])
    with pytest.raises(Conflict, match="more than 1 recordings"):
        list(read_recordings(tmp_path))
    (tmp_path / "b.json").unlink()
    monkeypatch.setattr(recordings, "BYTES_MAX", 4)
    with pytest.raises(Conflict, match="more than 4 bytes"):
        list(read_recordings(tmp_path))
