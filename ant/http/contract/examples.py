"""Examples of requests, answers and events.

A request's example is written here. That of an answer or an event is made from its
class and the values in `example_values`. A test reads every example as the server reads
a request.
"""

from datetime import datetime
from enum import StrEnum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin

import attrs

from ant.api import codec
from ant.http.contract.endpoint import Route
from ant.http.contract.example_values import (
    AT,
    CLASSES,
    CODE,
    FILE_REF,
    LINK,
    MESSAGE,
    PROMPT,
    ROOM,
    TERMINAL,
    VALUES,
    Remade,
)
from ant.http.contract.schema import Schema

BODIES: Final[dict[str, dict[str, Any]]] = {
    "create_task": {"title": "Run the tests", "assigned_to": "@build"},
    "patch_task": {"status": "done"},
    "add_file_ref": {"file_path": "/home/ada/project/README.md", "note": "Outdated"},
    "register_channel": {"handle": "@notes", "port": 9100, "session_id": ROOM},
    "export_session": {"targets": ["markdown", "json"]},
    "create_link": {"title": "Why is the build red?"},
    "post_message": {
        "content": "@build run the tests, please",
        "client_id": "5f1c7a2e-0001",
    },
    "merge_meta": {"meta": {"done": True}},
    "pin_message": {"pinned": True},
    "add_participant": {"handle": "@build"},
    "remove_participant": {"handle": "@build"},
    "set_typing": {"handle": "@ada", "typing": True},
    "mark_read": {"reader_id": TERMINAL},
    "respond": {"response": "Yes", "prompt_id": PROMPT, "by": "@ada"},
    "put_config": {
        "routes": {
            TERMINAL: [{"kind": "linked_chat"}, {"kind": "chat", "session_id": ROOM}]
        }
    },
    "report_hook": {"hook_event_name": "Stop", "ant_session_id": TERMINAL},
    "create_session": {
        "name": "build",
        "type": "agent",
        "command": ["claude"],
        "root_dir": "/home/ada/project",
    },
    "patch_session": {"name": "build 2", "meta": {"color": "green"}},
    "set_handle": {"handle": "@build", "display_name": "The build"},
    "set_cli_flag": {"cli_flag": "claude-code"},
    "type_input": {"data": "npm test\r"},
    "resize": {"cols": 120, "rows": 30},
    "stop": {"reason": "It runs for too long."},
    "start": {"cols": 120, "rows": 30},
    "create_token": {"label": "CI", "scopes": ["view", "post"], "expires_in": 2592000},
    "create_sign_in_code": {"label": "Phone", "scopes": ["view", "answer"]},
    "sign_in": {"code": CODE},
}
"""The JSON bodies of requests, by operation."""

QUERIES: Final[dict[str, dict[str, Any]]] = {
    "remove_channel": {"handle": "@notes"},
    "list_deliveries": {"state": "queued"},
    "list_events": {"since": 0, "type": "message_created"},
    "delete_link": {"linkId": LINK},
    "list_messages": {"since": "1h", "limit": 50},
    "post_message": {"wait": "typed", "timeout": 10},
    "merge_meta": {"msgId": MESSAGE},
    "delete_message": {"msgId": MESSAGE},
    "search_room": {"q": "tests"},
    "explain_screen": {"offset": 4160},
    "search_all": {"q": "passed", "scope": "messages,terminals"},
    "delete_session": {"hard": False},
    "list_run_events": {"kind": "command_block", "order": "desc"},
    "list_terminal_events": {"since": "1h"},
    "remove_file_ref": {"refId": FILE_REF},
    "wait_for_fact": {"until": ["exit", "output:passed"], "after": "4160.12"},
    "get_history": {"grep": "passed", "since": "1h"},
}
"""The query parameters of requests, by operation and name."""

SENT: Final[dict[str, dict[str, Any]]] = {
    "join_session": {"sessionId": TERMINAL, "screen": True, "ref": "1"},
    "resume": {
        "epoch": VALUES["epoch"],
        "seq": 9,
        "sessions": {TERMINAL: 4160},
        "ref": "2",
    },
    "leave_session": {"sessionId": TERMINAL, "ref": "3"},
    "terminal_input": {"sessionId": TERMINAL, "data": "npm test\r", "ref": "4"},
    "terminal_resize": {"sessionId": TERMINAL, "cols": 120, "rows": 30}
    | {"take": True, "ref": "5"},
    "check_health": {"sessionId": TERMINAL, "ref": "6"},
    "presence_ping": {"ref": "7"},
}
"""The frames that a client sends over `/ws`, by type."""

