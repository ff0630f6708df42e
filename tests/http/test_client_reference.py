"""`docs/clients.md` and `docs/library.md`: their reference is what docstrings say."""

from pathlib import Path

import pytest

from ant.client import AntClient
from ant.http import client_reference, reference

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("page", client_reference.PAGES)
def test_the_page_is_up_to_date(page: str) -> None:
    """Run `make docs` after a change of the client."""
    text = (DOCS / page).read_text()
    assert text == reference.generate(text, client_reference.PAGES[page]())


def test_each_method_is_shown_as_it_is_called() -> None:
    """With its parameters, their defaults and what it does; private ones are not."""
    lines = client_reference.sections()["client"]
    create = "- `await ant.create(name, kind='terminal', **fields)`: "
    assert create + "Create a session; returns its row." in lines
    socket = "- `async with ant.socket(**query)`: "
    assert any(line.startswith(socket) for line in lines)
    public = [name for name in vars(AntClient) if not name.startswith("_")]
    assert len(public) == len([line for line in lines if " ant." in line[:20]])


def test_the_library_is_shown_without_await() -> None:
    """Properties, too; what `AntClient` has is on the other page."""
    lines = client_reference.library_sections()["library"]
    assert any(line.startswith("- `t.exit_code`: ") for line in lines)
    assert any(line.startswith("- `ant.run(command, *, name=None, ") for line in lines)
    assert not any(line.startswith("- `ant.sessions(") for line in lines)
