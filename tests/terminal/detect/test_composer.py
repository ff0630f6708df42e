"""Busy agents: current spinners, and those that an ended turn has left behind."""

import attrs
import pytest

from ant.terminal.agents.driver import drivers
from ant.terminal.detect.classify import classify
from ant.terminal.detect.composer import (
    STALE_S,
    composer_of,
    find_busy,
    find_spinner,
)
from ant.terminal.model.prompt import Form, Kind
from ant.terminal.screen.snapshot import ScreenSnapshot
from tests.terminal.drawn import COOKED, RAW, SHELL, look_at

RULE = "─" * 60
CLAUDE = drivers()["claude-code"]


def claude(
    *above: str, below: str = "  ? for shortcuts", quiet_s: float = 4.0, cols: int = 80
) -> ScreenSnapshot:
    """Return Claude's empty composer below these rows."""
    rule = RULE[: cols - 1]
    rows = [*above, "", rule, "❯ ", rule, below]
    return look_at(*rows, hidden=True, quiet_s=quiet_s, cols=cols)


def codex(
    *above: str, below: str = "  demo default · /tmp/x", cols: int = 80
) -> ScreenSnapshot:
    """Return Codex's empty composer below these rows."""
    rows = [*above, "", "› ", "", below]
    at = (len(above) + 1, 2)
    return look_at(*rows, cursor=at, quiet_s=4.0, cols=cols)


def kind(snapshot: ScreenSnapshot, flag: str = "claude-code") -> Kind:
    """Return the state by the verdict on the snapshot."""
    return classify(snapshot, flag).kind


WORKING = [
    ["✻ Rewriting the parser of settings.toml…"],
    ["✶ Fixing all failing tests in ant/terminal… (2m 3s · ↑ 1.2k tokens)"],
    ["· Compacting conversation… (esc to interrupt · ctrl+t to hide todos)"],
    ["✽ Waiting for 2 background tasks to finish"],
    ["✢ Writing tests…", "  ⎿  ☒ Read the code", "     ☐ Write the tests"],
    ["✢ Writing tests…", *(f"     ☐ Step {n}" for n in range(18))],
    ["● Bash(make)", "  ⎿  Running…", "", "✳ Building the whole thing… (1s)"],
    ["⠹ Something that this version draws as others do"],
    ["🌖"],
    ["✨ a message", "", "🌒 "],
]


@pytest.mark.parametrize("above", WORKING)
def test_a_spinner_above_the_composer_is_busy(above: list[str]) -> None:
    """With any words, with details below it, and after any time without output."""
    for quiet_s in (0.1, 0.5, 4.0):
        assert kind(claude(*above, quiet_s=quiet_s)) is Kind.BUSY


ENDED = [
    ["✻ Rewriting the parser…", "  ⎿  Interrupted · What should Claude do instead?"],
    ["✻ Thinking… (3s · esc to interrupt)", "", "● It is done.", "  All of it."],
    ["✻ Thinking… (esc to interrupt)", "  ⎿  [Request interrupted by user]"],
    ["✶ Rewriting the parser…", "", "✻ Churned for 12s"],
    ["✶ Rewriting the parser…", "", "API Error: overloaded"],
    ["● To stop it, press esc to interrupt."],
    ["● In the log:", "  ✻ Thinking… (3s · esc to interrupt)", "  and so on."],
    ["❯ what does esc to interrupt do", "● It stops the turn."],
    ["● Next:", "  · Updating the docs…", "  * Fixing the tests…"],
]


@pytest.mark.parametrize("above", ENDED)
def test_an_ended_turn_leaves_no_busy_row(above: list[str]) -> None:
    """A spinner further up, or text about one."""
    assert kind(claude(*above)) is Kind.AT_REST


def test_a_spinner_above_unknown_text_is_busy_while_it_moves() -> None:
    """The text may mean that the turn is over."""
    rows = ["✶ Rewriting the parser…", "", "Something new"]
    assert kind(claude(*rows, quiet_s=1.5)) is Kind.BUSY
    assert kind(claude(*rows, quiet_s=2.5)) is Kind.AT_REST


