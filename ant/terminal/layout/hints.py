"""Rows that tell the operator which keys a program takes, and rows of its status."""

import functools
import re

from ant.terminal.screen.snapshot import ROWS, ScreenSnapshot, width

HINT = re.compile(
    r"\b(esc|escape|enter|return|tab|space|arrows?|arrow keys|ctrl|press|cancel|select|"
    r"navigate|confirm|confirmation|waiting|submit|toggle|move|amend|go back|quit|"
    r"filter|help|more|scroll|undo|exit|explain|edit|eingabe|échap|entrée|intro)\b"
    r"|[↑↓←→⏎↵]|\^[A-Z]|\b(?:enter|esc)(?=[^\x00-\u02ff])",
    re.IGNORECASE,
)
"""A word or a sign of a hint, such as `Esc to cancel`. Some languages have their own
names of keys, and some put no blank behind one."""

_ESC = r"(?:\besc(?:ape)?(?![a-z])|\béchap\b)"
_ENTER = r"(?:\b(?:enter|return)(?![a-z])|\b(?:eingabe|entrée|intro)\b|[⏎↵])"
_TO = r"\W{0,3}(?:key )?(?:(?:to|for|zum|pour|para|de) |で|键|لل|ل)?\s?"

COUNT = re.compile(r"\s*(?:\d+/\d+\b|[(\[]\d+(?:/| of )\d+[)\]]|\w* ?\d+-\d+ of \d+)")
"""A count such as `3/20` or `(3 of 20)`, which long lists show."""

_COMPOSER = re.compile(r"\s*[>❯›]($|\s)")
"""A row that begins like a composer."""

_KEY = r"(?:esc(?:ape)?|enter|return|tab|space|ctrl|shift|[↑↓←→⏎↵]|arrows?|j/k)"

_KEYS = re.compile(rf"(?<![^\W_]){_KEY}(?![^\W_])", re.IGNORECASE)
"""A key that a hint names."""

_LEADS = re.compile(rf"\W*(?:use |press |hit )?[(\[<‹]?{_KEY}(?![^\W_])", re.IGNORECASE)
"""The beginning of a row of hints."""

_LEAVES = re.compile(
    rf"{_ESC}(?:/ctrl ?[+-] ?c| or \w\b)?{_TO}"
    r"(?:cancel|close|dismiss|exit|quit|leave|go back|back|return|reject|deny|decline|"
    r"abort|skip|no\b|abbr|schließ|zurück|annul|ferm|retour|salir|キャンセル|閉じ|戻る|"
    r"取消|关闭|返回|إلغاء)",
    re.IGNORECASE,
)
"""A hint that Escape leaves a dialog."""

_TAKES = re.compile(
    rf"{_ENTER}{_TO}(?:select|confirm|"
    r"choose|accept|continue|submit|apply|pick|save|open|set|ok\b|proceed|allow|approve|"
    r"yes\b|wähl|auswähl|bestätig|choisir|sélect|valid|seleccion|elegir|選択|決定|確定|"
    r"选择|确认|ختيار|اختيار|تأكيد)",
    re.IGNORECASE,
)
"""A hint that Enter takes the marked option of a dialog."""

_MOVES = re.compile(r"\barrow keys\b|[↑▲]\W{0,3}[↓▼]|\bpress a number\b", re.I)
"""The keys that move a mark, or numbers."""

_STATUS = re.compile(
    r"\S {3,}\S|(?:^|\s)(?:~|\.{1,2})?/[\w.-]|(?:^|\s)~(?:\s|$)|\d%|\d[km]\b|\$\d"
    r"| [·•|│] |^\W*\? for |\b(?:tokens?|context|ctx|model|mode|branch|auto)\b",
    re.IGNORECASE,
)
"""What a row of a status has: a folder, a share, a number of tokens, several parts."""


def is_footer(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether a row may follow a live menu: a border, hint, count or blank row.

    Hints that fill a row may end on the next one.
    """
    line = snapshot.bare[row]
    if snapshot.is_blank(row) or not line.strip() or COUNT.match(line):
        return True
    if has_hint(line):
        return not _COMPOSER.match(line)
    above = snapshot.bare[row - 1] if row else ""
    is_full = width(snapshot.lines[row - 1]) >= snapshot.cols - 1 if row else False
    return is_full and has_hint(above) and not _COMPOSER.match(above)


@functools.lru_cache(ROWS)
def has_hint(line: str) -> bool:
    """Whether a row has a word or a sign of a hint."""
    return bool(HINT.search(line))


@functools.lru_cache(ROWS)
def is_dialog_hint(line: str) -> bool:
    """Whether a row shows how a dialog is left or answered by Escape or Enter."""
    return bool(_LEAVES.search(line) or _TAKES.search(line))


@functools.lru_cache(ROWS)
def is_taking_hint(line: str) -> bool:
    """Whether a row shows that Enter takes the marked option."""
    return bool(_TAKES.search(line))


@functools.lru_cache(ROWS)
def is_leaving_hint(line: str) -> bool:
    """Whether a row shows that Escape leaves a dialog."""
    return bool(_LEAVES.search(line))


@functools.lru_cache(ROWS)
def is_field_hint(line: str) -> bool:
    """Whether a row is the label of a field and shows that Enter takes its text."""
    return line.rstrip().endswith((":", "?")) and is_taking_hint(line)


@functools.lru_cache(ROWS)
def is_moving_hint(line: str) -> bool:
    """Whether a row shows the keys that move a mark."""
    return bool(_MOVES.search(line))


def is_key_row(line: str) -> bool:
    """Whether a row begins with a key and names at least two: it is no option."""
    return bool(_LEADS.match(line)) and len(_KEYS.findall(line)) > 1


def is_status(snapshot: ScreenSnapshot, row: int) -> bool:
    """Whether a row is a status, by its parts or because all of it is faint.

    A sentence is none.
    """
    line = snapshot.bare[row].strip()
    if not line or line.endswith((".", "!", "?", ":", ",")):
        return not line
    runs = snapshot.rows[row]
    faint = all(run.style.is_faint or run.text.isspace() for run in runs)
    return faint or bool(_STATUS.search(line))
