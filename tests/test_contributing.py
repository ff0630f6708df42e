"""The recipes of CONTRIBUTING.md work as they stand, on a copy of the repository."""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest

from ant import __version__

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text()

STEP = re.compile(
    r"(?:At the\s+end\s+of\s+`(?P<end>[^`]+)`"
    r"|In\s+`(?P<path>[^`]+)`,\s+(?P<where>after|before)\s+the\s+line\s+`(?P<line>[^`]+)`"
    r"|Write\s+`(?P<new>[^`]+)`)[^:`]*:\n\n```\w+\n(?P<text>.*?)```"
    r"|```sh\n(?P<commands>.*?)```",
    re.DOTALL,
)
"""One step of a recipe: a place and what to put there, or commands to run."""


@attrs.frozen
class Recipe:
    """The heading and the text below it."""

    name: str
    text: str

    def steps(self) -> Iterator[re.Match[str]]:
        """The steps in their order."""
        return STEP.finditer(self.text)


RECIPES = [
    Recipe(name, text)
    for name, text in re.findall(
        r"^## Recipe: ([^\n]+)\n(.*?)(?=^## |\Z)", TEXT, re.DOTALL | re.MULTILINE
    )
]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The package and its tests, elsewhere, with the code that Python has compiled."""
    for name in ("ant", "tests"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def edit(folder: Path, step: re.Match[str]) -> None:
    """Put a text where the step says."""
    if step["new"]:
        path = folder / step["new"]
        assert not path.exists()
        path.write_text(step["text"])
        return
    path, text = folder / (step["end"] or step["path"]), step["text"]
    if step["end"]:
        blank = "\n" if text.startswith(" ") else "\n\n"
        path.write_text(path.read_text() + blank + text)
        return
    if step["where"] == "before":
        text += "\n\n"
    lines = path.read_text().splitlines(keepends=True)
    found = [at for at, line in enumerate(lines) if step["line"] in line]
    at = found[0] + (step["where"] == "after")
    path.write_text("".join([*lines[:at], text, *lines[at:]]))


MINE = f"""#!{sys.executable}
import time
while True:
    line = input("mine> ")
    if line == "work":
        print("* Working")
        time.sleep(2)
        print("\\033[H\\033[2JDone.")
    elif line == "run":
        input("Run this command? (Y)es/(N)o [Yes]: ")
        print("\\033[H\\033[2JDone.")
"""
"""The agent that a recipe is about: it works, asks and rests."""


def make_own(folder: Path) -> str:
    """Record in folders of this test; the folder of the agent's program."""
    recorder = folder / "tests" / "terminal" / "recorder.py"
    source = recorder.read_text()
    assert '"/tmp/demo"' in source
    recorder.write_text(source.replace('"/tmp/demo', f'"{folder}/demo'))
    program = folder / "bin" / "mine"
    program.parent.mkdir()
    program.write_text(MINE)
    program.chmod(0o755)
    return str(program.parent)


def run(folder: Path, commands: str) -> None:
    """Run the commands there, with the interpreter that runs this test."""
    python = shlex.quote(sys.executable)
    ours = {"python": python, "pytest": f"{python} -m pytest"}
    script = re.sub(r"\.venv/bin/(\w+)", lambda found: ours[found[1]], commands)
    if "/path/to/bin" in script:
        script = script.replace("/path/to/bin", make_own(folder))
    done = subprocess.run(
        ["sh", "-ec", script], cwd=folder, capture_output=True, text=True, timeout=200
    )
    assert 0 == done.returncode, (done.stdout + done.stderr)[-4000:]


LONG = pytest.mark.soak
"""The recipe that starts an agent again and again, to record it."""


def test_there_are_three_recipes() -> None:
    """Each fenced text of a recipe belongs to a step, unless it is only to be read."""
    assert ["add a route", "add an event", "add an agent"] == [r.name for r in RECIPES]
    for recipe in RECIPES:
        fences = re.findall(r"^```(?:python|toml|sh)$", recipe.text, re.MULTILINE)
        assert len(fences) == len(list(recipe.steps())), recipe.name


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "recipe",
    [
        pytest.param(each, id=each.name, marks=LONG if "agent" in each.name else ())
        for each in RECIPES
    ],
)
def test_a_recipe_works(recipe: Recipe, copy: Path) -> None:
    """Every text goes where the recipe puts it, and its commands pass."""
    for step in recipe.steps():
        if step["commands"]:
            run(copy, step["commands"])
        else:
            edit(copy, step)


def test_the_verbs_exist() -> None:
    """Each verb in the table is a target of the Makefile."""
    targets = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert targets is not None
    verbs = re.findall(r"^\| `make (\w+)` \|", TEXT, re.MULTILINE)
    wanted = ["serve", "check", "test", "soak", "bench", "fuzz", "sheet"]
    wanted += ["screenshots"]
    assert wanted == verbs
    assert set(verbs) <= set(targets[1].split())


def test_the_changelog_is_of_this_version() -> None:
    """The newest version in it is that of the package; fragments are named well."""
    text = (ROOT / "CHANGELOG.md").read_text()
    assert __version__ == re.findall(r"^## (\S+)$", text, re.MULTILINE)[0]
    names = {path.name for path in (ROOT / "changelog.d").iterdir()} - {"README.md"}
    pattern = re.compile(r"[\w.-]+\.(added|changed|fixed)\.md")
    assert all(pattern.fullmatch(name) for name in names)
