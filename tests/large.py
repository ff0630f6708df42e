"""A database with much in it, made in a moment: rows by SQL, and not by rules.

One terminal and its linked chat have all: `scale` 1 is some hundreds of rows of each
kind, 10 some thousands, and tens of megabytes. `KEEPING` is how many rows of a session
are in tables that have one row of it, or few.
"""

from collections.abc import Iterable
from typing import Any

from ant.api import codec
from ant.core import clock
from ant.history import lines
from ant.model.events import SessionsChanged
from ant.model.sessions import Session, SessionId
from ant.store import Store, Unit
from ant.store.tables.sessions import database

KEEPING = 16
LETTERS = "the quick brown fox must decide about the lazy dog because it failed. "


def fill(store: Store, terminal: Session, scale: int) -> None:
    """Give a terminal and its chat so much of everything."""
    store.transact(_fill, terminal, scale)


def _fill(unit: Unit, terminal: Session, scale: int) -> None:
    ident, chat = terminal.id, str(terminal.linked_chat_id)
    many, at = 200 * scale, clock.stamp(unit.now)
    chunk = (LETTERS * 900)[: 60 << 10].replace(". ", ".\r\n").encode()
    _add("chunks", _rows(20 * scale, ident, at, lambda n: (n * len(chunk), chunk)))
    size = 20 * scale * len(chunk)
    database.execute_sql(
        "UPDATE terminals SET stored = ?, kept = ?, reserved = ? WHERE session_id = ?",
        (size, size, size + (4 << 20), ident),
    )
    database.execute_sql(
        "INSERT OR REPLACE INTO keyframes VALUES (?, ?, 80, 24, ?)",
        (ident, size - 4096, b"hello"),
    )
    database.execute_sql(
        "INSERT OR REPLACE INTO line_runs VALUES (?, 0, 80, 24)", (ident,)
    )
    for room in (ident, chat):
        prose = LETTERS * 8
        for number in range(many):
            text = prose if number % 50 else LETTERS * 2700
            row = (f"{room}-{number}", room, text, f"2026-05-{stamp(number)}")
            database.execute_sql(
                "INSERT INTO messages (id, session_id, role, content, format, status, "
                "msg_type, meta, created_at, sender_id) VALUES "
                "(?, ?, 'user', ?, 'text', 'complete', 'message', '{}', ?, 'ada')",
                row,
            )
    _many(
        "reads (message_id, session_id, read_at)",
        ((f"{chat}-{n % 20}", f"reader-{n}", at) for n in range(many * 2)),
    )
    _many(
        "posters",
        ((chat, f"stranger-{n}" * 9, at, at, 1) for n in range(many)),
    )
    _many("posters", [(ident, "ada", at, at, 1)])
    body = LETTERS * 40
    _many(
        "run_events (session_id, n, at, source, trust, kind, text, payload, start, "
        '"end", hash)',
        (
            (
                ident,
                n,
                at,
                *("terminal", "high", "command_block"),
                body,
                "{}",
                n * 10,
                n * 10 + 9,
                "h",
            )
            for n in range(1, many + 1)
        ),
    )
    _many(
        'terminal_events (session_id, "offset", at, kind, data)',
        (
            (ident, n, at, "title", codec.dumps({"t": body}).decode())
            for n in range(many)
        ),
    )
    _many(
        'sightings (session_id, "offset", at, cols, rows, quiet_ms, kind, rule)',
        ((ident, n * 100, at, 80, 24, 0, "busy", "none") for n in range(many)),
    )
    for room in (ident, chat):
        _many(
            "tasks (id, session_id, title, description, status, file_refs, created_at,"
            " updated_at)",
            (
                (f"t-{room}-{n}", room, "do", body, "proposed", "[]", at, at)
                for n in range(many)
            ),
        )
        _many(
            "file_refs (id, session_id, file_path, note, created_at)",
            ((f"f-{room}-{n}", room, "/a", body, at) for n in range(many)),
        )
    others = [f"{chat}-room-{n}" for n in range(many)]
    _many(
        "sessions (id, name, type, ttl, meta, created_at, updated_at)",
        (
            (other, other, "chat", "15m", codec.dumps({"m": body}).decode(), at, at)
            for other in others
        ),
    )
    for room in (ident, chat):
        _many(
            "links (id, source_room_id, target_room_id, relationship, created_at, "
            "settings)",
            (
                (
                    f"{room}{other}",
                    room,
                    other,
                    "discussion_of",
                    at,
                    codec.dumps({"s": body}).decode(),
                )
                for other in others
            ),
        )
        _many(
            "links (id, source_room_id, target_room_id, relationship, created_at, "
            "settings)",
            (
                (f"{other}{room}", other, room, "spawned_from", at, "{}")
                for other in others[:20]
            ),
        )
        _many(
            "members (room_id, session_id, role, joined_at)",
            ((room, other, "participant", at) for other in others),
        )
        _many(
            "members (room_id, session_id, role, joined_at)",
            ((other, room, "participant", at) for other in others[:20]),
        )
        _many(
            "person_members (room_id, name, handle, role, joined_at)",
            ((room, f"@p{n}", f"@p{n}", "participant", at) for n in range(many)),
        )
    steps = codec.dumps([{"state": "queued", "reason": None, "at": at, "offset": None}])
    for room, target in ((chat, ident), (ident, ident), (chat, None)):
        _many(
            "deliveries (id, message_id, room_id, session_id, target, adapter, kind, "
            "route, state, created_at, updated_at, transitions)",
            (
                (
                    f"d-{room}-{target}-{n}",
                    f"{room}-{n % many}",
                    room,
                    target,
                    ident,
                    "terminal",
                    "line",
                    "all",
                    "reacted",
                    at,
                    at,
                    steps.decode() * 1,
                )
                for n in range(many)
            ),
        )
    tag = codec.event_tag(SessionsChanged(None))
    told = (SessionId(body[:2000]),)
    for room in (ident, chat):
        _many(
            "events (at, session_id, type, body)",
            (
                (
                    at,
                    room,
                    tag,
                    codec.dump_event(SessionsChanged(SessionId(room), told)),
                )
                for _ in range(many)
            ),
        )
    _many(
        "line_texts (id, spans, text)",
        ((_line_id(ident, n), b"", LETTERS * 50) for n in range(many)),
    )
    _many(
        "line_blocks (id, session_id, state, first, count, start, stop, since, until)",
        (
            (_line_id(ident, n), ident, 3, n, 0, n * 9, n * 9 + 9, 0, 1)
            for n in range(many)
        ),
    )
    _prompts(ident, at, body, many)
    _many(
        "prompt_notices (message_id, room_id, prompt_id)",
        ((f"{ident}-{n}", ident, f"p-{ident}-{n}") for n in range(many)),
    )
    _many(
        "access_tokens (id, digest, kind, label, scopes, session_id, created_at)",
        (
            (f"t-{ident}-{n}", f"{ident}-{n}".encode(), "token", "", "view", ident, at)
            for n in range(many)
        ),
    )
    done = lines.render(unit, terminal.id)
    assert done is not None
    lines.store_rendered(unit, done)


