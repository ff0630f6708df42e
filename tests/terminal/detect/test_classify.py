"""Verdicts on recorded programs, compared with what the recording notes."""

from collections import Counter
from functools import cache
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.agents.driver import drivers
from ant.terminal.detect.classify import classify
from ant.terminal.model.prompt import Form, Kind, Prompt
from ant.terminal.model.tty import Tty
from tests.terminal.drawn import COOKED, RAW, look_at
from tests.terminal.recorded import Moment, Recording, recordings
from tests.terminal.unlike import MISSES, Said, heard, said

RECORDINGS = {each.name: each for each in recordings()}


KNOWN = {"zsh/menu_completion#0", "zsh/menu_completion#1"}
"""A list of completions takes the keys of a typed command like any other key."""


@cache
def verdicts(name: str) -> list[tuple[Moment, Said]]:
    """Return the verdict at each moment of a recording that is fed whole."""
    recording = RECORDINGS[name]
    return [
        (moment, heard(classify(snapshot, recording.driver)))
        for moment, snapshot in recording.looks()
    ]


@pytest.mark.parametrize("name", RECORDINGS)
def test_recorded_screens_have_the_noted_verdict(name: str) -> None:
    """State, class, options and the marked option; MISSES lists every known miss."""
    for index, (moment, found) in enumerate(verdicts(name)):
        expected = said(moment)
        if (missed := MISSES.get(f"{name}#{index}")) is not None:
            assert found == missed, f"{name}#{index} is another miss, or none any more"
        else:
            assert found == expected, f"{name}#{index}"


def test_no_dialog_is_called_at_rest() -> None:
    """No dialog is at rest, and no prompt at rest is a dialog, except known misses."""
    wrong = {
        f"{name}#{index}"
        for name in RECORDINGS
        for index, (moment, found) in enumerate(verdicts(name))
        if {found.kind, moment.expect["kind"]} == {Kind.AT_REST, Kind.DIALOG}
    }
    assert wrong <= set(MISSES)
    assert wrong <= KNOWN


