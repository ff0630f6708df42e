"""What may be asked of a search over the whole server."""

import pytest

from ant import wire
from ant.errors import Invalid
from ant.finding import SearchAll


@pytest.mark.parametrize(
    "scope", ["messages", "terminals,messages", "messages,terminals,events,tasks"]
)
def test_scopes_are_named(scope: str) -> None:
    """One, or several with commas between; messages unless it is said."""
    assert scope == wire.read_query({"scope": scope}, SearchAll).scope
    assert "messages" == wire.read_query({}, SearchAll).scope


@pytest.mark.parametrize("scope", ["rooms", "tasks,", "tasks, events", "TASKS"])
def test_another_scope_is_refused(scope: str) -> None:
    """With those there are."""
    with pytest.raises(Invalid, match=r"messages, terminals, .* at \$\.scope$"):
        wire.read_query({"scope": scope}, SearchAll)
