"""A token learns of no stranger: each name is answered as one that nobody has.

`@ada` shows the token; `@bob` shares no room with it, and `@nil` there is not. Whatever
takes a name or an id is asked for both, and the answers must differ in that name only.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import attrs
import pytest

from ant.api.message_requests import ListDeliveries, PostMessage
from ant.api.room_requests import RegisterChannel, RemoveParticipant
from ant.http.contract.endpoint import ROUTES
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import Caller
from ant.messages import channels, deliveries, messages
from ant.messages.deliveries import LedgerStep
from ant.model.deliveries import CHANNEL, DeliveryState, Reason
from ant.model.sessions import Session, SessionId
from ant.rooms import participants
from ant.sessions import sessions
from ant.store.tables.sessions import database
from tests.core.test_safe_post import Web, receiver
from tests.http.access.test_permissions import opened, where
from tests.http.asking import Answer, Api
from tests.http.routes.test_routes import LEAST, row
from tests.live.waiting import eventually
from tests.rules import create, join, look, patch, post, room
from tests.systems import Rig, running

NIL = "@nil"
NIL_ID = "n" * 21
"""As long as an id: nothing else may tell them apart."""


@attrs.define(eq=False)
class Scene:
    """What there is of `@bob`, in whose room a channel `@bot` listens, too."""

    rig: Rig
    ada: Session
    bob: Session
    own: Any
    foreign: Any
    message: Any
    delivery: str
    token: str
    web: Web

    @property
    def api(self) -> Api:
        return Api(self.rig, self.token)

    @property
    def secrets(self) -> dict[str, str]:
        """What `@bob` has, and what it is where he is not."""
        return {
            "@bob": NIL,
            "@bot": NIL,
            self.bob.id: NIL_ID,
            self.foreign["id"]: NIL_ID,
            self.message["id"]: NIL_ID,
            self.delivery: NIL_ID,
        }

    def traces(self) -> list[Any]:
        """What is recorded, stored or logged of `@bob` that came from `@ada`."""
        sql = "SELECT * FROM {} WHERE session_id = ?"
        tables = ("run_events", "deliveries", "events", "reads")
        mine = (self.own["id"], str(self.ada.linked_chat_id), self.ada.id)
        with self.rig.store._db.connection_context():
            rows = [
                row
                for each in tables
                for row in database.execute_sql(sql.format(each), (self.bob.id,))
            ]
        assert rows, "he has some of his own"
        return [row for row in rows if any(each in str(row) for each in mine)]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    """Two terminals in rooms of their own."""
    web = Web()
    async with (
        running(tmp_path, max_hops=0, room_posts_per_minute=0) as rig,
        receiver(web.serve) as port,
    ):
        api = Api(rig)
        ada, bob = await rig.started("ada"), await rig.started("bob")
        own, foreign = await api.room("own"), await api.room("foreign")
        for one, here in ((ada, own), (bob, foreign)):
            path = f"/api/sessions/{here['id']}/participants"
            await api.call("POST", path, {"session_id": one.id})
        ask = RegisterChannel("@bot", port, SessionId(foreign["id"]))
        await rig.system.channels.register(ask)
        message = await api.post(foreign, "@bob hello", sender_id="zoe")
        (delivery,) = [e["id"] for e in message["deliveries"] if e["id"]]
        await eventually(lambda: 1 == len(web.requests))
        token = rig.specs[0].env["ANT_TOKEN"]
        scene = Scene(rig, ada, bob, own, foreign, message, delivery, token, web)
        yield scene


Ask = Callable[[Scene, str, str], tuple[str, str, Any, dict[str, str]]]
"""From a name and an id to a method, a path, a body and a query."""


def posting(**fields: Any) -> Ask:
    """A message in the own room; NAME and ID stand for the name and the id."""

    def ask(scene: Scene, name: str, ident: str) -> Any:
        text = json.dumps({"content": "hi", **fields})
        body = json.loads(text.replace("NAME", name).replace("ID", ident))
        return "POST", f"/api/sessions/{scene.own['id']}/messages", body, {}

    return ask


def at(method: str, path: str, body: Any = None, **query: str) -> Ask:
    """A path in which OWN is the own room."""

    def ask(scene: Scene, name: str, ident: str) -> Any:
        def filled(value: Any) -> Any:
            text = json.dumps(value).replace("OWN", scene.own["id"])
            text = text.replace("CHAT", str(scene.ada.linked_chat_id))
            return json.loads(
                text.replace("SELF", scene.ada.id)
                .replace("NAME", name)
                .replace("ID", ident)
            )

        return method, filled(path), filled(body), filled(query)

    return ask


def own_chat(ask: Ask) -> Ask:
    """The same in the terminal's own chat."""

    def there(scene: Scene, name: str, ident: str) -> Any:
        method, _, body, query = ask(scene, name, ident)
        chat = scene.ada.linked_chat_id
        return method, f"/api/sessions/{chat}/messages", body, query

    return there


