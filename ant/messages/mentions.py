"""Mentions in a text: `@handle`, `@everyone`, and `[@handle]`, which excludes one."""

import re

import attrs

from ant.model.handles import EVERYONE, folded

_BRACKETS = re.compile(r"\[\s*@([\w.-]+)\s*\]")
_MENTION = re.compile(r"(?<![\w@/])@([\w.-]+)")
"""An `@` at the beginning of a word. The one in an e-mail or web address is no
mention."""


@attrs.frozen
class Mentions:
    """The mentions of a text. `names` are in the order and the spelling of the text."""

    names: tuple[str, ...] = ()
    bracketed: tuple[str, ...] = ()
    everyone: bool = False

    def known(self, names: frozenset[str]) -> frozenset[str]:
        """Return which of these folded names the text mentions."""
        found = (_meant(each, names) for each in self.names)
        return frozenset(name for name in found if name is not None)

    def excluded(self, names: frozenset[str]) -> frozenset[str]:
        """Return which of these folded names stand in brackets."""
        found = (_meant(each, names) for each in self.bracketed)
        return frozenset(name for name in found if name is not None)

    def has_unknown(self, names: frozenset[str]) -> bool:
        """Whether the text mentions a name that is not among these."""
        return any(_meant(each, names) is None for each in self.names)


def find(text: str) -> Mentions:
    """Return the mentions in a text."""
    bracketed = tuple(match[1] for match in _BRACKETS.finditer(text))
    rest = _BRACKETS.sub(" ", text)
    names = [match[1] for match in _MENTION.finditer(rest)]
    everyone = frozenset([EVERYONE])
    return Mentions(
        tuple(name for name in names if _meant(name, everyone) is None),
        bracketed,
        any(_meant(name, everyone) for name in names),
    )


def _meant(name: str, names: frozenset[str]) -> str | None:
    """Return the name as written, else without the punctuation that ends a sentence."""
    name = folded(name)
    while name not in names:
        if not name.endswith((".", "-")):
            return None
        name = name[:-1]
    return name
