"""Calls of a server by the verbs of `ant`."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from ant.cli.runner import DEFAULT_SERVER, clean, identity, printable
from ant.data_dir import operator_key
from tests.served import Served, ant, serve

SERVER = "http://ant.example:1"
HOME = {"ANT_SERVER_URL": SERVER}
PAGE: dict[str, Any] = {"sessions": [], "recoverable": []}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """A server that lists no sessions."""
    return serve(monkeypatch, **{"GET /api/sessions": PAGE})


def shown(served: Served) -> str | None:
    return served.asked[-1].headers.get("Authorization")


def test_the_server_is_chosen(served: Served) -> None:
    """By the flag, else by the variable, else by default."""
    assert 0 == ant("sessions").exit_code
    assert 0 == ant("sessions", ANT_SERVER_URL="http://two:2/").exit_code
    flags = ("sessions", "--server", "https://three")
    assert 0 == ant(*flags, ANT_SERVER_URL="http://two:2").exit_code
    urls = [str(each.url).removesuffix("/api/sessions") for each in served.asked]
    assert [DEFAULT_SERVER, "http://two:2", "https://three"] == urls


def test_the_key_is_chosen(served: Served) -> None:
    """A token goes before the operator's key."""
    ant("sessions")
    assert shown(served) is None
    ant("sessions", ANT_API_KEY="key")
    assert "Bearer key" == shown(served)
    ant("sessions", ANT_API_KEY="key", ANT_TOKEN="token")
    assert "Bearer token" == shown(served)
    ant("sessions", ANT_API_KEY="", ANT_TOKEN="")
    assert shown(served) is None


def test_only_its_own_server_receives_a_token(served: Served) -> None:
    """Another server could misuse it."""
    env = {"ANT_SERVER_URL": SERVER, "ANT_TOKEN": "token", "ANT_SESSION_ID": "s"}
    ant("sessions", **env)
    assert "Bearer token" == shown(served)
    ant("sessions", "--server", SERVER + "/", **env)
    assert "Bearer token" == shown(served)
    ant("sessions", "--server", "HTTP://Ant.Example:1", **env)
    assert "Bearer token" == shown(served)
    for other in ("http://other:1", "http://ant.example:2", "http://ant.example:1/x"):
        ant("sessions", "--server", other, **env)
        assert shown(served) is None, other
    ant("sessions", "--server", SERVER, ANT_TOKEN="token")
    assert shown(served) is None, "one that names no server is that of the default one"


def test_without_a_key_an_operator_call_sends_the_token(served: Served) -> None:
    """A call without credentials could pass as the operator; a key goes before it."""
    served.answers["GET /api/status"] = {"terminals": []}
    env = {"ANT_SERVER_URL": SERVER, "ANT_TOKEN": "token"}
    ant("status", **env)
    assert "Bearer token" == shown(served)
    ant("status", **env, ANT_API_KEY="key")
    assert "Bearer key" == shown(served)


def test_a_key_that_a_server_made_is_used(served: Served, tmp_path: Path) -> None:
    """From the data folder, for that server only, and never inside a terminal."""
    key = operator_key.make(tmp_path, DEFAULT_SERVER)
    folder = {"ANT_DATA_DIR": str(tmp_path)}
    ant("sessions", **folder)
    assert f"Bearer {key}" == shown(served)
    ant("sessions", **folder, ANT_API_KEY="other")
    assert "Bearer other" == shown(served)
    ant("sessions", "--server", SERVER, **folder)
    assert shown(served) is None
    ant("sessions", **folder, ANT_SESSION_ID="s")
    assert shown(served) is None