ROOM = "/api/sessions/OWN"
ASKS: dict[str, Ask] = {
    "target": posting(target="NAME"),
    "target in the own chat": own_chat(posting(target="NAME")),
    "target in small letters": posting(target="name".upper()),
    "target as an id": posting(target="ID"),
    "target of a reply": posting(target="NAME", reply_to="ID"),
    "mention": posting(content="NAME, hello"),
    "mention in the own chat": own_chat(posting(content="NAME, hello")),
    "mention with everyone": posting(content="@everyone and NAME"),
    "brackets": posting(content="[NAME] hello"),
    "reply_to": posting(reply_to="ID"),
    "sender_id": posting(sender_id="NAME"),
    "sender_id as an id": posting(sender_id="ID"),
    "client_id": posting(client_id="ID"),
    "reader": at("POST", f"{ROOM}/messages/ID/read", {"reader_id": "SELF"}),
    "reader_id": at("POST", f"{ROOM}/messages/ID/read", {"reader_id": "ID"}),
    "typing": at("POST", f"{ROOM}/typing", {"handle": "NAME", "typing": True}),
    "hook": at("POST", "/api/hooks", {"event": "Stop", "ant_session_id": "ID"}),
    "hook by handle": at(
        "POST", "/api/hooks", {"event": "Stop", "ant_session_id": "NAME"}
    ),
    "messages since": at("GET", f"{ROOM}/messages", since="ID"),
    "messages before": at("GET", f"{ROOM}/messages", before="ID"),
    "search": at("GET", f"{ROOM}/messages/search", q="NAME"),
    "deliveries since": at("GET", f"{ROOM}/deliveries", since="ID"),
    "deliveries before": at("GET", "/api/sessions/SELF/deliveries", before="ID"),
    "deliveries of a message": at("GET", f"{ROOM}/messages/ID/deliveries"),
    "readers of a message": at("GET", f"{ROOM}/messages/ID/read"),
    "digest": at("GET", f"{ROOM}/digest"),
    "ledger": at("GET", f"{ROOM}/deliveries"),
    "ledger of the own chat": at("GET", "/api/sessions/CHAT/deliveries"),
    "participants": at("GET", f"{ROOM}/participants"),
    "participants of the own chat": at("GET", "/api/sessions/CHAT/participants"),
    "reads": at("GET", f"{ROOM}/reads"),
    "presence": at("GET", "/api/presence/OWN"),
    "tasks": at("GET", f"{ROOM}/tasks"),
    "file refs": at("GET", f"{ROOM}/file-refs"),
    "links": at("GET", f"{ROOM}/links"),
    "sessions": at("GET", "/api/sessions"),
}

CHANGING = {"id", "created_at", "updated_at", "at", "ordinal", "covered", "client_id"}
"""Fields that are new with each row."""


def alike(value: Any, names: dict[str, str]) -> Any:
    """An answer without what is new in it, and with one name for all strangers."""
    if isinstance(value, dict):
        kept = ((k, v) for k, v in value.items() if k not in CHANGING)
        return {k: alike(v, names) for k, v in kept}
    if isinstance(value, list):
        return [alike(each, names) for each in value]
    if isinstance(value, str):
        for name, other in names.items():
            value = value.replace(name, other).replace(name[1:], other[1:])
    return value


