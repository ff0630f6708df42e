"""Generates the reference of `ant.client` in `docs/clients.md`; `make docs` runs it.

The text comes from the docstrings of the client's public methods.
"""

import inspect
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ant.client import AntClient, EventSocket
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


def main() -> None:
    """Write the section into the file that the command line names."""
    path = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/clients.md")
    path.write_text(generate(path.read_text(), sections()))


if __name__ == "__main__":
    main()
