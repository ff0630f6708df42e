"""Who owns a terminal's size; the decisions, and what is applied of them."""

# The invariant: once all is applied, the size that was decided last stands in the row,
# on the program's terminal and in every view, whatever happened in between.

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from ant.core.errors import NotFound, StorageFailed
from ant.core.wakeup import Wakeup
from ant.model.sessions import Session, SessionId
from ant.runtime import run_records
from ant.runtime.terminal_sizes import Owner, Size, TerminalSizes, View
from ant.runtime.terminals import resize_terminal
from ant.terminal.host.host_terminal import HostTerminal, Spec
from tests.cancel import cancel_at_every_step
from tests.live.waiting import eventually
from tests.steps import injected
from tests.systems import Rig, running

ONE = SessionId("one")
STORED = (80, 24)
ROW = (120, 30)
"""The size of a new session."""
MOST_STEPS = 400


class Hall:
    """Sizes that nothing applies, and who views the one terminal."""

    def __init__(self, count: int) -> None:
        self.sizes = TerminalSizes(None, lambda _: None)  # type: ignore[arg-type]
        self.views = [View(ONE, Wakeup(), f"v{n}") for n in range(count)]
        self.scopes: dict[View, ExitStack] = {}
        for view in self.views:
            self.join(view)

    def join(self, view: View) -> None:
        self.scopes[view] = ExitStack()
        self.scopes[view].enter_context(self.sizes.viewing(view, STORED))

    def leave(self, view: View) -> None:
        self.scopes.pop(view).close()

    @property
    def target(self) -> Size | None:
        return self.sizes._terminals[ONE].target

    @property
    def owner(self) -> View | None:
        return self.sizes.owner(ONE)


def test_the_first_resize_takes_the_size() -> None:
    """Another socket's is refused, and nobody owns the size when the owner left."""
    hall = Hall(2)
    first, second = hall.views
    assert hall.owner is None
    assert hall.sizes.ask(first, (100, 30))
    assert not hall.sizes.ask(second, (40, 80))
    assert hall.sizes.ask(first, (101, 31))
    assert (first, (101, 31)) == (hall.owner, hall.target)
    hall.leave(first)
    assert (None, (101, 31)) == (hall.owner, hall.target)
    assert hall.sizes.ask(second, (40, 80))
    assert (second, (40, 80)) == (hall.owner, hall.target)


def test_typing_takes_it_from_a_view_that_has_sent_a_size() -> None:
    """With the size that this view last sent; a view that sent none changes nothing."""
    hall = Hall(3)
    first, second, third = hall.views
    hall.sizes.ask(first, (100, 30))
    hall.sizes.ask(second, (40, 80))
    hall.sizes.typed(third)
    assert (first, (100, 30)) == (hall.owner, hall.target)
    hall.sizes.typed(second)
    assert (second, (40, 80)) == (hall.owner, hall.target)
    hall.sizes.typed(first)
    assert (first, (100, 30)) == (hall.owner, hall.target)


def test_a_take_is_given_back() -> None:
    """To the owner before, with the size that this one wants by now."""
    hall = Hall(2)
    desk, phone = hall.views
    hall.sizes.ask(desk, (200, 50))
    assert hall.sizes.ask(phone, (40, 80), take=True)
    assert hall.sizes.ask(phone, (80, 40), take=True)
    assert not hall.sizes.ask(desk, (190, 50))
    assert (phone, (80, 40)) == (hall.owner, hall.target)
    hall.leave(phone)
    assert (desk, (190, 50)) == (hall.owner, hall.target)


def test_a_take_from_nobody_is_given_back_to_nobody() -> None:
    """The size from before it stands again."""
    hall = Hall(1)
    hall.sizes.ask(hall.views[0], (40, 80), take=True)
    hall.leave(hall.views[0])
    assert (None, STORED) == (hall.owner, hall.target)


def test_takes_over_takes() -> None:
    """A taker that leaves below another changes only to whom that one gives back."""
    hall = Hall(3)
    desk, phone, pad = hall.views
    hall.sizes.ask(desk, (200, 50))
    hall.sizes.ask(phone, (40, 80), take=True)
    hall.sizes.ask(pad, (90, 60), take=True)
    hall.leave(phone)
    assert (pad, (90, 60)) == (hall.owner, hall.target)
    hall.leave(pad)
    assert (desk, (200, 50)) == (hall.owner, hall.target)


