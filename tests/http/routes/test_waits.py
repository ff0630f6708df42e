"""Wait for facts over HTTP: now, later, after a cursor, and by a token."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest
import trio

from ant.api.token_requests import CreateToken
from ant.core.counters import Limit
from ant.http.server.listener import address, open_listeners, serve
from ant.identity import access_tokens
from ant.model.access_tokens import Scope
from ant.model.sessions import Session
from ant.runtime import wait_slots
from ant.terminal.host.host_terminal import ExitStatus
from tests.http.asking import Api
from tests.live.waiting import eventually
from tests.systems import PATIENCE_S, Rig


def path_of(session: Session) -> str:
    return f"/api/sessions/{session.id}/wait"


async def waited(api: Api, session: Session, *until: str, **query: Any) -> Any:
    """The answer of a wait that works."""
    return await api.get(path_of(session), until=list(until), **query)


async def here(api: Api, session: Session) -> str:
    """The cursor of now."""
    answer = await waited(api, session, "block", timeout=0)
    assert answer["timed_out"]
    return str(answer["next"])


async def while_waiting(rig: Rig, wait: Awaitable[Any], act: Callable[[], Any]) -> Any:
    """The answer of a wait during which this happens."""
    answers: list[Any] = []

    async def ask() -> None:
        answers.append(await wait)

    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ask)
            while not rig.system.services.wait_slots.count:
                await trio.lowlevel.checkpoint()
            act()
    return answers[0]


async def test_output_that_comes_later(rig: Rig, api: Api) -> None:
    """A text in two reads, with colours between, is found at its exact offset."""
    session = await rig.started()
    after = await here(api, session)
    wait = waited(api, session, "output:all passed", after=after)
    program = rig.terminals[0]
    said = b"so far \x1b[32mall pas", b"sed\x1b[0m in 3 s\r\n"
    answer = await while_waiting(rig, wait, lambda: program.say(*said))
    assert "output:all passed" == answer["until"]
    assert (12, 22) == (answer["start"], answer["end"])
    assert answer["text"].startswith("so far all passed")
    assert not answer["timed_out"]
    assert answer["next"].startswith("22.")
    assert 0 == rig.system.services.wait_slots.count


async def test_what_has_happened_is_told_at_once(rig: Rig, api: Api) -> None:
    """From the beginning: the text, then the end; each once, in this order."""
    session = await rig.started()
    rig.terminals[0].say(b"1 failed\r\n2 failed\r\n")
    rig.terminals[0].end(ExitStatus(code=4))
    gone = await waited(api, session, "exit")
    assert ("exit", 4, None) == (
        gone["until"],
        gone["exit_code"],
        gone["exit_signal"],
    )
    assert (20, "exited") == (gone["end"], gone["status"])
    after, told = "0", []
    for _ in range(3):
        answer = await waited(api, session, r"output:re:\d failed", after=after)
        told.append((answer["until"], answer["end"]))
        after = answer["next"]
    assert [
        (r"output:re:\d failed", 8),
        (r"output:re:\d failed", 18),
        ("exit", 20),
    ] == told
    last = await waited(api, session, "output:failed", after=after, timeout=0)
    assert last["timed_out"]
    assert after == last["next"]


async def test_the_end_ends_a_wait_for_something_else(rig: Rig, api: Api) -> None:
    """The program will not print it any more; a signal is told as such."""
    session = await rig.started()
    after = await here(api, session)
    wait = waited(api, session, "output:never", "idle:200", after=after)
    program = rig.terminals[0]
    answer = await while_waiting(rig, wait, lambda: program.end(ExitStatus(signal=9)))
    assert ("exit", None, 9) == (
        answer["until"],
        answer["exit_code"],
        answer["exit_signal"],
    )
    assert answer["run"] is not None
    # Now it has ended before the wait; a wait without a cursor says so at once.
    assert "exit" == (await waited(api, session, "ready"))["until"]


async def test_a_new_run_is_not_the_old_one(rig: Rig, api: Api) -> None:
    """The end of the first is told with its run, the end of the second with its own."""
    session = await rig.started()
    start = await here(api, session)
    rig.terminals[0].end(ExitStatus(code=1))
    await waited(api, session, "exit", after=start)
    await rig.system.supervisor.start(session.id)
    rig.terminals[1].say(b"second\r\n")
    rig.terminals[1].end(ExitStatus(code=2))
    first = await waited(api, session, "output:second", after=start)
    assert ("exit", 1) == (first["until"], first["exit_code"])
    text = await waited(api, session, "output:second", after=first["next"])
    assert "output:second" == text["until"]
    second = await waited(api, session, "exit", after=text["next"])
    assert ("exit", 2) == (second["until"], second["exit_code"])
    assert first["run"] != second["run"] == text["run"]


async def test_idle_says_that_nothing_was_printed(rig: Rig, api: Api) -> None:
    """After a cursor without output the silence begins with the wait."""
    session = await rig.started()
    after = await here(api, session)
    before = trio.current_time()
    answer = await waited(api, session, "idle:0.2", after=after)
    assert trio.current_time() >= before + 0.2
    assert "idle:0.2" == answer["until"]
    assert "running" == answer["status"]


async def test_a_time_out_says_where_to_go_on(rig: Rig, api: Api) -> None:
    """An incomplete line is searched again, a complete one is not."""
    session = await rig.started()
    rig.terminals[0].say(b"done\r\nPASS")
    shown = await waited(api, session, "output:PASS", after="0")
    assert 10 == shown["end"]
    answer = await waited(api, session, "output:PASSED", after="0", timeout=0)
    assert (None, True, False) == (
        answer["until"],
        answer["timed_out"],
        answer["stopping"],
    )
    assert answer["next"].startswith("6.")
    assert 10 == answer["end"]
    rig.terminals[0].say(b"ED")
    found = await waited(api, session, "output:PASSED", after=answer["next"])
    assert (6, 12) == (found["start"], found["end"])


async def test_a_server_that_stops_answers(rig: Rig, api: Api) -> None:
    """With the place to go on, not with an error."""
    session = await rig.started()
    after = await here(api, session)
    wait = waited(api, session, "output:x", after=after)
    answer = await while_waiting(rig, wait, rig.bus.close)
    assert (True, True, after) == (
        answer["timed_out"],
        answer["stopping"],
        answer["next"],
    )


async def test_a_deleted_session_ends_its_waits(rig: Rig, api: Api) -> None:
    """With 410, though the session is of a program that never ran."""
    session = await rig.create()
    answers: list[Any] = []

    async def ask() -> None:
        query = {"until": "block"}
        answers.append(await api.call("GET", path_of(session), **query))

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask)
        while not rig.system.services.wait_slots.count:
            await trio.lowlevel.checkpoint()
        await api.call("DELETE", f"/api/sessions/{session.id}")
    assert 410 == answers[0].status


@pytest.mark.meets(Limit.WAITS)
async def test_the_number_of_waits_is_bounded(
    rig: Rig, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one is refused; a place is free again after the answer."""
    monkeypatch.setattr(wait_slots, "WAITS", 1)
    session = await rig.started()
    program = rig.terminals[0]
    refused: list[Any] = []

    async def other() -> None:
        answer = await api.call("GET", path_of(session), until="exit")
        refused.append(answer)
        program.end(ExitStatus(code=0))

    async with trio.open_nursery() as nursery:
        wait = waited(api, session, "exit")
        await while_waiting(rig, wait, lambda: nursery.start_soon(other))
    assert 429 == refused[0].status
    assert "exit" == (await waited(api, session, "exit"))["until"]


