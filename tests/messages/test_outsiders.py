"""Mentions of names that are not in the room, by the rule and in the ledger."""

from typing import Any

import pytest

from ant.api.message_requests import ListDeliveries, PostMessage
from ant.api.room_requests import RegisterChannel
from ant.api.session_requests import SetHandle
from ant.identity.terminal_tokens import Caller
from ant.messages import channels, deliveries, messages, outsiders
from ant.messages.outsiders import names_outside
from ant.messages.routing import RoutedPost
from ant.model.deliveries import Reason
from ant.model.sessions import Session
from ant.sessions import sessions
from ant.store import Store
from tests.rules import create, join, look, post, room


@pytest.mark.parametrize(
    ("post", "expected"),
    [
        ({"text": "@nobody and @Nobody, @codex."}, "@nobody"),
        ({"text": "@nobody @everyone", "target": "@codex"}, ""),
        ({"text": "@nobody", "target": "@everyone"}, "@nobody"),
        ({"text": "@nobody", "msg_type": "agent_event"}, ""),
        ({"text": "[@nobody] @everyone."}, ""),
    ],
)
def test_names_outside(post: dict[str, Any], expected: str) -> None:
    """Once each; not in a message for a target, or in one that ANT posts."""
    found = names_outside(RoutedPost(**post), frozenset(["@codex"]))
    assert expected.split() == list(found)


def told(store: Store, here: Session, text: str, caller: Any = None) -> list[Any]:
    """The names that a post mentions in vain, each with the reason."""
    work = messages.post_message, here.id, PostMessage(text), {}, caller
    posted = store.transact(*work)
    assert all(each.final for each in posted.deliveries if each.reason)
    return [
        (each.target_id, str(each.state), str(each.reason))
        for each in posted.deliveries
        if each.target_id.startswith("@")
    ]


def test_a_mention_of_somebody_outside_is_told(store: Store) -> None:
    """The page's own example in a new room: a stranger, and nobody."""
    here, zoe = room(store), create(store, "zoe")
    assert [
        ("@zoe", "skipped", "not_a_member"),
        ("@nobody", "skipped", "unknown_target"),
    ] == told(store, here, "@nobody, @zoe: run the tests")
    (message,) = store.read(messages.list_messages, here.id, messages.ListMessages())
    rows = store.read(deliveries.of_message, here.id, message.id)
    assert ["mention"] * 2 == [each.route for each in rows]
    assert rows[0].error is not None
    assert "not a member of the room: add it" in rows[0].error
    assert [] == store.read(deliveries.waiting)
    assert () == store.read(deliveries.list_deliveries, zoe.id, ListDeliveries())


def test_who_is_in_the_room_is_no_outsider(store: Store) -> None:
    """A member by alias or handle, a person, a poster, the sender, a channel.

    Nor is the room itself.
    """
    here, codex, zoe = room(store), create(store, "codex"), create(store, "zoe")
    join(store, here, handle="@james")
    join(store, here, session_id=codex.id)
    join(store, here, session_id=zoe.id, alias="boss")
    post(store, here, sender_id="Eve")
    ask = RegisterChannel("@bot", 9000, here.id)
    store.transact(channels.register, ask)
    store.transact(sessions.set_handle, here.id, SetHandle("@here"))
    text = "@james @boss @zoe @eve @bot @here @codex."
    assert [("@james", "skipped", "person")] == told(store, here, text)
    posted = post(store, here, "I, @ada, think", sender_id="@ada")
    assert not [
        e
        for e in store.read(deliveries.of_message, here.id, posted.id)
        if e.target_id == "@ada"
    ]


def test_few_outsiders_are_told(store: Store) -> None:
    """At most eight; a session's handle comes before what may be any word."""
    here = room(store)
    create(store, "zoe")
    text = " ".join(f"@word{n}" for n in range(60)) + " @zoe"
    rows = told(store, here, text)
    assert outsiders.MOST == len(rows)
    assert ("@zoe", "skipped", "not_a_member") == rows[0]
    far = " ".join(f"@word{n}" for n in range(1000)) + " @zoe"
    assert ["unknown_target"] * 8 == [reason for *_, reason in told(store, here, far)]


def test_a_program_is_told_the_same_of_a_stranger_and_of_nobody(store: Store) -> None:
    """In the order of the text; and it reads no such row of the operator's messages."""
    here = room(store)
    ada, _ = create(store, "ada"), create(store, "zoe")
    join(store, here, session_id=ada.id)
    caller = Caller(ada.id, "r1", "@ada")
    expected = [(each, "skipped", "unknown_target") for each in ("@nobody", "@zoe")]
    assert expected == told(store, here, "@nobody @zoe", caller)
    message = post(store, here, "@nobody @zoe")
    work = deliveries.of_message, here.id, message.id
    by_operator = {each.target_id: each.reason for each in store.read(*work)}
    assert {"@zoe": Reason.NOT_A_MEMBER, "@nobody": Reason.UNKNOWN_TARGET} == {
        name: by_operator[name] for name in ("@zoe", "@nobody")
    }
    assert [ada.id] == [each.target_id for each in store.read(*work, caller)]


def test_a_line_for_a_program_tells_of_sessions_only(store: Store) -> None:
    """It may be any code; `@types` is no mistake in it."""
    codex, _ = create(store, "codex"), create(store, "zoe")
    chat = look(store, codex.linked_chat_id)
    assert [("@zoe", "skipped", "not_a_member")] == told(store, chat, "x @y @zoe")