def test_a_resize_without_a_view_is_obeyed_and_ends_all_takes() -> None:
    """Nobody owns the size after it, and nothing is given back."""
    hall = Hall(2)
    desk, phone = hall.views
    hall.sizes.ask(desk, (200, 50))
    hall.sizes.ask(phone, (40, 80), take=True)
    hall.sizes.set(ONE, (132, 43), STORED)
    assert (None, (132, 43)) == (hall.owner, hall.target)
    hall.leave(phone)
    assert (None, (132, 43)) == (hall.owner, hall.target)


SIZES = st.tuples(st.integers(1, 9), st.integers(1, 9))
MOVES = st.one_of(
    st.tuples(st.just("ask"), st.integers(0, 2), SIZES),
    st.tuples(st.just("take"), st.integers(0, 2), SIZES),
    st.tuples(st.just("typed"), st.integers(0, 2), SIZES),
    st.tuples(st.just("set"), st.integers(0, 2), SIZES),
    st.tuples(st.just("move"), st.integers(0, 2), SIZES),
)


@given(st.lists(MOVES, max_size=40))
def test_whatever_happens_the_owner_is_there(moves: list) -> None:
    """An owner is a view that has joined and has sent a size, and has that size."""
    hall = Hall(3)
    for kind, number, size in moves:
        view, before = hall.views[number], (hall.owner, hall.target)
        is_in = view in hall.scopes
        if kind == "set":
            hall.sizes.set(ONE, size, STORED)
            assert (None, size) == (hall.owner, hall.target)
        elif kind == "move":
            if is_in:
                hall.leave(view)
                assert hall.owner is not view
            else:
                view.wanted = None
                hall.join(view)
        elif not is_in:
            continue
        elif kind == "typed":
            hall.sizes.typed(view)
            expected = (view, view.wanted) if view.wanted else before
            assert expected == (hall.owner, hall.target)
        elif hall.sizes.ask(view, size, take=kind == "take"):
            assert (view, size) == (hall.owner, hall.target)
        else:
            assert before == (hall.owner, hall.target)
            assert before[0] not in {None, view}
        owner, terminal = hall.owner, hall.sizes._terminals[ONE]
        if owner is not None:
            assert owner in hall.scopes
            assert owner.wanted == hall.target
        assert len(terminal.takes) <= len(hall.scopes)
        assert {each.view for each in terminal.takes} <= hall.scopes.keys()
        assert {each.before for each in terminal.takes} <= {None, *hall.scopes}


@contextmanager
def viewed(rig: Rig, session: Session, count: int = 1) -> Iterator[list[View]]:
    """So many views of a session."""
    assert session.terminal is not None
    stored = session.terminal.cols, session.terminal.rows
    with ExitStack() as stack:
        views = [View(session.id, Wakeup()) for _ in range(count)]
        for view in views:
            stack.enter_context(rig.system.services.sizes.viewing(view, stored))
        yield views


async def settled(rig: Rig, session: Session) -> Size:
    """The size once all is applied: the same in the row, on the terminal, in memory."""
    sizes = rig.system.services.sizes
    await eventually(lambda: not sizes.needs_apply(session.id))
    row = await rig.look(session.id)
    assert row.terminal is not None
    size = row.terminal.cols, row.terminal.rows
    assert size == sizes.current(session.id)
    if rig.system.supervisor.find(session.id) is not None:
        assert size == rig.terminals[-1].sizes[-1]
    return size


async def test_a_size_is_stored_and_given_to_the_program(rig: Rig) -> None:
    """And all views are told once, when it stands."""
    session = await rig.started()
    sizes = rig.system.services.sizes
    with viewed(rig, session, 2) as (one, two):
        before = sizes.state(one)
        assert (*ROW, Owner.NOBODY) == (before.cols, before.rows, before.owner)
        assert sizes.ask(one, (70, 20))
        assert before.version == sizes.state(one).version, "not before it stands"
        await sizes.apply(session.id)
        assert (70, 20) == await settled(rig, session)
        now = sizes.state(one)
        assert (before.version + 1, 70, 20, Owner.SELF) == (
            *(now.version, now.cols, now.rows),
            now.owner,
        )
        assert Owner.OTHER == sizes.state(two).owner


