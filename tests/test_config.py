"""What a server run is told."""

from pathlib import Path

import pytest

from ant.config import Config


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.7", False),
    ],
)
def test_loopback_is_known(host: str, expected: bool) -> None:
    """Only these addresses are out of reach of other machines."""
    assert expected == Config(host=host).is_loopback


def test_the_key_is_not_shown() -> None:
    """A config in a traceback or log line does not give it away."""
    assert "hunter2" not in repr(Config(api_key="hunter2"))


def test_the_database_is_in_the_folder() -> None:
    """One folder has everything."""
    assert Path("/x/ant.db") == Config(data_dir=Path("/x")).database
