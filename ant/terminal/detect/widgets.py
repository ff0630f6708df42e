"""Dialogs drawn as windows: a row of buttons, and above it a list, a field or text.

The cursor, visible or not, is where the focus is: on a row of the list, in the field,
or on a button. If the cursor is elsewhere, the focus is on the button that looks unlike
the others.
"""

import functools
import re
from collections.abc import Sequence

from ant.terminal.detect.menu_rows import FOOTER, Item, items_of
from ant.terminal.detect.menus import class_of, menu_of
from ant.terminal.detect.option_meaning import means_no, means_yes
from ant.terminal.layout.dialog_text import excerpt, question_above, top_of
from ant.terminal.layout.hints import is_footer, is_status, is_taking_hint
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import ROWS, ScreenSnapshot

_BUTTON = re.compile(r"<\s*([^<>\s][^<>]{0,24}?)\s*>|\[\s*([A-Z][^\[\]]{1,24}?)\s*\]")
"""A button: `< Yes >` or `[ Yes ]`."""

GAP = 4
"""The most rows from options that are shown by their colour to their hints."""

_NUMBER = re.compile(r"\d{1,2}[.)]\s+")
"""The number before such an option."""

LABEL = 60
"""The most characters of such an option: a longer row is a text."""

_TAB = re.compile(r"\S+(?: \S+)*")
"""Words with single blanks between them."""

_KEYS = re.compile(r"(ctrl|alt|shift)\+|[⇆←→↑↓⏎]|(enter|tab|esc)\b", re.IGNORECASE)
"""The beginning of the hints behind the tabs."""

_WORD = r"[^\s/›»●○](?:[^/›»●○]*[^\s/›»●○])?"
"""One word of a toggle."""

_TOGGLE = re.compile(
    r"\s*(?:\?|❔|\[\?\])\s+(?P<question>\S.*?) [›»] "
    rf"(?P<off>{_WORD}) / (?P<on>{_WORD})"
)
"""A question with two words behind it: `? Continue › No / Yes`."""

_RADIOS = re.compile(rf"\s*([●○]) ({_WORD}) / ([●○]) ({_WORD})")
"""Two radio buttons in one row."""

_APART = re.compile(r"\s{2,}| [·•|/] |, (?=[\[(])")
"""What separates options in a row."""

_KEYED = re.compile(r"((?:\w+ )?\w*)[\[(](\w)[\])](?:(\s)|(?=\w))(\S.{0,40})")
"""An option with its key in brackets before it, or within its word: `[y] Yes`,
`(Y)es`, `Allow a[l]ways`."""

_NAMED = re.compile(r"(enter|[a-z]) (\w+(?: \w+){0,3})", re.IGNORECASE)
"""A key without brackets and what it does: `enter accept`."""

_GAP = re.compile(r"\s{2,}")

_SECRET = re.compile(r"passw|passphrase|secret|\bPIN\b", re.IGNORECASE)
"""A word of a question that asks for a secret."""