async def test_what_the_database_refuses_changes_nothing(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size from before stands, and the next one is applied."""
    session = await rig.started()
    sizes = rig.system.services.sizes

    def refuse(*_: object) -> Session:
        raise StorageFailed("full")

    with viewed(rig, session) as (one,):
        with monkeypatch.context() as patched:
            patched.setattr(run_records, "resize", refuse)
            sizes.ask(one, (70, 20))
            with pytest.raises(StorageFailed):
                await sizes.apply(session.id)
        assert ROW == await settled(rig, session)
        sizes.ask(one, (71, 21))
        await sizes.apply(session.id)
        assert (71, 21) == await settled(rig, session)


@pytest.mark.slow
async def test_a_cancelled_resize_is_applied_all_the_same(rig: Rig) -> None:
    """Whatever step the caller leaves at."""
    session = await rig.started()
    counts = iter(range(30, 1000))

    async def resize() -> None:
        await resize_terminal(rig.system, session.id, next(counts), 20)

    async def check() -> None:
        last = rig.system.services.sizes._terminals.get(session.id)
        size = await settled(rig, session)
        assert last is None or size == last.target

    await cancel_at_every_step(resize, check)


@pytest.mark.slow
@settings(max_examples=12)
@given(
    step=st.integers(1, MOST_STEPS),
    before=st.booleans(),
    kind=st.sampled_from(["leave", "type", "rest"]),
    restarts=st.booleans(),
)
def test_something_happens_at_a_step_of_a_resize_and_a_start(
    tmp_path_factory: pytest.TempPathFactory,
    step: int,
    before: bool,
    kind: str,
    restarts: bool,
) -> None:
    """The program starts and restarts and the size is taken; another socket acts."""

    async def play(folder: Path) -> None:
        async with running(folder) as rig:
            session = await rig.create()
            sizes = rig.system.services.sizes
            with ExitStack() as stack, viewed(rig, session, 1) as (one,):
                (two,) = stack.enter_context(viewed(rig, session, 1))
                sizes.ask(one, (100, 30))
                await sizes.apply(session.id)
                sizes.ask(two, (40, 80), take=True)

                def act() -> None:
                    if kind == "leave":
                        stack.close()
                    elif kind == "type":
                        sizes.typed(one)
                    else:
                        sizes.set(session.id, (132, 43), STORED)
                        sizes.apply_later(session.id)

                async def restart() -> None:
                    await rig.system.supervisor.start(session.id)
                    if restarts:
                        await rig.system.supervisor.stop(session.id)
                        await rig.system.supervisor.start(session.id)

                with injected(act, step, before) as injection:
                    async with trio.open_nursery() as nursery:
                        nursery.start_soon(sizes.apply, session.id)
                        nursery.start_soon(restart)
                        nursery.start_soon(sizes.apply, session.id)
                size = await settled(rig, session)
                other = (132, 43) if kind == "rest" else (100, 30)
                assert size == (other if injection.fired else (40, 80))

    trio.run(play, tmp_path_factory.mktemp("sizes"))


async def test_a_start_with_a_size_of_its_own(rig: Rig) -> None:
    """What the run began with stands, also in the views."""
    session = await rig.create()
    with viewed(rig, session) as (one,):
        await rig.system.supervisor.start(session.id, 90, 25)
        assert (90, 25) == await settled(rig, session)
        state = rig.system.services.sizes.state(one)
        assert (90, 25) == (state.cols, state.rows)


async def test_a_deleted_session_is_forgotten(rig: Rig) -> None:
    """But not while a socket views it."""
    session = await rig.started()
    sizes = rig.system.services.sizes
    with viewed(rig, session):
        sizes.forget(session.id)
        assert sizes.current(session.id) is not None
    sizes.forget(session.id)
    assert sizes.current(session.id) is None


async def test_what_does_not_exist_is_not_remembered(rig: Rig) -> None:
    """A start of an unknown session leaves nothing behind."""
    with pytest.raises(NotFound):
        await rig.system.supervisor.start(SessionId("nobody"))
    assert {} == rig.system.services.sizes._terminals


async def test_a_resize_during_a_start_reaches_the_program(rig: Rig) -> None:
    """The run has read its size by then, and its terminal is not there yet."""
    session = await rig.create()

    async def open_late(spec: Spec) -> HostTerminal:
        await resize_terminal(rig.system, session.id, 70, 20)
        return await rig.open_fake(spec)

    rig.system.services.open_terminal = open_late
    await rig.system.supervisor.start(session.id)
    assert [ROW, (70, 20)] == rig.terminals[0].sizes
    assert (70, 20) == await settled(rig, session)
