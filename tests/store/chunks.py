"""Read a transcript as it is stored."""

from ant.model.transcript import Chunk
from ant.store import Unit
from ant.store.tables.statement import ALL


def chunks_of(unit: Unit, session_id: str) -> list[Chunk]:
    """Every stored chunk of a session, oldest first."""
    return unit.transcripts.read(session_id, 0, ALL, ALL)
