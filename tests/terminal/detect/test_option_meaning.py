"""Answers by meaning never select an option that means more, in generated dialogs.

The test that makes a label is the oracle: it makes a plain answer, or adds words by
which the answer lasts, allows something else or reverses the question.
"""

import attrs
import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

from ant.core.errors import NotAnOption
from ant.terminal.detect.classify import classify
from ant.terminal.detect.option_meaning import means_no, means_yes
from ant.terminal.input.keys import AnswerGoal, goal_of
from ant.terminal.model.choice import Answer, Choice
from ant.terminal.model.prompt import Form, Option, Prompt
from tests.terminal.drawn import look_at
from tests.terminal.input.test_keys import prompt


@attrs.frozen
class Row:
    """A label, and the meaning that the test gave it: `yes`, `no`, `back` or `more`."""

    label: str
    means: str


YES = [
    *("Yes", "OK", "Okay", "Allow", "Approve", "Accept", "Proceed", "Continue"),
    *("Yes, proceed", "Yes, allow once", "Allow once", "Allow this time", "Run it"),
    *("Approve this action", "Run this command", "Yes, apply this change", "Go ahead"),
    *("✓ Yes, execute this tool", "Run the tool"),
]
NO = [
    *("No", "Nope", "Deny", "Reject", "Decline", "Cancel", "No, thanks", "Refuse"),
    *("Deny once", "Reject this command", "No, not now", "No, cancel", "Disallow"),
    *("✗ No, cancel execution", "✘ Deny"),
]
BACK = [
    "No, and tell Claude what to do differently",
    "No, suggest changes",
    "No, keep planning",
]
LASTS = [
    *("for this session", "always", "every time", "until I restart", "permanently"),
    *(
        "for the next hour",
        "and don't ask again",
        "and never ask again",
        "for all files",
    ),
    *("and remember this", "from now on", "in this folder for good", "automatically"),
    *("for everything", "without asking", "and stop asking", "for 30 days"),
]
ELSEWHERE = [
    *("and continue in the cloud", "and open a browser", "on the web", "with Opus"),
    *("and send feedback", "in a new worktree", "refine it with the planner"),
    *("but edit it first", "in the background", "and hand it to a colleague"),
    *("and upgrade my plan", "using the remote agent", "and log out", "later"),
]
NEGATES = [
    *("but don't run it", "don't", "never", "do the opposite", "not really"),
    *("cancel instead", "skip the check", "and reject the rest", "but stop here"),
]
ALONE = [
    *("Don't ask me again", "Do not show this again", "Never", "Always", "Never allow"),
    *("Always allow", "Always deny", "Don't allow", "Allow all", "Approve everything"),
    *("Skip", "Ask me later", "Explain", "Open settings", "Edit the command", "Other"),
    *("Use full access", "Bypass permissions", "Type something", "Chat about this"),
    *("Yes to all", "No to all", "Accept edits", "Auto", "Remember my choice", "Quit"),
    *(
        "Allow for me",
        "Normally",
        "Yesterday",
        "Nothing",
        "Okinawa",
        "Runtime",
        "Yes/No",
    ),
    *("Yes (always)", "No (never ask again)", "Allow (session)", "Deny [forever]"),
]
KEYS = st.sampled_from(["", " (y)", " (Enter)", " (shift+tab)", " (recommended)"])
CASES = st.sampled_from([str, str.upper, str.lower, lambda s: s.replace("'", "’")])
LINKS = st.sampled_from([" ", ", ", " - ", ": ", " — ", "; "])


def plain(words: list[str], means: str) -> st.SearchStrategy[Row]:
    """Return labels of only these words."""
    return st.builds(
        lambda word, case, key: Row(case(word) + key, means),
        st.sampled_from(words),
        CASES,
        KEYS,
    )


MORE = st.builds(
    lambda head, link, tail, case, key: Row(case(head + link + tail) + key, "more"),
    st.sampled_from([*YES, *NO]),
    LINKS,
    st.sampled_from([*LASTS, *ELSEWHERE, *NEGATES]),
    CASES,
    KEYS,
) | plain(ALONE, "more")
BACKS = st.builds(
    lambda label, key: Row(label + key, "back"),
    st.sampled_from(BACK),
    st.sampled_from(["", " (esc)", " (Esc to stop)"]),
)
ESCAPING = st.builds(lambda row: attrs.evolve(row, label=f"{row.label} (esc)"), MORE)
ROWS = st.lists(
    plain(YES, "yes") | plain(NO, "no") | MORE | MORE | BACKS | ESCAPING,
    min_size=2,
    max_size=5,
    unique_by=lambda row: row.label.casefold(),
)
FORMS = st.sampled_from([Form.MENU, Form.BUTTONS, Form.WORDS])
ANSWERS: list[tuple[Answer, str]] = [("approve", "yes"), ("deny", "no")]