def find_widget(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt of the window at the end of the screen, or None.

    Without a row of buttons, it may be a row of tabs or a toggle.
    """
    row = None if snapshot.takes_lines else _button_row(snapshot)
    if row is None:
        return (
            _keyed(snapshot) or _tabs(snapshot) or _toggle(snapshot) or _lit(snapshot)
        )
    found = list(_BUTTON.finditer(snapshot.bare[row]))
    block = _list_above(snapshot, row)
    if block:
        focused = _focused(snapshot, row, found)
        # The first button submits the marked row, even with the focus in the list. The
        # other buttons do not.
        marked = None if any(focused[1:]) else _marked_row(snapshot, block)
        if marked is not None or any(focused):
            return menu_of(snapshot, block, marked, columns=True)
    if snapshot.cursor.visible and row - FOOTER <= snapshot.cursor.row < row:
        return _field(snapshot, row)
    return _buttons(snapshot, row, found)


def _button_row(snapshot: ScreenSnapshot) -> int | None:
    """Return the last row with text if it has only buttons, else None."""
    for row in range(snapshot.last, max(snapshot.last - FOOTER, -1), -1):
        line = snapshot.bare[row]
        if snapshot.is_blank(row) or not line.strip():
            continue
        only = _BUTTON.search(line) and not _BUTTON.sub("", line).strip()
        return row if only else None
    return None


def _list_above(snapshot: ScreenSnapshot, row: int) -> list[Item]:
    """Return the rows of the list above the buttons in `row`; empty without a list."""
    at = row - 1
    while at >= 0 and (snapshot.is_blank(at) or not snapshot.bare[at].strip()):
        at -= 1
    items, block = items_of(snapshot), list[Item]()
    while at >= 0 and (item := items[at]) is not None and not snapshot.is_blank(at):
        if block and (item.col, not item.box) != (block[0].col, not block[0].box):
            break
        block.insert(0, item)
        at -= 1
    return block if len(block) > 1 else []


def _marked_row(snapshot: ScreenSnapshot, block: Sequence[Item]) -> int | None:
    """Return the row of the list with the cursor, else the highlighted one, or None."""
    if any(each.row == snapshot.cursor.row for each in block):
        return snapshot.cursor.row
    lit = _odd_one(snapshot, [(each.row, each.col) for each in block])
    return None if lit is None else block[lit].row


def _field(snapshot: ScreenSnapshot, row: int) -> Prompt:
    """Return the prompt of the text field at the cursor, above the buttons in `row`."""
    question = question_above(snapshot, snapshot.cursor.row)
    text = excerpt(snapshot, max(snapshot.cursor.row - FOOTER, 0), row)
    secret = bool(_SECRET.search(question))
    return Prompt(
        kind=Kind.DIALOG,
        class_=PromptClass.PASSWORD if secret else PromptClass.FREE_TEXT,
        form=Form.SECRET if secret else Form.LINE,
        question=question,
        options=(),
        rule="field",
        rows=(snapshot.cursor.row, snapshot.cursor.row),
        text=text,
        draft="" if secret else snapshot.bare[snapshot.cursor.row].strip(" _"),
    )


def _buttons(
    snapshot: ScreenSnapshot, row: int, found: Sequence[re.Match[str]]
) -> Prompt | None:
    """Return the prompt of a row of buttons, or None if no button has the focus."""
    focused = [
        snapshot.cursor.visible and each for each in _focused(snapshot, row, found)
    ]
    if len(found) == 1:
        style = snapshot.style_at(row, found[0].start() + 1)
        boxed = snapshot.lines[row] != snapshot.bare[row]
        # A text colour alone is no sign: programs also print a coloured `[OK]`.
        has_ground = style.inverse or style.bg
        lit = 0 if boxed or has_ground or focused[0] else None
    elif sum(focused) == 1:
        lit = focused.index(True)
    else:
        lit = _odd_one(snapshot, [(row, each.start() + 1) for each in found])
    if lit is None:
        return None
    labels = [(each[1] or each[2]).strip() for each in found]
    return Prompt(
        kind=Kind.DIALOG,
        class_=PromptClass.PRESS_KEY if len(labels) == 1 else class_of(labels),
        form=Form.BUTTONS,
        question=question_above(snapshot, row),
        options=tuple(Option(each, i == lit) for i, each in enumerate(labels)),
        rule="buttons",
        rows=(row, row),
        text=excerpt(snapshot, top_of(snapshot, row), row),
    )


def _focused(
    snapshot: ScreenSnapshot, row: int, found: Sequence[re.Match[str]]
) -> list[bool]:
    """Return for each button of the row whether the cursor is on it."""
    on_row, col = snapshot.cursor.row == row, snapshot.cursor.col
    return [on_row and each.start() <= col < each.end() for each in found]


def _keyed(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt of options with their keys in brackets, or None.

    They are in one row, or one a row, at the end of the screen, with at most a status
    below. The cursor is hidden: the program takes a key. One of them is a plain yes and
    one a plain no: other rows of keys are a legend.
    """
    if snapshot.takes_lines or snapshot.cursor.visible:
        return None
    row, below = snapshot.last, 0
    while row >= 0 and not (found := _keys_in(snapshot.bare[row])):
        if not snapshot.is_blank(row):
            below += not (is_footer(snapshot, row) or is_status(snapshot, row))
            if below or row <= snapshot.last - FOOTER:
                return None
        row -= 1
    if row < 0:
        return None
    first = row
    if len(found) == 1:
        while first and len(above := _keys_in(snapshot.bare[first - 1])) == 1:
            first, found = first - 1, (*above, *found)
    keys = [key.lower() for key, _, _ in found]
    labels = [label for _, label, _ in found]
    question = question_above(snapshot, first)
    if (
        len({*keys}) < len(keys)
        or sum(means_yes(label, "") for label in labels) != 1
        or sum(means_no(label, "") for label in labels) != 1
    ):
        return None
    places = [
        (first + i if first < row else row, at) for i, (_, _, at) in enumerate(found)
    ]
    lit = _odd_one(snapshot, places)
    return Prompt(
        kind=Kind.DIALOG,
        class_=class_of(labels),
        form=Form.KEYS,
        question=question,
        options=tuple(
            Option(label, i == lit, keys=key)
            for i, (key, label) in enumerate(zip(keys, labels, strict=True))
        ),
        rule="keyed",
        rows=(first, row),
        text=excerpt(snapshot, top_of(snapshot, first), row),
    )


@functools.lru_cache(ROWS)
def _keys_in(line: str) -> tuple[tuple[str, str, int], ...]:
    """Return the options with keys of which a row consists: key, label, index."""
    if "[" not in line and "(" not in line:
        return ()
    found = list[tuple[str, str, int]]()
    at = 0
    for part in _APART.split(line.rstrip()):
        index = line.index(part, at)
        at = index + len(part)
        if not part.strip():
            continue
        if (match := _KEYED.fullmatch(part)) is None:
            return ()
        lead, key, gap, rest = match.groups()
        found.append((key, rest if gap else f"{lead}{key}{rest}", index))
    return tuple(found)


def options_by_key(line: str) -> tuple[Option, ...]:
    """Return the options of a row of keys and words, or none: `enter accept  d deny`.

    At least two of them, each a letter or Enter before its label. Enter is the marked
    one.
    """
    parts = [_NAMED.fullmatch(part) for part in _GAP.split(line.strip())]
    found = [(each[1].lower(), each[2]) for each in parts if each]
    if len(found) < len(parts) or len({key for key, _ in found}) < max(len(found), 2):
        return ()
    return tuple(
        Option(label, key == "enter", keys="\r" if key == "enter" else key)
        for key, label in found
    )


def _tabs(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt of a row of tabs, or None.

    The last row with text has words, one of them highlighted, and then hints of keys.
    """
    row = next((r for r in range(snapshot.last, -1, -1) if snapshot.bare[r].strip()), 0)
    words = list(_TAB.finditer(snapshot.bare[row]))
    keys = next((i for i, word in enumerate(words) if _KEYS.match(word[0])), 0)
    if keys < 2:
        return None
    lit = _odd_one(snapshot, [(row, word.start()) for word in words[:keys]])
    return None if lit is None else _row_of(snapshot, row, words[:keys], lit)


def _row_of(
    snapshot: ScreenSnapshot, row: int, words: Sequence[re.Match[str]], lit: int
) -> Prompt:
    """Return the prompt of words in one row, of which one is highlighted."""
    return Prompt(
        kind=Kind.DIALOG,
        class_=PromptClass.MULTI_CHOICE,
        form=Form.BUTTONS,
        question=question_above(snapshot, row),
        options=tuple(Option(word[0], i == lit) for i, word in enumerate(words)),
        rule="tabs",
        rows=(row, row),
        text=excerpt(snapshot, top_of(snapshot, row), row),
    )


def _lit(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt of options of which only the background shows one, or None.

    They are right above the hints at the end of the screen, one a row or all in a row.
    """
    end = range(snapshot.last, max(snapshot.last - FOOTER, -1), -1)
    hints = next((r for r in end if is_taking_hint(snapshot.bare[r])), None)
    if hints is None or snapshot.takes_lines:
        return None
    row = hints - 1
    while row >= 0 and (snapshot.is_blank(row) or not snapshot.bare[row].strip()):
        row -= 1
    if row < 0 or hints - row > GAP:
        return None
    line = snapshot.bare[row]
    words = [each for each in _TAB.finditer(line) if len(each[0]) <= LABEL]
    if len(words) > 1 and len(line.split("  ")) > 1:
        lit = _odd_one(snapshot, [(row, word.start()) for word in words])
        return None if lit is None else _row_of(snapshot, row, words, lit)
    indent = _indent(line)
    rows = [row]
    while row > 0 and not snapshot.is_blank(row - 1):
        row -= 1
        if _indent(snapshot.bare[row]) != indent or not snapshot.bare[row].strip():
            break
        rows.insert(0, row)
    grounds = [_ground(snapshot, each, indent) for each in rows]
    lit_rows = [i for i, each in enumerate(grounds) if each != (False, "")]
    odd = [i for i, each in enumerate(grounds) if grounds.count(each) == 1]
    chosen = odd if len(rows) > 2 else lit_rows
    if len(rows) < 2 or len(chosen) != 1 or len(set(grounds)) != 2:
        return None
    labels = [snapshot.bare[each].strip() for each in rows]
    numbered = [_NUMBER.match(label) for label in labels]
    if all(numbered):
        labels = [_NUMBER.sub("", label) for label in labels]
    if any(len(label) > LABEL for label in labels):
        return None
    return Prompt(
        kind=Kind.DIALOG,
        class_=class_of(labels),
        form=Form.MENU,
        question=question_above(snapshot, rows[0]),
        options=tuple(Option(each, i == chosen[0]) for i, each in enumerate(labels)),
        rule="lit",
        rows=(rows[0], rows[-1]),
        text=excerpt(snapshot, top_of(snapshot, rows[0]), snapshot.last),
    )


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _ground(snapshot: ScreenSnapshot, row: int, index: int) -> tuple[bool, str]:
    style = snapshot.style_at(row, index)
    return style.inverse, style.bg


def _toggle(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt of a toggle between two words in the last row, or None.

    Either the words are two radio buttons below their question, and the filled one is
    selected. Or they follow their question in the same row, and the coloured one is.
    """
    row = next((r for r in range(snapshot.last, -1, -1) if not snapshot.is_blank(r)), 0)
    if snapshot.cursor.visible or snapshot.takes_lines or row < snapshot.last - 1:
        return None
    if (found := _RADIOS.fullmatch(snapshot.bare[row])) is not None:
        question, labels = question_above(snapshot, row), (found[2], found[4])
        inks = ["" if sign == "○" else sign for sign in (found[1], found[3])]
    elif (found := _TOGGLE.fullmatch(snapshot.lines[row])) is not None:
        question, labels = found["question"], (found["off"], found["on"])
        inks = [snapshot.style_at(row, found.start(side)).fg for side in ("off", "on")]
    else:
        return None
    if inks.count("") != 1:
        return None
    lit = 1 - inks.index("")
    return Prompt(
        kind=Kind.DIALOG,
        class_=class_of(labels),
        form=Form.BUTTONS,
        question=question,
        options=tuple(Option(each, i == lit) for i, each in enumerate(labels)),
        rule="toggle",
        rows=(row, row),
        text=excerpt(snapshot, top_of(snapshot, row), row),
    )


def _odd_one(snapshot: ScreenSnapshot, places: Sequence[tuple[int, int]]) -> int | None:
    """Return the index of the place whose background differs, or None.

    Of more than two places, it differs from all others. Of two, it differs from the
    background beside the first.
    """
    grounds = []
    for row, index in places:
        style = snapshot.style_at(row, index)
        grounds.append((style.inverse, style.bg))
    if len(places) == 2 and grounds[0] != grounds[1]:
        row, index = places[0]
        around = snapshot.style_at(row, max(index - 3, 0))
        plain = (around.inverse, around.bg)
        return 1 - grounds.index(plain) if plain in grounds else None
    odd = [i for i, ground in enumerate(grounds) if grounds.count(ground) == 1]
    return odd[0] if len(odd) == 1 else None
