"""Dialogs as many agents draw them, seen without a driver."""

import attrs
import pytest

from ant.core.errors import NotAnOption
from ant.terminal.detect.classify import classify
from ant.terminal.input.keys import goal_of
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Form, Kind
from tests.terminal.drawn import RAW, look_at

RULE = "─" * 60
FAINT, BOLD, BACK, OFF = "\x1b[2m", "\x1b[1m", "\x1b[48;5;24m", "\x1b[m"
USE = "(Use Enter to select)"
BUTTONS = f"  {BACK} Allow {OFF}   Session    Deny "
TTY = attrs.evolve(RAW, foreground="some-agent", interprets=False)


def boxed(*lines: str, inner: int = 56) -> list[str]:
    """Draw lines in a box."""
    rule = "─" * (inner + 2)
    return [f"╭{rule}╮", *(f"│ {line:{inner}} │" for line in lines), f"╰{rule}╯"]


Screen = tuple[list[str], list[str], int]
"""Rows, options, and the marked one."""

FAMILIES: dict[str, Screen] = {
    "status rows below the hints": (
        [
            RULE,
            "",
            " Allow this command?",
            "",
            " → Yes",
            "   No",
            "",
            " ↑↓ navigate  enter select  esc cancel",
            "",
            RULE,
            "~/demo (main)",
            "0.0%/200k (auto)                         model • medium",
        ],
        ["Yes", "No"],
        0,
    ),
    "status rows below the border, without hints": (
        [RULE, " Allow this command?", "", " → Yes", "   No", RULE, "~/demo (main)"],
        ["Yes", "No"],
        0,
    ),
    "two columns": (
        [
            " Select a model",
            "",
            " → opus      the large one",
            "   sonnet    the middle one",
            "   haiku     the small one",
            "   (1/3)",
            "",
            " enter select · esc cancel",
            "~/demo                      12.3%/200k",
        ],
        ["opus", "sonnet", "haiku"],
        0,
    ),
    "one option": (
        [" Continue?", "", " → Continue", "", " enter select · esc cancel"],
        ["Continue"],
        0,
    ),
    "numbers in brackets": (
        ["Run `make`?", "", "❯ [1] Yes", "  [2] No", "", "Enter to select"],
        ["Yes", "No"],
        0,
    ),
    "numbers without a dot": (
        ["Run `make`?", "", "❭ 1 Yes", "  2 No", "", "Enter to select · Esc to cancel"],
        ["Yes", "No"],
        0,
    ),
    "numbers before radio buttons": (
        ["Run `make`?", "", "1 (○) Always", "2 (●) Yes", "3 (○) No", "", "↑/↓ enter"],
        ["Always", "Yes", "No"],
        1,
    ),
    "hints in the column of the options": (
        ["Run `make`?", "❯ Yes", "  No", "  ↑/↓ move · enter select · esc cancel"],
        ["Yes", "No"],
        0,
    ),
    "a box with text below the options": (
        [
            *boxed(
                "Sign in?",
                "",
                "● 1. Yes",
                "  2. No",
                "",
                "(Use Enter to select)",
                "Terms",
            ),
            "",
            "~/demo (main)                 model",
        ],
        ["Yes", "No"],
        0,
    ),
    "a preview below": (
        [
            RULE,
            " Theme",
            "",
            " ❯ 1. Dark",
            "   2. Light",
            "",
            " " + "╌" * 40,
            "  1  function greet() {",
            "  2 -  log('one');",
            " " + "╌" * 40,
            "  Syntax theme: default (ctrl+t to disable)",
            "",
            " Enter to select · Esc to cancel",
        ],
        ["Dark", "Light"],
        0,
    ),
    "a preview beside": (
        [
            RULE,
            "Which layout?",
            "",
            "❯ 1. Sidebar     ╭───────────────────╮",
            "  2. Top bar     │ nav │ content     │",
            "  3. Hybrid      │     │             │",
            "                 │     │             │",
            "                 ╰───────────────────╯",
            "",
            "                 Notes: press n to add notes",
            RULE,
            "  Chat about this",
            "",
            "Enter to select · ↑/↓ to navigate · n to add notes · Esc to cancel",
        ],
        ["Sidebar", "Top bar", "Hybrid"],
        0,
    ),
    "keys that go back": (
        [RULE, " Select a thing", " ❯ One", "   Two", "", " Esc to go back"],
        ["One", "Two"],
        0,
    ),
    "hints of another wording": (
        ["Allow it?", "▸ Allow", "  Deny", "", "(↵) ok  (q) leave"],
        ["Allow", "Deny"],
        0,
    ),
    "a colour alone": (
        [
            "Run it?",
            "",
            f"  {BACK}Allow once{OFF}",
            "  Allow always",
            "  Reject",
            "",
            "↑↓ select  enter confirm  esc cancel",
        ],
        ["Allow once", "Allow always", "Reject"],
        0,
    ),
    "buttons by their colour": (
        [
            *boxed(
                "Permission required", "", f"  {BACK} Allow {OFF}   Session    Deny "
            ),
            "",
            "←/→ choose · enter confirm · esc cancel",
        ],
        ["Allow", "Session", "Deny"],
        0,
    ),
    "descriptions below the options": (
        [
            "Which database?",
            "❯ SQLite",
            "    One file, nothing to run",
            "  Postgres",
            "    A server of its own",
            "",
            "enter select · esc cancel",
        ],
        ["SQLite", "Postgres"],
        0,
    ),
    "descriptions in the column of the options, and a rule in the box": (
        boxed(
            "Select a method",
            "",
            "› Key",
            "  Paste a key of your account",
            "",
            "  Browser",
            "  Open a page and sign in there",
            "",
            "  Local",
            "  Connect to a server of your own",
            "",
            "─" * 40,
            "",
            "Terms of service:",
            "https://example.com/terms",
        ),
        ["Key", "Browser", "Local"],
        0,
    ),
    "a border of the preview in the row of an option": (
        [
            "Theme",
            "",
            "❯ Dark      ┌──────────────┐",
            "  Light     │ code         │",
            "  Auto      └──────────────┘",
            "",
            "Enter to select · Esc to cancel",
        ],
        ["Dark", "Light", "Auto"],
        0,
    ),
    "a quoting mark in a box with hints": (
        [
            *boxed("RUN (make)", "", "> Yes, allow", "  No, cancel", "")[:-1],
            *boxed("Enter to select, Esc to cancel")[1:],
            "  [Auto (Off)]        model x",
        ],
        ["Yes, allow", "No, cancel"],
        0,
    ),
    "a background in a box without hints": (
        [
            *boxed("Run it?", "", f"{BACK}  1. Yes  {OFF}", "  2. No"),
            "/tmp/demo     0%",
        ],
        ["Yes", "No"],
        0,
    ),
    "keys in brackets in one row": (
        [
            "Allow it?",
            "",
            "  $ make",
            "",
            f"  {BACK}[y] Approve{OFF}   [n] Deny",
            "",
            " demo (10) $0.00               ○ Plan ● Act (Tab)",
        ],
        ["Approve", "Deny"],
        0,
    ),
    "hints in French": (
        [
            "Autoriser ?",
            "",
            "❯ Oui",
            "  Non",
            "",
            "Entrée pour valider · Échap : quitter",
        ],
        ["Oui", "Non"],
        0,
    ),
    "hints in Japanese without blanks": (
        ["実行しますか?", "", "❯ はい", "  いいえ", "", "Enterで選択・Escでキャンセル"],
        ["はい", "いいえ"],
        0,
    ),
    "numbers without a dot before boxes": (
        ["Which?", "", "❯ 1 ☐ one", "  2 ☑ two", "", "Space toggle · Enter confirm"],
        ["one", "two"],
        0,
    ),
    "a box with arrow keys as its hint, and a status below": (
        [
            *boxed("Run it?", "", "  ○ Yes", "› ◉ No", "", "(Use arrow keys)"),
            "  ? for shortcuts",
        ],
        ["Yes", "No"],
        1,
    ),
    "numbered boxes above the row that submits them": (
        [
            RULE,
            "Which ones?",
            "",
            "❯ 1. [ ] one",
            "  2. [✔] two",
            "  3. [ ] Type something",
            "     Next",
            RULE,
            "  4. Chat about this",
            "",
            "Enter to select · Esc to cancel",
        ],
        ["one", "two", "Type something", "Next", "Chat about this"],
        0,
    ),
    "two groups of options": (
        [
            "Run it?",
            "❯ Yes",
            "  Yes, and the same for all others",
            "",
            "  No",
            "  No, and tell it what to do",
            "",
            "Esc to cancel",
        ],
        ["Yes", "Yes, and the same for all others", "No", "No, and tell it what to do"],
        0,
    ),
    "a full row that has lost its first column": (
        [
            "Run it?",
            " ❯ 1. Yes",
            "  2. "
            + "Yes, and do not ask again for the commands of make in this "
            + "x" * 16,
            "",
            "   3. No",
            "",
            " Esc to cancel",
        ],
        [
            "Yes",
            "Yes, and do not ask again for the commands of make in this " + "x" * 16,
            "No",
        ],
        0,
    ),
    "a label without a number that wraps": (
        [
            "Run it?",
            "❯ Yes, and do not ask me again for any of the commands that begin with it",
            "  anywhere in this folder",
            "  No",
            "",
            "Esc to cancel",
        ],
        [
            "Yes, and do not ask me again for any of the commands that begin with it "
            "anywhere in this folder",
            "No",
        ],
        0,
    ),
    "a label that wraps": (
        [
            "Run it?",
            "❯ 1. Yes, and do not ask me again for commands that begin with `make`",
            "     inside the same folder",
            "  2. No",
            "",
            "Esc to cancel",
        ],
        [
            "Yes, and do not ask me again for commands that begin with `make` "
            "inside the same folder",
            "No",
        ],
        0,
    ),
}


