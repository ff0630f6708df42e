"""The screen of a session, live or as it was."""

from typing import Any

import pytest
import trio

from ant.model.sessions import Session
from ant.runtime.terminals import draw
from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.screen import emulator
from tests.http.asking import ask
from tests.http.ws.test_socket import connected
from tests.systems import PATIENCE_S, Rig


async def printed(rig: Rig, session: Session, data: bytes) -> None:
    """The program prints this, and it was read."""
    live = rig.system.supervisor.need(session.id)
    end = live.flow.tail.end + len(data)
    rig.terminals[-1].say(data)
    await live.flow.wait_beyond(end - 1)


async def finished(rig: Rig, session: Session) -> None:
    """The program ends, and that is recorded."""
    live = rig.system.supervisor.need(session.id)
    rig.terminals[-1].end(ExitStatus(code=0))
    with trio.fail_after(PATIENCE_S):
        await live.over.wait()


async def look(rig: Rig, session: Session) -> Any:
    """The screen by REST."""
    answer = await ask(rig.app, "GET", f"/api/sessions/{session.id}/terminal/screen")
    assert 200 == answer.status, answer.body
    return answer.body


async def test_a_running_program_is_drawn_as_it_is(rig: Rig) -> None:
    """Up to the last byte that was read."""
    session = await rig.started()
    await printed(rig, session, b"hello")
    drawn = await draw(rig.system, session.id)
    assert ("hello", 5) == (drawn.lines[0], drawn.offset)


async def test_a_program_that_ended_is_drawn_as_it_was(rig: Rig) -> None:
    """Also when a new program has had no output yet, and its screen is blank."""
    session = await rig.create()
    assert {""} == set((await look(rig, session))["lines"])
    await rig.system.supervisor.start(session.id)
    await printed(rig, session, b"\x1b[?1049hone\r\ntwo")
    before = await look(rig, session)
    await finished(rig, session)
    after = await look(rig, session)
    assert ("running", "exited") == (before.pop("status"), after.pop("status"))
    assert before == after
    await rig.system.supervisor.start(session.id)
    fresh = await look(rig, session)
    assert ({""}, after["offset"]) == (set(fresh["lines"]), fresh["offset"])
    assert not fresh["modes"]["alternate"]


async def test_without_a_library_it_is_a_conflict(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A join that requests the screen is refused; everything else works."""
    monkeypatch.setattr(emulator, "ADAPTERS", [])
    session = await rig.started()
    await printed(rig, session, b"hello")
    path = f"/api/sessions/{session.id}/terminal/screen"
    assert 409 == (await ask(rig.app, "GET", path)).status
    async with connected(rig) as client:
        error = await client.ask("join_session", sessionId=session.id, screen=True)
        assert 409 == error["status"]
    await finished(rig, session)
    assert 409 == (await ask(rig.app, "GET", path)).status
