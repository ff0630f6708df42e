"""Rules of rooms: messages are posted, paged, merged, pinned, deleted and found."""

# The invariants: pages neither skip nor repeat, however they are asked for; a merge is
# associative with what is stored; every message is found by whatever is in it.

import re
import time
from datetime import timedelta
from itertools import count
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ant.api import codec
from ant.api.constraints import META as BOUND
from ant.api.message_requests import (
    ListMessages,
    MergeMeta,
    PinMessage,
    PostMessage,
    Search,
)
from ant.core import clock
from ant.core.errors import Gone, Invalid, NotFound
from ant.messages import messages as rooms
from ant.model.deliveries import Delivery
from ant.model.events import (
    MessageCreated,
    MessageDeleted,
    MessagePinned,
    MessageUpdated,
)
from ant.model.messages import Found, Message, MessageId
from ant.model.search_terms import SearchTerm
from ant.model.sessions import Session
from ant.model.snippets import CONTEXT
from ant.sessions import sessions
from ant.store import Job, Store, Unit
from tests.rules import (
    NOBODY,
    create,
    decoded,
    decoded_found,
    events_of,
    look,
    patch,
    post,
    room,
)
from tests.strategies import META, WRITING

SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
"""Examples share a database; each has a room of its own."""

_rooms = count()


def new_room(store: Store) -> Session:
    return room(store, f"room {next(_rooms)}")


@pytest.fixture
def here(store: Store) -> Session:
    """A room without a message."""
    return new_room(store)


def page(store: Store, here: Session, **ask: Any) -> list[Message]:
    return decoded(store.read(rooms.list_messages, here.id, ListMessages(**ask)))


def found(store: Store, here: Session | None, q: str, **ask: Any) -> list[Found]:
    query = Search(q=q, **ask)
    return decoded_found(store.read(rooms.search, here.id if here else None, query))


def names(results: list[Found]) -> list[str]:
    return [each.message.content for each in results]


def merge(store: Store, here: Session, message: Message, **meta: Any) -> Message:
    ask = MergeMeta(meta)
    return store.transact(rooms.merge_meta, here.id, message.id, ask)


def test_a_message_is_the_same_everywhere(store: Store, here: Session) -> None:
    """In response, event, list and search; with the delivery to the room."""
    first = post(store, here, "parent")
    ask = PostMessage(
        "hello there",
        role="assistant",
        format="markdown",
        sender_id="zoe",
        target="@codex",
        reply_to=first.id,
        msg_type="note",
        meta={"deep": [{"er": None}]},
        client_id="c1",
    )
    job = Job(rooms.post_message, (here.id, ask))
    store.transact_group([job])
    posted = job.outcome()
    (event,) = [envelope.event for envelope in job.envelopes]
    assert MessageCreated(here.id, posted.message) == event
    assert Delivery("ws-broadcast", here.id, True) == posted.deliveries[0]
    assert [first, posted.message] == page(store, here)
    assert [posted.message] == [e.message for e in found(store, here, "hello")]
    given_ = attrs.asdict(ask, recurse=False)
    assert given_ == {name: getattr(posted.message, name) for name in given_}
    assert ("complete", False) == (posted.message.status, posted.message.pinned)


def test_a_client_id_is_stored_once(store: Store, here: Session) -> None:
    """The first row is returned again, without an event; each room has its own ids."""
    first = post(store, here, "a", client_id="c", sender_id="zoe")
    again = PostMessage("b", client_id="c", sender_id="zoe", reply_to=MessageId("no"))
    assert [] == events_of(store, rooms.post_message, here.id, again)
    assert first == store.transact(rooms.post_message, here.id, again).message
    assert [first] == page(store, here)
    other = new_room(store)
    assert first.id != post(store, other, "a", client_id="c").id


