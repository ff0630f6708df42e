"""`ant wait`: what it asks for, what it prints and how it exits."""

from typing import Any

import pytest

from tests.served import Served, ant, serve

ROW = {"id": "ada-id", "name": "ada", "type": "terminal", "handle": "@ada"}
NOTHING: dict[str, Any] = {
    "until": None,
    "timed_out": True,
    "stopping": False,
    "next": "7.3",
    "exit_code": None,
    "exit_signal": None,
    "text": None,
    "command": None,
    "prompt": None,
}


def served(monkeypatch: pytest.MonkeyPatch, **fields: Any) -> Served:
    """A server that answers every wait with these fields."""
    answers: dict[str, Any] = {
        "GET /api/sessions": {"sessions": [ROW], "recoverable": []},
        "GET /api/sessions/ada-id/wait": {**NOTHING, **fields},
    }
    return serve(monkeypatch, **answers)


FACT = {"timed_out": False}


@pytest.mark.parametrize(
    ("fields", "line", "code", "own_code"),
    [
        ({}, "timed out: nothing came in time; go on after 7.3", 4, 4),
        ({"stopping": True}, "timed out: the server stops; go on after 7.3", 4, 4),
        ({**FACT, "until": "exit", "exit_code": 3}, "exit: code 3", 0, 3),
        ({**FACT, "until": "exit", "exit_signal": 9}, "exit: signal 9", 0, 137),
        ({**FACT, "until": "exit"}, "exit: unknown", 0, 1),
        (
            {**FACT, "until": "block", "exit_code": 0, "command": "make"},
            "block: code 0: make",
            0,
            0,
        ),
        ({**FACT, "until": "ready"}, "ready", 0, 0),
        (
            {**FACT, "until": "output:x", "text": "a \x1b]0;x\x07"},
            "output:x: a \\u001b]0;x\\u0007",
            0,
            0,
        ),
        (
            {**FACT, "until": "prompt", "prompt": {"summary": "Run it?"}},
            "prompt: Run it?",
            0,
            0,
        ),
    ],
)
def test_what_it_says(
    monkeypatch: pytest.MonkeyPatch,
    fields: dict[str, Any],
    line: str,
    code: int,
    own_code: int,
) -> None:
    """One line, without the escapes of others; the code of what ended on request."""
    served(monkeypatch, **fields)
    result = ant("wait", "@ada", "--until", "exit")
    assert (f"{line}\n", code) == (result.output, result.exit_code)
    result = ant("wait", "@ada", "--until", "exit", "--exit-code")
    assert (f"{line}\n", own_code) == (result.output, result.exit_code)


def test_what_it_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every fact, the time and the place."""
    server = served(monkeypatch)
    ant(
        *("wait", "ada", "--until", "exit", "--until", "output:a b"),
        *("--timeout", "5", "--after", "9.1"),
    )
    query = server.asked[-1].url.params
    assert ["exit", "output:a b"] == query.get_list("until")
    assert ("5", "9.1") == (query["timeout"], query["after"])


def test_the_place_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """Printed alone, without a wait; that nothing came is no failure."""
    server = served(monkeypatch)
    result = ant("wait", "ada", "--cursor")
    assert ("7.3\n", 0) == (result.output, result.exit_code)
    assert "0" == server.asked[-1].url.params["timeout"]


def test_a_fact_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bad usage."""
    served(monkeypatch)
    result = ant("wait", "ada")
    assert 2 == result.exit_code
    assert "--until FACT" in result.output
