"""`ant servers`: the list of the file."""

import json
from pathlib import Path

from tests.served import ant

FILE = """
[box]
url = "https://ant.example:1"
api-key-file = "box.key"
[near]
url = "http://127.0.0.1:2"
"""


def test_the_list(tmp_path: Path) -> None:
    """With a mark at the one that is called without a flag."""
    folder = tmp_path / "ant"
    folder.mkdir()
    (folder / "servers.toml").write_text(FILE)
    env = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert [
        f"   box   https://ant.example:1  {folder}/box.key",
        "*  near  http://127.0.0.1:2     -",
    ] == ant("servers", ANT_ON="near", **env).stdout.splitlines()
    page = json.loads(ant("servers", "--json", **env).stdout)
    assert str(folder / "servers.toml") == page["file"]
    assert [("box", False), ("near", False)] == [
        (each["name"], each["called"]) for each in page["servers"]
    ]


def test_no_file(tmp_path: Path) -> None:
    """It is said where one would be."""
    result = ant("servers", XDG_CONFIG_HOME=str(tmp_path))
    assert (0, "") == (result.exit_code, result.stdout)
    assert f"{tmp_path}/ant/servers.toml has no servers" in result.stderr