def test_a_client_id_belongs_to_its_sender(store: Store, here: Session) -> None:
    """Another sender's is another message; each name of a sender is that sender."""
    ada = create(store, "ada")
    names = (ada.id, "@zoe", None)
    first = {name: post(store, here, client_id="c", sender_id=name) for name in names}
    assert 3 == len({each.id for each in first.values()})
    for again, name in (("@ADA", ada.id), ("zoe", "@zoe"), (ada.id, ada.id)):
        same = post(store, here, "again", client_id="c", sender_id=again)
        assert first[name] == same
    assert first[None] == post(store, here, "again", client_id="c")
    assert 3 == len(page(store, here))


def test_two_in_one_commit_have_one_client_id(store: Store, here: Session) -> None:
    """Both callers get the row of the first, which is emitted once."""
    jobs = [
        Job(rooms.post_message, (here.id, PostMessage(text, client_id="c")))
        for text in "ab"
    ]
    store.transact_group(jobs)
    assert 1 == len({job.outcome().message.id for job in jobs})
    assert [1, 0] == [len(job.envelopes) for job in jobs]
    assert ["a"] == [each.content for each in page(store, here)]


def test_a_client_id_is_free_again_when_its_message_is_gone(
    store: Store, here: Session
) -> None:
    """A deleted message is not returned."""
    first = post(store, here, client_id="c")
    store.transact(rooms.delete_message, here.id, first.id)
    assert first.id != post(store, here, client_id="c").id


def test_a_reply_points_into_its_room(store: Store, here: Session) -> None:
    """A parent in another room, or none, is refused. It may be deleted later."""
    there = new_room(store)
    parent, foreign = post(store, here), post(store, there)
    reply = post(store, here, reply_to=parent.id)
    for wrong in (foreign.id, MessageId("no"), MessageId("")):
        with pytest.raises(Invalid, match=r"in this session at \$\.reply_to"):
            post(store, here, reply_to=wrong)
    store.transact(rooms.delete_message, here.id, parent.id)
    assert [attrs.evolve(reply, reply_to=None)] == page(store, here)


def test_time_grows_strictly_in_a_room(store: Store, here: Session) -> None:
    """Also when the clock stops or goes back; each room by itself."""

    def burst(unit: Unit) -> list[Message]:
        unit.now = clock.parse_stamp("2026-05-17T12:00:00Z")
        early = rooms.post_message(unit, here.id, PostMessage("a"))
        same = rooms.post_message(unit, here.id, PostMessage("b"))
        unit.now -= timedelta(hours=1)
        back = rooms.post_message(unit, here.id, PostMessage("c"))
        return [early.message, same.message, back.message]

    messages = store.transact(burst)
    times = [each.created_at for each in messages]
    assert sorted(set(times)) == times
    assert messages == page(store, here)
    assert timedelta(microseconds=2) == times[2] - times[0]


def test_posting_brings_a_room_to_the_front(store: Store, here: Session) -> None:
    """The list is in order of the last change."""
    other = new_room(store)
    ids = [each.id for each in store.read(sessions.list_sessions).sessions]
    assert [other.id, here.id] == ids
    post(store, here)
    ids = [each.id for each in store.read(sessions.list_sessions).sessions]
    assert [here.id, other.id] == ids


def test_what_limit_since_and_before_mean(store: Store, here: Session) -> None:
    """The newest, the oldest after, the newest before; always oldest first."""
    five = [post(store, here, str(n)) for n in range(5)]

    def texts(**ask: Any) -> str:
        return "".join(each.content for each in page(store, here, **ask))

    assert "01234" == texts()
    assert "34" == texts(limit=2)
    assert "23" == texts(since=five[1].id, limit=2)
    assert "12" == texts(before=five[3].id, limit=2)
    assert "12" == texts(since=five[0].id, before=five[3].id)
    assert "2" == texts(since=five[0].id, before=five[3].id, limit=1)
    assert "" == texts(since=five[4].id)
    assert "" == texts(before=five[0].id)
    assert "01234" == texts(since="1h")
    assert "" == texts(before="1h")
    assert "01234" == texts(since=str(clock.epoch_ms(five[0].created_at)))
    assert "34" == texts(since=clock.stamp(five[2].created_at))


