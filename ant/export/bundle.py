"""A session as data: all its rows, its chain of events, and where asked its bytes.

It is made in pieces, so that a long transcript is never in memory as a whole. What
`verifying` can check of it without a server is in the chain: see there.
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
"""As many as are kept."""

_PAGE = 500


def pieces(
    unit: Unit, told: SessionDocument, chunks: Iterable[Chunk] | None
) -> Iterator[bytes]:
    """The bundle, piece by piece; with the transcript's `chunks`, if they are given.

    `chain` says how many events there are, the number of the first and the hash of the
    last; `bytes` how far the transcript goes.
    """
    session = told.session
    yield _opened(
        format=FORMAT,
        version=VERSION,
        exported_at=unit.now,
        session=session,
        tasks=told.tasks,
        file_refs=told.file_refs,
        prompts=told.prompts,
        terminal_events=unit.terminal_events.page(session.id, TERMINAL_EVENTS),
        transcript=told.transcript,
    )
    yield b',"messages":['
    for number, message in enumerate(told.messages):
        yield b"," * (number > 0) + b"\n" + codec.dumps(message)
    yield b"]"
    yield from _chain(unit, session)
    yield from _bytes(session, chunks)
    yield b"}\n"


def _opened(**fields: object) -> bytes:
    """An object with these fields that is still open."""
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
    yield b',"bytes":' + _opened(**extent)
    if chunks is None:
        yield b',"sha256":null,"chunks":null}'
        return
    yield b',"chunks":['
    whole, between = hashlib.sha256(), b"\n"
    for chunk in chunks:
        whole.update(chunk.data)
        data = base64.b64encode(chunk.data).decode()
        body = {"offset": chunk.offset, "at": chunk.at, "data_b64": data}
        yield between + codec.dumps(body)
        between = b",\n"
    yield b'],"sha256":' + codec.dumps(whole.hexdigest()) + b"}"
