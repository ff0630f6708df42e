"""Servers by name, and which one a command line means."""

from pathlib import Path

import pytest

from ant.client.access.servers import DEFAULT_SERVER
from tests.served import Served, ant, serve

PAGE = {"sessions": [], "recoverable": []}
BOX, NEAR = "https://ant.example:1", "http://127.0.0.1:2"
KEY = "a key of sixteen"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """A server that lists no sessions, whatever its URL."""
    return serve(monkeypatch, **{"GET /api/sessions": PAGE})


@pytest.fixture
def config(tmp_path: Path) -> dict[str, str]:
    """The environment with two servers: `box` has a key, `near` has none."""
    folder = tmp_path / "ant"
    folder.mkdir()
    (folder / "box.key").write_text(f"{KEY}\n")
    (folder / "servers.toml").write_text(
        f'[box]\nurl = "{BOX}"\napi-key-file = "box.key"\n[near]\nurl = "{NEAR}"\n'
    )
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def called(served: Served) -> tuple[str, str | None]:
    """The server of the last call, and what was shown to it."""
    request = served.asked[-1]
    url = str(request.url).removesuffix("/api/sessions")
    return url, request.headers.get("Authorization")


def test_a_server_is_called_by_its_name(served: Served, config: dict[str, str]) -> None:
    """Before or after the verb, or by the variable; a flag goes before that."""
    key = f"Bearer {KEY}"
    for argv in (("--on", "box", "ls"), ("ls", "--on", "box")):
        assert 0 == ant(*argv, **config).exit_code
        assert (BOX, key) == called(served)
    ant("ls", ANT_ON="box", ANT_SERVER_URL=NEAR, **config)
    assert (BOX, key) == called(served)
    ant("ls", "--on", "near", ANT_ON="box", **config)
    assert (NEAR, None) == called(served)
    ant("--on", "box", "ls", "--on", "near", **config)
    assert (NEAR, None) == called(served)
    ant("ls", "--server", NEAR, ANT_ON="box", **config)
    assert (NEAR, None) == called(served)
    ant("ls", ANT_ON="", **config)
    assert (DEFAULT_SERVER, None) == called(served)


def test_no_key_goes_to_another_server(served: Served, config: dict[str, str]) -> None:
    """That of a name goes to that server; that of the environment to its home."""
    env = {"ANT_API_KEY": "the key of home", "ANT_SERVER_URL": "http://127.0.0.1:3"}
    ant("ls", "--on", "near", **config, **env)
    assert (NEAR, None) == called(served)
    ant("ls", "--on", "box", **config, **env, ANT_TOKEN="token")
    assert (BOX, f"Bearer {KEY}") == called(served)
    ant("ls", "--server", BOX, **config)
    assert (BOX, None) == called(served)
    ant("ls", "--on", "near", **config, ANT_API_KEY="k", ANT_SERVER_URL=NEAR)
    assert (NEAR, "Bearer k") == called(served)


def test_a_terminal_stays_at_its_server(
    served: Served, config: dict[str, str], tmp_path: Path
) -> None:
    """A program there is that terminal: no variable and no name makes it more."""
    inside = {"ANT_SESSION_ID": "s", "ANT_TOKEN": "token", "ANT_SERVER_URL": BOX}
    ant("ls", ANT_ON="near", **config, **inside)
    assert (BOX, "Bearer token") == called(served)
    ant("ls", "--on", "box", **config, **inside)
    assert (BOX, "Bearer token") == called(served)
    ant("ls", "--on", "near", **config, **inside)
    assert (NEAR, None) == called(served)
    file = str(tmp_path / "ant" / "box.key")
    ant("ls", "--on", "box", "--api-key-file", file, **config, **inside)
    assert (BOX, f"Bearer {KEY}") == called(served)


def test_plain_http_is_allowed_by_the_file(served: Served, tmp_path: Path) -> None:
    """Else no key goes over it."""
    folder = tmp_path / "ant"
    folder.mkdir()
    (folder / "key").write_text(KEY)
    text = '[far]\nurl = "http://192.0.2.1"\napi-key-file = "key"\n'
    (folder / "servers.toml").write_text(text)
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert 2 == ant("ls", "--on", "far", **env).exit_code
    assert [] == served.asked
    (folder / "servers.toml").write_text(f"{text}plain-http = true\n")
    assert 0 == ant("ls", "--on", "far", **env).exit_code
    assert ("http://192.0.2.1", f"Bearer {KEY}") == called(served)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("[box", "cannot be read"),
        ("box = 1", "is no table"),
        ("[box]\n", "needs a url"),
        ('[box]\nurl = "ftp://x"', "needs a url"),
        ("[box]\nurl = 1", "needs a str as url"),
        ('[box]\nurl = "http://x"\nkey = "x"', "has 'key', but the keys are url, api"),
        ('["b x"]\nurl = "http://x"', "is no name"),
        ('[box]\nurl = "http://x"\nplain-http = 1', "needs a bool as plain-http"),
        ('[two]\nurl = "http://x"', "There is no server 'box' in"),
    ],
)
def test_a_file_that_is_wrong(
    served: Served, tmp_path: Path, text: str, part: str
) -> None:
    """It is bad usage, with the place; no server is called."""
    folder = tmp_path / "ant"
    folder.mkdir()
    (folder / "servers.toml").write_text(text)
    result = ant("ls", "--on", "box", XDG_CONFIG_HOME=str(tmp_path))
    assert (2, []) == (result.exit_code, served.asked)
    assert part in result.stderr
    assert str(folder / "servers.toml") in result.stderr


def test_two_servers_are_bad_usage(served: Served, config: dict[str, str]) -> None:
    """And so is a name for a verb that calls no server."""
    for argv in (
        ("ls", "--on", "box", "--server", NEAR),
        ("--on", "box", "completion", "bash"),
        ("--on", "box", "serve"),
    ):
        assert 2 == ant(*argv, **config).exit_code
    assert [] == served.asked
