"""The JSON Schemas beside OpenAPI: valid, served, and the files in `docs/schemas/`."""

from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from ant.api import codec
from ant.api.frames import FRAMES
from ant.api.server_frames import SERVER_FRAMES
from ant.http.contract import frame_schemas
from tests.http.asking import Api

FOLDER = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.mark.parametrize("name", frame_schemas.FILES)
def test_the_files_are_up_to_date(name: str) -> None:
    """Run `make docs` after a change of a frame, an event or an answer to a prompt."""
    schema: Any = codec.loads((FOLDER / name).read_text())
    assert codec.loads(codec.dumps(frame_schemas.FILES[name]())) == schema
    jsonschema_rs.meta.validate(schema)


async def test_they_are_served(api: Api) -> None:
    """Each at its own path."""
    for path, schema in (
        ("ws", frame_schemas.socket_schema()),
        ("agent-response", frame_schemas.agent_response_schema()),
    ):
        served = await api.get(f"/api/schemas/{path}")
        assert codec.loads(codec.dumps(schema)) == served


def test_every_frame_is_there() -> None:
    """Each type once, in its direction, with an example."""
    schema = frame_schemas.socket_schema()
    for name, types in (
        ("ClientFrame", {each.type for each in FRAMES}),
        ("ServerFrame", {each.type for each in SERVER_FRAMES} | codec.TAGS.keys()),
    ):
        frames = [
            schema["$defs"][each["$ref"].rpartition("/")[2]]
            for each in schema["$defs"][name]["oneOf"]
        ]
        assert sorted(types) == sorted(
            each["properties"]["type"]["const"] for each in frames
        )
        assert all(each["examples"] and each["description"] for each in frames)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "oops"},
        {"type": "leave_session"},
        {"type": "terminal_resize", "sessionId": "a", "cols": 0, "rows": 1},
        {"type": "presence_ping", "more": 1},
        {"type": "hello", "epoch": "a", "seq": 1},
        {"type": "message_deleted", "sessionId": "a", "msgId": "b", "at": "2026"},
    ],
)
def test_what_is_no_frame_does_not_fit(frame: dict[str, Any]) -> None:
    """An unknown type, a missing field, a value out of bounds, an unknown field."""
    assert not jsonschema_rs.is_valid(frame_schemas.socket_schema(), frame)
