"""Generates the synchronous classes of the library from those for trio.

`make docs` writes `sync_ant.py` and `sync_handles.py`. They are files, so that editors
and type checkers know each method, its parameters and its types.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from ant.client.async_ant import AsyncAnt
from ant.client.async_handles import AsyncRoom, AsyncTerminal
from ant.client.event_socket import EventSocket

CLASSES: Final[dict[type, str]] = {
    AsyncTerminal: "Terminal",
    AsyncRoom: "Room",
    EventSocket: "Socket",
    AsyncAnt: "Ant",
}
"""Each class and the name of its synchronous one."""

MODULES: Final[dict[str, tuple[type, ...]]] = {
    "sync_handles": (AsyncTerminal, AsyncRoom, EventSocket),
    "sync_ant": (AsyncAnt,),
}

_RENAMED: Final = {each.__name__: name for each, name in CLASSES.items()} | {
    "AsyncFeed": "Feed"
}
_ASYNC: Final = re.compile(rf"\b({'|'.join(_RENAMED)})\b")
_COROUTINE: Final = re.compile(r"Coroutine\[Any, Any, (.+)\]")
_CONTEXT: Final = re.compile(r"(?:AsyncIterator|AbstractAsyncContextManager)\[(.+)\]")
_STARS: Final[dict[Any, str]] = {
    inspect.Parameter.VAR_POSITIONAL: "*",
    inspect.Parameter.VAR_KEYWORD: "**",
}
_WIDTH: Final = 88

_IMPORTS: Final = {
    "Any": "typing",
    "Iterator": "collections.abc",
    "Mapping": "collections.abc",
    "Sequence": "collections.abc",
    "contextmanager": "contextlib",
    "Self": "typing",
    "Feed": "ant.client.loop_thread",
    "LoopThread": "ant.client.loop_thread",
    "Synchronous": "ant.client.loop_thread",
    "Room": "ant.client.sync_handles",
    "Socket": "ant.client.sync_handles",
    "Terminal": "ant.client.sync_handles",
}
"""Where a name that the generated code uses is imported from; others are rows."""

_AT_RUN_TIME: Final = frozenset({*_IMPORTS} - {"Any", "Iterator", "Mapping", "Self"})


def source(module: str) -> str:
    """The text of a generated module."""
    classes = ["\n".join(_class(each)) for each in MODULES[module]]
    body = "\n\n\n".join(classes) + "\n"
    head = (
        '"""The library without an event loop. `make docs` writes it from '
        f'`{"async_ant" if module == "sync_ant" else "async_handles"}`."""\n\n'
        "from __future__ import annotations\n\n"
    )
    return head + _imports(module, body) + body


def _imports(module: str, body: str) -> str:
    """The imports that a body needs, in the order of ruff."""
    from ant.client import json_rows

    here = {CLASSES[each] for each in MODULES[module]}
    known = {**dict.fromkeys(vars(json_rows), "ant.client.json_rows"), **_IMPORTS}
    code = re.sub(r'"""(?s:.*?)"""', "", body)
    words = set(re.findall(r"(?<![\w.])[A-Za-z]\w+", code)) - here
    needed: dict[str, set[str]] = {}
    typed: dict[str, set[str]] = {}
    for word in words & {each for each in known if not each.startswith("_")}:
        group = needed if word in _AT_RUN_TIME else typed
        group.setdefault(known[word], set()).add(word)
    if re.search(r"\bos\.", code):
        typed.setdefault("os", set())
    for each in MODULES[module]:
        typed.setdefault(each.__module__, set()).add(each.__name__)
    typing = {"typing": {"TYPE_CHECKING"}}
    lines = [*_lines({**needed, **typing}, 0), "", "if TYPE_CHECKING:"]
    lines += _indented(_lines(typed, 4))
    return "\n".join(lines) + "\n\n\n"


