"""`ant events`, `export` and `health`, against a real server."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.real import PATIENCE_S, RealServer, proxy_of, real_server, wait_for
from tests.served import ant, serve

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A new server, whose log begins with these tests."""
    with real_server(tmp_path_factory.mktemp("server")) as started:
        yield started


def test_the_log_is_printed(server: RealServer) -> None:
    """From its beginning or after a seq; of one session, of one type, so many."""
    server.good("room", "new", "log")
    server.good("msg", "log", "hello\x1b[2J")
    lines = server.good("events").splitlines()
    assert "sessions_changed" == lines[0].split()[2]
    assert lines[0].startswith("1 ")
    assert not any("\x1b" in each for each in lines)
    objects = [
        json.loads(each) for each in server.good("events", "--json").splitlines()
    ]
    assert len(lines) == len(objects)
    (posted,) = map(
        json.loads,
        server.good(
            "events", "--type", "message_created", "--session", "log", "--json"
        ).splitlines(),
    )
    assert "hello\x1b[2J" == posted["content"]
    after = server.good("events", "--since", str(posted["seq"] - 1), "--limit", "1")
    assert after.startswith(f"{posted['seq']} ")
    assert 1 == server.ant("events", "--since", "999999").exit_code
    server.good("rm", "log")


def test_the_log_is_followed_over_a_lost_server(server: RealServer) -> None:
    """It waits for the server, and misses no event; 3 if it stays away."""
    with proxy_of(server) as proxy:
        argv = ("events", "-f", "--type", "message_created", "--server", proxy.url)
        server.good("room", "new", "gone")
        server.good("msg", "gone", "zero")
        process = server.start(*argv, "--since", "0", "--retry", "2")
        assert process.stdout is not None
        while "zero" not in process.stdout.readline():
            pass
        for text in ("one", "two"):
            tries = proxy.count
            proxy.lead_to(None)
            proxy.cut()
            server.good("msg", "gone", text)
            wait_for(lambda tries=tries: tries + 2 <= proxy.count)
            proxy.lead_to(server)
            assert text in process.stdout.readline()
        server.good("rm", "gone")
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert (3, True) == (process.returncode, "cannot reach" in stderr)


def test_the_log_is_followed(server: RealServer) -> None:
    """From a seq on, then live; it ends after so many, or by Ctrl-C with 130."""
    process = server.start("events", "-f", "--since", "0", "--json")
    assert process.stdout is not None
    assert 1 == json.loads(process.stdout.readline())["seq"]
    server.good("room", "new", "live")
    for line in process.stdout:
        event = json.loads(line)
        if event["type"] == "sessions_changed":
            break
    server.good("msg", "live", "hello")
    seen = [event["seq"]]
    for line in process.stdout:
        event = json.loads(line)
        seen.append(event["seq"])
        if event["type"] == "message_created":
            break
    assert sorted(set(seen)) == seen
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=PATIENCE_S)
    assert (130, "") == (process.returncode, stderr)
    limited = server.start("events", "-f", "--since", "0", "--limit", "2")
    stdout, _ = limited.communicate(timeout=PATIENCE_S)
    assert (0, 2) == (limited.returncode, stdout.count("\n"))
    server.good("rm", "live")


def test_an_export(server: RealServer, tmp_path: Path) -> None:
    """To standard output or a file; evidence of it can be verified."""
    server.good("new", "doc", "--", "sh", "-c", "echo hi; read x")
    server.until("hi", "logs", "doc")
    assert server.good("export", "doc").startswith("---\n")
    assert "<html" in server.good("export", "doc", "--as", "html")
    assert json.loads(server.good("export", "doc", "--json"))["ok"] is True
    file = tmp_path / "doc.json"
    said = server.good("export", "doc", "--as", "evidence", "-o", str(file))
    assert said.startswith(f"Wrote {file.stat().st_size} bytes to ")
    assert " events checked" in server.good("evidence", "verify", str(file))
    result = server.ant("export", "doc", "-o", str(tmp_path / "no" / "doc"))
    assert (1, True) == (result.exit_code, "cannot be written" in result.stderr)
    assert 2 == server.ant("export", "doc", "--as", "pdf").exit_code
    server.good("rm", "doc")


def test_a_document_that_the_server_wrote(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its path is printed; one that failed is a sentence."""
    row = {"id": "x", "name": "x", "handle": None}
    result = {"ok": True, "path": "/srv/x.md", "document": None, "size": 3}
    answers = {
        "GET /api/sessions": {"sessions": [row], "recoverable": []},
        "POST /api/sessions/x/export": {"targets": {"markdown": result}},
    }
    serve(monkeypatch, **answers)
    assert "/srv/x.md\n" == ant("export", "x").stdout
    assert 1 == ant("export", "x", "-o", "y").exit_code
    result |= {"ok": False, "note": "too large"}
    failed = ant("export", "x")
    assert (1, "ant: The export failed: too large.\n") == (
        failed.exit_code,
        failed.stderr,
    )


def test_health(server: RealServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its state in lines; 1 if something is wrong, with what it is."""
    assert "status    ok\n" in server.good("health")
    page = json.loads(server.good("health", "--json"))
    limit = {**page["limits"][0], "count": 3}
    fault = {"task": "indexer", "detail": "No \x1b space.", "stopped": False}
    page |= {
        "status": "degraded",
        "limits": [limit],
        "degraded_tasks": [fault],
        "advice": "Make room.",
        "stalled_sessions": ["s"],
    }
    serve(monkeypatch, **{"GET /api/health": page})
    result = ant("health")
    assert 1 == result.exit_code
    assert "fault     indexer: No \\u001b space.\n" in result.stdout
    assert "stalled   s\n" in result.stdout
    assert f"limit     {limit['name']} reached 3 times: " in result.stdout
    assert "advice    Make room.\n" in result.stdout
