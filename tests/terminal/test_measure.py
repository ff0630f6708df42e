"""The figures of the detector on the recordings may not get worse."""

import pytest

from tests.terminal.measure import QUIET_S, Counts, main, measure


@pytest.mark.parametrize(
    ("driver", "dialogs", "options", "at_rest"),
    [(True, 0.99, 0.92, 0.97), (False, 0.96, 0.91, 0.93)],
)
def test_the_figures_hold(
    driver: bool, dialogs: float, options: float, at_rest: float
) -> None:
    """With drivers and without, four seconds after the last output.

    Without a driver, gptme's `User:` is a question. The pickers of gptme and Vibe have
    no options that ANT reads, and Kimi's `Yes` has its description behind it. One look
    at opencode was taken before it had removed the bar by which it works; opencode 1.0
    shows that bar below its dialogs, so without a driver it counts as busy.
    """
    found = sum(measure(driver=driver, quiet_s=QUIET_S).values(), Counts())
    assert found.dialogs_seen >= dialogs * found.dialogs
    assert found.options >= options * found.dialogs
    assert found.at_rest_seen >= at_rest * found.at_rest
    assert found.questions_seen >= found.questions - 1  # That of opencode.
    assert 0 == found.false_dialogs
    # Text streams in Codex, and in deepagents, and nothing shows that it does.
    assert found.false_rest <= (3 if driver else 6)


@pytest.mark.parametrize("driver", [True, False])
def test_nothing_dangerous_as_recorded(driver: bool) -> None:
    """No dialog that does not exist, and no rest while an agent works or asks."""
    found = sum(measure(driver=driver).values(), Counts())
    assert (0, 0) == (found.false_dialogs, found.false_rest)
    # mini-swe-agent is silent for a second while it waits for its model.
    assert found.busy_seen >= found.busy - (not driver)


@pytest.mark.soak
def test_the_table_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """One row an agent and version, and their sum."""
    main([])
    shown = capsys.readouterr().out
    assert 4 == shown.count("\nall ")
    assert "claude-code" in shown
