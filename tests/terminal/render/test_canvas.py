"""The canvas: the cursor moves as on a terminal, and rows that leave become final."""

import pytest

from ant.terminal.render.canvas import Canvas
from ant.terminal.render.renderer import Renderer
from ant.terminal.screen.emulator import ADAPTERS
from tests.terminal.recorded import Recording, recordings

UNLIKE = {
    "qwen-cli/prose": "a zero-width space on a blank, which is read as nothing",
    **dict.fromkeys(
        (
            f"qwen-cli-0.24.4/{case}"
            for case in (
                "ask",
                "busy",
                "drafts",
                "files",
                "plan",
                "prose",
                "run",
                "survey",
            )
        ),
        "a variation selector behind a sign, which the library drops",
    ),
}
"""Recordings whose last screen differs from the library's, and why."""


def shown(canvas: Canvas) -> list[str]:
    """Return the text of the rows."""
    return [row.shown().rstrip(" ") for row in canvas.lines]


@pytest.mark.skipif(not ADAPTERS, reason="no screen library is installed")
@pytest.mark.parametrize("recording", recordings(), ids=lambda each: each.name)
def test_recordings_end_on_the_library_s_screen(recording: Recording) -> None:
    """Row by row what the terminal library shows, if the size never changed."""
    if recording.resizes or recording.name in UNLIKE:
        return
    screen = ADAPTERS[0](recording.cols, recording.rows)
    renderer = Renderer(recording.cols, recording.rows)
    screen.feed(recording.data)
    renderer.feed(recording.data, 0)
    assert screen.text() == shown(renderer._canvas)


def test_a_row_that_leaves_at_the_top_is_final() -> None:
    """Also if the scroll region ends above the bottom;

    Rows lost below its top are not.
    """
    renderer = Renderer(20, 4)
    renderer.feed(b"one\r\ntwo\r\nthree\r\nfour\x1b[1;3r\x1b[3;1H\n", 0)
    assert ["one"] == [line.text for line in renderer.take()]
    renderer.feed(b"\x1b[2;4r\x1b[4;1H\n", 0)
    assert [] == renderer.take()
    assert ["two", "", "four"] == [line.text for line in renderer.standing()]


def test_a_clear_keeps_lines_once() -> None:
    """A line that is drawn again unchanged is not final again."""
    renderer = Renderer(20, 4)
    frames = b"".join(b"\x1b[H\x1b[2Jtitle\r\ncount %d" % n for n in range(3))
    renderer.feed(frames + b"\x1b[2J", 0)
    texts = [line.text for line in renderer.take()]
    assert ["title", "count 0", "count 1", "count 2"] == texts


def test_reprinted_lines_are_kept_once() -> None:
    """Agents reprint text longer than the screen; only new lines are kept."""
    text_lines, lines = [f"line {n}" for n in range(40)], list[str]()
    renderer = Renderer(20, 10)
    for frame in range(5):
        text = "\r\n".join([*text_lines, *["", "more"] * frame, f"busy {frame}"])
        renderer.feed(b"\x1b[2J\x1b[3J\x1b[H" + text.encode(), 0)
        lines += [line.text for line in renderer.take()]
    assert text_lines[:31] == lines[:31]
    assert 40 == len([line for line in lines if line.startswith("line")])
    assert [f"busy {n}" for n in range(4)] == [
        each for each in lines if each[0:1] == "b"
    ]


def test_a_manual_clear_is_no_reprint() -> None:
    """Lines that are printed again after `clear` are kept again."""
    renderer, lines = Renderer(20, 3), list[str]()
    for _ in range(3):
        renderer.feed(b"\x1b[H\x1b[2J\x1b[3J$ make\r\n1\r\n2\r\n3\r\n4\r\n$ ", 0)
        lines += [line.text for line in renderer.take()]
    assert 3 == lines.count("1")


def test_repainted_rows_are_lost() -> None:
    """They were never on the screen for long."""
    renderer = Renderer(20, 4)
    renderer.feed(b"a prompt\r\nbusy 1\r\n\x1b[1A\x1b[Jbusy 2\r\n\x1b[1A\x1b[Jdone", 0)
    assert [] == renderer.take()
    assert ["a prompt", "done"] == [line.text for line in renderer.standing()]


def test_the_alternate_screen_is_kept_when_it_closes() -> None:
    """While it is shown, its lines follow those of the primary screen."""
    renderer = Renderer(20, 4)
    renderer.feed(b"$ less\r\n\x1b[?1049h\x1b[Hpage one", 0)
    assert ["$ less", "page one"] == [line.text for line in renderer.standing()]
    renderer.feed(b"\x1b[H\x1b[2Jpage two\x1b[?1049l$ ", 0)
    assert ["page one", "page two"] == [line.text for line in renderer.take()]
    assert ["$ less", "$"] == [line.text for line in renderer.standing()]


def test_the_alternate_screen_is_kept_at_a_pause() -> None:
    """Each line once; the next pause adds only changed lines."""
    renderer = Renderer(20, 4)
    renderer.feed(b"\x1b[?1049hhello\r\nold", 0)
    for _ in range(2):
        renderer.rest()
    renderer.feed(b"\rnew", 0)
    renderer.rest()
    renderer.feed(b"\x1b[?1049l", 0)
    assert ["hello", "old", "new"] == [line.text for line in renderer.take()]


@pytest.mark.parametrize("rows", [2, 4, 9])
def test_a_new_size_loses_nothing(rows: int) -> None:
    """Rows without room become final, the others stay."""
    renderer = Renderer(20, 4)
    renderer.feed(b"one\r\ntwo\r\nthree", 0)
    renderer.resize(5, rows)
    lines = [*renderer.take(), *renderer.standing()]
    assert ["one", "two", "three"] == [line.text for line in lines]
    renderer.feed(b"\r\nsix", 0)
    lines = [*renderer.take(), *renderer.standing()]
    assert "six" == lines[-1].text
