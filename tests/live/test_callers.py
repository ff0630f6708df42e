"""Who is who for a server: each way to call it has its line in docs/identity.md."""

import json
import os
import shlex
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient
from tests.installed import needs
from tests.live.server import Server, environment, running_server
from tests.live.waiting import eventually
from tests.terminal.private_tmux import ended_with_us, needs_tmux

CALLER = Path(__file__).with_name("caller.py")
DOCUMENT = Path(__file__).parents[2] / "docs" / "identity.md"
NOBODY = 65534

OPERATOR = (200, 200, 200, 101)
TERMINAL = (200, 403, 403, 101)
REFUSED = (401, 401, 401, 401)

PYTHON = (sys.executable, "-IS", str(CALLER))

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "headless_shell")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), None)


def line(caller: str, shown: str, answers: Sequence[Any]) -> str:
    """The line of a caller in the table of the documentation."""
    return f"| {caller} | {shown} | {' | '.join(map(str, answers))} |"


def check(caller: str, shown: str, expected: Sequence[Any], answers: Any) -> None:
    """It is answered as expected, and as the documentation says."""
    found = line(caller, shown, answers)
    print(found)
    assert line(caller, shown, expected) == found
    assert found in DOCUMENT.read_text().splitlines()


@asynccontextmanager
async def served(
    folder: Path, *flags: str, key: str | None = None, **more: Any
) -> AsyncIterator[tuple[Server, AntClient, str]]:
    """A server, its operator's client, and a terminal that does nothing."""
    env = {"ANT_API_KEY": key} if key else {}
    async with (
        running_server(folder, *flags, **env, **more) as server,
        server.client(key) as ant,
    ):
        yield server, ant, (await ant.create("quiet", command=["sleep", "1000"]))["id"]


async def outside(
    server: Server, session_id: str, how: str, *more: str, **env: str
) -> Any:
    """Call from a process that no terminal has anything to do with."""
    words = (*PYTHON, how, server.url, session_id, "-", *more)
    with trio.fail_after(60):
        done = await trio.run_process(
            words, env=environment(**env), capture_stdout=True
        )
    return json.loads(done.stdout)


def read(path: Path) -> str:
    """All of a file."""
    return path.read_text()


async def inside(
    ant: AntClient, out: Path, how: str, *before: str, **fields: Any
) -> Any:
    """Call from a new terminal whose program lives on."""
    shown = fields.pop("shown", "")
    call = shlex.join([*before, *PYTHON, how])
    rest = f'"$ANT_SERVER_URL" "$ANT_SESSION_ID" {shlex.quote(str(out))} {shown}'
    script = f"{call} {rest} > {shlex.quote(str(out))}.log 2>&1; exec sleep 1000"
    await ant.create(out.name, command=["sh", "-c", script], **fields)
    try:
        await eventually(out.exists)
    except trio.TooSlowError:
        raise AssertionError(read(Path(f"{out}.log"))) from None
    return json.loads(read(out))


@pytest.mark.slow
@pytest.mark.parametrize("where", ["127.0.0.1", "::1", "a Unix socket"])
async def test_own_user_and_own_terminals(tmp_path: Path, where: str) -> None:
    """The user outside is the operator; in a terminal nobody is more than it."""
    flags = ["--host", where]
    if "Unix" in where:
        flags = ["--no-tcp", "--uds", str(tmp_path / "s")]
    async with served(tmp_path, *flags) as (server, ant, quiet):
        answers = await outside(server, quiet, "plain")
        check("own user, outside", "nothing", OPERATOR, answers)
        answers = await inside(ant, tmp_path / "plain", "plain")
        check("Python in a terminal", "nothing", TERMINAL, answers)
        shown = "$ANT_TOKEN"
        answers = await inside(ant, tmp_path / "token", "plain", shown=shown)
        check("Python in a terminal", "`ANT_TOKEN`", TERMINAL, answers)
        made = await ant.create_token("x", ["view"])
        answers = await inside(ant, tmp_path / "made", "plain", shown=made["token"])
        expected = (200, 200, 403, 101)
        check("Python in a terminal", "a token: `view`", expected, answers)
        words = ("setsid", "-w", "env", "-i")
        answers = await inside(ant, tmp_path / "setsid", "plain", *words)
        check("`setsid -w env -i` in a terminal", "nothing", TERMINAL, answers)
        answers = await inside(ant, tmp_path / "left", "left")
        check("a daemon of a terminal", "nothing", TERMINAL, answers)
        answers = await inside(ant, tmp_path / "stray", "left", "env", "-i")
        check(
            "a daemon of a terminal, environment emptied", "nothing", REFUSED, answers
        )
        answers = await inside(ant, tmp_path / "inherited", "inherited")
        check("a child that inherits the socket", "nothing", TERMINAL, answers)


