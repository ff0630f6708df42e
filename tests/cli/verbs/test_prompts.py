"""`ant prompts`."""

from pathlib import Path

from click.testing import CliRunner

from ant.cli.main import main
from ant.store import Store


def replay(data_dir: Path) -> tuple[int, str]:
    result = CliRunner().invoke(
        main, ["prompts", "replay", "--data-dir", str(data_dir)]
    )
    return result.exit_code, result.output


def test_replay_without_a_database_is_refused(tmp_path: Path) -> None:
    """It makes none; exits with 1 and names the file that is missing."""
    code, output = replay(tmp_path)
    assert (1, True) == (code, output.startswith("ant: There is no database "))
    assert [] == list(tmp_path.iterdir())


def test_replay_of_nothing_differs_nowhere(store: Store, tmp_path: Path) -> None:
    """A database without terminals has no verdict."""
    store.close()
    assert (0, "0 verdicts replayed, 0 differ.\n") == replay(tmp_path)
