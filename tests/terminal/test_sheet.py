"""The sheet of docs/agents.md is what the recordings say."""

import json
import shutil
from pathlib import Path

import pytest

from tests.terminal.recorded import FOLDER
from tests.terminal.sheet import BEGIN, END, HELD, PAGE, Key, page, see, sheet

pytestmark = pytest.mark.slow


def test_the_page_has_the_sheet_of_the_recordings() -> None:
    """Run `make sheet` after a change of a rule, a driver or a recording."""
    text = PAGE.read_text()
    assert page(text, sheet()) == text, "run `make sheet`"


def test_the_rest_of_the_page_stays() -> None:
    """Only what is between the markers is made."""
    made = page(f"before\n{BEGIN}old\n{END}after\n", "new\n\n")
    assert f"before\n{BEGIN}\nnew\n\n{END}after\n" == made
    assert made == page(made, "new")


def test_recordings_kept_aside_have_tables_of_their_own(tmp_path: Path) -> None:
    """Their misses are published, too. A label that is wrong is a miss."""
    known, held = tmp_path / "recordings", tmp_path / "held"
    shutil.copytree(FOLDER / "aider", known / "aider")
    shutil.copytree(FOLDER / "aider", held / "aider-0.86.2")
    told = held / "aider-0.86.2" / "run.json"
    content = json.loads(told.read_text())
    first = content["moments"][0]
    assert first["expect"]["kind"] == "at_rest"
    first["expect"]["kind"] = "busy"
    told.write_text(json.dumps(content))
    made = sheet(known, held)
    assert "### Kept aside" in made
    assert "| `aider-0.86.2/run#0` | busy | at rest |" in made
    assert "### Kept aside" not in sheet(known, tmp_path / "nothing")


def test_each_version_has_a_row(tmp_path: Path) -> None:
    """By the driver's name and the number in what the program says of itself."""
    shutil.copytree(FOLDER / "aider", tmp_path / "aider")
    for name, version in (("run", "aider 0.87.0"), ("busy", "(v0.87.1-beta.2).")):
        path = tmp_path / "aider" / f"{name}.json"
        told = json.loads(path.read_text())
        path.write_text(json.dumps({**told, "version": version}))
    rows = see(tmp_path, True, False)
    versions = {"0.86.2", "0.87.0", "0.87.1-beta.2"}
    assert {Key("aider", each, False) for each in versions} == rows.keys()
    assert HELD.name == "held"
