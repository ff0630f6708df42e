"""What CI runs once more after a failure, and what it calls green."""

import json
from pathlib import Path

import pytest

from tools import run_alone

PASSES = "def test_it(): pass\n"
FAILS = "def test_it(): assert 1 == 2\n"


def remember(folder: Path, *sources: str) -> list[str]:
    """Write tests, and what pytest keeps of a run in which all of them failed."""
    tests = []
    for number, source in enumerate(sources):
        path = folder / f"test_{number}.py"
        path.write_text(source)
        tests.append(f"{path.name}::test_it")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = soak: a long loop\n")
    (folder / "lastfailed").write_text(json.dumps(dict.fromkeys(tests, True)))
    return tests


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project in which CI has just run the tests."""
    monkeypatch.setattr(run_alone, "ROOT", tmp_path)
    monkeypatch.setattr(run_alone, "FAILED", tmp_path / "lastfailed")
    return tmp_path


@pytest.mark.slow
def test_what_passes_alone_is_green_and_named(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Long loops, too. What was remembered is for the next run to write."""
    soak = f"import pytest\n@pytest.mark.soak\n{PASSES}"
    tests = remember(folder, PASSES, soak)
    assert run_alone.main() == 0
    told = capfd.readouterr().out
    assert "Failed beside others, and have to be cured:\n  " in told
    assert "2 passed" not in told
    assert all(test in told for test in tests)
    assert not (folder / "lastfailed").exists()


@pytest.mark.slow
def test_what_fails_alone_is_red(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    _, second = remember(folder, PASSES, FAILS)
    assert run_alone.main() == 1
    assert f"Failed alone, too:\n  {second}\n" in capfd.readouterr().out


@pytest.mark.parametrize("count", [0, run_alone.MOST + 1])
def test_nothing_or_too_much_is_red(folder: Path, count: int) -> None:
    """And nothing is run: a run that broke off remembers no failure."""
    remember(folder, *[PASSES] * count)
    assert run_alone.main() == 1
    (folder / "lastfailed").unlink(missing_ok=True)
    assert run_alone.main() == 1