@pytest.mark.parametrize(
    ("env", "as_operator", "expected"),
    [
        ({}, False, (None, "cli")),
        ({"ANT_API_KEY": "k"}, False, ("k", "cli")),
        ({**HOME, "ANT_TOKEN": "t", "ANT_SESSION_ID": "s"}, False, ("t", None)),
        ({**HOME, "ANT_TOKEN": "t", "ANT_SESSION_ID": "s"}, True, ("t", None)),
        ({"ANT_TOKEN": "t", "ANT_SESSION_ID": "s"}, False, (None, "cli")),
        ({**HOME, "ANT_TOKEN": "t", "ANT_API_KEY": "k"}, True, ("k", "cli")),
        ({**HOME, "ANT_TOKEN": "t", "ANT_API_KEY": "k"}, False, ("t", None)),
        ({"ANT_SESSION_ID": "s", "ANT_SERVER_URL": SERVER}, False, (None, "s")),
        ({"ANT_SESSION_ID": "s", "ANT_SERVER_URL": "http://x"}, False, (None, "cli")),
    ],
)
def test_the_caller_has_a_key_and_a_name(
    monkeypatch: pytest.MonkeyPatch,
    env: dict[str, str],
    as_operator: bool,
    expected: tuple[str | None, str | None],
) -> None:
    """The sender is named unless a token identifies it."""
    for name in ("ANT_API_KEY", "ANT_TOKEN", "ANT_SESSION_ID", "ANT_SERVER_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert expected == identity(SERVER, as_operator=as_operator)


def test_a_refusal_is_a_sentence_and_1(served: Served) -> None:
    """On standard error, without control characters."""
    served.answers["GET /api/sessions"] = {
        "type": "urn:ant:problem:forbidden",
        "problem": 403,
        "detail": "No \x1b[31mway.",
    }
    result = ant("sessions")
    assert (1, "", "ant: No \ufffd[31mway.\n") == (
        result.exit_code,
        result.stdout,
        result.stderr,
    )


def test_another_kind_of_server_is_1(served: Served) -> None:
    """It responds, but not as ANT does."""
    served.answers["GET /api/sessions"] = b"<html>"
    result = ant("sessions")
    assert (1, f"ant: {DEFAULT_SERVER} is not an ANT server.\n") == (
        result.exit_code,
        result.stderr,
    )


def test_no_server_is_3(served: Served) -> None:
    """It cannot be reached, or does not respond in time."""
    for error in (httpx.ConnectError("refused"), httpx.ReadTimeout("")):
        served.answers["GET /api/sessions"] = error
        result = ant("sessions")
        assert 3 == result.exit_code
        assert result.stderr.startswith(f"ant: cannot reach {DEFAULT_SERVER}: ")
        assert not result.stderr.endswith(": \n")


@pytest.mark.parametrize(
    "argv",
    [
        ("sessions", "--server", "localhost:6458"),
        ("sessions", "--nope"),
        ("sessions", "more"),
        ("msg", "room"),
        ("msg", "room", " "),
        ("msg", "room", "-"),
        ("chat", "send", "room"),
        ("chat", "read", "room", "--limit", "0"),
        ("chat", "decide", "room", "perhaps"),
        ("chat", "nope"),
    ],
)
def test_usage_is_2(served: Served, argv: tuple[str, ...]) -> None:
    """No server is called."""
    assert 2 == ant(*argv, stdin=b"").exit_code
    assert [] == served.asked


def test_json_prints_the_response(served: Served) -> None:
    """All of it; JSON escapes control characters."""
    odd = {
        "id": "x",
        "type": "chat",
        "status": "none",
        "handle": None,
        "name": "\x1b é",
    }
    served.answers["GET /api/sessions"] = page = {**PAGE, "sessions": [odd]}
    result = ant("sessions", "--json")
    assert page == json.loads(result.stdout)
    assert "é" in result.stdout
    assert "\x1b" not in result.stdout


def test_texts_of_others_are_printed_safely() -> None:
    """Lines and tabs stay; what moves a cursor or ends a string does not."""
    assert "a\n\tb\ufffd\ufffd\ufffdc" == printable("a\n\tb\x1b\x9b\rc")


def test_arguments_are_text() -> None:
    """Bytes that are not UTF-8 become U+FFFD."""
    assert "a\ufffd" == clean("a\udcff")


def test_nothing_heavy_is_imported_for_help() -> None:
    """`--help` does not need a server's libraries."""
    code = "import sys, ant.cli.main; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    heavy = {"trio", "httpx", "quart", "peewee", "hypercorn", "cattrs", "ant.client"}
    assert not heavy & set(done.stdout.split())
