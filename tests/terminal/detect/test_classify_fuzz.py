"""The classifier returns a valid verdict for any screen."""

import contextlib

from hypothesis import event, given
from hypothesis import strategies as st

from ant.core.errors import NotAnOption
from ant.terminal.agents.driver import drivers
from ant.terminal.detect.classify import classify
from ant.terminal.input.keys import goal_of, next_move
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Form, Kind, Verdict
from ant.terminal.model.tty import Tty
from tests.strategies import terminal_bytes
from tests.terminal.drawn import RAW, look_after

MENUS = ["❯ 1. Yes", "  2. No", "❯ a", "> a", "  b", "* c", "▌ d", "◉ e", "○ f", "● g"]
BOXES = ["[x] a", "[ ] b", "(*) c", "( ) d", "☑ e", "☐ f", "<Ok>", "< No >", "[ OK ]"]
ASKS = ["[Y/n] ", "(y)es/(n)o ", "yes/no", "#? ", "1) a", "2) b", "[R]etry [A]bort"]
LINES = ["Password: ", "Name? ", "? Name (x) ", "Type 'yes' or 'no': ", "漢字: ", "$ "]
VIEWS = ["(END)", ":", "~", "--More--", "  GNU nano", "^G Help ^O Out", "-- INSERT --"]
KEYS = ["Press Enter to continue", "esc to cancel", "(y or n)", "(i-search)`': ", "1/3"]
DRAWN = [
    "│",
    "╭────",
    "────────────",
    "╰",
    "\t",
    "\b",
    "\r",
    "\xa0",
    "\u200b",
    "\u2028",
]
MOVES = ["[H", "[2J", "[?25l", "[?1049h", "[7m", "[44m", "[m", "[5;40H", "[9A", "[3B"]

ROWS = [*MENUS, *BOXES, *ASKS, *LINES, *VIEWS, *KEYS, *DRAWN, ""]
MOVED = st.just("") | st.just("\x1b[?25l") | st.sampled_from(MOVES).map("\x1b{}".format)


def drawn(rows: list[str], least: int = 0) -> st.SearchStrategy[str]:
    """Draw some of these rows, one below the other or anywhere."""
    row = st.tuples(MOVED, st.sampled_from(rows)).map("".join)
    plain = st.lists(st.sampled_from(rows), min_size=least, max_size=6)
    return (plain | st.lists(row, min_size=least, max_size=6)).map("\r\n".join)


FAMILIES = st.sampled_from([MENUS, BOXES, ASKS, LINES, VIEWS, KEYS])
SCREENS = st.tuples(
    drawn(ROWS),
    FAMILIES.flatmap(lambda rows: drawn(rows, 2)),
    st.sampled_from(["", "", "\r\n", "\r\n\r\nesc to cancel", "\r\n────────"]),
    MOVED,
)
DRAWINGS = (
    SCREENS.map(lambda parts: "{}\r\n{}{}{}".format(*parts).encode())
    | SCREENS.map(lambda parts: "{1}{2}{3}".format(*parts).encode())
    | terminal_bytes()
    | st.binary(max_size=200)
)
NAMES = ["", "bash", "less", "vim", "nano", "rm", "claude", "python3", "漢"]
TTYS = st.none() | st.builds(
    Tty,
    echo=st.booleans(),
    canonical=st.booleans(),
    foreground=st.sampled_from(NAMES),
    leader=st.booleans(),
    reading=st.none() | st.booleans(),
    icrnl=st.booleans(),
)
FLAGS = st.sampled_from([None, "", "nobody", *drivers()])
CHOICES = st.sampled_from(
    [
        *(Choice(each) for each in ("approve", "deny", "retry", "abort", "select")),
        Choice("confirm", yes=True),
        Choice("select", index=0),
        Choice("select", label="yes"),
        Choice("select", indexes=(0, 1)),
        Choice("text", text="x"),
    ]
)


def check(verdict: Verdict, rows: int) -> None:
    """Check what is true of any verdict."""
    assert all(0 <= row < rows for row in verdict.rows)
    prompt = verdict.prompt
    assert (prompt is not None) is (verdict.kind in (Kind.DIALOG, Kind.QUESTION))
    if prompt is None:
        return
    first, last = prompt.rows
    assert 0 <= first <= last < rows
    assert all(option.label.strip() for option in prompt.options)
    assert sum(option.selected for option in prompt.options) <= 1
    assert 32 == len(prompt.fingerprint)
    boxes = any(option.checked is not None for option in prompt.options)
    assert boxes is (prompt.form is Form.BOXES)
    if prompt.form in (Form.WORDS, Form.KEYS):
        assert prompt.options
        assert all(option.keys for option in prompt.options)
    if prompt.form in (Form.LINE, Form.SECRET):
        assert prompt.options == ()
    if prompt.form is Form.SECRET:
        assert prompt.draft == ""


@given(
    DRAWINGS,
    st.just(80) | st.integers(1, 120),
    st.just(24) | st.integers(1, 50),
    st.just(RAW) | TTYS,
    st.floats(0, 10),
    FLAGS,
    CHOICES,
)
def test_fuzz_any_screen(
    data: bytes,
    cols: int,
    rows: int,
    tty: Tty | None,
    quiet_s: float,
    flag: str | None,
    choice: Choice,
) -> None:
    """The verdict is within the screen; its prompt has an answer or refuses one."""
    snapshot = look_after(data, cols=cols, rows=rows, tty=tty, quiet_s=quiet_s)
    verdict = classify(snapshot, flag)
    event(f"{verdict.kind} {verdict.rule}")
    check(verdict, rows)
    assert verdict == classify(snapshot, flag)
    if verdict.prompt is None:
        return
    with contextlib.suppress(NotAnOption):
        goal = goal_of(verdict.prompt, choice)
        if goal.text is None:
            next_move(verdict.prompt, goal, snapshot.modes)