@pytest.mark.parametrize(
    "below",
    [
        "  esc to interrupt",
        "  ⏵⏵ accept edits on (shift+tab to cycle) · esc to interr",
        "  ⏵⏵ accept edits on (shift+tab to cycle) · esc to…",
        "  ⏵⏵ accept edits on (shift+tab to cycle) · esc",
    ],
)
def test_a_hint_cut_off_by_the_width_counts(below: str) -> None:
    """Only at the end of a full row."""
    full = len(below) + 1
    assert kind(claude(below=below, cols=full)) is Kind.BUSY
    rows = [RULE[:full], "❯ please say what esc to interrupt", "  does", RULE[:full]]
    draft = look_at(*rows, "  ? for shortcuts", hidden=True, quiet_s=4)
    assert kind(draft) is Kind.AT_REST
    at_rest = claude(below="  press esc", cols=80)
    assert kind(at_rest) is Kind.AT_REST


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (["• Working (12s • esc to interrupt)"], ""),
        (["◦ Working"], ""),
        (["• Working (1m 3s •"], ""),
        (["• Reading the docs (4s • esc to"], ""),
        (["• Waiting for background terminal (1m 03s • esc to interrupt)"], ""),
        (["• Waiting for background terminal", "  └ cargo test"], ""),
        (["• Here it is."], "  demo default · Working · /tmp/x"),
        (["• Here it is."], "  Working                    ? for shortcuts"),
    ],
)
def test_codex_is_busy_by_a_part_of_its_status(above: list[str], below: str) -> None:
    """The hint may be missing or cut off; the word may be in the status row alone."""
    snapshot = codex(*above, **({"below": below} if below else {}))
    assert kind(snapshot, "codex-cli") is Kind.BUSY


@pytest.mark.parametrize(
    ("above", "below"),
    [
        (["• Working (3s • esc to interrupt)", "", "■ Conversation interrupted"], ""),
        (["• Working (3s • esc to interrupt)", "", "• Done.", "  Worked for 3s"], ""),
        (["• You can press esc to interrupt me."], ""),
        (["• Working directories are fine (3s)."], ""),
        (["• Done."], "  demo default · /home/me/Working"),
    ],
)
def test_codex_is_at_rest_below_an_ended_turn(above: list[str], below: str) -> None:
    """An interrupted or ended turn, prose about it, a folder with that name."""
    snapshot = codex(*above, **({"below": below} if below else {}))
    assert kind(snapshot, "codex-cli") is Kind.AT_REST


@pytest.mark.parametrize(
    ("reply", "kind_"),
    [
        ("• Run the tests now? [y/n]:", Kind.DIALOG),
        ("• Run them? (y) (enter) yes, (n) (esc) no", Kind.DIALOG),
        ("• Either (a) this or (b) that.", Kind.AT_REST),
        ("• Is that what you meant?", Kind.QUESTION),
    ],
)
def test_choices_above_a_composer_without_a_border_are_a_prompt(
    reply: str, kind_: Kind
) -> None:
    """Nothing shows that they are part of the transcript; letters alone are prose."""
    for hidden in (False, True):
        rows = ["• Hello", "", reply, "", "› ", "", "  demo default · /tmp/x"]
        snapshot = look_at(*rows, cursor=(4, 2), hidden=hidden, quiet_s=4.0)
        assert kind(snapshot, "codex-cli") is kind_


DIALOG = ["Run `rm -r build`?", "", "❯ 1. Yes", "  2. No", ""]


@pytest.mark.parametrize("cursor", [(2, 0), (2, 2), (3, 4)])
@pytest.mark.parametrize("rows", [DIALOG, [*DIALOG, "Some text", ""]])
def test_a_menu_with_the_cursor_above_a_composer_is_a_dialog(
    cursor: tuple[int, int], rows: list[str]
) -> None:
    """The menu gets the keys although the composer looks free."""
    shown = [*rows, RULE, "❯ ", RULE, "  ? for shortcuts"]
    snapshot = look_at(*shown, cursor=cursor, quiet_s=4.0)
    found = classify(snapshot, "claude-code")
    assert found.kind is Kind.DIALOG
    assert found.prompt is not None
    assert ["Yes", "No"] == [each.label for each in found.prompt.options]
    there = look_at(*shown, cursor=(len(rows) + 1, 2), quiet_s=4.0)
    at_rest = "Some text" in rows
    assert (classify(there, "claude-code").kind is Kind.AT_REST) == at_rest


@pytest.mark.parametrize("hints", [[], ["Enter to select · Esc to cancel", ""]])
def test_a_menu_right_above_a_composer_is_a_view(hints: list[str]) -> None:
    """Either of the two may get the keys, so ANT types and presses nothing."""
    for menu in (DIALOG, ["Run it?", "", "❯ Yes", "  No", ""]):
        found = classify(claude(*menu, *hints), "claude-code")
        assert found.kind is Kind.DIALOG
        assert found.prompt is not None
        assert found.prompt.form is Form.VIEW


