"""One server for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.cli.real import RealServer, real_server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A real server that lives as long as the tests of the module."""
    with real_server(tmp_path_factory.mktemp("server")) as started:
        yield started