async def answers(scene: Scene, ask: Ask) -> tuple[Answer, Answer]:
    """For the stranger and for nobody; all that is his is asked for."""
    found = []
    for name, ident in (("@bob", scene.bob.id), (NIL, NIL_ID)):
        method, path, body, query = ask(scene, name, ident)
        found.append(await scene.api.call(method, path, body, **query))
    return found[0], found[1]


@pytest.mark.parametrize("name", ASKS)
async def test_a_session_outside_looks_like_none(scene: Scene, name: str) -> None:
    """The same status and body; and nothing reaches the session."""
    his = (scene.bob.id, scene.foreign["id"], scene.message["id"], scene.delivery)
    for ident in his:

        def ask(scene: Scene, who: str, which: str, ident: str = ident) -> Any:
            return ASKS[name](scene, who, ident if which == scene.bob.id else which)

        one, other = await answers(scene, ask)
        assert one.status == other.status
        assert alike(one.body, scene.secrets) == alike(other.body, scene.secrets)
        if one.status < 300 and "id" not in name:
            assert scene.bob.id not in json.dumps(one.body)
    await scene.rig.settle()
    assert [] == scene.traces()
    for where_ in ("own", "self", "chat"):
        path = {
            "own": scene.own["id"],
            "self": scene.ada.id,
            "chat": scene.ada.linked_chat_id,
        }
        page = await scene.api.get(f"/api/sessions/{path[where_]}/deliveries")
        if name != "target as an id":  # Which is told back as it was given.
            assert scene.bob.id not in json.dumps(page)
        assert {e["reason"] for e in page["deliveries"]} <= {"unknown_target"}


@pytest.mark.parametrize("name", ["@bot", "bot", "BOT"])
async def test_a_channel_of_another_room_looks_like_none(
    scene: Scene, name: str
) -> None:
    """It receives nothing, and the token learns nothing about it."""
    said = []
    for target in (name, NIL):
        path = f"/api/sessions/{scene.own['id']}/messages"
        said.append(
            await scene.api.call("POST", path, {"content": "x", "target": target})
        )
    one, other = said
    assert one.status == other.status == 201
    strangers = {name: NIL}
    assert alike(one.body, strangers) == alike(other.body, strangers)
    # What a person says there is told, after it.
    await Api(scene.rig).post(scene.foreign, "last", sender_id="zoe")
    await eventually(lambda: 2 == len(scene.web.requests))
    assert b"last" in scene.web.requests[-1][1]


@pytest.mark.parametrize("route", [e for e in ROUTES if e.token], ids=row)
async def test_a_foreign_session_looks_like_none(scene: Scene, route: Any) -> None:
    """In the path of any route that opens to a token."""
    found = []
    for session_id, message_id in (
        (scene.foreign["id"], scene.message["id"]),
        (scene.bob.id, scene.message["id"]),
        (scene.bob.linked_chat_id, scene.message["id"]),
        (NIL_ID, NIL_ID),
    ):
        path = where(route, str(session_id), message_id)
        body = None if route.body is None else LEAST.get(route.body.__name__, {})
        if route.speaker == "reader_id":
            body = {"reader_id": scene.ada.id}
        found.append(await scene.api.call(route.method, path, body))
    if "<session_id>" not in route.path:
        return
    for one in found:
        assert (found[-1].status, found[-1].body) == (one.status, one.body)


