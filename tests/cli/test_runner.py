"""Calls of a server by the verbs of `ant`."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import httpx
import pytest

from ant.cli.runner import DEFAULT_SERVER, clean, printable
from ant.client import ant_client
from ant.core.errors import Unauthorized
from ant.data_dir import operator_key
from tests.served import Served, ant, serve

SERVER = "https://ant.example:1"
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


def test_the_key_is_read_from_a_file(served: Served, tmp_path: Path) -> None:
    """The file of the variable is for the home server, that of the flag for any."""
    file = tmp_path / "key"
    file.write_text("a key of sixteen\n")
    ant("sessions", ANT_API_KEY_FILE=str(file))
    assert "Bearer a key of sixteen" == shown(served)
    ant("sessions", "--server", SERVER, ANT_API_KEY_FILE=str(file))
    assert shown(served) is None
    flags = ("--server", SERVER, "--api-key-file", str(file))
    ant("sessions", *flags, ANT_API_KEY="other", ANT_TOKEN="token")
    assert "Bearer a key of sixteen" == shown(served)
    result = ant("sessions", "--api-key-file", str(tmp_path / "none"))
    assert (1, True) == (result.exit_code, "cannot be read" in result.stderr)
    assert 3 == len(served.asked)


def test_only_its_own_server_receives_the_key(served: Served) -> None:
    """That of ANT_SERVER_URL, or the default one."""
    env = {"ANT_API_KEY": "key"}
    for other in ("http://127.0.0.1:1", "https://other", "http://localhost:6458"):
        ant("sessions", "--server", other, **env)
        assert shown(served) is None, other
    ant("sessions", "--server", DEFAULT_SERVER, **env, ANT_SERVER_URL=SERVER)
    assert shown(served) is None
    ant("sessions", **env, ANT_SERVER_URL=SERVER)
    assert "Bearer key" == shown(served)


@pytest.mark.parametrize(
    "url", ["http://ant.example:1", "http://192.0.2.1", "http://127.x.y"]
)
def test_no_key_goes_over_plain_http(served: Served, tmp_path: Path, url: str) -> None:
    """To another machine; the flag or the variable allows it."""
    env = {"ANT_API_KEY": "key", "ANT_SERVER_URL": url}
    file = tmp_path / "key"
    file.write_text("a key of sixteen\n")
    by_file = ("--server", url, "--api-key-file", str(file))
    for result in (ant("sessions", **env), ant("sessions", *by_file)):
        assert 2 == result.exit_code
        assert "could read the key" in result.stderr
    assert [] == served.asked
    assert 0 == ant("sessions", "--plain-http", **env).exit_code
    assert "Bearer key" == shown(served)
    assert 0 == ant("sessions", *by_file, ANT_PLAIN_HTTP="1").exit_code
    assert "Bearer a key of sixteen" == shown(served)


class Recorder(BaseHTTPRequestHandler):
    """A server that keeps what it was sent, as a hostile one does."""

    heads: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.heads.append(f"{self.requestline}\n{self.headers}")
        self.send_response(401)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def recording() -> Iterator[tuple[str, list[str]]]:
    """A recorder on a port of its own; its URL and what it was sent."""
    kind = type("Own", (Recorder,), {"heads": []})
    with HTTPServer(("127.0.0.1", 0), kind) as server:
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", kind.heads
        finally:
            server.shutdown()
            thread.join()


def test_a_real_server_is_sent_no_secret(tmp_path: Path) -> None:
    """Whatever the environment and the data folder have; nor is its proxy."""
    made = operator_key.make(tmp_path, DEFAULT_SERVER)
    secrets = ["the key", "the token", "the session", made]
    env = {
        "ANT_API_KEY": "the key",
        "ANT_TOKEN": "the token",
        "ANT_DATA_DIR": str(tmp_path),
    }
    with recording() as (url, heads), recording() as (proxy, passed):
        for more in ({}, {"ANT_SESSION_ID": "the session"}):
            assert 1 == ant("sessions", "--server", url, **env, **more).exit_code
            assert 1 == ant("status", "--server", url, **env, **more).exit_code
        assert 4 == len(heads)
        assert not [each for each in secrets if each in "".join(heads)]
        own = {"ANT_SERVER_URL": url, "ANT_API_KEY": "the key"}
        assert 1 == ant("sessions", **own, HTTP_PROXY=proxy, http_proxy=proxy).exit_code
        assert "the key" in heads[-1]
        assert [] == passed


def test_only_its_own_server_receives_a_token(served: Served) -> None:
    """Another server could misuse it."""
    env = {"ANT_SERVER_URL": SERVER, "ANT_TOKEN": "token", "ANT_SESSION_ID": "s"}
    ant("sessions", **env)
    assert "Bearer token" == shown(served)
    ant("sessions", "--server", SERVER + "/", **env)
    assert "Bearer token" == shown(served)
    ant("sessions", "--server", "HTTPS://Ant.Example:1", **env)
    assert "Bearer token" == shown(served)
    for other in ("https://other:1", "https://ant.example:2", f"{SERVER}/x"):
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


def test_a_refusal_is_a_sentence_and_1(served: Served) -> None:
    """On standard error, with control characters spelled."""
    served.answers["GET /api/sessions"] = {
        "type": "urn:ant:problem:forbidden",
        "problem": 403,
        "detail": "No \x1b[31mway.",
    }
    result = ant("sessions")
    assert (1, "", "ant: No \\u001b[31mway.\n") == (
        result.exit_code,
        result.stdout,
        result.stderr,
    )


def test_who_shows_no_key_learns_how(served: Served) -> None:
    """And who shows a wrong one does not."""
    served.answers["GET /api/sessions"] = Unauthorized("No key.")
    how = "`ant` shows the key in --api-key-file FILE, or in ANT_API_KEY_FILE."
    assert f"ant: No key. {how}\n" == ant("sessions").stderr
    assert "ant: No key.\n" == ant("sessions", ANT_API_KEY="a wrong key").stderr


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
        assert ": . " not in result.stderr
        assert result.stderr.endswith(". `ant doctor` looks further.\n")


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
    assert "a\n\tb\\u001b\\u009b\\u000dc" == printable("a\n\tb\x1b\x9b\rc")
    assert "sey \\u202e[yes]" == printable("sey \u202e[yes]")


def test_json_on_a_terminal_is_printed_safely(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hidden characters are spelled, which is the same JSON; in a pipe they stay."""
    odd = {"id": "x", "name": "\x9b \u202e é \U000e0041 👩\u200d🚀"}
    served.answers["GET /api/sessions"] = page = {**PAGE, "recoverable": [odd]}
    piped = ant("sessions", "--json").stdout
    assert "\x9b \u202e é" in piped
    monkeypatch.setattr("click.testing._NamedTextIOWrapper.isatty", lambda _: True)
    shown = ant("sessions", "--json").stdout
    assert "\\u009b \\u202e é \\udb40\\udc41 👩\u200d🚀" in shown
    assert page == json.loads(piped) == json.loads(shown)


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


