"""Verbs for rooms and sessions."""

import json
import shlex
from typing import Any

import pytest

from ant.messages.typed_message import TypedMessage
from ant.model.deliveries import DeliveryKind
from tests.served import Served, ant, serve


def row(id_: str, name: str, kind: str = "chat", **more: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "name": name,
        "type": kind,
        "status": "none",
        "handle": None,
        "linked_chat_id": None,
        **more,
    }


ROOM = row("room-id", "Room")
CHAT = row("chat-id", "ada-Chat", handle="@ada-chat")
ADA = row("ada-id", "ada", "terminal", handle="@ada", linked_chat_id="chat-id")
BOB = row("bob-id", "@ADA", "terminal", handle="@bob")
ROWS = [ROOM, CHAT, ADA, BOB]
POSTED = {"id": "message-id", "content": "hello"}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """A server with two rooms and two terminals, one of them without a chat."""
    answers: dict[str, Any] = {
        "GET /api/sessions": {"sessions": ROWS, "recoverable": []},
        "GET /api/sessions/chat-id": CHAT,
        "POST /api/sessions/room-id/messages": POSTED,
        "POST /api/sessions/chat-id/messages": POSTED,
    }
    return serve(monkeypatch, **answers)


@pytest.mark.parametrize(
    ("room", "expected"),
    [
        ("room-id", "room-id"),
        ("ROOM", "room-id"),
        ("@ada-chat", "chat-id"),
        ("ADA-Chat", "chat-id"),
        ("ada", "chat-id"),
        ("@Ada", "chat-id"),
        ("ada-id", "chat-id"),
    ],
)
def test_a_room_has_names(served: Served, room: str, expected: str) -> None:
    """Its id, name or handle, in any case; for a terminal, that of its chat."""
    assert 0 == ant("msg", room, "hello").exit_code
    assert f"/api/sessions/{expected}/messages" == served.asked[-1].url.path


@pytest.mark.parametrize("room", ["no room", "a/b", "", "bob"])
def test_an_unknown_room_is_refused(served: Served, room: str) -> None:
    """The client refuses what cannot be an id, and a terminal without a chat."""
    result = ant("msg", room, "hello")
    assert (1, 1) == (result.exit_code, len(served.asked))
    assert "There is no" in result.stderr


def test_an_id_that_is_not_listed_is_requested(served: Served) -> None:
    """It may be archived, which the server reports."""
    served.answers["GET /api/sessions/other"] = {
        "type": "urn:ant:problem:not-found",
        "problem": 404,
        "detail": "There is no session 'other'.",
    }
    result = ant("msg", "other", "hello")
    assert (1, "ant: There is no session 'other'.\n") == (
        result.exit_code,
        result.stderr,
    )


@pytest.mark.parametrize(
    ("words", "content", "target"),
    [
        (["hello"], "hello", None),
        (["hello", "there"], "hello there", None),
        (["@ada", "do it"], "do it", "@ada"),
        (["@ada do it"], "@ada do it", None),
        (["@everyone", "do it"], "do it", None),
        (["@ada"], "@ada", None),
        (["--", "-x"], "-x", None),
        (["-"], "from\nstdin", None),
        (["@ada", "-"], "from\nstdin", "@ada"),
    ],
)
def test_a_message(
    served: Served, words: list[str], content: str, target: str | None
) -> None:
    """For one member or for all; - is standard input without its last newline."""
    result = ant("msg", "room", *words, stdin=b"from\nstdin\n")
    assert (0, "Sent message-id to Room.\n") == (result.exit_code, result.stdout)
    assert (content, target, "cli") == (
        served.last["content"],
        served.last["target"],
        served.last["sender_id"],
    )


def test_a_token_names_no_sender(served: Served) -> None:
    """The token identifies the sender."""
    ant("msg", "room", "hello", ANT_TOKEN="t", ANT_SESSION_ID="s")
    assert served.last["sender_id"] is None


def test_the_command_for_a_reply(served: Served) -> None:
    """`ant` accepts the command that ANT types with a message, and posts a reply."""
    typed = TypedMessage(
        kind=DeliveryKind.LINE,
        content="hello",
        message_id="m1",
        room_id="room-id",
        room_name="Room",
        sender="@ada",
        is_named=True,
    )
    command = typed.header().partition("reply with: ")[2]
    result = ant(*shlex.split(command)[1:])
    assert (0, "Sent message-id to Room.\n") == (result.exit_code, result.stdout)
    assert ("…", "m1") == (served.last["content"], served.last["reply_to"])


def test_send(served: Served) -> None:
    """As a reply to a message, for one member, and as JSON."""
    flags = ("--msg", "-", "--reply-to", "m", "--target", "@ada", "--json")
    result = ant("chat", "send", "room", *flags, stdin="é\xff\n".encode("latin-1"))
    assert POSTED == json.loads(result.stdout)
    assert {
        "content": "\ufffd\ufffd",
        "sender_id": "cli",
        "target": "@ada",
        "reply_to": "m",
    } == served.last


