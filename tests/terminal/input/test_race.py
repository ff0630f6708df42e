"""A race: an agent swaps its dialog while it is being answered, a thousand times.

A key is wrong if it decides a dialog that ANT's last snapshot could have told from the
one that was answered. The mock logs after how many bytes of its output each dialog came
up. The answer records up to which byte the last snapshot had read. A dialog that comes
up after those bytes cannot be known: it is counted apart.
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
from ant.terminal.model.prompt import Kind
from tests.mocks.looks import DIALOGS
from tests.soak import soak
from tests.terminal.running import Onlooker, running

ROOT = str(Path(__file__).parents[3])
STYLES = ("claude", "arrows", soak("codex"), soak("gemini"), soak("copilot"))
ROUNDS = 200
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
@pytest.mark.parametrize("style", STYLES)
async def test_no_key_decides_another_dialog(
    style: str,
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
    results, answered = Counter[str](), dict[int, int]()
    async with running(*mock, cwd=ROOT) as onlooker:
        await onlooker.until(lambda: onlooker.flow.tail.end > 0)
        async with await trio.open_unix_socket(path) as stream:
            control = Control(stream)
            for _ in range(ROUNDS):
                shown = await control.order(f"dialog {rng.randrange(len(DIALOGS))}")
                asked = await fingerprint(onlooker, log, shown["dialog"])
                if asked is None:
                    continue  # `_wrong_and_late` tells whether the key was wrong.
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
                        outcome = await onlooker.live.answer(asked, choice)
                    except (Conflict, NotAnOption) as exc:
                        results[type(exc).__name__] += 1
                    else:
                        results["answered"] += 1
                        answered[shown["dialog"]] = outcome.end
                await control.order("rest")
    wrong, late = _wrong_and_late(log, answered)
    with capsys.disabled():
        print(f"\n{style}: {dict(results)}, swapped after the last look {late}")
    assert [] == wrong
    assert results["answered"] > ROUNDS / 4
    assert results["PromptChanged"] > 0


def _wrong_and_late(log: Path, answered: dict[int, int]) -> tuple[list[Any], int]:
    after = {line["id"]: line["after"] for line in logged(log, "shown")}
    wrong, late = [], 0
    for chose in logged(log, "chose"):
        meant = max((each for each in answered if each <= chose["id"]), default=0)
        if chose["id"] == meant:
            continue
        if meant and after[meant + 1] >= answered[meant]:
            late += 1
        else:
            wrong.append(chose)
    return wrong, late
