"""Rules of sessions, on a database and without an event loop."""

from datetime import timedelta
from typing import Any

import pytest

from ant.api.constraints import META
from ant.api.session_requests import CreateSession, PatchSession, SetCliFlag, SetHandle
from ant.core import clock
from ant.core.errors import Conflict, Gone, Invalid, NotFound, NotRunning
from ant.journal import event_log
from ant.model.events import (
    CliFlagUpdated,
    HandleUpdated,
    SessionsChanged,
    Tombstone,
)
from ant.model.sessions import CliFlag, SessionId, SessionType, Status
from ant.sessions import sessions
from ant.store import Store, Unit
from tests.rules import (
    AT,
    NOBODY,
    create,
    events_of,
    look,
    patch,
    post,
    room,
    taken_apart,
)
from tests.store.chunks import chunks_of


def test_a_terminal_gets_its_chat(store: Store) -> None:
    """Both have handles, and each refers to the other."""
    session = create(store, "My Work", cols=99, rows=33, command=("sh", "-c", "true"))
    assert session == look(store, session.id)
    chat = look(store, session.linked_chat_id or "")
    assert ("My Work", "@my-work", "my-work") == (
        session.name,
        session.handle,
        session.alias,
    )
    assert ("My Work-Chat", "@my-work-chat", SessionType.CHAT) == (
        chat.name,
        chat.handle,
        chat.type,
    )
    assert session.id == chat.meta["auto_linked_terminal_id"]
    assert session.terminal is not None
    assert (99, 33, ("sh", "-c", "true")) == (
        session.terminal.cols,
        session.terminal.rows,
        session.terminal.command,
    )
    assert chat.terminal is None
    assert Status.NONE == session.status


def test_a_chat_is_alone(store: Store) -> None:
    """No terminal, no linked chat, no handle."""
    chat = create(store, "Room", type=SessionType.CHAT)
    assert (None, None, None) == (chat.terminal, chat.linked_chat_id, chat.handle)


def test_creation_emits_one_event(store: Store) -> None:
    """For the pair."""
    ask = CreateSession(name="one", type=SessionType.TERMINAL)
    (event,) = events_of(store, sessions.create_session, ask, None)
    assert isinstance(event, SessionsChanged)
    assert "one" == look(store, event.session_id or "").name


@pytest.mark.parametrize("name", ["one", "ONE", "  one ", "one-chat"])
def test_a_name_is_unique(store: Store, name: str) -> None:
    """In any case, without surrounding blanks, and the chat's name, too."""
    create(store, "one")
    with pytest.raises(Conflict, match="already exists"):
        create(store, name, type=SessionType.CHAT)


def test_a_terminal_whose_chat_name_is_taken_is_refused(store: Store) -> None:
    """Nothing is created."""
    create(store, "one-Chat", type=SessionType.CHAT)
    with pytest.raises(Conflict, match="one-Chat"):
        create(store, "one")
    assert 1 == len(store.read(sessions.list_sessions).sessions)


def test_a_deleted_name_is_free(store: Store) -> None:
    """Only active sessions hold a name."""
    first = create(store, "one")
    store.transact(sessions.delete_session, first.id, False)
    assert "@one" == create(store, "one").handle


def test_handles_count_up_to_ten(store: Store) -> None:
    """`slug`, then `slug-2` to `slug-10`, and then none at all."""
    handles = [create(store, f"Work{'!' * n}").handle for n in range(11)]
    expected = ["@work", *(f"@work-{n}" for n in range(2, 11)), None]
    assert expected == handles


def test_a_name_without_letters_has_no_handle(store: Store) -> None:
    """A long one is truncated."""
    assert create(store, "漢字").handle is None
    assert "@" + "a" * 32 == create(store, "a" * 100).handle


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"program": "claude"}, None),
        ({"program": "claude", "type": SessionType.AGENT}, CliFlag.CLAUDE_CODE),
        ({"program": "bash", "type": SessionType.AGENT}, None),
        (
            {
                "program": "claude",
                "type": SessionType.AGENT,
                "cli_flag": CliFlag.AIDER,
            },
            CliFlag.AIDER,
        ),
    ],
)
def test_an_agent_has_the_driver_of_its_program(
    store: Store, fields: dict[str, Any], expected: CliFlag | None
) -> None:
    """Unless the request names one; a plain terminal has none."""
    assert expected == create(store, **fields).cli_flag


