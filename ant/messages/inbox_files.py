"""Files for what cannot be typed: a folder for each terminal, a file for each message.

They are for the terminal's own user only, and go with the session or the message.
"""

import os
import shutil
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from ant.core.errors import StorageFailed

FOLDER, FILE = 0o700, 0o600


class OverflowFiles:
    """The folder of all of them; it is made when it is first needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, session_id: str, message_id: str, content: str) -> Path:
        """The file that holds a message, whole. Raises `StorageFailed`."""
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
            raise StorageFailed(f"A message cannot be put into a file: {exc}") from exc
        return path

    def sessions(self) -> list[str]:
        """The sessions that have a folder."""
        try:
            return os.listdir(self._folder)
        except OSError:
            return []

    def remove(self, session_ids: Collection[str]) -> None:
        """Remove all that is kept for these."""
        for each in session_ids:
            shutil.rmtree(self._folder / each, ignore_errors=True)

    def remove_message(self, message_id: str) -> None:
        """Remove the files of a message that is no more."""
        for each in self.sessions():
            with suppress(OSError):
                (self._folder / each / f"{message_id}.txt").unlink()