async def test_a_socket_tells_nothing_of_a_stranger(scene: Scene) -> None:
    """Joined, resumed, left or as somebody: the same for both."""
    async with opened(scene.rig, scene.token) as client:
        for kind, fields in (
            ("join_session", {"sessionId": "ID"}),
            ("join_session", {"sessionId": scene.own["id"], "handle": "NAME"}),
            ("leave_session", {"sessionId": "ID"}),
            ("resume", {"seq": 0, "sessions": {"ID": 0}}),
            ("terminal_input", {"sessionId": "ID", "data": "x"}),
            ("check_health", {"sessionId": "ID"}),
        ):
            for ident in (scene.bob.id, scene.foreign["id"], scene.bob.linked_chat_id):
                got = []
                for name, which in (("@bob", str(ident)), (NIL, NIL_ID)):
                    text = json.dumps(fields).replace("NAME", name)
                    given = json.loads(text.replace("ID", which))
                    given["sessionId"] = given.pop("sessionid", given.get("sessionId"))
                    given = {k: v for k, v in given.items() if v is not None}
                    answer = await client.ask(kind, **given)
                    got.append(json.dumps(answer).replace(name, NIL))
                one, other = got
                assert one.replace(str(ident), NIL_ID) == other


async def test_a_link_tells_of_no_other_room(scene: Scene) -> None:
    """Its other end is left out, until the terminal is in that room, too."""
    api, path = Api(scene.rig), f"/api/sessions/{scene.own['id']}/links"
    foreign = {"targetRoomId": scene.foreign["id"], "relationship": "discussion_of"}
    assert 201 == (await api.call("POST", path, foreign)).status
    back = f"/api/sessions/{scene.foreign['id']}/links"
    foreign["targetRoomId"] = scene.own["id"]
    assert 201 == (await api.call("POST", back, foreign)).status
    none: dict[str, Any] = {"outgoing": [], "incoming": [], "next": None}
    assert none == await scene.api.get(path)
    there = f"/api/sessions/{scene.foreign['id']}/participants"
    await api.call("POST", there, {"session_id": scene.ada.id})
    page = await scene.api.get(path)
    assert page == await api.get(path)
    assert [1, 1] == [len(page["outgoing"]), len(page["incoming"])]


async def test_a_socket_is_told_of_no_link_to_another_room(scene: Scene) -> None:
    """Made or ended, from either end, unless the terminal is in the other room, too."""
    operator, own = Api(scene.rig), scene.own["id"]
    path = f"/api/sessions/{own}/links"

    async def linked(other: str) -> list[str]:
        """The ids of links to a room and from it, made and ended again."""
        ids = []
        for source, target in ((own, other), (other, own)):
            at_source = f"/api/sessions/{source}/links"
            ask = {"targetRoomId": target, "relationship": "discussion_of"}
            made = await operator.call("POST", at_source, ask)
            ids.append(made.body["id"])
            ended = await operator.call("DELETE", path, linkId=ids[-1])
            assert 200 == ended.status
        return ids

    async with opened(scene.rig, scene.token) as client:
        assert "ack" == (await client.ask("join_session", sessionId=own))["type"]
        await linked(scene.foreign["id"])
        shared = await operator.room("shared")
        there = f"/api/sessions/{shared['id']}/participants"
        await operator.call("POST", there, {"session_id": scene.ada.id})
        ids = await linked(shared["id"])
        await operator.post(scene.own, "mark", sender_id="zoe")
        await client.expect("message_created")
    heard = [each for each in client.passed if each["type"].startswith("room_link_")]
    kinds = ("created", "deleted")
    assert [(f"room_link_{kind}", each) for each in ids for kind in kinds] == [
        (each["type"], each["linkId"]) for each in heard
    ]
    assert scene.foreign["id"] not in json.dumps(client.passed)