def _lines(found: dict[str, set[str]], indent: int) -> Iterator[str]:
    """Import statements: the standard library first."""
    ours = [each for each in sorted(found) if each.startswith("ant.")]
    others = [each for each in sorted(found) if not each.startswith("ant.")]
    yield from (f"import {each}" for each in others if not found[each])
    for each in (*others, *ours):
        if ours and others and each == ours[0]:
            yield ""
        if names := sorted(found[each]):
            head = f"from {each} import "
            line = head + ", ".join(names)
            if len(line) + indent <= _WIDTH:
                yield line
            else:
                yield from [f"{head}(", *(f"    {each}," for each in names), ")"]


def _wrapped(head: str, parts: list[str], tail: str, indent: int) -> list[str]:
    """Source in brackets as ruff lays it out: on one line, inside, or a line each."""
    line = head + ", ".join(parts) + tail
    if len(line) + indent <= _WIDTH:
        return [line]
    line = "    " + ", ".join(parts)
    if len(line) + indent <= _WIDTH:
        return [head, line, tail]
    return [head, *(f"    {part}," for part in parts), tail]


def _class(kind: type) -> Iterator[str]:
    """The lines of a synchronous class."""
    name = CLASSES[kind]
    yield f"class {name}(Synchronous):"
    doc = inspect.getdoc(kind) or ""
    if kind is AsyncAnt:
        doc = doc.replace("`async with AsyncAnt()`", "`with Ant()`")
        doc += (
            "\n\nAny thread may call it. Ctrl-C ends a call. `close` closes it where no"
            "\n`with` does."
        )
    yield from _indented([*_docstring(doc), "", f"_inner: {kind.__name__}"])
    if kind is AsyncAnt:
        yield ""
        yield from _opening(kind)
    for member, function in _members(kind):
        yield ""
        yield from _indented(_member(member, function))


def left_out(kind: type) -> set[str]:
    """The public methods of a class that its synchronous one does not have.

    They open what has no class in `CLASSES`.
    """
    return {name for name, value in _public(kind).items() if not _is_known(value)}


def _is_known(member: Any) -> bool:
    if isinstance(member, property):
        return True
    found = _CONTEXT.fullmatch(str(inspect.signature(member).return_annotation))
    return found is None or _ASYNC.fullmatch(found[1]) is not None


def _public(kind: type) -> dict[str, Any]:
    """The public methods and properties: those of the bases first, each once."""
    found: dict[str, Any] = {}
    for each in reversed(kind.__mro__[:-1]):
        found |= {k: v for k, v in vars(each).items() if not k.startswith("_")}
    return found


def _members(kind: type) -> Iterator[tuple[str, Any]]:
    """The members that a synchronous class has, too."""
    for name, member in _public(kind).items():
        if _is_known(member):
            yield name, member


def _opening(kind: type) -> Iterator[str]:
    """How a client opens and closes: it alone has a thread of its own."""
    signature = inspect.signature(kind.__init__)  # type: ignore[misc]
    lines = _def("__init__", signature, "None")
    lines += ["    from ant.client.async_ant import AsyncAnt", ""]
    lines += _statement("inner = AsyncAnt(", _arguments(signature))
    lines += ["    super().__init__(inner, LoopThread(inner))"]
    yield from _indented(lines)
    text = '''
@property
def url(self) -> str:
    """The URL of the server."""
    return self._inner.url

@property
def sender(self) -> str | None:
    """The name that posts and answers have; None where a token has one."""
    return self._inner.sender

def __enter__(self) -> Self:
    return self

def __exit__(self, *_: object) -> None:
    self.close()

def close(self) -> None:
    """Close the client. A call that runs in another thread raises `Closed`."""
    self._thread.close()'''
    yield from _indented(text.split("\n"))


