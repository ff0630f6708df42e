"""Who looks at which terminal."""

import trio
import trio.testing

from ant.core.wakeup import Bell
from ant.model.sessions import SessionId
from ant.runtime.broadcaster import Viewers

ONE, TWO = SessionId("one"), SessionId("two")


async def rings(bell: Bell) -> bool:
    """Whether the bell rang since it was last asked."""
    with trio.move_on_after(1) as patience:
        await bell.wait()
    return not patience.cancelled_caught


async def test_a_wake_reaches_who_looks_there(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """Those that look at this session, not those of another, nor those that left."""
    viewers = Viewers()
    here, there, left = Bell(), Bell(), Bell()
    with viewers.watching(ONE, here), viewers.watching(TWO, there):
        with viewers.watching(ONE, left):
            assert 3 == viewers.count()
        viewers.wake(ONE)
        assert [True, False, False] == [await rings(b) for b in (here, there, left)]
    assert 0 == viewers.count()
    viewers.wake(ONE)


async def test_one_bell_may_look_at_many(
    autojump_clock: trio.testing.MockClock,
) -> None:
    """A socket has one bell; leaving one session does not leave the other."""
    viewers, bell = Viewers(), Bell()
    with viewers.watching(TWO, bell):
        with viewers.watching(ONE, bell):
            pass
        viewers.wake(ONE)
        assert not await rings(bell)
        viewers.wake(TWO)
        assert await rings(bell)


def test_who_comes_as_the_last_leaves_is_kept() -> None:
    """The end of an older view takes no newer one with it."""
    viewers = Viewers()
    first, second = viewers.watching(ONE, Bell()), viewers.watching(ONE, Bell())
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert 1 == viewers.count()
    second.__exit__(None, None, None)
    assert {} == viewers._bells


def test_who_has_a_terminal_is_counted() -> None:
    """Two may be there for one program; the last to leave leaves it alone."""
    viewers = Viewers()
    with viewers.typing(ONE, Bell()):
        with viewers.typing(ONE, Bell()):
            assert viewers.has_typist(ONE)
        assert viewers.has_typist(ONE)
        assert not viewers.has_typist(TWO)
    assert not viewers.has_typist(ONE)


def test_who_set_the_size_last_is_preferred() -> None:
    """One terminal answers; when it leaves, the one that did before it."""
    viewers, first, second, third = Viewers(), Bell(), Bell(), Bell()

    def answering() -> list[Bell]:
        bells = (first, second, third)
        return [bell for bell in bells if viewers.may_reply(ONE, bell)]

    assert [] == answering(), "the server answers"
    with viewers.typing(ONE, first):
        with viewers.typing(ONE, second):
            assert [second] == answering()
            viewers.prefer(ONE, first)
            assert [first] == answering()
            viewers.prefer(ONE, second)
        assert [first] == answering()
    assert [] == answering()
    assert {} == viewers._typists
