"""The prompt detector: when a snapshot is due, and which verdicts it reports."""

from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.detect.classify import classify
from ant.terminal.detect.prompt_detector import (
    ACTIVITY_EVERY_S,
    AT_LEAST_S,
    FLIP_S,
    LATER_S,
    PAUSE_S,
    PromptDetector,
)
from ant.terminal.detect.verdict import ActivitySeen, VerdictSeen
from ant.terminal.model.prompt import Kind
from ant.terminal.screen.snapshot import ScreenSnapshot
from tests.terminal.drawn import COOKED, RAW, look_at


def test_activity_is_reported_at_intervals() -> None:
    """At the first output, and then once the interval has passed."""
    detector = PromptDetector()
    assert [ActivitySeen(1)] == detector.feed(b"a", 1, 100.0)
    assert [] == detector.feed(b"b", 2, 100.0 + ACTIVITY_EVERY_S - 0.1)
    assert [ActivitySeen(3)] == detector.feed(b"c", 3, 100.0 + ACTIVITY_EVERY_S)
    assert 100.0 + ACTIVITY_EVERY_S == detector.last_output


def test_an_empty_chunk_is_no_output() -> None:
    """It changes nothing."""
    detector = PromptDetector()
    assert [] == detector.feed(b"", 0, 1.0)
    assert detector.last_output is None


@given(st.lists(st.floats(0, 100), min_size=1))
def test_activity_intervals_do_not_depend_on_chunks(gaps: list[float]) -> None:
    """Two reports are never closer than the interval, for any chunks and times."""
    detector, at, events = PromptDetector(), 0.0, []
    for end, gap in enumerate(gaps, 1):
        at += gap
        events += [at] * len(detector.feed(b"x", end, at))
        assert at == detector.last_output
    assert all(b - a >= ACTIVITY_EVERY_S for a, b in pairwise(events))


ASKS = "Go on? [y/N] "


def prompting(question: str = ASKS) -> ScreenSnapshot:
    """Return a snapshot of a program with a prompt."""
    return look_at("working", question, tty=COOKED, quiet_s=0.1)


def drive(detector: PromptDetector, until: float, step: float = 0.001) -> list[float]:
    """Return the times of the due snapshots; each is taken and shows the same."""
    at, looks = 0.0, []
    while at < until:
        due = detector.due(at)
        if due is not None and due <= at:
            detector.judge(prompting(), at)
            looks.append(round(at, 3))
        at += step
    return looks


def test_snapshots_are_due_when_output_pauses_and_later() -> None:
    """Then no more: a quiet terminal costs nothing."""
    detector = PromptDetector()
    detector.feed(b"x", 1, 0.0)
    looks = drive(detector, 60.0)
    assert [PAUSE_S, *LATER_S] == pytest.approx(looks, abs=0.002)
    assert detector.next_due is None


def test_snapshots_are_due_during_steady_output() -> None:
    """At intervals, however much output there is."""
    detector, looks, at = PromptDetector(), [], 0.0
    while at < 2.0:
        detector.feed(b"x", 1, at)
        due = detector.due(at)
        if due is not None and due <= at:
            detector.judge(prompting(), at)
            looks.append(at)
        at += 0.001
    assert 6 <= len(looks) <= 2.0 / PAUSE_S
    assert max(b - a for a, b in pairwise(looks)) <= AT_LEAST_S + 2 * PAUSE_S


def test_a_verdict_during_output_counts_when_seen_twice() -> None:
    """An incomplete screen may look like anything."""
    detector = PromptDetector()
    detector.feed(b"x", 1, 1.0)
    assert [] == detector.judge(prompting(), 1.01)
    assert [] == detector.judge(prompting("Else? [y/N] "), 1.02)
    events = detector.judge(prompting("Else? [y/N] "), 1.03)
    assert ["Else?"] == [
        each.verdict.prompt.question
        for each in events
        if isinstance(each, VerdictSeen) and each.verdict.prompt
    ]


