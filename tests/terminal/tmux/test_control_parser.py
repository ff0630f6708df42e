"""Output of control clients of tmux 3.5a, and the notifications in it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.terminal.host.host_terminal import ControlSeen
from ant.terminal.tmux.control_parser import (
    BLOCK_MAX,
    LINE_MAX,
    Answer,
    ControlParser,
    Event,
    Notice,
    PaneOutput,
    SessionFilter,
    unescape,
)

ATTACHED = (
    b"%begin 1795579782 277 0\n%end 1795579782 277 0\n%session-changed $0 aa\n"
    b"%begin 1795579783 284 1\nx 0 0\n%window-add @9\n%end 1795579783 283 1\n"
    b"%end 1795579783 284 1\n"
    b"%begin 1795579783 288 1\r\nparse error: unknown command: x\r\n"
    b"%error 1795579783 288 1\r\n%output %0 a\\033[1m\\134b \\303\\251\r\n%exit\n"
)


def read(*parts: bytes) -> list[Event]:
    """The events in these parts."""
    control = ControlParser()
    return [said for part in parts for said in control.feed(part)]


def test_answers_notifications_and_output() -> None:
    """Blocks are matched by number; what is inside is text; CRLF ends a line."""
    assert read(ATTACHED) == [
        Answer(True, False, ()),
        Notice("session-changed", "$0 aa"),
        Answer(True, True, ("x 0 0", "%window-add @9", "%end 1795579783 283 1")),
        Answer(False, True, ("parse error: unknown command: x",)),
        PaneOutput("%0", b"a\x1b[1m\\b \xc3\xa9"),
        Notice("exit", None),
    ]


lines = st.sampled_from(
    [
        *ATTACHED.splitlines(keepends=True),
        *(b"\n", b"%\n", b"%%\n", b"%end 1 2 3\n", b"%begin 1 2 1\n", b"%output %1\n"),
    ]
)


@given(
    st.lists(lines | st.binary(max_size=20)).map(b"".join),
    st.lists(st.integers(0, 300)),
)
def test_any_split_makes_the_same_events(data: bytes, cuts: list[int]) -> None:
    """For any bytes."""
    edges = [0, *sorted(cuts), len(data)]
    parts = [data[a:b] for a, b in pairwise(edges)]
    assert read(data) == read(*parts)


@given(st.binary())
def test_fuzz_any_output_is_unescaped_exactly(data: bytes) -> None:
    """Whatever the program has printed."""
    escaped = b"".join(
        b"\\%03o" % byte if byte < 32 or byte == 0x5C else bytes((byte,))
        for byte in data
    )
    assert unescape(escaped) == data
    assert read(b"%output %7 " + escaped + b"\n") == [PaneOutput("%7", data)]


def test_lines_and_blocks_are_bounded() -> None:
    """What follows them is parsed."""
    flood = b"x" * (LINE_MAX + 10)
    many = b"%begin 1 2 1\n" + b"y\n" * (BLOCK_MAX + 5) + b"%end 1 2 1\n"
    control = ControlParser()
    for _ in range(3):
        assert control.feed(flood) == []
    (answer,) = control.feed(b"\n" + many)
    assert isinstance(answer, Answer)
    assert len(answer.lines) == BLOCK_MAX
    assert control.feed(b"%exit gone\n") == [Notice("exit", "gone")]


@pytest.mark.parametrize(
    ("said", "kind", "data"),
    [
        ("%exit", "exit", {}),
        ("%exit server exited", "exit", {"reason": "server exited"}),
        ("%window-add @6", "window-add", {"window_id": 6}),
        ("%window-close @4", "window-close", {"window_id": 4}),
        ("%unlinked-window-close @4", "window-close", {"window_id": 4}),
        ("%window-renamed @4 vi x", "window-renamed", {"window_id": 4, "name": "vi x"}),
        (
            "%layout-change @4 a87d,100x30,0,0,5 a87d,100x30,0,0,5 *",
            "layout-change",
            {"window_id": 4, "layout": "a87d,100x30,0,0,5"},
        ),
        (
            "%session-changed $3 a b",
            "session-changed",
            {"session_tmux_id": 3, "name": "a b"},
        ),
        ("%session-renamed $3 x", "session-renamed", {"name": "x"}),
        (
            "%client-session-changed /dev/pts/9 $3 me",
            "client-session-changed",
            {"session_tmux_id": 3, "name": "me"},
        ),
        ("%pane-mode-changed %5", "pane-mode-changed", {"pane_id": 5}),
        ("%continue %5", "continue", {"pane_id": 5}),
        ("%pause %5", "pause", {"pane_id": 5}),
    ],
)
def test_notifications_of_the_session(
    said: str, kind: str, data: dict[str, object]
) -> None:
    """Each in the form that clients of the original know."""
    (notice,) = read(said.encode() + b"\n")
    assert isinstance(notice, Notice)
    raw = {} if notice.text is None else {"raw": notice.text}
    assert SessionFilter(3, 5, {4}).seen(notice) == ControlSeen(kind, {**raw, **data})


@pytest.mark.parametrize(
    "said",
    [
        *("%unlinked-window-add @7", "%unlinked-window-renamed @7 x"),
        *("%window-renamed @7 x", "%window-close @7", "%unlinked-window-close @7"),
        *("%layout-change @7 x", "%session-changed $4 x", "%session-renamed $4 x"),
        *("%client-session-changed c $4 x", "%client-detached c", "%pause %6"),
        *("%pane-mode-changed %6", "%sessions-changed", "%paste-buffer-changed b"),
        *("%window-add x", "%window-add @", "%session-window-changed $3 @4", "%pause"),
    ],
)
def test_other_notifications_are_ignored(said: str) -> None:
    """Those of another session, of none, and of other kinds."""
    (notice,) = read(said.encode() + b"\n")
    assert isinstance(notice, Notice)
    assert SessionFilter(3, 5, {4}).seen(notice) is None


def test_clients_are_followed() -> None:
    """A client belongs to the session from its attach until it goes to another."""
    own = SessionFilter(3, 5, {4})
    came = Notice("client-session-changed", "/dev/pts/9 $3 me")
    left = Notice("client-detached", "/dev/pts/9")
    data = {"raw": "/dev/pts/9", "reason": "/dev/pts/9"}
    assert own.seen(came) is not None
    assert own.seen(left) == ControlSeen("client-detached", data)
    assert own.seen(left) is None
    assert own.seen(came) is not None
    assert own.seen(Notice("client-session-changed", "/dev/pts/9 $8 it")) is None
    assert own.seen(left) is None
