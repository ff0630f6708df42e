"""The meaning of an option by its words: a plain yes, a plain no, or something else.

`approve` allows what a prompt asks for once, so ANT must not take an option for a plain
yes that allows more.

Rule 1: ANT knows a meaning only if it knows every word of the label. One more word may
make the answer last, allow something else or reverse it: it is no plain answer then.
Rule 2: if a dialog shows that its answers last, it has no plain yes.
Rule 3: a label that names an action (`Cancel`, `Continue`) has no meaning if the
question itself asks whether to cancel.
"""

import re

ESCAPES = re.compile(r"[(\[]\s*esc(?:ape)?\b\s*([^)\]]*)", re.IGNORECASE)
"""The remark that Escape is the key of an option, and perhaps what Escape does."""

_STOPS = re.compile(r"to (stop|cancel|reject|deny|abort|exit|quit|go back)\b")
"""What Escape does, if that is a refusal."""

_REMARK = re.compile(
    r"[(\[]\s*(?:\w|esc(?:ape)?(?: to \w+(?: back)?)?|enter|return|tab|space|"
    r"(?:shift|ctrl|alt)\+\w+|default|recommended|selected)\s*[)\]]"
)
"""A remark about an option: its key, `default`, `recommended`."""

_OBJECT = (
    r"(?: (?:it|this|that|(?:(?:this|the|that) )?(?:command|action|request|call|"
    r"tool call|operation|execution)|(?:this|the|these) (?:edit|edits|change|changes)|"
    r"changes))?"
)
"""The object of a verb, which refers to what the question asks."""

_ONCE = r"(?: (?:just )?(?:once|this once|this time|only once))?"
"""Words that limit an answer to one time."""

_DOES = (
    rf"(?:(?:allow|approve|accept|confirm|run|execute|apply){_OBJECT}"
    r"|(?:run|execute) (?:this|the) tool"
    r"|proceed|continue|go ahead|do it"
    r"|(?:i )?trust(?: it| (?:this |the )?(?:folder|directory|workspace|project))?)"
)
"""A verb that allows the action."""

_YES = re.compile(
    rf"(?P<word>y|yes|ok|okay|sure)(?: please)?(?: {_DOES})?{_ONCE}|{_DOES}{_ONCE}"
)
"""A plain yes. The group `word` matches a literal yes."""

_NO = re.compile(
    r"(?P<word>n|no|nope)(?: (?:thanks|thank you|cancel(?: execution)?|deny|reject|"
    r"decline|not now|not this time))?"
    rf"|(?:deny|reject|decline|refuse|disallow){_OBJECT}{_ONCE}|cancel"
)
"""A plain no. The group `word` matches a literal no."""

_RETRY = re.compile(rf"(?:retry|try again|again|resume){_OBJECT}(?: now)?")
"""An option that repeats the failed action."""

_ABORT = re.compile(rf"(?:abort|cancel|quit|exit|stop|q){_OBJECT}(?: now)?")
"""An option that abandons the failed action."""

_BACK = re.compile(
    r"no (?:and )?(?:tell \w+(?: \w+)? what to do(?: differently)?(?: instead)?"
    r"|suggest changes|keep planning|go back|back|exit|quit|stop|cancel"
    r"|(?:provide|give) feedback)"
)
"""Answers that refuse, and then only return to the agent's composer."""

_REFUSES = re.compile(r"(?:don't|do not|never|not)\b")
"""The beginning of a negated option."""

_TURNED = re.compile(
    r"\b(?:cancel|abort|stop|reject|deny|decline|discard|interrupt|disallow|refuse|"
    r"block|quit|exit|leave)\b"
)
"""A verb for which a plain yes would stop or refuse something."""

_NEGATED = re.compile(
    r"\W*(?:don't|do not|never|not)\b"
    r"|.*\b(?:should|shall|do|does|would|may|can|must|will)(?: \w+){1,3} not\b"
    r"|.*\b(?:shouldn't|mustn't)\b"
)
"""A negated question: a plain yes or no would be ambiguous."""

_ALL_LATER = (
    r"(?:all|every|any)(?: (?:of )?(?:the|these|its|other))?"
    r" (?:later|future|remaining|subsequent|further|following)"
)
"""Words such as `all future` and `any remaining`."""

