"""What is typed for a message: one line that says whose it is, how to reply, and the
message; or, where that is not one short line, which file has it.

The line has no newline: an agent may end while it is typed, and the program that comes
next takes each newline for Enter.
"""

import re
from pathlib import PurePath
from typing import Final

import attrs

from ant.model.deliveries import DeliveryKind

LINE_MAX: Final = 4000
"""Bytes of a line; a terminal in canonical mode loses what is beyond 4,096."""

PASTE_MAX: Final = 512 << 10
"""Bytes of what a person writes in a terminal's own chat, where a paste is taken."""

NAME_MAX, QUOTE_MAX = 120, 120

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that a terminal or a program may act upon; tab and newline are not here.
Carriage returns are."""

_ACTIVE = re.compile(r"[$`;|&<>(){}'\"\\!#]")
"""Characters by which a shell runs, joins or quotes something."""

_PATH = re.compile(r"[A-Za-z0-9._/+=@,-]+")
"""The characters of a path that a shell is shown: none of them means anything to it."""


@attrs.frozen
class TypedMessage:
    """A message for one terminal, as far as it is told there.

    `is_named`: it is for this terminal by name, and not for all in the room.
    `parent` is who said what it replies to, and that. `accepts`: the terminal takes
    messages at a composer that no driver knows.
    """

    kind: DeliveryKind
    content: str
    message_id: str
    room_id: str
    room_name: str
    sender: str | None
    is_named: bool
    parent: tuple[str, str] | None = None
    accepts: bool = False

    def header(self) -> str:
        """What comes before the message; no shell runs anything of the names in it."""
        whom = "you" if self.is_named else "all participants"
        line = f"[antchat message for {whom}] room: {_plain(self.room_name, NAME_MAX)}"
        line += f" -- FROM: {_plain(self.sender or 'somebody', NAME_MAX)}"
        if self.parent is not None:
            who, said = self.parent
            line += f" (replying to {_plain(who, NAME_MAX)}: {_plain(said, QUOTE_MAX)})"
        reply = f"ant msg {self.room_id} --reply-to {self.message_id}"
        return f'{line} -- reply with: {reply} "…"'

    def typed(self, *, pastes: bool) -> str | None:
        """What to type; None where the message has to be put into a file.

        `pastes` lets only what a person wrote as by hand have several lines.
        """
        if self.kind is DeliveryKind.RAW:
            text = self.content.rstrip()
            return text if _can_type(text, pastes) else None
        text = f"{self.header()} -- {self.content}"
        return text if _can_type(text, pastes=False) else None

    def noted(self, path: PurePath) -> str:
        """The line that names the file, to an agent."""
        return f"{self.header()} -- the message is in the file {path}"


def comment(path: PurePath) -> str | None:
    """The line that names the file, to a shell: it says nothing that others said.

    None for a path with a character that could mean something to a shell.
    """
    if not _PATH.fullmatch(str(path)):
        return None
    return f"# ANT: a message for this terminal is in the file {path}"


def _can_type(text: str, pastes: bool) -> bool:
    if _CONTROL.search(text):
        return False
    if pastes:
        return len(text.encode()) <= PASTE_MAX
    return len(text.encode()) <= LINE_MAX and not ("\n" in text or "\t" in text)


def _plain(text: str, most: int) -> str:
    """Without what ends a line or a shell could run, and not longer than that."""
    line = " ".join(_ACTIVE.sub("", _CONTROL.sub(" ", text)).split())
    return line if len(line) <= most else line[: most - 1] + "…"
