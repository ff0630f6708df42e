"""Choices that the operator types at the cursor: words, letters, numbers of a list.

The operator types a word as it is shown; a letter in brackets, as in `(y)es`, stands
for its word. A bare sign such as `>` at the cursor may be the input line of a question
in the text above it.
"""

import re
from collections.abc import Iterator, Sequence

import attrs

from ant.terminal.detect.prompt_builder import cursor_prompt, text_above
from ant.terminal.layout.offered_choices import (
    asks_again,
    confirms_by_enter,
    offers_choices,
    requests_text,
)
from ant.terminal.model.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import ScreenSnapshot

_WORD = r"[^\s\[\](),|]{1,12}"
"""A choice in a list with commas."""

_INNER = r"[^\s\[\]()/,|]{1,12}|\[[^\s\[\]()/,|]{1,20}\]|\([^\s\[\]()/,|]{1,20}\)\w*"
"""A choice in a list with slashes or bars. One letter may be in brackets."""

_CHOICES = re.compile(
    rf"[\[(](?P<words>{_WORD}(?:, ?{_WORD})+"
    rf"|(?:{_INNER})(?:\s?[/|]\s?(?:{_INNER}))+)[\])](?:\s\([^()]*\)(?=:))?[?:>\s]*(?:[›»‣]\s*\w*)?$"
)
"""Choices in brackets at the end of a text: `(yes, no)`, `[y/N]:`."""

_LOOSE = re.compile(
    r"(?P<words>(?:\(\w\)\w*|\[\w\]\w*)(?:\s?[/,|]?\s?(?:\(\w\)\w*|\[\w\]\w*))+"
    r"|(?<![\[(])\by(?:es)?/no?\b)[?:>\s]*$",
    re.IGNORECASE,
)
"""Choices without brackets around them: `(y)es/(n)o`, `y/n`."""

_ASKS = re.compile(r"[?:>]\s*$|[?:]\s*[\[(][^\[(]*$")
"""A text that ends like a question, perhaps with choices in brackets."""

_COUNT = re.compile(r"\d+/\d+")
"""A count such as `1/3`, which is no list of choices."""

_TYPED = re.compile(r"(?<=[\])?:>\s])\S{1,20}$")
"""A word that the operator has typed behind the choices."""

_BRACKETED = re.compile(r"[\[(](\w)[\])](\w+(?:[ '-]\w+)*)")
"""A word with its key in brackets: `(Y)es`."""

_ANSWERED = re.compile(r"[\[(]\w[\])].*[:?>]\s+\w{1,12}$")
"""A row with choices in brackets, and an answer at its end."""

_BRACKETED_DEFAULT = re.compile(r"\[(\w+)\]:?\s*$")
"""The default behind such words: `[Yes]:`."""

_RANGE = re.compile(r"\d+-\d+")
"""A range such as `1-3`."""

_NUMBERED = re.compile(
    r"(?:^|(?<=\s\s))\s*(\d{1,2}|[a-z])[).:]\s+(\S.*?)(?=\s{2,}\d{1,2}[).:]\s|\s*$)"
)
"""An entry of a list: `1) name`. A row may have several columns."""

_WANTS = re.compile(r"(#\?|\?#|[:?>\])])\s*$")
"""The end of a line that asks for one of the choices above."""

_NUMBER = re.compile(
    r"#\?|\?#|\d|\b(number|choice|choose|options?|select(ion)?|pick|which|what)\b",
    re.IGNORECASE,
)
"""A sign or word of a line that asks for a number."""

_DEFAULT = re.compile(r"\?\s+\((yes|no|y|n)\) $", re.IGNORECASE)
"""The default behind a question, which accepts yes or no: `? (yes) `."""

_TYPE = re.compile(r"\btype\b.*?(['\"])yes\1.*(['\"])no\2.*[:?] ?$", re.IGNORECASE)
"""A request to type `'yes'` or `'no'`."""

_SIGNED = re.compile(
    r"\s*(?:\?|❔|◆|\[\?\])\s+(?P<question>\S.*?)\s+(?P<draft>\S{0,12})"
)
"""A question behind a sign, and the draft of the answer."""

