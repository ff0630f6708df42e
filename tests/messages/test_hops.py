"""Programs that answer each other come to rest, in whatever rooms they do it."""

import random
import tempfile
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.api.message_requests import PostMessage
from ant.api.room_requests import RegisterChannel
from ant.config import Config
from ant.messages import channels as registry
from ant.messages import deliveries, hops, messages
from ant.messages.routing import RestState
from ant.model.deliveries import DeliveryState, Reason
from ant.model.messages import Message, MessageId, MessageType
from ant.model.sessions import Session, SessionId
from ant.store import Store
from tests.rules import create, join, look, post, room

MOST = 3
"""The setting in these tests: short chains show all that long ones do."""

PATIENCE = 400
"""Posts after which a conversation counts as endless."""


@attrs.define(eq=False)
class Talk:
    """Terminals, and a channel's program, that answer the messages they receive.

    `depth` is the distance of each message from a person's, counted from the answers
    and without the rules under test.
    """

    store: Store
    terminals: list[Session] = attrs.field(factory=list)
    depth: dict[str, int] = attrs.field(factory=dict)
    brought: deque[tuple[str, Message]] = attrs.field(factory=deque)
    most: int = MOST

    def say(
        self, place: str, text: str, sender: str | None, depth: int, **fields: Any
    ) -> Message:
        """Post, and record which programs receive the message."""
        rests = {each.id: RestState.IDLE for each in self.terminals}
        ask = PostMessage(text, sender_id=sender, **fields)
        posted = self.store.transact(
            messages.post_message, SessionId(place), ask, rests, None, self.most
        )
        message = posted.message
        self.depth[message.id] = depth
        for each in self.of(message):
            if each.state is DeliveryState.QUEUED:
                self.brought.append((each.target_id, message))
        for _, channels, _ in self.store.read(registry.receivers, [message]):
            self.brought += [(each.handle, message) for each in channels]
        return message

    def of(self, message: Message) -> Any:
        return self.store.read(
            deliveries.of_message, message.session_id, MessageId(message.id)
        )

    def run(self, answer: Callable[[str, Message], dict[str, Any] | None]) -> int:
        """Answer until no program receives anything. Return the number of posts."""
        count = 0
        while self.brought:
            who, message = self.brought.popleft()
            fields = answer(who, message)
            if fields is not None:
                depth = self.depth[message.id] + 1
                self.say(sender=who, depth=depth, **{"text": "Thanks.", **fields})
                count += 1
            assert count <= PATIENCE, "they go on for ever"
        return count

    def join(self, here: Session, *terminals: Session) -> Session:
        for each in terminals or self.terminals:
            join(self.store, here, session_id=each.id)
        return here


@pytest.fixture
def talk(store: Store) -> Talk:
    """Two terminals, in no room together."""
    return Talk(store, [create(store, name) for name in ("ada", "bob")])


def back(_: str, message: Message) -> dict[str, Any]:
    """An answer in the same room."""
    return {"place": message.session_id}


def test_two_that_thank_each_other_come_to_rest(talk: Talk) -> None:
    """After the limit of hops; a person's message allows as many again."""
    here = talk.join(room(talk.store))
    for _ in range(3):
        talk.say(here.id, "@ada hello", "zoe", 0)
        assert MOST + 1 == talk.run(back)
        last = talk.store.read(messages.recent, here.id)[-1]
        assert MOST + 1 == last.hops
        (one,) = talk.of(last)
        assert (DeliveryState.WITHHELD, Reason.LOOP) == (one.state, one.reason)
        assert one.error
        assert not one.waits


def test_a_looped_message_is_never_typed(talk: Talk) -> None:
    """It does not wait, does not delay the next one, and is not tried again."""
    here = talk.join(room(talk.store))
    talk.say(here.id, "[@bob] hello", "zoe", 0)
    talk.run(back)
    for each in talk.terminals:  # What was brought was not typed in this test.
        while found := talk.store.read(deliveries.next_message, each.id):
            end = deliveries.LedgerStep(DeliveryState.REACTED)
            talk.store.transact(deliveries.advance, found[0].id, end)
    looped = [
        each
        for message in talk.store.read(messages.recent, here.id)
        for each in talk.of(message)
        if each.reason is Reason.LOOP
    ]
    assert looped
    assert [] == talk.store.read(deliveries.waiting)
    assert 0 == talk.store.read(deliveries.counts)["withheld"]
    for each in looped:
        assert not talk.store.transact(deliveries.begin, each.id)
        step = deliveries.LedgerStep(DeliveryState.TYPED)
        assert each == talk.store.transact(deliveries.advance, each.id, step)


