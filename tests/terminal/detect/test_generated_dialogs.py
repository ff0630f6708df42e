"""Properties of generated screens of unknown agents, in four languages.

`approve` and `deny` take only a plain yes or no. A program that shows that it works is
never at rest. A screen that shows nothing of either is unknown.
"""

import itertools
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ant.core.errors import NotAnOption
from ant.terminal.detect.classify import classify
from ant.terminal.detect.prompt_detector import FLIP_S, PromptDetector
from ant.terminal.input.keys import ESC, goal_of
from ant.terminal.model.choice import Answer, Choice
from ant.terminal.model.prompt import Form, Kind
from tests.terminal.drawn import RAW, look_at

YES = ["Yes", "Allow", "Yes (y)", "Approve once", "Proceed", "Allow once"]
NO = ["No", "Deny", "No (n)", "Reject", "No, thanks", "Cancel"]
LASTS = [
    "Yes, and don't ask again",
    "Always allow",
    "Yes, for this session",
    "Allow always (a)",
    "Yes, allow all edits",
    "Ja, immer",
    "Ja, und nicht mehr fragen",
    "はい、今後は確認しない",
    "نعم، دائماً",
]
"""Options that allow more than one action."""

NEGATES = [
    "Don't ask me again",
    "Never",
    "Do not run it and block it",
    "Don't allow, ever",
    "Nicht mehr fragen",
    "二度と確認しない",
    "لا تسأل مرة أخرى",
]
"""Options that negate, and some last."""

GOES = [
    "No, refine with a plan on the web",
    "No, and delete the branch",
    "Yes, and push it",
    "Nein, im Browser verfeinern",
    "いいえ、ブラウザで続ける",
    "لا، تابع في المتصفح",
    "Edit the command",
]
"""Options that do something beside, or elsewhere."""

QUESTIONS = [
    "Do you want to run this command?",
    "Allow execution of `make`?",
    "Soll ich diesen Befehl ausführen?",
    "このコマンドを実行しますか?",
    "هل تريد تشغيل هذا الأمر؟",
]
HINTS = [
    [],
    ["Enter to select · Esc to cancel"],
    ["↑↓ navigate  enter select  esc cancel"],
    ["(Use arrow keys)"],
    ["Eingabe: wählen · Esc: abbrechen"],
    ["Enter で選択 · Esc でキャンセル"],
    ["Enter للاختيار · Esc للإلغاء"],
    ["Enterで決定・Escで戻る"],
    ["⏎ ok   ⎋ leave"],
    ["Press a number, or use the arrow keys and return."],
]
STATUS = [
    [],
    ["~/demo (main)", "0.0%/200k           model"],
    ["  ? for shortcuts"],
    ["~/demo · main", "model · 3%", "auto-accept off", "$0.01"],
]
MARKS = "❯›→▸❭>●"
BOXED = {"radio": "○◉", "paren": "( )(•)", "tick": "[ ][✔]", "square": "☐☑"}
PLAIN = [*YES, *NO]


@attrs.frozen
class Drawn:
    """A generated dialog: its rows, its options, and what draws it."""

    rows: list[str]
    options: list[str]
    cols: int
    hinted: bool
    at: int = 0
    frame: str = ""
    boxes: str = ""


def wrapped(text: str, lead: str, cols: int) -> list[str]:
    """Wrap a label as programs do, with its further rows below its first word."""
    rows, line = list[str](), lead
    for word in text.split(" "):
        if len(line) + len(word) > cols and line.strip():
            rows.append(line.rstrip())
            line = " " * len(lead)
        line += word + " "
    return [*rows, line.rstrip()]