@needs_root
@pytest.mark.slow
@pytest.mark.parametrize("is_unix", [False, True])
async def test_another_user(tmp_path: Path, is_unix: bool) -> None:
    """It is nobody, whatever it asks, unless it shows something.

    To the Unix socket it cannot even connect, unless somebody has opened its file.
    """
    socket_folder = tempfile.mkdtemp()  # pytest's own are for root only.
    os.chmod(socket_folder, 0o711)
    path = Path(socket_folder, "s")
    flags = ["--no-tcp", "--uds", str(path)] if is_unix else []
    async with served(tmp_path, *flags) as (server, ant, quiet):
        if is_unix:
            assert 0o600 == os.stat(path).st_mode & 0o777
            os.chmod(path, 0o666)
        how = f"uid={NOBODY}"
        answers = await outside(server, quiet, how)
        check("another user", "nothing", REFUSED, answers)
        out = tmp_path / "told"
        script = f'printf %s "$ANT_TOKEN" > {out}.part; mv {out}.part {out}; sleep 1000'
        row = await ant.create("told", command=["sh", "-c", script])
        await eventually(out.exists)
        answers = await outside(server, row["id"], how, out.read_text())
        check("another user", "`ANT_TOKEN`", TERMINAL, answers)
        made = await ant.create_token("x", ["view", "type"])
        answers = await outside(server, quiet, how, made["token"])
        check("another user", "a token: `view`, `type`", OPERATOR, answers)
        await ant.revoke_token(made["id"])
        answers = await outside(server, quiet, how, made["token"])
        check("another user", "a token that was revoked", REFUSED, answers)
    os.rmdir(socket_folder)  # The server has removed its socket.