def goal(dialog: Prompt, answer: Answer) -> AnswerGoal | None:
    """Return the goal of an answer, or None if it is refused with all labels."""
    try:
        return goal_of(dialog, Choice(answer))
    except NotAnOption as exc:
        error = str(exc)
    assert all(repr(each.label) in error for each in dialog.options)
    return None


def check(rows: list[Row], dialog: Prompt) -> None:
    """Each answer selects the only row of its meaning, or Escape, or is refused."""
    for answer, means in ANSWERS:
        taken = goal(dialog, answer)
        fits = [row for row in rows if row.means == means]
        event(f"{answer}: {'refused' if taken is None else 'taken'}")
        if taken is None:
            continue
        if taken.key is not None:
            assert answer == "deny"
            keyed = [row for row in rows if "(esc" in row.label.lower()]
            assert keyed or dialog.cancel
            assert all(row.means in ("no", "back") for row in keyed)
        else:
            assert [taken.chosen] == [row.label for row in fits]


@given(ROWS, FORMS, st.sampled_from(["", "\x1b"]))
def test_an_answer_selects_its_meaning_or_nothing(
    rows: list[Row], form: Form, cancel: str
) -> None:
    """For prompts of every form, with and without a key that cancels."""
    options = tuple(
        Option(row.label, i == 0, keys=str(i + 1) if form is Form.WORDS else "")
        for i, row in enumerate(rows)
    )
    dialog = attrs.evolve(prompt(form=form, cancel=cancel), options=options)
    taken = {}
    for answer, _ in ANSWERS:
        found = goal(dialog, answer)
        if found is not None and found.text is not None:
            assert (
                found.text == options[[r.label for r in rows].index(found.chosen)].keys
            )
        taken[answer] = found
    check(rows, dialog)


@given(
    ROWS,
    st.sampled_from(["", "Enter to confirm · Esc to cancel"]),
    st.sampled_from([None, "claude-code", "codex-cli"]),
)
def test_a_drawn_menu_is_answered_by_its_meaning(
    rows: list[Row], hint: str, flag: str | None
) -> None:
    """The same test from the screen on: ANT parses the labels first."""
    lines = [f"{'❯' if i == 0 else ' '} {i + 1}. {r.label}" for i, r in enumerate(rows)]
    snapshot = look_at(
        "Run `rm -r build`?", "", *lines, "", hint, hidden=True, cols=120
    )
    dialog = classify(snapshot, flag).prompt
    assume(dialog is not None and len(dialog.options) == len(rows))
    assert dialog is not None
    assert [" ".join(row.label.split()) for row in rows] == [
        each.label for each in dialog.options
    ]
    check(rows, dialog)


@pytest.mark.parametrize("label", ["Yes,", "Yes, and…", "No:", "No, and", "OK —"])
def test_a_label_that_is_cut_is_no_answer(label: str) -> None:
    """A narrow screen hides the rest of the label."""
    assert not means_yes(label, "Run it?")
    assert not means_no(label, "Run it?")


@pytest.mark.parametrize("label", YES)
def test_a_plain_yes_is_recognised(label: str) -> None:
    """Otherwise no prompt could be approved."""
    assert means_yes(label, "Run it?")
    assert not means_no(label, "Run it?")
    dialog = prompt("Always allow", label, "No, and open a browser")
    assert AnswerGoal(label, index=1) == goal(dialog, "approve")


@pytest.mark.parametrize("label", NO)
def test_a_plain_no_is_recognised(label: str) -> None:
    """Otherwise no prompt without a cancel key could be denied."""
    assert means_no(label, "Run it?")
    assert not means_yes(label, "Run it?")
    dialog = prompt("Yes, and open a browser", label, "Don't ask me again")
    assert AnswerGoal(label, index=1) == goal(dialog, "deny")


@pytest.mark.parametrize("label", ["Continue", "Proceed", "Accept", "Allow"])
def test_an_action_is_no_answer_to_a_question_that_stops(label: str) -> None:
    """`Continue` may contradict the question; `Yes` agrees with any."""
    assert not means_yes(label, "The run takes long. Abort it?")
    assert not means_no("Cancel", "The run takes long. Abort it?")
    assert means_yes("Yes", "The run takes long. Abort it?")
    assert means_yes(label, "Press n to abort. Go on?")


def test_trust_answers_only_a_question_for_trust() -> None:
    """It lasts: it is more than a yes to one command."""
    asks = ("Do you want to run this command?", "Do you trust this folder?")
    label = "Yes, trust this folder"
    assert [False, True] == [means_yes(label, each) for each in asks]
