"""What happened, to read afterwards: the digest of a room."""

from ant import rooms
from ant.digest import Digest, digest
from ant.http.endpoint import endpoint
from ant.model import SessionId
from ant.system import System


@endpoint("GET", "/api/sessions/<session_id>/digest", inactive=True, token="room")
async def get_digest(system: System, session_id: SessionId) -> Digest:
    """A room in figures, words and sentences of its own, each with its message's id.

    The newest 5,000 messages are read; cards and notices are left out.
    """
    return digest(session_id, await system.journal.study(rooms.recent, session_id))
