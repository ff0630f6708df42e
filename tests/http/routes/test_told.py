"""Whoever listens needs not ask again: every change through a route is told."""

from typing import Any

import pytest

from ant.http import routes
from ant.http.contract.endpoint import ROUTES
from tests.asked import Asker
from tests.http.asking import Api, Ear
from tests.http.routes.test_routes import row

assert routes.__all__

TOLD: dict[str, set[str]] = {
    "POST /api/sessions": {"sessions_changed"},
    "PATCH /api/sessions/:id": {"sessions_changed"},
    "DELETE /api/sessions/:id": {"sessions_changed"},
    "POST /api/sessions/:id/restore": {"sessions_changed"},
    "PATCH /api/sessions/:id/handle": {"handle_updated", "sessions_changed"},
    "PATCH /api/sessions/:id/cli-flag": {"cli_flag_updated", "sessions_changed"},
    "POST /api/sessions/:id/messages": {"message_created", "delivery_updated"},
    "PATCH /api/sessions/:id/messages": {"message_updated"},
    "DELETE /api/sessions/:id/messages": {"message_deleted"},
    "PATCH /api/sessions/:id/messages/:id/pin": {"message_updated"},
    "POST /api/sessions/:id/messages/:id/read": {"message_read"},
    "POST /api/sessions/:id/participants": {"participants_changed", "sessions_changed"},
    "DELETE /api/sessions/:id/participants": {
        "participants_changed",
        "sessions_changed",
    },
    "POST /api/sessions/:id/typing": {"typing"},
    "POST /api/sessions/:id/links": {"room_link_created"},
    "DELETE /api/sessions/:id/links": {"room_link_deleted"},
    "POST /api/sessions/:id/tasks": {"task_created"},
    "PATCH /api/sessions/:id/tasks/:id": {"task_updated"},
    "DELETE /api/sessions/:id/tasks/:id": {"task_deleted"},
    "POST /api/sessions/:id/file-refs": {"file_ref_created"},
    "DELETE /api/sessions/:id/file-refs": {"file_ref_deleted"},
    "POST /api/sessions/:id/terminal/start": {"sessions_changed"},
    "POST /api/sessions/:id/terminal/stop": {"run_event_created"},
    "POST /api/sessions/:id/prompt-bridge/respond": {
        "prompt_bridge_resolved",
        "session_input_resolved",
        "agent_status_updated",
    },
    "POST /api/hooks": {"agent_status_updated", "run_event_created"},
    "POST /api/tokens": {"access_tokens_changed"},
    "DELETE /api/tokens/:id": {"access_tokens_changed"},
    "POST /api/sign-in": {"access_tokens_changed"},
    "POST /api/sign-out": {"access_tokens_changed"},
}
"""Events that follow a call of each route that changes something."""

UNTOLD = {
    "POST /api/sessions/:id/terminal/input": "the program answers with output",
    "POST /api/sessions/:id/terminal/resize": "`terminal_resized` and `terminal_size` "
    "follow the size, in test_socket.py",
    "POST /api/sessions/:id/export": "it changes nothing",
    "POST /api/sign-in/codes": "a code is nowhere shown but in its answer",
    "PUT /api/prompt-bridge/config": "a setting, which a page reads when it shows it",
    "POST /api/drivers/check": "it changes nothing",
    "POST /api/drivers/reload": "`agent_status_updated` follows a state that changes",
    "POST /api/channel/register": "a setting of a local program",
    "DELETE /api/channel/register": "a setting of a local program",
}
"""Routes whose call is followed by no event of its own, and why."""


def test_every_change_has_a_row() -> None:
    """A new route names its events, or says why it has none."""
    changing = {row(route) for route in ROUTES if route.method != "GET"}
    assert changing == TOLD.keys() | UNTOLD.keys()
    assert not TOLD.keys() & UNTOLD.keys()


