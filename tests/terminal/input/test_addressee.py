"""Which programs get messages: agents at their own composers, and no others."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ant.terminal
from ant.core.errors import Withheld
from ant.terminal.agents.driver import Driver, driver_of, drivers
from ant.terminal.agents.driver_files import SHELL
from ant.terminal.agents.not_agents import INTERPRETERS, PROXIES
from ant.terminal.detect.classify import classify
from ant.terminal.detect.composer import COMPOSER, GENERAL
from ant.terminal.input.addressee import (
    GENERAL_COMPOSER,
    MessageTarget,
    at_composer,
    at_prompt,
    message_target,
)
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.model.tty import ShellStep, Spot, Tty
from ant.terminal.screen.snapshot import ScreenSnapshot
from tests.terminal.drawn import RAW, look_at
from tests.terminal.recorded import Moment, recordings
from tests.terminal.unlike import MISSES

AGENTS = [each for each in drivers().values() if each.name != SHELL]
NO_AGENTS = sorted(
    {
        *drivers()[SHELL].programs,
        *INTERPRETERS,
        *PROXIES,
        *("python3.11", "tmux: client", "cat", "ollama", "2.1.197", ""),
    }
)
PROGRAMS = sorted({name for each in AGENTS for name in each.programs} | {*NO_AGENTS})


def literals() -> Iterator[str]:
    """Every word in the sources that judge: the names of rules are among them."""
    folder = Path(ant.terminal.__path__[0])
    for path in (
        *folder.glob("detect/*.py"),
        folder / "model" / "prompt.py",
        folder / "agents" / "driver_files.py",
    ):
        for node in ast.walk(ast.parse(path.read_text())):
            word = node.value if isinstance(node, ast.Constant) else None
            if isinstance(word, str) and re.fullmatch(r"/?[a-z_]{2,24}", word):
                yield word.strip("/")


WORDS = sorted(
    {*literals()} | {rule.id for each in drivers().values() for rule in each.rules()}
)
NAMES = (*drivers(), GENERAL.name)
RULES = sorted({*WORDS, *(f"{name}/{word}" for name in NAMES for word in WORDS)})
"""Every rule that a verdict can have, and many more."""

AT_PROMPT = Tty(
    False,
    False,
    "bash",
    leader=True,
    mark=ShellStep.INPUT,
    comment_at=Spot(0, 2),
    icrnl=False,
)


def own(driver: Driver | None) -> set[str]:
    """The rule names of a driver's composer."""
    if driver is None:
        return set()
    formed = {f"{GENERAL.name}/{COMPOSER.id}"} if driver.formed else set[str]()
    return formed | {f"{driver.name}/{rule.id}" for rule in driver.composer}


@pytest.mark.parametrize("interprets", [True, False])
@pytest.mark.parametrize("program", PROGRAMS)
def test_only_an_agents_own_composer_is_free(program: str, interprets: bool) -> None:
    """Whatever the rule of a verdict: only the foreground agent's composer counts."""
    driver = driver_of(program)
    tty = Tty(False, False, program, leader=True, interprets=interprets)
    free = {
        rule
        for rule in RULES
        for kind in Kind
        if message_target(tty, Verdict(kind, rule, (), 0)) is MessageTarget.COMPOSER
    }
    assert free == (set() if interprets else own(driver))
    for rule in free:
        for kind in {*Kind} - {Kind.AT_REST}:
            whom = message_target(tty, Verdict(kind, rule, (), 0))
            assert MessageTarget.AGENT is whom


@pytest.mark.parametrize("program", NO_AGENTS)
def test_accepting_messages_opens_no_interpreter(program: str) -> None:
    """Nor a shell or a proxy, whatever the session's settings are."""
    known = {*NO_AGENTS} - {"cat", "ollama", "2.1.197"}
    for interprets in (True, False):
        tty = Tty(False, False, program, interprets=interprets)
        closed = interprets or program in known
        for rule in RULES:
            whom = message_target(tty, Verdict(Kind.AT_REST, rule, (), 0), True)
            assert not closed or whom is MessageTarget.OTHER
        whom = message_target(tty, Verdict(Kind.AT_REST, "prompt", (), 0), True)
        assert closed == (whom is not MessageTarget.COMPOSER)
        whom = message_target(tty, Verdict(Kind.QUIET_UNKNOWN, "time", (), 0), True)
        assert closed == (whom is not MessageTarget.AGENT)


