"""A request that waits: it is decided, let go, or left."""

import pytest
import trio
import trio.testing

from ant.prompts.agent_permissions import HookDecision
from ant.prompts.permission_wait import PermissionWait
from tests.hooking import asked

YES = HookDecision("allow", "Allow")


@pytest.fixture
def wait() -> PermissionWait:
    return PermissionWait(asked())


async def test_a_decision_is_taken_once(wait: PermissionWait) -> None:
    """Who offers learns that it was taken; a second offer is not."""
    offered: list[bool] = []

    async def offer() -> None:
        offered.append(await wait.offer(YES))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(offer)
        assert YES == await wait.taken(60)
        assert [] == offered
        wait.end()
    assert [True] == offered
    assert not await wait.offer(YES)
    assert not wait.is_open


async def test_a_request_that_is_let_go_takes_nothing(wait: PermissionWait) -> None:
    """An offer after that is refused at once."""
    wait.let_go()
    assert await wait.taken(60) is None
    assert not await wait.offer(YES)
    assert wait.decision is None


async def test_time_is_over(wait: PermissionWait, autojump_clock: object) -> None:
    """Without a decision; its task ends then."""
    assert await wait.taken(60) is None
    wait.end()
    assert not await wait.offer(YES)


async def test_a_client_that_leaves_at_that_moment(wait: PermissionWait) -> None:
    """The decision was offered, but not taken: who offered it learns that."""
    offered: list[bool] = []
    scope = trio.CancelScope()

    async def request() -> None:
        try:
            with scope:
                await wait.taken(60)
        finally:
            wait.end()

    async def offer() -> None:
        await trio.testing.wait_all_tasks_blocked()
        scope.cancel()
        offered.append(await wait.offer(YES))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(request)
        nursery.start_soon(offer)
    assert [wait.is_taken] == offered
