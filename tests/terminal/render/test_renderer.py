"""The renderer: readable lines, and the bytes that drew them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.render.renderer import Renderer
from ant.terminal.render.rows import Line
from tests.strategies import CUTS, cut, terminal_bytes
from tests.terminal.recorded import recordings

MOVES = st.sampled_from(
    b"A 3B 3C H 3;4H J 2J K 1K 2;4r r 2L M 2P 3@ 4X 5b ?7l ?7h ?1049h ?1049l 4h 4l ?6h"
    b" ?6l S 2T 2d 9G s u".split()
).map(lambda each: b"\x1b[" + each)
OTHERS = st.sampled_from(
    [
        *[b"\x1b7", b"\x1b8", b"\x1bM", b"\x1bE", b"\x1bc", b"\x1b(0qqx\x1b(B"],
        *[b"\x1b]0;title\x07", b"\x1b]8;;http://x\x1b\\", b"\x1bP1q#\x1b\\"],
    ]
)
FLOODS = st.sampled_from(
    [
        *[b"line\r\n", b"tab\t\tz\r\n\r\n", b"\xc3\xa9\r\r\n", b"x" * 90 + b"\r\n"],
        b"\x1b[1mcolour\x1b[m x\ty\r\n",
        b"\rabc 10%\rabcdefg 20%\r\x1b[Kxy\x1b[K\r\n",
    ]
)
OUTPUT = st.lists(
    terminal_bytes(10)
    | MOVES
    | st.tuples(FLOODS, st.integers(60, 160)).map(lambda pair: pair[0] * pair[1]),
    max_size=12,
).map(b"".join)


def played(pieces: list[bytes], cols: int = 20, rows: int = 5) -> Renderer:
    """Feed the chunks one by one, each to a renderer restored from the state."""
    renderer, lines = Renderer(cols, rows), list[Line]()
    for piece in pieces:
        renderer.feed(piece, 1)
        lines += renderer.take()
        renderer = Renderer.of(json.loads(json.dumps(renderer.state())))
    renderer._canvas.out.done = lines
    return renderer


def texts(data: bytes, cols: int = 80, rows: int = 24) -> list[str]:
    """Return the text of all lines at the end."""
    renderer = played([data], cols, rows)
    return [line.text for line in [*renderer.take(), *renderer.standing()]]


@pytest.mark.slow
@given(OUTPUT, CUTS)
def test_any_split_makes_the_same_lines(data: bytes, cuts: list[int]) -> None:
    """In chunks of any size, with the state stored in between."""
    whole, pieces = played([data]), played(cut(data, cuts))
    assert whole.standing() == pieces.standing()
    assert whole.take() == pieces.take()
    assert whole.state() == pieces.state()


@given(st.binary(max_size=300), CUTS)
def test_fuzz_every_line_is_within_its_bytes(data: bytes, cuts: list[int]) -> None:
    """For any bytes, in chunks of any size."""
    whole, pieces = played([data]), played(cut(data, cuts))
    lines = [*whole.take(), *whole.standing()]
    assert lines == [*pieces.take(), *pieces.standing()]
    for line in lines:
        assert 0 <= line.start <= line.end <= len(data)


@pytest.mark.slow
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_recordings_at_any_split(size: int) -> None:
    """Real agents and programs in small chunks; one recording of each is enough."""
    one_of_each = {each.name.split("/")[0]: each for each in recordings()}
    for recording in one_of_each.values():
        data, shape = recording.data[:20_000], (recording.cols, recording.rows)
        renderer, lines = Renderer(*shape), list[Line]()
        for at in range(0, len(data), size):
            renderer.feed(data[at : at + size], 1)
            lines += renderer.take()
        whole = played([data], *shape)
        assert whole.take() == lines, recording.name
        assert whole.standing() == renderer.standing()


def test_a_flood_renders_like_small_chunks() -> None:
    """Every line and its bytes are the same."""
    data = b"".join(
        b"%d \x1b[32mok\x1b[0m\tdone\r\n10 %%\r%d %%\r\n\r\n" % (n, n)
        for n in range(2000)
    )
    whole = played([data])
    pieces = played([data[at : at + 100] for at in range(0, len(data), 100)])
    lines = whole.take()
    assert lines == pieces.take()
    assert 5990 < len(lines)
    for line in lines[::97]:
        if line.text:
            assert line.text.split()[0].encode() in data[line.start : line.end]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b" 10%\r 50%\r100% done\r\n", ["100% done"]),
        (b"loading...\r\x1b[Kok\r\n", ["ok"]),
        (b"hellp\bo\r\n", ["hello"]),
        (b"\x1b[1;31mred\x1b[0m alpha\r\n", ["red alpha"]),
        (b"a\tb\r\n", ["a       b"]),
        (b"x" * 200 + b"\r\nnext", ["x" * 200, "next"]),
        ("漢字 é 🙂\r\n".encode(), ["漢字 é 🙂"]),
        (b"\x1b]0;title\x07text\x1bP stuff \x1b\\!\r\n", ["text!"]),
        (b"\x1b]8;;http://x/\x1b\\link\x1b]8;;\x1b\\\r\n", ["link"]),
        (b"\xff\xfeno text\r\n", ["\ufffd\ufffdno text"]),
        (b"one\ntwo\n", ["one", "   two"]),
        (b"1\r\n2\r\n3\x1b[2A\r\x1b[Jx", ["x"]),
        (b"1\r\n2\x1b[H\x1b[Jx", ["1", "2", "x"]),
    ],
)
def test_lines_have_the_last_text(data: bytes, expected: list[str]) -> None:
    """Progress bars, colours, wraps, wide characters, titles, links, repaints."""
    assert expected == texts(data)


def test_wrapped_text_is_one_line_whatever_the_width() -> None:
    """A search finds a phrase across the edge, with wide characters too."""
    text = "the quick brown fox 漢字漢字 jumps over the lazy dog " * 20
    assert [text.strip()] == texts(text.encode(), cols=31, rows=4)


def test_a_line_has_the_bytes_that_drew_it() -> None:
    """Without its colours and its end; those of a progress bar's last state."""
    data = b"\x1b[1mbold\x1b[0m\r\n10%\r100%\r\n"
    lines = played([data]).standing()
    assert [b"bold", b"100%"] == [data[line.start : line.end] for line in lines]


