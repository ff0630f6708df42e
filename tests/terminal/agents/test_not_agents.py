"""Names of programs that run, keep or pass on what they read."""

import pytest

from ant.terminal.agents.driver import driver_of, drivers
from ant.terminal.agents.driver_files import SHELL
from ant.terminal.agents.not_agents import INTERPRETERS, PROXIES, repeats, stem


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("bash", True),
        ("dash", True),
        ("tmux: client", True),
        ("mosh-client", True),
        ("ssh", True),
        ("busybox", True),
        ("zsh5.9", True),
        ("claude", False),
        ("2.1.197", False),
        ("cat", False),
        ("", False),
    ],
)
def test_who_passes_on_what_it_reads(name: str, known: bool) -> None:
    """With a version, or with what it says of itself behind its name."""
    assert known == repeats(name)


def test_an_interpreter_has_a_version() -> None:
    """One for all of them."""
    assert {"python"} == {stem("python"), stem("python3"), stem("python3.11")}


def test_no_agent_is_among_them() -> None:
    """A driver that names one of these would open what they close."""
    closed = INTERPRETERS | PROXIES | {*drivers()[SHELL].programs}
    agents = {
        name
        for driver in drivers().values()
        if driver.name != SHELL
        for name in driver.programs
    }
    assert set() == {stem(name) for name in agents} & closed
    assert all(driver_of(name) is None for name in closed)
    assert all(stem(name) == name for name in closed)
