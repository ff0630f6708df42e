"""Every command of the README is run as it stands, against a server it starts."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import httpx
import pytest
import trio

from ant.client import AntClient
from ant.terminal.tmux.commands import name_of
from tests.live.server import environment
from tests.live.waiting import eventually

ROOT = Path(__file__).parent.parent.parent
BLOCKS = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
ADDRESS = "127.0.0.1:6458"
VENV = os.environ.get("VENV", ".venv")
"""Where `make` was told to install; the README says what it does unless it is told."""


async def run(block: str, address: str) -> str:
    """Run a block in a shell of its own; what it printed. ANT and ID are remembered."""
    script = block.replace(ADDRESS, address).replace(".venv/", f"{VENV}/")
    done = await trio.run_process(
        ["bash", "-euo", "pipefail", "-c", script],
        capture_stdout=True,
        capture_stderr=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"ANT": f"http://{address}"},
    )
    assert 0 == done.returncode, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.slow
async def test_readme_commands(tmp_path: Path) -> None:
    """`make serve` comes up, and each block after it does what the text says."""
    serve, first, later, live, waits, proof, inside, beside, find = BLOCKS
    assert "make serve" == serve.strip()
    process = await trio.lowlevel.open_process(
        ["make", "serve"],
        stdout=subprocess.PIPE,
        cwd=ROOT,
        # What the `make test` that runs us was told is not for it.
        env=environment(
            ANT_PORT="0", ANT_DATA_DIR=str(tmp_path), MAKEFLAGS="", ARGS=""
        ),
        start_new_session=True,
    )
    try:
        with trio.fail_after(100):
            address = await listening(process)
            said = await run(first + "\necho; echo ID=$ID", address)
            assert '"ok":true' in said
            session = said.rsplit("ID=", 1)[1].strip()
            history = f"http://{address}/api/sessions/{session}/terminal/history"
            async with httpx.AsyncClient() as http:

                async def answered() -> bool:
                    return "the answer is 42" in (await http.get(history)).text

                await eventually(answered)
            said = await run(f"ID={session}\n{find}", address)
            assert "the <mark>answer</mark> is 42" in said
            assert '"terminals":[{' in said
            said = await run(f"ID={session}\n{later}", address)
            assert "the answer is 42" in said
            assert '"status":"running"' in said
            assert '"action":"interrupt"' in said
            said = await run(live, address)
            assert "42" in said
            assert "exit code 0" in said
            await run_waiting(waits, address)
            said = await run(f"ID={session}\n{proof}", address)
            assert '"terminal":{"command_count":' in said
            assert " events checked, head " in said
            await run_inside(inside, address, tmp_path)
            said = await run(f"ID=its-id\n{beside}", address)
            socket = name_of(tmp_path) if shutil.which("tmux") else ""
            assert f"tmux -L {socket} attach -t =its-id:\n" == said
    finally:
        # To the server alone: make would not wait for it if it were told too.
        os.kill(int((tmp_path / "lock").read_text()), signal.SIGTERM)
        with trio.CancelScope(shield=True), trio.move_on_after(15):
            await process.wait()
    assert 0 == process.returncode


async def run_waiting(block: str, address: str) -> None:
    """Start what asks; once that is seen, look and answer."""
    create, look, decide = block.splitlines()
    await run(create, address)
    async with AntClient(f"http://{address}") as ant:

        async def asks() -> bool:
            return (await ant.status())["waiting"] == 1

        await eventually(asks)
        said = await run(look, address)
        assert "waiting  @asks  asks  Delete it?" in said
        assert "Chose N; the prompt is closed.\n" == await run(decide, address)
        row = await ant.session("@asks")

        async def answered() -> bool:
            rows = (await ant.history(row["id"]))["rows"]
            return "you said N" in "".join(each["text"] for each in rows)

        await eventually(answered)
        await ant.call("DELETE", f"/api/sessions/{row['id']}")


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
        said = out.read_text()
        assert said.endswith("code 0\n"), said
        page = await ant.messages(row["linked_chat_id"])
        contents = ["The tests are green.", "Two lines,\nno quoting.", "For one only"]
        assert contents == [each["content"] for each in page["messages"]]
        assert {row["id"]} == {each["sender_id"] for each in page["messages"]}
        assert f"{row['handle']}: The tests are green." in said
        assert f'"id":"{row["id"]}"' in said


async def listening(process: trio.Process) -> str:
    """The address that the server says it listens on."""
    assert process.stdout is not None
    said = b""
    while b"ANT listening on http://" not in said or not said.endswith(b"\n"):
        part = await process.stdout.receive_some(1024)
        assert part, "the server ended"
        said += part
    return said.decode().split("http://")[1].strip()
