"""Who gets a message: a row for each case of the original, its faults repaired."""

from typing import Any

import pytest

from ant.messages.routing import (
    Recipient,
    RestState,
    RoutedMember,
    RoutedPost,
    route,
)
from ant.model.deliveries import INJECTION, LINKED, DeliveryKind, Reason
from ant.model.sessions import SessionId

CODEX = RoutedMember(SessionId("t1"), "@codex", "@coder")
CLAUDE = RoutedMember(SessionId("t2"), "@claude", "@claude", rest=RestState.BUSY)
GEMINI = RoutedMember(SessionId("t3"), "@Gemini", None, rest=RestState.WAITING)
PI = RoutedMember(SessionId("t4"), None, "pi", rest=RestState.STOPPED)
ADA = RoutedMember(SessionId("p1"), "@ada", None, False, False)
AWAY = RoutedMember(SessionId("t5"), "@away", None, is_participant=False)
ROOM = (CODEX, CLAUDE, GEMINI, PI, ADA, AWAY)
OTHER = RoutedMember(SessionId("t9"), "@other")
CHAT = RoutedMember(SessionId("c9"), "@chat", has_terminal=False)

PERSON: dict[str, Any] = {"sender": ADA.session_id}
AGENT: dict[str, Any] = {"sender": CODEX.session_id, "from_terminal": True}

ALL = "t1 t2 t3 t4"
UNKNOWN = "-t2:unknown_mention -t3:unknown_mention -t4:unknown_mention"


def routes(recipients: list[Recipient]) -> str:
    """The recipients, and those that are skipped with the reason."""
    return " ".join(
        each.target_id if each.skip is None else f"-{each.target_id}:{each.skip}"
        for each in recipients
    )


