"""A parser of the output of `tmux -C`: answers to commands, notifications; sans-io.

Rule 1: the same bytes make the same events, however they are cut into pieces.
Rule 2: a block runs from `%begin` to the `%end` or `%error` of the same number. A line
inside it is text, even if it looks like a notification.
Rule 3: only a block with flag 1 answers a command of this client.
Rule 4: the parser keeps `LINE_MAX` bytes of a line and `BLOCK_MAX` lines of a block. No
answer that ANT needs is longer.
"""

import re
from typing import Any

import attrs

from ant.terminal.host.host_terminal import ControlSeen

LINE_MAX = 64 << 10
BLOCK_MAX = 1000

_GUARD = re.compile(rb"%(begin|end|error) \d+ (\d+) (\d+)")
_NOTICE = re.compile(rb"%([a-z][a-z-]*)(?: (.*))?", re.DOTALL)
_OCTAL = re.compile(rb"\\([0-7]{3})")


@attrs.frozen
class Notice:
    """A notification: `%kind text`, or `%kind` alone, where `text` is None."""

    kind: str
    text: str | None


@attrs.frozen
class PaneOutput:
    """Output of the program in a pane, for a client that requests it."""

    pane: str
    data: bytes


@attrs.frozen
class Answer:
    """The output of a command; `ours` is whether this client sent the command."""

    ok: bool
    ours: bool
    lines: tuple[str, ...]


Event = Notice | PaneOutput | Answer
"""What the parser finds in the output of a client."""


class ControlParser:
    """Turns the output of a control client into events."""

    def __init__(self) -> None:
        self._held = b""
        self._number: bytes | None = None
        self._ours = False
        self._lines: list[str] = []

    def feed(self, data: bytes) -> list[Event]:
        """Parse the next bytes; the events they complete, in order."""
        *lines, rest = data.split(b"\n")
        found: list[Event] = []
        for line in lines:
            whole = (self._held + line)[:LINE_MAX].removesuffix(b"\r")
            self._held = b""
            if (event := self._parse(whole)) is not None:
                found.append(event)
        self._held = (self._held + rest)[:LINE_MAX]
        return found

    def _parse(self, line: bytes) -> Event | None:
        guard = _GUARD.fullmatch(line)
        if self._number is not None:
            if guard and guard[1] != b"begin" and guard[2] == self._number:
                self._number = None
                lines, self._lines = tuple(self._lines), []
                return Answer(guard[1] == b"end", self._ours, lines)
            if len(self._lines) < BLOCK_MAX:
                self._lines.append(line.decode("utf-8", "replace"))
            return None
        if guard and guard[1] == b"begin":
            self._number, self._ours = guard[2], guard[3] == b"1"
            return None
        notice = _NOTICE.fullmatch(line)
        if guard or notice is None:
            return None
        kind, text = notice[1].decode(), notice[2]
        if kind == "output" and text is not None:
            pane, _, data = text.partition(b" ")
            return PaneOutput(pane.decode("utf-8", "replace"), unescape(data))
        return Notice(kind, None if text is None else text.decode("utf-8", "replace"))


def unescape(data: bytes) -> bytes:
    """The bytes of an `%output`: `\\ooo` stands for a byte, all else for itself."""
    return _OCTAL.sub(lambda match: bytes((int(match[1], 8) & 0xFF,)), data)


@attrs.define
class SessionFilter:
    """Picks one session's notifications out of those of a whole tmux server.

    `windows` are the session's windows, `clients` the names of its attached clients.
    """

    session: int
    pane: int
    windows: set[int]
    clients: set[str] = attrs.field(factory=set)

    def seen(self, notice: Notice) -> ControlSeen | None:
        """The notification in the form that ANT records.

        None if it is of another session, or of a kind that ANT does not record.
        """
        kind, text = notice.kind, notice.text
        if text is None:
            return ControlSeen(kind, {}) if kind == "exit" else None
        first, _, rest = text.partition(" ")
        data: dict[str, Any] | None = None
        match kind:
            case "exit":
                data = {"reason": text}
            case "window-add" if (window := _number("@", first)) is not None:
                self.windows.add(window)
                data = {"window_id": window}
            case "window-close" | "unlinked-window-close" if self._has(first):
                # tmux unlinks a window before it notifies that it is closed.
                kind, window = "window-close", _number("@", first)
                self.windows.discard(window or 0)
                data = {"window_id": window}
            case "window-renamed" if self._has(first):
                data = {"window_id": _number("@", first), "name": rest}
            case "layout-change" if self._has(first):
                layout = rest.partition(" ")[0]
                data = {"window_id": _number("@", first), "layout": layout}
            case "session-changed" if _number("$", first) == self.session:
                data = {"session_tmux_id": self.session, "name": rest}
            case "session-renamed" if _number("$", first) == self.session:
                data = {"name": rest}
            case "client-session-changed":
                data = self._attached(first, rest)
            case "client-detached" if text in self.clients:
                self.clients.discard(text)
                data = {"reason": text}
            case "pane-mode-changed" | "continue" | "pause":
                if _number("%", first) == self.pane:
                    data = {"pane_id": self.pane}
        return None if data is None else ControlSeen(kind, {"raw": text, **data})

    def _has(self, window: str) -> bool:
        return _number("@", window) in self.windows

    def _attached(self, client: str, rest: str) -> dict[str, Any] | None:
        session, _, name = rest.partition(" ")
        if _number("$", session) != self.session:
            self.clients.discard(client)
            return None
        self.clients.add(client)
        return {"session_tmux_id": self.session, "name": name}


def _number(sigil: str, text: str) -> int | None:
    digits = text.removeprefix(sigil)
    return int(digits) if text.startswith(sigil) and digits.isdecimal() else None
