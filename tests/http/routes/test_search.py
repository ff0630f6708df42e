"""Search over the whole server, over HTTP."""

from typing import Any

import pytest
import trio

from ant.core.counters import Limit
from ant.history import search
from tests.http.asking import Api, ask
from tests.systems import PATIENCE_S


async def speaking(api: Api, text: bytes) -> dict[str, Any]:
    """A terminal that put this out, and it is stored."""
    session = await api.rig.started()
    live = api.rig.system.supervisor.need(session.id)
    api.rig.terminals[-1].say(text)
    with trio.fail_after(PATIENCE_S):
        await live.flow.wait_beyond(live.flow.tail.end + len(text) - 1)
        await api.rig.system.services.transcript_writer.flush(session.id, live.flow)
    return {"id": session.id}


async def test_a_line_is_found_as_soon_as_it_is_stored(api: Api) -> None:
    """Rendered for the search, if need be; messages by themselves."""
    session = await speaking(api, b"one\r\n\x1b[1mneedle\x1b[0m here\r\n")
    room = await api.room()
    message = await api.post(room, "a needle")
    body = await api.get("/api/search", q="needle")
    assert [message["id"]] == [each["id"] for each in body["results"]]
    assert body["terminals"] is body["tasks"] is body["events"] is None
    body = await api.get("/api/search", q="needle", scope="terminals,messages")
    assert [message["id"]] == [each["id"] for each in body["results"]]
    (line,) = body["terminals"]
    assert (session["id"], 2, "needle here", 9, 24) == (
        *(line["session_id"], line["line"], line["text"], line["start"], line["end"]),
    )
    assert "<mark>needle</mark> here" == line["snippet"]
    assert body["complete"]


@pytest.mark.parametrize(
    ("query", "path"),
    [("q=x&scope=rooms", "$.scope"), ("q=re:(&scope=tasks", "$.q"), ("q=re:(", "$.q")],
)
async def test_a_bad_query_is_400(api: Api, query: str, path: str) -> None:
    """One sentence, which names the field."""
    answer = await ask(api.rig.app, "GET", f"/api/search?{query}")
    assert 400 == answer.status
    assert answer.body["issues"][0].endswith(f"at {path}")


async def test_a_room_is_searched_with_an_expression(api: Api) -> None:
    """As all of them are; nonsense is a 400 there as well."""
    room = await api.room()
    message = await api.post(room, "error 42")
    path = f"/api/sessions/{room['id']}/messages/search"
    body = await api.get(path, q=r"re:^error \d+$")
    assert [message["id"]] == [each["id"] for each in body["results"]]
    assert 400 == (await ask(api.rig.app, "GET", f"{path}?q=re:(")).status


@pytest.mark.meets(Limit.SEARCH)
async def test_a_search_that_ended_early_is_counted(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And says so."""
    monkeypatch.setattr(search, "SCAN_MAX", 3)
    await api.post(await api.room(), "more than three")
    body = await api.get("/api/search", q="re:x")
    assert (False, []) == (body["complete"], body["results"])
