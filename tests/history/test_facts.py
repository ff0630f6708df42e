"""Facts in the chain of a session: which run events are one, and after which cursor."""

from typing import Any

import pytest

from ant.core.errors import Invalid
from ant.history.facts import BLOCK, PROMPT, FactsPage, first_fact
from ant.model.run_events import HostEvent, RunEventDraft, Source, Trust
from ant.model.sessions import Session, Status
from ant.model.waits import WaitCursor
from ant.run_events import log
from ant.store import Store
from tests.rules import create

WANTED = (BLOCK, PROMPT)


@pytest.fixture
def here(store: Store) -> Session:
    """A terminal."""
    return create(store)


def host(store: Store, here: Session, kind: str, at: int, **data: Any) -> None:
    store.transact(log.record_host_event, here.id, HostEvent(kind, data, at))


def block(store: Store, here: Session, command: str, end: int, **more: Any) -> None:
    given = {"source": Source.TERMINAL, "trust": Trust.HIGH, "kind": "command_block"}
    draft = RunEventDraft(
        **{**given, **more},
        text=command,
        payload={"exit_code": 3},
        start=0,
        end=end,
    )
    store.transact(log.record, here.id, draft)


def first(store: Store, here: Session, offset: int, number: int | None) -> FactsPage:
    page: FactsPage = store.read(
        first_fact, here.id, WaitCursor(offset, number), WANTED
    )
    return page


def test_facts_come_in_their_order(store: Store, here: Session) -> None:
    """A command, the end, and the next run; each with the run that it belongs to."""
    host(store, here, "start", 0, run="first")
    block(store, here, "make", 50)
    host(store, here, "resize", 50, cols=1, rows=1)
    host(store, here, "exit", 60, code=4, signal=None, reason=None)
    host(store, here, "start", 60, run="second")
    host(store, here, "lost", 90, reason="gone")
    found, number = [], 0
    while (page := first(store, here, 0, number)).fact is not None:
        found.append((page.fact.kind, page.run, page.fact.end, page.fact.status))
        number = page.number
    assert [
        ("block", "first", 50, None),
        ("exit", "first", 60, Status.EXITED),
        ("exit", "second", 90, Status.LOST),
    ] == found
    assert 6 == page.number
    assert not page.missing


def test_an_offset_alone_is_a_cursor(store: Store, here: Session) -> None:
    """What ended there or later comes after it."""
    for end in (10, 20, 30):
        block(store, here, f"to {end}", end)
    page = first(store, here, 20, None)
    assert page.fact is not None
    assert ("to 20", 1) == (page.fact.command, page.first)
    assert first(store, here, 31, None).fact is None


def test_a_hook_cannot_end_a_run(store: Store, here: Session) -> None:
    """Nor can a notification of tmux that is called `exit`."""
    payload = {"kind": "exit", "code": 0}
    draft = RunEventDraft(Source.HOOK, Trust.MEDIUM, "system", "", payload)
    store.transact(log.record, here.id, draft)
    host(store, here, "exit", 5)
    assert first(store, here, 0, 0).fact is None


def test_a_cursor_of_elsewhere(store: Store, here: Session) -> None:
    """It is beyond what is recorded."""
    with pytest.raises(Invalid, match=r"event 7 after the newest one, 0, at \$\.after"):
        first(store, here, 0, 7)


def test_deleted_events_are_told(store: Store, here: Session) -> None:
    """A cursor before the beginning of the chain may have missed a fact."""
    for number in range(4):
        block(store, here, f"{number}", number)
    store.transact(lambda unit: unit.run_events.prune(here.id, 2, 100))
    assert first(store, here, 0, 0).missing
    assert not first(store, here, 0, 2).missing