async def test_a_token_is_told_of_no_delivery_outside(scene: Scene) -> None:
    """What a person sends from its room to a stranger, over HTTP and over a socket."""
    operator, own = Api(scene.rig), scene.own["id"]
    async with opened(scene.rig, scene.token) as client:
        assert "ack" == (await client.ask("join_session", sessionId=own))["type"]
        own_words = {"client_id": "c", "sender_id": scene.ada.id}
        said = await operator.post(scene.own, "x", target="@bob", **own_words)
        mine = await operator.post(scene.own, "hi", sender_id="zoe")
        await client.expect("message_created")
        await client.expect("message_created")
        while not [e for e in client.passed if e["type"] == "delivery_updated"]:
            client.passed.append(await client.receive())
    ledger = f"/api/sessions/{own}/deliveries"
    of_it = f"/api/sessions/{own}/messages/{said['id']}/deliveries"
    for path in (ledger, of_it):
        assert scene.bob.id in json.dumps(await operator.get(path))
        assert scene.bob.id not in json.dumps(await scene.api.get(path))
    (kept,) = (await scene.api.get(ledger))["deliveries"]
    assert (mine["id"], scene.ada.id) == (kept["message_id"], kept["targetId"])
    path = f"/api/sessions/{own}/messages"
    for query in ({}, {"wait": "typed", "timeout": "1"}):
        again = {"content": "x", "client_id": "c"}
        known = await scene.api.call("POST", path, again, **query)
        assert [said["id"], 1] == [known.body["id"], len(known.body["deliveries"])]
    assert scene.bob.id not in json.dumps(client.passed)


async def test_a_token_is_told_of_no_reader_outside(scene: Scene) -> None:
    """Neither by the routes nor by a socket; of its own reading, and of a member's."""
    operator, own = Api(scene.rig), scene.own["id"]
    eve = await scene.rig.started("eve")
    path = f"/api/sessions/{own}/participants"
    await operator.call("POST", path, {"session_id": eve.id})
    said = await operator.post(scene.own, "@nil x")
    path = f"/api/sessions/{own}/messages/{said['id']}/read"

    def readers(reads: list[Any]) -> set[str]:
        return {each["session_id"] for each in reads}

    async with opened(scene.rig, scene.token) as client:
        assert "ack" == (await client.ask("join_session", sessionId=own))["type"]
        for reader in (scene.bob.id, eve.id):
            await operator.call("POST", path, {"reader_id": reader})
        mine = await scene.api.call("POST", path, {"reader_id": scene.ada.id})
        await operator.post(scene.own, "mark", sender_id="zoe")
        await client.expect("message_created")
    inside = {scene.ada.id, eve.id}
    assert inside == readers(mine.body["reads"])
    heard = [each for each in client.passed if each["type"] == "message_read"]
    assert [eve.id, scene.ada.id] == [each["readerId"] for each in heard]
    assert [{eve.id}, inside] == [readers(each["reads"]) for each in heard]
    for api, expected in ((scene.api, inside), (operator, {*inside, scene.bob.id})):
        assert expected == readers((await api.get(path))["reads"])
        everything = await api.get(f"/api/sessions/{own}/reads")
        assert expected == readers(everything["reads"][said["id"]])
    alone = await operator.post(scene.own, "@nil y")
    path = f"/api/sessions/{own}/messages/{alone['id']}/read"
    await operator.call("POST", path, {"reader_id": scene.bob.id})
    everything = await scene.api.get(f"/api/sessions/{own}/reads")
    assert alone["id"] not in everything["reads"]


async def test_the_operator_names_anybody(scene: Scene) -> None:
    """And is told where nobody has the name."""
    api = Api(scene.rig)
    told = await api.post(scene.own, "hi", target="@bob")
    assert scene.bob.id == told["deliveries"][1]["targetId"]
    assert "queued" == told["deliveries"][1]["state"]
    told = await api.post(scene.own, "hi", target=NIL)
    assert "unknown_target" == told["deliveries"][1]["reason"]


# The rule, without a server.


