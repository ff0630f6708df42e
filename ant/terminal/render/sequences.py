"""Apply the escape sequences that affect where text goes; ignore all others."""

from ant.terminal.render.canvas import Canvas
from ant.terminal.screen.modes import ALTERNATES

FAR = 1 << 20
"""A column past the end of every row."""


def escape(canvas: Canvas, piece: str) -> None:
    """Apply an escape sequence of one character, or one that selects a character set.

    `piece` is the sequence without its ESC.
    """
    match piece:
        case "7":
            canvas.saved = canvas.row, canvas.col
        case "8":
            canvas.place(*canvas.saved)
        case "D":
            canvas.feed_line()
        case "E":
            canvas.feed_line()
            canvas.move_to(0)
        case "M":
            canvas.reverse()
        case "c":
            canvas.reset()
        case _ if len(piece) == 2 and piece[0] in "()":
            canvas.sets["()".index(piece[0])] = piece[1] == "0"
            canvas.drawing = canvas.sets[canvas.shift_out]


def control_sequence(canvas: Canvas, piece: str) -> None:
    """Apply a control sequence: `ESC [`, numbers and a letter."""
    params, final = piece[2:-1], piece[-1]
    if final == "m":
        return
    if params[:1] == "?":
        if final in "hl":
            for mode in params[1:].split(";"):
                _set_mode(canvas, mode, final == "h")
        elif final not in "JK":
            return
        params = params[1:]
    numbers = [int(n[:5]) if n.isdecimal() else 0 for n in params.split(";")]
    first = numbers[0]
    many = max(first, 1)
    second = numbers[1] if len(numbers) > 1 else 0
    row, col = canvas.row, canvas.col
    match final:
        case "A":
            canvas.move(-many)
        case "B" | "e":
            canvas.move(many)
        case "C" | "a":
            canvas.move_to(col + many)
        case "D":
            canvas.move_to(col - many)
        case "E" | "F":
            canvas.move(many if final == "E" else -many)
            canvas.move_to(0)
        case "G" | "`":
            canvas.move_to(many - 1)
        case "H" | "f":
            was_erased = canvas.scrollback_erased
            canvas.place(many - 1, max(second, 1) - 1)
            canvas.homed = canvas.row == canvas.col == 0
            if canvas.homed and was_erased:
                canvas.out.reprint()
        case "d":
            canvas.place(many - 1, col)
        case "I" | "Z":
            canvas.tab(many if final == "I" else -many)
        case "J":
            _erase_screen(canvas, first)
        case "K":
            start = 0 if first in (1, 2) else col
            stop = col + 1 if first == 1 else FAR
            canvas.lines[row].erase(start, stop)
            canvas.lines[row].wrapped = False
        case "X":
            canvas.lines[row].erase(col, col + many)
        case "@" | "P":
            canvas.lines[row].shift(col, many if final == "@" else -many)
        case "L" | "M":
            if canvas.top <= row <= canvas.bottom:
                canvas.shift_rows(row, -many if final == "L" else many)
                canvas.move_to(0)
        case "S" | "T":
            canvas.scroll(many if final == "S" else -many)
        case "b":
            _repeat(canvas, many)
        case "r":
            bottom = min(second or canvas.rows, canvas.rows) - 1
            if many - 1 < bottom:
                canvas.top, canvas.bottom = many - 1, bottom
                canvas.place(0, 0)
        case "s":
            canvas.saved = row, col
        case "u" if not params:
            canvas.place(*canvas.saved)
        case "h" | "l" if params == "4":
            canvas.insert = final == "h"


def _erase_screen(canvas: Canvas, how: int) -> None:
    """Apply the erase sequence `ESC [ how J`.

    The lines become final if it erases the whole screen, or everything from the top
    left down.
    """
    row = canvas.row
    # A program that erases the scrollback and then moves to the top prints all its
    # output again. The command `clear` moves to the top first.
    canvas.scrollback_erased = how == 3
    if how == 2 or (how == 0 and canvas.homed):
        canvas.clear()
    elif how == 0:
        canvas.lines[row].erase(canvas.col, FAR)
        canvas.lines[row].wrapped = False
        canvas.erase_rows(row + 1, canvas.rows)
    elif how == 1:
        canvas.erase_rows(0, row)
        canvas.lines[row].erase(0, canvas.col + 1)


def _repeat(canvas: Canvas, count: int) -> None:
    """Draw the last character `count` more times."""
    row = canvas.lines[canvas.row]
    col = canvas.col if canvas.pending else canvas.col - 1
    last = row.text[col : col + 1] if col >= 0 else ""
    if last and last != "\0":
        canvas.write(last * min(count, canvas.cols * canvas.rows), row.end, 0)


def _set_mode(canvas: Canvas, mode: str, on: bool) -> None:
    """Set or reset a private mode: origin, autowrap, cursor or alternate screen."""
    match mode:
        case "6":
            canvas.origin = on
            canvas.place(0, 0)
        case "7":
            canvas.autowrap = on
            canvas.pending = False
        case "1048":
            if on:
                canvas.saved = canvas.row, canvas.col
            else:
                canvas.place(*canvas.saved)
        case _ if mode.isdecimal() and int(mode[:5]) in ALTERNATES:
            if mode == "1049" and on and canvas.under is None:
                canvas.saved = canvas.row, canvas.col
            canvas.show_alternate(on)
            if mode == "1049" and not on:
                canvas.place(*canvas.saved)