def test_order_is_the_direction_of_reading(store: Store, here: Session) -> None:
    """From the oldest or from the newest, within the bounds; as it is listed."""
    five = [post(store, here, str(n)) for n in range(5)]

    def texts(**ask: Any) -> str:
        return "".join(each.content for each in page(store, here, **ask))

    assert ("01", "43") == (texts(limit=2, order="asc"), texts(limit=2, order="desc"))
    assert "43" == texts(since=five[1].id, limit=2, order="desc")
    assert "01" == texts(before=five[3].id, limit=2, order="asc")
    inside = {"since": five[0].id, "before": five[4].id}
    assert "12" == texts(**inside, limit=2, order="asc")
    assert "32" == texts(**inside, limit=2, order="desc")
    assert ("01234", "43210") == (texts(order="asc"), texts(order="desc"))


@pytest.mark.parametrize("key", ["since", "before"])
@pytest.mark.parametrize("text", ["", "yesterday", "-1", "5 m", "2026-05-17", "no-id"])
def test_a_bad_cursor_is_refused(
    store: Store, here: Session, key: str, text: str
) -> None:
    """With the name of its field; so is the id of another room's message."""
    with pytest.raises(Invalid, match=rf"at \$\.{key}$"):
        page(store, here, **{key: text})
    foreign = post(store, new_room(store))
    with pytest.raises(Invalid, match=rf"at \$\.{key}$"):
        page(store, here, **{key: foreign.id})


@SHARED
@given(
    size=st.integers(0, 12),
    limit=st.integers(1, 14),
    by_id=st.booleans(),
    forward=st.booleans(),
    steps=st.lists(st.sampled_from([0, 0, 1, -5]), min_size=12, max_size=12),
)
def test_pages_neither_skip_nor_repeat(
    store: Store, size: int, limit: int, by_id: bool, forward: bool, steps: list[int]
) -> None:
    """By time or by id, forward or backward, however the clock went."""
    here = new_room(store)

    def fill(unit: Unit) -> list[Message]:
        posted = []
        for n in range(size):
            unit.now += timedelta(microseconds=steps[n])
            ask = PostMessage(str(n))
            posted.append(rooms.post_message(unit, here.id, ask).message)
        return posted

    everything = store.transact(fill)
    walked: list[Message] = []
    key, ask = ("since", {"since": "1h"}) if forward else ("before", {})
    for _ in range(size + 1):
        part = page(store, here, limit=limit, **ask)
        assert len(part) <= limit
        if not part:
            break
        walked = walked + part if forward else part + walked
        edge = part[-1] if forward else part[0]
        ask = {key: edge.id if by_id else clock.stamp(edge.created_at)}
    assert everything == walked


@SHARED
@given(
    size=st.integers(0, 9),
    limit=st.integers(1, 10),
    order=st.sampled_from(["asc", "desc"]),
    low=st.integers(-1, 9),
    high=st.integers(0, 10),
)
def test_ordered_pages_neither_skip_nor_repeat(
    store: Store, size: int, limit: int, order: str, low: int, high: int
) -> None:
    """Between two bounds, in either direction; `next` continues in that direction."""
    here = new_room(store)
    everything = [post(store, here, str(n)) for n in range(size)]
    bounds: dict[str, Any] = {}
    if 0 <= low < size:
        bounds["since"] = everything[low].id
    if high < size:
        bounds["before"] = everything[high].id
    expected = everything[low + 1 if "since" in bounds else 0 :]
    expected = [each for each in expected if each in everything[: max(high, 0)]]
    if order == "desc":
        expected = expected[::-1]
    walked: list[Message] = []
    for _ in range(size + 1):
        ask = ListMessages(**bounds, limit=limit, order=order)
        part = store.read(rooms.list_messages, here.id, ask)
        assert len(part) <= limit
        walked += decoded(part)
        if part.next is None:
            break
        assert part[-1].id == part.next
        bounds["since" if order == "asc" else "before"] = part.next
    assert expected == walked


