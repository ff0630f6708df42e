"""Mentions of names outside of the room: they reach nobody, and the ledger says so.

Text is full of words with an `@`, so a message adds at most `MOST` of them, and only
words that stand by themselves (`mentions.addressed`).
"""

from collections.abc import Iterator
from itertools import islice
from typing import Final

from ant.messages import channels, mentions
from ant.messages.routing import Recipient, RoutedPost
from ant.model.deliveries import (
    INJECTION,
    MENTION,
    ROOM_MENTION,
    DeliveryKind,
    Reason,
)
from ant.model.handles import EVERYONE, folded, with_at
from ant.model.messages import Message, MessageType
from ant.store import Unit

MOST: Final = 8
"""Rows that one message adds. A text with more such names is code or a log."""

EXAMINED: Final = 64
"""Names that are looked up, so that the handles of sessions are found first."""


def names_outside(post: RoutedPost, known: frozenset[str]) -> Iterator[str]:
    """Yield the handles that a message mentions and that are not in `known`, once each.

    They are as written, with the `@`. `known` has the folded names of all members. A
    message with a target is for the target only, so it has none.
    """
    if MessageType.is_machine(post.msg_type):
        return
    if post.target and folded(post.target) != EVERYONE:
        return
    known |= {EVERYONE}
    seen: set[str] = set()
    for name in mentions.addressed(post.text):
        handle = with_at(name.rstrip(".-"))
        if not (folded(handle) in seen or mentions.is_known(name, known)):
            seen.add(folded(handle))
            yield handle


def recipients(
    unit: Unit,
    message: Message,
    post: RoutedPost,
    known: frozenset[str],
    *,
    is_confined: bool = False,
    is_raw: bool = False,
) -> list[Recipient]:
    """Return a skipped recipient for each mention of a name outside of the room.

    The operator learns whether a session has the handle, and the handles of sessions
    come first. With `is_confined`, for a program, ANT looks in the room only. With
    `is_raw` the text is typed as it is and may be any code, so that only handles of
    sessions count.
    """
    names = list(islice(names_outside(post, known), EXAMINED))
    if not names:
        return []
    inside = unit.people.posted_as(message.session_id, [folded(n) for n in names])
    room = unit.sessions.get(message.session_id)
    own = message.sender_id, room.handle if room else None
    inside |= {folded(name) for name in own if name}
    for _, receivers, _ in channels.receivers(unit, [message]):
        inside |= {folded(each.handle) for each in receivers}
    others = [name for name in names if folded(name) not in inside]
    if is_confined:
        inside_only = Reason.UNKNOWN_TARGET, ROOM_MENTION
        return [_skipped(each, *inside_only) for each in others[:MOST]]
    sessions = {each: unit.sessions.by_handle(folded(each)) for each in others}
    strangers = [e for e in others if (s := sessions[e]) and s.id != post.sender]
    unknown = [] if is_raw else [each for each in others if sessions[each] is None]
    return [
        *(_skipped(each, Reason.NOT_A_MEMBER) for each in strangers),
        *(_skipped(each, Reason.UNKNOWN_TARGET) for each in unknown),
    ][:MOST]


def _skipped(handle: str, reason: Reason, route: str = MENTION) -> Recipient:
    return Recipient(None, handle, INJECTION, DeliveryKind.LINE, route, reason)
