"""Findings of `ant doctor`, and the threads that look for them."""

from collections.abc import Iterator
from threading import Event

from ant.cli.host.finding import Finding, Level, ok, problem, run_checks, warning


def one() -> Iterator[Finding]:
    yield ok("one", "first")
    yield warning("one", "second", "Mend it.")


def test_findings_come_in_the_order_of_the_checks() -> None:
    """With their levels; only what is wrong has a remedy."""
    found = list(
        run_checks({"one": one, "two": lambda: [problem("two", "x", "Do y.")]})
    )
    assert [
        (Level.OK, "first", None),
        (Level.WARNING, "second", "Mend it."),
        (Level.PROBLEM, "x", "Do y."),
    ] == [(each.level, each.text, each.remedy) for each in found]


def test_a_check_that_fails_is_a_problem() -> None:
    """What it found before is kept, and others are not disturbed."""

    def fails() -> Iterator[Finding]:
        yield ok("some", "found")
        raise RuntimeError("broken")

    found = list(run_checks({"some": fails, "one": one}))
    assert [("some", Level.OK), ("some", Level.PROBLEM)] == [
        (each.subject, each.level) for each in found[:2]
    ]
    assert "broken" in found[1].text
    assert 4 == len(found)


def test_a_check_that_hangs_does_not_delay_the_report() -> None:
    """It is a problem itself; what it found before is kept."""
    release = Event()

    def hangs() -> Iterator[Finding]:
        yield ok("disk", "found")
        release.wait()

    try:
        found = list(run_checks({"disk": hangs, "one": one}, 0.1))
    finally:
        release.set()
    assert [
        "found",
        "This check did not end within 0.1 seconds.",
        "first",
        "second",
    ] == [each.text for each in found]
