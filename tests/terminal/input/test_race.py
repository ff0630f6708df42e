"""A race: an agent swaps its dialog while it is being answered, a thousand times.

The mock logs each byte that it reads with the dialog that it shows, and after how many
bytes of its output each dialog came up. The test notes each key that ANT writes, the
dialog that it is meant for, and up to which byte the last snapshot had read. A byte is
wrong if the mock reads it in another dialog that this snapshot could have shown. A
dialog that comes up after the snapshot cannot be known: its bytes are counted apart.
"""

import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.core.errors import Conflict, NotAnOption
from ant.terminal.input import answer_prompt
from ant.terminal.model.choice import Choice
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.screen.snapshot import ScreenSnapshot
from ant.terminal.session import LiveTerminal
from tests.mocks.looks import DIALOGS
from tests.soak import soak
from tests.terminal.running import Onlooker, running

ROOT = str(Path(__file__).parents[3])
FEW, MANY = 60, 1_000
STYLES = [("claude", FEW), ("arrows", FEW)]
STYLES += [soak(each, MANY) for each in ("claude", "arrows")]
STYLES += [soak(each, 300) for each in ("codex", "gemini", "copilot")]
SWAP_WITHIN_S = 0.004
"""An answer by arrows takes about so long."""


class Control:
    """The mock's socket; an order is confirmed when its dialog is drawn."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self._stream = stream

    async def order(self, line: str) -> Any:
        await self._stream.send_all(line.encode() + b"\n")
        data = b""
        while not data.endswith(b"\n"):
            data += await self._stream.receive_some()
        return json.loads(data)


class Keys:
    """Notes each byte that ANT writes: its value, what it is meant for, what was seen.

    `meant` is the id of the dialog that is being answered, None between two answers.
    """

    def __init__(self, live: LiveTerminal, patch: pytest.MonkeyPatch) -> None:
        self.meant: int | None = None
        self.noted: list[tuple[int, int | None, int]] = []
        self._look, self._write, self._seen = live.snapshot, live.press, 0
        patch.setattr(live, "snapshot", self._snapshot)
        patch.setattr(live, "press", self._press)

    def _snapshot(self) -> tuple[ScreenSnapshot, Verdict]:
        snapshot, verdict = self._look()
        self._seen = snapshot.end
        return snapshot, verdict

    def _press(self, data: bytes) -> None:
        self.noted += [(byte, self.meant, self._seen) for byte in data]
        self._write(data)


def logged(log: Path, event: str) -> list[Any]:
    """The mock's log entries of this kind."""
    lines = map(json.loads, log.read_text().splitlines())
    return [line for line in lines if line["event"] == event]


async def fingerprint(onlooker: Onlooker, log: Path, dialog: int) -> str | None:
    """The fingerprint of the dialog on the screen, once that is drawn.

    None if the mock has closed it: it read a key late that was for the one before.
    """
    with trio.fail_after(20):
        while True:
            _, verdict = onlooker.live.snapshot()
            if verdict.prompt is not None and verdict.kind is Kind.DIALOG:
                return verdict.prompt.fingerprint
            if any(line["id"] == dialog for line in logged(log, "chose")):
                return None
            await onlooker.live.wait_output(0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("style", "rounds"), STYLES)
async def test_no_key_goes_to_another_dialog(
    style: str,
    rounds: int,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A dialog that is swapped in gets no key of an answer to another one.

    ANT presses Enter without its pause here, so that swaps come between any two keys.
    """
    monkeypatch.setattr(answer_prompt, "MARKED_S", 0.0)
    rng = random.Random(style)
    log, path = tmp_path / "log", str(tmp_path / "s")
    given = ("--style", style, "--log", str(log), "--control", path)
    mock = (sys.executable, "-m", "tests.mocks.agent", "--seed", "7", *given)
    results = Counter[str]()
    async with running(*mock, cwd=ROOT) as onlooker:
        await onlooker.until(lambda: onlooker.flow.tail.end > 0)
        pressed = Keys(onlooker.live, monkeypatch)
        async with await trio.open_unix_socket(path) as stream:
            control = Control(stream)
            for _ in range(rounds):
                shown = await control.order(f"dialog {rng.randrange(len(DIALOGS))}")
                asked = await fingerprint(onlooker, log, shown["dialog"])
                if asked is None:
                    continue  # `_misread` tells whether that key was wrong.
                pressed.meant = shown["dialog"]
                choice = rng.choice(
                    [
                        Choice("approve"),
                        Choice("deny"),
                        Choice("select", index=rng.randrange(2)),
                    ]
                )
                delay = rng.uniform(0, SWAP_WITHIN_S)

                async def swap(delay: float = delay) -> None:
                    await trio.sleep(delay)
                    await control.order("swap")

                async with trio.open_nursery() as nursery:
                    nursery.start_soon(swap)
                    try:
                        await onlooker.live.answer(asked, choice)
                    except (Conflict, NotAnOption) as exc:
                        results[type(exc).__name__] += 1
                    else:
                        results["answered"] += 1
                pressed.meant = None
                await control.order("rest")
    wrong, late = _misread(log, pressed)
    with capsys.disabled():
        print(f"\n{style}: {dict(results)}, wrong {len(wrong)}, too late {late}")
    assert [] == wrong
    assert results["answered"] > rounds / 4
    assert results["PromptChanged"] > 0


def _misread(log: Path, pressed: Keys) -> tuple[list[Any], int]:
    """The wrong bytes, and how many came to what was drawn after the last look."""
    wrong, late = [], 0
    drawn, up, keys = 0, None, iter(pressed.noted)
    for line in map(json.loads, log.read_text().splitlines()):
        if line["event"] in ("shown", "gone"):
            drawn, up = line["after"], line["id"] if line["event"] == "shown" else None
        elif line["event"] == "byte":
            byte, meant, seen = next(keys)
            assert (byte, up) == (line["byte"], line["dialog"])
            if meant is None or (up != meant and drawn < seen):
                wrong.append(line)
            elif up != meant:
                late += 1
    return wrong, late
