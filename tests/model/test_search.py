"""What may be asked of a search over the whole server."""

import pytest

from ant.api import codec
from ant.api.search_requests import SearchAll
from ant.core.errors import Invalid


@pytest.mark.parametrize(
    "scope", ["messages", "terminals,messages", "messages,terminals,events,tasks"]
)
def test_scopes_are_named(scope: str) -> None:
    """One, or several with commas between; messages unless it is said."""
    assert scope == codec.read_query({"scope": scope}, SearchAll).scope
    assert "messages" == codec.read_query({}, SearchAll).scope


@pytest.mark.parametrize("scope", ["rooms", "tasks,", "tasks, events", "TASKS"])
def test_another_scope_is_refused(scope: str) -> None:
    """With those there are."""
    with pytest.raises(Invalid, match=r"messages, terminals, .* at \$\.scope$"):
        codec.read_query({"scope": scope}, SearchAll)
