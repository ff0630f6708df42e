"""The private tmux: starting programs, and finding them again."""

import json
import os
import sys
from pathlib import Path

import pytest
import trio

from ant.core.errors import Invalid, StorageFailed
from ant.terminal.host import processes
from ant.terminal.host.host_terminal import ExitStatus, Spec
from ant.terminal.tmux.tmux_commands import name_of
from ant.terminal.tmux.tmux_server import Tmux
from tests.terminal.contract import read_rest, read_until, write_all
from tests.terminal.private_tmux import command, needs_tmux, running_tmux

ENV = {"PATH": os.environ["PATH"], "TERM": "xterm", "LC_ALL": "C.UTF-8", "PS1": "$ "}


def spec(*argv: str, cwd: str = "/", env: dict[str, str] = ENV) -> Spec:
    """A program in a terminal of the usual size."""
    return Spec(argv, cwd, env, 80, 24)


def python(code: str) -> tuple[str, ...]:
    return (sys.executable, "-ISc", code)


def argument_list(pid: int) -> bytes:
    """The argument list of a process, which any user can read; "" if it has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


@needs_tmux
async def test_directory_and_environment_are_those_of_the_spec(tmp_path: Path) -> None:
    """With these variables, tmux's own, and no others."""
    home = tmp_path / "a=b 'c' #{x} %d"
    home.mkdir()
    env = {"PATH": ENV["PATH"], "ANT_TEST": "ä=\n1", "BASH_FUNC_x%%": "() { :; }"}
    code = "import json, os; print(json.dumps([os.getcwd(), dict(os.environ)]))"
    async with running_tmux(home) as tmux:
        with trio.fail_after(20):
            pane = await tmux.open(
                spec(*python(code), cwd=str(home), env=env), "s", "r", 0, lambda: 0
            )
            where, names = json.loads(await read_rest(pane))
            assert await pane.aclose() == ExitStatus(code=0)
    assert where == str(home)
    names.pop("LC_CTYPE", None)  # Python's own.
    assert names.pop("TMUX").partition(",")[0].endswith(f"/{name_of(home)}")
    assert names.pop("TMUX_PANE") == "%0"
    assert names.pop("TERM_PROGRAM") == "tmux"
    assert names.pop("TERM_PROGRAM_VERSION")
    assert names == {**env, "TERM": "tmux-256color"}


@needs_tmux
async def test_arguments_and_the_first_byte_are_exact(tmp_path: Path) -> None:
    """Also an empty argument and a `;`; no byte is printed before the spool exists."""
    argv = (
        "/usr/bin/printf",
        "<%s>",
        "-C",
        "",
        "a=b",
        "--",
        "x y",
        ";",
        "#{pid}",
        "~;",
    )
    async with running_tmux(tmp_path) as tmux:
        with trio.fail_after(20):
            pane = await tmux.open(spec(*argv), "s", "r", 0, lambda: 0)
            said = await read_rest(pane)
            await pane.aclose()
    assert said == b"<-C><><a=b><--><x y><;><#{pid}><~;>"


@needs_tmux
async def test_a_spool_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    """A file is in place of its folder; nothing was started."""
    async with running_tmux(tmp_path) as tmux:
        tmux.folder("s").parent.write_text("in the way")
        with trio.fail_after(20), pytest.raises(StorageFailed, match="spool"):
            await tmux.open(spec("/bin/cat"), "s", "r", 0, lambda: 0)
        assert await tmux.surviving_panes() == {}


@needs_tmux
async def test_no_secret_is_in_an_argument_list(tmp_path: Path) -> None:
    """The file with the environment is removed before the program runs."""
    async with running_tmux(tmp_path) as tmux:
        pane = await tmux.open(
            spec("/bin/cat", env={**ENV, "TOKEN": "s3cret"}), "s", "r", 0, lambda: 0
        )
        with trio.fail_after(20):
            await write_all(pane, b"x\n")
            await read_until(pane, b"x\r\nx\r\n")  # Once by the terminal, once by it.
        assert pane.has_environ("TOKEN", "s3cret")
        assert not (tmux.folder("s") / "start").exists()
        pids = [each.pid for each in processes.snapshot()]
        assert not any(b"s3cret" in argument_list(pid) for pid in pids)
        await pane.aclose(0)


