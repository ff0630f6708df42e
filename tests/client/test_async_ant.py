"""The default server and its caller, as the `ant` command finds them."""

import socket
import sys
import traceback
from pathlib import Path

import pytest

from ant.client import Ant, AsyncAnt, WrongServer
from ant.core.errors import Invalid
from ant.data_dir import operator_key
from tests.cli.real import RealServer

HOME = "http://127.0.0.1:7"
BOX = "https://ant.example:1"
KEY = "a key of sixteen"


@pytest.fixture
def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server by the name `box`, and its key."""
    folder = tmp_path / "ant"
    folder.mkdir()
    (folder / "box.key").write_text(f"{KEY}\n")
    (folder / "servers.toml").write_text(
        f'[box]\nurl = "{BOX}"\napi-key-file = "box.key"\n'
    )
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


def shown(ant: AsyncAnt) -> str | None:
    """The key or token that a client shows."""
    header = ant._headers.get(b"Authorization")
    return None if header is None else header.decode().removeprefix("Bearer ")


@pytest.mark.usefixtures("names")
def test_a_server_has_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the argument, or by the variable, and with the key of that server."""
    assert (BOX, KEY) == ((ant := AsyncAnt(on="box")).url, shown(ant))
    monkeypatch.setenv("ANT_ON", "box")
    assert (BOX, KEY) == ((ant := AsyncAnt()).url, shown(ant))
    assert (HOME, None) == ((ant := AsyncAnt(HOME)).url, shown(ant))


def test_the_environment_names_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key is for that server only; a key that is given goes before it."""
    monkeypatch.setenv("ANT_SERVER_URL", HOME)
    monkeypatch.setenv("ANT_API_KEY", "the key of home")
    assert (HOME, "the key of home") == ((ant := AsyncAnt()).url, shown(ant))
    assert shown(AsyncAnt("http://127.0.0.1:8")) is None
    assert "mine" == shown(AsyncAnt(api_key="mine"))
    assert "script" == ant.sender
    assert "ci" == AsyncAnt(sender="ci").sender


def test_the_key_of_a_server_of_this_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A server has left it in its data folder."""
    key = operator_key.make(tmp_path, HOME)
    monkeypatch.setenv("ANT_DATA_DIR", str(tmp_path))
    assert key == shown(AsyncAnt(HOME))


def test_in_a_terminal_the_client_is_that_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its token goes before a key."""
    monkeypatch.setenv("ANT_SERVER_URL", HOME)
    monkeypatch.setenv("ANT_SESSION_ID", "s")
    monkeypatch.setenv("ANT_TOKEN", "token")
    monkeypatch.setenv("ANT_API_KEY", "the key of home")
    ant = AsyncAnt()
    assert ("token", None) == (shown(ant), ant.sender)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"url": "ftp://x"}, "'ftp://x' is no URL of a server: it begins with http://"),
        ({"url": "http://[x"}, "'http://[x' is not a URL: "),
        ({"url": "http://x:y"}, "'http://x:y' is not a URL: "),
        ({"on": "nope"}, "There is no server 'nope' in "),
        ({"on": "nope", "url": HOME}, "Give either a url or on=, not both."),
        ({"url": "http://x", "api_key": KEY}, "Everybody between here and x could "),
    ],
)
def test_a_server_that_cannot_be_called(
    arguments: dict[str, str], sentence: str
) -> None:
    """One sentence, before anything is sent; also of the synchronous client."""
    for kind in (AsyncAnt, Ant):
        with pytest.raises(WrongServer) as caught:
            kind(**arguments)  # type: ignore[arg-type]
        assert str(caught.value).startswith(sentence)


async def test_a_key_that_no_header_can_carry_is_not_printed() -> None:
    """The HTTP library puts the header into its error."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with AsyncAnt(url, "secret-key \n") as ant:
            with pytest.raises(Invalid, match="cannot be sent in a header") as caught:
                await ant.health()
    assert "secret" not in "".join(traceback.format_exception(caught.value))


SCRIPT = """
from ant.client import Ant
with Ant() as ant:
    me = ant.terminal({name!r})
    print("I am", me.name)
    ant.find_room({name!r}).post("done")
    try:
        ant.run("echo never")
    except Exception as error:
        print(type(error).__name__, error)
"""


@pytest.mark.slow
def test_a_script_in_a_terminal(server: RealServer, tmp_path: Path) -> None:
    """It speaks as its terminal, and may do what that may."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(name="inside"))
    with Ant(server.url) as ant:
        terminal = ant.run([sys.executable, str(script)], name="inside")
        assert 0 == terminal.wait()["exit_code"], terminal.output
        printed = terminal.output.replace("\n", " ")
        assert "I am inside" in printed
        assert "Forbidden " in printed
        (message,) = terminal.messages()
        assert ("done", terminal.id) == (message["content"], message["sender_id"])
        ours = [row["name"] for row in ant.sessions()["sessions"]]
    assert not [name for name in ours if name.startswith("echo never")]
