"""Verdicts in the database."""

from ant.model.sessions import SessionId
from ant.store import Store, Unit, VerdictRecord
from ant.terminal.detect.verdict import VerdictSeen
from ant.terminal.model.prompt import Kind, Verdict
from ant.terminal.model.tty import Tty
from tests.history.test_history import create
from tests.terminal.model.test_prompt import MENU

TTY = Tty(echo=False, canonical=True, foreground="sudo", reading=True)


def seen(end: int, rule: str = "time") -> VerdictSeen:
    """A verdict at that offset."""
    return VerdictSeen(Verdict(Kind.BUSY, rule, (), end), TTY, 80, 24, 0.25, "aider")


def kept(store: Store, session_id: SessionId) -> list[VerdictRecord]:
    """All of a session."""

    def read(unit: Unit) -> list[VerdictRecord]:
        return unit.verdicts.of(session_id)

    return store.read(read)


def test_a_verdict_is_stored_with_its_inputs(store: Store) -> None:
    """Line discipline, size, quiet time, driver; of a prompt its fingerprint."""
    session = create(store)
    menu = VerdictSeen(Verdict(Kind.DIALOG, "menu", (1, 2), 9, MENU), None, 90, 30)

    def write(unit: Unit) -> None:
        unit.verdicts.add(session.id, "2026-01-01T00:00:00Z", [seen(5), menu])

    store.transact(write)
    first, second = kept(store, session.id)
    assert (5, TTY, 80, 24, 0.25, "aider") == (
        first.offset,
        first.tty,
        first.cols,
        first.rows,
        first.quiet_s,
        first.flag,
    )
    assert (Kind.BUSY, "time", None) == (first.kind, first.rule, first.fingerprint)
    assert (None, MENU.fingerprint, MENU.question) == (
        second.tty,
        second.fingerprint,
        second.question,
    )


def test_last_is_the_newest_at_or_before_an_offset(store: Store) -> None:
    """Of several at one offset the newest."""
    session = create(store)

    def write(unit: Unit) -> None:
        pieces = [seen(5), seen(5, "later"), seen(9)]
        unit.verdicts.add(session.id, "2026-01-01T00:00:00Z", pieces)

    store.transact(write)

    def last(unit: Unit, until: int) -> str | None:
        found = unit.verdicts.last(session.id, until)
        return found.rule if found else None

    assert [None, "later", "later", "time"] == [
        store.read(last, until) for until in (4, 5, 8, 9)
    ]


def test_trim_deletes_verdicts_of_trimmed_bytes(store: Store) -> None:
    """But the last one, which has the size at the first stored byte."""
    session = create(store)

    def write(unit: Unit) -> None:
        unit.verdicts.add(
            session.id, "2026-01-01T00:00:00Z", [seen(1), seen(5), seen(9)]
        )
        unit.verdicts.trim(session.id, 7)

    store.transact(write)
    assert [5, 9] == [each.offset for each in kept(store, session.id)]
