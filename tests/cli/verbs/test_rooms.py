"""`ant room`, against a real server."""

import json
from typing import Any

import pytest

from tests.cli.real import RealServer

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def room(server: RealServer) -> str:
    """A room with a terminal in it."""
    assert server.good("room", "new", "Plans").startswith("Created Plans (-, ")
    server.good("new", "ada", "--", "cat")
    assert "@ada is in Plans.\n" == server.good("room", "add", "plans", "ada")
    return "Plans"


def objects(server: RealServer, *argv: str) -> Any:
    return json.loads(server.good(*argv, "--json"))


def test_rooms_are_listed(server: RealServer, room: str) -> None:
    """Without the private chats of terminals."""
    (line,) = server.good("room", "ls").splitlines()
    assert line.endswith("  -  Plans")
    assert [room] == [each["name"] for each in objects(server, "room", "ls")["rooms"]]


def test_members(server: RealServer, room: str) -> None:
    """Sessions, and people by a handle that no session has; each can leave."""
    assert "@james is in Plans.\n" == server.good(
        "room", "add", room, "@james", "--role", "participant"
    )
    lines = server.good("room", "members", room).splitlines()
    assert [["member", "@ada"], ["member", "@james"]] == [
        each.split()[:2] for each in lines
    ]
    assert "participant" in lines[1]
    page = objects(server, "room", "members", room)
    assert 2 == len(page["participants"])
    assert "@james has left Plans.\n" == server.good("room", "remove", room, "@james")
    assert "was no member" in server.good("room", "remove", room, "@james")
    assert "ada has left" in server.good("room", "remove", room, "ada")
    added = objects(server, "room", "add", room, "@ada")
    assert "@ada" == added["handle"]
    assert 1 == server.ant("room", "add", room, "nobody").exit_code


def test_how_far_messages_got(server: RealServer, room: str) -> None:
    """`cat` is no agent: the message is not typed, and the reason is told."""
    posted = objects(server, "msg", room, "@ada hello")
    said = server.until("withheld", "room", "deliveries", room)
    (line,) = [each for each in said.splitlines() if each.startswith(posted["id"])]
    assert ["@ada", "withheld"] == line.split()[1:3]
    assert len(line.split()) > 3
    page = objects(server, "room", "deliveries", room, "--limit", "1")
    assert [posted["id"]] == [each["message_id"] for each in page["deliveries"]]


def test_messages_are_found(server: RealServer, room: str) -> None:
    """Read and searched by words; a hostile text stays text."""
    server.good("msg", room, "needle in\x1b[2J hay")
    first = objects(server, "msg", room, "second needle")
    reply = objects(server, "msg", room, "--reply-to", first["id"], "third")
    assert first["id"] == reply["reply_to"]
    read = server.good("room", "read", room)
    assert ": needle in\\u001b[2J hay\n" in read
    assert read == server.good("chat", "read", room)
    lines = server.good("room", "search", room, "need*").splitlines()
    assert ["second needle", "needle in\\u001b[2J hay"] == [
        each.partition(": ")[2] for each in lines
    ]
    found = objects(server, "room", "search", room, "second", "--limit", "1")
    assert [first["id"]] == [each["id"] for each in found["results"]]


def test_tasks(server: RealServer, room: str) -> None:
    """Added, changed by the beginning of an id, and deleted."""
    flags = ("--add", "Do it", "--for", "@james")
    made = objects(server, "room", "tasks", room, *flags)["task"]
    assert f"{made['id']}  proposed  @james  Do it\n" == server.good(
        "room", "tasks", room
    )
    said = server.good("room", "tasks", room, "--set", f"{made['id'][:6]}=done")
    assert f"{made['id']} is done now.\n" == said
    assert "done" in server.good("room", "tasks", room)
    assert "Deleted" in server.good("room", "tasks", room, "--rm", made["id"])
    assert "" == server.good("room", "tasks", room)
    assert "Added " in server.good("room", "tasks", room, "--add", "More")
    assert 2 == len(objects(server, "room", "tasks", room)["tasks"])


def test_files(server: RealServer, room: str) -> None:
    """Flagged with a note, and no more."""
    flags = ("--add", "/tmp/x", "--note", "look")
    ref = objects(server, "room", "files", room, *flags)["ref"]
    assert f"{ref['id']}  /tmp/x  look\n" == server.good("room", "files", room)
    assert 1 == len(objects(server, "room", "files", room)["refs"])
    assert "Removed" in server.good("room", "files", room, "--rm", ref["id"])
    assert "" == server.good("room", "files", room)
    assert "Flagged /tmp/y.\n" == server.good("room", "files", room, "--add", "/tmp/y")


def test_links(server: RealServer, room: str) -> None:
    """To a new room and to an old one; both ends list them."""
    assert "Linked Plans to " in server.good("room", "links", room, "--new", "Side")
    (line,) = server.good("room", "links", room).splitlines()
    id_, way, relationship, name = line.split()
    assert ("to", "discussion_of", "Side") == (way, relationship, name)
    assert f"{id_}  from  discussion_of  Plans\n" == server.good(
        "room", "links", "side"
    )
    server.good("room", "links", room, "--rm", id_)
    assert "" == server.good("room", "links", room)
    linked = objects(server, "room", "links", room, "--to", "side")
    assert [linked["id"]] == [
        each["id"] for each in objects(server, "room", "links", room)["outgoing"]
    ]


@pytest.mark.parametrize(
    "argv",
    [
        ("tasks", "x", "--add", "a", "--rm", "b"),
        ("tasks", "x", "--for", "@a"),
        ("tasks", "Plans", "--set", "a"),
        ("files", "x", "--note", "a"),
        ("links", "x", "--to", "a", "--new", "b"),
        ("add", "x"),
        ("nope",),
    ],
)
def test_bad_usage(server: RealServer, room: str, argv: tuple[str, ...]) -> None:
    """Nothing is changed."""
    assert 2 == server.ant("room", *argv).exit_code
