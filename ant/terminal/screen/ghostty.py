"""A screen by libghostty-vt, which is fast, small and exposes its whole state.

The Python binding wraps little of the library, so this module calls the C functions.
Each key of `ghostty_terminal_get` has its own type, and a wrong one makes the library
write past the end of the buffer. The types below are those of the pinned version.
"""

import functools
import re
import weakref
from collections.abc import Callable
from typing import Any

from pyghostty import GhosttyError, ffi, lib
from pyghostty.core import Terminal, check, init_sized

from ant.terminal.screen.modes import (
    ALTERNATES,
    HELD_MAX,
    MOUSE,
    MOUSE_FORMAT,
    REPLIES_MAX,
    Cursor,
    Modes,
    set_title,
)
from ant.terminal.screen.style import Rows, plain_rows, rows_of

SWALLOW = b"\x1b]999;"
"""The beginning of an unknown sequence.

It replaces an unfinished sequence that is too long to repeat, so that the rest of that
sequence is not drawn as text.
"""

STYLED_MAX = 256 << 10
"""The most bytes of a drawing whose styles are read, which takes up to 50 ms. A longer
one is a picture, or a screen far larger than any in use."""

_MODE = re.compile(rb"\x1b\[(\??\d+)[hl]")
_PLACED = re.compile(
    rb"((?:\x1b\[(\d+);(\d+)r)?(?:\x1b\[(\d+);(\d+)s)?)\x1b\[(\d+);(\d+)H"
)
_FIRST = {b"?69", b"?2027"}  # Side margins and clusters change how rows are drawn.
_LEFT_OUT = {b"?1049", b"?1048", b"?1047", b"?47", b"?6"}  # These move the cursor.
_LEFT_OUT |= {b"?3", b"?2026"}  # These would clear the screen, or delay its update.
_SHAPES = {0: 6, 1: 2, 2: 4, 3: 2}  # Bar, block, underline, frame: not blinking.


@ffi.callback("GhosttyTerminalWritePtyFn")  # type: ignore[untyped-decorator]
def _on_reply(_terminal: Any, replies: Any, data: Any, size: int) -> None:
    """Append a reply to the `bytearray` behind the handle, up to `REPLIES_MAX`."""
    waiting = ffi.from_handle(replies)
    if len(waiting) + size <= REPLIES_MAX:
        waiting += ffi.buffer(data, size)


