"""Generates the reference of `ant.client` in `docs/clients.md` and `docs/library.md`.

`make docs` runs it. The text comes from the docstrings of the public methods.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from ant.client import Ant, AntClient, EventSocket, Feed, Room, Terminal
from ant.http.reference import generate


def sections() -> dict[str, list[str]]:
    """The generated lines of the page, by the name of their section."""
    return {
        "client": [
            *_described(AntClient, "ant"),
            "",
            *_described(EventSocket, "socket"),
        ]
    }


def library_sections() -> dict[str, list[str]]:
    """The generated lines of the page on the library, by the name of their section."""
    own = set(vars(Ant)) - set(vars(AntClient))
    return {
        "library": [
            *_members(Ant, "ant", own),
            "",
            *_members(Terminal, "t", set(vars(Terminal))),
            "",
            *_members(Room, "room", set(vars(Room))),
            "",
            *_members(Feed, "feed", set(vars(Feed))),
        ]
    }


def _members(kind: type, name: str, names: set[str]) -> Iterator[str]:
    """These public methods and properties of a class without an event loop."""
    yield f"`{kind.__name__}`: {_sentences(kind)}"
    yield ""
    for member, value in vars(kind).items():
        if not member.startswith("_") and member in names:
            call = "" if isinstance(value, property) else _parameters(value)
            yield f"- `{name}.{member}{call}`: {_sentences(value)}"


def _described(kind: type, name: str) -> Iterator[str]:
    """The public methods of a class, called on a variable `name`."""
    yield f"`{kind.__name__}`: {_sentences(kind)}"
    yield ""
    for method, function in vars(kind).items():
        if not method.startswith("_"):
            how = "await" if inspect.iscoroutinefunction(function) else "async with"
            call = f"{how} {name}.{method}{_parameters(function)}"
            yield f"- `{call}`: {_sentences(function)}"


def _parameters(function: Callable[..., Any]) -> str:
    """The parameters of a method as a caller sees them, without their types."""
    _, *parameters = inspect.signature(function).parameters.values()
    untyped = [each.replace(annotation=each.empty) for each in parameters]
    return str(inspect.Signature(untyped))


def _sentences(subject: Any) -> str:
    return " ".join((inspect.getdoc(subject) or "").split())


PAGES: Final = {"clients.md": sections, "library.md": library_sections}
"""The pages by the name of their file."""


def main() -> None:
    """Write the sections into the files that the command line names."""
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(generate(path.read_text(), PAGES[path.name]()))


if __name__ == "__main__":
    main()
