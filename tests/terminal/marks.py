"""Marks as a shell prints them that has the key of the tests."""

from ant.terminal.shell.osc133 import Folder, ShellMark, ShellMarks
from ant.terminal.shell.shell_key import ShellKey
from ant.terminal.shell.shell_state import ShellState

KEY = ShellKey.of(bytes(range(16)))
OTHER_KEY = ShellKey.of(bytes(range(1, 17)))


class Marker:
    """Prints marks, each with the next number and its code."""

    def __init__(self, key: ShellKey = KEY) -> None:
        self._key, self.number = key, 0

    def __call__(self, text: str) -> bytes:
        """A mark: its letter and parameters."""
        return f"\x1b]133;{text};ant={self.code()}\x07".encode()

    def folder(self, url: str) -> bytes:
        """A mark of the folder."""
        return f"\x1b]7;{url}#ant={self.code()}\x07".encode()

    def code(self) -> str:
        """The next number and its code."""
        self.number += 1
        return f"{self.number}.{self._key.code(self.number)}"


def proven(data: bytes, key: ShellKey = KEY) -> list[ShellMark | Folder]:
    """The marks in this output from the first byte on that the shell printed."""
    state = ShellState(key)
    found = ShellMarks(0).feed(data, len(data))
    return [mark for mark in found if state.accept(mark) is not None]
