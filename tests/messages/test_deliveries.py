"""The ledger by its rules, on a real database."""

from typing import Any

import attrs
import pytest

from ant.api.message_requests import ListDeliveries, MarkRead, PostMessage
from ant.api.room_requests import AddParticipant, RegisterChannel, RemoveParticipant
from ant.api.run_event_requests import ListRunEvents
from ant.api.session_requests import SetHandle
from ant.core import clock
from ant.core.errors import Invalid, NotFound
from ant.messages import channels, deliveries, messages
from ant.messages.deliveries import LedgerStep
from ant.messages.routing import RestState
from ant.model.deliveries import (
    ARRIVED,
    PENDING,
    UNDER_WAY,
    DeliveryKind,
    DeliveryRecord,
    DeliveryState,
    Reason,
)
from ant.model.events import (
    DeliveryUpdated,
    MessageCreated,
    MessageRead,
    RunEventCreated,
)
from ant.model.messages import MessageId
from ant.model.sessions import Session, SessionId
from ant.rooms import participants
from ant.run_events import log
from ant.sessions import sessions
from ant.store import Job, Store, Unit
from tests.rules import NOBODY, create, events_of, look, patch, post, room

TYPED, SUBMITTED = (
    LedgerStep(DeliveryState.TYPED, None, 5),
    LedgerStep(DeliveryState.SUBMITTED),
)
REACTED = LedgerStep(DeliveryState.REACTED, None, 9)
WITHHELD = LedgerStep(DeliveryState.WITHHELD, Reason.DIALOG, 3)


@pytest.fixture
def here(store: Store) -> Session:
    """A room with two terminals as participants."""
    one = room(store)
    for name in ("codex", "claude"):
        terminal = create(store, name)
        store.transact(
            participants.add_participant, one.id, AddParticipant(session_id=terminal.id)
        )
    return one


def terminal(store: Store, name: str = "codex") -> Session:
    found = store.read(participants.resolve, name)
    assert found is not None
    return found


def of(store: Store, room_id: SessionId, message_id: str) -> tuple[Any, ...]:
    return store.read(deliveries.of_message, room_id, MessageId(message_id))


def sent(store: Store, here: Session, text: str = "@codex hi", **fields: Any) -> Any:
    """Post, and its only delivery."""
    (one,) = of(store, here.id, post(store, here, text, **fields).id)
    return one


def take(store: Store, one: DeliveryRecord, *steps: LedgerStep) -> DeliveryRecord:
    record = store.transact(deliveries.advance, one.id, *steps)
    assert record is not None
    return record


def states(record: DeliveryRecord) -> list[str]:
    return [each.state.value for each in record.transitions]


def test_a_delivery_is_queued_with_the_message(store: Store, here: Session) -> None:
    """In the same transaction; then emitted to the room and to the terminal."""
    codex = terminal(store)
    job = Job(messages.post_message, (here.id, PostMessage("@codex hi")))
    store.transact_group([job])
    posted = job.outcome()
    created, recorded, *emitted = [each.event for each in job.envelopes]
    assert isinstance(created, MessageCreated)
    assert isinstance(recorded, RunEventCreated)
    (one,) = of(store, here.id, posted.message.id)
    assert [here.id, codex.id] == [each.session_id for each in emitted]
    assert [one, one] == [each.delivery for each in emitted]
    _, answered = posted.deliveries
    assert one.summary() == answered
    assert ("pty-injection", codex.id, False, None, DeliveryState.QUEUED, None) == (
        answered.adapter,
        answered.target_id,
        answered.delivered,
        answered.error,
        answered.state,
        answered.reason,
    )
    assert (DeliveryKind.LINE, "mention", one.created_at) == (
        one.kind,
        one.route,
        one.transitions[0].at,
    )
    assert [codex.id] == store.read(deliveries.waiting)


