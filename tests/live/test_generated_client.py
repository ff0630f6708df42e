"""A generator makes a client from the contract without a warning, and it works.

The commands and the program are those of `docs/clients.md`.
"""

import re
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
PAGE = (Path(__file__).parents[2] / "docs" / "clients.md").read_text()

MORE = """
import importlib, io, pkgutil
import ant_api.api
from ant_api.api.sessions import get_session
from ant_api.api.terminal import type_input
from ant_api.types import File

names = [m.name for m in pkgutil.walk_packages(ant_api.api.__path__, "ant_api.api.")]
modules = map(importlib.import_module, names)
print(sum(hasattr(module, "sync_detailed") for module in modules))
print(get_session.sync(session.id, client=client).name)
typed = File(io.BytesIO(b"exit\\r"))
print(type_input.sync(session.id, client=client, body=typed).size)
print(get_session.sync("nobody", client=client).type_)
"""
"""More calls with the same client: each module, bytes, and an error."""


def interpreter() -> str:
    """The Python of the tool, which has what its clients need."""
    first = Path(shutil.which(TOOL) or "").read_text().splitlines()[0]
    return first.removeprefix("#!")


async def run(*argv: str, folder: Path, **env: str) -> str:
    """Run a program to its end, which must be a good one; what it printed."""
    done = await trio.run_process(
        argv,
        capture_stdout=True,
        stderr=subprocess.STDOUT,
        check=False,
        cwd=folder,
        env=environment(**env),
    )
    assert 0 == done.returncode, done.stdout.decode()
    return done.stdout.decode()


@pytest.mark.soak
@needs(TOOL)
async def test_a_generated_client_works(tmp_path: Path) -> None:
    """No warning; every route is a module; sessions and input are called."""
    (commands,) = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    async with running_server(tmp_path / "data") as server:
        strict = commands.replace(" generate ", " generate --fail-on-warning ")
        said = await run("bash", "-euc", strict, folder=tmp_path, ANT=server.url)
        assert "warning" not in said.lower()
        program = program.replace("http://127.0.0.1:6458", server.url)
        said = await run(interpreter(), "-c", program + MORE, folder=tmp_path)
    expected = ["made running", str(len(ROUTES)), "made", "5"]
    assert [*expected, "urn:ant:problem:not-found"] == said.splitlines()
