"""One server for the tests of a module."""

from collections.abc import Iterator

import pytest

from tests.cli.real import RealServer
from tests.live.server import worker_server


@pytest.fixture(scope="module")
def server() -> Iterator[RealServer]:
    """The worker's own server; it has no session when the first test begins."""
    shared = worker_server()
    yield RealServer(shared.process, shared.url)
    shared.clear()