def test_a_refused_message_queues_nothing(store: Store, here: Session) -> None:
    """Neither the message nor a delivery is stored."""

    def broken(unit: Unit) -> None:
        messages.post_message(unit, here.id, PostMessage("@codex"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.transact(broken)
    assert [] == store.read(deliveries.waiting)


def test_the_same_post_again_is_answered_alike(store: Store, here: Session) -> None:
    """The message is not queued twice."""
    ask = PostMessage("@codex", client_id="c")
    first = store.transact(messages.post_message, here.id, ask)
    assert first == store.transact(messages.post_message, here.id, ask)
    assert 1 == len(of(store, here.id, first.message.id))


def test_the_poster_is_known_by_every_name(store: Store, here: Session) -> None:
    """By handle or id, in any case: no session receives its own message."""
    codex, claude = terminal(store), terminal(store, "claude")
    for name in (codex.id, "@codex", "CODEX"):
        found = of(store, here.id, post(store, here, "@everyone", sender_id=name).id)
        assert [claude.id] == [each.target_id for each in found]


def test_a_skipped_recipient_has_a_reason(store: Store, here: Session) -> None:
    """The row has the reason; it is not emitted, because it will not change."""
    codex, claude = terminal(store), terminal(store, "claude")
    ask = PostMessage("done", sender_id=codex.id)
    rests = {claude.id: RestState.BUSY}
    job = Job(messages.post_message, (here.id, ask, rests))
    store.transact_group([job])
    _, one = job.outcome().deliveries
    assert (DeliveryState.SKIPPED, Reason.BUSY, False, "The program is busy.") == (
        one.state,
        one.reason,
        one.delivered,
        one.error,
    )
    assert [] == [e for e in job.envelopes if isinstance(e.event, DeliveryUpdated)]
    rests = {claude.id: RestState.IDLE}
    _, one = store.transact(messages.post_message, here.id, ask, rests).deliveries
    assert DeliveryState.QUEUED is one.state


def test_a_linked_chat(store: Store) -> None:
    """A person's message is raw; what was typed already is skipped, and has arrived."""
    codex = create(store, "codex")
    chat = look(store, codex.linked_chat_id)
    one = sent(store, chat, "ls", sender_id="@ada")
    assert ("linked-chat", DeliveryKind.RAW, codex.id) == (
        one.adapter,
        one.kind,
        one.target_id,
    )
    direct = sent(store, chat, "ls", meta={"source": "terminal_direct"})
    assert (DeliveryState.SKIPPED, True, None) == (
        direct.state,
        direct.delivered,
        direct.error,
    )
    patch(store, codex.id, auto_forward_chat=False)
    assert DeliveryKind.LINE is sent(store, chat, "ls").kind
    assert DeliveryKind.LINE is sent(store, chat, "ls", role="assistant").kind
    assert () == of(store, chat.id, post(store, chat, sender_id="@codex").id)


def test_a_target(store: Store, here: Session) -> None:
    """By alias in this room or by handle in any; an unknown name is recorded."""
    other = create(store, "other")
    assert other.id == sent(store, here, "x", target="@OTHER").target_id
    nobody = sent(store, here, "x", target="@nobody")
    assert (
        "@nobody",
        DeliveryState.SKIPPED,
        "No member of the room has that name.",
    ) == (
        nobody.target_id,
        nobody.state,
        nobody.error,
    )


def test_a_target_that_is_a_channel(store: Store, here: Session) -> None:
    """The channel receives it; the ledger records that it does not track channels."""
    store.transact(channels.register, RegisterChannel("@bridge", 8789))
    emitted = sent(store, here, "x", target="@Bridge")
    assert ("mcp-channel", DeliveryState.SKIPPED, Reason.CHANNEL) == (
        emitted.adapter,
        emitted.state,
        emitted.reason,
    )
    assert not emitted.delivered


def test_left_and_archived_participants_are_no_recipients(
    store: Store, here: Session
) -> None:
    """A participant that left, and one that is archived."""
    codex, claude = terminal(store), terminal(store, "claude")
    ask = RemoveParticipant(session_id=codex.id)
    store.transact(participants.remove_participant, here.id, ask)
    assert claude.id == sent(store, here, "all").target_id
    patch(store, claude.id, archived=True)
    assert () == of(store, here.id, post(store, here, "all").id)


def test_a_handle_is_looked_up_when_it_is_posted(store: Store, here: Session) -> None:
    """Not when the participant joined."""
    codex = terminal(store)
    store.transact(sessions.set_handle, codex.id, SetHandle("@new"))
    assert codex.id == sent(store, here, "@new hi").target_id


def test_every_step_is_recorded(store: Store, here: Session) -> None:
    """With its time, reason and offset; and emitted after it."""
    one = sent(store, here)
    assert store.transact(deliveries.begin, one.id)
    held = take(store, one, WITHHELD)
    assert (False, "A dialog is open in the terminal.", 3) == (
        held.delivered,
        held.error,
        held.offset,
    )
    sent_ = take(store, one, TYPED, SUBMITTED)
    assert (True, None, 5) == (sent_.delivered, sent_.error, sent_.offset)
    done = take(store, one, REACTED)
    assert ["queued", "withheld", "typed", "submitted", "reacted"] == states(done)
    assert [None, 3, 5, None, 9] == [each.offset for each in done.transitions]
    assert [None, "dialog", None, None, None] == [e.reason for e in done.transitions]
    assert (done,) == of(store, here.id, one.message_id)
    assert [] == store.read(deliveries.waiting)


def test_to_be_withheld_again_is_no_step(store: Store, here: Session) -> None:
    """For the same reason. For another reason it is."""
    one = take(store, sent(store, here), WITHHELD)
    assert [] == events_of(store, deliveries.advance, one.id, WITHHELD)
    other = attrs.evolve(WITHHELD, reason=Reason.DRAFT)
    emitted = events_of(store, deliveries.advance, one.id, other)
    updated = [DeliveryUpdated, DeliveryUpdated]
    assert [RunEventCreated, *updated] == [type(each) for each in emitted]


@pytest.mark.parametrize("state", sorted(set(DeliveryState) - PENDING - UNDER_WAY))
def test_an_ended_delivery_takes_no_step(
    store: Store, here: Session, state: DeliveryState
) -> None:
    """Nor can its typing begin again."""
    one = take(store, sent(store, here), LedgerStep(state, Reason.NO_REACTION))
    assert one == take(store, one, REACTED)
    assert not store.transact(deliveries.begin, one.id)


def test_a_reaction_marks_it_read(store: Store, here: Session) -> None:
    """By the terminal, and the receipt is emitted to the room."""
    one = sent(store, here)
    take(store, one, TYPED, SUBMITTED)
    assert {} == store.read(participants.all_reads, here.id)
    emitted = events_of(store, deliveries.advance, one.id, REACTED)
    recorded, *others = [type(each) for each in emitted]
    assert RunEventCreated is recorded
    assert [DeliveryUpdated, DeliveryUpdated, MessageRead] == others
    (read,) = store.read(participants.list_reads, here.id, one.message_id)
    assert terminal(store).id == read.session_id


@pytest.mark.parametrize("state", DeliveryState)
def test_a_reply_acknowledges(
    store: Store, here: Session, state: DeliveryState
) -> None:
    """By the recipient; and only what was typed, or was going to be."""
    one = sent(store, here)
    if state is not DeliveryState.QUEUED:
        one = take(store, one, LedgerStep(state))
    for sender in ("@claude", "@ada", None):
        post(store, here, sender_id=sender, reply_to=one.message_id)
        assert (one,) == of(store, here.id, one.message_id)
    post(store, here, "yes", sender_id="@CODEX", reply_to=one.message_id)
    (after,) = of(store, here.id, one.message_id)
    is_acked = state in PENDING | ARRIVED
    assert is_acked == (after.state is DeliveryState.ACKED)
    if is_acked and state is not DeliveryState.ACKED:
        assert (Reason.REPLY, True, None) == (
            after.reason,
            after.delivered,
            after.error,
        )
        (read,) = store.read(participants.list_reads, here.id, one.message_id)
        assert terminal(store).id == read.session_id
    assert after == take(store, after, REACTED) or state in UNDER_WAY


def test_a_receipt_of_its_own_acknowledges(store: Store, here: Session) -> None:
    """By the recipient. A receipt of another session does not."""
    one = take(store, sent(store, here), TYPED, SUBMITTED)
    for who in ("claude", "codex"):
        ask = MarkRead(terminal(store, who).id)
        reads = store.transact(deliveries.mark_read, here.id, one.message_id, ask)
        (after,) = of(store, here.id, one.message_id)
        assert (who == "codex") == (after.state is DeliveryState.ACKED)
    assert Reason.READ is after.reason
    assert 2 == len(reads)


def test_a_restart_confirms_nothing(store: Store, here: Session) -> None:
    """A delivery that had begun may have been typed; any other one still waits."""
    waits, begun, typed, done = (sent(store, here) for _ in range(4))
    store.transact(deliveries.begin, begun.id)
    take(store, typed, TYPED, SUBMITTED)
    done = take(store, done, TYPED, SUBMITTED, REACTED)
    withheld = sent(store, here)
    store.transact(deliveries.begin, withheld.id)
    withheld = take(store, withheld, WITHHELD)  # So nothing of it was typed.
    for _ in range(2):
        store.transact(deliveries.recover)
        records = store.read(deliveries.list_deliveries, here.id, ListDeliveries())
        by_id = {each.id: each for each in records}
        assert [waits, done, withheld] == [
            by_id[each.id] for each in (waits, done, withheld)
        ]
        for each in (begun, typed):
            assert (DeliveryState.UNCONFIRMED, Reason.SERVER_RESTARTED) == (
                by_id[each.id].state,
                by_id[each.id].reason,
            )


def test_the_oldest_goes_first(store: Store, here: Session) -> None:
    """With all that the text to type needs."""
    codex = terminal(store)
    parent = post(store, here, "which one?", sender_id="@claude")
    one = sent(store, here, "@codex that", sender_id="ada", reply_to=parent.id)
    sent(store, here)
    found = store.read(deliveries.next_message, codex.id)
    assert found is not None
    record, typed_message = found
    assert one == record
    assert ("@codex that", "ada", True, ("@claude", "which one?"), here.name) == (
        typed_message.content,
        typed_message.sender,
        typed_message.is_named,
        typed_message.parent,
        typed_message.room_name,
    )
    take(store, one, REACTED)
    following = store.read(deliveries.next_message, codex.id)
    assert following is not None
    assert following[0].id != one.id
    assert store.read(deliveries.next_message, NOBODY) is None


def test_a_full_queue_gives_up_the_next(
    store: Store, here: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At once, and emitted; deliveries that wait are not affected."""
    monkeypatch.setattr(deliveries, "QUEUE", 1)
    first, second = sent(store, here), sent(store, here)
    assert (DeliveryState.QUEUED, DeliveryState.DEAD, Reason.QUEUE_FULL) == (
        first.state,
        second.state,
        second.reason,
    )
    counts = store.read(deliveries.counts)
    assert {"dead": 1, "queued": 1, "submitted": 0, "typed": 0, "withheld": 0} == counts
    take(store, first, REACTED)
    assert DeliveryState.QUEUED is sent(store, here).state


def test_deliveries_are_removed_with_what_they_belong_to(
    store: Store, here: Session
) -> None:
    """With the message, the terminal or the room."""
    one, two, three = (sent(store, here) for _ in range(3))
    store.transact(messages.delete_message, here.id, one.message_id)
    assert store.transact(deliveries.advance, one.id, REACTED) is None
    assert not store.transact(deliveries.begin, one.id)
    with pytest.raises(NotFound):
        of(store, here.id, one.message_id)
    store.transact(sessions.remove_sessions, [terminal(store).id])
    assert () == of(store, here.id, two.message_id)
    claude = sent(store, here, "@claude")
    store.transact(sessions.remove_sessions, [here.id])
    assert store.transact(deliveries.advance, claude.id, REACTED) is None
    assert three.id != claude.id


def test_pages(store: Store, here: Session) -> None:
    """Of a terminal or of a room, by id, by time and by state."""
    codex, claude = terminal(store), terminal(store, "claude")
    five = [sent(store, here, f"@codex {n}") for n in range(5)]
    other = sent(store, here, "@claude")
    take(store, five[1], REACTED)

    def page(who: SessionId, **ask: Any) -> str:
        found = store.read(deliveries.list_deliveries, who, ListDeliveries(**ask))
        ids = [each.id for each in (*five, other)]
        return "".join(str(ids.index(each.id)) for each in found)

    assert ["01234", "012345", "5"] == [page(e.id) for e in (codex, here, claude)]
    assert "34" == page(codex.id, limit=2)
    assert "12" == page(codex.id, limit=2, since=five[0].id)
    assert "12" == page(codex.id, limit=2, before=five[3].id)
    assert "1" == page(codex.id, state="reacted")
    assert "0234" == page(codex.id, state="queued")
    assert "12" == page(codex.id, limit=2, since=clock.stamp(five[0].created_at))
    assert "01234" == page(codex.id, since="1m")
    assert "" == page(codex.id, before="1m")
    with pytest.raises(Invalid, match=r"at \$\.since"):
        page(codex.id, since="nobody")
    with pytest.raises(NotFound):
        page(NOBODY)


def test_each_step_is_in_the_chain_of_its_terminal(store: Store, here: Session) -> None:
    """It stays there when the message is deleted, without any content of it."""
    one = sent(store, here, "@codex open sesame", sender_id="@claude")
    take(store, one, TYPED, SUBMITTED)
    take(store, one, REACTED)
    store.transact(messages.delete_message, here.id, one.message_id)
    page = store.read(log.list_run_events, SessionId(one.target_id), ListRunEvents())
    assert [
        "queued: message from @claude",
        "typed: message from @claude",
        "submitted: message from @claude",
        "reacted: message from @claude",
    ] == [event.text for event in page.events]
    assert [None, 5, None, 9] == [event.end for event in page.events]
    ref = {"delivery_id": one.id, "message_id": one.message_id}
    assert [ref] * 4 == [event.raw_ref for event in page.events]
    assert "sesame" not in str(page)
    assert () == store.read(log.list_run_events, here.id, ListRunEvents()).events


def test_a_post_to_a_terminal_itself_is_told(store: Store) -> None:
    """It is typed nowhere, and the answer names the way."""
    codex = create(store, "codex")
    post_it = messages.post_message, codex.id
    (_, row) = store.transact(*post_it, PostMessage("hi")).deliveries
    assert (codex.id, "skipped", "not_a_room") == (row.target_id, row.state, row.reason)
    assert "linked chat" in row.error
    (_,) = store.transact(*post_it, PostMessage("x", msg_type="title")).deliveries
    (_, row) = store.transact(*post_it, PostMessage("x", target="@codex")).deliveries
    assert "queued" == row.state
