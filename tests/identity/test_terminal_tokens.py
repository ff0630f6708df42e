"""Tokens: who calls, and what the caller sees."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ant.api.room_requests import AddParticipant, RemoveParticipant
from ant.api.session_requests import PatchSession
from ant.core.errors import Forbidden, Unauthorized
from ant.identity import terminal_tokens
from ant.identity.terminal_tokens import (
    FORM,
    Caller,
    TokenSigner,
    check_alive,
    check_room,
    identify,
    rooms_of,
)
from ant.model.sessions import Session, SessionId
from ant.rooms import participants
from ant.runtime import run_records
from ant.sessions import sessions
from ant.store import Store
from ant.terminal.host.host_terminal import ExitStatus
from tests.rules import NOBODY, create, join, patch, post, room

MINT = TokenSigner(b"a key")


def running(store: Store, name: str = "ada", run: str = "r1") -> Session:
    """A terminal that runs."""
    session = create(store, name)
    store.transact(run_records.begin_run, session.id, run, None, None)
    return session


def caller_of(store: Store, session: Session, run: str = "r1") -> Caller:
    return store.read(identify, MINT, MINT.token(session.id, run))


def is_dead(store: Store, session: Session, run: str = "r1") -> bool:
    """Whether the token and its caller are refused."""
    caller = Caller(session.id, run, session.handle)
    with pytest.raises(Unauthorized):
        store.read(check_alive, caller)
    with pytest.raises(Unauthorized):
        store.read(check_room, caller, session.linked_chat_id)
    with pytest.raises(Unauthorized):
        caller_of(store, session, run)
    return True


def finish(store: Store, session: Session) -> None:
    store.transact(
        run_records.finish_run, session.id, ExitStatus(code=0), 0, True, None
    )


@pytest.fixture
def ada(store: Store) -> Session:
    """A terminal that runs, `@ada`."""
    return running(store)


def test_a_token_identifies_the_caller(store: Store, ada: Session) -> None:
    """While its run is starting, and while it runs."""
    caller = caller_of(store, ada)
    assert Caller(ada.id, "r1", "@ada") == caller
    store.transact(run_records.record_run, ada.id, None)
    assert caller == caller_of(store, ada)
    assert ada.id == store.read(check_alive, caller).id


def test_a_token_ends_with_its_run(store: Store, ada: Session) -> None:
    """The next run has another one, also after a crash of the server."""
    finish(store, ada)
    assert is_dead(store, ada)
    store.transact(run_records.begin_run, ada.id, "r2", None, None)
    assert is_dead(store, ada)
    assert "r2" == caller_of(store, ada, "r2").run
    store.transact(run_records.recover, "b1")
    assert is_dead(store, ada, "r2")


def test_a_token_ends_with_its_session(store: Store, ada: Session) -> None:
    """Archived, deleted and removed ones, and one that never ran."""
    bob, zoe = running(store, "bob"), running(store, "zoe")
    store.transact(sessions.patch_session, ada.id, PatchSession(archived=True))
    store.transact(sessions.delete_session, bob.id, False)
    store.transact(sessions.remove_sessions, [zoe.id])
    assert all(is_dead(store, each) for each in (ada, bob, zoe))
    with pytest.raises(Unauthorized):
        caller_of(store, create(store, "new"), "")


def test_a_forged_token_is_invalid(store: Store, ada: Session) -> None:
    """With another key, for another session, cut, longer, or changed anywhere."""
    bob, token = running(store, "bob"), MINT.token(ada.id, "r1")
    seal = token.rpartition(".")[2]
    forged = [
        TokenSigner(b"another key").token(ada.id, "r1"),
        TokenSigner().token(ada.id, "r1"),
        f"ant.{bob.id}.{seal}",
        f"ant.{NOBODY}.{seal}",
        token[:-1],
        token + "A",
        token + "\n",
        token.upper(),
        "ant." + token,
        *(
            token[:n] + ("B" if token[n] == "A" else "A") + token[n + 1 :]
            for n in (-43, -9)
        ),
        "ant.",
        "",
    ]
    for each in forged:
        with pytest.raises(Unauthorized):
            store.read(identify, MINT, each)


@given(st.text(max_size=80))
def test_any_text_is_a_valid_token_or_refused_fuzz(text: str) -> None:
    """The seal is compared for any text; a token has one form."""
    assert not MINT.matches(text, "a", "b")
    assert FORM.fullmatch(TokenSigner().token("A-_9", text))


def test_a_key_is_not_in_the_repr() -> None:
    """So it is in no traceback."""
    assert "a key" not in repr(MINT)


def test_a_terminal_may_access_its_rooms(store: Store, ada: Session) -> None:
    """Its linked chat and those it is a member of, in any role."""
    one, two, foreign = (room(store, name) for name in ("one", "two", "foreign"))
    caller = caller_of(store, ada)
    join(store, one, session_id=ada.id)
    join(store, two, handle="@ada", role="external")
    assert ada.linked_chat_id is not None
    ids = [ada.linked_chat_id, one.id, two.id]
    for each in ids:
        store.read(check_room, caller, each)
    assert [ada.id, *sorted(ids)] == [
        ada.id,
        *sorted(each.id for each in store.read(rooms_of, caller)[1:]),
    ]
    for other in (foreign.id, ada.id, SessionId(NOBODY)):
        with pytest.raises(Forbidden):
            store.read(check_room, caller, other)


def test_a_terminal_that_left_a_room_is_refused(store: Store, ada: Session) -> None:
    """Until it joins again; it cannot leave its linked chat."""
    here, caller = room(store), caller_of(store, ada)
    join(store, here, session_id=ada.id)
    leave = RemoveParticipant(session_id=ada.id)
    store.transact(participants.remove_participant, here.id, leave)
    with pytest.raises(Forbidden):
        store.read(check_room, caller, here.id)
    assert here.id not in [each.id for each in store.read(rooms_of, caller)]
    store.transact(participants.add_participant, here.id, AddParticipant(handle="@ada"))
    store.read(check_room, caller, here.id)
    chat = SessionId(ada.linked_chat_id or "")
    join(store, store.read(sessions.get_session, chat), session_id=ada.id)
    store.transact(participants.remove_participant, chat, leave)
    store.read(check_room, caller, chat)


def test_a_terminal_is_no_room(store: Store, ada: Session) -> None:
    """A membership of a terminal's session, by a post to it, opens nothing."""
    bob, caller = running(store, "bob"), caller_of(store, ada)
    post(store, bob, "hello", sender_id=ada.id)
    with pytest.raises(Forbidden):
        store.read(check_room, caller, bob.id)
    assert bob.id not in [each.id for each in store.read(rooms_of, caller)]


