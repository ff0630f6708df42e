"""What a `tmux -C` client says, read: answers to commands, and notifications; sans-io.

Rule 1: fed whole or cut anywhere, the same bytes make the same events.
Rule 2: a block runs from `%begin` to the `%end` or `%error` of the same number; what
looks like a notification inside it is text.
Rule 3: only a block with flag 1 answers a command of ours.
Rule 4: of a line `LINE_MAX` bytes are kept and of a block `BLOCK_MAX` lines: nothing
that we ask for is longer.
"""

import re
from typing import Any

import attrs

from ant.terminal.host.base import ControlSeen

LINE_MAX = 64 << 10
BLOCK_MAX = 1000

_GUARD = re.compile(rb"%(begin|end|error) \d+ (\d+) (\d+)")
_NOTICE = re.compile(rb"%([a-z][a-z-]*)(?: (.*))?", re.DOTALL)
_OCTAL = re.compile(rb"\\([0-7]{3})")


@attrs.frozen
class Notice:
    """A notification, as `%kind text`; `text` is None where it says nothing more."""

    kind: str
    text: str | None


@attrs.frozen
class Output:
    """Bytes that the program in a pane put out, of a client that asks for them."""

    pane: str
    data: bytes


@attrs.frozen
class Answer:
    """What a command had to say; `ours` is whether this client gave the command."""

    ok: bool
    ours: bool
    lines: tuple[str, ...]


Said = Notice | Output | Answer
"""What the client may say."""


class ControlParser:
    """Feed it what the client puts out."""

    def __init__(self) -> None:
        self._held = b""
        self._number: bytes | None = None
        self._ours = False
        self._lines: list[str] = []

    def feed(self, data: bytes) -> list[Said]:
        """Take the next bytes; what they complete, in order."""
        *lines, rest = data.split(b"\n")
        found: list[Said] = []
        for line in lines:
            whole = (self._held + line)[:LINE_MAX].removesuffix(b"\r")
            self._held = b""
            if (said := self._take(whole)) is not None:
                found.append(said)
        self._held = (self._held + rest)[:LINE_MAX]
        return found

    def _take(self, line: bytes) -> Said | None:
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
            return Output(pane.decode("utf-8", "replace"), unescape(data))
        return Notice(kind, None if text is None else text.decode("utf-8", "replace"))


def unescape(data: bytes) -> bytes:
    """The bytes behind an `%output`: `\\ooo` is a byte, all else is itself."""
    return _OCTAL.sub(lambda match: bytes((int(match[1], 8) & 0xFF,)), data)


@attrs.define
class SessionFilter:
    """What of a tmux server is one session's: its ids, and who is attached to it.

    With that, `seen` tells this session's notifications from its neighbours'.
    """

    session: int
    pane: int
    windows: set[int]
    clients: set[str] = attrs.field(factory=set)

    def seen(self, notice: Notice) -> ControlSeen | None:
        """A notification as it is told to others; None for what is not ours or news."""
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
                # One that is closed is unlinked already when it is told.
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
                data = self._met(first, rest)
            case "client-detached" if text in self.clients:
                self.clients.discard(text)
                data = {"reason": text}
            case "pane-mode-changed" | "continue" | "pause":
                if _number("%", first) == self.pane:
                    data = {"pane_id": self.pane}
        return None if data is None else ControlSeen(kind, {"raw": text, **data})

    def _has(self, window: str) -> bool:
        return _number("@", window) in self.windows

    def _met(self, client: str, rest: str) -> dict[str, Any] | None:
        session, _, name = rest.partition(" ")
        if _number("$", session) != self.session:
            self.clients.discard(client)
            return None
        self.clients.add(client)
        return {"session_tmux_id": self.session, "name": name}


def _number(sigil: str, text: str) -> int | None:
    digits = text.removeprefix(sigil)
    return int(digits) if text.startswith(sigil) and digits.isdecimal() else None