AGENT_RESPONSE: Final = {
    "type": "select",
    "choice": {"index": 0},
    "event_id": MESSAGE,
    "justification": "The tests change nothing.",
}
"""The content of a message whose `msg_type` is `agent_response`."""

DOCUMENTS: Final[dict[str, dict[str, Any]]] = {
    "get_openapi": {"openapi": "3.1.0", "info": {"title": "ANT"}, "paths": {}},
    "get_ws_schema": {"$id": "urn:ant:schema:ws", "$defs": {}},
    "get_agent_response_schema": {
        "$id": "urn:ant:schema:agent-response",
        "type": "object",
        "properties": {},
        "examples": [AGENT_RESPONSE],
    },
}
"""The first words of the documents that are answers, by operation; `{}` is cut."""


def body(route: Route) -> Schema:
    """The `example` keyword of a route's JSON body, if it has one."""
    known = BODIES.get(route.name)
    return {} if known is None else {"example": known}


def answer(route: Route, kind: Any) -> Schema:
    """The `example` keyword of an answer of this class, or of the first of several."""
    if isinstance(kind, UnionType):
        kind = get_args(kind)[0]
    if attrs.has(kind):
        return {"example": of_class(kind)}
    return {"example": DOCUMENTS[route.name]}


def of_class(kind: type, *, strict: bool = False) -> Schema:
    """An example of an answer, as plain data.

    A field without a value has an empty one; if `strict`, that is a `LookupError`.
    """
    example: Schema = {}
    for field in attrs.fields(kind):
        name = field.metadata.get("wire", field.name)
        if field.metadata.get("flat"):
            example |= of_class(field.type, strict=strict)
            continue
        own = CLASSES.get(kind.__name__, {})
        known = own.get(name)
        if name in own and known is not ... and not isinstance(known, Remade):
            example[name] = known
        elif name in own or not field.metadata.get("optional"):
            try:
                example[name] = _value(name, field.type, name in own, strict)
            except KeyError:
                raise LookupError(
                    f"CLASSES and VALUES have no example for {kind.__name__}.{name}"
                ) from None
        if isinstance(known, Remade):
            example[name] |= known.fields
    return example


def of_event(kind: Any, *, strict: bool = False) -> Schema:
    """An example of an event, as a socket receives it."""
    event = {"type": codec.tag_of(kind), **of_class(kind, strict=strict)}
    return event | ({"seq": 9} if kind.durable else {}) | {"at": AT}


def of_frame(kind: Any, *, strict: bool = False) -> Schema:
    """An example of a frame that ANT sends and that is no event."""
    return {"type": kind.type, **of_class(kind, strict=strict)}


def _value(name: str, kind: Any, is_shown: bool, strict: bool) -> Any:
    """A value of a type: of its name, if it is a text, a number or free data.

    What may be null is null, unless `is_shown`. Raises `KeyError` if `strict`.
    """
    origin, args = get_origin(kind), get_args(kind)
    kind = getattr(kind, "__supertype__", kind)
    if origin is Annotated:
        return _value(name, args[0], is_shown, strict)
    if origin in (Union, UnionType):
        if not is_shown and NoneType in args:
            return VALUES.get(name) if _is_plain(args[0]) else None
        return _value(name, args[0], is_shown, strict)
    if kind is bool:
        return False
    if kind is datetime:
        return AT
    if origin is Literal:
        return args[0]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return next(iter(kind)).value
    if isinstance(kind, type) and attrs.has(kind):
        return of_class(kind, strict=strict)
    if origin is tuple and attrs.has(args[0]):
        return [of_class(args[0], strict=strict)]
    if strict:
        return VALUES[name]
    return VALUES.get(name, list(origin()) if origin is tuple else (origin or kind)())


def _is_plain(kind: Any) -> bool:
    """Whether a type is a text, a number, a time or a list of texts."""
    kind = getattr(kind, "__supertype__", kind)
    return kind in (str, int, float, datetime) or get_origin(kind) is tuple
