"""`docs/clients.md`: its reference is what the client's docstrings say."""

from pathlib import Path

from ant.client import AntClient
from ant.http import client_reference, reference

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"


def test_the_page_is_up_to_date() -> None:
    """Run `make docs` after a change of the client."""
    text = PAGE.read_text()
    assert text == reference.generate(text, client_reference.sections())


def test_each_method_is_shown_as_it_is_called() -> None:
    """With its parameters, their defaults and what it does; private ones are not."""
    lines = client_reference.sections()["client"]
    create = "- `await ant.create(name, kind='terminal', **fields)`: "
    assert create + "Create a session; returns its row." in lines
    socket = "- `async with ant.socket(**query)`: "
    assert any(line.startswith(socket) for line in lines)
    public = [name for name in vars(AntClient) if not name.startswith("_")]
    assert len(public) == len([line for line in lines if " ant." in line[:20]])
