"""Files for messages that ANT cannot type: a directory for each terminal.

Only the terminal's own user can read them. They are removed with the session or the
message.
"""

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ant.core.errors import StorageFailed

FOLDER, FILE = 0o700, 0o600


class OverflowFiles:
    """The directory of all these files. It is created when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, session_id: str, message_id: str, content: str) -> Path:
        """Write a message to its file and return the path. Raises `StorageFailed`."""
        path = self._folder.absolute() / session_id / f"{message_id}.txt"
        part = path.with_suffix(".part")
        try:
            for folder in (self._folder, path.parent):
                folder.mkdir(FOLDER, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with open(os.open(part, flags, FILE), "wb") as file:
                file.write(content.encode())
            part.replace(path)
        except OSError as exc:
            raise StorageFailed(
                f"A message cannot be written to a file: {exc}"
            ) from exc
        return path

    def sessions(self) -> list[str]:
        """Return the sessions that have a directory."""
        try:
            return os.listdir(self._folder)
        except OSError:
            return []

    def remove(self, session_ids: Collection[str]) -> None:
        """Remove all files of these sessions."""
        for each in session_ids:
            shutil.rmtree(self._folder / each, ignore_errors=True)

    def remove_message(self, message_id: str) -> None:
        """Remove the files of a message that was deleted."""
        for each in self.sessions():
            with suppress(OSError):
                (self._folder / each / f"{message_id}.txt").unlink()