def test_a_token_names_members(tmp_path: Any, store: Any) -> None:
    """By handle and by the room's alias; also the terminal whose chat it is."""
    here, ada, bob = room(store), create(store, "ada"), create(store, "bob")
    stranger = create(store, "stranger")
    caller = Caller(ada.id, "r", ada.handle)
    join(store, here, session_id=ada.id)
    join(store, here, session_id=bob.id, alias="@friend")
    join(store, look(store, bob.linked_chat_id), session_id=ada.id)
    store.transact(channels.register, RegisterChannel("@near", 9, here.id))
    store.transact(channels.register, RegisterChannel("@far", 9, stranger.id))
    store.transact(channels.register, RegisterChannel("@public", 9))

    def sent(target: str, place: Session = here) -> Any:
        ask = PostMessage("hi", sender_id=ada.id, target=target)
        work = messages.post_message, place.id, ask, {}, caller
        posted = store.transact(*work)
        heard = store.read(channels.receivers, [posted.message])
        (one,) = posted.deliveries[1:]
        told = [each.handle for _, found, _ in heard for each in found]
        return one.target_id, one.state, one.reason, one.adapter, told

    queued = (bob.id, DeliveryState.QUEUED, None)
    for name in ("@bob", "BOB", "@friend"):
        assert queued == sent(name)[:3]
    assert queued == sent("@bob", look(store, bob.linked_chat_id))[:3]
    assert ("@near", Reason.CHANNEL, CHANNEL, ["@near"]) == tuple(
        each for each in sent("@near") if each is not DeliveryState.SKIPPED
    )
    nobody = sent("@nobody")
    for name in ("@stranger", "@far", "@public", stranger.id):
        assert (name, *nobody[1:]) == sent(name)
    assert [] == nobody[-1]
    assert Reason.OWN_MESSAGE is sent("@ada")[2]


def test_whose_deliveries_a_token_is_shown(store: Any) -> None:
    """Those to who is in the room, with the file of its own, and to mere names."""
    here, ada, bob = room(store), create(store, "ada"), create(store, "bob")
    stranger, gone = create(store, "stranger"), create(store, "gone")
    linked = create(store, "linked")
    patch(store, linked.id, linked_chat_id=here.id)
    caller = Caller(ada.id, "r", ada.handle)
    join(store, here, session_id=ada.id)
    join(store, here, session_id=bob.id)
    ids = {}
    for name in ("ada", "bob", "linked", "stranger", "gone", "nil"):
        message = post(store, here, "hi", target=f"@{name}", sender_id="zoe")
        ids[name] = message.id
    leave = RemoveParticipant(session_id=gone.id)

    def put(unit: Any) -> None:
        for message_id in ids.values():
            for each in unit.deliveries.of_message(message_id):
                step = LedgerStep(
                    DeliveryState.WITHHELD, Reason.NOT_AN_AGENT, file="/f"
                )
                deliveries.advance(unit, each.id, step)

    def shown(unit: Any, who: Any = caller) -> dict[str, Any]:
        page = deliveries.list_deliveries(unit, here.id, ListDeliveries(), who)
        return {each.target_id: each.file for each in page}

    store.transact(put)
    everybody = store.read(shown, None)
    assert {ada.id, bob.id, linked.id, stranger.id, gone.id, "@nil"} == set(everybody)
    own = {ada.id: "/f", bob.id: None, linked.id: None, "@nil": None}
    assert own == store.read(shown)
    join(store, here, session_id=gone.id)
    assert {**own, gone.id: None} == store.read(shown)
    store.transact(participants.remove_participant, here.id, leave)
    assert own == store.read(shown)
    # Who is removed is no name that nobody has, in an event that is read again.
    (record,) = store.read(deliveries.of_message, here.id, ids["gone"])
    store.transact(sessions.delete_session, gone.id, True)
    assert () == store.read(terminal_tokens.visible_deliveries, caller, [record])
    assert (record,) == store.read(terminal_tokens.visible_deliveries, None, [record])


def test_a_stranger_costs_the_same(store: Any) -> None:
    """As many statements, of the same kinds, as a name that nobody has."""
    here, ada, _ = room(store), create(store, "ada"), create(store, "bob")
    caller = Caller(ada.id, "r", ada.handle)
    join(store, here, session_id=ada.id)

    def asked(target: str) -> list[str]:
        said: list[str] = []

        def work(unit: Any) -> None:
            connection = database.connection()
            connection.set_trace_callback(said.append)
            try:
                ask = PostMessage("hi", sender_id=ada.id, target=target)
                messages.post_message(unit, here.id, ask, {}, caller)
            finally:
                connection.set_trace_callback(None)

        store.transact(work)
        return [re.split(r"\(| SET | WHERE ", each)[0] for each in said]

    asked("@bob")
    assert asked("@bob") == asked(NIL)
    assert post(store, here).id