def message(id_: str, sender_id: str | None, content: str) -> dict[str, Any]:
    return {
        "id": id_,
        "created_at": "2026-05-17T12:00:00.000000Z",
        "sender_id": sender_id,
        "role": "user",
        "content": content,
    }


def test_read(served: Served) -> None:
    """Prints sender and id of each message; further lines of a text are indented."""
    where = "GET /api/sessions/room-id"
    messages = [
        message("1", "ada-id", "one\ntwo"),
        message("2", "zoe", "\x1b[2J"),
        message("3", None, "three"),
        message("4", "bob-id", "four"),
    ]
    people = [
        {"id": "ada-id", "handle": "@ada", "name": "ada"},
        {"id": "bob-id", "handle": None, "name": "Bob"},
    ]
    served.answers[f"{where}/messages"] = page = {"messages": messages}
    served.answers[f"{where}/participants"] = {"all": people}
    result = ant("chat", "read", "room")
    at = "2026-05-17T12:00:00.000000Z"
    assert [
        f"{at} 1 @ada: one",
        "  two",
        f"{at} 2 zoe: \\u001b[2J",
        f"{at} 3 user: three",
        f"{at} 4 Bob: four",
    ] == result.stdout.splitlines()
    assert {"limit": "50"} == dict(served.asked[1].url.params)
    result = ant("chat", "read", "room", "--since", "5m", "--limit", "7", "--json")
    assert page == json.loads(result.stdout)
    assert {"limit": "7", "since": "5m"} == dict(served.asked[-1].url.params)


def status(**more: Any) -> dict[str, Any]:
    return {
        "prompt": {"id": "prompt-id"},
        "event_id": "card-id",
        "event_chat_id": "chat-id",
        "route": {"terminal_id": "ada-id"},
        **more,
    }


@pytest.mark.parametrize(
    ("words", "choice"),
    [
        (["approve"], {"action": "approve"}),
        (["deny"], {"action": "deny"}),
        (["select", "2"], {"index": 1}),
        (["select", "Yes"], {"label": "Yes"}),
        (["select", "0"], {"label": "0"}),
        (["text", "42"], {"value": "42"}),
        (["confirm", "no"], {"yes": False}),
    ],
)
def test_decide(served: Served, words: list[str], choice: dict[str, Any]) -> None:
    """By the card in the terminal's chat, with the operator's key and no token.

    An agent's hook gets the reason of a denial, too.
    """
    served.answers["GET /api/sessions/ada-id/status"] = status()
    served.answers["POST /api/sessions/chat-id/messages"] = {
        "chosen": "Yes",
        "resolved": True,
    }
    env = {"ANT_TOKEN": "t", "ANT_API_KEY": "k", "ANT_SESSION_ID": "s"}
    result = ant("chat", "decide", "@ada", *words, "--why", "so", **env)
    assert (0, "Chose Yes; the prompt is closed.\n") == (
        result.exit_code,
        result.stdout,
    )
    assert {"Bearer k"} == {each.headers["Authorization"] for each in served.asked}
    ask = served.last
    assert {
        "type": words[0],
        "choice": choice,
        "event_id": "card-id",
        "prompt_id": "prompt-id",
        "terminal_session_id": "ada-id",
        "justification": "so",
        "source": "cli_decision",
        **({"text": "so"} if words == ["deny"] else {}),
    } == json.loads(ask.pop("content"))
    assert {
        "format": "json",
        "sender_id": "s",
        "reply_to": "card-id",
        "msg_type": "agent_response",
        "meta": {"source": "cli_decision", "terminal_id": "ada-id"},
    } == ask


def test_decide_without_a_card(served: Served) -> None:
    """By the id of the prompt; the server checks an id that the page does not show."""
    served.answers["GET /api/sessions/ada-id/status"] = status(
        event_id=None, event_chat_id=None
    )
    served.answers["POST /api/sessions/ada-id/messages"] = {
        "chosen": "Yes",
        "resolved": False,
    }
    result = ant("chat", "decide", "ada", "approve")
    assert "Chose Yes; the prompt is still open.\n" == result.stdout
    assert "event_id" not in json.loads(served.last["content"])
    served.answers["GET /api/sessions/ada-id/status"] = status()
    ant("chat", "decide", "ada", "approve", "--prompt", "another")
    content = json.loads(served.last["content"])
    assert ("another", False) == (content["prompt_id"], "event_id" in content)


def test_nothing_to_decide(served: Served) -> None:
    """Nothing is posted."""
    served.answers["GET /api/sessions/ada-id/status"] = status(prompt=None)
    result = ant("chat", "decide", "ada", "approve")
    assert (1, "ant: No prompt is pending there.\n") == (
        result.exit_code,
        result.stderr,
    )


@pytest.mark.parametrize(
    "words",
    [["select"], ["text"], ["confirm"], ["confirm", "perhaps"], ["approve", "1"]],
)
def test_half_a_decision_is_usage(served: Served, words: list[str]) -> None:
    """No server is called."""
    assert 2 == ant("chat", "decide", "ada", *words).exit_code
    assert [] == served.asked