def test_recall_and_false_alarms_are_within_their_bounds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Over all recordings: the share of dialogs found, and of dialogs that are none."""
    there, seen, alarms = Counter[str](), Counter[str](), Counter[str]()
    for name in RECORDINGS:
        for moment, found in verdicts(name):
            kind = moment.expect["kind"]
            there[kind] += 1
            seen[kind] += found.kind == kind
            alarms[found.kind] += found.kind != kind
    with capsys.disabled():
        print(f"\n{'kind':14} {'there':>6} {'seen':>6} {'recall':>7} {'false':>6}")
        for kind in Kind:
            recall = seen[kind] / max(there[kind], 1)
            row = f"{kind:14} {there[kind]:6} {seen[kind]:6} {recall:7.1%}"
            print(f"{row} {alarms[kind]:6}")
    assert seen[Kind.DIALOG] >= 0.95 * there[Kind.DIALOG]
    assert alarms[Kind.DIALOG] <= 0.01 * sum(there.values())
    assert alarms[Kind.AT_REST] <= 0.01 * sum(there.values())


RULE = "─" * 20
CLAUDE_ASKS = ["Do you want to", "proceed?", "❯ 1. Yes", "  2. No", "", "Esc to cancel"]


def test_a_dialog_that_is_quoted_above_a_composer_is_none() -> None:
    """Its hint may be near the end of the screen, but text follows the quotation.

    Right above the composer nobody can tell it from a dialog, so it is one there.
    """
    near = ["● It says:", *CLAUDE_ASKS, RULE, "❯ ", RULE]
    assert classify(look_at(*near, hidden=True), "claude-code").kind is Kind.DIALOG
    quoted = ["● It says:", *CLAUDE_ASKS, "", "  So I wait.", RULE, "❯ ", RULE]
    verdict = classify(look_at(*quoted, hidden=True, tty=RAW), "claude-code")
    assert (Kind.AT_REST, "claude-code/composer") == (verdict.kind, verdict.rule)
    modal = ["● It says:", RULE, "❯ ", RULE, "  text", RULE, "Esc to cancel"]
    verdict = classify(look_at(*modal, hidden=True, tty=RAW), "claude-code")
    assert (Kind.DIALOG, "claude-code/cancel") == (verdict.kind, verdict.rule)


@pytest.mark.parametrize(
    ("program", "kind"), [("gptme", Kind.AT_REST), ("other", Kind.DIALOG)]
)
def test_choices_that_took_enter_are_over_at_the_prompt_of_their_agent(
    program: str, kind: Kind
) -> None:
    """Their row shows no answer; the prompt of another program may look the same."""
    rows = ["Execute save? [Y/n/c/e/a/?]", "System: Saved.", "Done.", "User: "]
    tty = attrs.evolve(RAW, foreground=program)
    assert classify(look_at(*rows, tty=tty), "gptme").kind is kind
    assert classify(look_at(rows[0], rows[3], tty=tty), "gptme").kind is Kind.DIALOG


@pytest.mark.parametrize(
    ("question", "rule"),
    [
        ("Shall I delete the branch?", "claude-code/question"),
        ("Shall I delete the branch? (y/n)", "claude-code/choices"),
        ("Delete the branch [y/N]:", "claude-code/choices"),
        ("Delete it, yes/no?", "claude-code/choices"),
    ],
)
def test_a_question_in_prose_may_want_keys(question: str, rule: str) -> None:
    """With keys such as (y/n), a message would be the answer, so ANT types none."""
    snapshot = look_at(f"● {question}", "", RULE, "❯ ", RULE, hidden=True, tty=RAW)
    verdict = classify(snapshot, "claude-code")
    assert (Kind.QUESTION, rule) == (verdict.kind, verdict.rule)


def test_a_wrapped_permission_question_is_found() -> None:
    """As on a screen of twenty columns."""
    snapshot = look_at(*CLAUDE_ASKS, hidden=True, tty=RAW, cols=20)
    assert "claude-code/permission" == classify(snapshot, "claude-code").rule


@given(name=st.sampled_from(sorted(RECORDINGS)), size=st.integers(1, 700))
def test_the_verdict_does_not_depend_on_chunks(name: str, size: int) -> None:
    """A recording ends in the same verdicts, in chunks of any size."""
    recording: Recording = RECORDINGS[name]
    pieces = [
        heard(classify(snapshot, recording.driver))
        for _, snapshot in recording.looks(size)
    ]
    assert [found for _, found in verdicts(name)] == pieces


@pytest.mark.parametrize("name", sorted(drivers()))
def test_every_rule_of_a_driver_is_exercised(name: str) -> None:
    """Some recording matches each pattern of a driver."""
    lines, texts = set[str](), set[str]()
    for recording in RECORDINGS.values():
        front = {moment.tty.foreground for moment in recording.moments}
        if recording.driver == name or front & {*drivers()[name].programs}:
            for _, snapshot in recording.looks():
                lines.update((*snapshot.bare, snapshot.typed_at))
                if (prompt := classify(snapshot, name).prompt) is not None:
                    texts.add(prompt.text)
    driver = drivers()[name]
    unused = {
        rule.id
        for rule in driver.rules()
        if not any(
            rule.pattern.search(each)
            for each in (texts if rule in driver.dialog else lines)
        )
    }
    assert set() == unused


LIT, PLAIN = "\x1b[37;44m", "\x1b[m"
COMPOSER = ("─" * 60, "❯ ", "─" * 60)


def keyed(
    *,
    keys: str = "[y] Approve   [n] Deny",
    chosen: str = "[y] Approve",
    head: tuple[str, ...] = ("Approve tool call?", "", "  $ touch hello.txt"),
    between: tuple[str, ...] = (),
    below: tuple[str, ...] = ("", " demo (10) $0.00   Act", " /tmp/demo (main)"),
    tty: Tty = RAW,
) -> Prompt | None:
    """Return the prompt of a row of keys, one of which is highlighted."""
    row = "  " + keys.replace(chosen, f"{LIT}{chosen}{PLAIN}") if chosen else keys
    lines = ("❯ do it", "", *head, "", *between, row, *below)
    return classify(look_at(*lines, hidden=True, tty=tty)).prompt


@pytest.mark.parametrize(
    ("keys", "chosen", "options"),
    [
        ("[y] Approve   [n] Deny", "[y] Approve", "y Approve n Deny"),
        ("[y] Approve   [n] Deny", "[n] Deny", "y Approve n Deny"),
        ("(a) Allow · (x) Reject", "(a) Allow", "a Allow x Reject"),
        ("[y] Yes  [a] Always  [n] No", "[a] Always", "y Yes a Always n No"),
    ],
)
def test_a_row_of_keys(keys: str, chosen: str, options: str) -> None:
    """A key chooses its option at once; the highlighted one is selected."""
    prompt = keyed(keys=keys, chosen=chosen)
    assert prompt is not None
    heard = " ".join(f"{each.keys} {each.label}" for each in prompt.options)
    assert (Form.KEYS, options) == (prompt.form, heard)
    assert "Approve tool call?" == prompt.question
    at = prompt.selected
    assert at is not None
    assert chosen[4:] == prompt.options[at].label


def test_a_request_for_permission_above_a_row_of_keys() -> None:
    """Not every dialog puts a question."""
    prompt = keyed(head=("Cline needs permission", "", "  $ touch hello.txt"))
    assert prompt is not None
    assert Form.KEYS is prompt.form


@pytest.mark.parametrize(
    "more",
    [
        {"keys": "[p] Plan   [a] Act", "chosen": "[p] Plan"},
        {"keys": "[y] Approve   [a] Always", "chosen": "[y] Approve"},
        {"keys": "[y] Approve   [y] Deny", "chosen": "[y] Approve"},
        {"keys": "[y] Approve", "chosen": "[y] Approve"},
        {"head": ("It is done.",)},
        {"between": COMPOSER},
        {"below": COMPOSER},
        {"below": ("", "I pressed y.")},
        {"below": ("", "⠹ Working (3s • esc to interrupt)")},
        {"tty": COOKED},
    ],
)
def test_rows_that_only_look_like_keys(more: dict[str, Any]) -> None:
    """A row of help below a composer or a reply, or a dialog that is answered."""
    prompt = keyed(**more)
    assert prompt is None or prompt.form is not Form.KEYS


HISTORY = ("Session History", "", "  ❯ demo hello       just now", "")
LEAVING = "↑/↓ navigate, Enter to resume, Esc to close"


@pytest.mark.parametrize("blanks", [1, 8])
@pytest.mark.parametrize("keys", [LEAVING, "Press Esc to close the other one."])
def test_keys_of_a_dialog_above_a_composer(keys: str, blanks: int) -> None:
    """The composer stays on the screen, and does not have the focus."""
    lines = (*HISTORY, keys, *[""] * blanks, "─" * 90, "❯ Ask anything...", "─" * 90)
    found = classify(look_at(*lines, hidden=True, cols=90), "cline")
    expected = Kind.DIALOG if keys is LEAVING else Kind.AT_REST
    assert expected is found.kind
    assert found.prompt is None or found.prompt.form is Form.VIEW


@pytest.mark.parametrize(
    "row", ["esc or q to close", "Give the model feedback (↵ to submit):"]
)
def test_a_row_of_keys_is_all_that_is_known_of_a_dialog(row: str) -> None:
    """Either how it is left, or that Enter takes the text of a field below it."""
    frame = "╭" + "─" * 40 + "╮"
    lines = (frame, "│ Some text", f"│ {row}", "│ none", frame)
    found = classify(look_at(*lines, hidden=True), "some-agent")
    assert found.prompt is not None
    assert (Kind.DIALOG, Form.VIEW) == (found.kind, found.prompt.form)


def test_opencode_waits_below_its_own_status() -> None:
    """The row below says so, and the row of keys has the options."""
    bar = "▀" * 60
    lines = (
        "  ┃  Permission required to run this tool:",
        "  ┃",
        "  ┃  {keys}",
        "  ┃",
        "",
        "  ┃",
        "  ┃",
        "  ┃",
        "  ┃  Build  Demo Demo",
        f"  ╹{bar}",
        "   ■■■■■■⬝⬝  esc interrupt            ctrl+p commands",
        "",
        "  /tmp/demo:main                 ◉ 1 Permission  • 0 LSP",
    )
    keys = "enter accept  a accept always  d deny"
    drawn = [each.format(keys=keys) for each in lines]
    shown = classify(look_at(*drawn, cursor=(6, 5)), "opencode").prompt
    assert shown is not None
    assert "Permission required to run this tool:" == shown.question
    pressed = {each.label: each.keys for each in shown.options}
    assert {"accept": "\r", "accept always": "a", "deny": "d"} == pressed
    odd = [each.format(keys="Go on") for each in lines]
    shown = classify(look_at(*odd, cursor=(6, 5)), "opencode").prompt
    assert shown is not None
    assert (Form.VIEW, ()) == (shown.form, shown.options)
