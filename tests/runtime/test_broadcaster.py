"""Who looks at which terminal."""

import trio
import trio.testing

from ant.core.wakeup import Wakeup
from ant.model.sessions import SessionId
from ant.runtime.broadcaster import Broadcaster

ONE, TWO = SessionId("one"), SessionId("two")


async def rings(wakeup: Wakeup) -> bool:
    """Whether the wakeup was set since the last call."""
    with trio.move_on_after(1) as patience:
        await wakeup.wait()
    return not patience.cancelled_caught


async def test_a_wake_reaches_the_viewers(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Only sockets that view this session now, not those that left."""
    broadcaster = Broadcaster()
    here, there, left = Wakeup(), Wakeup(), Wakeup()
    with broadcaster.watching(ONE, here), broadcaster.watching(TWO, there):
        with broadcaster.watching(ONE, left):
            assert 3 == broadcaster.count()
        broadcaster.wake(ONE)
        assert [True, False, False] == [await rings(b) for b in (here, there, left)]
    assert 0 == broadcaster.count()
    broadcaster.wake(ONE)


async def test_a_socket_may_view_many_sessions(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A socket has one wakeup; leaving one session does not leave the other."""
    broadcaster, wakeup = Broadcaster(), Wakeup()
    with broadcaster.watching(TWO, wakeup):
        with broadcaster.watching(ONE, wakeup):
            pass
        broadcaster.wake(ONE)
        assert not await rings(wakeup)
        broadcaster.wake(TWO)
        assert await rings(wakeup)


def test_a_view_that_begins_as_the_last_ends_is_kept() -> None:
    """The end of an older view does not remove a newer one."""
    broadcaster = Broadcaster()
    first, second = (
        broadcaster.watching(ONE, Wakeup()),
        broadcaster.watching(ONE, Wakeup()),
    )
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert 1 == broadcaster.count()
    second.__exit__(None, None, None)
    assert {} == broadcaster._wakeups


def test_typists_are_counted() -> None:
    """A session may have two typists; after the last one left it has none."""
    broadcaster = Broadcaster()
    with broadcaster.typing(ONE, Wakeup()):
        with broadcaster.typing(ONE, Wakeup()):
            assert broadcaster.has_typist(ONE)
        assert broadcaster.has_typist(ONE)
        assert not broadcaster.has_typist(TWO)
    assert not broadcaster.has_typist(ONE)


def test_the_typist_that_set_the_size_answers() -> None:
    """One terminal answers; when it leaves, the one before it does."""
    broadcaster, first, second, third = Broadcaster(), Wakeup(), Wakeup(), Wakeup()

    def answering() -> list[Wakeup]:
        wakeups = (first, second, third)
        return [wakeup for wakeup in wakeups if broadcaster.may_reply(ONE, wakeup)]

    assert [] == answering(), "the server answers"
    with broadcaster.typing(ONE, first):
        with broadcaster.typing(ONE, second):
            assert [second] == answering()
            broadcaster.prefer(ONE, first)
            assert [first] == answering()
            broadcaster.prefer(ONE, second)
        assert [first] == answering()
    assert [] == answering()
    assert {} == broadcaster._typists
