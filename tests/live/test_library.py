"""Every example of docs/library.md runs as it stands, and a type checker knows it."""

import json
import os
import re
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from ant.client import Ant
from tests.cli.real import RealServer, real_server
from tests.live.server import environment

ROOT = Path(__file__).parents[2]
MAKEFILE = "test:\n\t@echo 3 passed, 1 failed\n\t@exit 1\n"

PRINTED = {
    "Run the tests, print the result": r"2 3 passed, 1 failed\nmake: .*Error 1\n\n",
    "Wait for a question and answer it": r"Delete it\? .*\['y', 'N'\]\ny 0\n",
    "Talk in a room": r"@james Which tests fail\?\n",
    "Follow events": r"(\d+ [a-z_]+\n)+\d+ session_exited\n",
    # What is typed before `cat` runs may be echoed above its prompt.
    "Read a screen": r"(name: ANT *\nANT|ANT *\nname: ANT) *\n *\n *\n *\n",
}
"""What the examples below each heading print, as a pattern."""

WRONG = """\
from ant.client import Ant

with Ant() as ant:
    terminal = ant.run(5)
    terminal.exit_code + "x"
    terminal.outptu
    terminal.wait()["untli"]
    print(terminal.prompt["id"])
    for message in ant.find_room("x").messages():
        message["content"] + 5
"""
"""Lines 4 to 8 and 10 are wrong."""


def examples() -> dict[str, list[str]]:
    """The blocks of Python by the heading above them."""
    text = (ROOT / "docs" / "library.md").read_text()
    found = {}
    for section in text.split("\n## ")[1:]:
        if blocks := re.findall(r"```python\n(.*?)```", section, re.DOTALL):
            found[section.partition("\n")[0]] = blocks
    return found


def test_no_example_is_left_out() -> None:
    """Each is there twice: without an event loop, and for trio."""
    assert [*PRINTED] == [*examples()]
    for synchronous, for_trio in examples().values():
        assert "with Ant(" in synchronous
        assert "async with AsyncAnt(" in for_trio


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A server for all examples."""
    with real_server(tmp_path_factory.mktemp("server")) as started:
        yield started


@pytest.mark.slow
@pytest.mark.parametrize("which", [0, 1], ids=["plain", "trio"])
@pytest.mark.parametrize("heading", PRINTED)
def test_an_example(
    server: RealServer, tmp_path: Path, heading: str, which: int
) -> None:
    """It is a program of its own, in a folder with a Makefile."""
    (tmp_path / "Makefile").write_text(MAKEFILE)
    script = tmp_path / "example.py"
    script.write_text(examples()[heading][which])
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path,
        env=environment(ANT_SERVER_URL=server.url, PYTHONPATH=str(ROOT)),
    )
    with Ant(server.url) as ant:
        for row in ant.sessions()["sessions"]:
            if not row["name"].endswith("-Chat"):
                ant.remove(row["id"], hard=True)
    assert (0, "") == (done.returncode, done.stderr)
    assert re.fullmatch(PRINTED[heading], done.stdout), done.stdout


@pytest.mark.slow
def test_the_examples_are_typed(tmp_path: Path) -> None:
    """Strictly; and what is wrong is found, so nothing important is `Any`."""
    for heading, blocks in examples().items():
        for number, block in enumerate(blocks):
            name = heading.lower().replace(" ", "_").replace(",", "")
            (tmp_path / f"{name}_{number}.py").write_text(block)
    (tmp_path / "wrong.py").write_text(WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", *sorted(tmp_path.glob("*.py"))],
        capture_output=True,
        text=True,
        timeout=100,
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": ""},
    )
    lines = re.findall(r"^wrong\.py:(\d+): error: ", done.stdout, re.MULTILINE)
    assert {4, 5, 6, 7, 8, 10} == set(map(int, lines)), done.stdout
    assert f"Found {len(lines)} errors in 1 file" in done.stdout


@pytest.mark.slow
def test_the_types_are_installed(tmp_path: Path) -> None:
    """A wheel has the marker without which a type checker sees nothing."""
    pytest.importorskip("hatchling", reason="needs hatchling, which is not installed")
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        tmp_path,
    ]
    subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"ant/py.typed", "ant/client/sync_ant.py"} <= set(names)


@pytest.mark.slow
def test_an_import_is_cheap() -> None:
    """What an `Ant` needs is imported when one is opened."""
    code = (
        "import json, sys; import ant.client; from ant.client import Ant, Terminal; "
        "print(json.dumps([*sys.modules]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, cwd=ROOT
    )
    heavy = {"trio", "httpx", "anyio", "trio_websocket", "attrs", "cattrs", "ssl"}
    assert set() == heavy & set(json.loads(done.stdout))


WAITS = """
from ant.client import Ant

with Ant() as ant:
    terminal = ant.run(["sleep", "100"], name="sleeper")
    print("waits", flush=True)
    terminal.wait()
"""


@pytest.mark.slow
def test_ctrl_c_ends_a_script(server: RealServer, tmp_path: Path) -> None:
    """At once, with Python's own traceback; what it started goes on."""
    script = tmp_path / "waits.py"
    script.write_text(WAITS)
    process = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # What the `make test` that runs us was told is not for the make in there.
        env=environment(
            ANT_SERVER_URL=server.url, PYTHONPATH=str(ROOT), MAKEFLAGS="", MAKELEVEL=""
        ),
    )
    assert process.stdout is not None
    assert "waits\n" == process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert -signal.SIGINT == process.returncode
    assert "KeyboardInterrupt" == errors.splitlines()[-1]
    with Ant(server.url) as ant:
        assert "running" == ant.terminal("sleeper").row()["status"]
        ant.remove(ant.terminal("sleeper").id, hard=True)


UNCLOSED = """
import os
import sys
from ant.client import Ant

ant = Ant()
ant.health()
feed = ant.event_feed(0)
print(next(feed)["seq"], flush=True)
if sys.version_info < (3, 12):  # Later ones warn that the child of threads may hang.
    if (child := os.fork()) == 0:
        sys.exit()
    assert 0 == os.waitpid(child, 0)[1]
"""


@pytest.mark.slow
def test_a_client_that_is_not_closed_holds_no_script(
    server: RealServer, tmp_path: Path
) -> None:
    """It ends without a word, and so does a child that has no loop."""
    server.good("room", "new", "told")  # An event for the feed.
    script = tmp_path / "unclosed.py"
    script.write_text(UNCLOSED)
    done = subprocess.run(
        [sys.executable, script],
        capture_output=True,
        text=True,
        timeout=60,
        # What the `make test` that runs us was told is not for the make in there.
        env=environment(
            ANT_SERVER_URL=server.url, PYTHONPATH=str(ROOT), MAKEFLAGS="", MAKELEVEL=""
        ),
    )
    assert (0, "") == (done.returncode, done.stderr)
