"""Patterns of users' drivers: they cannot hold the event loop."""

import logging
import re

import pytest

from ant.core import clock
from ant.terminal.agents import bounded_pattern
from ant.terminal.agents.bounded_pattern import (
    BURST_S,
    SOURCE_MAX,
    TEXT_MAX,
    Allowance,
    compile_bounded,
)

ROWS = [each * (TEXT_MAX // len(each)) for each in ("a", "ab", "a ", "aaaab", "a│")]
"""Rows as wide as a terminal may be."""

HARD = ["(a?){200}a{200}", "(a+a+)+b", "[ab]*a[ab]{400}c", "(.*a.*){30}z", "(a|aa)+$"]
"""Patterns that take Python's `re` for ever, or RE2 the longest."""


def test_a_pattern_matches_as_it_would_elsewhere() -> None:
    """Groups, places, and the whole text."""
    pattern = compile_bounded(r"^v(?P<version>\d+\.\d+) │", Allowance("a"))
    found = pattern.search("v1.20 │ more")
    assert found is not None
    assert {"version": "1.20"} == found.groupdict()
    assert (0, 7) == (found.start(), found.end())
    assert "version" in pattern.groupindex
    assert pattern.fullmatch("v1.20 │ more") is None
    assert pattern.fullmatch("v1.20 │") is not None


@pytest.mark.parametrize("source", HARD)
def test_no_search_takes_long(source: str) -> None:
    """A pattern on which `re` backtracks for ever takes milliseconds at most."""
    pattern = compile_bounded(source, Allowance("a"))
    for row in ROWS:
        began = clock.cpu_time()
        pattern.search(row)
        assert clock.cpu_time() - began < 0.1


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("(", "missing )"),
        ("a(?!b)", "RE2 has no look-ahead and no look-behind"),
        ("(?<!a)b", "RE2 has no look-ahead and no look-behind"),
        (r"(a)\1", "invalid escape sequence"),
        ("x" * (SOURCE_MAX + 1), "at most 500 characters, got 501"),
        ("[^…]{900}b", "too large"),
        ("[^…]{200}b", "this one is too large"),
        ("((a{100}){100}){100}", "invalid repetition size"),
        ("a*", "'a*' matches an empty row, and so every row"),
        ("^", "matches an empty row"),
    ],
)
def test_a_pattern_that_cannot_be_bounded_is_refused(source: str, reason: str) -> None:
    """The error says why."""
    with pytest.raises(ValueError, match=re.escape(reason)):
        compile_bounded(source, Allowance("a"))


def test_the_patterns_of_a_file_are_bounded_together() -> None:
    """Many patterns of the largest size are refused."""
    allowance = Allowance("a")
    for _ in range(4):
        compile_bounded("(a{100}){9}b", allowance)
    with pytest.raises(ValueError, match="too large together"):
        compile_bounded("(a{100}){9}b", allowance)


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    """A row is never that wide; the text of a dialog may be."""
    pattern = compile_bounded("end", Allowance("a"))
    assert pattern.search(" " * (TEXT_MAX - 3) + "end") is not None
    assert pattern.search(" " * TEXT_MAX + "end") is None


def test_patterns_that_take_long_are_not_used_further(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The allowance comes back slowly; once it is used up, it is for good."""
    now = 0.0
    monkeypatch.setattr(bounded_pattern.clock, "monotonic", lambda: now)
    allowance = Allowance("mine")
    for _ in range(100):
        now += BURST_S / bounded_pattern.SHARE
        allowance.spend(BURST_S)
    assert not allowance.is_used_up
    with caplog.at_level(logging.WARNING):
        allowance.spend(BURST_S)
        allowance.spend(BURST_S)
    assert allowance.is_used_up
    assert 1 == len(caplog.records)
    assert "driver mine take too long" in caplog.text


def test_usual_searches_cost_nothing() -> None:
    """However many terminals use the driver."""
    allowance = Allowance("mine")
    pattern = compile_bounded(r"^\* Working\b", allowance)
    row = "  some text of a program that stands on a row of a screen".ljust(120)
    for _ in range(20_000):
        pattern.search(row)
    assert allowance.spent_s < BURST_S / 10


def test_a_search_spends_processor_time() -> None:
    """What it spends is counted for the file, and ends in a bounded time."""
    allowance = Allowance("mine")
    pattern = compile_bounded("[ab]*a[ab]{400}c", allowance)
    searches = 0
    while not allowance.is_used_up:
        pattern.search(ROWS[3])
        searches += 1
        assert searches < 100_000
    assert searches > 1
