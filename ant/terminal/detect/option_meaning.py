"""What the words of an option mean: a plain yes, a plain no, or something else.

Rule 1: a meaning is known only where every word of the label is. A label with one word
more may last, go elsewhere or turn the question round, and so it is no plain answer.
Rule 2: where the dialog says that an answer lasts, there is no plain yes in it.
Rule 3: a word that does not refer to the question (`Cancel`, `Continue`) means nothing
where the question itself asks whether to cancel.
"""

import re

ESCAPES = re.compile(r"[(\[]\s*esc(?:ape)?\b\s*([^)\]]*)", re.IGNORECASE)
"""An option that says that Esc is its key, and perhaps what Esc does."""

_STOPS = re.compile(r"to (stop|cancel|reject|deny|abort|exit|quit|go back)\b")
_REMARK = re.compile(
    r"[(\[]\s*(?:\w|esc(?:ape)?(?: to \w+(?: back)?)?|enter|return|tab|space|"
    r"(?:shift|ctrl|alt)\+\w+|default|recommended|selected)\s*[)\]]"
)
_OBJECT = (
    r"(?: (?:it|this|that|(?:(?:this|the|that) )?(?:command|action|request|call|"
    r"tool call|operation|execution)|(?:this|the|these) (?:edit|edits|change|changes)|"
    r"changes))?"
)
_ONCE = r"(?: (?:just )?(?:once|this once|this time|only once))?"
_DOES = (
    rf"(?:(?:allow|approve|accept|confirm|run|execute|apply){_OBJECT}"
    r"|proceed|continue|go ahead|do it"
    r"|(?:i )?trust(?: it| (?:this |the )?(?:folder|directory|workspace|project))?)"
)
_YES = re.compile(
    rf"(?P<word>y|yes|ok|okay|sure)(?: please)?(?: {_DOES})?{_ONCE}|{_DOES}{_ONCE}"
)
_NO = re.compile(
    r"(?P<word>n|no|nope)(?: (?:thanks|thank you|cancel|deny|reject|decline|not now|"
    r"not this time))?"
    rf"|(?:deny|reject|decline|refuse|disallow){_OBJECT}{_ONCE}|cancel"
)
_RETRY = re.compile(rf"(?:retry|try again|again|resume){_OBJECT}(?: now)?")
_ABORT = re.compile(rf"(?:abort|cancel|quit|exit|stop|q){_OBJECT}(?: now)?")
_BACK = re.compile(
    r"no (?:and )?(?:tell \w+(?: \w+)? what to do(?: differently)?(?: instead)?"
    r"|suggest changes|keep planning|go back|back|exit|quit|stop|cancel"
    r"|(?:provide|give) feedback)"
)
"""Answers that refuse and only go back to where a person writes to the agent."""

_REFUSES = re.compile(r"(?:don't|do not|never|not)\b")
_TURNED = re.compile(
    r"\b(?:cancel|abort|stop|reject|deny|decline|discard|interrupt|disallow|refuse|"
    r"block|quit|exit|leave)\b"
)
_NEGATED = re.compile(
    r"\W*(?:don't|do not|never|not)\b"
    r"|.*\b(?:should|shall|do|does|would|may|can|must|will)(?: \w+){1,3} not\b"
    r"|.*\b(?:shouldn't|mustn't)\b"
)
_LASTS = re.compile(
    r"\b(?:always|permanent(?:ly)?|forever|from now on|don't ask|do not ask|never ask|"
    r"remember|every time|for (?:the rest of )?(?:this|the|your) session|future|"
    r"bypass|yolo|auto-?(?:approve|accept|run)\w*)\b"
    r"|\buntil\b.*\b(?:restart|exit|quit|close|end)"
)

_ALL_LATER = (
    r"(?:all|every|any)(?: (?:of )?(?:the|these|its|other))?"
    r" (?:later|future|remaining|subsequent|further|following)"
)
_LASTING = re.compile(
    r"\b(?:always|never|(?<!try )again|remember\w*|white-?list\w*|allow[- ]?list\w*|"
    r"bypass\w*|settings(?!\.(?!json)\w)|everything|forever|for (?:ever|good)|"
    r"permanent\w*|from now on|every time|future|don't ask|do not ask|yolo|"
    r"remaining|subsequent|"
    r"(?<![./-])sessions?(?![/-]|\.\w)|auto-?(?:approv|accept|run)\w*|"
    r"following (?:questions|requests|prompts|calls|dialogs)|"
    r"(?:all|any|every)(?: \w+)? (?:commands?|tools?|requests?|calls?|actions?|edits?|"
    r"projects?|folders?)|(?:for|to) all|(?:the )?rest of|the other(?: \d+)? \w+s|"
    r"no longer|any ?more|whenever|until|(?:the|by|as) default|full access|"
    r"trusted (?:commands?|tools?|list)|permission (?:rules?|prompts?|mode)|"
    r"(?:disable|skip|turn off)(?: \w+)? (?:confirm|approv|permission|prompt)\w*|"
    r"for (?:\d+|an?|the next) (?:\w+ )?(?:hours?|minutes?|days?)|"
    r"(?:for|in|during) (?:this|the)(?: \w+)? (?:conversation|chat|project|workspace)"
    rf"|{_ALL_LATER})\b"
)
"""What a question says that asks for more than this once."""