def test_a_merge_replaces_keys(store: Store, here: Session) -> None:
    """Top-level ones; null is stored, and the event carries all of it."""
    message = post(store, here, meta={"a": {"x": 1}, "b": 1})
    ask = MergeMeta({"a": {"y": 2}, "c": None})
    (event,) = events_of(store, rooms.merge_meta, here.id, message.id, ask)
    meta = {"a": {"y": 2}, "b": 1, "c": None}
    changed = attrs.evolve(message, meta=meta)
    assert MessageUpdated(here.id, message.id, meta, False, changed) == event
    assert [changed] == page(store, here)


def test_a_meta_does_not_grow_without_end(store: Store, here: Session) -> None:
    """Each merge may be small; the size of the result is limited."""
    message = post(store, here, meta={"a": "x" * (BOUND.size - 10)})
    with pytest.raises(Invalid, match=r"at \$\.meta$"):
        merge(store, here, message, b="x" * 20)
    assert [message] == page(store, here)


@pytest.mark.slow
@SHARED
@given(first=META, second=META, third=META)
def test_merging_is_associative_with_what_is_stored(
    store: Store, first: dict[str, Any], second: dict[str, Any], third: dict[str, Any]
) -> None:
    """Two merges in sequence are one merge of both."""
    here = new_room(store)
    one, two = (post(store, here, meta=first) for _ in range(2))
    for part in (second, third):
        ask = MergeMeta(part)
        store.transact(rooms.merge_meta, here.id, one.id, ask)
    both = MergeMeta(second | third)
    store.transact(rooms.merge_meta, here.id, two.id, both)
    stored = [each.meta for each in page(store, here)]
    assert [first | second | third] * 2 == stored
    assert codec.dumps(stored[0]) == codec.dumps(stored[1])


def test_a_pin_is_emitted_for_old_and_new_clients(store: Store, here: Session) -> None:
    """As an update with the row, and by its own event; meta is unchanged."""
    message = post(store, here, meta={"a": 1})
    for pinned in (True, True, False):
        ask = PinMessage(pinned)
        emitted = events_of(store, rooms.pin_message, here.id, message.id, ask)
        changed = attrs.evolve(message, pinned=pinned)
        assert [
            MessageUpdated(here.id, message.id, {"a": 1}, pinned, changed),
            MessagePinned(here.id, message.id, pinned),
        ] == emitted
        assert [changed] == page(store, here)


def test_a_deletion_is_emitted_once(store: Store, here: Session) -> None:
    """Then it is in no list and no search, and cannot be deleted again."""
    message = post(store, here, "hello")
    emitted = events_of(store, rooms.delete_message, here.id, message.id)
    assert [MessageDeleted(here.id, message.id)] == emitted
    assert ([], []) == (page(store, here), found(store, here, "hello"))
    with pytest.raises(NotFound, match="message"):
        store.transact(rooms.delete_message, here.id, message.id)


ACTS: dict[str, tuple[Any, ...]] = {
    "merge_meta": (MergeMeta({"a": 1}),),
    "pin_message": (PinMessage(True),),
    "delete_message": (),
}


@pytest.mark.parametrize("name", ACTS)
def test_a_message_belongs_to_its_room(store: Store, here: Session, name: str) -> None:
    """Not found from another room, or when deleted; in an archived room nothing is."""
    rule, message = getattr(rooms, name), post(store, here)
    elsewhere = new_room(store)
    for room_id in (elsewhere.id, NOBODY):
        with pytest.raises(NotFound):
            store.transact(rule, room_id, message.id, *ACTS[name])
    patch(store, here.id, archived=True)
    with pytest.raises(Gone):
        store.transact(rule, here.id, message.id, *ACTS[name])
    assert [message] == page(store, here)
    patch(store, here.id, archived=False)
    store.transact(rooms.delete_message, here.id, message.id)
    with pytest.raises(NotFound, match="message"):
        store.transact(rule, here.id, message.id, *ACTS[name])