def test_repeated_reports_are_no_loop(talk: Talk) -> None:
    """Each report of a program, unasked and repeated, reaches the others."""
    here = talk.join(room(talk.store))
    ada, _ = talk.terminals
    talk.say(here.id, "[@bob] go", "zoe", 0)
    for _ in range(3 * MOST):
        message = talk.say(here.id, "Step done.", ada.id, 1)
        assert 1 == message.hops
        assert [DeliveryState.QUEUED] == [each.state for each in talk.of(message)]


def ways(talk: Talk) -> Iterator[tuple[str, Any]]:
    """The ways in which two programs may loop: what each answers, by who receives."""
    ada, bob = talk.terminals
    one = talk.join(room(talk.store, "one"))
    two = talk.join(room(talk.store, "two"))
    own = {each.id: look(talk.store, each.linked_chat_id) for each in talk.terminals}
    talk.join(own[ada.id], bob)
    talk.join(own[bob.id], ada)
    old = post(talk.store, one, "hello")
    yield "one room", back
    yield "two rooms", lambda who, _: {"place": (one if who == ada.id else two).id}
    yield (
        "back and forth",
        lambda _, message: {"place": (two if message.session_id == one.id else one).id},
    )
    yield (
        "each other's chats",
        lambda who, _: {"place": own[(bob if who == ada.id else ada).id].id},
    )
    yield "an old message", lambda _, __: {"place": one.id, "reply_to": old.id}
    yield (
        "a target",
        lambda who, _: {
            "place": one.id,
            "target": "@bob" if who == ada.id else "@ada",
        },
    )
    yield "everyone", lambda _, __: {"place": one.id, "text": "@everyone Thanks."}
    yield "by handle", lambda who, _: {"place": one.id, "role": "user"}


WAYS = (
    "one room",
    "two rooms",
    "back and forth",
    "each other's chats",
    "an old message",
    "a target",
    "everyone",
    "by handle",
)


@pytest.mark.parametrize("name", WAYS)
def test_no_way_evades_the_count(talk: Talk, name: str) -> None:
    """Whatever room they choose, and whatever message they name as the parent."""
    found = dict(ways(talk))
    assert set(WAYS) == found.keys()
    one = next(each for each in rooms_of(talk) if each.name == "one")
    talk.say(one.id, "@ada hello", "zoe", 0)
    assert 1 < talk.run(found[name]) <= MOST + 1


def rooms_of(talk: Talk) -> list[Session]:
    def work(unit: Any) -> list[Session]:
        ids = unit.people.memberships(talk.terminals[0].id)
        return list(unit.sessions.several(ids).values())

    return talk.store.read(work)


@pytest.mark.parametrize("where", ["one", "two"])
def test_a_channels_program_is_no_person(talk: Talk, where: str) -> None:
    """It answers in the room of the message or in another: both are a loop."""
    ada, _ = talk.terminals
    one = talk.join(room(talk.store, "one"), ada)
    two = talk.join(room(talk.store, "two"), ada)
    bot = create(talk.store, "bot")
    for each in (one, two):
        talk.join(each, bot)
    ask = RegisterChannel("@listener", 9, bot.id)
    talk.store.transact(registry.register, ask)
    place = {"@listener": one if where == "one" else two}
    talk.say(one.id, "@ada hello", "zoe", 0)

    def answer(who: str, message: Message) -> dict[str, Any] | None:
        return None if who == bot.id else {"place": place.get(who, one).id}

    assert talk.run(answer) <= PATIENCE
    talk.say(one.id, "@ada again", "zoe", 0)
    assert talk.run(answer)


@pytest.mark.parametrize("target", [None, "@everyone", "@listener", "LISTENER"])
def test_a_channel_gets_no_looped_message(talk: Talk, target: str | None) -> None:
    """Targeted or not, in whatever spelling; the ledger has the reason."""
    ada, bob = talk.terminals
    here = talk.join(room(talk.store))
    ask = RegisterChannel("@listener", 9, here.id)
    talk.store.transact(registry.register, ask)
    for n in range(MOST + 1):
        talk.brought.clear()
        who = (ada, bob)[n % 2].id
        said = talk.say(here.id, "Thanks.", who, n, target=target)
        emitted = [name for name, _ in talk.brought if name == "@listener"]
        assert emitted == ["@listener"] * (n < MOST)
    looped = [e.target_id for e in talk.of(said) if e.reason is Reason.LOOP]
    assert "@listener" in [f"@{each.lower().lstrip('@')}" for each in looped]