@pytest.mark.parametrize("name", FAMILIES)
def test_a_dialog_of_an_unknown_agent_is_seen(name: str) -> None:
    """With all its options, and the marked one; it can be answered."""
    rows, options, marked = FAMILIES[name]
    shown = ["● I would like to do that.", "", *rows]
    verdict = classify(look_at(*shown, hidden=True, tty=TTY, rows=30))
    assert verdict.kind is Kind.DIALOG
    assert verdict.prompt is not None
    assert verdict.prompt.form is not Form.VIEW
    assert options == [each.label for each in verdict.prompt.options]
    assert marked == verdict.prompt.selected


KEYED = {
    "[Y]es  [N]o  [A]lways": {"Yes": "y", "No": "n", "Always": "a"},
    "(y) Allow once · (a) Always allow · (n) Deny": {
        "Allow once": "y",
        "Always allow": "a",
        "Deny": "n",
    },
    "[A]llow once  [D]eny  Allow a[l]ways": {
        "Allow once": "a",
        "Deny": "d",
        "Allow always": "l",
    },
    "[y] Yes\n[a] Always\n[n] No": {"Yes": "y", "Always": "a", "No": "n"},
    "[q] Quit  [h] Help": None,
    "[y] Yes  [x] Stop": None,
    "[y] Yes  [o] OK  [n] No": None,
    "[y] Yes  [y] No": None,
    "Press [y] Yes or [n] No": None,
}