def test_a_verdict_is_reported_once_with_its_inputs() -> None:
    """Again when it changes, or after `expect_new_prompt`."""
    detector = PromptDetector("aider")
    detector.feed(b"x", 1, 0.0)
    snapshot = prompting()
    events = detector.judge(snapshot, 0.1)
    assert [
        VerdictSeen(
            classify(snapshot, "aider"), snapshot.tty, 80, 24, snapshot.quiet_s, "aider"
        )
    ] == events
    assert [] == detector.judge(snapshot, 0.4)
    detector.expect_new_prompt(0.5)
    assert 1 == len(detector.judge(snapshot, 0.6))
    assert 1 == len(detector.judge(prompting("Else? [y/N] "), 0.9))


@pytest.mark.parametrize(
    ("data", "snapshot", "line", "again"),
    [
        (b"Go on? [y/N] ", prompting(), False, [None]),
        (b"R\nGo on? [y/N] ", prompting(), False, [True]),
        (b"y", prompting("Go on? [y/N] y"), False, [None]),
        (b"y", prompting(), True, [True]),
        (b"", prompting(), True, [True]),
        (b"\n", attrs.evolve(prompting(), tty=RAW), False, [None]),
        (b"x", look_at("", "working", ASKS, tty=RAW, quiet_s=0.1), False, [True]),
        (b"x", look_at("", "working", ASKS, tty=RAW, cols=60), False, [None]),
    ],
)
def test_a_prompt_is_new_after_a_line_or_on_a_new_row(
    data: bytes, snapshot: ScreenSnapshot, line: bool, again: list[bool | None]
) -> None:
    """A redraw, a draft in it or another screen size does not make it new."""
    detector = PromptDetector()
    detector.feed(b"working\r\nGo on? [y/N] ", prompting().end, 0.0)
    shown = attrs.evolve(prompting(), tty=snapshot.tty)
    assert 1 == len(detector.judge(shown, 1.0))
    end = shown.end + len(data)
    detector.feed(data, end, 2.0)
    if line:
        detector.submit(shown.end, 2.0)
    now = attrs.evolve(snapshot, end=end)
    if line and not data:
        assert [] == detector.judge(now, 2.5), "it has not reacted"
    events = [
        each.verdict.again
        for each in detector.judge(now, 2.0 + FLIP_S)
        if isinstance(each, VerdictSeen)
    ]
    assert [each for each in again if each] == [each for each in events if each]


MENU = ["Do you want to proceed?", "❯ 1. Yes", "  2. No", "", "Esc to cancel"]


@pytest.mark.parametrize(
    ("meanwhile", "typed", "after_s", "reported"),
    [
        (["⠹ Working…"], b"", 0.5, []),
        (["⠹ Working…"], b"", 1.5, [Kind.BUSY, Kind.DIALOG]),
        (["⠹ Working…"], b"1", 0.5, [Kind.BUSY, Kind.DIALOG]),
        (["Do it all?", *MENU], b"", 0.5, [Kind.DIALOG, Kind.DIALOG]),
        (["done", "$ "], b"", 0.5, [Kind.AT_REST, Kind.DIALOG]),
    ],
)
def test_a_dialog_that_is_drawn_again_stays_the_same(
    meanwhile: list[str], typed: bytes, after_s: float, reported: list[Kind]
) -> None:
    """If its program is busy for less than a second, and nobody has typed."""
    detector, events, end = PromptDetector(), list[Kind](), 0
    for rows, begin, stop in (
        (MENU, 1.0, 5.0),
        (meanwhile, 5.0, 5.0 + after_s),
        (MENU, 5.0 + after_s, 9.0),
    ):
        end += 10
        detector.feed(b"x" * 10, end, begin)
        if typed and rows is meanwhile:
            detector.typed(typed, end, begin)
        while (due := detector.due(stop)) is not None and due <= stop:
            now = look_at(*rows, tty=RAW, quiet_s=due - begin)
            for each in detector.judge(attrs.evolve(now, end=end), due):
                assert isinstance(each, VerdictSeen)
                events.append(each.verdict.kind)
    assert [Kind.DIALOG, *reported] == events


EVERY_S = 0.5
"""Seconds between two redraws of the screens below."""

FRAMES = "✻✽✶✳✢·"