def test_an_inactive_room_is_only_read(store: Store, here: Session) -> None:
    """Listed and searched by its id, and nothing is posted."""
    message = post(store, here, "hello")
    patch(store, here.id, archived=True)
    with pytest.raises(Gone, match="archived"):
        post(store, here)
    assert [message] == page(store, here)
    assert ["hello"] == names(found(store, here, "hello"))
    for read in (rooms.list_messages, rooms.search):
        ask = ListMessages() if read is rooms.list_messages else Search(q="hello")
        with pytest.raises(NotFound):
            store.read(read, NOBODY, ask)
    with pytest.raises(NotFound):
        store.transact(rooms.post_message, NOBODY, PostMessage("x"))


def test_a_terminal_takes_messages_too(store: Store) -> None:
    """Any session is a room to post in."""
    terminal = create(store, "one")
    assert [post(store, terminal)] == page(store, terminal)


def test_the_rooms_of_a_search(store: Store) -> None:
    """Active ones; archived or deleted ones only by `include`."""
    active, archived, deleted = (new_room(store) for _ in range(3))
    for each, text in (
        (active, "word active"),
        (archived, "word archived"),
        (deleted, "word deleted"),
    ):
        post(store, each, text)
    patch(store, archived.id, archived=True)
    store.transact(sessions.delete_session, deleted.id, False)

    def last_words(include: str) -> set[str]:
        results = names(found(store, None, "word", include=include))
        return {text.split()[1] for text in results}

    assert {"active"} == last_words("")
    assert {"active", "archived"} == last_words("archived")
    assert {"active", "deleted"} == last_words("deleted")
    for include in ("archived,deleted", "deleted,archived"):
        assert {"active", "archived", "deleted"} == last_words(include)
    store.transact(sessions.remove_sessions, [deleted.id])
    assert {"active", "archived"} == last_words("archived,deleted")


def test_results_are_newest_first_or_best_first(store: Store, here: Session) -> None:
    """And no more than asked for."""
    for text in ("needle", "needle in a very long haystack of many words", "needle b"):
        post(store, here, text)
    newest = names(found(store, here, "needle"))
    assert ["needle b", "needle in a very long haystack of many words", "needle"] == (
        newest
    )
    assert newest[:2] == names(found(store, here, "needle", limit=2))
    best = names(found(store, here, "needle", sort="rank"))
    assert set(newest) == set(best)
    assert newest[1] == best[-1]
    assert ["needle b"] == names(found(store, here, "b", sort="rank", limit=1))


def test_every_word_must_be_there(store: Store, here: Session) -> None:
    """In any order, long and short words; an empty query finds nothing."""
    post(store, here, "the quick brown fox")
    assert 1 == len(found(store, here, "fox quick"))
    assert 1 == len(found(store, here, "FOX qu x"))
    assert [] == found(store, here, "fox dog")
    assert [] == found(store, here, "fox z")
    assert [] == found(store, here, "")
    assert [] == found(store, here, " \n ")


@pytest.mark.parametrize(
    "word", ["%", "_", "\\", "'", '"', "*", "a%b", "\\_", "(", "🙂"]
)
def test_no_character_is_a_wildcard(store: Store, here: Session, word: str) -> None:
    """A short word means itself."""
    post(store, here, "nothing of the kind")
    post(store, here, f"x{word}y")
    assert [f"x{word}y"] == names(found(store, here, word))