@pytest.mark.parametrize("row", KEYED)
def test_keys_in_brackets_are_options_if_they_say_yes_and_no(row: str) -> None:
    """The key takes effect at once. Other rows of keys are a legend."""
    rows = ["● Well.", "", "Run it?", "", *row.split("\n"), "", "~/demo (main)"]
    prompt = classify(look_at(*rows, hidden=True, tty=TTY)).prompt
    wanted = KEYED[row]
    keys = prompt and {each.label: each.keys for each in prompt.options}
    assert (keys or None) == wanted
    assert wanted is None or (prompt and prompt.form is Form.KEYS)
    typed = classify(look_at(*rows, cursor=(2, 7), tty=TTY)).prompt
    assert typed is None or typed.form is not Form.KEYS


@pytest.mark.parametrize("gap", ["   ", "\n"])
def test_the_keys_of_a_plain_yes_and_no_answer(gap: str) -> None:
    """Although another option lasts; not if the text says that any answer is kept."""
    options = ["[y] Yes", "[a] Yes, and don't ask again", "[n] No"]
    for said in ("", "Your choice will be remembered for this session."):
        rows = ["Run it?", said, "", *gap.join(options).split("\n"), "~/demo (main)"]
        prompt = classify(look_at(*rows, hidden=True, tty=TTY, cols=120)).prompt
        assert prompt is not None
        for answer, key in (("approve", b"y"), ("deny", b"n")):
            if said:
                with pytest.raises(NotAnOption):
                    goal_of(prompt, Choice(answer))
            else:
                assert key == goal_of(prompt, Choice(answer)).key


def test_a_row_below_numbered_boxes_submits_them() -> None:
    """Enter on a box only ticks it."""
    rows, _, _ = FAMILIES["numbered boxes above the row that submits them"]
    prompt = classify(look_at(*rows, hidden=True, tty=TTY)).prompt
    assert prompt is not None
    assert Form.BOXES is prompt.form
    assert ["Next"] == [each.label for each in prompt.options if each.keys]


CELL = "\x1b[7m \x1b[27m"
AT_REST: dict[str, list[str]] = {
    "rules and a sign": [RULE, f"❯ {CELL}", RULE, "  ? for shortcuts"],
    "rules without a sign": [RULE, CELL, RULE, "~/demo", "0.0%/200k    model"],
    "a box": [*boxed(f"> {CELL}"), " / commands · @ files"],
    "a box with a dot": [*boxed("● ▋\x1b[38;5;8mAsk anything\x1b[m"), " ~/demo"],
    "a draft of two rows": [
        RULE,
        "> first thought",
        f"  second{CELL}",
        RULE,
        " ? help",
    ],
    "a hook below a status": [f"π > model ▶{RULE}128K─", f"╰─ {CELL}"],
    "a palette": [RULE, f"❯ /m{CELL}", RULE, "❯ /model   Set it", "  /memory  Edit it"],
    "a palette above": ["  /model", "❯ /memory", RULE, f"❯ /m{CELL}", RULE],
}


