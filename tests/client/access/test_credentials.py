"""Who calls a server, and which server."""

import pytest

from ant.client.access.credentials import identity

SERVER = "https://ant.example:1"
HOME = {"ANT_SERVER_URL": SERVER}


@pytest.mark.parametrize(
    ("env", "as_operator", "expected"),
    [
        ({}, False, (None, "cli")),
        ({"ANT_API_KEY": "k"}, False, (None, "cli")),
        ({**HOME, "ANT_API_KEY": "k"}, False, ("k", "cli")),
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
    caller = identity(SERVER, as_operator=as_operator)
    assert expected == (caller.key, caller.sender)