_LASTING = re.compile(
    r"\b(?:always|never|(?<!try )again|remember\w*|white-?list\w*|allow[- ]?list\w*|"
    r"bypass\w*|settings(?!\.(?!json)\w)|everything|forever|for (?:ever|good)|"
    r"permanent\w*|from now on|every time|future|don't ask|do not ask|yolo|"
    r"remaining|subsequent|"
    r"for (?:the rest of )?(?:this|the|your) session|"
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
"""Words of a question that asks for more than one action now."""

_KEPT = re.compile(
    r"\b(?:remember|save|keep|store) (?:my|your|this|the) "
    r"(?:choice|answer|decision|selection|response)\b"
    r"|\b(?:this|your|the|my) (?:choice|answer|decision|selection|response)\b.{0,40}"
    r"\b(?:all|every|any|future|following|remember\w*|saved|later|session|always)\b"
    r"|(?:\[[x*✓✔•]\]|\([x*✓✔•]\)|[☑☒◼■⬢✔✓◉])[^\[\n]{0,60}"
    rf"(?:{_LASTING.pattern}|\b(?:all|ask)\b)"
)
"""Text by which a dialog keeps any answer for later: a sentence, or a ticked box."""

_TELLS = re.compile(
    r"\b(?:won't|will not|never|don't|do not|stop|without)(?: be)? ask(?:s|ed|ing)?\b"
    r"|\bask(?:s|ed|ing)?(?: \w+)? again\b|\bfrom now on\b|\bbypass permissions\b"
    r"|\balso (?:allow|approv|accept|permit|trust|enabl)\w*"
    r"|(?<!permissions )\bfor (?:the rest of )?(?:this|the|your)"
    r"(?: whole| entire)? session\b"
    rf"|\b{_ALL_LATER}\b"
)
"""Text around a question by which a yes allows more than one action now."""


def is_answer(label: str) -> bool:
    """Whether a label alone, without its details, is a plain answer."""
    words = _words(label)
    known = (_YES, _NO, _RETRY, _ABORT, _BACK)
    return any(pattern.fullmatch(words) for pattern in known)


def asks_to_last(question: str) -> bool:
    """Whether a question asks for permission beyond this one time."""
    return bool(_LASTING.search(_plain(question)))


def yes_lasts(text: str) -> bool:
    """Whether the text of a dialog shows that a yes allows more than it asks for."""
    return bool(_TELLS.search(" ".join(_plain(text).split())))


def keeps_answer(text: str) -> bool:
    """Whether the text of a dialog shows that it keeps the answer, yes or no."""
    return bool(_KEPT.search(_plain(text)))


def key_lasts(keys: str, text: str) -> bool:
    """Whether the text explains the key by a lasting effect, as in `a - always`."""
    key, text = rf"(?<!\w){re.escape(keys.casefold())}[\"'\])>]*\s*", _plain(text)
    signs = r"(?:=>?|:|→|->|[—–-]|\b(?:means|for|to|is)\b)"
    explanations = re.findall(rf"{key}{signs}([^,;.\n|]*)", text)
    beside = re.search(rf"{key}(?<=\W)(?:{_LASTING.pattern})", text)
    return beside is not None or any(map(_LASTING.search, explanations))


def means_yes(label: str, question: str) -> bool:
    """Whether an option allows what the question asks, once, and nothing else.

    Trust lasts, so it answers only a question that asks for it.
    """
    asks = _asking(question)
    if "trust" in _plain(label) and "trust" not in _plain(question):
        return False
    return not _LASTING.search(asks) and _means(_YES, label, asks)


def means_no(label: str, question: str) -> bool:
    """Whether an option refuses what the question asks, and does nothing else."""
    return _means(_NO, label, _asking(question))


def means_retry(label: str) -> bool:
    """Whether an option repeats the failed action."""
    return bool(_RETRY.fullmatch(_words(label)))


def means_abort(label: str) -> bool:
    """Whether an option abandons the failed action."""
    return bool(_ABORT.fullmatch(_words(label)))


def escapes_only(label: str) -> bool:
    """Whether Escape only refuses, by the option that names it as its key."""
    found = ESCAPES.search(label)
    words = _words(label)
    stops = found is not None and _STOPS.match(found[1].lower())
    return bool(stops or _NO.fullmatch(words) or _BACK.fullmatch(words))


def refuses_otherwise(label: str) -> bool:
    """Whether a label begins like a refusal, such as `Don't …`, but is no plain no.

    It may refuse what the question asks, or repeat a question that is itself negated.
    """
    return bool(_REFUSES.match(_words(label)))


def _means(pattern: re.Pattern[str], label: str, asks: str) -> bool:
    """Whether the label has the pattern's meaning as an answer to what is asked.

    A negated question has no plain answer. If the question asks whether to cancel or
    the like, only a literal yes or no is one (rule 3).
    """
    found = pattern.fullmatch(_words(label))
    if found is None or _NEGATED.match(asks):
        return False
    return bool(found["word"]) or not _TURNED.search(asks)


def _words(label: str) -> str:
    """Return the words of a label in lower case, without the keys that it names.

    A comma or dots at the end stay: the label continues there with something else.
    """
    text = _REMARK.sub(" ", _plain(label)).strip()
    return " ".join(
        re.sub(
            r"[,;:—–]+(?=\s)|(?:(?<!\.)\.|!+)(?=\s|$)|\s-\s|[\"✔✓✗✘]", " ", text
        ).split()
    )


def _asking(question: str) -> str:
    """Return the sentences that end with `?`, or the whole text if none does."""
    text = " ".join(_plain(question).split())
    sentences = re.split(r"(?<=[.!?])\s+", text)
    return " ".join(each for each in sentences if each.endswith("?")) or text


def _plain(text: str) -> str:
    """Return the text in lower case, with one kind of apostrophe."""
    return re.sub("[’‘ʼ]", "'", text.casefold())