async def test_a_client_that_leaves(rig: Rig) -> None:
    """Its wait ends with its connection, over a real socket."""
    session = await rig.started()
    slots = rig.system.services.wait_slots
    listeners = await open_listeners("127.0.0.1", 0)
    host = "{}:{}".format(*address(listeners))
    settings = {"stopped": trio.Event(), "grace_s": 1}
    request = f"GET {path_of(session)}?until=exit HTTP/1.1\r\nHost: {host}\r\n\r\n"
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:
            await nursery.start(partial(serve, rig.app, listeners, **settings))
            stream = await trio.open_tcp_stream(*address(listeners))
            await stream.send_all(request.encode())
            await eventually(lambda: slots.count == 1)
            await stream.aclose()
            await eventually(lambda: slots.count == 0)
            nursery.cancel_scope.cancel()
    assert not rig.bus._by_session


@pytest.mark.parametrize("how", ["revoked", "expired"])
async def test_a_wait_ends_with_its_access_token(rig: Rig, api: Api, how: str) -> None:
    """With a 401, although nothing of the terminal happens; its place is free again."""
    session = await rig.started()
    request = CreateToken("CI", (Scope.VIEW,), expires_in=1 if how == "expired" else 90)
    made = rig.store.transact(access_tokens.create, request)
    revoke = partial(Api(rig).call, "DELETE", f"/api/tokens/{made.access_token.id}")
    with trio.fail_after(PATIENCE_S):
        async with trio.open_nursery() as nursery:

            async def ask() -> None:
                holder = Api(rig, made.token)
                answer = await holder.call("GET", path_of(session), until="exit")
                assert (401, True) == (answer.status, "revoked" in answer.detail)

            nursery.start_soon(ask)
            while not rig.system.services.wait_slots.count:
                await trio.lowlevel.checkpoint()
            if how == "revoked":
                assert 200 == (await revoke()).status
    assert 0 == rig.system.services.wait_slots.count