@st.composite
def dialogs(draw: st.DrawFn) -> Drawn:
    """Draw a dialog with marks, numbers, borders, columns, hints, a scrolled top."""
    labels = st.sampled_from([*YES, *NO, *LASTS, *NEGATES, *GOES])
    options = draw(st.lists(labels, min_size=1, max_size=5, unique=True))
    at = draw(st.integers(0, len(options) - 1))
    boxes = draw(st.sampled_from(["", "", "", *BOXED]))
    mark = draw(st.sampled_from(MARKS))
    number = draw(st.sampled_from(["", "{}. ", "{}) ", "[{}] ", "{} "]))
    cols = draw(st.sampled_from([30, 48, 80, 120]))
    aside = draw(st.sampled_from(["", "column", "preview"])) if cols >= 80 else ""
    below = draw(
        st.sampled_from([[], [], ["    what it does"], ["    ╌╌╌", "    1 + x"]])
    )
    signs = BOXED.get(boxes, "")
    rows = list[str]()
    for i, label in enumerate(options):
        half = len(signs) // 2
        sign = f"{signs[half:] if i == at else signs[:half]} " if signs else ""
        lead = f"{mark if i == at else ' '} {number.format(i + 1)}{sign}"
        if aside:
            beside = "│ a preview  │" if aside == "preview" else "describes it"
            rows.append(f"{lead}{label:<40}  {beside}")
        else:
            rows += wrapped(label, lead, cols - 4)
        rows += below if len(below) == 1 else []
    if aside == "preview":
        rows.append(f"{' ' * (len(lead) + 42)}└────────────┘")
    rows += below if len(below) > 1 else []
    question = wrapped(draw(st.sampled_from(QUESTIONS)), "", cols - 4)
    hints, status = draw(st.sampled_from(HINTS)), draw(st.sampled_from(STATUS))
    body = [*question, "", *rows, *([""] if hints else []), *hints]
    frame = draw(st.sampled_from(["none", "box", "rules", "rule"]))
    rule = "─" * (cols - 2)
    if frame == "box":
        body = [f"╭{rule[:-2]}╮", *(f"│ {row}" for row in body), f"╰{rule[:-2]}╯"]
    elif frame == "rules":
        body = [rule, *body, rule]
    elif frame == "rule":
        body = [rule, *body]
    above = draw(st.sampled_from([[], ["● I would like to do that.", ""], ["x"] * 30]))
    everything = [*above, *body, *status]
    return Drawn(everything[-24:], options, cols, bool(hints), at, frame, boxes)


@st.composite
def keyed(draw: st.DrawFn) -> Drawn:
    """Draw options with their keys in brackets, in one row or one a row."""
    labels = st.sampled_from([*YES, *NO, *LASTS, *NEGATES, *GOES])
    options = draw(st.lists(labels, min_size=2, max_size=5, unique=True))
    keys = draw(st.permutations("ynadsetx"))
    pair = draw(st.sampled_from(["[{}] {}", "({}) {}"]))
    parts = [pair.format(*each) for each in zip(keys, options, strict=False)]
    gap = draw(st.sampled_from(["   ", " · ", " | ", "\n"]))
    question, status = draw(st.sampled_from(QUESTIONS)), draw(st.sampled_from(STATUS))
    rows = [question, "", *gap.join(parts).split("\n"), "", *status]
    return Drawn(rows, options, 200, hinted=False)


def refuses_or_takes(dialog: Drawn, answer: Answer, allowed: Sequence[str]) -> None:
    """Check that an answer by meaning takes one of the allowed options, or none."""
    snapshot = look_at(*dialog.rows, hidden=True, cols=dialog.cols, rows=26)
    prompt = classify(snapshot).prompt
    if prompt is None or prompt.kind is not Kind.DIALOG:
        return
    try:
        goal = goal_of(prompt, Choice(answer))
    except NotAnOption:
        return
    if goal.key == ESC:
        assert answer == "deny"
        assert dialog.hinted
        return
    if prompt.form is Form.KEYS and goal.key is not None:
        label = goal.chosen.casefold()
        assert [goal.key.decode()] == [
            each.keys for each in prompt.options if each.label == goal.chosen
        ]
    elif goal.ticked is not None:
        (index,) = goal.ticked
        label = prompt.options[index].label.casefold()
    else:
        assert goal.index is not None
        label = prompt.options[goal.index].label.casefold()
    assert any(label.startswith(each.casefold()) for each in allowed), label
    wrong = [each for each in dialog.options if each not in allowed]
    assert not any(label == each.casefold() for each in wrong), label


@given(dialogs() | keyed())
def test_an_answer_by_meaning_takes_a_plain_option(dialog: Drawn) -> None:
    """Never one that lasts, negates, or does something beside."""
    refuses_or_takes(dialog, "approve", YES)
    refuses_or_takes(dialog, "deny", NO)