def _member(name: str, member: Any) -> Iterator[str]:
    """The lines of one method or property."""
    if isinstance(member, property):
        assert member.fget is not None
        yield from _property(name, member.fget)
        return
    signature = inspect.signature(member)
    arguments = _arguments(signature)
    doc = [*_indented(_docstring(_without_trio(inspect.getdoc(member) or "")))]
    if found := _CONTEXT.fullmatch(str(signature.return_annotation)):
        result = _renamed(found[1])
        yield "@contextmanager"
        yield from [*_def(name, signature, f"Iterator[{result}]"), *doc]
        yield from _statement(f"context = self._inner.{name}(", arguments)
        yield "    with self._thread.entered(context) as inner:"
        yield f"        yield {_as(result, 'inner')}"
        return
    result = _renamed(str(signature.return_annotation))
    yield from [*_def(name, signature, result), *doc]
    call = f"self._inner.{name}("
    if inspect.iscoroutinefunction(member):
        call, arguments = "self._thread.call(", [f"self._inner.{name}", *arguments]
    if (wrapped := _as(result, "inner")) == "inner":
        yield from _statement(f"return {call}", arguments)
    else:
        yield from _statement(f"inner = {call}", arguments)
        yield f"    return {wrapped}"


def _property(name: str, function: Callable[..., Any]) -> Iterator[str]:
    annotation = str(inspect.signature(function).return_annotation)
    found = _COROUTINE.fullmatch(annotation)
    yield "@property"
    yield f"def {name}(self) -> {found[1] if found else annotation}:"
    yield from _indented(_docstring(inspect.getdoc(function) or ""))
    read = f"self._inner.{name}"
    yield f"    return {f'self._thread.call(lambda: {read})' if found else read}"


def _def(name: str, signature: inspect.Signature, result: str) -> list[str]:
    """The head of a method; it is in a class, so it is indented."""
    parts = _parameters(signature)
    return _wrapped(f"def {name}(", parts, f") -> {result}:", 4)


def _statement(head: str, arguments: list[str]) -> Iterator[str]:
    """A statement of a method that is one call."""
    yield from _indented(_wrapped(head, arguments, ")", 8))


def _parameters(signature: inspect.Signature) -> list[str]:
    """The parameters as source, with their types."""
    parts, is_star = ["self"], False
    for each in list(signature.parameters.values())[1:]:
        if each.kind is each.KEYWORD_ONLY and not is_star:
            parts.append("*")
        is_star |= each.kind in (each.VAR_POSITIONAL, each.KEYWORD_ONLY)
        default = ""
        if each.default is not each.empty:
            text = isinstance(each.default, str)
            default = f" = {json.dumps(each.default) if text else repr(each.default)}"
        kind = _renamed(str(each.annotation))
        parts.append(f"{_STARS.get(each.kind, '')}{each.name}: {kind}{default}")
    return parts


def _arguments(signature: inspect.Signature) -> list[str]:
    """The parameters as arguments that pass them on."""
    return [
        f"{each.name}={each.name}"
        if each.kind is each.KEYWORD_ONLY
        else f"{_STARS.get(each.kind, '')}{each.name}"
        for each in list(signature.parameters.values())[1:]
    ]


def _as(result: str, value: str) -> str:
    """A value, as an object of the synchronous class if `result` is one."""
    kind = result.partition("[")[0]
    return f"{kind}({value}, self._thread)" if kind in _RENAMED.values() else value


def _renamed(annotation: str) -> str:
    return _ASYNC.sub(lambda found: _RENAMED[found[1]], annotation)


def _without_trio(doc: str) -> str:
    """A docstring as it is true here, without what only trio has."""
    doc = doc.replace("or `httpx.TransportError`", "or `Unreachable`")
    return re.sub(r"\s*\*Cancellation:\*(?s:.*)", "", doc)


def _docstring(doc: str) -> list[str]:
    """The lines of a docstring, which are those of the class or method for trio."""
    doc = re.sub(r"\bAsync(?=[A-Z])", "", doc)
    text = f'"""{doc}"""' if "\n" not in doc else f'"""{doc}\n"""'
    return text.split("\n")


def _indented(lines: Iterable[str]) -> Iterator[str]:
    yield from (f"    {line}".rstrip() for line in lines)


def main() -> None:
    """Write the modules into the folder that the command line names."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "ant/client")
    for module in MODULES:
        (folder / f"{module}.py").write_text(source(module))


if __name__ == "__main__":
    main()
