"""One transaction: its time and its events."""

from ant.core import clock
from ant.model.events import SessionActivity, SessionsChanged
from ant.model.sessions import SessionId
from ant.store import Job, Store, Unit

ONE = SessionId("one")


def test_only_durable_events_are_logged(store: Store) -> None:
    """The others have no `seq`; all are published in the order of emission."""

    def work(unit: Unit) -> None:
        unit.emit(SessionsChanged(ONE))
        unit.emit(SessionActivity(ONE, clock.now()))
        unit.emit(SessionsChanged(None, (ONE,)))

    job = Job(work)
    store.transact_group([job])
    job.outcome()
    assert [1, None, 2] == [each.seq for each in job.envelopes]
    assert 1 == len({each.at for each in job.envelopes}), "one transaction, one time"
