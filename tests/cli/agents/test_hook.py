"""`ant hook`: whatever happens, the agent is neither stopped nor denied anything."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import attrs
import pytest

from ant.cli.agents import hook as module
from ant.cli.agents.hook import MAX_BYTES
from ant.client import ant_client
from tests.cli.real import RealServer, wait_for
from tests.live.server import environment

pytestmark = pytest.mark.slow

ALLOW = {
    "hookSpecificOutput": {
        "hookEventName": "PermissionRequest",
        "decision": {"behavior": "allow"},
    }
}
ASKED = {"hook_event_name": "PermissionRequest", "tool_name": "Bash"}
TOLD = {"hook_event_name": "PreToolUse", "tool_name": "Bash"}


@attrs.define(eq=False)
class Answering:
    """A server that answers every hook alike, and what it was told."""

    url: str
    told: list[tuple[str, Any]]


@contextmanager
def answering(answer: bytes, status: int = 200) -> Iterator[Answering]:
    """A server for the length of a block."""
    told: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            data = self.rfile.read(int(self.headers["content-length"]))
            told.append((self.headers["authorization"], json.loads(data)))
            self.send_response(status)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Answering(f"http://127.0.0.1:{server.server_port}", told)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def run(
    url: str, event: Any, *argv: str, **env: str
) -> subprocess.CompletedProcess[str]:
    """The hook as an agent runs it, in the terminal of a server."""
    known = {"ANT_SERVER_URL": url, "ANT_TOKEN": "ant.a.b", "ANT_SESSION_ID": "a"}
    return subprocess.run(
        [sys.executable, "-m", "ant", "hook", *argv],
        input=event if isinstance(event, str) else json.dumps(event),
        capture_output=True,
        text=True,
        check=False,
        env=environment(**{**known, **env}),
        timeout=30,
    )


def silent(done: subprocess.CompletedProcess[str], said: str) -> None:
    """Nothing for the agent, no exit code that blocks, and a word for its log."""
    assert (0, "") == (done.returncode, done.stdout)
    assert said in done.stderr


def test_the_decision_is_printed() -> None:
    """The event goes on with its token and the name of the agent, and comes back."""
    with answering(json.dumps(ALLOW).encode()) as server:
        done = run(server.url, ASKED, "--agent", "codex-cli")
        assert (0, "") == (done.returncode, done.stderr)
        assert json.loads(done.stdout) == ALLOW
        assert 1 == len(done.stdout.splitlines())
        assert [("Bearer ant.a.b", ASKED | {"agent": "codex-cli"})] == server.told


@pytest.mark.parametrize(
    ("event", "answer"),
    [
        (ASKED, {}),
        (ASKED, {"ok": True, "event": "PermissionRequest", "action": "recorded"}),
        (ASKED, []),
        (TOLD, ALLOW),
        ({}, ALLOW),
    ],
)
def test_nothing_else_is_printed(event: Any, answer: Any) -> None:
    """A receipt, no answer in time, a decision about nothing that was asked."""
    with answering(json.dumps(answer).encode()) as server:
        silent(run(server.url, event), "")
        assert 1 == len(server.told)


def test_a_server_that_fails() -> None:
    """It refuses, answers what is no JSON, or is away."""
    for status, answer in ((403, b'{"detail": "No."}'), (200, b"<html>"), (302, b"")):
        with answering(answer, status) as server:
            silent(run(server.url, ASKED), "The hook has no answer: ")
    silent(run(server.url, ASKED), "The hook has no answer: Connection refused")
    silent(run(server.url.replace("http", "https"), ASKED), "The hook has no answer: ")
    silent(run("unix:/nonexistent", ASKED), "The hook has no answer: ")
    silent(run("nonsense", ASKED), "The hook has no answer: ")


@pytest.mark.parametrize(
    ("event", "said"),
    [
        ("", "Expecting value"),
        ("[1]", "no JSON object"),
        ("{", "Expecting property name"),
        (json.dumps({"x": "y" * MAX_BYTES}), "more than 1048576 bytes"),
    ],
)
def test_an_event_that_is_none(event: str, said: str) -> None:
    """It goes nowhere."""
    with answering(b"{}") as server:
        silent(run(server.url, event), said)
        assert [] == server.told


def test_outside_of_a_terminal_nothing_happens() -> None:
    """The settings may be in the user's files."""
    with answering(json.dumps(ALLOW).encode()) as server:
        for missing in ("ANT_TOKEN", "ANT_SERVER_URL"):
            done = run(server.url, ASKED, **{missing: ""})
            assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
        assert [] == server.told


def test_bad_usage_does_not_block() -> None:
    """2 would be a denial."""
    for argv in (["--nope"], ["--agent"], ["--agent", "x"], ["more"]):
        done = run("http://127.0.0.1:9", ASKED, *argv)
        assert (1, "") == (done.returncode, done.stdout)


def test_it_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that never ends, and a server that never answers a report."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        monkeypatch.setattr(ant_client, "TIMEOUT_S", 0.05)
        monkeypatch.setenv("ANT_SESSION_ID", "a")
        monkeypatch.setenv("ANT_SERVER_URL", url)
        monkeypatch.setenv("ANT_TOKEN", "ant.a.b")
        with pytest.raises(Exception, match=r"no answer within 0\.05 s"):
            module._passed_on(json.dumps(TOLD).encode(), "claude-code", url)
    monkeypatch.setattr(module, "READ_S", 0.05)
    near, far = os.pipe()
    with os.fdopen(near) as stdin, os.fdopen(far, "w"):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(ValueError, match=r"did not end within 0\.05 s"):
            module._read()


def test_a_real_server_is_told(server: RealServer) -> None:
    """By a program in a terminal, under the name of that terminal."""
    server.good("new", "hooked", "--", "sh", "-c", f"{command(TOLD)}; exec sleep 60")

    def reported() -> bool:
        rows = json.loads(server.good("ls", "--json"))["sessions"]
        (row,) = [each for each in rows if each["name"] == "hooked"]
        page = run_events(server, row["id"])
        return any(each["source"] == "hook" for each in page)

    wait_for(reported)
    server.good("rm", "hooked", "--hard", "--yes")


def command(event: Any) -> str:
    """What a shell runs to pass this on, with the `ant` of this environment."""
    return f"echo '{json.dumps(event)}' | {sys.executable} -m ant hook"


def run_events(server: RealServer, session_id: str) -> Any:
    """The run events of a session."""
    import httpx

    path = f"/api/sessions/{session_id}/run-events"
    return httpx.get(server.url + path, trust_env=False).json()["events"]