def test_a_menu_above_the_composer_of_codex_is_a_dialog() -> None:
    """The mark of the menu and that of the composer are the same."""
    rows = ["Run it?", "", "› 1. Yes", "  2. No", "", "› ", "", "  demo · /tmp/x"]
    for cursor in ((2, 0), (5, 2)):
        found = classify(look_at(*rows, cursor=cursor, quiet_s=4.0), "codex-cli")
        assert found.kind is Kind.DIALOG


@pytest.mark.parametrize(
    "above",
    [
        ["● 1. Read it", "  2. Write it"],
        ["> 1. Read it", "  2. Write it"],
        ["● Choose:", "  1. Read it", "  2. Write it"],
        ["❯ 1. Read it", "  2. Write it", "", "● Done."],
        ["❯ do this", "  and that"],
    ],
)
def test_a_list_in_the_transcript_is_no_menu(above: list[str]) -> None:
    """A reply of the agent, a quotation, or a sent message."""
    assert kind(claude(*above)) is Kind.AT_REST


def test_a_composer_is_near_the_end_and_in_its_box() -> None:
    """Otherwise the row is part of the transcript."""
    found = composer_of(claude("● Hello"), CLAUDE)
    assert found is not None
    assert (3, "composer") == (found[0], found[1].id)
    assert composer_of(look_at("❯ said before", "● Hello"), CLAUDE) is None
    many = [RULE, "❯ ", *(f"row {n}" for n in range(9))]
    assert composer_of(look_at(*many), CLAUDE) is None


def test_without_a_composer_the_last_rows_count() -> None:
    """As for a version of the agent that draws another composer."""
    rows = ["● Hello", "", "✻ Doing two things…", "", "│ > │", "  esc to interrupt"]
    snapshot = look_at(*rows, hidden=True, quiet_s=4)
    assert (5, "interrupt") == find_busy(snapshot, CLAUDE, None)
    snapshot = look_at(*rows[:-1], hidden=True, quiet_s=4)
    assert (2, "spinner") == find_busy(snapshot, CLAUDE, None)
    over = ["✻ Doing two things…", "", "● esc to interrupt it", "│ > │"]
    assert find_busy(look_at(*over, hidden=True, quiet_s=4), CLAUDE, None) is None


def test_a_sign_below_a_spinner_is_no_rest() -> None:
    """For a program without a driver that draws its screen, but not for a shell."""
    rows = ["Hello", "⠸ Thinking about it", "", "> "]
    assert 1 == find_spinner(look_at(*rows), 3)
    assert Kind.BUSY is classify(look_at(*rows, tty=RAW)).kind
    assert Kind.AT_REST is classify(look_at("⠸ Installing", "$ ", tty=SHELL)).kind
    assert Kind.AT_REST is classify(look_at("⠸ Installing", "> ", tty=COOKED)).kind
    assert Kind.AT_REST is classify(look_at("⠸ Was here", "Done.", "> ", tty=RAW)).kind


@pytest.mark.parametrize("flag", [None, "gptme"])
def test_a_model_that_thinks_in_a_terminal_of_lines_is_busy(flag: str | None) -> None:
    """However long it is quiet, unless something reads the line."""
    waits = attrs.evolve(COOKED, foreground="some-agent", reading=None)
    rows = ["User: do it", "Assistant: Thinking..."]
    verdict = classify(look_at(*rows, cursor=(1, 0), tty=waits), flag)
    assert (Kind.BUSY, "general/thinking") == (verdict.kind, verdict.rule)
    reads = attrs.evolve(waits, reading=True)
    assert Kind.BUSY is not classify(look_at(*rows, tty=reads), flag).kind
    over = [*rows, "Done."]
    assert Kind.BUSY is not classify(look_at(*over, tty=waits), flag).kind


def test_a_reply_that_is_off_the_screen_may_ask() -> None:
    """So an agent is not called at rest below a screen full of its notes."""
    notes = ["· WARNING  Failed to load it:", "           no such host", "· No sound"]
    full = look_at(*notes, "User: ", rows=4)
    assert Kind.QUIET_UNKNOWN is classify(full, "gptme").kind
    assert Kind.AT_REST is classify(look_at(*notes, "User: "), "gptme").kind
    done = look_at("Assistant: Done.", *notes, "User: ", rows=5)
    assert Kind.AT_REST is classify(done, "gptme").kind
    asks = look_at("Assistant: Shall I?", *notes, "User: ", rows=5)
    assert Kind.QUESTION is classify(asks, "gptme").kind


