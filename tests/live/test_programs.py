"""Real programs on a real terminal: what a person would try first."""

import sys
from pathlib import Path

import pytest

from tests.installed import needs
from tests.live.server import shared_server
from tests.live.viewer import watching

ALT_SCREEN_ON, ALT_SCREEN_OFF = "\x1b[?1049h", "\x1b[?1049l"
BASH = ["bash", "--norc", "--noprofile"]


@pytest.mark.slow
async def test_bash_runs_what_is_typed_and_exits_with_its_code() -> None:
    """A line typed over REST or the socket runs once; `exit 7` is told as 7."""
    async with shared_server() as server, server.client() as ant:
        row = await ant.create("shell", command=BASH, env={"PS1": "$ "})
        async with watching(ant, row["id"]) as view:
            await view.until_text("$ ")
            receipt = await ant.type(row["id"], "echo $((6*7))x\r")
            size = len("echo $((6*7))x\r")
            assert {"ok": True, "size": size, "written": size, "queued": 0} == receipt
            await view.until_text("42x\r\n")
            await view.type("echo $((6*9))y\r")
            await view.until_text("54y\r\n")
            await view.type("exit 7\r")
            frame = await view.until_exit()
            assert (7, None) == (frame["exit_code"], frame["exit_signal"])
            assert frame["end"] == view.end
        row = await ant.call("GET", f"/api/sessions/{row['id']}")
        assert "exited" == row["status"]
        assert (7, None) == (
            row["terminal"]["exit_code"],
            row["terminal"]["exit_signal"],
        )


@pytest.mark.slow
async def test_python_prompts_computes_and_leaves_at_end_of_file() -> None:
    """`python3 -q` shows its prompt, answers, and Ctrl-D ends it with 0."""
    async with shared_server() as server, server.client() as ant:
        row = await ant.create("py", command=[sys.executable, "-q"])
        async with watching(ant, row["id"]) as view:
            await view.until_text(">>> ")
            await view.type("print('<' + 'ab' * 3 + '>')\r")
            await view.until_text("<ababab>")
            # From 3.13 on it is coloured, and the cursor is put behind it.
            await view.until(lambda v: ">>> " in v.text.rpartition("<ababab>")[2])
            await view.type("\x04")
            assert 0 == (await view.until_exit())["exit_code"]


@pytest.mark.slow
@needs("vi")
async def test_vi_takes_the_alternate_screen_and_writes_the_file(
    tmp_path: Path,
) -> None:
    """vi enters and leaves the alternate screen, and `:wq` writes what was typed."""
    async with shared_server() as server, server.client() as ant:
        row = await ant.create(
            "edit",
            command=["vi", "-u", "NONE", "-N", "note.txt"],
            root_dir=str(tmp_path),
        )
        async with watching(ant, row["id"]) as view:
            await view.until_text(ALT_SCREEN_ON)
            await view.until_text("note.txt")
            await view.type("ihello from vi, héllo 漢字\x1b")
            await view.until_text("漢字")
            await view.type(":wq\r")
            assert 0 == (await view.until_exit())["exit_code"]
            assert ALT_SCREEN_OFF in view.text.partition(ALT_SCREEN_ON)[2]
    assert "hello from vi, héllo 漢字\n" == (tmp_path / "note.txt").read_text()


@pytest.mark.slow
@needs("less")
async def test_less_pages_and_leaves_on_q(tmp_path: Path) -> None:
    """less shows a page, goes on at a space, and q ends it."""
    lines = tmp_path / "lines.txt"
    lines.write_text("".join(f"line-{n:03d}\n" for n in range(200)))
    async with shared_server() as server, server.client() as ant:
        row = await ant.create(
            "pager", command=["less", str(lines)], rows=20, env={"LESS": ""}
        )
        async with watching(ant, row["id"]) as view:
            await view.until_text("line-018")
            assert "line-025" not in view.text
            await view.type(" ")
            await view.until_text("line-037")
            await view.type("q")
            assert 0 == (await view.until_exit())["exit_code"]