TIPS = ["Tips:", "1. Write notes", "2. \x1b[36m/help\x1b[m for more", "3. Press Enter"]
UPPER, LOWER = "▀" * 60, "▄" * 60
AT_REST["a numbered list"] = [*TIPS, *AT_REST["rules and a sign"]]
AT_REST["a numbered list and a sent message"] = [
    *[*TIPS, UPPER, " > /resume", LOWER, " " * 40 + "? for shortcuts", RULE],
    *[
        " Shift+Tab to accept edits",
        UPPER,
        f" > {CELL}\x1b[2mYour message\x1b[m",
        LOWER,
    ],
    " workspace   branch",
]


def test_a_command_that_is_completed_below_a_bar_is_no_menu() -> None:
    """The cursor stands behind the beginning of the command, right above the list."""
    shown = [f"╭── π > model ▶{RULE}╮", f"╰─ /mo\x1b7{' ' * 40}─╯", "❯ model   Set it"]
    shown += ["  move    Move it", "  plan    Plan: off\x1b8"]
    verdict = classify(look_at(*shown, tty=TTY))
    assert Kind.DIALOG is not verdict.kind
    asked = [each.replace("/mo", "Go on?") for each in shown]
    assert Kind.DIALOG is classify(look_at(*asked, tty=TTY)).kind


@pytest.mark.parametrize("name", AT_REST)
def test_an_unknown_agent_is_at_rest(name: str) -> None:
    """A draft or the completion of a command does not change that."""
    shown = ["● Done. All of it.", "", *AT_REST[name]]
    verdict = classify(look_at(*shown, hidden=True, tty=TTY))
    assert (Kind.AT_REST, "general/composer") == (verdict.kind, verdict.rule)
    fresh = classify(look_at(*shown, hidden=True, tty=TTY, quiet_s=0.5))
    assert (Kind.BUSY, "general/output") == (fresh.kind, fresh.rule)


@pytest.mark.parametrize(
    ("rows", "kind"),
    [
        (
            ["Shall I delete it?", "", RULE, f"❯ {CELL}", RULE, "  ? help"],
            Kind.QUESTION,
        ),
        (
            [
                *[
                    "Shall I delete it?",
                    "",
                    "~13 tokens",
                    "",
                    "Worked for a nimble 0s.",
                ],
                *["", "What would you like me to help with?", *boxed(f"> {CELL}")],
            ],
            Kind.QUESTION,
        ),
        (["Delete it? [y/n]", "", f"> {CELL}", "", "~/demo 1%"], Kind.DIALOG),
        (["Allow it? [a]llow [d]eny:", "", f"> {CELL}", "", "~/demo 1%"], Kind.DIALOG),
        (
            ["Type a reason, or press Esc to go back.", *boxed(f"> {CELL}")],
            Kind.DIALOG,
        ),
        ([*boxed("Enter a key", f"> {CELL}", "Esc to cancel")], Kind.DIALOG),
        (
            [RULE, "Resume", "", "> ", "", "› demo hello", "", RULE, "~/d"],
            Kind.QUIET_UNKNOWN,
        ),
        (["❯ 1. Yes", "  2. No", "", RULE, f"❯ {CELL}", RULE, "  ? help"], Kind.DIALOG),
    ],
)
def test_an_unknown_agent_that_asks_is_not_at_rest(rows: list[str], kind: Kind) -> None:
    """Although there is a composer."""
    verdict = classify(look_at("● Well.", "", *rows, hidden=True, tty=TTY))
    assert kind is verdict.kind


def test_a_sent_message_above_a_reply_is_no_composer() -> None:
    """It looks like one, and the driver knows the row; the real one is not drawn."""
    rows = [" > do it", "", "✦ Let me do that."]
    verdict = classify(look_at(*rows, hidden=True, quiet_s=4.0), "gemini-cli")
    assert verdict.kind is Kind.QUIET_UNKNOWN


def test_keys_alone_make_a_view() -> None:
    """ANT presses nothing there, not even Escape."""
    rows = ["Help", "", "Some text.", "Esc to close"]
    prompt = classify(look_at(*rows, hidden=True, tty=TTY)).prompt
    assert prompt is not None
    assert (Form.VIEW, "", ()) == (prompt.form, prompt.cancel, prompt.options)
