"""Escapes text for Markdown, so that it stays text in every viewer.

The text of people and programs is hostile: a viewer would load an image, follow a wiki
link, or run a query of a plugin. Two readers matter. A Markdown parser honours a
backslash before punctuation. A template engine (`<% %>`, `{{ }}`) or a plugin searches
the raw file and does not, so no such construct may be in the file at all.
"""

import re

UNPRINTABLE = re.compile(
    "[^\x20-\x7e\xa0-\u2027\u202a-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
)
"""Characters that YAML requires to be escaped in quotes, or reads as a line break."""

JOINER = "\u2060"
"""The word joiner, which no viewer shows. In a fence nothing else can be escaped."""

_ACTIVE = re.compile(
    r"[&<\\`*_\[\]#{}~^$|]|:(?=//|:)|(?<=:):|%(?=%)|(?<=[{%])%|(?<=%)>"
    r"|=(?==)|(?<==)=|(?<=[wW]{3})\."
)
_START = re.compile(r"\A(?:[-+>=:]|[0-9]+[.)])")
"""What makes a line a list, a quotation, a heading or a table at its start."""

_ENTITIES = {"&": "&amp;", "<": "&lt;", ":": "&#58;"}
_TEMPLATE = re.compile(r"(?<=<)(?=%)|(?<=%)(?=[>%])|(?<=\{)(?=[{%])")
_LINK = re.compile(r"(?<=\[)(?=\[)|(?<=:)(?=//)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_FENCE = re.compile(r"`{3,}")
_PLAIN_CODE = re.compile(r"(?![=$])(?!.*::)[^`<{%\[\x00-\x1f\x7f-\x9f]+")
"""A span that no plugin runs: one does so with a span that begins with `=` or `$=`."""


class Markdown(str):
    """Text that is Markdown already, and is not escaped again."""

    __slots__ = ()


def one_line(text: str) -> str:
    """Return a text on one line."""
    return " ".join(text.split())


def escaped(text: str) -> Markdown:
    """Return a text, put on one line, as Markdown that shows it."""
    return Markdown(_line(one_line(text)))


def quoted(text: str) -> Markdown:
    """Return a text as a quotation by lines; blanks at the start of a line stay."""
    lines = list(map(_line, text.splitlines())) or [""]
    made = []
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        # A backslash at the end of a line keeps the break, if a line follows.
        ending = "\\" if line and following else ""
        made.append(f"> {line}{ending}".rstrip(" "))
    return Markdown("\n".join(made))


def code(text: str) -> Markdown:
    """Return a text, put on one line, as a code span; escaped where that is unsafe."""
    line = one_line(text)
    return Markdown(f"`{line}`") if _PLAIN_CODE.fullmatch(line) else escaped(line)


def fenced(text: str) -> Markdown:
    """Return a text as a block of code."""
    longest = max((len(each) for each in _FENCE.findall(text)), default=2)
    fence = "`" * (longest + 1)
    shown = _TEMPLATE.sub(JOINER, _CONTROL.sub("\ufffd", text))
    return Markdown(f"{fence}text\n{shown}\n{fence}")


def yaml(text: str) -> Markdown:
    """Return a text as a string of YAML in quotes.

    Viewers make links of values with `[[` or `://`, so a word joiner stands in these.
    """
    made = _LINK.sub(JOINER, text).replace("\\", "\\\\").replace('"', '\\"')
    made = UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", made)
    made = re.sub(r"[<\[{%]", lambda found: f"\\u{ord(found[0]):04x}", made)
    return Markdown(f'"{made}"')


def _line(text: str) -> str:
    """Escape one line."""
    text = _CONTROL.sub("\ufffd", text.expandtabs(4))
    body = text.lstrip(" ")
    blanks = "&nbsp;" * (len(text) - len(body))
    return blanks + _START.sub(_escape, _ACTIVE.sub(_escape, body))


def _escape(found: re.Match[str]) -> str:
    """Escape the last character of a match."""
    before, char = found[0][:-1], found[0][-1]
    return before + _ENTITIES.get(char, f"\\{char}")
