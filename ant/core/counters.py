"""The bounds of a server, the policy of each, and how often each was reached.

The counts start with the process. There is no lock: only the thread of the event loop
counts. `python -m ant.core.counters` prints `docs/limits.md`; `make docs` writes it.
"""

import sys
from enum import Enum


class Limit(Enum):
    """A bound, by the name it has in `/api/health`, and its policy."""

    BODY = "A body of over 10 MiB is refused with 413 while it is being sent."
    HEAD = "A request head of over 16 KiB is refused with 431."
    FRAME = "A /ws frame of over 1 MiB is dropped with an error; the socket lives."
    INPUT_SIZE = "An input of over 1 MiB is refused with 413; nothing is typed."
    INPUT_QUEUE = (
        "While 64 inputs or 4 MiB wait for a program that does not read, the next is "
        "refused with 429; nothing of it is typed."
    )
    REPLY = (
        "A terminal's answer to a program's query is dropped, and acknowledged with "
        "`dropped`, unless it comes from who last set the size."
    )
    SESSIONS = "Beyond the cap of running sessions a start is refused with 429."
    TERMINALS = (
        "When the system has no terminal, process or descriptor left for one, a start "
        "is a 429."
    )
    CONNECTIONS = (
        "Beyond the connections that the limit of descriptors allows, the oldest idle "
        "one that showed no credentials is closed, else one between two requests; "
        "where none is, the new one is refused with 503."
    )
    SYSTEM = (
        "A task that met an error of the system (no descriptor, disk or memory left) "
        "goes on after a pause; `degraded_tasks` names it."
    )
    JOINS = "A socket that has joined 1,000 sessions may join no other: 429."
    OUTBOX = "While 256 answers wait for a socket, its commands are not read."
    SILENT = (
        "A socket that says nothing for 18 s, not even a pong, is closed with 4408."
    )
    STALLED = "A connection that takes nothing for 15 s is cut."
    EVENT_GAP = "Events that a client missed and the log no longer has: it is told."
    OUTPUT_GAP = "Bytes that do not exist any more, or are skipped: a socket is told."
    TAIL = "While 4 MiB of a session are not stored or looked at, its PTY is not read."
    SPOOL = (
        "Bytes of tmux sessions that were dropped: 256 MiB of one waited in its spool "
        "already, or the disk was full. Its transcript has a gap."
    )
    LANES = (
        "While 16 reads of a slow kind wait (searches, scans, reports), or 4 of one "
        "caller, the next is refused with 429."
    )
    WRITES = "While 256 pieces of work wait for the database, the next waits outside."
    PROMPTS = (
        "While 16 answered prompts of a session wait for the database, the next answer "
        "is refused with 429; what came and went unanswered meanwhile is dropped."
    )
    DELIVERIES = "While 256 messages wait for a terminal, the next is given up at once."
    HOPS = (
        "A message of a program that is over ANT_MAX_HOPS answers away from a person's "
        "word is stored and brought to nobody."
    )
    ROOM_POSTS = (
        "Beyond ANT_ROOM_POSTS_PER_MINUTE the next post of a token to others is a 429."
    )
    TOKEN_BODY = (
        "A body of a token over ANT_TOKEN_BODY_MAX, or a hook's over 1 MiB, is a 413."
    )
    TOKEN_QUOTA = (
        "Beyond ANT_TOKEN_BYTES_PER_MINUTE or ANT_TOKEN_REQUESTS_PER_MINUTE of a "
        "terminal the next request of its token that writes is a 429."
    )
    TRAIL = (
        "While 256 facts of a session wait for its bytes to be stored, the oldest go; "
        "the chain says how many."
    )
    WEBHOOKS = "While 64 posts wait for webhooks, the next is dropped and logged."
    CHANNELS = (
        "While 64 messages wait for a local channel, the next is dropped and logged; "
        "so are those that came while 1,024 other events did."
    )
    SEARCH = (
        "A search looks through 256 Mi characters and then ends: `complete` is false."
    )
    TRANSCRIPT = "Bytes of transcripts over their size: the oldest of a session went."
    EVENT_LOG = "Events over the log's length or age: the oldest went."


_counts = dict.fromkeys(Limit, 0)


def increment(limit: Limit, times: int = 1) -> None:
    """Count that a bound was reached, `times` times."""
    _counts[limit] += times


def counted(limit: Limit) -> int:
    """How often a bound was reached."""
    return _counts[limit]


_PAGE = """\
# Limits

What ANT does at each of its bounds. `/api/health` counts under these names how often a
bound was reached since the server started.

This page is generated from `ant/core/counters.py`: change it there and run `make docs`.

| Name | Policy |
|---|---|
"""


def limits_page() -> str:
    """The text of `docs/limits.md`."""
    rows = (f"| `{each.name.lower()}` | {each.value} |\n" for each in Limit)
    return _PAGE + "".join(rows)


if __name__ == "__main__":
    sys.stdout.write(limits_page())
