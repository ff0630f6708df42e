"""Type, read back, resize, interrupt, start."""

import base64
from typing import Any

import pytest
import trio

from ant.api.constraints import MAX_INPUT
from ant.core.counters import Limit
from ant.core.errors import StorageFailed
from ant.http.routes import terminal
from ant.model.sessions import Session, SessionType
from ant.run_events import log
from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.input.queue import INBOX
from tests.http.asking import Answer, Api, ask
from tests.systems import PATIENCE_S, Rig


async def post(
    rig: Rig, session: Session, verb: str, body: Any, **headers: str
) -> Answer:
    path = f"/api/sessions/{session.id}/terminal/{verb}"
    return await ask(rig.app, "POST", path, body, **headers)


async def history(rig: Rig, session: Session, query: str = "") -> Any:
    path = f"/api/sessions/{session.id}/terminal/history{query}"
    answer = await ask(rig.app, "GET", path)
    assert 200 == answer.status
    return answer.body


@pytest.mark.parametrize(
    ("body", "headers", "typed"),
    [
        ({"data": "h\u00e9\r"}, {}, "h\u00e9\r".encode()),
        ({"data_b64": "/wANCg=="}, {}, b"\xff\x00\r\n"),
        (b"\xff\x00\n", {"Content_Type": "application/octet-stream"}, b"\xff\x00\n"),
        ({"data": ""}, {}, b""),
        (b"", {"Content_Type": "application/octet-stream"}, b""),
    ],
)
async def test_input_is_typed_as_given(
    rig: Rig, body: Any, headers: dict[str, str], typed: bytes
) -> None:
    """Text, base64 or bytes; nothing is added, and the answer says what was taken."""
    session = await rig.started()
    answer = await post(rig, session, "input", body, **headers)
    assert {
        "ok": True,
        "size": len(typed),
        "written": len(typed),
        "queued": 0,
    } == answer.body
    assert typed == rig.terminals[0].written


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "$"),
        ({"data": "x", "data_b64": "eA=="}, "$"),
        ({"data_b64": "!"}, "$.data_b64"),
        ({"data_b64": "eA"}, "$.data_b64"),
        ({"data": "x" * (MAX_INPUT + 1)}, "$.data"),
    ],
)
async def test_input_is_one_thing(rig: Rig, body: Any, path: str) -> None:
    """Exactly one of the two, and well-formed; nothing is typed otherwise."""
    session = await rig.started()
    answer = await post(rig, session, "input", body)
    assert 400 == answer.status
    assert answer.body["issues"][0].endswith(f"at {path}")
    assert b"" == rig.terminals[0].written


