"""The time since a screen last changed, and a cursor that blinks meanwhile."""

import sys

import pytest

from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.screen.last_change import LastChange
from tests.terminal.drawn import look_at
from tests.terminal.running import running

BLINKS = """
import sys, time, tty
tty.setraw(0)
out = sys.stdout
rule = "\\u2500" * 80
out.write(f"\\x1b[?25lHello.\\r\\n\\r\\n{rule}\\r\\n> \\r\\n{rule}\\r\\n  demo")
for count in range(200):
    shown = "\\x1b[7m \\x1b[27m" if count % 2 else " "
    out.write(f"\\x1b[4;3H{shown}\\x1b[1;9H{eval(sys.argv[1])}\\x1b[4;3H")
    out.flush()
    time.sleep(0.1)
"""
"""Draws a composer, and its cursor ten times a second, and behind the text above what
its argument says of the `count`."""

DRAFT = ("Hello", "> draft", "  status")
LIT = ("Hello", "> draft\x1b[7m \x1b[27m", "  status")


def quiet_s(*looks: tuple[str, ...], cursors: tuple[int, ...] = ()) -> float:
    """Of looks a second apart, each right after output; the seconds at the last."""
    last, found = LastChange(), 0.0
    for at, lines in enumerate(looks):
        col = cursors[at] if cursors else 0
        snapshot = look_at(*lines, cursor=(0, col), hidden=True, quiet_s=0.0)
        found = last.quiet_s(snapshot, 100.0 + at)
    return found


@pytest.mark.parametrize(
    ("looks", "expected"),
    [
        ((DRAFT, LIT, DRAFT, LIT), 3.0),
        ((DRAFT, DRAFT), 1.0),
        ((("a\x1b[7mb\x1b[27mc",), ("abc",)), 1.0),
        ((("a\x1b[48;5;9mb\x1b[0mc",), ("abc",)), 1.0),
        (
            (("\x1b[48;5;9ma\x1b[48;5;4mb\x1b[0m",), ("\x1b[48;5;9mab\x1b[0m",)),
            1.0,
        ),
        ((DRAFT, ("Hello", "> drafts", "  status")), 0.0),
        ((("a\x1b[31mb\x1b[0mc",), ("abc",)), 0.0),
        ((("a\x1b[7mbc\x1b[27m",), ("abc",)), 0.0),
        ((("\x1b[7ma\x1b[27m", "b"), ("a", "\x1b[7mb\x1b[27m")), 0.0),
        ((("1",), ("2",), ("2",)), 1.0),
    ],
)
def test_a_cursor_that_is_drawn_is_no_change(
    looks: tuple[tuple[str, ...], ...], expected: float
) -> None:
    """One highlight that comes and goes; a colour, a text and a move are changes."""
    assert expected == quiet_s(*looks)


def test_a_highlight_that_comes_while_the_cursor_moves_is_a_change() -> None:
    """The operator types, or the program does something else."""
    assert 0.0 == quiet_s(DRAFT, LIT, cursors=(0, 1))


def test_silence_counts_as_before() -> None:
    """The first snapshot may come long after the last output."""
    last = LastChange()
    assert 7.0 == last.quiet_s(look_at("a", quiet_s=7.0), 100.0)
    assert 9.0 == last.quiet_s(look_at("a", quiet_s=1.0), 102.0)
    assert 2.0 == last.quiet_s(look_at("b", quiet_s=2.0), 105.0)


async def test_an_agent_that_draws_its_cursor_is_at_rest() -> None:
    """Its output never pauses for a second."""
    async with running(sys.executable, "-c", BLINKS, "''") as onlooker:
        await onlooker.until(lambda: is_seen(onlooker.live.verdict, Kind.AT_REST))


async def test_an_agent_that_also_draws_something_else_is_busy() -> None:
    """A number above its composer counts; at the end of it, the agent is at rest."""
    counts = "count if count < 15 else '--'"
    async with running(sys.executable, "-c", BLINKS, counts) as onlooker:
        await onlooker.until(lambda: is_seen(onlooker.live.verdict, Kind.AT_REST))
        assert "Hello.  --" == onlooker.live.look().lines[0]
    assert Kind.BUSY in [verdict.kind for _, verdict in onlooker.verdicts]


def is_seen(verdict: Verdict | None, kind: Kind) -> bool:
    """Whether the last verdict is of that kind."""
    return verdict is not None and verdict.kind is kind
