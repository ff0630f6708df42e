"""Checks of `ant doctor`: the server that `ant` calls, and who the caller is to it."""

import socket
from pathlib import Path

import pytest

from ant.cli.host import server_checks
from ant.cli.host.finding import Finding, Level
from ant.cli.host.server_checks import Asked, check_server
from ant.core import clock
from ant.core.errors import Forbidden, NotFound, Unauthorized
from ant.data_dir.lock import locked
from tests.served import VARIABLES, Served, serve

HERE = "http://127.0.0.1:6458"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """A healthy server that knows the operator."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
    monkeypatch.setenv("ANT_DATA_DIR", "/nonexistent")
    health = {"version": server_checks.ant.__version__, "status": "ok"}
    health["taken_at"] = clock.stamp(clock.now())
    who = {"kind": "operator", "scopes": [], "session_id": None}
    return serve(monkeypatch, **{"GET /api/health": health, "GET /api/caller": who})


def look(on: str | None = None, url: str | None = None) -> list[Finding]:
    return list(check_server(Asked(on, url, None, False), Path("/nonexistent")))


def test_a_healthy_server(served: Served) -> None:
    """Who the caller is comes from the server."""
    assert [Level.OK, Level.OK] == [each.level for each in look()]
    assert "You are the operator" == look()[1].text
    token = {"kind": "token", "label": "CI\x1b[m", "scopes": ["view", "post"]}
    served.answers["GET /api/caller"] = token | {"expires_at": "2030-01-01T00:00:00Z"}
    assert "with view, post, until 2030" in look()[1].text


def test_another_version_and_another_clock(served: Served) -> None:
    """Both are warnings."""
    health = {"version": "9.9", "taken_at": "2020-01-01T00:00:00.000000Z"}
    served.answers["GET /api/health"] |= health
    version, skew, _ = look()
    assert (Level.WARNING, True) == (version.level, "ANT 9.9" in version.text)
    assert (Level.WARNING, "server clock") == (skew.level, skew.subject)


def test_a_degraded_server(served: Served) -> None:
    """Its own advice is the remedy."""
    fault = {"task": "reserve", "detail": "The disk is full", "stopped": False}
    served.answers["GET /api/health"] |= {
        "status": "degraded",
        "degraded_tasks": [fault],
        "advice": "Make room.",
    }
    found = {each.text: each for each in look()}
    assert "Make room." == found["reserve: The disk is full."].remedy
    served.answers["GET /api/health"] |= {"degraded_tasks": []}
    assert Level.PROBLEM in {each.level for each in look()}


def test_a_caller_who_may_not_call(served: Served) -> None:
    """The sentence of the server says what to do."""
    served.answers["GET /api/caller"] = Unauthorized("Send the key.")
    (found,) = look()
    assert (Level.PROBLEM, "Send the key.") == (found.level, found.text)


def test_a_terminal_may_not_read_the_health(served: Served) -> None:
    """Who it is is told all the same; an older server tells neither."""
    served.answers["GET /api/health"] = Forbidden("No.")
    served.answers["GET /api/caller"] = {"kind": "terminal", "session_id": "abc"}
    assert ["only the operator may read its state", "You are the terminal abc"] == [
        each.text.rpartition("; ")[2] for each in look()
    ]
    served.answers["GET /api/caller"] = NotFound("route", "/api/caller")
    assert [Level.PROBLEM] == [each.level for each in look()]


def test_no_server(tmp_path: Path) -> None:
    """A process with the lock makes it a problem; otherwise none was started."""
    asked = Asked(None, "http://127.0.0.1:9", None, False)
    (found,) = check_server(asked, tmp_path)
    assert (Level.WARNING, True) == (found.level, "ant serve" in str(found.remedy))
    with locked(tmp_path):
        (found,) = check_server(asked, tmp_path)
    assert (Level.PROBLEM, True) == (found.level, "Process" in str(found.remedy))


def test_a_name_or_a_url_that_is_none(served: Served) -> None:
    """No server is called."""
    for found in (look("nowhere"), look(None, "http://[")):
        assert [Level.PROBLEM] == [each.level for each in found]
    assert [] == served.asked


def test_a_server_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It takes the connection and says nothing; the check ends all the same."""
    monkeypatch.setattr(server_checks, "ANSWER_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        (found,) = check_server(Asked(None, url, None, False), tmp_path)
    assert (Level.WARNING, True) == (found.level, "within 0.1 s" in found.text)