def _line_id(ident: str, number: int) -> int:
    return -(sum(ident.encode()) * 1_000_000 + number)


def _prompts(ident: str, at: str, body: str, many: int) -> None:
    _many(
        "prompts (id, session_id, run, status, kind, class, form, question, summary, "
        'options, fingerprint, rule, text, start, "end", detected_at, targets, '
        "delivered_to)",
        (
            (
                f"p-{ident}-{n}",
                ident,
                "run",
                "discarded",
                "dialog",
                "permission_request",
                "menu",
                "Proceed?",
                "Proceed?",
                "[]",
                "f",
                "menu",
                body,
                n,
                n + 1,
                at,
                "[]",
                "[]",
            )
            for n in range(many)
        ),
    )


def stamp(number: int) -> str:
    """The later the larger, within May."""
    hours, rest = divmod(number, 3600)
    return (
        f"{1 + hours // 24:02}T{hours % 24:02}:{rest // 60:02}:{rest % 60:02}.000000Z"
    )


def _rows(count: int, ident: str, at: str, make: Any) -> Iterable[tuple[Any, ...]]:
    for number in range(count):
        offset, data = make(number)
        yield ident, offset, len(data), at, data


def _add(table: str, rows: Iterable[tuple[Any, ...]]) -> None:
    _many(f'{table} (session_id, "offset", size, at, data)', rows)


def _many(into: str, rows: Iterable[tuple[Any, ...]]) -> None:
    values = list(rows)
    places = ", ".join("?" * len(values[0]))
    sql = f"INSERT INTO {into} VALUES ({places})"
    database.connection().executemany(sql, values)


def rows_of(session_id: str) -> dict[tuple[str, bool], int]:
    """Rows that name a session, by column and by whether they outlive it."""
    found: dict[tuple[str, bool], int] = {}
    tables = database.execute_sql(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%fts5%'"
    )
    for (table,) in tables.fetchall():
        columns = database.execute_sql(f"SELECT name FROM pragma_table_info('{table}')")
        for (column,) in columns.fetchall():
            if not (column.endswith(("session_id", "room_id"))):
                continue
            if table == "reads":
                continue  # A reader is a name; its message goes with the room.
            outlives = table in ("events", "run_events")
            count = database.execute_sql(
                f"SELECT COUNT(*) FROM {table} WHERE {column} = ?", (session_id,)
            ).fetchone()[0]
            key = f"{table}.{column}", outlives
            found[key] = count
    return found
