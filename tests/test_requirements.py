"""What `make` installs: nothing that has no hash in `requirements/`."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOCKS = ("run", "dev", "build", "node")


def locked(name: str) -> dict[str, str]:
    """The version of each package in a lock file; every one must have a hash."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    found = {}
    for entry in re.split(r"\n(?=\S)", text):
        if match := re.match(r"([\w.-]+)==([^\s;]+)", entry):
            assert "--hash=sha256:" in entry, entry
            found[match[1]] = match[2]
    return found


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_has_a_hash(name: str) -> None:
    """And no line names an index, an address or another file."""
    assert locked(name)
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert not re.search(r"^\s*(-[^-]|--(?!hash=))|://", text, re.MULTILINE)


def test_the_locks_agree() -> None:
    """They are installed into one environment, one after the other."""
    versions = dict[str, set[str]]()
    for name in LOCKS:
        for package, version in locked(name).items():
            versions.setdefault(package, set()).add(version)
    assert {} == {name: found for name, found in versions.items() if len(found) > 1}


def test_the_build_backend_is_locked() -> None:
    """With what it needs for an editable installation."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    required = project["build-system"]["requires"]
    names = {re.split(r"[><=~! ]", each)[0] for each in required}
    assert names | {"editables"} <= locked("build").keys()
    assert set(required) <= set(project["dependency-groups"]["build"])


def test_make_fetches_nothing_else() -> None:
    """Every installation is by hash and of wheels only, or without any index."""
    stamps = ["none/run.stamp", "none/dev.stamp"]
    done = subprocess.run(
        ["make", "-n", "VENV=none", *stamps],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "MAKEFLAGS": ""},
    )
    installs = [each for each in done.stdout.splitlines() if "pip install" in each]
    assert 3 == len(installs)
    for each in installs:
        by_hash = "--require-hashes --only-binary :all: -r" in each
        alone = "--no-index --no-deps --no-build-isolation -e ." in each
        assert by_hash or alone, each
