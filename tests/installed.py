"""Programs that tests drive: a test skips and says so where one is missing."""

import os
import re
import shutil
from collections import Counter
from collections.abc import Iterable

import pytest
from _pytest.mark.structures import ParameterSet

from ant.http.pages.web_files import FOLDER, STAMP

_REASON = re.compile(r"needs (\S+), which is not installed")


_SYSTEM = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
"""Daemons are in folders that a user's `PATH` may leave out."""


def find(program: str) -> str | None:
    """The path of a program; None where it is not installed."""
    return shutil.which(program, path=_SYSTEM)


def _missing(programs: Iterable[str]) -> str | None:
    return next((each for each in programs if find(each) is None), None)


def _reason(program: str) -> str:
    return f"needs {program}, which is not installed"


def need(*programs: str) -> None:
    """Skip where one of these is missing. For fixtures and tests that are not async:
    what is raised in an async test loses its reason."""
    if (program := _missing(programs)) is not None:
        pytest.skip(_reason(program))


def need_page() -> None:
    """Skip where the third-party files of the page are missing."""
    if not (FOLDER / STAMP).exists():
        pytest.skip("needs the third-party files of the page; run make vendor")


def needs(*programs: str) -> pytest.MarkDecorator:
    """The mark of a test that skips where one of these is missing."""
    program = _missing(programs)
    return pytest.mark.skipif(program is not None, reason=_reason(program or ""))


def each(*programs: str) -> list[ParameterSet]:
    """Parameters, one program each, that skip where it is missing."""
    return [pytest.param(program, marks=needs(program)) for program in programs]


def not_driven(reasons: Iterable[str]) -> list[str]:
    """A line for each program whose lack skipped tests: its name, and how many."""
    found = Counter(
        match[1] for reason in reasons if (match := _REASON.search(reason)) is not None
    )
    return [
        f"{program}: {count} test{'s' if count > 1 else ''}"
        for program, count in sorted(found.items())
    ]
