"""The tables of run events and terminal events."""

from ant.store.tables.run_events import RunEventRow, TerminalEventRow


def test_run_events_outlive_their_session() -> None:
    """As tombstones. Terminal events are deleted."""
    assert not RunEventRow._meta.refs
    assert TerminalEventRow._meta.refs