@pytest.mark.soak
@settings(max_examples=3_000)
@given(dialogs() | keyed())
def test_an_answer_by_meaning_takes_a_plain_option_at_length(dialog: Drawn) -> None:
    """The same with many examples."""
    refuses_or_takes(dialog, "approve", YES)
    refuses_or_takes(dialog, "deny", NO)


CELL = "\x1b[7m \x1b[27m"
RULE = "─" * 70
COMPOSERS = [
    [RULE, f"❯ {CELL}", RULE],
    ["╭" + "─" * 68 + "╮", f"│ > {CELL}", "╰" + "─" * 68 + "╯"],
    [RULE, CELL, RULE],
    ["▄" * 70, f" > {CELL}", "▀" * 70],
]
WORKING = [
    "⠋ Thinking",
    "⠹ Überlege gerade",
    "⠼ 考えています",
    "⠧ أفكر",
    "✻ Updating defaults.toml…",
    "✢ Räume die Tests auf… (12s · ↓ 25 tokens)",
    "· 考え中… (3s)",
    "◐ Running the tests...",
    "Working… (esc to interrupt)",
    "Thinking... 3s (esc to cancel)",
    "∗ Reading files (2s · esc to stop)",
]
WORKING_BELOW = ["esc to interrupt", "  ⠋ Working", "ctrl+c to stop", "◉ Working · 3 B"]
REPLIES = [[], ["● Done. All of it."], ["Fertig."], ["完了しました。"], ["تم."]]


@st.composite
def working(draw: st.DrawFn) -> list[str]:
    """Draw a composer with something that turns above or below it."""
    reply = draw(st.sampled_from(REPLIES))
    composer = draw(st.sampled_from(COMPOSERS))
    status = draw(st.sampled_from(STATUS))
    gap = [""] * draw(st.integers(0, 2))
    if draw(st.booleans()):
        turning = draw(st.sampled_from(WORKING))
        return [*reply, "", turning, *gap, *composer, *status]
    return [*reply, *gap, *composer, draw(st.sampled_from(WORKING_BELOW)), *status]


def never_rests(rows: list[str], quiet_s: float, flag: str | None) -> None:
    """Check that a screen with something that turns is not at rest."""
    snapshot = look_at(*rows, hidden=True, quiet_s=quiet_s)
    assert classify(snapshot, flag).kind not in (Kind.AT_REST, Kind.QUESTION)


FLAGS = st.sampled_from([None, "claude-code", "gemini-cli", "opencode"])


@given(working(), st.floats(0, 10), FLAGS)
def test_nothing_rests_while_something_turns(
    rows: list[str], quiet_s: float, flag: str | None
) -> None:
    """Whatever language it says so in, with a driver of another agent or without."""
    never_rests(rows, quiet_s, flag)


@pytest.mark.soak
@settings(max_examples=2_000)
@given(working(), st.floats(0, 10), FLAGS)
def test_nothing_rests_while_something_turns_at_length(
    rows: list[str], quiet_s: float, flag: str | None
) -> None:
    """The same with many examples."""
    never_rests(rows, quiet_s, flag)


@given(
    st.sampled_from(REPLIES),
    st.sampled_from(COMPOSERS),
    st.sampled_from(STATUS),
    st.sampled_from(WORKING),
)
def test_a_stale_spinner_further_up_does_not_count(
    reply: list[str], composer: list[str], status: list[str], spinner: str
) -> None:
    """Once the screen has been still, text below the spinner means that it has ended"""
    below = reply or ["● Interrupted by the operator"]
    rows = ["❯ do it", "", spinner, "", *below, "", *composer, *status]
    verdict = classify(look_at(*rows, hidden=True, quiet_s=4.0))
    assert verdict.kind is Kind.AT_REST


PROSE = [
    "It says so in the file.",
    "Hallo Welt",
    "まだです",
    "مرحبا",
    "a | b",
    "1. one",
]


@given(st.lists(st.sampled_from(PROSE), max_size=8), st.booleans(), st.floats(1, 10))
def test_an_unknown_screen_is_unknown(
    rows: list[str], hidden: bool, quiet_s: float
) -> None:
    """Without a composer, a dialog or anything that turns."""
    verdict = classify(look_at(*rows, "", hidden=hidden, quiet_s=quiet_s))
    assert verdict.kind is Kind.QUIET_UNKNOWN