def another_address() -> str | None:
    """One of this machine that is not of the loopback; None where it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # Nothing is sent.
        except OSError:
            return None
        found: str = probe.getsockname()[0]
    return None if found.startswith("127.") else found


@needs_root
@pytest.mark.slow
async def test_who_calls_from_another_address_of_this_machine(tmp_path: Path) -> None:
    """A client may choose its own address; it is asked about all the same."""
    if (source := another_address()) is None:
        pytest.skip("this machine has no address but the loopback's")
    env = {"SOURCE_ADDRESS": source}
    async with served(tmp_path) as (server, ant, quiet):
        answers = await outside(server, quiet, f"uid={NOBODY}", **env)
        check("another user, from another address", "nothing", REFUSED, answers)
        answers = await inside(ant, tmp_path / "plain", "plain", env=env)
        check("a terminal, from another address", "nothing", TERMINAL, answers)
        answers = await outside(server, quiet, "plain", **env)
        assert list(OPERATOR) == answers


@needs_root
@pytest.mark.slow
async def test_root_and_a_server_of_another_user() -> None:
    """Root is not its operator; that user is."""
    become = f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})"
    modules = "encodings.idna, os, ant.server, ant.cli.main"
    code = f"import {modules}; {become}; ant.cli.main.main()"
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are for root only.
        os.chown(folder, NOBODY, NOBODY)
        words = [sys.executable, "-c", code, "serve", "--port", "0"]
        words += ["--data-dir", folder]
        async with running_server(Path(folder), command=words) as server:
            answers = await outside(server, "none", "plain")
            check("root, and a server of another user", "nothing", REFUSED, answers)
            answers = await outside(server, "none", f"uid={NOBODY}")
            assert [404, 200, 404, 101] == answers


@pytest.mark.slow
async def test_with_a_key(tmp_path: Path) -> None:
    """Who shows nothing is nobody, and who shows the key is the operator, anywhere."""
    async with served(tmp_path, key="hunter2-and-more") as (server, ant, quiet):
        answers = await outside(server, quiet, "plain")
        check("own user, outside; the server has a key", "nothing", REFUSED, answers)
        answers = await inside(ant, tmp_path / "nothing", "plain")
        check("in a terminal; the server has a key", "nothing", REFUSED, answers)
        answers = await inside(ant, tmp_path / "token", "plain", shown="$ANT_TOKEN")
        check("in a terminal; the server has a key", "`ANT_TOKEN`", TERMINAL, answers)
        answers = await inside(ant, tmp_path / "key", "plain", shown="hunter2-and-more")
        check("in a terminal; the server has a key", "the key", OPERATOR, answers)


@needs_tmux
@pytest.mark.slow
async def test_in_tmux(tmp_path: Path) -> None:
    """The same, also for what an earlier server has started."""
    with ended_with_us(tmp_path):
        tmux = {"host": "tmux"}
        async with served(tmp_path) as (_, ant, _):
            answers = await inside(ant, tmp_path / "plain", "plain", **tmux)
            check("a program in our tmux", "nothing", TERMINAL, answers)
            answers = await inside(ant, tmp_path / "stray", "left", "env", "-i", **tmux)
            check(
                *("a daemon in our tmux, environment emptied", "nothing"),
                *(REFUSED, answers),
            )
            wait = f"while [ ! -e {tmp_path}/go ]; do sleep 0.02; done;"
            left, python = (
                shlex.join([*before, *PYTHON]) for before in (("env", "-i"), ())
            )
            told = f"$(cat {tmp_path}/url) $ANT_SESSION_ID {tmp_path}"
            script = f"{wait} {python} plain {told}/again; {left} left {told}/later"
            await ant.create(
                "on", command=["sh", "-c", f"{script}; sleep 1000"], **tmux
            )
        async with running_server(tmp_path) as server, server.client() as ant:
            (tmp_path / "url").write_text(server.url)
            (tmp_path / "go").touch()
            for name, expected in (("again", TERMINAL), ("later", REFUSED)):
                out = tmp_path / name
                await eventually(out.exists)
                assert list(expected) == json.loads(out.read_text()), name
            rows = (await ant.sessions())["sessions"]
            for row in (each for each in rows if each["type"] == "terminal"):
                await ant.call("DELETE", f"/api/sessions/{row['id']}")


@pytest.mark.slow
@needs("curl")
async def test_curl_in_a_terminal(tmp_path: Path) -> None:
    """What an agent would use."""
    async with served(tmp_path) as (_, ant, _):
        out, curl = tmp_path / "out", "curl -s -o /dev/null -w '%{http_code} '"
        own = "$ANT_SERVER_URL/api/sessions/$ANT_SESSION_ID"
        script = (
            f"({curl} {own}; {curl} $ANT_SERVER_URL/api/status; "
            f"{curl} {own}/terminal/input -d '{{}}') > {out}.part; mv {out}.part {out}"
        )
        await ant.create("curl", command=["sh", "-c", f"{script}; exec sleep 1000"])
        await eventually(out.exists)
        check(
            "curl in a terminal",
            "nothing",
            (200, 403, 403, "-"),
            [*out.read_text().split(), "-"],
        )


@pytest.mark.slow
@needs(BROWSER or "chromium")
async def test_a_browser_in_a_terminal(tmp_path: Path) -> None:
    """What an agent starts to look at pages."""
    async with served(tmp_path) as (_, ant, _):
        out, found = tmp_path / "out", []
        flags = "--headless --no-sandbox --disable-gpu --dump-dom"
        for path in ("/api/sessions/$ANT_SESSION_ID", "/api/status"):
            out.unlink(missing_ok=True)
            profile = f"--user-data-dir={tmp_path}/profile"
            dump = f"{BROWSER} {flags} {profile} $ANT_SERVER_URL{path}"
            script = f"{dump} > {out}.part 2> {out}.log; mv {out}.part {out}"
            await ant.create(
                f"b{len(found)}", command=["sh", "-c", f"{script}; exec sleep 1000"]
            )
            await eventually(out.exists)
            text = out.read_text()
            problem = text.partition('"status":')[2][:3]
            found.append(int(problem) if '"urn:ant:problem' in text else 200)
            assert "handle" in text or "token of a terminal" in text, text
        check(
            "a headless browser in a terminal",
            "nothing",
            (200, 403, "-", "-"),
            [*found, "-", "-"],
        )


@pytest.mark.slow
async def test_a_connection_that_was_made_outside(tmp_path: Path) -> None:
    """Who is given one that is kept alive may read with it, and not act."""
    async with served(tmp_path) as (server, ant, _):
        out = tmp_path / "passed"
        with socket.socket(socket.AF_UNIX) as giver:
            giver.bind(f"{out}.sock")
            giver.listen()
            giver.settimeout(30)

            def give() -> None:
                for _ in range(4):
                    taker, _ = giver.accept()
                    made = socket.create_connection(("127.0.0.1", server.port))
                    head = f"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1:{server.port}"
                    made.sendall(f"{head}\r\n\r\n".encode())
                    said = b""
                    while b"\r\n\r\n" not in said or not said.endswith(b"}"):
                        said += made.recv(65536)
                    assert b" 200 " in said[:20]
                    socket.send_fds(taker, [b"x"], [made.fileno()])
                    made.close()
                    taker.close()

            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.to_thread.run_sync, give)
                answers = await inside(ant, out, "passed on")
        check(
            *("a terminal, on a connection that was made and used outside", "nothing"),
            *((200, 200, 403, 101), answers),
        )


@pytest.mark.slow
async def test_a_proxy_outside(tmp_path: Path) -> None:
    """Nobody can tell for whom it calls: it is a way round, and told as one."""
    async with served(tmp_path) as (server, ant, _), trio.open_nursery() as nursery:

        async def carry(one: trio.SocketStream, two: trio.SocketStream) -> None:
            with suppress(trio.BrokenResourceError):  # That side has closed already.
                async for data in one:
                    await two.send_all(data)
                await two.send_eof()

        async def forward(stream: trio.SocketStream) -> None:
            other = await trio.open_tcp_stream("127.0.0.1", server.port)
            async with other, trio.open_nursery() as both:
                both.start_soon(carry, stream, other)
                both.start_soon(carry, other, stream)

        serve = partial(trio.serve_tcp, forward, 0, host="127.0.0.1")
        listeners = await nursery.start(serve)
        port = listeners[0].socket.getsockname()[1]
        before = ("env", f"ANT_SERVER_URL=http://127.0.0.1:{port}", "sh", "-c")
        call = shlex.join([*PYTHON, "plain"])
        inner = f'{call} "$ANT_SERVER_URL" "$ANT_SESSION_ID" {tmp_path}/proxy'
        script = f"{shlex.join([*before, inner])}; exec sleep 1000"
        await ant.create("proxy", command=["sh", "-c", script])
        await eventually((tmp_path / "proxy").exists)
        answers = json.loads((tmp_path / "proxy").read_text())
        check("a terminal, by a proxy outside", "nothing", OPERATOR, answers)
        nursery.cancel_scope.cancel()


TRIES = 40
CLOSER = f"""
import encodings.idna, os, socket, sys
if sys.argv[2] == "uid":
    os.setuid({NOBODY})
