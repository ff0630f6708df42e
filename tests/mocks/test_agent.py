"""The mock agents themselves: what they draw, what they log, how they misbehave."""

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.mocks.looks import DIALOGS, STYLES
from tests.terminal.recorder import ENV, Recorder

ROOT = str(Path(__file__).parents[2])


class Running(Recorder):
    """A mock on a PTY, and the two ends that a test holds: orders and log."""

    def __init__(self, folder: Path, *argv: str) -> None:
        self._log = folder / "log"
        self._socket = str(folder / "s")
        given = ["--log", str(self._log), "--control", self._socket, *argv]
        command = [sys.executable, "-m", "tests.mocks.agent", *given]
        super().__init__(command, 80, 24, ENV | {"PATH": os.environ["PATH"]}, cwd=ROOT)
        self.until(lambda: bool(self.text.strip()), "the first frame")

    def order(self, line: str) -> Any:
        """Have it do this; what it drew for it is on the screen then."""
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(self._socket)
            control.sendall(line.encode() + b"\n")
            answer = control.makefile().readline()
        while self.pump(0.05):
            pass
        return json.loads(answer)

    def log(self, event: str) -> list[Any]:
        lines = map(json.loads, self._log.read_text().splitlines())
        return [line for line in lines if line["event"] == event]

    def logged(self, event: str) -> Any:
        """The last such event, waited for."""
        self.until(lambda: bool(self.log(event)), event)
        return self.log(event)[-1]


@contextmanager
def running(folder: Path, *argv: str) -> Iterator[Running]:
    mock = Running(folder, *argv)
    try:
        yield mock
    finally:
        mock.close()


PRESSES = {"codex": "y", "numbered": "1\r", "arrows": "\r", "checkbox": "1\r"}
PRESSES |= {"yesno": "y\r", "password": "secret\r"}


@pytest.mark.parametrize("style", STYLES)
def test_every_style_takes_a_choice_and_rests(style: str, tmp_path: Path) -> None:
    with running(tmp_path, "--style", style) as mock:
        mock.order("dialog 0")
        if style != "password":
            assert "Proceed?" in mock.text
        mock.type(PRESSES.get(style, "1"))
        chose = mock.logged("chose")
        assert (1, "Yes (y)") == (chose["id"], chose["label"])
        mock.wait("You chose: Yes (y)")
        assert "secret" not in mock.text
        assert {1} == {byte["dialog"] for byte in mock.log("byte")}


def test_an_arrow_moves_and_escape_cancels(tmp_path: Path) -> None:
    with running(tmp_path) as mock:
        mock.order("dialog 2")
        mock.type("\x1b[B")
        mock.wait("❯ 2. Yes, and")
        mock.type("\x1b")
        assert mock.logged("chose")["label"] is None


def test_a_byte_is_logged_with_the_dialog_that_was_up(tmp_path: Path) -> None:
    with running(tmp_path, "--ambush", "2") as mock:
        mock.type("abc")
        mock.until(lambda: len(mock.log("byte")) == 3, "three bytes")
        assert [None, None, 1] == [byte["dialog"] for byte in mock.log("byte")]


def test_a_seed_makes_the_same_swaps(tmp_path: Path) -> None:
    runs = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        with running(folder, "--seed", "7", "--swap", "0.01", "dialog 0") as mock:
            mock.until(lambda mock=mock: len(mock.log("shown")) > 20, "swaps")
            runs.append([shown["kind"] for shown in mock.log("shown")[:20]])
    assert runs[0] == runs[1]
    assert len(set(runs[0])) > len(DIALOGS) // 2


def test_a_paste_is_one_key_and_enter_submits_it(tmp_path: Path) -> None:
    with running(tmp_path) as mock:
        mock.type("\x1b[200~two\nlines\x1b[201~")
        mock.until(lambda: len(mock.log("byte")) == 21, "the paste")
        mock.type("\r")
        assert "two\nlines" == mock.logged("submitted")["text"]


def test_the_first_enter_can_be_eaten(tmp_path: Path) -> None:
    with running(tmp_path, "--eat-enter", "dialog 0") as mock:
        mock.type("\r")
        mock.until(lambda: len(mock.log("byte")) == 1, "a byte")
        assert 1 == mock.order("state")["dialog"]
        mock.type("\r")
        assert "Yes (y)" == mock.logged("chose")["label"]


def test_hanging_it_reads_nothing_and_dying_it_ends(tmp_path: Path) -> None:
    with running(tmp_path, "--hang", "--die", "2") as mock:
        mock.type("ab")
        assert 0 == mock.order("state")["read"]
        mock.order("wake")
        mock.end()
        assert 2 == len(mock.log("byte"))


def test_muted_it_echoes_nothing_and_late_it_echoes_later(tmp_path: Path) -> None:
    for flag in (["--mute"], ["--late", "0.2"]):
        folder = tmp_path / flag[0]
        folder.mkdir()
        with running(folder, *flag) as mock:
            mock.type("hush")
            mock.until(lambda mock=mock: len(mock.log("byte")) == 4, "bytes")
            assert "hush" not in mock.text
            if flag[0] == "--late":
                mock.wait("hush")


def test_a_new_size_paints_everything_anew(tmp_path: Path) -> None:
    with running(tmp_path, "dialog 0") as mock:
        mock.wait("3. No (esc)")
        mock.resize(40, 12)
        mock.wait("─" * 40)
        assert 1 == mock.text.count("3. No (esc)")


def test_it_works_for_a_while_and_rests(tmp_path: Path) -> None:
    with running(tmp_path, "--style", "claude", "busy 0.3") as mock:
        mock.wait("Working…")
        mock.wait("esc to interrupt")
        mock.gone("Working…")
        mock.wait("? for shortcuts")
        assert "✳ Demo" == mock.screen.title
