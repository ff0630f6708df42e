"""Files for what cannot be typed."""

from pathlib import Path

import pytest

from ant.core.errors import StorageFailed
from ant.messages.inbox_files import OverflowFiles


def test_a_message_is_written_whole(tmp_path: Path) -> None:
    """Readable by its owner only; writing it again gives the same file."""
    overflow_files = OverflowFiles(tmp_path / "inbox")
    assert [] == overflow_files.sessions()
    content = "é\n\x1b\r\n" * 1000
    for _ in range(2):
        path = overflow_files.put("s", "m", content)
    assert content.encode() == path.read_bytes()
    assert tmp_path / "inbox" / "s" / "m.txt" == path
    assert [0o600, 0o700, 0o700] == [
        each.stat().st_mode & 0o777 for each in (path, path.parent, path.parents[1])
    ]
    assert [path] == list(path.parent.iterdir())


def test_files_are_removed(tmp_path: Path) -> None:
    """With the session, or with the message."""
    overflow_files = OverflowFiles(tmp_path / "inbox")
    for session_id in ("a", "b"):
        for message_id in ("m", "n"):
            overflow_files.put(session_id, message_id, "x")
    overflow_files.remove(["a", "nobody"])
    assert ["b"] == overflow_files.sessions()
    overflow_files.remove_message("m")
    overflow_files.remove_message("m")
    (left,) = (tmp_path / "inbox" / "b").iterdir()
    assert "n.txt" == left.name


def test_a_disk_that_refuses(tmp_path: Path) -> None:
    """It raises `StorageFailed`."""
    (tmp_path / "inbox").write_text("no folder")
    with pytest.raises(StorageFailed):
        OverflowFiles(tmp_path / "inbox").put("s", "m", "x")
