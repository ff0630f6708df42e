"""Recorded agents, replayed on a real PTY by a program with the agent's name.

Each agent at rest gets a message. The same screen before a shell gets none.
"""

from pathlib import Path

import attrs
import pytest
import trio

from ant.core.errors import Withheld
from ant.terminal.agents.driver import drivers
from ant.terminal.buffer.flow import OutputFlow
from ant.terminal.detect.drafts import draft_of
from ant.terminal.detect.prompt_detector import PromptDetector
from ant.terminal.host.host_terminal import HostTerminal
from ant.terminal.host.pty import open_pty
from ant.terminal.input.addressee import at_composer
from ant.terminal.run_session import run_session
from ant.terminal.screen.display import Display
from tests.mocks.named import script
from tests.soak import soak
from tests.terminal.recorded import Recording, recordings
from tests.terminal.running import Onlooker
from tests.terminal.unlike import MISSES

pytestmark = pytest.mark.slow

PLAYER = """
import os, sys, tty
PASTE, PASTED = b"\\x1b[200~", b"\\x1b[201~"
screen, log = sys.argv[1:]
tty.setraw(0)
os.write(1, open(screen, "rb").read())
with open(log, "ab", buffering=0) as file:
    while data := os.read(0, 65536):
        file.write(data)
        if b"hello" in data:
            os.write(1, data.replace(PASTE, b"").replace(PASTED, b""))
        if data == b"\\r":
            os.write(1, b"\\r\\n\\r\\ntaken\\r\\n")
"""
"""Draws a recorded screen, keeps its input, and shows it at the cursor."""

TEXT = "[antchat message for you] $(touch x) -- hello"


def moments(recording: Recording) -> list[int]:
    """Return the moments at which the agent is at rest with an empty composer."""
    driver = drivers()[recording.driver or ""]
    return [
        index
        for index, (moment, snapshot) in enumerate(recording.looks())
        if moment.expect["kind"] == "at_rest"
        and f"{recording.name}#{index}" not in MISSES
        and not any(offset < moment.offset for offset in recording.resizes)
        and not draft_of(snapshot, driver)
    ]


RECORDED = {each.name: each for each in recordings() if each.driver is not None}
ALL = [(name, index) for name, each in RECORDED.items() for index in moments(each)]
FIRST = [
    next(each for each in ALL if RECORDED[each[0]].driver == driver)
    for driver in sorted({each.driver or "" for each in RECORDED.values()})
]


class Player(Onlooker):
    """The terminal of a player, with a screen of the recorded size."""

    async def open(self) -> tuple[HostTerminal, OutputFlow, Display | None]:
        terminal = await open_pty(self.spec)
        blank = Display.blank(self.spec.cols, self.spec.rows, 0)
        return terminal, self.flow, blank


async def play(folder: Path, name: str, index: int, program: str) -> bytes:
    """Send a message to that screen; return the program's input. Raises `Withheld`."""
    recording = RECORDED[name]
    shown, log = folder / "screen", folder / "log"
    shown.write_bytes(recording.data[: recording.moments[index].offset])
    argv = (*script(folder, program, PLAYER), str(shown), str(log))
    player = Player(argv, str(folder))
    size = {"cols": recording.cols, "rows": recording.rows}
    player.spec = attrs.evolve(player.spec, **size)
    async with trio.open_nursery() as nursery:
        live = await nursery.start(
            run_session, PromptDetector(recording.driver), player
        )
        try:
            await player.until(
                lambda: (
                    live.flow.tail.end >= recording.moments[index].offset
                    and live.verdict is not None
                    and live.verdict.kind == "at_rest"
                )
            )
            result = await live.type_message(TEXT, at_composer(False))
            assert result.submitted
            await player.shows("taken")
        finally:
            live.stop(0)
    return log.read_bytes()


async def check(folder: Path, name: str, index: int) -> None:
    driver = drivers()[RECORDED[name].driver or ""]
    received = await play(folder, name, index, driver.programs[0])
    assert 1 == received.count(TEXT.encode())
    assert received.endswith(b"\r")


@pytest.mark.parametrize(("name", "index"), FIRST)
async def test_a_recorded_agent_gets_a_message(
    tmp_path: Path, name: str, index: int
) -> None:
    """One moment of each agent, played by a script with the agent's name."""
    await check(tmp_path, name, index)


@pytest.mark.soak
@pytest.mark.parametrize(("name", "index"), ALL)
async def test_every_recorded_agent_gets_a_message(
    tmp_path: Path, name: str, index: int
) -> None:
    """Every moment at which the agent is at rest."""
    await check(tmp_path, name, index)


@pytest.mark.parametrize(
    ("name", "index"), [*FIRST[:6], *(soak(*each) for each in FIRST[6:])]
)
async def test_the_screen_of_an_agent_alone_is_not_enough(
    tmp_path: Path, name: str, index: int
) -> None:
    """An interpreter shows the agent's screen, and the session names the agent."""
    with pytest.RaisesGroup(
        pytest.RaisesExc(Withheld, check=lambda exc: exc.reason == "not_an_agent"),
        flatten_subgroups=True,
    ):
        await play(tmp_path, name, index, "something")
    assert b"hello" not in (tmp_path / "log").read_bytes()