@pytest.mark.parametrize("how", ["bytes", "text", "base64"])
@pytest.mark.meets(Limit.INPUT_SIZE)
async def test_input_has_a_bound(rig: Rig, how: str) -> None:
    """Counted in bytes, however it comes."""
    session = await rig.started()
    large, headers = b"\xc3\xa9" * (MAX_INPUT // 2 + 1), {}
    body: Any = {"data": large.decode()}
    if how == "bytes":
        body, headers = large, {"Content_Type": "application/octet-stream"}
    elif how == "base64":
        body = {"data_b64": base64.b64encode(large).decode()}
    answer = await post(rig, session, "input", body, **headers)
    assert 413 == answer.status
    assert str(MAX_INPUT) in answer.body["detail"]
    assert b"" == rig.terminals[0].written


async def test_a_program_that_does_not_read(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer says what is queued; what finds no place is refused."""
    monkeypatch.setattr(terminal, "PATIENCE_S", 0.01)
    rig.room = 2
    session = await rig.started()
    answer = await post(rig, session, "input", {"data": "abcde"})
    assert {"ok": True, "size": 5, "written": 2, "queued": 3} == answer.body
    live = rig.system.supervisor.need(session.id)
    for _ in range(INBOX):
        live.type_nowait(b"x")
    assert 429 == (await post(rig, session, "input", {"data": "y"})).status
    assert 200 == (await post(rig, session, "stop", {})).status
    with trio.fail_after(PATIENCE_S):
        await live.over.wait()
    assert b"ab" == rig.terminals[0].written


async def test_input_starts_a_terminal_that_never_ran(rig: Rig) -> None:
    """One that has ended is a conflict until it is started again."""
    session = await rig.create()
    assert 200 == (await post(rig, session, "input", {"data": "\x04"})).status
    with trio.fail_after(PATIENCE_S):
        if (live := rig.system.supervisor.find(session.id)) is not None:
            await live.over.wait()
    for verb, body in (("input", {"data": "x"}), ("stop", {})):
        answer = await post(rig, session, verb, body)
        assert 409 == answer.status
        assert "no running program" in answer.body["detail"]
    answer = await post(rig, session, "start", {"cols": 50})
    assert ("running", 50, 30) == (
        answer.body["status"],
        answer.body["terminal"]["cols"],
        answer.body["terminal"]["rows"],
    )
    assert 2 == len(rig.terminals)
    again = await post(rig, session, "start", {})
    assert (200, 2) == (again.status, len(rig.terminals))


async def test_a_stop_is_an_interrupt(rig: Rig) -> None:
    """What the program makes of it, its exit tells."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    answer = await post(rig, session, "stop", {"reason": "enough"})
    event = answer.body.pop("event")
    assert {"ok": True, "action": "interrupt", "key": "ctrl-c"} == answer.body
    assert ("status", "high", "terminal_stop", "Stop requested by web: enough") == (
        event["source"],
        event["trust"],
        event["kind"],
        event["text"],
    )
    where = f"/api/sessions/{session.id}/run-events?kind=terminal_stop"
    assert [event] == (await ask(rig.app, "GET", where)).body["events"]
    with trio.fail_after(PATIENCE_S):
        await live.over.wait()
    row = (await ask(rig.app, "GET", f"/api/sessions/{session.id}")).body
    assert ("exited", 2, None) == (
        row["status"],
        row["terminal"]["exit_signal"],
        row["terminal"]["exit_code"],
    )


async def test_an_interrupt_works_without_the_database(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The event is recorded later, and the answer has none."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    write = rig.system.journal.write

    async def refuse(work: Any, *args: Any) -> Any:
        if work is log.record:
            raise StorageFailed("no room")
        return await write(work, *args)

    monkeypatch.setattr(rig.system.journal, "write", refuse)
    answer = await post(rig, session, "stop", {})
    assert (200, None) == (answer.status, answer.body["event"])
    with trio.fail_after(PATIENCE_S):
        await live.over.wait()
    where = f"/api/sessions/{session.id}/run-events"
    told = (await ask(rig.app, "GET", where)).body["events"]
    assert "Stop requested by web" in [each["text"] for each in told]


async def test_a_size_is_set_now_and_for_later(rig: Rig) -> None:
    """Of the running program and in the row; without a program it is only kept."""
    session = await rig.create()
    answer = await post(rig, session, "resize", {"cols": 70, "rows": 20})
    assert (70, 20) == (
        answer.body["terminal"]["cols"],
        answer.body["terminal"]["rows"],
    )
    assert [] == rig.terminals
    await post(rig, session, "start", {})
    assert (70, 20) == (rig.specs[0].cols, rig.specs[0].rows)
    await post(rig, session, "resize", {"cols": 71, "rows": 21})
    assert [(70, 20), (71, 21)] == rig.terminals[0].sizes
    assert "TerminalResized" in rig.tags()


async def test_history_has_all_up_to_now(rig: Rig) -> None:
    """What was just put out is stored first, then read."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    for piece in (b"one\n", b"\x1b[1mtwo\x1b[0m\n"):
        rig.terminals[0].say(piece)
        with trio.fail_after(PATIENCE_S):
            await live.flow.wait_beyond(live.flow.tail.end)
        page = await history(rig, session)
    assert "one\ntwo\n" == "".join(row["text"] for row in reversed(page["rows"]))
    assert (16, 16, 0, session.id) == (
        page["end"],
        page["next"],
        page["oldest"],
        page["session_id"],
    )
    page = await history(rig, session, "?from=1&raw=true&limit=1")
    assert (1, "range") == (page["count"], page["mode"])
    assert base64.b64decode(page["rows"][0]["raw_b64"]).startswith(b"ne\n")
    page = await history(rig, session, "?grep=two")
    assert ("search", "two") == (page["mode"], page["query"])
    assert "<mark>two</mark>" in page["rows"][0]["snippet"]


async def test_history_of_what_has_ended(rig: Rig) -> None:
    """From the store alone, and every byte of it."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    rig.terminals[0].say(b"bye")
    rig.terminals[0].end(ExitStatus(code=0))
    with trio.fail_after(PATIENCE_S):
        await live.over.wait()
    page = await history(rig, session, "?from=0")
    assert ["bye"] == [row["text"] for row in page["rows"]]


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=1001", "?since=soon", "?from=-1", "?order=up"]
)
async def test_a_bad_query_is_400(rig: Rig, query: str) -> None:
    """Never a silent default."""
    session = await rig.create()
    path = f"/api/sessions/{session.id}/terminal/history{query}"
    assert 400 == (await ask(rig.app, "GET", path)).status


async def test_the_screen_of_a_running_program(rig: Rig) -> None:
    """All rows, the cursor, the title, the modes, and what draws them."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    data = b"one\r\n\x1b]2;a title\x07\x1b[?2004htwo \xe6\xbc\xa2"
    rig.terminals[0].say(data)
    with trio.fail_after(PATIENCE_S):
        await live.flow.wait_beyond(len(data) - 1)
    answer = await ask(rig.app, "GET", f"/api/sessions/{session.id}/terminal/screen")
    body = answer.body
    assert (200, "running", len(data)) == (
        answer.status,
        body["status"],
        body["offset"],
    )
    assert ["one", "two \u6f22"] == [line for line in body["lines"] if line]
    assert (body["cols"], body["rows"]) == (rig.specs[0].cols, len(body["lines"]))
    assert {"row": 1, "col": 6, "visible": True} == body["cursor"]
    assert ("a title", True) == (body["title"], body["modes"]["bracketed_paste"])
    assert "two \u6f22" in body["ansi"]


@pytest.mark.parametrize("how", ["archived", "deleted"])
async def test_what_an_inactive_terminal_showed(api: Api, how: str) -> None:
    """Its transcript, screen, verdict and status are read; to act on it is a 410."""
    session = await api.rig.started()
    live = api.rig.system.supervisor.need(session.id)
    api.rig.terminals[0].say(b"one\r\nAre you sure? [y/n] ")
    with trio.fail_after(PATIENCE_S):
        await live.flow.wait_beyond(10)
    here = f"/api/sessions/{session.id}"
    if how == "archived":
        await api.call("PATCH", here, {"archived": True})
    else:
        await api.call("DELETE", here)
    page = await api.get(f"{here}/terminal/history", **{"from": "0"})
    assert ["one\nAre you sure? [y/n] "] == [row["text"] for row in page["rows"]]
    assert 1 == (await api.get(f"{here}/terminal/history", grep="sure"))["count"]
    screen = await api.get(f"{here}/terminal/screen")
    assert ("exited", "one") == (screen["status"], screen["lines"][0])
    explained = await api.get(f"{here}/prompt-bridge/explain")
    assert screen["lines"] == explained["lines"]
    for each in (session.id, session.linked_chat_id):
        path = f"/api/sessions/{each}"
        assert {"pending": None} == await api.get(f"{path}/prompt-bridge/pending")
        status = await api.get(f"{path}/status")
        assert (False, session.id, session.linked_chat_id) == (
            status["needs_input"],
            status["route"]["terminal_id"],
            status["route"]["linked_chat_id"],
        )
    for verb, body in (("input", {"data": "x"}), ("start", {}), ("stop", {})):
        answer = await api.call("POST", f"{here}/terminal/{verb}", body)
        assert (410, True) == (answer.status, "restore it first" in answer.detail)


async def test_input_says_what_it_takes(rig: Rig) -> None:
    """Both content types; nothing is typed."""
    session = await rig.started()
    answer = await post(rig, session, "input", b"ls\r", Content_Type="text/plain")
    assert 415 == answer.status
    assert "'content-type: application/json'" in answer.body["detail"]
    assert "'content-type: application/octet-stream'" in answer.body["detail"]
    assert b"" == rig.terminals[0].written


async def test_a_chat_has_no_screen(rig: Rig) -> None:
    """That is a conflict."""
    session = await rig.create("talk", type=SessionType.CHAT)
    answer = await ask(rig.app, "GET", f"/api/sessions/{session.id}/terminal/screen")
    assert 409 == answer.status