HINTED = "  /tmp/demo · esc to interrupt"


@pytest.mark.parametrize(
    ("below", "quiet_s", "text", "expected"),
    [
        (HINTED, STALE_S - 1, "", Kind.BUSY),
        (HINTED, STALE_S, "", Kind.AT_REST),
        (HINTED, STALE_S, "a thought", Kind.BUSY),
        ("  ■■■⬝⬝  esc to interrupt", STALE_S, "", Kind.BUSY),
        ("  ⠋ esc to interrupt", STALE_S, "", Kind.BUSY),
        ("  Working (esc to interrupt)", STALE_S, "", Kind.BUSY),
    ],
)
def test_a_hint_that_is_always_there_does_not_keep_an_agent_busy(
    below: str, quiet_s: float, text: str, expected: Kind
) -> None:
    """Below an empty composer, once nothing has moved for a while."""
    rows = ["● Done.", "", RULE, f"❯ {text}\x1b[7m \x1b[27m", RULE, below]
    snapshot = look_at(*rows, hidden=True, quiet_s=quiet_s)
    assert expected is classify(snapshot).kind
    turning = look_at("⠋ Thinking", "", *rows[2:], hidden=True, quiet_s=quiet_s)
    assert Kind.BUSY is classify(turning).kind


def test_a_drivers_own_hint_always_counts() -> None:
    """Its recordings show that the agent says so only while it works."""
    snapshot = claude("● Done.", below="  esc to interrupt", quiet_s=2 * STALE_S)
    assert Kind.BUSY is kind(snapshot)


FRAMED = [
    "╭────────────────────────────────────────────────╮",
    "  Dangerous Command",
    "",
    "  ❯ 1. Allow once",
    "    2. Deny",
    "",
    "  recursive delete",
    "╰────────────────────────────────────────────────╯",
    "  ↑/↓ to select, Enter to confirm  (58s)",
    " demo │ 10/128K │ [░░░░░░░░░░] 0% │ 47s",
]


@pytest.mark.parametrize("sign", ["❯ ", "⚠ ❯ "])
def test_a_framed_menu_above_a_composer_is_a_view(sign: str) -> None:
    """Its keys and a status stand between the two; its options are read."""
    lines = (*FRAMED, RULE, sign, RULE)
    at = (len(FRAMED) + 1, len(sign))
    found = classify(look_at(*lines, cursor=at, tty=RAW, cols=90), "some-agent")
    assert found.prompt is not None
    assert (Kind.DIALOG, Form.VIEW) == (found.kind, found.prompt.form)
    assert ["Allow once", "Deny"] == [each.label for each in found.prompt.options]


def test_a_framed_list_without_keys_is_part_of_the_transcript() -> None:
    """No row says that arrows move its mark, so it may be quoted."""
    lines = (*FRAMED[:-2], FRAMED[-1], RULE, "❯ ", RULE)
    at = (len(lines) - 2, 2)
    found = classify(look_at(*lines, cursor=at, tty=RAW, cols=90), "some-agent")
    assert found.kind is Kind.AT_REST


def test_text_below_the_keys_of_a_framed_list_ends_it() -> None:
    """More text than a status between the two: the list is quoted."""
    text = [
        "It asked this, and I have taken",
        "the first of them.",
        *["And so it is."] * 3,
    ]
    lines = (*FRAMED, *text, RULE, "❯ ", RULE)
    at = (len(lines) - 2, 2)
    found = classify(look_at(*lines, cursor=at, tty=RAW, cols=90), "some-agent")
    assert found.kind is not Kind.DIALOG


def test_a_status_above_the_composer_does_not_hide_a_question() -> None:
    """A row of cells is a status; the reply ends above it."""
    reply = "    I found two of them. Should I delete the older file?"
    lines = (reply, "╰" + "─" * 60 + "╯", FRAMED[-1], RULE, "❯ ", RULE)
    at = (len(lines) - 2, 2)
    found = classify(look_at(*lines, cursor=at, tty=RAW, cols=90), "some-agent")
    assert found.prompt is not None
    assert "Should I delete the older file?" == found.prompt.question
