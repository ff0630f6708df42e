"""The tables of what happened."""

from ant.store.tables.run_events import RunEventRow, TerminalEventRow


def test_run_events_outlive_their_session() -> None:
    """As tombstones; what a terminal's host told does not."""
    assert not RunEventRow._meta.refs
    assert TerminalEventRow._meta.refs
