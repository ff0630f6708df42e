"""Long loops: a short one in each run of the tests, the long one in `make soak`."""

from typing import Any

import pytest
from _pytest.mark.structures import ParameterSet

LONGEST_S = 600
"""What one test of `make soak` may take on a machine that others use, too."""


def soak(*values: Any) -> ParameterSet:
    """The parameters of a long loop, which only `make soak` runs."""
    marks = [pytest.mark.soak, pytest.mark.timeout(LONGEST_S)]
    return pytest.param(*values, marks=marks)
