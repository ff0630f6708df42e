"""Wait for what has no event of its own: a process to be gone, a row to change."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Any

import trio

PATIENCE_S = 30.0
"""Far beyond what anything here takes, on two busy cores."""

LOOK_AGAIN_S = 0.02


async def eventually(
    look: Callable[[], Any | Awaitable[Any]],
    patience_s: float = PATIENCE_S,
    again_s: float = LOOK_AGAIN_S,
) -> Any:
    """The first true answer of `look`, async or not. Raises `trio.TooSlowError`."""
    with trio.fail_after(patience_s):
        while True:
            answer = look()
            if inspect.isawaitable(answer):
                answer = await answer
            if answer:
                return answer
            await trio.sleep(again_s)
