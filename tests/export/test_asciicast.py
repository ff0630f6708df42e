"""An asciicast shows what the terminal showed."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ant.export.asciicast import Marker, Piece, events, header
from ant.recording.size_timeline import SizeChange
from ant.terminal.buffer.tail import decode
from ant.terminal.screen.emulator import open_screen
from tests.strategies import CUTS, cut, terminal_bytes

START = datetime(2026, 1, 1, tzinfo=UTC)


def pieces(parts: list[bytes]) -> list[Piece]:
    """One part a second."""
    made, offset = [], 100
    for second, part in enumerate(parts):
        made.append(Piece(offset, START + timedelta(seconds=second), part))
        offset += len(part)
    return made


def test_output_sizes_and_marks_are_in_order() -> None:
    """With the seconds since the previous one; a piece is split where needed."""
    lines = list(
        events(
            pieces([b"hello", b"worldagain"]),
            [SizeChange(100, 80, 24), SizeChange(110, 40, 10)],
            [Marker(105, "asked"), Marker(115, "answered")],
        )
    )
    assert [
        [0.0, "r", "80x24"],
        [0.0, "o", "hello"],
        [0.0, "m", "asked"],
        [1.0, "o", "world"],
        [0.0, "r", "40x10"],
        [0.0, "o", "again"],
        [0.0, "m", "answered"],
    ] == lines


def test_a_prompt_comes_before_its_answer() -> None:
    """Marks at one offset keep their order."""
    marks = [Marker(101, "prompt: Go on?"), Marker(101, "answer: y")]
    lines = events(pieces([b"a"]), [SizeChange(101, 9, 9)], marks)
    assert ["a", "9x9", "prompt: Go on?", "answer: y"] == [each for _, _, each in lines]


def test_no_time_is_lost_where_nothing_is_shown() -> None:
    """A character that comes a byte a second is shown when it is whole."""
    lines = events(pieces([b"a", b"\xe6", b"\xbc", b"\xa2", b"b"]), [], [])
    assert [[0.0, "o", "a"], [3.0, "o", "\u6f22"], [1.0, "o", "b"]] == list(lines)


def test_two_sizes_within_one_piece_each_have_their_place() -> None:
    """What was shown before the second is played before it."""
    lines = events(
        pieces([b"abcdef"]), [SizeChange(102, 9, 9), SizeChange(105, 8, 8)], []
    )
    assert ["ab", "9x9", "cde", "8x8", "f"] == [text for _, _, text in lines]


def test_the_header_says_how_to_play_it() -> None:
    """Version, size, when and what."""
    told = header(80, 24, START, "one")
    assert (3, {"cols": 80, "rows": 24, "type": "xterm-256color"}) == (
        told["version"],
        told["term"],
    )
    assert (int(START.timestamp()), "one") == (told["timestamp"], told["title"])


@given(terminal_bytes(), CUTS, st.lists(st.integers(100, 160), max_size=4))
def test_any_split_and_any_size_ends_on_the_same_screen(
    data: bytes, cuts: list[int], places: list[int]
) -> None:
    """Played through the screen model it shows what the session's own screen does.

    Of bytes that are UTF-8: JSON has no others, and within an escape sequence a
    terminal does not take U+FFFD for the stray byte it stands for.
    """
    text, used = decode(data)
    data = text.encode() + data[used:]
    sizes = [
        SizeChange(min(place, 100 + len(data)), 10 + number, 5)
        for number, place in enumerate(sorted(places))
    ]
    own, played = open_screen(20, 4), open_screen(20, 4)
    at = 100
    for size in sizes:
        own.feed(data[at - 100 : size.offset - 100])
        own.resize(size.cols, size.rows)
        at = size.offset
    own.feed(data[at - 100 :])
    for _, kind, text in events(pieces(cut(data, cuts)), sizes, []):
        if kind == "o":
            played.feed(text.encode())
        else:
            played.resize(*map(int, text.split("x")))
    assert own.text() == played.text()
