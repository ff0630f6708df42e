"""How tests of rules ask: a rule, a database, and what it told; no event loop."""

from collections.abc import Iterable
from typing import Any

from ant.api import codec
from ant.api.message_requests import PostMessage
from ant.api.room_requests import AddParticipant
from ant.api.session_requests import CreateSession, PatchSession
from ant.messages import messages
from ant.model.events import Event
from ant.model.messages import Found, Message
from ant.model.sessions import Session, SessionId, SessionType
from ant.rooms import participants
from ant.sessions import removal, sessions
from ant.store import EncodedMessage, Job, RemovalProgress, Store

AT = "2026-05-17T12:00:00.000000Z"
NOBODY = SessionId("nobody")


def create(store: Store, name: str = "one", **fields: Any) -> Session:
    """A session by the rule; a terminal unless it is said otherwise."""
    program = fields.pop("program", None)
    ask = CreateSession(**{"name": name, "type": SessionType.TERMINAL, **fields})
    return store.transact(sessions.create_session, ask, program)


def room(store: Store, name: str = "room", **fields: Any) -> Session:
    """A chat by the rule."""
    return create(store, name, type=SessionType.CHAT, **fields)


def decoded(messages: Iterable[EncodedMessage]) -> list[Message]:
    """The messages of a page."""
    return [codec.read_data(codec.loads(each.json), Message) for each in messages]


def decoded_found(results: Iterable[bytes]) -> list[Found]:
    """The results of a search."""
    return [codec.read_data(codec.loads(each), Found) for each in results]


def look(store: Store, session_id: str | None) -> Session:
    """The row as it is now."""
    return store.read(sessions.get_session, SessionId(session_id or ""))


def patch(store: Store, session_id: str | None, **fields: Any) -> Session:
    """Change a session by the rule."""
    ask = PatchSession(**fields)
    work = sessions.patch_session
    return store.transact(work, SessionId(session_id or ""), ask)[0]


def post(store: Store, here: Session, content: str = "hello", **fields: Any) -> Message:
    """Post by the rule; the row."""
    ask = PostMessage(**{"content": content, **fields})
    return store.transact(messages.post_message, here.id, ask).message


def join(store: Store, here: Session, **fields: Any) -> None:
    """Add a member by the rule."""
    store.transact(participants.add_participant, here.id, AddParticipant(**fields))


def taken_apart(store: Store) -> None:
    """Take all rows of what is removed away, as the remover does."""
    progress: RemovalProgress | None = RemovalProgress()
    while progress is not None:
        progress = store.transact(removal.remove_slice, progress)


def events_of(store: Store, work: Any, *args: Any) -> list[Event]:
    """What a rule told, in order."""
    job = Job(work, args)
    store.transact_group([job])
    job.outcome()
    return [envelope.event for envelope in job.envelopes]