_KEYED = re.compile(r"\s+(\w{1,3})\)\s+(\S.*)")
"""A choice below a question: `  1) name`."""

_REMARK = re.compile(r">{1,2} \S")
"""A remark of the program below the list, such as an error message."""

_FOLDED = re.compile(
    r"\s*(?:\?|❔|\[\?\])\s+(?P<question>\S.*?) "
    r"\((?P<keys>[a-gi-z0-9]{2,}H)\) (?P<draft>\S{0,12})"
)
"""A question with the keys of its choices, `H` the last: `(abcH)`."""

_SIGN = re.compile(r"\s*(?P<sign>[$#%>❯›»➜λ])(?:\s+(?P<draft>\S{0,20}))?\s*")
"""A bare prompt sign, perhaps with a draft behind it."""

_LISTED = frozenset(">❯›»➜")
"""Signs that may ask for a number of the list above them. No shell's sign is here."""

_PRESSED = re.compile(
    r"[(\[<](?:(?P<yes_no>y|n|yes|no|y(?:es)?(?:\s?[/|,]\s?\w{1,12})+)"
    r"|enter|return|esc|escape|space|tab|[a-wz])[)\]>]|\b(?P<pair>y(?:es)?/no?)\b",
    re.IGNORECASE,
)
"""A key in brackets, or `y/n`."""

YES_NO = re.compile(
    r"(?:[\[(]\s*y(?:es)?(?:\s?[/|,]\s?\w{1,12})+\s*[\])]|\by(?:es)?/no?\b)[\s?:>]*$",
    re.IGNORECASE,
)
"""A text that ends with the keys for yes and no, such as `(y/n)`."""

_QUESTION = re.compile(r"\?(?:\s*[:>])?[\"')\]]*\s*(?:\([^()]*\)\s*:?)?$")
"""A text that ends with a question mark, perhaps with a default behind it."""

_ASKERS = frozenset(["rm", "cp", "mv", "ln", "rmdir", "unlink", "find", "install"])
"""Programs whose questions end with `?` and expect yes or no."""

_INPUT = re.compile(r"[:>]\s*$")
"""The end of a line at which the answer is typed."""

DEFAULTED = 5
"""The most choices of which the only capitalised one is the default. Among more, a
capital is only a letter."""

PARAGRAPH = 6
"""The most rows of text above a sign in which ANT looks for choices."""

APART = 3
"""The most rows between a list and the line that asks for a number: they hold error
messages after a wrong number."""


