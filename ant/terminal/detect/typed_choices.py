"""Choices that are typed at the cursor: words in brackets, letters, numbers of a list.

A word is typed as it stands there; a letter in brackets stands for its word. Where
nothing but a sign stands at the cursor, what it is for may be asked above it.
"""

import re
from collections.abc import Iterator

import attrs

from ant.terminal.detect.prompt_builder import asked, text_above
from ant.terminal.model.prompt import Form, Option, Prompt, PromptClass
from ant.terminal.screen.snapshot import ScreenSnapshot

_WORD = r"[^\s\[\](),|]{1,12}"
_INNER = r"[^\s\[\]()/,|]{1,12}|\[[^\s\[\]()/,|]{1,20}\]|\([^\s\[\]()/,|]{1,20}\)\w*"
_CHOICES = re.compile(
    rf"[\[(](?P<words>{_WORD}(?:, ?{_WORD})+"
    rf"|(?:{_INNER})(?:\s?[/|]\s?(?:{_INNER}))+)[\])](?:\s\([^()]*\)(?=:))?[?:>\s]*(?:[›»‣]\s*\w*)?$"
)
_LOOSE = re.compile(
    r"(?P<words>(?:\(\w\)\w*|\[\w\]\w*)(?:\s?[/,|]?\s?(?:\(\w\)\w*|\[\w\]\w*))+"
    r"|(?<![\[(])\by(?:es)?/no?\b)[?:>\s]*$",
    re.IGNORECASE,
)
_ASKS = re.compile(r"[?:>]\s*$|[?:]\s*[\[(][^\[(]*$")
_COUNT = re.compile(r"\d+/\d+")
_TYPED = re.compile(r"(?<=[\])?:>\s])\S{1,20}$")
_BRACKETED = re.compile(r"[\[(](\w)[\])](\w+(?:[ '-]\w+)*)")
_BRACKETED_DEFAULT = re.compile(r"\[(\w+)\]:?\s*$")
_RANGE = re.compile(r"\d+-\d+")
_NUMBERED = re.compile(
    r"(?:^|(?<=\s\s))\s*(\d{1,2}|[a-z])[).:]\s+(\S.*?)(?=\s{2,}\d{1,2}[).:]\s|\s*$)"
)
_WANTS = re.compile(r"(#\?|\?#|[:?>\])])\s*$")
_NUMBER = re.compile(
    r"#\?|\?#|\d|\b(number|choice|choose|options?|select(ion)?|pick|which|what)\b",
    re.IGNORECASE,
)
_DEFAULT = re.compile(r"\?\s+\((yes|no|y|n)\) $", re.IGNORECASE)
_TYPE = re.compile(r"\btype\b.*?(['\"])yes\1.*(['\"])no\2.*[:?] ?$", re.IGNORECASE)

_SIGNED = re.compile(
    r"\s*(?:\?|❔|◆|\[\?\])\s+(?P<question>\S.*?)\s+(?P<draft>\S{0,12})"
)
_KEYED = re.compile(r"\s+(\w{1,3})\)\s+(\S.*)")
_REMARK = re.compile(r">{1,2} \S")
_FOLDED = re.compile(
    r"\s*(?:\?|❔|\[\?\])\s+(?P<question>\S.*?) "
    r"\((?P<keys>[a-gi-z0-9]{2,}H)\) (?P<draft>\S{0,12})"
)

_SIGN = re.compile(r"\s*(?P<sign>[$#%>❯›»➜λ])(?:\s+(?P<draft>\S{0,20}))?\s*")
_LISTED = frozenset(">❯›»➜")
"""Signs that may stand below a numbered list and want one of it; no shell's."""

_PRESSED = re.compile(
    r"[(\[<](?:(?P<yes_no>y|n|yes|no|y(?:es)?(?:\s?[/|,]\s?\w{1,12})+)"
    r"|enter|return|esc|escape|space|tab|[a-wz])[)\]>]|\b(?P<pair>y(?:es)?/no?)\b",
    re.IGNORECASE,
)
YES_NO = re.compile(
    r"(?:[\[(]\s*y(?:es)?(?:\s?[/|,]\s?\w{1,12})+\s*[\])]|\by(?:es)?/no?\b)[\s?:>]*$",
    re.IGNORECASE,
)
"""A text that ends with the keys for yes and no."""

_QUESTION = re.compile(r"\?(?:\s*[:>])?[\"')\]]*\s*(?:\([^()]*\)\s*:?)?$")

_ASKERS = frozenset(["rm", "cp", "mv", "ln", "rmdir", "unlink", "find", "install"])
"""They ask with a question mark and mean yes or no."""

DEFAULTED = 5
"""Of so few choices the one in capitals is the default; of more it is just a letter."""

