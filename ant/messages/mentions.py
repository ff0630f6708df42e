"""Mentions in a text: `@handle`, `@everyone`, and `[@handle]`, which leaves one out."""

import re

import attrs

from ant.model.handles import EVERYONE, folded

_BRACKETS = re.compile(r"\[\s*@([\w.-]+)\s*\]")
_MENTION = re.compile(r"(?<![\w@/])@([\w.-]+)")
"""An `@` that begins a word; the one of an e-mail or web address does not."""


@attrs.frozen
class Mentions:
    """What a text mentions: `names`, in the order of the text, as it spells them."""

    names: tuple[str, ...] = ()
    bracketed: tuple[str, ...] = ()
    everyone: bool = False

    def known(self, names: frozenset[str]) -> frozenset[str]:
        """Which of these folded names are mentioned."""
        found = (_meant(each, names) for each in self.names)
        return frozenset(name for name in found if name is not None)

    def excluded(self, names: frozenset[str]) -> frozenset[str]:
        """Which of these folded names stand in brackets."""
        found = (_meant(each, names) for each in self.bracketed)
        return frozenset(name for name in found if name is not None)

    def has_unknown(self, names: frozenset[str]) -> bool:
        """Whether somebody is mentioned who is none of these."""
        return any(_meant(each, names) is None for each in self.names)


def find(text: str) -> Mentions:
    """The mentions in a text."""
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
    """The name as it is written, else without what ends a sentence behind it."""
    name = folded(name)
    while name not in names:
        if not name.endswith((".", "-")):
            return None
        name = name[:-1]
    return name
