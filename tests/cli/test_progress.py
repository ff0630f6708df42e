"""A progress bar on standard error."""

import io
from contextlib import redirect_stderr

import pytest
import trio
import trio.testing

from ant.cli.progress import hidden, progress, while_waiting


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


ERASED = "\r\x1b[K\x1b[?25h"


@pytest.fixture(autouse=True)
def term(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_gets_a_bar() -> None:
    """It is erased for a line in between, and at the end, also after an error. The
    cursor is shown again."""
    terminal = Terminal()

    def copy() -> None:
        with progress("Copying") as shown:
            shown.show(1, 4)
            shown.show(4, 4)
            shown.clear()
            assert terminal.getvalue().endswith(ERASED)
            shown.show(4, 8)
            raise ValueError("x")

    with redirect_stderr(terminal), pytest.raises(ValueError, match="x"):
        copy()
    for text in ("Copying", "25%", "100%", "50%"):
        assert text in terminal.getvalue()
    assert terminal.getvalue().endswith(ERASED)


def test_odd_numbers_are_shown_as_they_can_be() -> None:
    """Nothing to do, and more done than there is."""
    terminal = Terminal()
    with redirect_stderr(terminal), progress("Copying") as shown:
        shown.show(0, 0)
        shown.show(9, 4)
        shown.show(2, 4)
    assert "100%" in terminal.getvalue()


@pytest.mark.parametrize("name", ["dumb", None])
def test_nothing_is_drawn_elsewhere(
    monkeypatch: pytest.MonkeyPatch, name: str | None
) -> None:
    """Where standard error is no terminal, or one that cannot redraw a line."""
    made = io.StringIO() if name is None else Terminal()
    monkeypatch.setenv("TERM", name or "xterm")
    with redirect_stderr(made), progress("Copying") as shown:
        shown.show(1, 2)
        shown.clear()
    assert "" == made.getvalue()


def test_nothing_is_erased_that_was_not_drawn() -> None:
    """It might be what somebody else has printed there."""
    terminal = Terminal()
    with redirect_stderr(terminal):
        with progress("Copying") as shown:
            shown.clear()
        with hidden() as shown:
            shown.show(1, 2)
            shown.move()
    assert "" == terminal.getvalue()


async def test_a_long_wait_moves_a_bar(autojump_clock: trio.testing.MockClock) -> None:
    """After a moment; it is erased before the result, and before an error."""
    terminal = Terminal()

    async def work(seconds: float) -> str:
        await trio.sleep(seconds)
        if seconds > 5:
            raise ValueError("late")
        return "done"

    with redirect_stderr(terminal):
        assert "done" == await while_waiting("Exporting", work(0.2))
        assert "" == terminal.getvalue()
        assert "done" == await while_waiting("Exporting", work(2))
        assert "Exporting" in terminal.getvalue()
        assert terminal.getvalue().endswith(ERASED)
        with pytest.raises(ValueError, match="late"):
            await while_waiting("Exporting", work(9))
        assert terminal.getvalue().endswith(ERASED)
    with redirect_stderr(io.StringIO()) as pipe:
        assert "done" == await while_waiting("Exporting", work(2))
    assert "" == pipe.getvalue()