_KEPT = re.compile(
    r"\b(?:remember|save|keep|store) (?:my|your|this|the) "
    r"(?:choice|answer|decision|selection|response)\b"
    r"|\b(?:this|your|the|my) (?:choice|answer|decision|selection|response)\b.{0,40}"
    r"\b(?:all|every|any|future|following|remember\w*|saved|later|session|always)\b"
    r"|(?:\[[x*✓✔•]\]|\([x*✓✔•]\)|[☑☒◼■⬢✔✓◉])[^\[\n]{0,60}"
    rf"(?:{_LASTING.pattern}|\b(?:all|ask)\b)"
)
"""What a row says, or a box that is ticked, where any answer is kept for later."""

_TELLS = re.compile(
    r"\b(?:won't|will not|never|don't|do not|stop|without)(?: be)? ask(?:s|ed|ing)?\b"
    r"|\bask(?:s|ed|ing)?(?: \w+)? again\b|\bfrom now on\b|\bbypass permissions\b"
    r"|\balso (?:allow|approv|accept|permit|trust|enabl)\w*"
    r"|(?<!permissions )\bfor (?:the rest of )?(?:this|the|your)"
    r"(?: whole| entire)? session\b"
    rf"|\b{_ALL_LATER}\b"
)
"""What the rows around a question tell where a yes allows more than this once."""


def is_answer(label: str) -> bool:
    """Whether a label would be a plain answer, if nothing else stood in its rows."""
    said = _said(label)
    known = (_YES, _NO, _RETRY, _ABORT, _BACK)
    return any(pattern.fullmatch(said) for pattern in known)


def asks_to_last(question: str) -> bool:
    """Whether what is asked would hold for longer than this once."""
    return bool(_LASTING.search(_plain(question)))


def yes_lasts(text: str) -> bool:
    """Whether the text of a dialog tells that a yes allows more than what it asks."""
    return bool(_TELLS.search(" ".join(_plain(text).split())))


def is_kept(text: str) -> bool:
    """Whether the text of a dialog says that it keeps the answer, whichever it is."""
    return bool(_KEPT.search(_plain(text)))


def key_lasts(keys: str, text: str) -> bool:
    """Whether the text explains that key by a word of lasting effect."""
    key, said = rf"(?<!\w){re.escape(keys.casefold())}[\"'\])>]*\s*", _plain(text)
    signs = r"(?:=>?|:|→|->|[—–-]|\b(?:means|for|to|is)\b)"
    told = re.findall(rf"{key}{signs}([^,;.\n|]*)", said)
    beside = re.search(rf"{key}(?<=\W)(?:{_LASTING.pattern})", said)
    return beside is not None or any(map(_LASTING.search, told))


def means_yes(label: str, question: str) -> bool:
    """Whether an option lets what is asked be done, this once, and nothing else."""
    asks = _asking(question)
    return not _LASTS.search(asks) and _means(_YES, label, asks)


def means_no(label: str, question: str) -> bool:
    """Whether an option refuses what is asked, and does nothing else."""
    return _means(_NO, label, _asking(question))


def means_retry(label: str) -> bool:
    """Whether an option tries the same again."""
    return bool(_RETRY.fullmatch(_said(label)))


def means_abort(label: str) -> bool:
    """Whether an option gives up."""
    return bool(_ABORT.fullmatch(_said(label)))


def escapes_only(label: str) -> bool:
    """Whether Esc, which that option names as its key, only refuses."""
    found = ESCAPES.search(label)
    said = _said(label)
    stops = found is not None and _STOPS.match(found[1].lower())
    return bool(stops or _NO.fullmatch(said) or _BACK.fullmatch(said))


def refuses_otherwise(label: str) -> bool:
    """Whether an option begins as a refusal that may be one of the question itself."""
    return bool(_REFUSES.match(_said(label)))


def _means(pattern: re.Pattern[str], label: str, asks: str) -> bool:
    found = pattern.fullmatch(_said(label))
    if found is None or _NEGATED.match(asks):
        return False
    return bool(found["word"]) or not _TURNED.search(asks)


def _said(label: str) -> str:
    """The words of a label in lower case, without the keys that it names.

    A comma at the end stays, as dots do: the label goes on there to something else.
    """
    text = _REMARK.sub(" ", _plain(label)).strip()
    return " ".join(
        re.sub(
            r"[,;:—–]+(?=\s)|(?:(?<!\.)\.|!+)(?=\s|$)|\s-\s|[\"✔✓]", " ", text
        ).split()
    )


def _asking(question: str) -> str:
    """The sentences of a question that ask; all of it where none does."""
    text = " ".join(_plain(question).split())
    sentences = re.split(r"(?<=[.!?])\s+", text)
    return " ".join(each for each in sentences if each.endswith("?")) or text


def _plain(text: str) -> str:
    return re.sub("[’‘ʼ]", "'", text.casefold())