@given(
    kind=st.sampled_from(Kind),
    rule=st.sampled_from(RULES) | st.text(),
    tty=st.none() | st.builds(Tty, st.booleans(), st.booleans(), st.text()),
    accepts=st.booleans(),
)
def test_an_unknown_program_gets_nothing(
    kind: Kind, rule: str, tty: Tty | None, accepts: bool
) -> None:
    """Nor does a terminal without a known foreground program."""
    assert MessageTarget.OTHER is message_target(
        tty, Verdict(kind, rule, (), 0), accepts
    )
    assert MessageTarget.OTHER is message_target(tty, None, accepts)


def test_a_comment_needs_a_marked_prompt() -> None:
    """Marked by the shell itself, and no other verdict."""
    for rule in RULES:
        for kind in Kind:
            whom = message_target(AT_PROMPT, Verdict(kind, rule, (), 0))
            expected = (kind, rule) == (Kind.AT_REST, "shell/mark")
            assert expected == (whom is MessageTarget.PROMPT)
            assert whom in (MessageTarget.PROMPT, MessageTarget.OTHER)
    marked = Verdict(Kind.AT_REST, "shell/mark", (), 0)
    for tty in (
        attrs.evolve(AT_PROMPT, comment_at=None),
        attrs.evolve(AT_PROMPT, foreground="dash"),
        attrs.evolve(AT_PROMPT, foreground="python3"),
    ):
        assert MessageTarget.OTHER is message_target(tty, marked)


# Recorded screens.

RECORDINGS = {each.name: each for each in recordings()}
RECORDED = [name for name, each in RECORDINGS.items() if each.driver is not None]


@cache
def seen(name: str) -> list[tuple[Moment, ScreenSnapshot]]:
    """The moments of a recording, and the snapshot at each."""
    return list(RECORDINGS[name].looks())


def test_the_rules_of_recorded_screens_are_among_these() -> None:
    """So the tests below cover all that the detector can return."""
    said = {
        classify(snapshot, recording.driver).rule
        for name, recording in RECORDINGS.items()
        for _, snapshot in seen(name)
    }
    assert 40 < len(said)
    assert set() == said - {*RULES}


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_agent_at_rest_gets_messages(name: str) -> None:
    """With its program in the foreground, whatever the session's flag;

    never in a dialog.
    """
    driver = drivers()[RECORDINGS[name].driver or ""]
    for index, (moment, snapshot) in enumerate(seen(name)):
        tty = attrs.evolve(moment.tty, foreground=driver.programs[0], interprets=False)
        for flag in (None, "claude-code"):
            verdict = classify(attrs.evolve(snapshot, tty=tty), flag)
            whom = message_target(tty, verdict)
            assert whom in (MessageTarget.COMPOSER, MessageTarget.AGENT)
            if f"{name}#{index}" not in MISSES:
                general = verdict.rule == f"{GENERAL.name}/{COMPOSER.id}"
                known = driver.formed or not general
                free = moment.expect["kind"] == "at_rest" and known
                assert free == (whom is MessageTarget.COMPOSER), verdict


@pytest.mark.parametrize("program", ["bash", "node", "python3", "ssh", "script", "sh"])
def test_a_screen_alone_makes_no_program_an_agent(program: str) -> None:
    """A shell may show what an agent would, in a session with an agent's flag."""
    for name in RECORDED:
        flag = RECORDINGS[name].driver
        for moment, snapshot in seen(name):
            tty = attrs.evolve(moment.tty, foreground=program, interprets=True)
            verdict = classify(attrs.evolve(snapshot, tty=tty), flag)
            for accepts in (False, True):
                assert MessageTarget.OTHER is message_target(tty, verdict, accepts), (
                    name
                )


# What is looked at before the first key and before the last.

CLAUDE = Tty(False, False, "claude", icrnl=False, interprets=False)
REST = Verdict(Kind.AT_REST, "claude-code/composer", (), 0)


def refusal(tty: Tty, verdict: Verdict, typed: str) -> str | None:
    """The reason why the composer's check refuses; None where it does not."""
    try:
        at_composer(False)(look_at("x", tty=tty), verdict, typed)
    except Withheld as exc:
        return exc.reason
    return None


def test_before_enter_the_agent_must_be_in_the_foreground() -> None:
    """A long text may have pushed the composer away, so it need not be found again."""
    unknown = Verdict(Kind.QUIET_UNKNOWN, "time", (), 0)
    bash = attrs.evolve(CLAUDE, foreground="bash", interprets=True)
    assert [None, None] == [refusal(CLAUDE, REST, text) for text in ("", "hello")]
    asks = Verdict(Kind.QUESTION, "claude-code/question", (), 0)
    assert "waiting" == refusal(CLAUDE, asks, "")
    assert ["not_at_rest", None] == [refusal(CLAUDE, unknown, t) for t in ("", "hello")]
    for verdict in (REST, unknown):
        reasons = [refusal(bash, verdict, text) for text in ("", "hello")]
        assert ["not_an_agent", "not_an_agent"] == reasons


