"""Every caller that the kernel identifies, on every route and every frame.

The server has no key. `tests/http/access/test_matrix.py` has callers with a credential.
"""

import json
import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import attrs
import pytest
import trio

from ant.client import AntClient
from tests.http.access import matrix
from tests.http.access.matrix import DO, Ask, Place, Sessions
from tests.http.access.test_scopes import FRAMES_NEED
from tests.http.routes.test_routes import NOBODY
from tests.live.server import Server, environment, running_server
from tests.live.waiting import eventually

pytestmark = pytest.mark.slow

CALLER = Path(__file__).with_name("matrix_caller.py")
PYTHON = (sys.executable, "-IS", str(CALLER))
OTHER_UID = "65534"
PLACES = (Place.OWN, Place.OTHER, Place.SELF, Place.NOWHERE)


@attrs.frozen
class Scene:
    """A server, its operator, and `@ada`, a terminal that calls when it is told to.

    `@ada` is in the room `own` and not in `other`. Ctrl-C does not end it.
    """

    server: Server
    ant: AntClient
    sessions: Sessions
    folder: Path

    def asked(self, *places: Place, as_terminal: bool) -> tuple[list[Ask], Path]:
        """Calls of every route and frame at these places, and the file with them."""
        asks, routes = list(matrix.asks(*places)), []
        for ask in asks:
            path, query = self.sessions.path(ask), self.sessions.query(ask)
            body = self.sessions.body(ask, as_terminal=as_terminal)
            text = "" if body is None else json.dumps(body)
            full = f"{path}?{urlencode(query)}" if query else path
            routes.append([ask.route.method, full, text])
        frames = [
            json.dumps({"type": kind, **self.sessions.frame(kind, place)})
            for kind in FRAMES_NEED
            for place in places
        ]
        file = self.folder / f"asks-{len(places)}-{as_terminal}"
        file.write_text(json.dumps({"routes": routes, "frames": frames}))
        return asks, file


@asynccontextmanager
async def opened_scene(folder: Path) -> AsyncIterator[Scene]:
    async with running_server(folder / "data") as server, server.client() as ant:
        calls = [
            shlex.join([*PYTHON, server.url, f"{folder}/asks-4-True"])
            + f" {folder}/{name} {shown} - > {folder}/log 2>&1"
            for name, shown in (("nothing", "-"), ("token", '"$ANT_TOKEN"'))
        ]
        script = f"trap '' INT; while [ ! -e {folder}/go ]; do sleep 0.05; done; "
        script += "; ".join([*calls, "exec sleep 1000"])
        ada = await ant.create("ada", command=["sh", "-c", script])
        own, other = [await ant.create(name, "chat") for name in ("own", "other")]
        path = f"/api/sessions/{own['id']}/participants"
        await ant.call("POST", path, {"session_id": ada["id"]})
        posts = [
            await ant.post(each["id"], "x", msg_type="title") for each in (own, other)
        ]
        ids = (own["id"], other["id"], ada["id"], NOBODY)
        sessions = Sessions(
            dict(zip(PLACES, ids, strict=True)),
            dict(zip(PLACES, (each["id"] for each in posts), strict=False)),
        )
        yield Scene(server, ant, sessions, folder)


async def outside(scene: Scene, asks: Path, uid: str = "-") -> Any:
    """The answers to a process that no terminal has anything to do with."""
    words = (*PYTHON, scene.server.url, str(asks), "-", "-", uid)
    with trio.fail_after(60):
        done = await trio.run_process(words, env=environment(), capture_stdout=True)
    return json.loads(done.stdout)


def says_what_to_do(status: int, text: str) -> bool:
    return status not in DO or any(each in text for each in DO[status])


async def test_another_user_may_do_nothing(tmp_path: Path) -> None:
    """It is told on which way it could; nothing is done."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    async with opened_scene(tmp_path) as scene:
        asks, file = scene.asked(Place.OWN, as_terminal=False)
        before = (await scene.ant.events(limit=1))["newest"]
        answers = await outside(scene, file, OTHER_UID)
        for ask, (status, text) in zip(asks, answers["routes"], strict=True):
            assert 401 == status, (ask, text)
            assert says_what_to_do(status, text), (ask, text)
        for status, text in answers["frames"]:
            assert (401, True) == (status, says_what_to_do(status, text)), text
        assert before == (await scene.ant.events(limit=1))["newest"]


async def test_a_terminal_may_do_what_its_token_may(tmp_path: Path) -> None:
    """With the token and with nothing, by the same table."""
    async with opened_scene(tmp_path) as scene:
        asks, _ = scene.asked(*PLACES, as_terminal=True)
        (tmp_path / "go").touch()
        for name in ("nothing", "token"):
            out = tmp_path / name
            try:
                await eventually(out.exists)
            except trio.TooSlowError:
                raise AssertionError((tmp_path / "log").read_text()) from None
            answers = json.loads(out.read_text())
            for ask, (status, text) in zip(asks, answers["routes"], strict=True):
                assert matrix.for_terminal(ask) == status, (name, ask, text)
                assert says_what_to_do(status, text), (ask, text)
            frames = ((kind, place) for kind in FRAMES_NEED for place in PLACES)
            for (kind, place), (status, text) in zip(
                frames, answers["frames"], strict=True
            ):
                may = matrix.frame_for_terminal(kind, place)
                assert (101 if may else 403) == status, (name, kind, place, text)
                assert says_what_to_do(status, text), (kind, text)


async def test_the_own_user_may_do_everything(tmp_path: Path) -> None:
    """About no session, so that the calls change little; frames about its terminal."""
    async with opened_scene(tmp_path) as scene:
        asks, file = scene.asked(Place.NOWHERE, as_terminal=False)
        answers = await outside(scene, file)
        for ask, (status, text) in zip(asks, answers["routes"], strict=True):
            expected = (401,) if ask.route.is_open else (200, 201, 204, 400, 404, 409)
            assert status in expected, (ask, text)
        _, file = scene.asked(Place.SELF, as_terminal=False)
        answers = await outside(scene, file)
        for kind, (status, text) in zip(FRAMES_NEED, answers["frames"], strict=True):
            assert 101 == status, (kind, text)
