"""A generator makes a client from the contract without a warning, and it works."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import trio

from ant.http import routes
from ant.http.contract.endpoint import ROUTES
from tests.installed import needs
from tests.live.server import environment, running_server

assert routes.__all__

TOOL = "openapi-python-client"
KEY = "a-key-of-this-test"

CALLS = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[2])
import made, made.api, made.models
modules = [m.name for m in pkgutil.walk_packages(made.api.__path__, "made.api.")]
assert int(sys.argv[3]) == len(
    [m for m in map(importlib.import_module, modules) if hasattr(m, "sync_detailed")]
)
from made.api.sessions import create_session, get_session
from made.api.terminal import type_input
from made.types import File
client = made.AuthenticatedClient(sys.argv[1], token=sys.argv[4])
body = made.models.CreateSession(name="made", type_=made.models.SessionType.TERMINAL)
session = create_session.sync(client=client, body=body)
assert isinstance(session, made.models.Session), session
assert session.to_dict() == get_session.sync(session.id, client=client).to_dict() | {
    "last_activity": session.to_dict()["last_activity"],
    "updated_at": session.to_dict()["updated_at"],
}
import io
typed = type_input.sync(session.id, client=client, body=File(io.BytesIO(b"exit\\r")))
assert 5 == typed.size, typed
missing = get_session.sync("nobody", client=client)
assert "urn:ant:problem:not-found" == missing.type_, missing
print("made and called")
"""
"""What a program does with the client that was made."""


def interpreter() -> str:
    """The Python of the tool, which has what its clients need."""
    first = Path(shutil.which(TOOL) or "").read_text().splitlines()[0]
    return first.removeprefix("#!")


@pytest.mark.soak
@needs(TOOL)
async def test_a_generated_client_works(tmp_path: Path) -> None:
    """No warning; every route is a module; sessions and input are called."""
    async with running_server(tmp_path / "data", ANT_API_KEY=KEY) as server:
        async with server.client(KEY) as ant:
            document = await ant.call("GET", "/openapi.json")
        (tmp_path / "openapi.json").write_text(json.dumps(document))
        generate = [TOOL, "generate", "--path", "openapi.json", "--fail-on-warning"]
        done = await trio.run_process(
            [*generate, "--meta", "none", "--output-path", "made"],
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
            cwd=tmp_path,
            env=environment(),
        )
        assert (0, False) == (done.returncode, b"WARNING" in done.stdout), done.stdout
        args = [server.url, str(tmp_path), str(len(ROUTES)), KEY]
        called = await trio.run_process(
            [interpreter(), "-c", CALLS, *args],
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
        )
        assert b"made and called\n" == called.stdout, called.stdout.decode()
