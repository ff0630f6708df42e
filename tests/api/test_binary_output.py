"""Output as binary messages: a client has what the server encoded."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ant.api.binary_output import HEADER, OutputStreams, encode
from tests.strategies import cut

ACK: dict[str, Any] = {"type": "ack", "sessionId": "one", "stream": 7}


def joined(*acks: dict[str, Any]) -> OutputStreams:
    streams = OutputStreams()
    for ack in acks or (ACK,):
        streams.begin(ack)
    return streams


@given(st.binary(max_size=80), st.lists(st.integers(0, 80), max_size=5))
def test_any_cut_gives_the_same_bytes_and_text(data: bytes, cuts: list[int]) -> None:
    """Each message has its exact bytes; the texts join to that of all bytes."""
    streams, at, text = joined(), 100, ""
    for part in [*cut(data, cuts), b"."]:
        frame = streams.frame(encode(7, at, part))
        assert frame is not None
        assert (part, at) == (frame["raw"], frame["offset"])
        assert ("one", at + len(part)) == (frame["sessionId"], frame["end"])
        at, text = at + len(part), text + frame["data"]
    assert (data + b".").decode(errors="replace") == text


def test_what_a_client_does_not_know_is_skipped() -> None:
    """Another type, another stream, and a message that is too short."""
    streams = joined()
    assert streams.frame(HEADER.pack(2, 7, 0) + b"x") is None
    assert streams.frame(encode(8, 0, b"x")) is None
    assert streams.frame(b"\x01\x00") is None


def test_a_join_replaces_the_stream_of_its_session() -> None:
    """And a resume names several."""
    streams = joined(ACK, {"streams": {"one": 9, "two": 10}})
    assert streams.frame(encode(7, 0, b"x")) is None
    for stream, name in ((9, "one"), (10, "two")):
        frame = streams.frame(encode(stream, 0, b"x"))
        assert frame is not None
        assert name == frame["sessionId"]


def test_a_gap_begins_the_text_anew() -> None:
    """Half a character before a gap is not joined with bytes after it."""
    streams = joined()
    for part, text in ((b"a\xc3", "a"), (b"\xa4b", "\ufffdb")):
        frame = streams.frame(encode(7, 0, part))
        assert frame is not None
        assert text == frame["data"]
        streams.skip("one")
