"""Requests about sessions."""

import attrs
import pytest

from ant.api import (
    message_requests,
    page_requests,
    room_requests,
    session_requests,
    terminal_requests,
)

MODULES = (
    message_requests,
    page_requests,
    room_requests,
    session_requests,
    terminal_requests,
)
REQUESTS = [
    each
    for module in MODULES
    for each in vars(module).values()
    if isinstance(each, type) and attrs.has(each) and each.__module__ == module.__name__
]


@pytest.mark.parametrize("request_class", REQUESTS, ids=lambda each: each.__name__)
def test_requests_are_frozen(request_class: type) -> None:
    """A request does not change."""
    name = attrs.fields(request_class)[0].name
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        setattr(request_class.__new__(request_class), name, None)