class Script:
    """Calls routes, and compares what a socket hears with the table."""

    def __init__(self, api: Api, ear: Ear) -> None:
        self._api, self._ear = api, ear
        self.called: set[str] = set()

    async def call(
        self,
        route: str,
        *ids: str,
        body: Any = None,
        token: str = "",
        query: dict[str, str] | None = None,
    ) -> Any:
        """Call a route of the table, with these ids in its path; its answer."""
        method, _, path = route.partition(" ")
        for each in ids:
            path = path.replace(":id", each, 1)
        api = Api(self._api.rig, token) if token else self._api
        await self._ear.heard()
        answer = await api.call(method, path, body, **(query or {}))
        assert answer.status < 300, (route, answer.body)
        heard = set(await self._ear.tags())
        assert heard >= TOLD[route], (route, heard)
        self.called.add(route)
        return answer.body


@pytest.mark.slow
async def test_every_change_is_told(api: Api) -> None:
    """To a socket that joined the room and the terminal; in the order of a life."""
    asker = await Asker.start(api.rig, "ada")
    ada, one = asker.session.id, "/api/sessions/:id"
    room, other = [(await api.room(name))["id"] for name in ("room", "other")]
    async with api.ear(room, other, ada) as ear:
        call = (script := Script(api, ear)).call
        make = {"name": "new", "type": "terminal", "start": False}
        new = (await call("POST /api/sessions", body=make))["id"]
        await ear.join(new)
        await call(f"PATCH {one}", new, body={"name": "newer"})
        await call(f"PATCH {one}/handle", new, body={"handle": "@x"})
        await call(f"PATCH {one}/cli-flag", new, body={"cli_flag": "pi"})
        await call(f"POST {one}/terminal/start", new, body={})
        await call(f"DELETE {one}", new)
        await call(f"POST {one}/restore", new)

        member = {"session_id": ada}
        await call(f"POST {one}/participants", room, body=member)
        say = {"content": "@ada look", "sender_id": "person"}
        said = (await call(f"POST {one}/messages", room, body=say))["id"]
        of_said = {"msgId": said}
        meta = {"meta": {"seen": True}}
        await call(f"PATCH {one}/messages", room, body=meta, query=of_said)
        await call(f"PATCH {one}/messages/:id/pin", room, said, body={"pinned": True})
        read = {"reader_id": ada}
        await call(f"POST {one}/messages/:id/read", room, said, body=read)
        typing = {"handle": "@ada", "typing": True}
        await call(f"POST {one}/typing", room, body=typing)
        await call(f"DELETE {one}/messages", room, query=of_said)
        await call(f"DELETE {one}/participants", room, body=member)

        link = {"targetRoomId": other, "relationship": "follows_up"}
        linked = await call(f"POST {one}/links", room, body=link)
        of_link = {"linkId": linked["link"]["id"]}
        await call(f"DELETE {one}/links", room, query=of_link)
        made = await call(f"POST {one}/tasks", room, body={"title": "do"})
        task = made["task"]["id"]
        await call(f"PATCH {one}/tasks/:id", room, task, body={"title": "done"})
        await call(f"DELETE {one}/tasks/:id", room, task)
        made = await call(f"POST {one}/file-refs", room, body={"file_path": "/a"})
        await call(f"DELETE {one}/file-refs", room, query={"refId": made["ref"]["id"]})

        hook = {"event": "Stop", "ant_session_id": ada}
        await call("POST /api/hooks", body=hook)
        prompt = await asker.ask()
        answer = {"prompt_id": prompt.id, "type": "select", "choice": {"index": 0}}
        await call(f"POST {one}/prompt-bridge/respond", ada, body=answer)
        await call(f"POST {one}/terminal/stop", ada, body={})

        wanted = {"label": "CI", "scopes": ["view"]}
        made = await call("POST /api/tokens", body=wanted)
        await call("DELETE /api/tokens/:id", made["id"])
        code = {"code": api.rig.system.sign_in_codes.make()}
        await call("POST /api/sign-in", body=code)
        made = (await api.call("POST", "/api/tokens", wanted)).body
        await call("POST /api/sign-out", token=made["token"])
    assert TOLD.keys() == script.called