def test_an_agent_in_canonical_mode_is_exiting() -> None:
    """Agents read keys; the shell that comes next reads the line."""
    leaving = attrs.evolve(CLAUDE, canonical=True)
    unknown = Verdict(Kind.QUIET_UNKNOWN, "time", (), 0)
    for verdict in (REST, unknown):
        reasons = [refusal(leaving, verdict, text) for text in ("", "hello")]
        assert ["not_at_rest", "not_at_rest"] == reasons
    own = attrs.evolve(leaving, foreground="tool")
    reads = Verdict(Kind.AT_REST, "prompt", (), 0)
    assert MessageTarget.COMPOSER is message_target(own, reads, accepts=True)


MARKED = Verdict(Kind.AT_REST, "shell/mark", (), 0)
LINE = "# ANT: a message"


def shown(*lines: str, at: tuple[int, int] = (0, 2), **more: object) -> ScreenSnapshot:
    tty = attrs.evolve(AT_PROMPT, comment_at=Spot(*at))
    return look_at(*lines, tty=tty, cols=20, rows=3, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "snapshot",
    [
        shown("$ ls", at=(0, 2)),
        shown("$ ls", at=(0, 2), cursor=(0, 2)),
        shown("$ for x in 1", "", at=(0, 2)),
        shown("$ ", "completions", at=(0, 2), cursor=(0, 2)),
    ],
    ids=["typed", "before", "continued", "below"],
)
def test_a_comment_wants_an_empty_command_line(snapshot: ScreenSnapshot) -> None:
    """Text on it or below it would be sent, too."""
    with pytest.raises(Withheld):
        at_prompt()(snapshot, MARKED, "")


@pytest.mark.parametrize(
    ("after", "whole"),
    [
        (("one", "$ # ANT: a message"), True),
        (("$ # ANT: a messag", "e"), True),
        (("$ #", "$  ANT: a message"), False),
        (("$ # ANT: a message", "$ "), False),
        (("$ # ANT: a message 2",), False),
        (("$ x# ANT: a message",), False),
        (("# ANT: a message",), False),
    ],
)
def test_a_comment_is_sent_where_it_stands_whole(
    after: tuple[str, ...], whole: bool
) -> None:
    """A mode in which keys are commands changes it; a scrolled text is whole."""
    check = at_prompt()
    check(shown("one", "two", "$ ", at=(2, 2)), MARKED, "")
    if whole:
        check(shown(*after, at=(2, 2)), MARKED, LINE)
        return
    with pytest.raises(Withheld):
        check(shown(*after, at=(2, 2)), MARKED, LINE)


def test_a_composer_that_only_its_form_shows_needs_a_session_that_accepts() -> None:
    """Of an unknown program, and of an agent whose composer has changed."""
    rule = "─" * 60
    rows = ["Done.", "", rule, "→ \x1b[7m \x1b[27m", rule, "  ? for help"]
    for program in ("some-agent", "claude"):
        tty = attrs.evolve(RAW, foreground=program, interprets=False)
        verdict = classify(look_at(*rows, hidden=True, tty=tty))
        assert GENERAL_COMPOSER == verdict.rule
        assert message_target(tty, verdict) is not MessageTarget.COMPOSER
        assert message_target(tty, verdict, True) is MessageTarget.COMPOSER
    for program in ("bash", "node", "ssh"):
        tty = attrs.evolve(RAW, foreground=program, interprets=True)
        verdict = classify(look_at(*rows, hidden=True, tty=tty))
        assert message_target(tty, verdict, True) is MessageTarget.OTHER


RULE_70 = "─" * 70


@pytest.mark.parametrize("sign", ["!", ">", "❯", "›", "*", ""])
@pytest.mark.parametrize("name", sorted({*drivers()} - {"shell"}))
@pytest.mark.parametrize(
    "status", ["  shell mode enabled (esc to disable)", "  Shell mode", "  ! bash mode"]
)
def test_an_agent_in_its_shell_mode_gets_no_message(
    name: str, sign: str, status: str
) -> None:
    """What is typed there is run by a shell. An older message may be above."""
    program = drivers()[name].programs[0]
    tty = attrs.evolve(RAW, foreground=program)
    lines = ("› demo fail", "", "■ It failed.", "", RULE_70, f"{sign} ", RULE_70)
    snapshot = look_at(*lines, status, cursor=(5, len(sign) + 1), tty=tty)
    for flag in (name, None):
        verdict = classify(snapshot, flag)
        target = message_target(snapshot.tty, verdict, accepts=True)
        assert target is not MessageTarget.COMPOSER
