"""A digest says nothing that nobody said."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.export import digest as digests
from ant.export.digest import PIECE, SENTENCES, Digest, digest, read_digest
from ant.messages import messages as rooms
from ant.model.messages import Message, MessageId
from ant.model.sessions import SessionId
from ant.store import Store
from tests.rules import post, room
from tests.strategies import WRITING

ROOM = SessionId("room")
START = datetime(2026, 1, 1, tzinfo=UTC)


def said(
    number: int, content: str, sender: str | None = "ada", **fields: str
) -> Message:
    """A message, one a minute."""
    return Message(
        id=MessageId(f"m{number}"),
        session_id=ROOM,
        role=fields.get("role", "user"),
        content=content,
        format="text",
        status="complete",
        sender_id=sender,
        target=None,
        reply_to=None,
        msg_type=fields.get("msg_type", "message"),
        meta={},
        created_at=START + timedelta(minutes=number),
        pinned=False,
        client_id=None,
    )


TALK = [
    said(0, "The login page fails on Safari. Nobody knows why."),
    said(1, "Which cookie does the login page set?", "bob"),
    said(2, "Good morning!"),
    said(3, "We decided to fix the cookie flag of the login page.", "bob"),
    said(4, '{"class": "permission_request", "raw": "rm"}', msg_type="agent_event"),
    said(5, "Fixed: the cookie flag is set now. ```cookie cookie cookie```"),
]


def test_a_room_is_told_in_its_own_sentences() -> None:
    """What it was about, quoted, in the order in which it was said."""
    made = digest(ROOM, TALK)
    texts = [quote.text for quote in made.sentences]
    assert "We decided to fix the cookie flag of the login page." in texts
    assert "Good morning!" not in texts
    by_id = {message.id: message.content for message in TALK}
    assert all(quote.text in by_id[quote.message_id] for quote in made.sentences)
    stamps = [quote.at for quote in made.sentences]
    assert sorted(stamps) == stamps


def test_machines_are_left_out() -> None:
    """No card among the words, the posters or the counts."""
    made = digest(ROOM, TALK)
    assert (5, 2) == (made.message_count, made.participant_count)
    assert [("ada", 3), ("bob", 2)] == [(p.id, p.count) for p in made.participants]
    terms = {term.term: term.count for term in made.key_terms}
    assert terms["cookie"] == 3
    assert "permission" not in terms
    assert (5.0, 60.0) == (made.duration_minutes, made.messages_per_hour)


def test_a_silent_room_has_nothing_to_tell() -> None:
    """Zeros and nothing."""
    for messages in ([], [TALK[4]]):
        made = digest(ROOM, messages)
        assert (0, 0, 0.0, None, ()) == (
            made.message_count,
            made.participant_count,
            made.messages_per_hour,
            made.first_message,
            made.sentences,
        )


@given(st.lists(WRITING, max_size=8))
def test_whatever_is_written_every_quote_stands_there(texts: list[str]) -> None:
    """Word by word, with no more than a screen of them."""
    messages = [said(number, text) for number, text in enumerate(texts)]
    made: Digest = digest(ROOM, messages)
    assert len(made.sentences) <= SENTENCES
    for quote in made.sentences:
        source = " ".join(texts[int(quote.message_id[1:])].split())
        assert all(word in source for word in quote.text.split())


def test_a_long_text_is_read_in_pieces_that_end_where_words_do() -> None:
    """No word is cut, none is lost, code is left out however long; others may run."""
    rests: list[int] = []
    word = "elephantine "
    long = (
        word * (3 * PIECE // len(word))
        + "```\n"
        + "code " * PIECE
        + "\n```\nafterwards"
    )
    made = digest(ROOM, [said(0, long)], pause=lambda: rests.append(1))
    assert {"elephantine", "afterwards"} == {each.term for each in made.key_terms}
    assert len(rests) > 3


def test_one_word_that_does_not_end_is_read() -> None:
    """There is no place to cut it, so it is cut anywhere."""
    made = digest(ROOM, [said(0, "a" * (5 * PIECE))])
    assert {"a" * PIECE} == {each.term for each in made.key_terms}


def test_of_many_sentences_the_heaviest_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However few are kept meanwhile; of two that weigh the same, the first."""
    lines = [f"filler number{chr(97 + n % 26)} here. " for n in range(300)]
    lines.insert(200, "We decided that filler must win here. ")
    text = "".join(lines)
    whole = digest(ROOM, [said(0, text)]).sentences
    monkeypatch.setattr(digests, "CANDIDATES", 40)
    few = digest(ROOM, [said(0, text)]).sentences
    assert "We decided that filler must win here." in [each.text for each in few]
    assert whole[0].text in [each.text for each in few]


def test_a_digest_reads_so_many_bytes(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest, and `covered` says how many it were."""
    monkeypatch.setattr(rooms, "RECENT_BYTES", 3000)
    here = room(store)
    for number in range(9):
        post(store, here, f"number{chr(97 + number)} " * 100)
    made = store.read(read_digest, here.id)
    assert 0 < made.covered < 5
    assert made.covered == made.message_count
    assert "numberi" in {each.term for each in made.key_terms}
    assert "numbera" not in {each.term for each in made.key_terms}