def test_the_list_is_newest_first_with_recoverable_sessions(store: Store) -> None:
    """Active ones, and those that can be restored."""
    one = create(store, "one", type=SessionType.CHAT)
    two = create(store, "two", type=SessionType.CHAT)
    three = create(store, "three", type=SessionType.CHAT)
    store.transact(sessions.delete_session, two.id, False)
    listed = store.read(sessions.list_sessions)
    assert [three.id, one.id] == [each.id for each in listed.sessions]
    assert [two.id] == [each.id for each in listed.recoverable]


@pytest.mark.parametrize("half", ["terminal", "chat"])
def test_a_pair_is_deleted_as_one(store: Store, half: str) -> None:
    """From either end; a second delete changes nothing, nor the time of the first."""
    session = create(store)
    chat_id = session.linked_chat_id or SessionId("")
    asked = session.id if half == "terminal" else chat_id
    (event,) = events_of(store, sessions.delete_session, asked, False)
    assert {session.id, chat_id} == set(event.removed_ids)  # type: ignore[union-attr]
    assert look(store, session.id).deleted_at is not None
    assert look(store, chat_id).deleted_at is not None
    before = look(store, session.id), look(store, chat_id)
    for again in (session.id, chat_id):
        assert [] == events_of(store, sessions.delete_session, again, False)
        work = sessions.patch_session
        ask = PatchSession(archived=True)
        assert [] == events_of(store, work, again, ask)
    assert before == (look(store, session.id), look(store, chat_id))


@pytest.mark.parametrize("half", ["terminal", "chat"])
def test_an_archived_pair_is_deleted(store: Store, half: str) -> None:
    """It is then deleted and no longer archived, and its ttl counts."""
    session = create(store)
    patch(store, session.id, archived=True)
    ids = [session.id, SessionId(session.linked_chat_id or "")]
    asked = ids[0] if half == "terminal" else ids[1]
    (event,) = events_of(store, sessions.delete_session, asked, False)
    assert set(ids) == set(event.removed_ids)  # type: ignore[union-attr]
    for each in ids:
        row = look(store, each)
        assert (False, False) == (row.archived, row.deleted_at is None)
        age(store, each, minutes=16)
    assert set(ids) == set(store.transact(sessions.purge))


def test_a_chat_that_claims_a_terminal_is_no_pair(store: Store) -> None:
    """Any client can write `meta`; only a link from both ends counts."""
    session = create(store)
    meta = {"auto_linked_terminal_id": session.id}
    liar = create(store, "liar", type=SessionType.CHAT, meta=meta)
    assert [liar.id] == store.transact(sessions.delete_session, liar.id, True)
    assert look(store, session.id).active


def test_a_hard_delete_removes_everything(store: Store) -> None:
    """Rows, terminals and transcripts; also of a soft-deleted session."""
    session = create(store)
    other = create(store, "other")

    def fill(unit: Unit) -> None:
        for each in (session, other):
            unit.transcripts.append(each.id, AT, [(0, b"abc")], reserved=3)

    store.transact(fill)
    store.transact(sessions.delete_session, session.id, False)
    ids = store.transact(sessions.delete_session, session.id, True)
    (event,) = events_of(store, sessions.remove_sessions, ids)
    taken_apart(store)
    assert set(ids) == set(event.removed_ids)  # type: ignore[union-attr]
    for each in ids:
        with pytest.raises(NotFound):
            look(store, each)

    def counts(unit: Unit) -> list[int]:
        return [len(chunks_of(unit, each.id)) for each in (session, other)]

    assert [0, 1] == store.read(counts)
    assert look(store, other.id).active


