"""One server for the tests of a module, and no variables of ANT."""

from collections.abc import Iterator

import pytest

from tests.cli.real import RealServer, real_server
from tests.served import VARIABLES


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets is in the environment."""
    for name in (*VARIABLES, "ANT_DATA_DIR", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ANT_DATA_DIR", "/nonexistent")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A real server that lives as long as the tests of the module."""
    with real_server(tmp_path_factory.mktemp("server")) as started:
        yield started