body = b'{{"name": "made", "type": "chat"}}'
head = b"POST /api/sessions HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n"
head += b"Content-Length: %d\\r\\n\\r\\n"
for _ in range({TRIES}):
    one = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
    one.sendall(head % len(body) + body)
    one.close()
if len(sys.argv) > 3:
    open(sys.argv[3], "w").close()
"""


@pytest.mark.slow
async def test_who_sends_and_closes_at_once(tmp_path: Path) -> None:
    """Nobody is left to be asked about, so nothing happens; no later one either."""
    async with served(tmp_path) as (server, ant, _):
        idle = len(server.open_fds())
        words = [sys.executable, "-IS", "-c", CLOSER, str(server.port)]
        done = tmp_path / "done"
        await ant.create("closer", command=[*words, "-", str(done)])
        await eventually(done.exists)
        callers = ["in a terminal"]
        if os.geteuid() == 0:
            await trio.run_process([*words, "uid"])
            callers.append("another user")

        def settled() -> bool:
            return len(server.open_fds()) <= idle + 2

        await eventually(settled)
        names = [row["name"] for row in (await ant.sessions())["sessions"]]
        assert "made" not in names
        for caller in callers:
            caller = f"who sends and closes at once, {caller}"
            check(caller, "nothing", ("nothing is done",) * 4, ("nothing is done",) * 4)


@pytest.mark.slow
async def test_ant_shows_its_token_always(tmp_path: Path) -> None:
    """What takes the operator is refused to it, not done as somebody else."""
    async with served(tmp_path) as (_, ant, _):
        out = tmp_path / "out"
        script = (
            f"ant status > {out}.part 2>&1; echo $? >> {out}.part; mv {out}.part {out}"
        )
        await ant.create("ant", command=["sh", "-c", f"{script}; exec sleep 1000"])
        await eventually(out.exists)
        said = out.read_text()
        assert said.endswith("\n1\n")
        assert "The token of a terminal is valid in the rooms" in said


def test_every_line_of_the_table_is_tested() -> None:
    """The documentation has no line that no test here produces."""
    source = Path(__file__).read_text()
    rows = [row.split(" | ") for row in DOCUMENT.read_text().splitlines()]
    callers = {row[0].removeprefix("| ") for row in rows if len(row) == 6}
    callers -= {"caller", "---|---|---|---|---|---"}
    missing = {caller for caller in callers if f'"{caller}"' not in source}
    assert {
        caller for caller in missing if not caller.startswith("who sends and closes")
    } == set()
