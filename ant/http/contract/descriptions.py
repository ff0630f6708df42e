"""Descriptions of fields, parameters and enum members, in words that stand beside them.

The description of a field is the string below it in its class, as editors show it. A
field without one has the shared text of its name, from the tables here. Python drops
these strings when it compiles, so ANT reads them from its own source
(`docs/decisions/0037`).
"""

import ast
import functools
import inspect
import sys
from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import pairwise
from types import NoneType
from typing import Any, Final, get_args

import attrs

_SAME_AS_ABSENT: Final = "Null is the same as leaving it out."

SHARED: Final[Mapping[str, str]] = {
    "session_id": "The id of the session.",
    "sessionId": "The id of the session.",
    "created_at": "When ANT created it.",
    "updated_at": "When it last changed.",
    "msgId": "The id of the message.",
    "linkId": "The id of the link.",
    "taskId": "The id of the task.",
    "refId": "The id of the file reference.",
    "promptId": "The id of the prompt.",
    "roomId": "The id of the room that is the source of the link.",
    "targetRoomId": "The id of the room that is the target of the link.",
    "seq": "The number of the event in the event log.",
}
"""Texts by the name on the wire, for fields of requests, answers and events alike."""

ASKED: Final[Mapping[str, str]] = {
    "limit": "The most rows on the page.",
    "since": (
        "Only rows at or after this time: an RFC 3339 time, epoch milliseconds, or a "
        "duration before now such as `5m`. Without it the page has the newest rows."
    ),
    "before": (
        "Only rows before this time: an RFC 3339 time, epoch milliseconds, or a "
        "duration before now such as `5m`."
    ),
    "before_id": "Only rows before the one with this id: the `previous` of a page.",
    "order": (
        "The order of the rows on the page: `asc` is oldest first, `desc` newest first."
    ),
    "include": (
        "What a search leaves out otherwise: `archived` sessions, `deleted` ones, or "
        "both with a comma between them."
    ),
    "sort": "`newest` first, or by `rank`: the share of the text that matched.",
    "cols": "The width in columns.",
    "rows": "The height in rows.",
    "ref": "Any text; the `ack` or the `error` for this frame repeats it.",
    "source": "The interface that the person used, for the record; any text.",
    "justification": "Why it was answered so, for the record.",
    "reason": "The same as `justification`, which goes before it.",
}
"""Texts of fields that only requests have, or that mean something else there."""

ANSWERED: Final[Mapping[str, str]] = {
    "ok": "Whether it succeeded.",
    "next": "The `after` of the next page; null on the last page.",
    "limit": "The `limit` of the request.",
    "count": "The number of rows on this page.",
    "since_ms": (
        "The `since` of the request in epoch milliseconds; null if it had none."
    ),
    "cols": "The width in columns.",
    "rows": "The height in rows.",
    "handle": "The public handle with its `@`; null if it has none.",
    "display_name": "The name to show in place of the session's name; null if not set.",
    "cli_flag": "The agent CLI driver of the session; null if it has none.",
    "snippet": "The text around the first match, each match as `<mark>…</mark>`.",
    "complete": "False if the search ended at a bound before it had read everything.",
    "task": "The task.",
    "prompt": "The prompt.",
    "message": "The message.",
    "ref": "The file reference.",
    "link": "The link, with the names and types of both rooms.",
}
"""Texts of fields that only answers and events have, or that mean something else."""

PATHS: Final[Mapping[str, str]] = {
    "session_id": "The id of a session: a terminal, an agent or a chat.",
    "message_id": "The id of a message of this room.",
    "task_id": "The id of a task of this room, or a prefix that no other task has.",
    "token_id": "The id of an access token, as the list has it; not the token itself.",
}
"""Texts of the parameters in paths."""


def of_field(kind: type, field: Any, *, is_request: bool) -> str:
    """The description of a field; empty if it has none."""
    name = field.metadata.get("wire", field.name)
    own = ASKED if is_request else ANSWERED
    text = _own_texts(kind).get(field.name) or own.get(name) or SHARED.get(name, "")
    is_optional = NoneType in get_args(field.type) and field.default is None
    if text and is_request and is_optional and "null" not in text.lower():
        return f"{text} {_SAME_AS_ABSENT}"
    return text


def of_parameter(kind: type, field: Any) -> str:
    """The description of a query parameter; empty if it has none."""
    return of_field(kind, field, is_request=True).removesuffix(_SAME_AS_ABSENT).strip()


def of_class(kind: type) -> str:
    """The docstring of a class; for an enum, also what its members mean."""
    about = inspect.cleandoc(kind.__doc__ or "")
    if not issubclass(kind, StrEnum):
        return about
    texts = _own_texts(kind)
    lines = [f"- `{each.value}`: {texts[n]}" for n, each in _members(kind, texts)]
    return "\n\n".join(filter(None, [about, "\n".join(lines)]))


def _members(kind: type[StrEnum], texts: Mapping[str, str]) -> Iterator[Any]:
    return ((n, each) for n, each in kind.__members__.items() if n in texts)


def _own_texts(kind: type) -> dict[str, str]:
    """The texts below the fields of a class and of its bases."""
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if attrs.has(base) or (issubclass(base, StrEnum) and base is not StrEnum):
            texts |= _texts_of_module(base.__module__).get(base.__name__, {})
    return texts


@functools.cache
def _texts_of_module(name: str) -> dict[str, dict[str, str]]:
    """The texts below fields, by class and field, as the source of a module has them.

    A class inside a function has none.
    """
    try:
        tree = ast.parse(inspect.getsource(sys.modules[name]))
    except OSError:  # Installed without its source.
        return {}
    classes = (node for node in tree.body if isinstance(node, ast.ClassDef))
    return {node.name: dict(_texts(node.body)) for node in classes}


def _texts(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, below in pairwise(body):
        match statement, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name))
                | ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, " ".join(text.split())