@pytest.mark.parametrize(
    ("post", "reached"),
    [
        # Not a terminal.
        ({**PERSON, "text": "hello"}, ALL),
        ({"text": "by nobody we know"}, ALL),
        ({**PERSON, "text": "@nobody hello"}, ALL),
        ({**PERSON, "text": "@everyone hello"}, ALL),
        ({**PERSON, "text": "@ada is no terminal"}, ALL),
        ({**PERSON, "text": "@away is no participant"}, ALL),
        ({**PERSON, "text": "@claude hello"}, "t2"),
        ({**PERSON, "text": "@claude and @nobody"}, "t2"),
        ({**PERSON, "text": "@claude and @codex"}, "t1 t2"),
        ({**PERSON, "text": "@everyone, and @claude"}, "t2"),
        ({**PERSON, "text": "@coder is an alias"}, "t1"),
        ({**PERSON, "text": "@pi is an alias without its @"}, "t4"),
        # The original's fourth fault and fifth: case, ends of sentences, e-mails.
        ({**PERSON, "text": "@CODEX hello"}, "t1"),
        ({**PERSON, "text": "@gemini hello"}, "t3"),
        ({**PERSON, "text": "hello @codex."}, "t1"),
        ({**PERSON, "text": "hello @codex-"}, "t1"),
        ({**PERSON, "text": "write to foo@claude.com"}, ALL),
        # The third: who stands in brackets is left out.
        ({**PERSON, "text": "[@codex] for all"}, "-t1:excluded t2 t3 t4"),
        ({**PERSON, "text": "[@coder] for all"}, "-t1:excluded t2 t3 t4"),
        ({**PERSON, "text": "[@codex] for @claude"}, "t2"),
        ({**PERSON, "text": "[@codex] @everyone"}, "-t1:excluded t2 t3 t4"),
        # A terminal.
        ({**AGENT, "text": "done"}, "-t2:busy -t3:waiting -t4:not_running"),
        ({**AGENT, "text": "@claude look"}, "t2"),
        ({**AGENT, "text": "@claude and @nobody"}, "t2"),
        ({**AGENT, "text": "@everyone stop"}, "t2 t3 t4"),
        ({**AGENT, "text": "@everyone, @claude"}, "t2"),
        ({**AGENT, "text": "@cluade look"}, UNKNOWN),
        ({**AGENT, "text": "@ada I am done"}, ""),
        ({**AGENT, "text": "I, @codex, did"}, "-t2:busy -t3:waiting -t4:not_running"),
        ({**AGENT, "text": "[@claude] @everyone"}, "-t2:excluded t3 t4"),
        # The fourth: who posts is known by identity; the rule resolves the name.
        ({"sender": CLAUDE.session_id, "from_terminal": True, "text": "x"},
         "t1 -t3:waiting -t4:not_running"),
        ({"sender": CLAUDE.session_id, "from_terminal": True, "text": "@claude"},
         "t1 -t3:waiting -t4:not_running"),
        # System messages.
        *(
            ({**PERSON, "text": "@codex", "msg_type": each}, "")
            for each in ("prompt", "silence", "title", "agent_response")
        ),
        ({**PERSON, "text": "@codex", "msg_type": "agent_event"}, ""),
        ({**PERSON, "text": "@codex", "msg_type": "terminal_line"}, ""),
        ({**AGENT, "text": "> @claude", "msg_type": "prompt_detected"}, ""),
        ({**PERSON, "text": "@everyone", "msg_type": "prompt_detected"}, ""),
        ({**AGENT, "text": "x", "target": "@a", "msg_type": "prompt_detected"}, ""),
        # An explicit target.
        ({**PERSON, "text": "@claude", "target": "@codex"}, "t1"),
        ({**PERSON, "text": "x", "target": "@coder"}, "t1"),
        ({**PERSON, "text": "x", "target": "PI"}, "t4"),
        ({**PERSON, "text": "x", "target": "@Claude"}, "t2"),
        ({**AGENT, "text": "x", "target": "@claude"}, "t2"),
        ({**AGENT, "text": "x", "target": "@codex"}, "-t1:own_message"),
        ({**PERSON, "text": "x", "target": "@nobody"}, "-@nobody:unknown_target"),
        ({**PERSON, "text": "x", "target": "@other"}, "t9"),
        ({**PERSON, "text": "x", "target": "@chat"}, "-c9:no_terminal"),
        ({**PERSON, "text": "hello", "target": "@everyone"}, ALL),
    ],
)  # fmt: skip
def test_in_a_room(post: dict[str, Any], reached: str) -> None:
    """A line of text, typed after a header."""
    handles = {m.handle.lower(): m for m in (*ROOM, OTHER, CHAT) if m.handle}
    target = (post.get("target") or "").lower()
    recipients = route(RoutedPost(**post), ROOM, (), handles.get(target))
    assert reached == routes(recipients)
    assert {(INJECTION, DeliveryKind.LINE)} >= {
        (each.adapter, each.kind) for each in recipients
    }


@pytest.mark.parametrize(
    ("post", "reached"),
    [
        ({**PERSON, "text": "ls"}, "raw:t9"),
        ({"text": "ls"}, "raw:t9"),
        ({**PERSON, "text": "@codex ls"}, "line:t9"),
        ({**PERSON, "text": "@nobody ls"}, "raw:t9"),
        ({**PERSON, "text": "ls", "source": "terminal_direct"},
         "raw:-t9:terminal_direct"),
        ({**PERSON, "text": "ls", "role": "assistant"}, "line:t9"),
        ({**AGENT, "text": "ls"}, "line:t9"),
        ({"sender": OTHER.session_id, "from_terminal": True, "text": "done"}, ""),
        ({**PERSON, "text": "x", "msg_type": "agent_event"}, ""),
        ({**PERSON, "text": "x", "target": "@codex"}, "line:t1"),
    ],
)  # fmt: skip
def test_in_a_linked_chat(post: dict[str, Any], reached: str) -> None:
    """Its terminal, typed as if by hand; no other session."""
    recipients = route(RoutedPost(**post), ROOM, (OTHER,), CODEX)
    assert reached == " ".join(f"{each.kind}:{routes([each])}" for each in recipients)
    adapter = INJECTION if "target" in post else LINKED
    assert {adapter} >= {each.adapter for each in recipients}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("ls @{u} a@other.org @nobody", DeliveryKind.RAW),
        ("echo mail@other", DeliveryKind.RAW),
        ("@other please `touch x`", DeliveryKind.LINE),
        ("$(touch x) @Codex.", DeliveryKind.LINE),
        ("@everyone $(touch x)", DeliveryKind.LINE),
    ],
)
def test_a_mention_in_a_linked_chat_is_no_command(
    text: str, kind: DeliveryKind
) -> None:
    """It is a message for that session; a line for the program mentions none."""
    (one,) = route(RoutedPost(text), ROOM, (OTHER,))
    assert kind is one.kind