def test_an_agent_s_dialog_is_rendered_once() -> None:
    """The question and the answer are there once, though drawn many times."""
    (ask,) = [each for each in recordings() if each.name == "claude-code/ask"]
    lines = texts(ask.data, ask.cols, ask.rows)
    assert 1 == lines.count("● Done. That worked as asked.") // 2
    assert "❯ demo ask" in lines
    assert any(
        "Which database should the notes use? → PostgreSQL" in each for each in lines
    )


def test_a_state_of_another_version_is_a_blank_screen() -> None:
    """With the state's size and offset."""
    state = played([b"hello"]).state()
    renderer = Renderer.of({**state, "version": 0, "lines": "unheard of"})
    assert ([], (20, 5), 5) == (renderer.standing(), renderer.size, renderer.offset)


def test_another_run_begins_on_a_blank_screen() -> None:
    """The old lines are final; an unfinished sequence is dropped."""
    renderer = Renderer(20, 4, 0)
    renderer.feed(b"the end\x1b[1", 5)
    renderer.begin(30, 6, 100)
    renderer.feed(b"Again", 6)
    assert [Line("the end", 0, 7, 5)] == renderer.take()
    assert [Line("Again", 100, 105, 6)] == renderer.standing()
    assert (30, 6) == renderer.size


def test_an_unknown_size_changes_nothing() -> None:
    """Later output is drawn at the old size."""
    renderer = Renderer(20, 4)
    renderer.feed(b"one\r\n", 1)
    renderer.resize(0, 0)
    renderer.feed(b"two", 2)
    assert ["one", "two"] == [line.text for line in renderer.standing() if line.text]
