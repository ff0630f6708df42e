"""The text that ANT types for a message.

It is one line: the sender, how to reply, and the message. Where the message is not one
short line, the line names the file that holds it. The line has no newline: an agent may
end while ANT types, and the next program takes each newline for Enter.
"""

import re
from pathlib import PurePath
from typing import Final

import attrs

from ant.model.deliveries import DeliveryKind

LINE_MAX: Final = 4000
"""Bytes of a line. A terminal in canonical mode loses what is beyond 4,096."""

PASTE_MAX: Final = 512 << 10
"""Bytes of a person's message in a terminal's own chat, where the program takes a
paste."""

NAME_MAX, QUOTE_MAX = 120, 120

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
"""Characters that a terminal or a program may act upon. Carriage returns are among
them; tab and newline are not."""

_ACTIVE = re.compile(r"[$`;|&<>(){}'\"\\!#]")
"""Characters with which a shell runs, joins or quotes something."""

_PATH = re.compile(r"[A-Za-z0-9._/+=@,-]+")
"""The characters of a path that ANT shows to a shell, which gives none a meaning."""


@attrs.frozen
class TypedMessage:
    """A message for one terminal.

    `is_named`: the message names this terminal, and not all members of the room.
    `parent` has the sender and the text of the message that it replies to. `accepts`:
    the terminal takes messages at a composer that no driver knows.
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
        """Return the text before the message, without characters active in a shell."""
        readers = "you" if self.is_named else "all participants"
        line = (
            f"[antchat message for {readers}] room: {_plain(self.room_name, NAME_MAX)}"
        )
        line += f" -- FROM: {_plain(self.sender or 'somebody', NAME_MAX)}"
        if self.parent is not None:
            name, text = self.parent
            line += (
                f" (replying to {_plain(name, NAME_MAX)}: {_plain(text, QUOTE_MAX)})"
            )
        reply = f"ant msg {self.room_id} --reply-to {self.message_id}"
        return f'{line} -- reply with: {reply} "…"'

    def typed(self, *, pastes: bool) -> str | None:
        """Return the text to type; None where the message must go into a file.

        With `pastes`, a person's message typed as if by hand may have several lines.
        """
        if self.kind is DeliveryKind.RAW:
            text = self.content.rstrip()
            return text if _can_type(text, pastes) else None
        text = f"{self.header()} -- {self.content}"
        return text if _can_type(text, pastes=False) else None

    def noted(self, path: PurePath) -> str:
        """Return the line that gives an agent the path of the file."""
        return f"{self.header()} -- the message is in the file {path}"


def comment(path: PurePath) -> str | None:
    """Return the line that gives a shell the path of the file, and no text of others.

    None for a path with a character that may have a meaning to a shell.
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
    """Return the text on one line, without active characters, at most `most` long."""
    line = " ".join(_ACTIVE.sub("", _CONTROL.sub(" ", text)).split())
    return line if len(line) <= most else line[: most - 1] + "…"
