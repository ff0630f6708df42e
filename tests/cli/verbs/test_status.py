"""`ant status`: once, as it changes, on a terminal and in a pipe."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.real import (
    PATIENCE_S,
    RealServer,
    on_terminal,
    proxy_of,
    real_server,
    wait_for,
)
from tests.served import ant, serve

ASKS = "read -p 'Delete it? [y/N] ' a; read b"


def lines_until(process: Any, text: str) -> list[str]:
    """The lines that a verb prints, up to one with this text."""
    lines = []
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if text in line:
            return lines
    raise AssertionError(lines, process.stderr.read())


@pytest.mark.slow
def test_changes_in_a_pipe(server: RealServer) -> None:
    """One line for each change, by events; Ctrl-C is 130 and says nothing."""
    process = server.start("status", "--watch")
    server.good("new", "asks", "--", "bash", "-c", ASKS)
    lines = lines_until(process, "Delete it?")
    assert "waiting  @asks  asks  Delete it? [1] y [2] N" == lines[-1]
    server.good("rm", "asks")
    assert "gone  @asks  asks" == lines_until(process, "gone")[-1]
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert (130, "") == (process.returncode, stderr)


@pytest.mark.slow
def test_changes_as_json(server: RealServer) -> None:
    """One object a line."""
    process = server.start("status", "--watch", "--json")
    server.good("new", "asks", "--", "bash", "-c", ASKS)
    objects = [json.loads(each) for each in lines_until(process, "Delete it?")]
    assert "asks" == objects[-1]["session"]["name"]
    assert ["y", "N"] == [each["label"] for each in objects[-1]["prompt"]["options"]]
    server.good("rm", "asks")
    (*_, last) = lines_until(process, "gone")
    assert json.loads(last)["gone"] is True
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)


@pytest.mark.slow
def test_a_terminal_is_drawn_again(server: RealServer) -> None:
    """In place, without wrapping a long line; the mode is as before at the end."""
    with on_terminal(server, "status", "--watch") as screen:
        screen.see("No terminal runs.")
        server.good("new", "asks", "--", "bash", "-c", f"echo {'x' * 200}; {ASKS}")
        screen.see("asks  Delete it?")
        server.good("rm", "asks")
        screen.see("No terminal runs.")
        screen.type("\x03")
        assert 130 == screen.code()
        assert screen.drawn.count("\x1b[?7l") == screen.drawn.count("\x1b[?7h")


@pytest.mark.slow
def test_a_connection_that_ends(server: RealServer) -> None:
    """A new one tells what changed meanwhile; if none can be had, that is 3."""
    with proxy_of(server) as proxy:
        argv = ("status", "--watch", "--retry", "1", "--server", proxy.url)
        process = server.start(*argv)
        server.good("new", "first", "--", "cat")
        lines_until(process, "first")
        proxy.cut()
        server.good("new", "second", "--", "cat")
        lines = lines_until(process, "second")
        assert not any("first" in line and "gone" in line for line in lines)
        server.good("rm", "first", "second")
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert (3, True) == (process.returncode, "cannot reach" in stderr)


@pytest.mark.slow
def test_a_server_that_comes_back(server: RealServer) -> None:
    """The watch waits for it, and shows what changed meanwhile."""
    with proxy_of(server) as proxy:
        process = server.start("status", "--watch", "--server", proxy.url)
        server.good("new", "first", "--", "cat")
        lines_until(process, "first")
        proxy.lead_to(None)
        proxy.cut()
        tries = proxy.count
        server.good("new", "second", "--", "cat")
        wait_for(lambda: tries + 2 <= proxy.count)
        proxy.lead_to(server)
        lines_until(process, "second")
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
        server.good("rm", "first", "second")


@pytest.mark.slow
def test_a_server_that_stops(tmp_path: Path) -> None:
    """The watch ends with a sentence and 3."""
    with real_server(tmp_path) as server:
        server.good("new", "here", "--", "cat")
        process = server.start("status", "--watch", "--retry", "0")
        lines_until(process, "here")
        server.stop()
        _, stderr = process.communicate(timeout=PATIENCE_S)
        assert (3, 1) == (process.returncode, stderr.count("\n"))
        assert stderr.startswith(f"ant: cannot reach {server.url}: ")


def test_status(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prints waiting terminals with their prompt; an unknown state is `unknown`."""

    served = serve(monkeypatch)

    def standing(name: str, **more: Any) -> dict[str, Any]:
        session = {"id": f"{name}-id", "handle": f"@{name}", "name": name}
        return {
            "session": session,
            "prompt": None,
            "agent_status": None,
            **more,
        }

    options = [{"label": "Yes"}, {"label": "No"}]
    asks = {"question": "Delete\nit?\x1b[2J", "summary": "s", "options": options}
    editor = {"question": "", "summary": "", "class": "editor", "options": []}
    page = {
        "waiting": 3,
        "terminals": [
            standing(
                "one", prompt=asks, agent_status={"state": "busy", "waitingFor": None}
            ),
            standing("third", prompt={**asks, "question": "", "options": []}),
            standing("edit", prompt=editor),
            standing(
                "vi", agent_status={"state": "waiting", "waitingFor": "-- INSERT --"}
            ),
            standing("two", agent_status={"state": "ready", "waitingFor": None}),
            standing("lone") | {"session": {"id": "x", "handle": None, "name": "y"}},
        ],
    }
    served.answers["GET /api/status"] = page
    assert [
        "waiting  @one    one    Delete it?\\u001b[2J [1] Yes [2] No",
        "waiting  @third  third  s",
        "waiting  @edit   edit   (editor)",
        "waiting  @vi     vi     -- INSERT --",
        "ready    @two    two",
        "unknown  x       y",
    ] == ant("status").stdout.splitlines()
    assert page == json.loads(ant("status", "--json").stdout)
    forged = {**asks, "question": "Proceed \u202e[sey]\u2028?"}
    page["terminals"] = [standing("a\u200bb", prompt=forged), standing("two")]
    assert [
        "waiting  @a\\u200bb  a\\u200bb  Proceed \\u202e[sey]\\u2028? [1] Yes [2] No",
        "unknown  @two       two",
    ] == ant("status").stdout.splitlines()
    served.answers["GET /api/status"] = {"waiting": 0, "terminals": []}
    assert "" == ant("status").stdout