@needs_tmux
@pytest.mark.parametrize(
    ("asked", "issue"),
    [
        (spec("/no/such"), "$.command[0]"),
        (spec("/bin/cat", cwd="/no/such"), "$.root_dir"),
        (spec("/bin/cat", "a\0b"), "$.command"),
        (spec("/bin/cat", "\ud800"), "$.command"),
        (spec("/bin/cat", env={"A=B": "c"}), "$.command"),
        (Spec(("/bin/cat",), "/", ENV, 0, 24), "$.cols"),
        (Spec(("/bin/cat",), "/", ENV, 80, 10_001), "$.cols"),
    ],
)
async def test_what_cannot_start_leaves_nothing(
    asked: Spec, issue: str, tmp_path: Path
) -> None:
    """The error names the field; there is no session, and no server for it."""
    async with running_tmux(tmp_path) as tmux:
        with pytest.raises(Invalid) as caught:
            await tmux.open(asked, "s", "r", 0, lambda: 0)
        assert caught.value.issues[0].endswith(f" {issue}")
        assert await tmux.surviving_panes() == {}
        assert tmux.spooled() == []


@needs_tmux
async def test_a_surviving_program_is_found(tmp_path: Path) -> None:
    """By its mark, with its run, its process, and its output from any offset on."""
    with trio.fail_after(20):
        async with running_tmux(tmp_path) as tmux:
            pane = await tmux.open(spec("/bin/cat"), "s", "run1", 100, lambda: 100)
            await write_all(pane, b"one\n")
            await read_until(pane, b"one\r\none\r\n")
            await pane.detach()
            await pane.detach()
            (tmux.folder("s") / "writer").read_text()
            command(tmp_path, "send-keys", "-t", "=s:", "two", "Enter")
            command(tmp_path, "split-window", "-t", "=s:", "cat")
            command(tmp_path, "new-session", "-d", "-s", "theirs", "cat")
            later = Tmux(tmp_path, dict(os.environ))
            async with later.running():
                found = await later.surviving_panes()
                assert list(found) == ["s"]
                place = found["s"].pane_ids
                assert (place.run, place.pid) == ("run1", pane.identity.pid)  # type: ignore
                assert found["s"].spooled
                again = await later.attach(found["s"], 105, lambda: 105)
                assert await read_until(again, b"two\r\ntwo\r\n") == (
                    b"one\r\ntwo\r\ntwo\r\n"
                )
                assert again.identity == pane.identity
                await later.end(found["s"], 0.5)
                assert (await again.wait_exit()).signal == 1
                assert list(await later.surviving_panes()) == []
                await again.aclose(0)


@needs_tmux
async def test_a_spool_whose_writer_was_killed_goes_on(tmp_path: Path) -> None:
    """After a gap that is large enough for the bytes it lost."""
    with trio.fail_after(20):
        async with running_tmux(tmp_path) as tmux:
            pane = await tmux.open(spec("/bin/cat"), "s", "r", 0, lambda: 0)
            await write_all(pane, b"one\n")
            await read_until(pane, b"one\r\none\r\n")
            await pane.detach()
            command(tmp_path, "pipe-pane", "-t", "=s:")
            command(tmp_path, "send-keys", "-t", "=s:", "two", "Enter")
            found = await tmux.surviving_panes()
            assert not found["s"].spooled
            again = await tmux.attach(found["s"], 10, lambda: 10)
            with pytest.raises(Exception, match="dropped") as caught:
                await again.read()
            assert caught.value.count == 4 << 20  # type: ignore[attr-defined]
            assert again.read_nowait() == b""
            await write_all(again, b"three\n")
            assert b"three\r\n" in await read_until(again, b"three\r\n")
            await again.aclose(0)


@needs_tmux
@pytest.mark.soak
async def test_tmux_survives_sessions_and_clients_that_come_and_go(
    tmp_path: Path,
) -> None:
    """Clients attach and detach, sessions begin and end: version 3.5a could crash."""
    async with running_tmux(tmp_path) as tmux:
        with trio.fail_after(100):
            kept = await tmux.open(spec("/bin/cat"), "kept", "r", 0, lambda: 0)
            pid = command(tmp_path, "display-message", "-p", "#{pid}")
            session = command(tmp_path, "display-message", "-p", "#{session_id}")

            async def come_and_go(name: str) -> None:
                for number in range(30):
                    ident = f"{name}{number}"
                    pane = await tmux.open(spec("/bin/cat"), ident, "r", 0, lambda: 0)
                    await pane.aclose(0)

            async def greet_and_leave() -> None:
                for _ in range(150):
                    client = await tmux.tmux_commands.open_client(
                        int(session.removeprefix("$"))
                    )
                    assert client is not None
                    await client.aclose()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(come_and_go, "one")
                nursery.start_soon(come_and_go, "two")
                nursery.start_soon(greet_and_leave)
            assert pid == command(tmp_path, "display-message", "-p", "#{pid}")
            await kept.aclose(0)
