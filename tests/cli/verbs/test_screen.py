"""`ant screen` and `ant explain`, against a real server."""

import json

import pytest

from tests.cli.real import RealServer, on_terminal
from tests.served import ant, serve

pytestmark = pytest.mark.slow

ASKS = (
    r"printf '\033[31mred\033[0m\n'; "
    "read -p 'Delete it? [y/N] ' a; read b"
)


@pytest.fixture(scope="module")
def asks(server: RealServer) -> str:
    """A terminal that asks."""
    server.good("new", "asks", "--", "bash", "-c", ASKS)
    server.until("Delete it?", "status")
    return "asks"


def test_the_screen(server: RealServer, asks: str) -> None:
    """Its rows as text, all of it as JSON, and drawn with --raw."""
    assert "red\nDelete it? [y/N]\n" == server.good("screen", asks)
    page = json.loads(server.good("screen", asks, "--json"))
    assert (120, 30, 30) == (page["cols"], page["rows"], len(page["lines"]))
    raw = server.ant("screen", asks, "--raw").stdout_bytes
    assert page["ansi"].encode() == raw
    assert b"\x1b[" in raw
    with on_terminal(server, "screen", asks) as screen:
        assert "red" in screen.see("Delete it?")
        assert 0 == screen.code()


def test_an_explanation(server: RealServer, asks: str) -> None:
    """The state, the rule, and the rows that it matched."""
    lines = server.good("explain", asks).splitlines()
    assert lines[0].startswith("asks is dialog by the rule ")
    assert ">   1 Delete it? [y/N]" in lines
    found = json.loads(server.good("explain", asks, "--json"))
    assert ("dialog", [1]) == (found["kind"], found["rows"])
    assert "asks is " in server.good("explain", asks, "--offset", "3")
    assert 2 == server.ant("explain", asks, "--offset", "-1").exit_code


def test_a_screen_of_others_is_printed_safely(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No row moves the cursor or reorders the line."""
    row = {"id": "x", "name": "x", "handle": None}
    answers = {
        "GET /api/sessions": {"sessions": [row], "recoverable": []},
        "GET /api/sessions/x/terminal/screen": {"lines": ["a\x1b[2J", "\u202eb ", ""]},
    }
    serve(monkeypatch, **answers)
    assert "a\\u001b[2J\n\\u202eb\n" == ant("screen", "x").stdout


def test_a_room_has_no_screen(server: RealServer) -> None:
    """The server's sentence says so."""
    server.good("room", "new", "talk")
    for verb in ("screen", "explain"):
        result = server.ant(verb, "talk")
        assert (1, "") == (result.exit_code, result.stdout)