async def test_a_token_has_places_of_its_own(rig: Rig, api: Api) -> None:
    """It waits for itself, in at most so many requests; others still have room."""
    session = await rig.started()
    own = Api(rig, rig.specs[0].env["ANT_TOKEN"])
    statuses: list[int] = []

    async def ask() -> None:
        answer = await own.call("GET", path_of(session), until="exit")
        statuses.append(answer.status)

    async with trio.open_nursery() as nursery:
        for _ in range(wait_slots.OWN_WAITS + 1):
            nursery.start_soon(ask)
        await eventually(lambda: statuses)
        assert [429] == statuses
        assert (await waited(api, session, "block", timeout=0))["timed_out"]
        rig.terminals[0].end(ExitStatus(code=0))
    assert [429, *[200] * wait_slots.OWN_WAITS] == statuses


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ({}, "$.until"),
        ({"until": "done"}, "$.until"),
        ({"until": "output:re:("}, "$.until"),
        ({"until": "output:re:x*"}, "$.until"),
        ({"until": "output:a\nb"}, "$.until"),
        ({"until": ["exit"] * 9}, "$.until"),
        ({"until": "exit", "timeout": "301"}, "$.timeout"),
        ({"until": "exit", "timeout": ["1", "2"]}, "$.timeout"),
        ({"until": "exit", "after": "x"}, "$.after"),
        ({"until": "exit", "after": "999999999999"}, "$.after"),
        ({"until": "exit", "after": "0.77777"}, "$.after"),
    ],
)
async def test_what_is_malformed(rig: Rig, api: Api, query: Any, path: str) -> None:
    """A sentence that ends in its place."""
    session = await rig.started()
    answer = await api.call("GET", path_of(session), **query)
    assert 400 == answer.status
    assert path in answer.body["issues"][0]


async def test_a_chat_has_no_facts(rig: Rig, api: Api) -> None:
    """It has no terminal."""
    room = await api.room()
    answer = await api.call("GET", f"/api/sessions/{room['id']}/wait", until="exit")
    assert 409 == answer.status
