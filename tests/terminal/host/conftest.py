"""Fixtures of the tests of processes."""

from collections.abc import Iterator

import pytest

from tests.terminal.host.programs import Started


@pytest.fixture
def started() -> Iterator[list[Started]]:
    """Programs that are killed and reaped after the test."""
    programs: list[Started] = []
    yield programs
    for program in programs:
        program.kill()
        program.wait()
        if program.stdout:
            program.stdout.close()
