"""A screen by the avt library, for machines without a wheel of libghostty-vt.

avt keeps the cells and no other state. So this module parses the window title, most
modes and the queries itself. For that, and to make `ansi` exact, it feeds avt only
whole escape sequences.
"""

import codecs
import re
from typing import Any

import avt

from ant.terminal.screen.modes import (
    ALTERNATES,
    HELD_MAX,
    MOUSE,
    MOUSE_FORMAT,
    REPLIES_MAX,
    TITLE_MAX,
    Cursor,
    Modes,
    set_title,
)
from ant.terminal.screen.style import Rows, Style, row_of

_WATCHED = re.compile(
    r"\x1b\[\?(?P<modes>[\d;]+)(?P<on>[hl])"
    rf"|\x1b\][02];(?P<title>[^\x07\x18\x1a\x1b]{{0,{TITLE_MAX}}})(?:\x07|\x1b\\)"
    r"|\x1b\[(?P<query>0?c|5n|6n)"
    r"|\x1b(?P<other>[=>c])"
)
_UNFINISHED = re.compile(
    r"\x1b(?:\[[0-?]*[ -/]*|[]PX^_][^\x07\x18\x1a\x1b]*\x1b?|[ -/]*)\Z"
)
_C1 = re.compile("[\x80-\x9f]")
_NUMBERS = re.compile(r"\d+")
_REPEATED = re.compile(r"([^\x1b])\x1b\[(\d+)b")
_COLOURS = re.compile(r"\x1b\[[\d;:]*m")
_AWAY = set(ALTERNATES)
_KEPT = {*ALTERNATES, *MOUSE, *MOUSE_FORMAT, 1004, 2004}
_KEYPAD = 66

NARROWEST = 2
"""Columns below which avt panics when a wide character is on the screen."""


class AvtScreen:
    """A `ScreenEmulator`. Combining characters take a column of their own."""

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = cols, rows
        self.title = ""
        self._vt = avt.Vt(max(cols, NARROWEST), rows, 0)
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self._on: set[int] = set()
        self._replies = b""

    def feed(self, data: bytes) -> None:
        text = self._decoder.decode(data.replace(b"\x7f", b""))  # It would show DEL.
        if not text.isascii():
            text = _C1.sub("", text)  # No controls in UTF-8, as for libghostty.
        text, self._held = self._held + text, ""
        unfinished = _UNFINISHED.search(text, max(len(text) - HELD_MAX, 0))
        if unfinished:
            text, self._held = text[: unfinished.start()], unfinished[0]
        fed = 0
        for found in _WATCHED.finditer(text):
            if found["query"] or found["other"]:  # These depend on the screen so far.
                self._vt.feed_str(text[fed : found.end()])
                fed = found.end()
            self._note(found)
        self._vt.feed_str(text[fed:])

    def _note(self, found: re.Match[str]) -> None:
        """Apply a sequence to the state that avt does not keep."""
        if found["modes"]:
            modes = {int(each[:9] or 0) for each in found["modes"].split(";")} & _KEPT
            if found["on"] == "h":
                self._on |= modes
            else:  # Any of these modes leaves the alternate screen.
                self._on -= modes.union(modes & _AWAY and _AWAY)
        elif found["query"]:
            row, col, _ = self.cursor
            reply = {
                "5n": b"\x1b[0n",
                "6n": b"\x1b[%d;%dR" % (row + 1, col + 1),
            }.get(found["query"], b"\x1b[?62;22c")
            if len(self._replies) + len(reply) <= REPLIES_MAX:
                self._replies += reply
        elif found["other"] == "c":
            self._on, self.title = set(), ""
            self._vt.feed_str("\x1b[?1l")  # avt does not reset this mode.
        elif found["other"]:
            (self._on.add if found["other"] == "=" else self._on.discard)(_KEYPAD)
        else:
            self.title = found["title"]

    def resize(self, cols: int, rows: int) -> None:
        self.cols, self.rows = cols, rows
        self._vt.resize(max(cols, NARROWEST), rows)

    def text(self) -> list[str]:
        return [line.text[: self.cols].rstrip(" ") for line in self._vt.view()]

    def styled(self) -> Rows:
        return tuple(row_of(map(_cell, line.cells)) for line in self._vt.view())

    def shown(self) -> Rows:
        view = self._vt.view()
        return tuple(row_of(map(_complete_cell, line.cells)) for line in view)

    @property
    def cursor(self) -> Cursor:
        at = self._vt.cursor
        return Cursor(at.row, min(at.col, self.cols - 1), at.visible)

    @property
    def modes(self) -> Modes:
        return Modes(
            alternate=not self._on.isdisjoint(ALTERNATES),
            bracketed_paste=2004 in self._on,
            application_cursor=self._vt.cursor_key_app_mode,
            application_keypad=_KEYPAD in self._on,
            cursor_visible=self._vt.cursor.visible,
            focus_events=1004 in self._on,
            mouse=next(filter(self._on.__contains__, MOUSE), 0),
            mouse_format=next(filter(self._on.__contains__, MOUSE_FORMAT), 0),
        )

    def ansi(self) -> bytes:
        modes = [f"\x1b[?{n}h" for n in sorted(self._on - {_KEYPAD, *ALTERNATES})]
        if _KEYPAD in self._on:
            modes.append("\x1b=")
        # avt writes this for wide characters, too, but does not read it back.
        drawn = _REPEATED.sub(lambda f: f[1] * (int(f[2]) + 1), self._vt.dump())
        drawn = _C1.sub(_two_bytes, drawn)
        drawn = _COLOURS.sub(lambda found: found[0].replace(":", ";"), drawn)
        held, _ = self._decoder.getstate()
        text = "".join([*modes, drawn, self._held])
        return set_title(self.title) + text.encode() + held

    def replies(self) -> bytes:
        replies, self._replies = self._replies, b""
        return replies


def _cell(cell: avt.Cell) -> tuple[str, Style]:
    pen = cell.pen
    style = Style(
        _colour(pen.foreground),
        _colour(pen.background),
        pen.bold,
        pen.faint,
        pen.inverse,
    )
    return cell.char if cell.width else "", style


def _complete_cell(cell: avt.Cell) -> tuple[str, Style]:
    char, style = _cell(cell)
    pen = cell.pen
    more = style._replace(
        italic=pen.italic, underline=pen.underline, strike=pen.strikethrough
    )
    return char, more


def _colour(colour: Any) -> str:
    if colour is None:
        return ""
    numbers = _NUMBERS.findall(str(colour))
    return ";".join(["5" if len(numbers) == 1 else "2", *numbers])


def _two_bytes(control: re.Match[str]) -> str:
    """Return the two-byte form of a C1 control, which UTF-8 can carry."""
    return "\x1b" + chr(ord(control[0]) - 0x40)