class GhosttyScreen:
    """A `ScreenEmulator`."""

    def __init__(self, cols: int, rows: int) -> None:
        self.cols, self.rows = cols, rows
        self._replies = bytearray()
        self._handle = ffi.new_handle(self._replies)
        self._vt = Terminal(cols, rows, scrollback=0)
        for option, value in (
            ("USERDATA", self._handle),
            ("WRITE_PTY", _on_reply),
            ("SCROLLBACK_MAX_BYTES", ffi.new("size_t*", 0)),  # Ten times as fast.
            ("CONTINUATION_MAX_BYTES", ffi.new("size_t*", HELD_MAX)),
            ("APC_MAX_BYTES", ffi.new("size_t*", HELD_MAX)),
            ("KITTY_IMAGE_STORAGE_LIMIT", ffi.new("uint64_t*", 0)),
        ):
            key = getattr(lib, f"GHOSTTY_TERMINAL_OPT_{option}")
            check(lib.ghostty_terminal_set(self._vt._t[0], key, value), option)

    def feed(self, data: bytes) -> None:
        self._vt.feed(data.replace(b"\x7f", b""))  # It would show DEL as a character.

    def resize(self, cols: int, rows: int) -> None:
        self.cols, self.rows = cols, rows
        self._vt.resize(cols, rows)

    def text(self) -> list[str]:
        plain = _formatted(self._vt, lib.GHOSTTY_FORMATTER_FORMAT_PLAIN)
        rows = [row.rstrip(" ") for row in plain.decode("utf-8", "replace").split("\n")]
        return rows + [""] * (self.rows - len(rows))

    def styled(self) -> Rows:
        return self._rows(complete=False)

    def shown(self) -> Rows:
        return self._rows(complete=True)

    def _rows(self, *, complete: bool) -> Rows:
        drawn = _formatted(self._vt, lib.GHOSTTY_FORMATTER_FORMAT_VT)
        if len(drawn) > STYLED_MAX:
            return plain_rows(self.text())
        rows = rows_of(drawn.decode("utf-8", "replace"), complete=complete)
        return rows + ((),) * (self.rows - len(rows))

    @property
    def cursor(self) -> Cursor:
        col, row = self._vt.cursor
        return Cursor(row, col, self._vt.mode(25))

    @property
    def title(self) -> str:
        title = self._vt.get("title", "GhosttyString")
        return bytes(ffi.buffer(title.ptr, title.len)).decode("utf-8", "replace")

    @property
    def modes(self) -> Modes:
        mode = self._vt.mode
        return Modes(
            alternate=self._shows_alternate(),
            bracketed_paste=mode(2004),
            application_cursor=mode(1),
            application_keypad=mode(66),
            cursor_visible=mode(25),
            focus_events=mode(1004),
            mouse=next(filter(mode, MOUSE), 0),
            mouse_format=next(filter(mode, MOUSE_FORMAT), 0),
            keyboard=self._vt.get("kitty_keyboard_flags", "uint8_t"),
        )

    def ansi(self) -> bytes:
        held = _filled(lib.ghostty_terminal_continuation_alloc, self._vt._t[0])
        parts = [set_title(self.title)]
        if self._shows_alternate():
            way = next(filter(self._vt.mode, ALTERNATES), ALTERNATES[0])
            # Inside a sequence that is too long to repeat, there is no copy either.
            if held is not None and (primary := _copy(self._vt)) is not None:
                primary.feed(b"\x18\x1b[?%dl" % way)  # To the saved cursor.
                parts.append(_picture(primary, under=True))
            parts.append(b"\x1b[?%dh\x1b[m" % way)
        if held is not None and (saved := _copy(self._vt)) is not None:
            saved.feed(b"\x18\x1b8")
            col, row = saved.cursor
            parts.append(b"\x1b[%d;%dH\x1b7" % (row + 1, col + 1))
        parts += [_picture(self._vt), _shape(self._vt)]
        parts.append(SWALLOW if held is None else held)
        return b"".join(parts)

    def replies(self) -> bytes:
        replies = bytes(self._replies)
        self._replies.clear()
        return replies

    def _shows_alternate(self) -> bool:
        shown = self._vt.get("active_screen", "GhosttyTerminalScreen")
        return bool(shown == lib.GHOSTTY_TERMINAL_SCREEN_ALTERNATE)


class _Copy(Terminal):  # type: ignore[misc]
    """A copy of a terminal, which may be fed without a change to the original."""

    def __init__(self, original: Terminal) -> None:
        data = _filled(lib.ghostty_snapshot_encode_alloc, original._t[0]) or b""
        decoder = ffi.new("GhosttySnapshotDecoder*")
        source = ffi.from_buffer("uint8_t[]", data)
        made = lib.ghostty_snapshot_decoder_new_buf(
            ffi.NULL, decoder, source, len(data)
        )
        check(made, "decoder")
        self._t = ffi.new("GhosttyTerminal*")
        try:
            check(lib.ghostty_snapshot_decoder_decode(decoder[0], self._t), "decode")
        finally:
            lib.ghostty_snapshot_decoder_free(decoder[0])
        self._cb_err = None
        self._free = weakref.finalize(self, lib.ghostty_terminal_free, self._t[0])


def _copy(original: Terminal) -> _Copy | None:
    """Return a copy, or None if the library cannot read its own snapshot.

    That happens when a new size has cut a wide character in an unwrapped row.
    """
    try:
        return _Copy(original)
    except GhosttyError:
        return None