def test_a_key_that_no_header_can_carry_is_not_printed() -> None:
    """The HTTP library puts the header into its error."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        result = ant("sessions", ANT_SERVER_URL=url, ANT_API_KEY="secret-key \n")
    assert 1 == result.exit_code
    assert "cannot be sent in a header" in result.output
    assert "secret" not in result.output


def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No server of ANT redirects, and the key is for this one only."""
    asked: list[httpx.Request] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(307, headers={"Location": "http://127.0.0.1:2/"})

    def connect(**settings: Any) -> httpx.AsyncClient:
        return plain(**settings, transport=httpx.MockTransport(redirect))

    plain = httpx.AsyncClient
    monkeypatch.setattr(httpx, "AsyncClient", connect)
    monkeypatch.setattr(ant_client, "fits", lambda _: False)
    monkeypatch.setattr("ant.client.blocking_http.fits", lambda _: False)
    result = ant("sessions", ANT_API_KEY="secret-key")
    assert (1, f"ant: {DEFAULT_SERVER} is not an ANT server.\n") == (
        result.exit_code,
        result.output,
    )
    assert 1 == len(asked)


@pytest.mark.slow
def test_ctrl_c_ends_a_call_that_hangs() -> None:
    """With 130 and without a traceback, also where no event loop runs."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen(
            [sys.executable, "-m", "ant", "ls", "--server", url],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        peer, _ = listener.accept()
        with peer:
            assert peer.recv(3) == b"GET"
            process.send_signal(signal.SIGINT)
            assert (b"", b"") == process.communicate(timeout=30)
    assert 130 == process.returncode