def agent(row: str) -> ScreenSnapshot:
    """Return Claude's composer below a row, without the hint to interrupt."""
    rule = "─" * 60
    rows = ["● Let me see.", "", row, "", rule, "❯ ", rule, "  ? for shortcuts"]
    return look_at(*rows, hidden=True, quiet_s=0.0)


def watched(
    detector: PromptDetector, rows: list[str], begin: float = 0.0
) -> list[tuple[float, str]]:
    """Return the reported states while a row is redrawn, and for 5 s after it."""
    events: list[tuple[float, str]] = []
    end = begin + len(rows) * EVERY_S
    for tick in range(round((end - begin + 5.0) / 0.01)):
        at = begin + tick * 0.01
        index, rest = divmod(tick, round(EVERY_S / 0.01))
        if not rest and index < len(rows):
            detector.feed(b"x", tick + 1, at)
        due = detector.due(at)
        if due is None or due > at:
            continue
        shown = agent(rows[min(index, len(rows) - 1)])
        assert detector.last_output is not None
        quiet_s = at - detector.last_output
        for each in detector.judge(attrs.evolve(shown, quiet_s=quiet_s), at):
            assert isinstance(each, VerdictSeen)
            events.append((round(at - begin, 2), each.verdict.kind))
    return events


@pytest.mark.parametrize(
    ("row", "after"),
    [
        ("{} Updating the defaults of it…", []),
        ("{} Updating… (3s)", []),
        ("◴ A row that no rule knows {}", [Kind.AT_REST]),
    ],
)
def test_a_spinner_twice_a_second_does_not_flip_the_state(
    row: str, after: list[Kind]
) -> None:
    """With a known spinner, and with other output; the agent comes to rest once."""
    rows = [row.format(FRAMES[n % len(FRAMES)]) for n in range(20)]
    detector = PromptDetector("claude-code")
    events = watched(detector, rows)
    assert [Kind.BUSY, *after] == [kind for _, kind in events]
    assert all(at > 9.5 + FLIP_S for at, kind in events if kind is Kind.AT_REST)


@pytest.mark.parametrize("flag", ["kimi", None])
def test_an_agent_that_redraws_its_status_for_ever_comes_to_rest(
    flag: str | None,
) -> None:
    """Once for all, a second after its work, where its output is no sign of work."""
    detector, events, end = PromptDetector(flag), list[tuple[float, Kind]](), 0
    rule = "─" * 60
    for tick in range(24):
        begin, end = tick * EVERY_S, end + 10
        detector.feed(b"x" * 10, end, begin)
        row = f"⠹ Composing... {tick}s" if tick < 8 else "• Done."
        rows = ["✨ demo", "", row, "", f"── input {rule}", "", "", rule]
        shown = look_at(*rows, f"agent (demo)  {tick}", cursor=(5, 1), tty=RAW)
        while (due := detector.due(begin + EVERY_S)) is not None:
            if due > begin + EVERY_S:
                break
            now = attrs.evolve(shown, quiet_s=due - begin, end=end)
            for each in detector.judge(now, due):
                assert isinstance(each, VerdictSeen)
                events.append((due, each.verdict.kind))
    kinds = [kind for _, kind in events]
    assert kinds == ([Kind.BUSY, Kind.AT_REST] if flag else [Kind.BUSY]), events
    assert all(at >= 4.0 + FLIP_S for at, kind in events if kind is Kind.AT_REST)


def test_output_at_rest_is_busy_after_a_second() -> None:
    """Shorter output does not count, such as the echo of typing in the composer."""
    detector = PromptDetector("claude-code")
    assert Kind.AT_REST is [kind for _, kind in watched(detector, [""] * 2)][-1]
    assert [] == watched(detector, ["◴ once"], begin=20.0)
    events = watched(detector, [f"◴ {n}" for n in range(20)], begin=40.0)
    assert [Kind.BUSY, Kind.AT_REST] == [kind for _, kind in events]
    assert FLIP_S <= events[0][0] <= 2 * FLIP_S
    by_rule = watched(detector, ["✻ Doing it all…"] * 4, begin=80.0)
    assert [(Kind.BUSY, True)] == [(kind, at < 0.2) for at, kind in by_rule]