def _picture(terminal: Terminal, under: bool = False) -> bytes:
    """Return the bytes that draw the shown screen.

    `under`: only the cells and the cursor, for the primary screen under the alternate.
    """
    drawn = _formatted(terminal, lib.GHOSTTY_FORMATTER_FORMAT_VT, whole=not under)
    modes: dict[bytes, bytes] = {}
    start = 0
    while mode := _MODE.match(drawn, start):
        modes[mode[1]], start = mode[0], mode.end()
    drawn = drawn[start:]
    if b"?6" in modes:
        drawn = _PLACED.sub(_in_region, drawn, count=1)
    first = [modes[each] for each in modes if each in _FIRST]
    last = [modes[each] for each in modes if each not in _FIRST | _LEFT_OUT]
    return b"".join([*first, drawn, *last])


def _in_region(placed: re.Match[bytes]) -> bytes:
    """Switch origin mode on and make the cursor's position relative to the region."""
    region, top, bottom, left, right, row, col = placed.groups()
    down, along = int(row) - int(top or 1) + 1, int(col) - int(left or 1) + 1
    below, beyond = int(row) > int(bottom or row), int(col) > int(right or col)
    if below or beyond or min(down, along) < 1:  # Saved before the region was set.
        return b"\x1b[?6h\x1b[%b;%bH\x1b7%b\x1b8" % (row, col, region)
    return b"%b\x1b[?6h\x1b[%d;%dH" % (region, down, along)


def _shape(terminal: Terminal) -> bytes:
    """Return the sequence for the cursor's shape; empty for a steady block."""
    state = ffi.new("GhosttyRenderState*")
    check(lib.ghostty_render_state_new(ffi.NULL, state), "render state")
    try:
        check(lib.ghostty_render_state_update(state[0], terminal._t[0]), "update")
        key = lib.GHOSTTY_RENDER_STATE_DATA_CURSOR_VISUAL_STYLE
        style = ffi.new("GhosttyRenderStateCursorVisualStyle*")
        check(lib.ghostty_render_state_get(state[0], key, style), "cursor style")
    finally:
        lib.ghostty_render_state_free(state[0])
    blinks = terminal.mode(12)
    number = _SHAPES[style[0]] - blinks
    return b"\x1b[%d q" % number if number != 2 else b""


def _formatted(terminal: Terminal, form: int, whole: bool = False) -> bytes:
    """Return the visible rows in a format of the library.

    As VT they include the cursor; `whole` adds all state that affects later output.
    """
    wanted, selection = _wanted(form, whole)
    cols, rows = terminal.size
    visible = ffi.new("GhosttySelection*", selection[0])
    visible.start = terminal.ref(0, 0)[0]
    visible.end = terminal.ref(cols - 1, rows - 1)[0]
    options = ffi.new("GhosttyFormatterTerminalOptions*", wanted[0])
    options.selection = visible
    formatter = ffi.new("GhosttyFormatter*")
    made = lib.ghostty_formatter_terminal_new(
        ffi.NULL, formatter, terminal._t[0], options[0]
    )
    check(made, "formatter")
    try:
        return _filled(lib.ghostty_formatter_format_alloc, formatter[0]) or b""
    finally:
        lib.ghostty_formatter_free(formatter[0])


@functools.cache
def _wanted(form: int, whole: bool) -> tuple[Any, Any]:
    """Return formatter options without a selection, and an empty selection, to copy.

    Setting the sizes in them takes as long as the rest of a call, some 40 us.
    """
    options = init_sized("GhosttyFormatterTerminalOptions")
    plain = form == lib.GHOSTTY_FORMATTER_FORMAT_PLAIN
    options.emit, options.trim = form, plain
    options.extra.screen.cursor = options.extra.screen.style = not plain
    options.extra.modes = options.extra.tabstops = whole
    options.extra.scrolling_region = options.extra.screen.charsets = whole
    options.extra.screen.kitty_keyboard = options.extra.screen.protection = whole
    return options, init_sized("GhosttySelection")


def _filled(call: Callable[..., int], subject: Any) -> bytes | None:
    """Return the bytes that a library function allocates, or None if it fails."""
    start, size = ffi.new("uint8_t**"), ffi.new("size_t*")
    if call(subject, ffi.NULL, start, size):
        return None
    try:
        return bytes(ffi.buffer(start[0], size[0]))
    finally:
        lib.ghostty_free(ffi.NULL, start[0], size[0])