def test_only_active_sessions_are_changed(store: Store) -> None:
    """Unknown, archived, deleted and chat each have their own error."""
    session, chat = create(store), create(store, "room", type=SessionType.CHAT)

    def archive(unit: Unit) -> None:
        unit.sessions.change(session.id, archived=True)

    with pytest.raises(NotFound):
        store.read(sessions.need_active, SessionId("nobody"))
    with pytest.raises(NotRunning, match="chat"):
        store.read(sessions.need_terminal, chat.id)
    assert session.id == store.read(sessions.need_terminal, session.id).id
    store.transact(archive)
    with pytest.raises(Gone, match="archived"):
        store.read(sessions.need_terminal, session.id)


def test_a_rename_renames_the_chat(store: Store) -> None:
    """The handles stay; surrounding blanks do not count."""
    session = create(store, "one")
    (event,) = events_of(
        store, sessions.patch_session, session.id, PatchSession(" Two ")
    )
    assert SessionsChanged(session.id) == event
    renamed, chat = look(store, session.id), look(store, session.linked_chat_id)
    assert ("Two", "Two-Chat") == (renamed.name, chat.name)
    assert ("@one", "@one-chat") == (renamed.handle, chat.handle)
    assert renamed.updated_at > session.updated_at


@pytest.mark.parametrize("name", ["other", "OTHER ", "free"])
def test_a_rename_to_a_taken_name_changes_nothing(store: Store, name: str) -> None:
    """Its own name or that of its chat; the case may change."""
    session = create(store, "one")
    room(store, "other")
    room(store, "Free-chat")
    with pytest.raises(Conflict, match="already exists"):
        patch(store, session.id, name=name)
    assert "one" == look(store, session.id).name
    assert "one-Chat" == look(store, session.linked_chat_id).name
    assert "ONE" == patch(store, session.id, name="ONE").name
    assert "ONE-Chat" == look(store, session.linked_chat_id).name


def test_a_pair_has_two_names(store: Store) -> None:
    """A chat is not named as its terminal; a terminal may take its chat's name."""
    session = create(store, "one")
    with pytest.raises(Conflict, match='"one"'):
        patch(store, session.linked_chat_id, name="one")
    assert "one-Chat" == patch(store, session.id, name="one-Chat").name
    assert "one-Chat-Chat" == look(store, session.linked_chat_id).name


def test_a_chat_that_a_person_named_keeps_its_name(store: Store) -> None:
    """It is no longer named after the terminal."""
    session = create(store, "one")
    patch(store, session.linked_chat_id, name="Planning")
    patch(store, session.id, name="two")
    chat = look(store, session.linked_chat_id)
    assert ("Planning", False) == (chat.name, chat.meta["auto_named"])
    room(store, "three-Chat")
    assert "three" == patch(store, session.id, name="three").name


