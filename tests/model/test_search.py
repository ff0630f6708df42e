"""The request of a search over the whole server."""

import pytest

from ant.api import codec
from ant.api.page_requests import SearchAll
from ant.core.errors import Invalid


@pytest.mark.parametrize(
    "scope", ["messages", "terminals,messages", "messages,terminals,events,tasks"]
)
def test_scopes_are_named(scope: str) -> None:
    """One, or several separated by commas; messages by default."""
    assert scope == codec.read_query({"scope": scope}, SearchAll).scope
    assert "messages" == codec.read_query({}, SearchAll).scope


@pytest.mark.parametrize("scope", ["rooms", "tasks,", "tasks, events", "TASKS"])
def test_another_scope_is_refused(scope: str) -> None:
    """The error lists the known scopes."""
    with pytest.raises(Invalid, match=r"messages, terminals, .* at \$\.scope$"):
        codec.read_query({"scope": scope}, SearchAll)