def test_hundreds_of_words_are_a_search(store: Store, here: Session) -> None:
    """As many as the longest query has, all different, short and long."""
    short = [f"{a}{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnopqrst"]
    long = [f"{a}{b}z" for a in "abcdefghijklmnop" for b in "abcdefghijklmno"]
    for words in (short, long):
        query = " ".join(words)
        assert len(query) <= 1000
        post(store, here, query)
        assert [query] == names(found(store, here, query))


def test_a_snippet_marks_what_was_found(store: Store, here: Session) -> None:
    """With some context, cut on either side only where there is more."""
    post(store, here, "Say Hello, hello there")
    (whole,) = found(store, here, "hello")
    assert "Say <mark>Hello</mark>, <mark>hello</mark> there" == whole.snippet
    post(store, here, "x" * 500 + " needle " + "y" * 500)
    (cut,) = found(store, here, "needle")
    left, right = "x" * (CONTEXT - 1), "y" * (CONTEXT - 1)
    assert f"…{left} <mark>needle</mark> {right}…" == cut.snippet


@SHARED
@given(content=WRITING, data=st.data())
def test_every_message_is_found_by_its_parts(
    store: Store, content: str, data: st.DataObject
) -> None:
    """By any part of it, of one character or more, except blanks around."""
    here = new_room(store)
    post(store, here, content)
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, len(content)))
    piece = content[start:stop].strip()
    if piece:
        assert [content] == names(found(store, here, piece))
        assert [content] == names(found(store, here, piece, sort="rank"))


@SHARED
@given(content=WRITING, typed=WRITING)
def test_nothing_that_is_typed_is_an_error(
    store: Store, content: str, typed: str
) -> None:
    """In one room or in all."""
    here = new_room(store)
    post(store, here, content)
    assert names(found(store, here, typed)) in ([], [content])
    found(store, None, typed, include="archived,deleted", sort="rank")


PREFIXES = ["mess*", "MES*", "m*", "ess*", '"a*', "é漢b*", "OR", "NEAR*", "*", "a:b*"]
SAID = [
    "message",
    "homess",
    "Mess.",
    "a:b c",
    "é漢bc",
    '"ab',
    "near",
    "mess*",
    "or",
    "x",
]


@SHARED
@given(
    said=st.lists(st.sampled_from(SAID) | WRITING, max_size=4),
    typed=st.lists(st.sampled_from(PREFIXES) | WRITING, min_size=1, max_size=3),
)
def test_only_a_star_after_a_word_is_syntax(
    store: Store, said: list[str], typed: list[str]
) -> None:
    """A message is found exactly if it has every term; no text of a query acts."""
    here = new_room(store)
    content, q = " ".join(said), " ".join(typed)
    post(store, here, content)
    terms = [SearchTerm.of(word) for word in q.split()]
    holds = all(
        all(piece.lower() in content.lower() for piece in term.pieces)
        and (not term.has_prefix or re.search(term.source, content, re.IGNORECASE))
        for term in terms
    )
    if (content + q).isascii():  # The index folds other letters in its own way.
        wanted = [content] if holds and terms else []
        assert wanted == names(found(store, here, q))
        assert wanted == names(found(store, here, q, sort="rank"))


def test_a_room_knows_nothing_of_a_removed_one(store: Store, here: Session) -> None:
    """A hard delete removes the messages of its room only."""
    other = new_room(store)
    post(store, here, "hello here")
    post(store, other, "hello other")
    store.transact(sessions.remove_sessions, [here.id])
    assert ["hello other"] == names(found(store, None, "hello"))
    assert look(store, other.id).active


def test_hundreds_of_words_are_marked_in_no_time(store: Store, here: Session) -> None:
    """A long text is searched for the first word only."""
    words = [f"{a}{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnopqrst"]
    post(store, here, "z" * 1_000_000 + " ".join(words))
    began = time.thread_time()
    (result,) = found(store, here, " ".join(words))
    assert time.thread_time() - began < 1, "it took seven seconds"
    assert "<mark>aa</mark>" in result.snippet