PARAGRAPH = 6
"""Rows of a text above a sign that are looked through for choices."""

APART = 3
"""Rows between a list and the line that wants a number: what was said to a bad one."""


def find_choices(snapshot: ScreenSnapshot) -> Prompt | None:
    """The choices that are to be typed at the cursor, if there are some."""
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
    """A question with a sign before it, and below it the rows of which one is typed.

    Nothing but a remark of the program is below the list, or it is something else.
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


def find_above(snapshot: ScreenSnapshot) -> Prompt | None:
    """What the text above a bare sign at the cursor asks: such a sign is no rest.

    That is the nearest text, however many blank rows below it. Its choices are told
    where they can be read, else only that keys or a line are wanted.
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
    """What the nearest text above that row asks of who types at the cursor there."""
    rows = list(_nearest(snapshot, row))
    for at in rows:
        text = snapshot.bare[at].rstrip()
        if (words := _words(snapshot, text)) is not None:
            if words.draft.lower() in [each.keys.lower() for each in words.options]:
                rows = [row for row in rows if row > at]
                break  # It was answered there.
            is_alone = not words.question or text.strip() == words.question
            above = snapshot.bare[at - 1].strip() if at and is_alone else words.question
            return attrs.evolve(words, question=above, rows=(at, row), draft=draft)
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
    elif _QUESTION.search(text):
        class_, form, rule = PromptClass.FREE_TEXT, Form.LINE, "line"
    else:
        return None
    found = asked(snapshot, class_, form, text, rule=rule, first=rows[-1])
    return attrs.evolve(found, rows=(rows[-1], row))


def _nearest(snapshot: ScreenSnapshot, row: int) -> Iterator[int]:
    """The rows of the nearest text above, from the lowest one up; no answered ones."""
    at = row - 1
    while at >= 0 and snapshot.is_blank(at):
        at -= 1
    for each in range(at, max(at - PARAGRAPH, -1), -1):
        answered = _SIGN.fullmatch(snapshot.bare[each])
        if snapshot.is_blank(each) or not snapshot.bare[each].strip():
            return
        if answered is not None and answered["draft"]:
            return
        yield each


def _folded(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """Keys without their words, of which the last, H, shows what they mean."""
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
    """What a row with a sign asks: its `question`, answered by what is typed there."""
    return asked(
        snapshot,
        PromptClass.MULTI_CHOICE,
        Form.WORDS,
        found["question"],
        *options,
        rule=rule,
        draft=found["draft"],
    )


def _found(text: str) -> tuple[re.Match[str], str] | None:
    """Choices at the end of the text, and what is typed behind them already."""
    for pattern in (_CHOICES, _LOOSE):
        if (found := pattern.search(text)) is not None:
            return found, ""
        cut = _TYPED.search(text)
        if cut is not None and (found := pattern.search(text[: cut.start()])):
            return found, cut[0]
    return None


def _words(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    if (match := _found(text)) is None:
        return None
    found, draft = match
    if _RANGE.search(found["words"]):
        return None  # Numbers of a list that stands above.
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
    return asked(
        snapshot, class_, Form.WORDS, question, *options, rule="words", draft=draft
    )


def _split(words: str) -> list[str]:
    if "," in words:
        parts = words.split(",")
    elif "/" in words or "|" in words:
        parts = re.split("[/|]", words)
    else:
        parts = re.findall(r"[(\[]\w[)\]]\w*", words)
    return [part.strip() for part in parts]


def _default(words: list[str]) -> int | None:
    capital = [i for i, word in enumerate(words) if word.strip("[]()")[:1].isupper()]
    return capital[0] if len(capital) == 1 and len(words) <= DEFAULTED else None


def _key(word: str) -> str:
    inner = re.match(r"[(\[](\w)[)\]]\w", word)
    return inner[1] if inner else word.strip("[]()")


def _implied(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """Yes or no, where the program says so in words, or is known to mean it."""
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
    return asked(
        snapshot,
        PromptClass.CONFIRMATION,
        Form.WORDS,
        question,
        *options,
        rule="implied",
    )


def _letters(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """Words with a bracketed letter, and behind or below them a line that wants one."""
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
    return asked(
        snapshot, class_, Form.WORDS, question, *options, rule="letters", first=row
    )


def _numbers(snapshot: ScreenSnapshot, text: str) -> Prompt | None:
    """A numbered list and below it a line that wants a number."""
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
    return asked(
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
    """Rows with numbered choices, from the lowest one up."""
    apart, started = 0, False
    for row in range(snapshot.cursor.row - 1, -1, -1):
        if here := _NUMBERED.findall(snapshot.lines[row]):
            started = True
            yield row, here
        elif started or apart == APART:
            return
        else:
            apart += 1