def test_meta_is_merged_and_null_removes(store: Store) -> None:
    """Shallowly: the value of a key is replaced as a whole."""
    chat = room(store, meta={"a": {"x": 1}, "b": 2, "c": 3})
    changed = patch(store, chat.id, meta={"a": {"y": 1}, "b": None, "d": [None]})
    assert {"a": {"y": 1}, "c": 3, "d": [None]} == changed.meta
    half = "x" * (META.size // 2)
    patch(store, chat.id, meta={"x": half})
    with pytest.raises(Invalid, match=r"at \$\.meta$"):
        patch(store, chat.id, meta={"y": half})


def test_a_patch_changes_only_the_named_fields(store: Store) -> None:
    """An empty patch emits nothing; null clears a field that may be empty."""
    chat = room(store, workspace_id="w", root_dir="/tmp")
    assert [] == events_of(store, sessions.patch_session, chat.id, PatchSession())
    assert chat == look(store, chat.id)
    changed = patch(store, chat.id, root_dir=None, ttl="3h", auto_forward_chat=False)
    assert (None, "w", "3h", False) == (
        changed.root_dir,
        changed.workspace_id,
        changed.ttl,
        changed.auto_forward_chat,
    )


@pytest.mark.parametrize("half", ["terminal", "chat"])
def test_a_pair_is_archived_and_restored_as_one(store: Store, half: str) -> None:
    """From either end, with an event that has both ids."""
    session = create(store)
    ids = {session.id, session.linked_chat_id}
    asked = session.id if half == "terminal" else session.linked_chat_id
    for restore in (False, True):
        (event,) = events_of(
            store, sessions.patch_session, asked, PatchSession(archived=True)
        )
        assert isinstance(event, SessionsChanged)
        assert ids == set(event.removed_ids)
        listed = store.read(sessions.list_sessions)
        assert () == listed.sessions
        assert ids == {each.id for each in listed.recoverable}
        with pytest.raises(Gone, match="archived"):
            patch(store, asked, name="two")
        with pytest.raises(Gone, match="archived"):
            patch(store, asked, archived=True, name="two")
        for each in ids:  # The second of a pair is archived already.
            again = PatchSession(archived=True)
            work = sessions.patch_session
            assert [] == events_of(store, work, each, again)
        if restore:
            store.transact(sessions.restore_session, SessionId(asked or ""))
        else:
            patch(store, asked, archived=False)
        assert ids == {e.id for e in store.read(sessions.list_sessions).sessions}
        rows = [look(store, each) for each in ids]
        for each in ids:  # And restored already.
            assert [] == events_of(store, sessions.restore_session, each)
        assert rows == [look(store, each) for each in ids]


def test_a_deleted_session_may_be_unarchived(store: Store) -> None:
    """And changed in the same request; an active one stays as it is."""
    session = create(store, "one")
    store.transact(sessions.delete_session, session.id, False)
    changed = patch(store, session.id, archived=False, name="two")
    assert (True, "two") == (changed.active, changed.name)
    assert look(store, session.linked_chat_id).active
    row = look(store, session.id)
    assert (row, []) == store.transact(sessions.restore_session, session.id)
    assert row == patch(store, session.id, archived=False)


@pytest.mark.parametrize("by_patch", [True, False])
def test_restoring_does_not_take_names_back(store: Store, by_patch: bool) -> None:
    """What is taken is replaced by what is free, and the result says so."""
    session = create(store, "one")
    chat_id = SessionId(session.linked_chat_id or "")
    store.transact(sessions.delete_session, session.id, False)
    other = create(store, "ONE")
    if by_patch:
        ask = PatchSession(archived=False)
        row, replaced, _ = store.transact(sessions.patch_session, chat_id, ask)
    else:
        row, replaced = store.transact(sessions.restore_session, chat_id)
    assert row == look(store, chat_id)
    back = look(store, session.id)
    assert ("one (2)", "@one-2", True) == (back.name, back.handle, back.active)
    assert ("one (2)-Chat", "@one-chat-2") == (row.name, row.handle)
    assert {
        (session.id, "name", "one", "one (2)"),
        (session.id, "handle", "@one", "@one-2"),
        (chat_id, "name", "one-Chat", "one (2)-Chat"),
        (chat_id, "handle", "@one-chat", "@one-chat-2"),
    } == {(e.session_id, e.field, e.taken, e.now) for e in replaced}
    assert other == look(store, other.id)
    # The pair is still a pair: the chat follows a new name.
    patch(store, session.id, name="two")
    assert "two-Chat" == look(store, chat_id).name


def test_a_taken_handle_alone_is_replaced(store: Store) -> None:
    """With an event of its own; a handle that a person chose counts on from there."""
    session = create(store, "one")
    store.transact(sessions.set_handle, session.id, SetHandle("boss"))
    store.transact(sessions.delete_session, session.id, False)
    thief = room(store, "else")
    store.transact(sessions.set_handle, thief.id, SetHandle("Boss"))
    told = events_of(store, sessions.restore_session, session.id)
    renamed = HandleUpdated(session.id, "@boss-2", "one")
    assert [renamed, SessionsChanged(session.id)] == told
    assert ("one", "@boss-2") == (
        look(store, session.id).name,
        look(store, session.id).handle,
    )
    assert "@one-chat" == look(store, session.linked_chat_id).handle


def test_unarchiving_under_a_new_name(store: Store) -> None:
    """The name of the request counts, so none is replaced; a taken one is refused."""
    session = create(store, "one")
    patch(store, session.id, archived=True)
    create(store, "ONE")
    ask = PatchSession(archived=False, name="three")
    row, replaced, _ = store.transact(sessions.patch_session, session.id, ask)
    assert ("three", {"handle"}) == (row.name, {each.field for each in replaced})
    assert "three-Chat" == look(store, session.linked_chat_id).name
    patch(store, session.id, archived=True)
    with pytest.raises(Conflict, match="already exists"):
        patch(store, session.id, archived=False, name="one")
    assert look(store, session.id).archived


def test_one_half_of_a_pair_is_restored(store: Store) -> None:
    """The active half keeps its handle and is not touched."""
    session = create(store, "one")
    store.transact(lambda unit: unit.sessions.change(session.id, archived=True))
    chat = look(store, session.linked_chat_id)
    row, replaced = store.transact(sessions.restore_session, chat.id)
    assert (chat, []) == (row, replaced)
    assert ("@one", True) == (
        look(store, session.id).handle,
        look(store, session.id).active,
    )


def test_another_chat_may_be_linked(store: Store) -> None:
    """The automatic one is archived; a shared one never is."""
    session, shared = create(store, "one"), room(store, "shared")
    work = sessions.patch_session
    (event,) = events_of(
        store, work, session.id, PatchSession(linked_chat_id=shared.id)
    )
    assert isinstance(event, SessionsChanged)
    assert (session.linked_chat_id,) == event.removed_ids
    assert look(store, session.linked_chat_id).archived
    assert shared.id == look(store, session.id).linked_chat_id
    patch(store, session.id, archived=True)
    assert look(store, shared.id).active
    patch(store, session.id, archived=False)
    assert patch(store, session.id, linked_chat_id=None).linked_chat_id is None
    assert look(store, shared.id).active
    back, _ = store.transact(sessions.restore_session, session.linked_chat_id)
    again = patch(store, session.id, linked_chat_id=back.id)
    assert back.id == again.linked_chat_id
    store.transact(sessions.delete_session, session.id, False)
    assert not look(store, back.id).active


def test_only_an_active_chat_can_be_linked(store: Store) -> None:
    """And only to a session with a terminal."""
    session, other = create(store, "one"), create(store, "other")
    shared, gone = room(store, "shared"), room(store, "gone")
    patch(store, gone.id, archived=True)
    for wrong in (NOBODY, other.id, session.id, gone.id):
        with pytest.raises(Invalid, match=r"at \$\.linked_chat_id$"):
            patch(store, session.id, linked_chat_id=wrong)
    with pytest.raises(Invalid, match=r"at \$\.linked_chat_id$"):
        patch(store, shared.id, linked_chat_id=gone.id)
    assert session.linked_chat_id == look(store, session.id).linked_chat_id


def test_removing_a_chat_clears_links_to_it(store: Store) -> None:
    """No terminal refers to a missing chat."""
    session, shared = create(store, "one"), room(store, "shared")
    patch(store, session.id, linked_chat_id=shared.id)
    store.transact(sessions.remove_sessions, [shared.id])
    assert look(store, session.id).linked_chat_id is None


def age(store: Store, session_id: str | None, **ago: float) -> None:
    """Pretend that it was deleted that long ago."""

    def work(unit: Unit) -> None:
        at = clock.stamp(unit.now - timedelta(**ago))
        unit.sessions.change(session_id or "", deleted_at=at)

    store.transact(work)


@pytest.mark.parametrize(
    ("ttl", "minutes", "is_gone"),
    [("15m", 14, False), ("15m", 16, True), ("forever", 1e6, False), ("2d", 60, False)],
)
def test_the_window_to_restore_is_the_ttl(
    store: Store, ttl: str, minutes: float, is_gone: bool
) -> None:
    """Past it the restore is refused, and the purge removes it."""
    session = create(store, "one", ttl=ttl)
    ids = [session.id, session.linked_chat_id]
    store.transact(sessions.delete_session, session.id, False)
    for each in ids:
        age(store, each, minutes=minutes)
    listed = store.read(sessions.list_sessions).recoverable
    assert (set() if is_gone else set(ids)) == {each.id for each in listed}
    if is_gone:
        with pytest.raises(Gone, match="expired"):
            store.transact(sessions.restore_session, session.id)
        with pytest.raises(Gone, match="expired"):
            patch(store, session.id, archived=False)
        assert set(ids) == set(store.transact(sessions.purge))
        with pytest.raises(NotFound):
            look(store, session.id)
    else:
        assert [] == store.transact(sessions.purge)
        assert store.transact(sessions.restore_session, session.id)[0].active
    assert [] == store.transact(sessions.purge)


def test_a_pair_has_one_ttl(store: Store) -> None:
    """The longer of two; until then both can be restored, from either end."""
    session = create(store, "one")
    patch(store, session.id, ttl="forever")
    for asked in (session.id, SessionId(session.linked_chat_id or "")):
        store.transact(sessions.delete_session, session.id, False)
        age(store, session.id, days=1)
        age(store, session.linked_chat_id, days=1)
        assert [] == store.transact(sessions.purge)
        assert 2 == len(store.read(sessions.list_sessions).recoverable)
        assert store.transact(sessions.restore_session, asked)[0].active
        assert look(store, session.linked_chat_id).active


def test_the_purge_leaves_archived_sessions(store: Store) -> None:
    """However old they are; it emits what it removed."""
    kept, gone, active = (room(store, name) for name in ("kept", "gone", "active"))
    patch(store, kept.id, archived=True)
    store.transact(sessions.delete_session, gone.id, False)
    for each in (kept, gone):
        age(store, each.id, days=1000)
    listed = store.read(sessions.list_sessions).recoverable
    assert [kept.id] == [each.id for each in listed]
    told = events_of(store, sessions.purge)
    assert [SessionsChanged(None, (gone.id,))] == told
    assert [] == events_of(store, sessions.purge)
    assert look(store, kept.id).archived
    assert look(store, active.id).active


def test_a_handle_is_unique(store: Store) -> None:
    """In any case, among active sessions; the `@` is optional."""
    one, two = room(store, "one"), room(store, "two")
    told = events_of(store, sessions.set_handle, one.id, SetHandle("Boss", "The Boss"))
    expected = HandleUpdated(one.id, "@Boss", "The Boss")
    assert [expected, SessionsChanged(one.id)] == told
    for taken in ("@boss", "BOSS"):
        with pytest.raises(Conflict, match="taken"):
            store.transact(sessions.set_handle, two.id, SetHandle(taken))
    again = store.transact(sessions.set_handle, one.id, SetHandle("@BOSS"))
    assert ("@BOSS", "The Boss") == (again.handle, again.display_name)
    store.transact(sessions.delete_session, one.id, False)
    assert (
        "@boss" == store.transact(sessions.set_handle, two.id, SetHandle("boss")).handle
    )


def test_a_handle_is_cleared_or_valid(store: Store) -> None:
    """Null and an empty text clear it; one that cannot be mentioned is refused."""
    one = create(store, "one")
    for wrong in ("@", "a b", "@@a", "漢", "a/b", "x" * 65):
        with pytest.raises(Invalid, match="handle"):
            store.transact(sessions.set_handle, one.id, SetHandle(wrong))
    assert "@one" == look(store, one.id).handle
    assert "@a.b-c_9" == (
        store.transact(sessions.set_handle, one.id, SetHandle("a.b-c_9")).handle
    )
    for nothing in (None, ""):
        cleared = store.transact(sessions.set_handle, one.id, SetHandle(nothing))
        assert cleared.handle is None


def test_a_display_name_needs_no_handle(store: Store) -> None:
    """Each is set and cleared without the other; what changes nothing is not told."""
    one = create(store, "one")
    for ask, expected in (
        (SetHandle(display_name="The One"), ("@one", "The One")),
        (SetHandle("two"), ("@two", "The One")),
        (SetHandle(display_name=None), ("@two", None)),
        (SetHandle(display_name="x", handle=None), (None, "x")),
    ):
        told = events_of(store, sessions.set_handle, one.id, ask)
        assert [HandleUpdated(one.id, *expected), SessionsChanged(one.id)] == told
        row = look(store, one.id)
        assert expected == (row.handle, row.display_name)
        assert [] == events_of(store, sessions.set_handle, one.id, ask)
        assert row == look(store, one.id)


def test_a_patch_that_changes_nothing_is_not_told(store: Store) -> None:
    """Neither a field, nor the driver, as it is already."""
    session = create(store, "one", meta={"a": 1})
    same = PatchSession(
        name=" one ",
        ttl=session.ttl,
        archived=False,
        root_dir=None,
        linked_chat_id=session.linked_chat_id,
        meta={"a": 1, "b": None},
    )
    assert [] == events_of(store, sessions.patch_session, session.id, same)
    assert [] == events_of(store, sessions.set_cli_flag, session.id, SetCliFlag(None))
    assert session == look(store, session.id)


def test_the_driver_is_in_row_and_meta(store: Store) -> None:
    """Set and cleared together; the rest of the meta stays."""
    one = create(store, "one", meta={"a": 1})
    told = events_of(store, sessions.set_cli_flag, one.id, SetCliFlag("codex-cli"))
    flag = CliFlag.CODEX_CLI
    assert [CliFlagUpdated(one.id, flag), SessionsChanged(one.id)] == told
    row = look(store, one.id)
    assert (flag, {"a": 1, "agent_driver": "codex-cli"}) == (row.cli_flag, row.meta)
    with pytest.raises(Invalid, match=r"at \$\.cli_flag$"):
        store.transact(sessions.set_cli_flag, one.id, SetCliFlag("vim"))
    for nothing in (None, ""):
        store.transact(sessions.set_cli_flag, one.id, SetCliFlag("pi"))
        row = store.transact(sessions.set_cli_flag, one.id, SetCliFlag(nothing))
        assert (None, {"a": 1}) == (row.cli_flag, row.meta)


@pytest.mark.parametrize(
    ("rule", "ask"),
    [
        (sessions.patch_session, PatchSession("x")),
        (sessions.set_handle, SetHandle("x")),
        (sessions.set_cli_flag, SetCliFlag("pi")),
    ],
)
def test_inactive_sessions_are_not_changed(store: Store, rule: Any, ask: Any) -> None:
    """`NotFound` if it never existed, `Gone` if it can be restored."""
    one = create(store, "one")
    store.transact(sessions.delete_session, one.id, False)
    with pytest.raises(NotFound):
        store.transact(rule, NOBODY, ask)
    with pytest.raises(Gone):
        store.transact(rule, one.id, ask)
    with pytest.raises(NotFound):
        store.transact(sessions.restore_session, NOBODY)


def test_a_removed_session_has_no_content_in_the_log(store: Store) -> None:
    """Its events cannot be read; that it was removed can."""
    session, other = create(store, "one"), room(store, "other")
    chat = look(store, session.linked_chat_id)
    for each in (chat, other):
        post(store, each, "a secret")
    ids = store.transact(sessions.delete_session, session.id, True)
    store.transact(sessions.remove_sessions, ids)
    taken_apart(store)
    events = [each.event for each in store.read(event_log.missed_events, 0, 100)[0]]
    readable = [each for each in events if not isinstance(each, Tombstone)]
    assert {other.id, None} == {event.session_id for event in readable}
    buried = {each.session_id for each in events if isinstance(each, Tombstone)}
    assert set(ids) == buried
    assert SessionsChanged(None, tuple(ids)) == events[-1]
