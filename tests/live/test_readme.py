"""Every command of the README and of docs/ is run as it stands, against one server."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trio

from ant.client import AntClient
from ant.terminal.tmux.tmux_commands import name_of
from tests.cli.terminal.emulator import DETACH, emulator
from tests.live.server import environment
from tests.live.waiting import eventually
from tests.mocks.named import script

ROOT = Path(__file__).parent.parent.parent
ADDRESS = "127.0.0.1:6458"
VENV = os.environ.get("VENV", ".venv")
"""Where `make` was told to install; the README says what it does unless it is told."""

COMMANDS = {
    "README.md": 8,
    "docs/cli.md": 2,
    "docs/clients.md": 1,
    "docs/history.md": 2,
    "docs/messages.md": 2,
    "docs/tmux.md": 2,
    "docs/websocket.md": 3,
}
"""How many blocks of commands each document has; the test below runs all of them."""

CODER = f"""
import runpy, sys
from pathlib import Path
own = Path(sys.argv[0]).parent
sys.path.insert(0, {str(ROOT)!r})
sys.argv[1:] = ["--style", "claude", "--log", str(own / "log")]
sys.argv += ["--control", str(own / "s")]
runpy.run_module("tests.mocks.agent", run_name="__main__")
"""
"""A mock agent by the name of the one that the README starts."""


def blocks(document: str) -> list[str]:
    """The blocks of commands in a document."""
    text = (ROOT / document).read_text()
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def test_no_command_is_left_out() -> None:
    """A block that is added anywhere is run by the test below."""
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    names = [str(path.relative_to(ROOT)) for path in documents]
    assert COMMANDS == {name: len(blocks(name)) for name in names if blocks(name)}


def agent_on_path(folder: Path) -> str:
    """A PATH on which `claude` is a mock agent."""
    _, path = script(folder, "claude", f"#!{sys.executable}\n{CODER}")
    Path(path).chmod(0o755)
    return f"{Path(path).parent}:{os.environ['PATH']}"


class Shell:
    """One bash that runs the blocks in turn; a variable of one serves the next.

    A block that fails, or that uses a variable that no block set, fails the test.
    """

    LOOP = """set -euo pipefail
    while IFS= read -r -u 3 block; do source "$block"; printf '%s\\n' "$1"; done"""
    END = "-- end of the block --"

    def __init__(self, process: trio.Process, folder: Path, address: str) -> None:
        self._process = process
        self._folder = folder
        self._address = address
        self._blocks = 0

    @classmethod
    @asynccontextmanager
    async def open(cls, folder: Path, address: str) -> AsyncIterator["Shell"]:
        """Start the shell; end it when the block of the caller ends."""
        with (folder / "blocks.err").open("wb") as stderr:
            process = await trio.lowlevel.open_process(
                ["bash", "-c", f"exec 3<&0 </dev/null; {cls.LOOP}", "bash", cls.END],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=ROOT,
            )
        try:
            yield cls(process, folder, address)
        finally:
            assert process.stdin is not None
            await process.stdin.aclose()
            with trio.CancelScope(shield=True), trio.move_on_after(15):
                await process.wait()

    async def run(self, block: str) -> str:
        """Run a block; return what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._blocks += 1
        path = self._folder / f"block-{self._blocks}.sh"
        here = block.replace(ADDRESS, self._address).replace(".venv/", f"{VENV}/")
        path.write_text(here + "\n")
        await self._process.stdin.send_all(f"{path}\n".encode())
        printed = b""
        while not printed.endswith(f"{self.END}\n".encode()):
            part = await self._process.stdout.receive_some(65536)
            assert part, f"{block}\n{(self._folder / 'blocks.err').read_text()}"
            printed += part
        return printed.decode().removesuffix(f"{self.END}\n")


