"""Answers to an agent that ignores keys right after it has drawn something.

The drivers say how long to wait. The mock ignores keys for `IGNORES_S` after a dialog
has come up, and Enter for `MARK_S` after its marker has moved.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from ant.core.errors import PromptChanged
from ant.terminal.agents.driver import drivers
from ant.terminal.model.choice import Choice
from tests.mocks.looks import DIALOGS
from tests.terminal.input.test_race import ROOT, Control, fingerprint, logged
from tests.terminal.input.test_type_message import at_rest, mock
from tests.terminal.running import Onlooker, running

FLAG = "claude-code"

IGNORES_S = 0.3
"""Twice as long as Claude Code 2.1.332 does, and shorter than its driver says."""


MARK_S = 0.1


@asynccontextmanager
async def ignoring(folder: Path) -> AsyncIterator[tuple[Onlooker, Control]]:
    """The mock, at rest."""
    given = mock(folder, "claude", "--ignore", f"{IGNORES_S}")
    async with running(*given, cwd=ROOT, flag=FLAG) as onlooker:
        await at_rest(onlooker)
        async with await trio.open_unix_socket(str(folder / "s")) as stream:
            yield onlooker, Control(stream)


def test_the_driver_waits_longer_than_the_mock_ignores_keys() -> None:
    assert drivers()[FLAG].keys_after_ms / 1000 > IGNORES_S


@pytest.mark.slow
async def test_each_key_is_pressed_once_and_taken(tmp_path: Path) -> None:
    """The answer comes at once; ANT waits, and then the first Enter is taken."""
    log = tmp_path / "log"
    async with ignoring(tmp_path) as (onlooker, control):
        for number in (0, 2, 2):
            shown = await control.order(f"dialog {number}")
            asks = await fingerprint(onlooker, log, shown["dialog"])
            assert asks is not None
            outcome = await onlooker.live.answer(asks, Choice("approve"))
            assert outcome.resolved
    assert [] == logged(log, "ignored")
    assert ["Yes (y)"] * 3 == [each["label"] for each in logged(log, "chose")]
    assert [13] * 3 == [each["byte"] for each in logged(log, "byte")]


@pytest.mark.slow
async def test_a_dialog_that_changes_meanwhile_gets_no_key(tmp_path: Path) -> None:
    """ANT compares the screen again after the wait."""
    async with ignoring(tmp_path) as (onlooker, control):
        await control.order("dialog 0")
        prompt = await onlooker.prompt()

        async def answer() -> None:
            with pytest.raises(PromptChanged):
                await onlooker.live.answer(prompt.fingerprint, Choice("approve"))

        async with trio.open_nursery() as nursery:
            nursery.start_soon(answer)
            await wait_all_tasks_blocked()
            await control.order(f"dialog {len(DIALOGS) - 1}")
    assert [] == logged(tmp_path / "log", "byte")


@pytest.mark.slow
async def test_a_cancelled_answer_has_pressed_nothing(tmp_path: Path) -> None:
    """The write lock is free again: keys of the operator and answers pass."""
    async with ignoring(tmp_path) as (onlooker, control):
        await control.order("dialog 0")
        prompt = await onlooker.prompt()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(
                onlooker.live.answer, prompt.fingerprint, Choice("approve")
            )
            await wait_all_tasks_blocked()
            nursery.cancel_scope.cancel()
        assert [] == logged(tmp_path / "log", "byte")
        outcome = await onlooker.live.answer(prompt.fingerprint, Choice("deny"))
        assert outcome.resolved
    assert [None] == [each["label"] for each in logged(tmp_path / "log", "chose")]


@pytest.mark.slow
async def test_enter_waits_until_the_moved_marker_has_settled(tmp_path: Path) -> None:
    """Gemini CLI once ignored an Enter that came as soon as it had drawn the marker."""
    log = tmp_path / "log"
    given = mock(tmp_path, "gemini", "--mark", f"{MARK_S}", "dialog 5")
    async with running(*given, cwd=ROOT, flag="gemini-cli") as onlooker:
        prompt = await onlooker.prompt()
        choice = Choice("select", label="Files")
        outcome = await onlooker.live.answer(prompt.fingerprint, choice)
        assert outcome.resolved
    assert [] == logged(log, "ignored")
    assert ["Files"] == [each["label"] for each in logged(log, "chose")]
