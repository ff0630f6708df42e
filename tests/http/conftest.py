"""Fixtures of routes."""

import pytest

from tests.http.asking import Api
from tests.systems import Rig


@pytest.fixture
def api(rig: Rig) -> Api:
    """A client of the app of a whole server."""
    return Api(rig)
