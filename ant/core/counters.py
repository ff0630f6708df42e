"""The bounds of a server, the policy of each, and how often each was reached.

The counts start with the process. There is no lock: only the thread of the event loop
counts. `python -m ant.core.counters` prints `docs/limits.md`; `make docs` writes it.
"""

import sys
from enum import Enum


class Limit(Enum):
    """A bound: its name in `/api/health`, in capitals, and its policy."""

    BODY = "ANT refuses a body over 10 MiB with 413, while the client sends it."
    HEAD = "ANT refuses a request head over 16 KiB with 431."
    FRAME = (
        "ANT drops a /ws frame over 1 MiB and sends an error; the socket stays open."
    )
    INPUT_SIZE = "ANT refuses an input over 1 MiB with 413 and types nothing of it."
    INPUT_QUEUE = (
        "While 64 inputs or 4 MiB wait for a program that does not read, ANT refuses "
        "the next input with 429 and types nothing of it."
    )
    REPLY = (
        "ANT drops a terminal's answer to a query of a program, and acknowledges it "
        "with `dropped`, unless the socket that owns the size sends it."
    )
    SESSIONS = "Beyond ANT_MAX_ACTIVE_SESSIONS ANT refuses a start with 429."
    TERMINALS = (
        "While the system has no terminal, process or descriptor left for one more, "
        "ANT refuses a start with 429."
    )
    CONNECTIONS = (
        "Beyond the connections that the limit of descriptors allows, ANT closes the "
        "oldest idle connection that showed no credentials, else one between two "
        "requests. If there is neither, it refuses the new connection with 503."
    )
    REFUSALS = (
        "Beyond 100 refused calls (401) of an address in a minute, ANT answers each "
        "further one 1 s later. A call with the right key never waits."
    )
    ACCESS_TOKENS = (
        "While there are 1,000 access tokens and signed-in browsers, ANT refuses the "
        "next one with 429."
    )
    SIGN_IN_CODES = (
        "While 64 sign-in codes wait, the next one takes the place of the oldest."
    )
    SYSTEM = (
        "A task that meets a system error (no descriptor, disk space or memory is "
        "left) goes on after a pause; `degraded_tasks` names it."
    )
    WAITS = (
        "While 1,024 requests wait for terminals, or 16 of one token, ANT refuses the "
        "next with 429."
    )
    JOINS = "ANT refuses to join a socket to more than 1,000 sessions, with 429."
    OUTBOX = "While 256 answers wait for a socket, ANT does not read its commands."
    SILENT = (
        "ANT closes a socket that sends nothing for 18 s, not even a pong, with 4408."
    )
    STALLED = "ANT cuts a connection that takes no byte for 15 s."
    EVENT_GAP = "A client missed events that the log no longer has; ANT sends it a gap."
    OUTPUT_GAP = (
        "A client missed output that no longer exists or is skipped; ANT sends it a "
        "gap."
    )
    TAIL = (
        "While 4 MiB of a session's output are not stored or not processed, ANT does "
        "not read its PTY."
    )
    SPOOL = (
        "Dropped bytes of tmux sessions: 256 MiB of one waited in its spool already, "
        "or the disk was full. The transcript has a gap."
    )
    LANES = (
        "While 16 slow reads of a kind wait (searches, scans, reports), or 4 of one "
        "caller, ANT refuses the next with 429."
    )
    WRITES = (
        "While 256 pieces of work wait for the database, the next one waits outside "
        "the queue."
    )
    PROMPTS = (
        "While 16 answered prompts of a session wait for the database, ANT refuses the "
        "next answer with 429 and drops prompts that came and went unanswered."
    )
    HOOKS = (
        "While 1,000 requests of hooks wait for an answer, or 16 of one session, ANT "
        "lets the next go at once; the agent's own dialog asks then."
    )
    DELIVERIES = (
        "While 256 messages wait for a terminal, ANT gives up the next one at once."
    )
    HOPS = (
        "ANT stores a program's message that is over ANT_MAX_HOPS answers away from a "
        "person's message, and delivers it to no terminal."
    )
    ROOM_POSTS = (
        "Beyond ANT_ROOM_POSTS_PER_MINUTE ANT refuses the next post of a token to "
        "others with 429."
    )
    TOKEN_BODY = (
        "ANT refuses a body of a token over ANT_TOKEN_BODY_MAX, or a hook's over "
        "1 MiB, with 413."
    )
    TOKEN_QUOTA = (
        "Beyond ANT_TOKEN_BYTES_PER_MINUTE or ANT_TOKEN_REQUESTS_PER_MINUTE of a "
        "terminal ANT refuses the next writing request of its token with 429."
    )
    TRAIL = (
        "While 256 run events of a session wait for its bytes to be stored, ANT drops "
        "the oldest, and records in the chain how many."
    )
    HOST_EVENTS = (
        "States, titles, sizes and host notifications of a terminal that come faster "
        "than ANT records them (bounds.md): ANT records the newest, and in "
        "`passed_over` how many it stands for."
    )
    WEBHOOKS = "While 64 posts wait for webhooks, ANT drops and logs the next one."
    CHANNELS = (
        "While 64 messages wait for a local channel, ANT drops and logs the next one. "
        "It also drops messages that are followed by 1,024 other events before it "
        "reads them."
    )
    SEARCH = (
        "A search ends after 256 Mi characters; `complete` is false in its response."
    )
    TRANSCRIPT = (
        "Bytes over ANT_TRANSCRIPT_MAX_BYTES: ANT deletes the oldest of the session."
    )
    EVENT_LOG = (
        "Events over ANT_EVENT_LOG_KEEP or ANT_EVENT_LOG_MAX_AGE_DAYS: ANT deletes the "
        "oldest."
    )


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