@pytest.mark.slow
async def test_readme_commands(tmp_path: Path) -> None:
    """`make serve` comes up; in one shell each block does what the text says."""
    serve, begin, told, first, later, waits, room, end = blocks("README.md")
    find, proof = blocks("docs/history.md")
    person, inside = blocks("docs/messages.md")
    keep, beside = blocks("docs/tmux.md")
    live, stream, resumed = blocks("docs/websocket.md")
    (greeter,) = blocks("docs/clients.md")
    terminal, ideas = blocks("docs/cli.md")
    data = tmp_path / "data"
    assert "make serve" == serve.strip()
    process = await trio.lowlevel.open_process(
        ["make", "serve"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        # What the `make test` that runs us was told is not for it.
        env=environment(
            ANT_PORT="0",
            ANT_DATA_DIR=str(data),
            MAKEFLAGS="",
            ARGS="",
            PATH=agent_on_path(tmp_path),
        ),
        start_new_session=True,
    )
    try:
        with trio.fail_after(100):
            address = await listening(process)
            async with Shell.open(tmp_path, address) as shell:
                await run_first(begin, shell, address)
                printed = await shell.run(told)
                assert "exit: code 4" in printed
                assert "output:re:[0-9]+ failed: 3 passed, 1 failed" in printed
                assert "block: code 0: sleep 1; echo all done" in printed
                printed = await shell.run(first)
                assert '"ok":true' in printed
                session = (await shell.run("echo $ID")).strip()
                history = f"http://{address}/api/sessions/{session}/terminal/history"
                async with httpx.AsyncClient() as http:

                    async def answered() -> bool:
                        return "the answer is 42" in (await http.get(history)).text

                    await eventually(answered)
                printed = await shell.run(find)
                assert "the <mark>answer</mark> is 42" in printed
                assert '"terminals":[{' in printed
                printed = await shell.run(later)
                assert "the answer is 42" in printed
                assert '"status":"running"' in printed
                assert '"action":"interrupt"' in printed
                printed = await shell.run(live)
                assert "42" in printed
                assert "exit code 0" in printed
                await run_waiting(waits, shell, address)
                printed = await shell.run(greeter)
                assert "hello 42" in printed
                assert "exit code 3" in printed
                assert "refused: There is no session '@nobody'." in printed
                await run_room(room, shell, address)
                printed = await shell.run(person)
                assert '"kind":"person"' in printed
                assert '"reader_handle":"@james"' in printed
                assert '"type":"message_created"' in await shell.run(stream)
                printed = await shell.run(resumed)
                seqs = [line.split()[:2] for line in printed.splitlines()]
                assert [["0", "1"], ["0", "2"], ["0", "3"]] == seqs[:3]
                assert [["1", "4"], ["1", "5"], ["1", "6"]] == seqs[3:]
                printed = await shell.run(proof)
                assert '"terminal":{"command_count":' in printed
                assert " events checked, head " in printed
                await run_inside(inside, address, tmp_path)
                if shutil.which("tmux"):
                    assert '"ok":true' in await shell.run(keep)
                    kept = (await shell.run("echo $KEEP")).strip()
                    attach = f"tmux -L {name_of(data)} attach -t ={kept}:\n"
                    assert attach == await shell.run(beside)
                await run_verbs(terminal, ideas, shell, address)
                await shell.run(end)
            async with AntClient(f"http://{address}") as ant:
                if shutil.which("tmux"):
                    await ant.call("DELETE", f"/api/sessions/{kept}", hard="true")
                assert (await ant.session(session))["deleted_at"] is not None
    finally:
        # To the server alone: make would not wait for it if it were told too.
        os.kill(int((data / "lock").read_text()), signal.SIGTERM)
        with trio.CancelScope(shield=True), trio.move_on_after(15):
            await process.wait()
    assert 0 == process.returncode


async def run_first(block: str, shell: Shell, address: str) -> None:
    """Run a command, start a shell, attach to it on a terminal, and read its output."""
    setup, run, start, attach, logs = block.splitlines()
    assert "the answer is 42\n" == (await shell.run(f"{setup}\n{run}")).replace(
        "\r", ""
    )
    assert "Started demo (@demo, " in await shell.run(start)
    await trio.to_thread.run_sync(use_attached, attach, f"http://{address}")
    assert "\nthe sum is 42\n" in await shell.run(logs)


def use_attached(line: str, url: str) -> None:
    """Attach as the line says, type, and leave."""
    _, *argv = line.split()
    with emulator(environment(ANT_SERVER_URL=url), *argv) as person:
        person.attached()
        person.type("echo the sum is $((40 + 2))\r")
        person.see("the sum is 42\n")
        person.type(DETACH)
        assert 0 == person.code()
        person.see("[detached from demo]")


async def run_room(block: str, shell: Shell, address: str) -> None:
    """Post to the agent once it is at rest; ANT types the message, and it reacts."""
    room, agent, add, post, *read = block.splitlines()
    async with AntClient(f"http://{address}") as ant:
        await shell.run(f"{room}\n{agent}\n{add}")

        async def rests() -> bool:
            rows = (await ant.status())["terminals"]
            states = {
                each["session"]["handle"]: each["agent_status"]["state"]
                for each in rows
                if each["agent_status"]
            }
            return states.get("@coder") == "ready"

        await eventually(rests)
        assert "Sent " in await shell.run(post)
        row = await ant.session("planning")

        async def reacted() -> bool:
            path = f"/api/sessions/{row['id']}/deliveries"
            (delivery,) = (await ant.call("GET", path))["deliveries"]
            return delivery["state"] == "reacted"

        await eventually(reacted)
        printed = await shell.run("\n".join(read))
        assert '"state":"reacted"' in printed
        assert ": @coder Which tests fail?\n" in printed


async def run_waiting(block: str, shell: Shell, address: str) -> None:
    """Start what asks; once that is seen, look and answer."""
    create, look, decide = block.splitlines()
    await shell.run(create)
    async with AntClient(f"http://{address}") as ant:

        async def asks() -> bool:
            return (await ant.status())["waiting"] == 1

        await eventually(asks)
        printed = await shell.run(look)
        assert "waiting  @asks  asks  Delete it?" in printed
        assert (await shell.run(decide)).startswith("Chose N; ")
        row = await ant.session("@asks")

        async def answered() -> bool:
            rows = (await ant.history(row["id"]))["rows"]
            return "you said N" in "".join(each["text"] for each in rows)

        await eventually(answered)
        await ant.call("DELETE", f"/api/sessions/{row['id']}")


async def run_verbs(terminal: str, ideas: str, shell: Shell, address: str) -> None:
    """Type into a terminal; once it has printed, look; then talk in a room."""
    setup, new, send, *look = terminal.splitlines()
    assert "Started web (@web, " in await shell.run(f"{setup}\n{new}")
    async with AntClient(f"http://{address}") as ant:
        row = await ant.session("web")

        async def printed() -> bool:
            rows = (await ant.history(row["id"]))["rows"]
            return "the sum is 42" in "".join(each["text"] for each in rows)

        assert "Typed 28 bytes into web." in await shell.run(send)
        await eventually(printed)
    shown = await shell.run("\n".join(look))
    assert 2 == shown.count("\nthe sum is 42\n")
    assert "Pressed Up C-c in web." in shown
    assert "@web" in shown
    shown = await shell.run(ideas)
    assert "Which one first?" in shown
    assert '"type": "task_created"' in shown
    assert " events checked, head " in shown
    assert "Deleted: ideas (" in shown


async def run_inside(block: str, address: str, folder: Path) -> None:
    """Run a block in a terminal of that server; all it posted is in its chat."""
    script, out = folder / "inside.sh", folder / "inside.out"
    script.write_text(block)
    command = f"bash -euo pipefail {script} > {out}; echo code $? >> {out}"
    async with AntClient(f"http://{address}") as ant:
        row = await ant.create("inside", command=["bash", "-c", command])
        # The command is in what is listed, so `code` alone is not the end.
        over = re.compile(r"code \d+\n\Z")
        await eventually(lambda: out.exists() and over.search(out.read_text()))
        printed = out.read_text()
        assert printed.endswith("code 0\n"), printed
        page = await ant.messages(row["linked_chat_id"])
        contents = ["The tests are green.", "Two lines,\nno quoting.", "For one only"]
        assert contents == [each["content"] for each in page["messages"]]
        assert {row["id"]} == {each["sender_id"] for each in page["messages"]}
        assert f"{row['handle']}: The tests are green." in printed
        assert f'"id":"{row["id"]}"' in printed


async def listening(process: trio.Process) -> str:
    """The address that the server says it listens on."""
    assert process.stdout is not None
    printed = b""
    while b"ANT listening on http://" not in printed or not printed.endswith(b"\n"):
        part = await process.stdout.receive_some(1024)
        assert part, "the server ended"
        printed += part
    return printed.decode().split("http://")[1].strip()
