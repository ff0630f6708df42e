"""The task that renders what is stored, behind everybody's back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio

from ant.core.errors import StorageFailed
from ant.history import indexer, lines
from ant.history.indexer import Indexer
from ant.journal.bus import Bus
from ant.journal.writer import Journal, open_journal
from ant.model.sessions import Session
from ant.sessions import sessions
from ant.store import Store, Unit
from tests.history.test_lines import begin, final, say
from tests.rules import create, taken_apart
from tests.systems import PATIENCE_S


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not wait for company, nor rest."""
    monkeypatch.setattr(indexer, "LINGER_S", 0.001)
    monkeypatch.setattr(indexer, "REST", 0)
    monkeypatch.setattr(indexer, "RETRY_S", 0.001)


@asynccontextmanager
async def running(store: Store) -> AsyncIterator[tuple[Indexer, Journal]]:
    """It runs."""
    with trio.fail_after(PATIENCE_S):
        async with (
            open_journal(store, Bus()) as journal,
            trio.open_nursery() as nursery,
        ):
            one = Indexer(journal)
            nursery.start_soon(one.run)
            yield one, journal
            nursery.cancel_scope.cancel()


async def settled(journal: Journal) -> None:
    """Wait until nothing waits to be rendered, nor to be indexed."""
    while await journal.read(lines.lagging) or not await journal.read(lines.is_tidy):
        await trio.lowlevel.checkpoint()


def talkative(store: Store, name: str = "one") -> Session:
    """A terminal that has put out three blocks of lines, and more."""
    made = create(store, name, cols=80, rows=5)
    begin(store, made, 0)
    say(store, made, 0, b"".join(b"%d a needle\r\n" % n for n in range(9000)))
    return made


@pytest.mark.slow
async def test_unrendered_output_is_rendered_after_a_start(store: Store) -> None:
    """All that is stored and not rendered, and the index as well."""
    sessions = [talkative(store, name) for name in ("one", "two")]
    async with running(store) as (_, journal):
        await settled(journal)
    for session in sessions:
        assert 8996 == len(final(store, session))


@pytest.mark.slow
async def test_new_bytes_are_rendered_soon(store: Store) -> None:
    """Of any session, and in several pieces."""
    session = talkative(store)
    async with running(store) as (one, journal):
        await settled(journal)
        offset = store.read(lambda u: u.lines.progress(session.id)).offset
        say(store, session, offset, b"more\r\n" * 100)
        one.mark(session.id)
        await settled(journal)
    assert "more" == final(store, session)[-1].text


@pytest.mark.slow
async def test_few_bytes_wait_for_more(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are rendered together; the index is cleaned meanwhile."""
    session, gone = create(store, "one", cols=80, rows=5), talkative(store, "gone")
    begin(store, session, 0)
    async with running(store) as (one, journal):
        await settled(journal)
        monkeypatch.setattr(indexer, "LINGER_S", 3600)
        for offset in range(0, 300, 3):
            say(store, session, offset, b"a\r\n")
            one.mark(session.id)
        await journal.write(sessions.remove_sessions, [gone.id])
        taken_apart(store)
        one.tidy_soon()
        while not await journal.read(lines.is_tidy):
            await trio.lowlevel.checkpoint()
        assert [session.id] == await journal.read(lines.lagging)
        await one.settle()
        assert [] == await journal.read(lines.lagging)
    assert 96 == len(final(store, session))


async def test_a_removal_during_a_cleaning_is_not_forgotten(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cleaning that runs may have passed its rows by, so there is another."""
    clean, again, token = lines.tidy, trio.Event(), trio.lowlevel.current_trio_token()
    told: list[bool] = []
    async with running(store) as (one, journal):
        await settled(journal)

        def tidy(unit: Unit) -> bool:
            more = clean(unit)
            token.run_sync_soon(again.set if told else one.tidy_soon)
            told.append(more)
            return more

        monkeypatch.setattr(lines, "tidy", tidy)
        one.tidy_soon()
        await again.wait()
    assert [False, False] == told[:2]


@pytest.mark.slow
async def test_a_cancelled_piece_is_done_again(store: Store) -> None:
    """No line is missing and none is there twice, wherever it was cancelled."""
    session = talkative(store)
    for steps in range(12):
        with trio.CancelScope() as scope:
            async with running(store) as (_, _journal):
                for _ in range(steps * 3):
                    await trio.lowlevel.checkpoint()
                scope.cancel()
                await trio.lowlevel.checkpoint()
    async with running(store) as (one, _):
        await one.catch_up(session.id)
    texts = [line.text for line in final(store, session)]
    assert [f"{n} a needle" for n in range(8996)] == texts


@pytest.mark.slow
async def test_a_failed_commit_is_tried_again(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And the session is not forgotten meanwhile."""
    session, refusals = talkative(store), 3
    store_rendered = lines.store_rendered

    def refuse(unit: Any, done: Any) -> bool:
        nonlocal refusals
        if refusals:
            refusals -= 1
            raise StorageFailed("full")
        return store_rendered(unit, done)

    monkeypatch.setattr(lines, "store_rendered", refuse)
    async with running(store) as (_, journal):
        await settled(journal)
    assert not refusals
    assert 8996 == len(final(store, session))


@pytest.mark.slow
async def test_a_session_that_cannot_be_rendered_affects_no_other(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug with the bytes of one session is logged once; others are rendered."""
    odd, sound = talkative(store, "odd"), talkative(store, "sound")
    render = lines.render

    def stumble(unit: Any, session_id: Any, *args: Any) -> Any:
        if session_id == odd.id:
            raise IndexError("a bug")
        return render(unit, session_id, *args)

    monkeypatch.setattr(lines, "render", stumble)
    async with running(store) as (one, journal):
        one.mark(odd.id)
        await one.catch_up(sound.id)
        await one.catch_up(odd.id)
        await one.catch_up(odd.id)
        assert [odd.id] == await journal.read(lines.lagging)
    assert 8996 == len(final(store, sound))
    told = f"Session {odd.id} is rendered no further."
    assert [told] == [record.getMessage() for record in caplog.records]


@pytest.mark.slow
async def test_removed_sessions_leave_the_index(store: Store) -> None:
    """And their texts."""
    session = talkative(store)
    async with running(store) as (one, journal):
        await settled(journal)
        await journal.write(sessions.remove_sessions, [session.id])
        taken_apart(store)
        assert not await journal.read(lines.is_tidy)
        one.tidy_soon()
        await settled(journal)


async def test_a_search_does_not_wait_for_a_rest(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored output is rendered at once for it."""
    monkeypatch.setattr(indexer, "LINGER_S", 1000)
    async with running(store) as (one, journal):
        session = talkative(store)
        one.mark(session.id)
        await one.settle()
        assert [] == await journal.read(lines.lagging)