def find_choices(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt whose choices the operator types at the cursor, or None."""
    row = snapshot.cursor.row
    text = snapshot.typed_line if snapshot.cursor.visible else snapshot.lines[row]
    return (
        _letters(snapshot, text)
        or _words(snapshot, text)
        or _implied(snapshot, text)
        or _numbers(snapshot, text)
        or _folded(snapshot, text)
    )


def find_list_below(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return a question at the cursor with its choices in the rows below, or None.

    The question begins with a sign. Below the list there may only be a remark of the
    program. The keys of the choices differ; numbers count from 1.
    """
    found = _SIGNED.fullmatch(snapshot.typed_line)
    if found is None or not snapshot.cursor.visible or snapshot.takes_lines:
        return None
    options: list[Option] = []
    for row in range(snapshot.cursor.row + 1, snapshot.last + 1):
        if (here := _KEYED.fullmatch(snapshot.lines[row])) is not None:
            is_typed = here[1] == found["draft"]
            options.append(Option(here[2], selected=is_typed, keys=here[1]))
        elif row == snapshot.last and _REMARK.match(snapshot.lines[row]):
            break
        elif not snapshot.is_blank(row):
            return None
    keys = [option.keys for option in options]
    numbers = [key for key in keys if key.isdigit()]
    if len(set(keys)) < max(len(keys), 2):
        return None
    if numbers and keys != [str(n + 1) for n in range(len(keys))]:
        return None
    return _one_of(snapshot, found, "list", *options)


def find_prompt_above(snapshot: ScreenSnapshot) -> Prompt | None:
    """Return the prompt in the text above a bare sign at the cursor, or None.

    A program with such a prompt is not at rest. See `choices_above`.
    """
    found = _SIGN.fullmatch(snapshot.typed_at)
    if found is None or snapshot.cursor.row < snapshot.last:
        return None
    if found["sign"] in _LISTED and not found["draft"]:
        here = find_choices(snapshot)
        if here is not None:
            return here
    return choices_above(snapshot, snapshot.cursor.row, found["draft"] or "")


def choices_above(snapshot: ScreenSnapshot, row: int, draft: str = "") -> Prompt | None:
    """Return the prompt in the nearest text above `row`, the input line, or None.

    Any number of blank rows may separate the two. If the text ends with choices as
    words, they are the options. If it only names keys, or other text follows the
    choices, the prompt is a `VIEW`. Below a question with an input line of its own,
    such text means that it is answered. If the text only ends in a question, or asks
    for a comment right above the sign, the prompt is for a line of text. `draft` is the
    text typed so far.
    """
    rows = list(_nearest(snapshot, row))
    for at in rows:
        text = snapshot.bare[at].rstrip()
        if (words := _words(snapshot, text)) is not None:
            if words.draft.lower() in [each.keys.lower() for each in words.options]:
                rows = [each for each in rows if each > at]
                break  # The answer is already typed there.
            below = " ".join(snapshot.bare[each] for each in rows if each > at)
            if below and _INPUT.search(text) and not asks_again(below):
                rows = [each for each in rows if each > at]
                break  # The answer was Enter, and the text is what came of it.
            is_alone = not words.question or text.strip() == words.question
            above = snapshot.bare[at - 1].strip() if at and is_alone else words.question
            words = attrs.evolve(words, question=above, rows=(at, row), draft=draft)
            return attrs.evolve(words, form=Form.VIEW, options=()) if below else words
    if not rows or draft:
        return None
    text = " ".join(snapshot.bare[at].strip() for at in reversed(rows))
    keys = list(_PRESSED.finditer(text))
    several = len({key[0].lower() for key in keys}) > 1
    is_yes_no = any(key["yes_no"] or key["pair"] for key in keys)
    if is_yes_no or several:
        is_sure = is_yes_no and (several or not {*"/|,"}.isdisjoint(keys[0][0]))
        class_ = PromptClass.CONFIRMATION if is_sure else PromptClass.MULTI_CHOICE
        form, rule = Form.VIEW, "keys"
    elif rows[0] == row - 1 and confirms_by_enter(text):
        class_, form, rule = PromptClass.CONFIRMATION, Form.VIEW, "keys"
    elif offers_above(snapshot, rows):
        class_, form, rule = PromptClass.MULTI_CHOICE, Form.VIEW, "keys"
    elif _QUESTION.search(text) or (rows[0] == row - 1 and requests_text(text)):
        class_, form, rule = PromptClass.FREE_TEXT, Form.LINE, "line"
    else:
        return None
    found = cursor_prompt(snapshot, class_, form, text, rule=rule, first=rows[-1])
    return attrs.evolve(found, rows=(rows[-1], row))


def offers_above(snapshot: ScreenSnapshot, rows: Sequence[int]) -> bool:
    """Whether these rows, from the lowest up, offer choices; see `offers_choices`.

    Choices as words that are followed by an answer, or by other text, are over.
    """
    kept = list[int]()
    for row in rows:
        text = snapshot.bare[row].rstrip()
        words = _words(snapshot, text)
        is_over = words is not None and (kept or words.draft)
        if is_over or _ANSWERED.search(text):
            break
        kept.append(row)
    if not kept:
        return False
    at = snapshot.text_row_above(kept[-1])
    above = snapshot.bare[at] if at >= 0 and len(kept) == len(rows) else ""
    return offers_choices([snapshot.bare[each] for each in reversed(kept)], above)


def _nearest(snapshot: ScreenSnapshot, row: int) -> Iterator[int]:
    """Yield the rows of the nearest text above `row`, from the lowest one up.

    It ends at a blank row, and at an input line with an earlier answer.
    """
    at = snapshot.text_row_above(row)
    for each in range(at, max(at - PARAGRAPH, -1), -1):
        input_line = _SIGN.fullmatch(snapshot.bare[each])
        if snapshot.is_blank(each) or not snapshot.bare[each].strip():
            return
        if input_line is not None and input_line["draft"]:
            return
        yield each


def _folded(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """Return a prompt of keys without words, such as `(abcH)`, or None.

    The last key, `H`, lists what the keys mean.
    """
    found = _FOLDED.fullmatch(text)
    if (
        found is None
        or snapshot.takes_lines
        or len({*found["keys"]}) < len(found["keys"])
    ):
        return None
    options = (Option(key, keys=key.lower()) for key in found["keys"])
    return _one_of(snapshot, found, "folded", *options)


def _one_of(
    snapshot: ScreenSnapshot, found: re.Match[str], rule: str, *options: Option
) -> Prompt | None:
    """Return the prompt of a matched row, by its groups `question` and `draft`."""
    return cursor_prompt(
        snapshot,
        PromptClass.MULTI_CHOICE,
        Form.WORDS,
        found["question"],
        *options,
        rule=rule,
        draft=found["draft"],
    )


def _find_words(text: str) -> tuple[re.Match[str], str] | None:
    """Return the match of the choices at the end of a text, and the draft behind it."""
    for pattern in (_CHOICES, _LOOSE):
        if (found := pattern.search(text)) is not None:
            return found, ""
        cut = _TYPED.search(text)
        if cut is not None and (found := pattern.search(text[: cut.start()])):
            return found, cut[0]
    return None


def _words(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """Return a prompt whose text ends with choices, such as `[y/N]` or `(a, b)`.

    Choices without a yes and a no count only if the text ends like a question.
    """
    if (match := _find_words(text)) is None:
        return None
    found, draft = match
    if _RANGE.search(found["words"]):
        return None  # A range of numbers of the list above.
    words = _split(found["words"])
    keys = [_key(word) for word in words]
    lower = {key.lower() for key in keys}
    yes_no = bool({"y", "yes"} & lower and {"n", "no"} & lower)
    is_count = _COUNT.fullmatch(found["words"])
    if not yes_no and (is_count or not _ASKS.search(text[: found.end()])):
        return None
    default = _default(words) if yes_no else None
    options = (
        Option(re.sub(r"[()\[\]]", "", word), selected=i == default, keys=key)
        for i, (word, key) in enumerate(zip(words, keys, strict=True))
    )
    question = text[: found.start()].strip() or text_above(
        snapshot, snapshot.cursor.row
    )
    if question and "?" in found[0] and not question.endswith(("?", ":", ".")):
        question += "?"
    class_ = PromptClass.CONFIRMATION if yes_no else PromptClass.MULTI_CHOICE
    return cursor_prompt(
        snapshot, class_, Form.WORDS, question, *options, rule="words", draft=draft
    )


def _split(words: str) -> list[str]:
    """Split choices at commas, else at slashes or bars, else before brackets."""
    if "," in words:
        parts = words.split(",")
    elif "/" in words or "|" in words:
        parts = re.split("[/|]", words)
    else:
        parts = re.findall(r"[(\[]\w[)\]]\w*", words)
    return [part.strip() for part in parts]


def _default(words: list[str]) -> int | None:
    """Return the index of the only capitalised choice, if the choices are few."""
    capital = [i for i, word in enumerate(words) if word.strip("[]()")[:1].isupper()]
    letters = sum(word != "?" for word in words)  # That one lists the choices.
    return capital[0] if len(capital) == 1 and letters <= DEFAULTED else None


def _key(word: str) -> str:
    """Return what to type for a choice: its bracketed letter, else the word."""
    inner = re.match(r"[(\[](\w)[)\]]\w", word)
    return inner[1] if inner else word.strip("[]()")


def _implied(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """Return a yes-or-no prompt without a list of choices, or None.

    The question ends with its default, as in `? (yes) `; it asks to type yes or no; or
    the program is one of `_ASKERS`.
    """
    name = snapshot.tty.foreground if snapshot.tty else ""
    question, default = text, _DEFAULT.search(text)
    if default is not None:
        words: tuple[str, ...] = (default[1],)
        question = text[: default.start()] + "?"
    elif _TYPE.search(text):
        words = ("yes", "no")
    elif name in _ASKERS and text.endswith("? "):
        words = ("y", "n")
    else:
        return None
    options = (Option(word, default is not None, keys=word) for word in words)
    return cursor_prompt(
        snapshot,
        PromptClass.CONFIRMATION,
        Form.WORDS,
        question,
        *options,
        rule="implied",
    )


def _letters(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """Return a prompt whose choices are words with a bracketed letter, or None.

    The words are on the cursor's row or the nearest row with text above it, up to three
    rows up. On the cursor's row, fewer than three words must be yes and no.
    """
    rows = range(snapshot.cursor.row, max(snapshot.cursor.row - 4, -1), -1)
    row = snapshot.cursor.row
    found: list[tuple[str, str]] = []
    for row in rows if _WANTS.search(text) else ():
        line = text if row == snapshot.cursor.row else snapshot.lines[row]
        found = _BRACKETED.findall(line)
        if len(found) > 1 or (
            snapshot.lines[row].strip() and row < snapshot.cursor.row
        ):
            break
    yes_no = [key.lower() + rest for key, rest in found[:2]] == ["yes", "no"]
    if len(found) < (2 if yes_no or row < snapshot.cursor.row else 3):
        return None
    default = _BRACKETED_DEFAULT.search(text)
    options = [
        Option(
            key + rest,
            selected=default is not None and default[1] == key + rest,
            keys=key,
        )
        for key, rest in found
    ]
    labels = {option.label.lower() for option in options}
    class_ = PromptClass.MULTI_CHOICE
    if "retry" in labels:
        class_ = PromptClass.ERROR_RETRY
    elif {"yes", "no"} <= labels:
        class_ = PromptClass.CONFIRMATION
    first = _BRACKETED.search(text)
    question = text[: first.start()] if first else text
    question = question.strip() or text_above(snapshot, snapshot.cursor.row) or text
    return cursor_prompt(
        snapshot, class_, Form.WORDS, question, *options, rule="letters", first=row
    )


def _numbers(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """Return the prompt of a numbered list above a line that asks for a number.

    The numbers count from 1. A blank row between the two is allowed only if the line
    asks for a number in words.
    """
    if not _WANTS.search(text):
        return None
    rows = list(_list_above(snapshot))
    found = {key: label.strip() for _, here in rows for key, label in here}
    numbers = sorted(int(key) for key in found if key.isdigit())
    if numbers != list(range(1, len(numbers) + 1)) or len(numbers) < 2:
        return None
    keys = [*map(str, numbers), *(key for key in found if not key.isdigit())]
    options = (Option(found[key], keys=key) for key in keys)
    first, last = rows[-1][0], rows[0][0]
    between = snapshot.lines[last + 1 : snapshot.cursor.row]
    if "" in between and not _NUMBER.search(text):
        return None
    above = snapshot.lines[first - 1].strip() if first else ""
    question = above if above.endswith(("?", ":")) else text
    return cursor_prompt(
        snapshot,
        PromptClass.MULTI_CHOICE,
        Form.WORDS,
        question,
        *options,
        rule="numbers",
        first=first,
    )


def _list_above(
    snapshot: ScreenSnapshot,
) -> Iterator[tuple[int, list[tuple[str, str]]]]:
    """Yield the rows of the nearest list above the cursor, from the lowest one up.

    Each comes with its keys and labels. At most `APART` rows separate the cursor from
    the list.
    """
    apart, started = 0, False
    for row in range(snapshot.cursor.row - 1, -1, -1):
        if here := _NUMBERED.findall(snapshot.lines[row]):
            started = True
            yield row, here
        elif started or apart == APART:
            return
        else:
            apart += 1