@pytest.mark.slow
@needs("fish")
async def test_fish_runs_a_command(tmp_path: Path) -> None:
    """fish, which asks the terminal many questions at its start, runs a command."""
    async with shared_server() as server, server.client() as ant:
        row = await ant.create(
            "fish", command=["fish", "--no-config"], env={"HOME": str(tmp_path)}
        )
        async with watching(ant, row["id"]) as view:
            await view.until_text(">")
            await view.type("math 6 x 7\r")
            await view.until_text("42")
            await view.type("exit\r")
            assert 0 == (await view.until_exit())["exit_code"]


@pytest.mark.slow
async def test_a_resize_reaches_the_program_and_the_row() -> None:
    """`stty size` tells the size of creation, of REST, of the socket, and of a join."""
    async with shared_server() as server, server.client() as ant:
        row = await ant.create(
            "sized", command=BASH, env={"PS1": "$ "}, cols=81, rows=23
        )
        path = f"/api/sessions/{row['id']}"
        async with watching(ant, row["id"]) as view:
            await view.type("stty size\r")
            await view.until_text("23 81\r\n")
            sized = await ant.call(
                "POST", f"{path}/terminal/resize", {"cols": 132, "rows": 43}
            )
            assert (132, 43) == (sized["terminal"]["cols"], sized["terminal"]["rows"])
            await view.type("stty size\r")
            await view.until_text("43 132\r\n")
            await view.socket.send(
                "terminal_resize", sessionId=row["id"], cols=99, rows=33, ref="r"
            )
            ack = await view.socket.expect("ack", ref="r")
            assert (99, 33) == (ack["cols"], ack["rows"])
            view.end = None  # `expect` passed over what came before the answer.
            await view.type("stty size\r")
            await view.until_text("33 99\r\n")
            free = {"cols": 98, "rows": 32}  # No socket owns the size after it.
            await ant.call("POST", f"{path}/terminal/resize", free)
            join = {"spawnPty": True, "cols": 71, "rows": 17}
            async with watching(ant, row["id"], **join) as second:
                resized = {"cols": 71, "rows": 17}.items()
                await view.until(
                    lambda v: any(
                        frame["type"] == "terminal_resized" and resized <= frame.items()
                        for frame in v.frames
                    )
                )
                await second.type("stty size\r")
                await view.until_text("17 71\r\n")
        terminal = (await ant.call("GET", path))["terminal"]
        assert (71, 17) == (terminal["cols"], terminal["rows"])


@pytest.mark.slow
async def test_an_interrupt_ends_the_program_in_front_not_the_shell() -> None:
    """`terminal/stop` and a typed \\x03 both end what the shell waits for."""
    async with shared_server() as server, server.client() as ant:
        row = await ant.create("busy", command=BASH, env={"PS1": "$ "})
        path = f"/api/sessions/{row['id']}/terminal/stop"
        async with watching(ant, row["id"]) as view:
            for count, word in enumerate(("one", "two"), start=1):
                # The program itself says that it is in front: bash has a moment
                # between two commands in which an interrupt hits neither.
                wait = f"sh -c 'echo be\"\"gin-{word}; exec sleep 1000'"
                await view.type(f"{wait}; echo never\r")
                await view.until_text(f"begin-{word}\r\n")
                if word == "one":
                    receipt = await ant.call("POST", path, {"reason": "enough"})
                    assert "terminal_stop" == receipt.pop("event")["kind"]
                    assert {
                        "ok": True,
                        "action": "interrupt",
                        "key": "ctrl-c",
                    } == receipt
                else:
                    await view.type("\x03")
                await view.until(lambda v, n=count: v.text.count("^C") == n)
                await view.type("echo code=$?\r")
                await view.until(lambda v, n=count: v.text.count("code=130") == n)
            assert "never\r\n" not in view.text.replace("echo never\r\n", "")


@pytest.mark.slow
async def test_an_interrupt_passes_input_that_nobody_reads() -> None:
    """`terminal/stop` works while a program leaves more input unread than fits."""
    async with shared_server() as server, server.client() as ant:
        row = await ant.create("deaf", command=["sh", "-c", "echo up; sleep 1000"])
        async with watching(ant, row["id"]) as view:
            await view.until_text("up\r\n")
            for _ in range(8):
                await view.type("x" * 4095 + "\n")
            await view.until_text("xxxx")
            await ant.call("POST", f"/api/sessions/{row['id']}/terminal/stop", {})
            assert 2 == (await view.until_exit())["exit_signal"]
