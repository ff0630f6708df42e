"""Names of programs that execute, keep or forward their input."""

import pytest

from ant.terminal.agents.driver import driver_of, drivers
from ant.terminal.agents.driver_files import SHELL
from ant.terminal.agents.not_agents import INTERPRETERS, PROXIES, repeats, stem


@pytest.mark.parametrize(
    ("name", "repeated"),
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
def test_programs_that_repeat_their_input(name: str, repeated: bool) -> None:
    """Also with a version, or with a status text behind the name."""
    assert repeated == repeats(name)


def test_an_interpreter_has_a_version() -> None:
    """All versions have one name."""
    assert {"python"} == {stem("python"), stem("python3"), stem("python3.11")}


def test_no_agent_is_on_the_lists() -> None:
    """A driver for such a name would permit what the lists forbid."""
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
