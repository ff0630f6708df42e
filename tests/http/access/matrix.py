"""Which caller may call which route and frame: what tests expect, computed from tables.

The tables are `SCOPES` and `FRAMES_NEED` (access tokens), `STANCES` and `FRAME_STANCES`
(terminals). None of them is read from the code that they check. A route or a frame that
is in none of them fails the tests beside the tables.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import attrs

from ant.http.contract.endpoint import ROUTES, Route
from ant.model.access_tokens import INCLUDED, Scope
from tests.http.access.test_permissions import FRAME_STANCES, STANCES, where
from tests.http.access.test_scopes import (
    FRAMES_NEED,
    LISTED,
    SCOPES,
    body_of,
    frame_of,
)
from tests.http.routes.test_routes import NOBODY, queried, row


class Place(StrEnum):
    """The session that a call is about."""

    OWN = "a room of the caller"
    OTHER = "another room"
    SELF = "the terminal of the caller"
    NOWHERE = "no session"


FREE_FRAMES = {"presence_ping", "leave_session"}
"""Frames that a caller may send about any session: they tell and do nothing there."""

DO = {
    401: ("API key", "ant tokens new", "ANT_API_KEY", "ANT_TOKEN", "ant open"),
    403: ("ant tokens new", "as the operator", "se a token without that limit"),
}
"""What refusals say that a caller can do."""


@attrs.frozen
class Ask:
    """A call of a route about a place."""

    route: Route
    place: Place

    @property
    def row(self) -> str:
        return row(self.route)


def asks(*places: Place) -> Iterator[Ask]:
    """Every route at these places; routes without a session once."""
    for route in sorted(ROUTES, key=lambda each: "sign-out" in each.path):
        has_session = "<session_id>" in route.path
        for place in places if has_session else places[:1]:
            yield Ask(route, place)


def for_terminal(ask: Ask) -> int:
    """The status for a terminal, exactly."""
    own, other, itself = STANCES[ask.row]
    return {Place.OWN: own, Place.SELF: itself}.get(ask.place, other)


def for_token(ask: Ask, scopes: tuple[Scope, ...], is_limited: bool) -> int:
    """401, 403, or 200 for any other status. A limited token is limited to `OWN`."""
    need = SCOPES[ask.row]
    if ask.route.is_open:
        return 401  # The code that they show is invalid.
    if need == "any":
        return 200
    may = need in scopes or (Scope.ADMIN in scopes and need in INCLUDED)
    if is_limited and ask.row not in LISTED:
        may = may and "<session_id>" in ask.route.path and ask.place is Place.OWN
    return 200 if may else 403


def frame_for_terminal(kind: str, place: Place) -> bool:
    """Whether a terminal may send a frame."""
    may = FRAME_STANCES[kind][1]
    return may and (kind in FREE_FRAMES or place is Place.OWN)


def frame_for_token(
    kind: str, place: Place, scopes: tuple[Scope, ...], is_limited: bool
) -> bool:
    """Whether an access token with `view` may send a frame."""
    need = FRAMES_NEED[kind]
    may = need in scopes or (Scope.ADMIN in scopes and need in INCLUDED)
    return may and (not is_limited or kind in FREE_FRAMES or place is Place.OWN)


@attrs.frozen
class Sessions:
    """The ids of the places, and the id of a message in each room."""

    ids: dict[Place, str]
    messages: dict[Place, str]

    def path(self, ask: Ask) -> str:
        """The path of a call."""
        message = self.messages.get(ask.place, NOBODY)
        return where(ask.route, self.ids[ask.place], message)

    def body(self, ask: Ask, *, as_terminal: bool = False) -> Any:
        """A body that fits. Where it names a speaker, that may be the terminal."""
        body = body_of(ask.route)
        if not as_terminal:
            return body
        names = {"handle": "@ada", "reader_id": self.ids[Place.SELF]}
        if ask.route.speaker in names:
            return {**body, ask.route.speaker: names[ask.route.speaker]}
        return body

    def query(self, ask: Ask) -> dict[str, Any]:
        """A query that fits."""
        return dict(queried(ask.route))

    def frame(self, kind: str, place: Place) -> dict[str, Any]:
        """A frame about a place."""
        return frame_of(kind, self.ids[place])
