"""The evidence bundle: the rows of a session, its chain of events, and its bytes.

A bundle is made in pieces, so that a long transcript is never in memory as a whole.
`ant.export.verify` checks the chain without a server.
"""

import base64
import hashlib
from collections.abc import Iterable, Iterator

from ant.api import codec
from ant.export.documents import SessionDocument
from ant.model.sessions import Session
from ant.model.transcript import Chunk
from ant.store import Unit

FORMAT = "ant-evidence"

VERSION = 1

TERMINAL_EVENTS = 5000
"""Terminal events in a bundle: as many as ANT keeps."""

_PAGE = 500


def pieces(
    unit: Unit, document: SessionDocument, chunks: Iterable[Chunk] | None
) -> Iterator[bytes]:
    """Yield a bundle in pieces; with the bytes of the transcript, if `chunks` is given.

    `chain` has the number of events, the number of the first one, and the hash of the
    last. `bytes` has the extent of the transcript and the gaps between its chunks.
    """
    session = document.session
    yield _open_object(
        format=FORMAT,
        version=VERSION,
        exported_at=unit.now,
        session=session,
        tasks=document.tasks,
        file_refs=document.file_refs,
        prompts=document.prompts,
        terminal_events=unit.terminal_events.page(session.id, TERMINAL_EVENTS),
        transcript=document.transcript,
    )
    yield b',"messages":['
    for number, message in enumerate(document.messages):
        yield b"," * (number > 0) + b"\n" + codec.dumps(message)
    yield b"]"
    yield from _chain(unit, session)
    yield from _bytes(session, chunks)
    yield b"}\n"


def _open_object(**fields: object) -> bytes:
    """Return an object with these fields as JSON, without its closing brace."""
    return codec.dumps(fields).removesuffix(b"}")


def _chain(unit: Unit, session: Session) -> Iterator[bytes]:
    yield b',"run_events":['
    count, first, last, head = 0, None, 0, None
    while events := unit.run_events.following(session.id, last, _PAGE):
        for event in events:
            yield b"," * (count > 0) + b"\n" + codec.dumps(event)
            count += 1
            first = event.n if first is None else first
            last, head = event.n, event.hash
    yield b'],"chain":' + codec.dumps({"count": count, "first": first, "head": head})


def _bytes(session: Session, chunks: Iterable[Chunk] | None) -> Iterator[bytes]:
    if session.terminal is None:
        yield b',"bytes":null'
        return
    extent = {"oldest": session.terminal.oldest, "end": session.terminal.end}
    yield b',"bytes":' + _open_object(**extent)
    if chunks is None:
        yield b',"sha256":null,"chunks":null}'
        return
    yield b',"chunks":['
    whole, between = hashlib.sha256(), b"\n"
    gaps, at = list[tuple[int, int]](), extent["oldest"]
    for chunk in chunks:
        whole.update(chunk.data)
        if chunk.offset > at:
            gaps.append((at, chunk.offset))
        at = chunk.offset + len(chunk.data)
        data = base64.b64encode(chunk.data).decode()
        body = {"offset": chunk.offset, "at": chunk.at, "data_b64": data}
        yield between + codec.dumps(body)
        between = b",\n"
    if at < extent["end"]:
        gaps.append((at, extent["end"]))
    ends = {"gaps": gaps, "sha256": whole.hexdigest()}
    yield b"]," + codec.dumps(ends).removeprefix(b"{")