@given(
    st.lists(st.floats(0.05, 0.9), min_size=4, max_size=20),
    st.sampled_from(COMPOSERS),
    st.booleans(),
)
def test_a_composer_that_is_redrawn_does_not_flip(
    pauses: list[float], composer: list[str], at_first: bool
) -> None:
    """Between busy and at rest at most once a second, however output comes."""
    detector, at, end = PromptDetector(None), 100.0, 0
    kinds = list[tuple[float, Kind]]()
    for pause in [*pauses, 1.5 if at_first else 0.1, 0.3, 2.0]:
        end += 10
        detector.feed(b"x" * 10, end, at)
        last, stop = at, at + pause
        while (due := detector.due(stop)) is not None and due <= stop:
            rows = ["● Counting.", "", *composer, "  ? for shortcuts"]
            snapshot = look_at(*rows, hidden=True, quiet_s=due - last, tty=RAW)
            detector.judge(attrs.evolve(snapshot, end=end), due)
            if detector.verdict is not None:
                kinds.append((due, detector.verdict.kind))
        at = stop
    turns = [b[0] for a, b in itertools.pairwise(kinds) if a[1] != b[1]]
    gaps = [b - a for a, b in itertools.pairwise(turns)]
    assert all(gap >= FLIP_S - 0.3 for gap in gaps), kinds


PHASES = st.lists(
    st.tuples(st.booleans(), st.integers(1, 8), st.floats(0.05, 0.9)),
    min_size=2,
    max_size=8,
)
"""Whether something turns, for how many frames, and the seconds between two of them."""


def watched(
    phases: list[tuple[bool, int, float]], composer: list[str], footer: str
) -> list[tuple[float, float, bool, Kind]]:
    """Return each reported state: when, after how much quiet, and what turned then."""
    detector, at, end, frame = PromptDetector(None), 100.0, 0, 0
    told = list[tuple[float, float, bool, Kind]]()
    for turns, frames, pause in [*phases, (False, 1, 3.5)]:
        for _ in range(frames):
            end, frame = end + 10, frame + 1
            detector.feed(b"x" * 10, end, at)
            spinner = [f"{'⠋⠙⠹⠸'[frame % 4]} Thinking", ""] if turns else []
            rows = ["● Counting.", "", *spinner, *composer, footer]
            last, stop = at, at + pause
            while (due := detector.due(stop)) is not None and due <= stop:
                quiet_s = due - last
                snapshot = look_at(*rows, hidden=True, quiet_s=quiet_s, tty=RAW)
                for _ in detector.judge(attrs.evolve(snapshot, end=end), due):
                    assert detector.verdict is not None
                    told.append((due, quiet_s, turns, detector.verdict.kind))
            at = stop
    return told


def never_flips(
    phases: list[tuple[bool, int, float]], composer: list[str], footer: str
) -> None:
    """Check that what turns is busy, and that rest follows a quiet second."""
    told = watched(phases, composer, footer)
    for (_, _, _, before), (_, quiet_s, turns, kind) in itertools.pairwise(told):
        assert not (turns and kind is Kind.AT_REST)
        assert not (before is Kind.BUSY and kind is Kind.AT_REST and quiet_s < FLIP_S)
    rests = [at for at, _, _, kind in told if kind is Kind.AT_REST]
    assert all(b - a >= FLIP_S for a, b in itertools.pairwise(rests))
    assert told[-1][3] is (Kind.BUSY if "interrupt" in footer else Kind.AT_REST)


FOOTERS = st.sampled_from(["  ? for shortcuts", "~/demo (main)", "  esc to interrupt"])


@pytest.mark.slow
@settings(max_examples=8)
@given(PHASES, st.sampled_from(COMPOSERS), FOOTERS)
def test_a_state_does_not_flip_however_something_turns(
    phases: list[tuple[bool, int, float]], composer: list[str], footer: str
) -> None:
    """A spinner comes and goes, and is redrawn at any pace."""
    never_flips(phases, composer, footer)


@pytest.mark.soak
@settings(max_examples=300)
@given(PHASES, st.sampled_from(COMPOSERS), FOOTERS)
def test_a_state_does_not_flip_however_something_turns_at_length(
    phases: list[tuple[bool, int, float]], composer: list[str], footer: str
) -> None:
    """The same with many examples."""
    never_flips(phases, composer, footer)