def test_deleted_rooms_are_closed(store: Store, ada: Session) -> None:
    """They are refused until restored. An archived room stays readable, unlisted."""
    here, caller = room(store), caller_of(store, ada)
    join(store, here, session_id=ada.id)
    patch(store, here.id, archived=True)
    store.read(check_room, caller, here.id)
    assert here.id not in [each.id for each in store.read(rooms_of, caller)]
    patch(store, here.id, archived=False)
    store.transact(sessions.delete_session, here.id, False)
    with pytest.raises(Forbidden):
        store.read(check_room, caller, here.id)
    assert here.id not in [each.id for each in store.read(rooms_of, caller)]
    store.transact(sessions.restore_session, here.id)
    store.read(check_room, caller, here.id)
    store.transact(sessions.remove_sessions, [ada.id])
    assert () == store.read(rooms_of, caller)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("id", True),
        ("@ada", True),
        ("ADA", True),
        (" @Ada ", True),
        ("@ａｄａ", False),
        ("@bob", False),
        ("", False),
        ("ID", False),
    ],
)
def test_names_of_the_caller(name: str, expected: bool) -> None:
    """Its exact id, and its handle in any case."""
    assert expected is Caller(SessionId("id"), "r1", "@ada").is_named(name)


def test_without_a_handle_only_the_id_names() -> None:
    """An empty name does not."""
    caller = Caller(SessionId("id"), "r1", None)
    assert caller.is_named("id")
    assert not caller.is_named("@")
    assert terminal_tokens.PREFIX == "ant."