def test_a_chat_that_does_not_forward() -> None:
    """A person's message there is typed after a header."""
    quiet = RoutedMember(OTHER.session_id, forwards=False)
    (one,) = route(RoutedPost("ls"), (), (quiet,))
    assert DeliveryKind.LINE is one.kind


def test_several_terminals_of_one_chat() -> None:
    """All but the poster."""
    post = RoutedPost("hello", CODEX.session_id, True)
    assert "t9" == routes(route(post, (), (CODEX, OTHER)))


def test_an_alias_precedes_a_handle() -> None:
    """An alias of this room, not of another."""
    here = RoutedMember(SessionId("t7"), "@x", "@claude")
    (one,) = route(RoutedPost("x", target="@claude"), (here,), (), CLAUDE)
    assert "t7" == one.session_id


PEOPLE = {"@james": "@James", "@jim": "@James", "@zoe": "@zoe"}


@pytest.mark.parametrize(
    ("post", "reached"),
    [
        ({**PERSON, "text": "@james, look"}, "-@James:person"),
        ({**PERSON, "text": "@jim and @ZOE"}, "-@James:person -@zoe:person"),
        ({**PERSON, "text": "@james and @claude"}, "-@James:person t2"),
        ({**PERSON, "text": "@james, @everyone"}, f"-@James:person {ALL}"),
        ({**PERSON, "text": "[@james] hello"}, ALL),
        ({**AGENT, "text": "@james, done"}, "-@James:person"),
        ({**PERSON, "text": "x", "target": "jim"}, "-@James:person"),
        ({**PERSON, "text": "x", "target": "@coder"}, "t1"),
    ],
)
def test_people_in_a_room(post: dict[str, Any], reached: str) -> None:
    """Nothing is typed for them, and what is for them only is for no terminal."""
    assert reached == routes(route(RoutedPost(**post), ROOM, people=PEOPLE))


def test_a_person_precedes_a_session_elsewhere() -> None:
    """A target is in the room first; a session in the room precedes a person."""
    post, people = RoutedPost("x", target="@other"), {"@other": "@other"}
    (one,) = route(post, ROOM, (), OTHER, people=people)
    assert Reason.PERSON is one.skip
    (one,) = route(post, (*ROOM, OTHER), (), OTHER, people=people)
    assert ("t9", None) == (one.session_id, one.skip)


def test_a_person_named_in_a_linked_chat_is_no_command() -> None:
    """It is a message, and not a line for the program."""
    (one,) = route(RoutedPost("@james $(touch x)"), (), (OTHER,), people=PEOPLE)
    assert DeliveryKind.LINE is one.kind


def test_a_room_without_terminals() -> None:
    """Without a terminal no delivery: there is no fallback to other terminals."""
    assert [] == route(RoutedPost("@everyone @codex"), (ADA,))
    assert [] == route(RoutedPost("hello"), ())
    assert Reason.UNKNOWN_TARGET is route(RoutedPost("x", target="@y"), ())[0].skip