def test_two_channels_do_not_answer_each_other(talk: Talk) -> None:
    """A channel without a session gets messages of persons, and a channel is none."""
    here = room(talk.store)
    for name in ("@one", "@two"):
        talk.store.transact(registry.register, RegisterChannel(name, 9))
    talk.say(here.id, "hello", "zoe", 0)
    assert 2 == talk.run(back)


@pytest.mark.parametrize(
    "fields",
    [
        {"sender_id": "ada"},
        {"role": "assistant"},
        {"role": "system"},
        {"msg_type": MessageType.AGENT_EVENT},
        {"sender_id": "@listener"},
    ],
)
def test_posts_that_are_not_a_persons(talk: Talk, fields: dict[str, Any]) -> None:
    """By name, by role and by type; none begins a new chain."""
    talk.store.transact(registry.register, RegisterChannel("@listener", 9))
    here = talk.join(room(talk.store))
    assert 0 == post(talk.store, here, sender_id="zoe").hops
    assert 1 == post(talk.store, here, sender_id="bob").hops
    assert 2 == post(talk.store, here, **fields).hops
    assert 0 == post(talk.store, here).hops
    assert 1 == post(talk.store, here, **fields).hops


def test_without_a_limit_they_continue(talk: Talk) -> None:
    """0 is no limit: hops are counted, and everything is delivered."""
    here, talk.most = talk.join(room(talk.store)), 0
    talk.say(here.id, "@ada hello", "zoe", 0)
    with pytest.raises(AssertionError, match="for ever"):
        talk.run(back)
    assert PATIENCE < talk.store.read(messages.recent, here.id)[-1].hops


def test_the_ledger_outlives_the_server(tmp_path: Path) -> None:
    """The count is in the database: a restart does not begin a new chain."""
    store = Store.open(tmp_path / "ant.db")
    talk = Talk(store, [create(store, name) for name in ("ada", "bob")])
    here = talk.join(room(store))
    talk.say(here.id, "@ada hello", "zoe", 0)
    talk.run(back)
    store.close()
    talk.store = store = Store.open(tmp_path / "ant.db")
    talk.say(here.id, "Thanks.", talk.terminals[0].id, 9)
    assert not talk.brought
    store.close()


@given(seed=st.integers(0, 1 << 32))
def test_any_talk_comes_to_rest(seed: int) -> None:
    """Terminals and a channel in any rooms, that answer anywhere and at random.

    No program receives a message with more hops than the setting. Ids differ from run
    to run, so a seed is drawn.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Path(folder) / "ant.db")
        try:
            _any_talk(store, random.Random(seed))
        finally:
            store.close()


def _any_talk(store: Store, rng: random.Random) -> None:
    talk = Talk(store, [create(store, name) for name in ("ada", "bob", "eve")])
    open_to = {each.id: [str(each.linked_chat_id)] for each in talk.terminals}
    chats = [room(store, f"room {n}") for n in range(2)]
    chats += [look(store, each.linked_chat_id) for each in talk.terminals]
    for chat in chats:
        for one in rng.sample(talk.terminals, rng.randrange(4)):
            join(store, chat, session_id=one.id)
            open_to[one.id].append(chat.id)
    if rng.random() < 0.5:
        of = rng.choice([*talk.terminals, chats[0]]).id
        store.transact(registry.register, RegisterChannel("@listener", 9, of))
        open_to[SessionId("@listener")] = open_to.get(of, [chats[0].id])
    said: list[Message] = []

    def answer(who: str, message: Message) -> dict[str, Any] | None:
        assert talk.depth[message.id] <= MOST, "too far from a person"
        said.append(message)
        if len(said) > 50:
            return None
        place = rng.choice(open_to[SessionId(who)])
        replied = [each.id for each in said if each.session_id == place]
        return {
            "place": place,
            "text": rng.choice(["Thanks.", "@everyone Thanks.", "@ada @bob Thanks."]),
            "target": rng.choice([None, None, "@ada", "@bob", "@eve", "@listener"]),
            "reply_to": rng.choice([None, *replied]),
        }

    for _ in range(2):
        said.clear()
        talk.say(rng.choice(chats).id, "@everyone hello", "zoe", 0)
        talk.run(answer)


def test_the_limit_is_that_of_the_setting() -> None:
    """The default of the rule is that of the server."""
    assert hops.MOST == Config().max_hops
