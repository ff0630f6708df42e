"""JSON Schemas of what OpenAPI cannot describe: `/ws` frames and `agent_response`.

They are made from the classes that the server reads and sends.
`python -m ant.http.contract.frame_schemas` writes them to `docs/schemas/`, as
`make docs` does.
"""

import functools
import sys
from pathlib import Path
from typing import Any, Final

from ant.api import codec
from ant.api.frames import FRAMES
from ant.api.prompt_requests import AgentResponse
from ant.api.server_frames import SERVER_FRAMES
from ant.http.contract import examples
from ant.http.contract.schema import Components, Schema, merged

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_PLACE: Final = "#/$defs/"

_SEQ: Final[Schema] = {
    "type": "integer",
    "description": "The number of the event in the event log.",
}
_AT: Final[Schema] = {
    "type": "string",
    "format": "date-time",
    "description": "When it happened.",
}


@functools.cache
def socket_schema() -> Schema:
    """The schema of `/ws`: a frame that a client sends, or one that ANT sends."""
    sent = Components(is_request=True, place=_PLACE)
    received = Components(is_request=False, place=_PLACE)
    from_client = [
        _frame(sent, each, each.type, examples.SENT.get(each.type, {}))
        for each in FRAMES
    ]
    from_server = [
        _frame(received, each, each.type, examples.of_frame(each))
        for each in SERVER_FRAMES
    ]
    for tag, event in codec.TAGS.items():
        shown = examples.of_event(event)
        envelope = {"seq": _SEQ, "at": _AT} if "seq" in shown else {"at": _AT}
        from_server.append(_frame(received, event, tag, shown, envelope))
    return {
        "$schema": _DIALECT,
        "$id": "urn:ant:schema:ws",
        "title": "Frames of /ws",
        "description": "Each frame is one JSON object with a `type`. docs/api.md says "
        "in which order frames come.",
        "anyOf": [{"$ref": f"{_PLACE}ClientFrame"}, {"$ref": f"{_PLACE}ServerFrame"}],
        "$defs": {
            "ClientFrame": {
                "description": "A frame that a client sends.",
                "oneOf": from_client,
            },
            "ServerFrame": {
                "description": "A frame that ANT sends. Later versions may add types "
                "and fields; ignore the ones that you do not know.",
                "oneOf": from_server,
            },
            **merged(sent.schemas, received.schemas),
        },
    }


@functools.cache
def agent_response_schema() -> Schema:
    """The schema of the content of a message whose `msg_type` is `agent_response`."""
    components = Components(is_request=True, place=_PLACE)
    components.schema(AgentResponse)
    own = components.schemas.pop(AgentResponse.__name__)
    return {
        "$schema": _DIALECT,
        "$id": "urn:ant:schema:agent-response",
        "title": "The content of an agent_response",
        **own,
        "examples": [examples.AGENT_RESPONSE],
        "$defs": components.schemas,
    }


FILES: Final = {
    "ws.json": socket_schema,
    "agent-response.json": agent_response_schema,
}
"""Each schema by its file in `docs/schemas/`."""


def _frame(
    components: Components,
    kind: type,
    tag: str,
    example: dict[str, Any],
    envelope: Schema | None = None,
) -> Schema:
    """Add a frame to the named schemas; returns the reference to it."""
    reference = components.schema(kind)
    schema = components.schemas[kind.__name__]
    name: Schema = {"const": tag, "description": "The type of the frame."}
    schema["properties"] = {"type": name, **schema["properties"], **(envelope or {})}
    schema["required"] = ["type", *schema.get("required", []), *(envelope or {})]
    schema["examples"] = [{"type": tag, **example}]
    return reference


def main() -> None:
    """Write the schemas into the folder that the command line names."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas")
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in FILES.items():
        (folder / name).write_text(codec.indented(schema()))


if __name__ == "__main__":
    main()
