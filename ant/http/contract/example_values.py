"""The small world of the examples: its ids, times and texts.

`examples` makes answers and events of it: each field has the value of `CLASSES`, or
follows from its type, or has the value of its name in `VALUES`.
"""

from typing import Any, Final

import attrs

TERMINAL: Final = "Qm3rT8xVbKj1XsWc2hZ4L"
CHAT: Final = "Hn5kPz0uYd7RfGe9aBw6C"
ROOM: Final = "Tj2sDq8oLx4MvNi1yEk3U"
MESSAGE: Final = "b6XfW0gZr9AtJp5cKm7Qh"
PROMPT: Final = "u1YhS3nBv6OeDk8iRl4Fz"
DELIVERY: Final = "x9GwC5tLq2PjZa7mHo0Ns"
TASK: Final = "k4ErV7yTb1UiMc6dXf3Jg"
LINK: Final = "p8OzK2wIn5QsYh0vLa9Bt"
FILE_REF: Final = "e3RuD6jGm9FxTc1qZk7Wp"
TOKEN: Final = "w7LqB2nYd5TzKe8cRo1Hx"
CODE: Final = "4r0JwPz1bD2kV7cYt9sLxQnE8mHaGfUoXyRZ3iKpB5w"
RUN: Final = "s0NbH4fMy8JlPv2gXo6Ea"
AT: Final = "2026-01-31T12:00:00.000000Z"
AT_MS: Final = 1_769_860_800_000
QUESTION: Final = "Do you want to run npm test?"
FINGERPRINT: Final = "9f2c5a41d0b7e38866f1c9d24ab5703e"
HASH: Final = "3b7c" * 16
PREVIOUS_HASH: Final = "a91e" * 16

VALUES: Final[dict[str, Any]] = {
    # Ids.
    "session_id": TERMINAL,
    "sessionId": TERMINAL,
    "terminal_id": TERMINAL,
    "linked_chat_id": CHAT,
    "message_id": MESSAGE,
    "msgId": MESSAGE,
    "messageId": MESSAGE,
    "prompt_id": PROMPT,
    "promptId": PROMPT,
    "task_id": TASK,
    "taskId": TASK,
    "linkId": LINK,
    "token_id": TOKEN,
    "refId": FILE_REF,
    "deliveryId": DELIVERY,
    "targetId": TERMINAL,
    "run": RUN,
    "readerId": TERMINAL,
    "source_room_id": ROOM,
    "sourceRoomId": ROOM,
    "roomId": ROOM,
    "target_room_id": CHAT,
    "targetRoomId": CHAT,
    "epoch": "ovuvfxypbUkQWxDg6g4Aj",
    "buildId": "zKc3Jw6eXn9RmTq0aLd5V",
    # Names and texts.
    "name": "build",
    "handle": "@build",
    "ttl": "15m",
    "role": "user",
    "content": "@build run the tests, please",
    "format": "text",
    "title": "Run the tests",
    "question": QUESTION,
    "summary": QUESTION,
    "waitingFor": QUESTION,
    "raw_text": f"{QUESTION}\n❯ 1. Yes\n  2. No",
    "label": "Yes",
    "chosen": "Yes",
    "snippet": "run the <mark>tests</mark>, please",
    "text": "42 passed in 3.10s",
    "rule": "claude-code/permission",
    "fingerprint": FINGERPRINT,
    "keys": "",
    "detector": "screen",
    "source": "prompt_bridge",
    "activity_source": "terminal_line",
    "command": ["claude"],
    "lines": ["42 passed in 3.10s", "$ "],
    "host": "pty",
    "file_path": "/home/ada/project/README.md",
    "file_refs": ["README.md"],
    "source_name": "release",
    "target_name": "build-Chat",
    "reader_name": "build",
    "hash": HASH,
    "data": "42 passed in 3.10s\r\n",
    "error": None,
    # Numbers and times.
    "cols": 120,
    "rows": 30,
    "row": 1,
    "col": 2,
    "start": 4096,
    "end": 4160,
    "offset": 4160,
    "oldest": 0,
    "byte_offset": 4096,
    "size": 64,
    "limit": 100,
    "count": 1,
    "ts": AT_MS,
    "ts_ms": AT_MS,
    "detectedAt": AT_MS,
    "lastSeen": AT_MS,
    "since_ms": AT_MS,
    "last_activity": AT,
    "line": 57,
    "seq": 9,
    "meta": {},
    "settings": {},
    "payload": {},
}
"""Values by the name on the wire, for texts, numbers, lists and free data."""

PERMISSION: Final = {
    "kind": "dialog",
    "class": "permission_request",
    "form": "menu",
    "options": [
        {"label": "Yes", "selected": True, "checked": None}
        | {"keys": "", "lasting": False},
        {"label": "No", "selected": False, "checked": None}
        | {"keys": "", "lasting": False},
    ],
    "selected": 0,
}
"""The prompt of the examples."""


@attrs.frozen
class Remade:
    """An example of a field's class, with other values for these fields."""

    fields: dict[str, Any]


ANSWERED: Final = Remade(
    {
        "status": "answered",
        "closed_at": AT,
        "answer": {
            "type": "select",
            "chosen": "Yes",
            "text": None,
            "resolved": True,
            "by": "@ada",
            "responder_id": None,
            "source": "respond",
            "justification": None,
            "decided_at": AT,
            "via": "keys",
        },
    }
)
"""The prompt of the examples after its answer."""

_ROOM_EVENTS: Final = (
    *("MessageCreated", "MessageUpdated", "MessagePinned", "MessageDeleted"),
    *("MessageRead", "DeliveryUpdated", "ParticipantsChanged", "TaskCreated"),
    *("TaskUpdated", "TaskDeleted", "FileRefCreated", "FileRefDeleted"),
    *("RoomLinkCreated", "RoomLinkDeleted", "Typing"),
)

CLASSES: Final[dict[str, dict[str, Any]]] = {
    **{name: {"sessionId": ROOM} for name in _ROOM_EVENTS},
    "AccessToken": {"id": TOKEN, "label": "CI", "session_id": None}
    | {"scopes": ["view", "post"], "last_address": "127.0.0.1"},
    "NewToken": {"token": f"ant_{CODE}"},
    "SignInCode": {
        "code": CODE,
        "path": f"/sign-in#{CODE}",
        "expires_in": 60,
        "url": "https://ant.example.org",
    },
    "WhoCalls": {"kind": "token", "label": "CI", "session_id": None}
    | {"scopes": ["view", "post"], "expires_at": None},
    "Ack": {"ref": "1", "sessionId": TERMINAL, "offset": 4096, "end": 4160},
    "AgentStatus": {"state": "waiting", "kind": "dialog", "source": "screen"}
    | {"via": "keys", "queued": 0},
    "AskedPrompt": {"class": "permission_request", "status": "answered"}
    | {"answer": "Yes", "by": "@ada"},
    "BridgeConfig": {"enabled": True, "audit": True, "routes": {}},
    "BridgeState": {"status": "pending"},
    "CaptureState": {
        "status_source": "driver_status_line",
        "interactive_source": "agent_event_bus",
        "detected_at": AT_MS,
    },
    "ChangedSettings": {"ignored": ["detect.patterns"]},
    "Channel": {"handle": "@notes", "port": 9100, "session_id": ROOM},
    "CliFlagSet": {"id": TERMINAL, "cli_flag": "claude-code"},
    "Delivery": {"adapter": "pty-injection", "id": DELIVERY, "state": "queued"}
    | {"final": False},
    "DeliveryRecord": {
        "id": DELIVERY,
        "session_id": ROOM,
        "adapter": "pty-injection",
        "kind": "line",
        "route": "mention",
        "state": "reacted",
        "delivered": True,
        "final": True,
        "transitions": [
            {"state": state, "reason": None, "at": AT, "offset": offset}
            for state, offset in (("queued", None), ("typed", 4096), ("reacted", 4160))
        ],
    },
    "AgentVersion": {
        "driver": "claude-code",
        "file": None,
        "recorded": ["2.1.197"],
        "running": "2.1.198",
        "source": "screen",
        "differs": True,
    },
    "DriverList": {"folder": "/home/ada/.config/ant/drivers"},
    "DriverRow": {
        "name": "mine",
        "flags": [],
        "programs": ["mine"],
        "recorded": ["1.0"],
        "file": "/home/ada/.config/ant/drivers/mine.toml",
        "replaces": False,
        "usable": True,
    },
    "DriverSession": {
        "program": "mine",
        "running": "1.1",
        "source": "files",
        "differs": True,
    },
    "RefusedDriver": {
        "file": "/home/ada/.config/ant/drivers/other.toml",
        "reason": "/home/ada/.config/ant/drivers/other.toml: programs: expected an "
        "array, got 'other'.",
        "kept": False,
    },
    "CheckedScreen": {
        "place": "byte 4160",
        "kind": "at_rest",
        "rule": "mine/composer",
        "program": "mine",
        "rows": [28],
        "evidence": ["mine> "],
        "expected": None,
        "uses_driver": True,
    },
    "RuleUse": {"key": "composer", "id": "composer", "screens": 1},
    "DriverCheck": {"name": "mine", "programs": ["mine"], "replaces": False}
    | {"front": "mine"},
    "ReloadedDrivers": {"sessions": 1, "folder": "/home/ada/.config/ant/drivers"},
    "Detect": {"min_interval_ms": 30_000, "window_lines": 12, "patterns": []},
    "Digest": {
        "terminal": ...,
        "messageCount": 12,
        "participantCount": 2,
        "durationMinutes": 30.0,
        "messagesPerHour": 24.0,
        "covered": 14,
    },
    "EventPage": {
        "oldest": 1,
        "newest": 9,
        "next": 9,
        "events": [
            {"type": "task_deleted", "sessionId": ROOM, "taskId": TASK, "seq": 9}
            | {"at": AT}
        ],
    },
    "ErrorFrame": {
        "problem": "urn:ant:problem:invalid",
        "title": "Bad Request",
        "status": 400,
        "detail": "expected 1 to 1000, got 0 at $.cols",
        "error": "expected 1 to 1000, got 0 at $.cols",
        "message": "expected 1 to 1000, got 0 at $.cols",
        "issues": ["expected 1 to 1000, got 0 at $.cols"],
        "ref": "5",
    },
    "Everything": {"terminals": ..., "complete": True},
    "Explanation": {"rows": [28, 29], "evidence": [QUESTION, "❯ 1. Yes"]}
    | {"kind": "dialog", "driver": "claude-code", "recorded": True},
    "ExportTarget": {"id": "markdown", "label": "Markdown", "kind": "document"},
    "Exported": {
        "ok": True,
        "targets": {
            "json": {"ok": True, "path": "/exports/sessions/2026/01/build.json"}
            | {"document": None, "size": 20_480, "note": None}
        },
    },
    "FileRef": {"id": FILE_REF, "session_id": ROOM, "flagged_by": "@ada"},
    "Gap": {"from": 100, "to": 200},
    "GapFrame": {"sessionId": TERMINAL, "from": 100, "to": 200},
    "Handled": {
        "id": MESSAGE,
        "session_id": CHAT,
        "format": "json",
        "status": "complete",
        "msg_type": "agent_response",
        "handled": True,
        "resolved": True,
        "prompt": ANSWERED,
        "deliveries": ...,
    },
    "Health": {
        "status": "ok",
        "version": "4.0.0",
        "uptime_s": 3600.0,
        "active_session_count": 1,
        "session_cap": 100,
        "stalled_sessions": [],
        "deliveries": {"queued": 1},
        "tmux": ...,
        "degraded_tasks": [],
    },
    "History": {"mode": "range", "next": 4160, "gaps": [], "since_ms": None},
    "HistoryRow": {"id": 7, "chunk_index": 7, "line": None, "start": None}
    | {"end": None, "snippet": None},
    "HookAnswer": {"hookSpecificOutput": ...},
    "HookOutput": {"hookEventName": "PermissionRequest"},
    "PermissionDecision": {"behavior": "deny", "message": "Use rg instead of grep."},
    "HookHeard": {"ok": True, "event": "Stop", "action": "recorded"},
    "InputReceipt": {"ok": True, "size": 10, "written": 10, "queued": 0},
    "LineFound": {"snippet": "42 <mark>passed</mark> in 3.10s"},
    "Linked": {"id": LINK, "discussionName": "Discussion: release"}
    | {"membersCopied": True},
    "Message": {"id": MESSAGE, "session_id": ROOM, "sender_id": "ada"}
    | {"status": "complete", "msg_type": "message", "hops": 0},
    "MessageUpdated": {"sessionId": ROOM, "pinned": True, "meta": {"done": True}}
    | {"message": Remade({"pinned": True, "meta": {"done": True}})},
    "Met": {"name": "frame", "count": 0}
    | {"policy": "ANT drops a /ws frame over 1 MiB and sends an error."},
    "Modes": {"cursor_visible": True, "mouse": 0, "mouse_format": 0, "keyboard": 0},
    "Option": {"selected": True},
    "Participant": {"id": TERMINAL, "session_type": "agent", "joined_at": AT}
    | {"session_status": "running", "role": "participant", "message_count": 3},
    "Poster": {"id": "ada", "count": 8},
    "PresenceNow": {"presence": {"@ada": {"lastSeen": AT_MS, "status": "active"}}},
    "Pressure": {
        "cpu_pct": 1.5,
        "rss_bytes": 96_468_992,
        "open_fds": 24,
        "max_fds": 1024,
        "loop_delay_ms_p50": 0.1,
        "loop_delay_ms_max": 2.4,
    },
    "Prompt": {name: value for name, value in PERMISSION.items() if name != "selected"}
    | {"rows": [28, 30], "cancel": "Esc", "draft": "", "subject": "npm test"},
    "PromptRecord": {
        "id": PROMPT,
        "type": "prompt_detected",
        **PERMISSION,
        "targets": [{"kind": "linked_chat", "session_id": None, "url": None}],
        "delivered_to": [CHAT],
        "chat_id": CHAT,
        "message_id": MESSAGE,
    },
    "PromptBridgeResolved": {"prompt": ANSWERED},
    "Quote": {"text": "The release is blocked by one test.", "sender_id": "ada"},
    "RanCommand": {"event_id": 41, "command": "npm test", "exit_code": 0}
    | {"duration_ms": 3100, "cwd": "/home/ada/project"},
    "Read": {"reader_handle": "@build"},
    "ReadsOfAll": {
        "reads": {
            MESSAGE: [
                {"session_id": TERMINAL, "reader_name": "build"}
                | {"reader_handle": "@build", "read_at": AT}
            ]
        }
    },
    "Recap": {
        "command_count": 1,
        "failed": 0,
        "unknown": 0,
        "busy_ms": 3100,
        "failures": [],
        "prompt_count": 1,
        "answered": 1,
        "pending": 0,
        "covered": 1,
    },
    "Removed": {"removed": True, "id": TERMINAL, "ok": True},
    "ReplacedName": {"field": "name", "taken": "build", "now": "build (2)"},
    "Resources": {
        "totalCpuPct": 12.5,
        "totalRssMb": 310.2,
        "activeSessionCount": 1,
        "maxActiveSessions": 100,
        "canSpawn": True,
        "stalledSessions": [],
    },
    "Responded": {"ok": True, "resolved": True, "prompt": ANSWERED},
    "RoomLink": {"id": LINK, "source_type": "chat", "target_type": "chat"}
    | {"title": "Discussion: release"},
    "RoomLinks": {"incoming": []},
    "RouteState": {"mode": "terminal"},
    "RunEvent": {
        "id": 41,
        "n": 12,
        "source": "terminal",
        "trust": "high",
        "kind": "command_block",
        "text": "npm test",
        "payload": {"command": "npm test", "exit_code": 0, "duration_ms": 3100},
        "prev": PREVIOUS_HASH,
    },
    "RunEvents": {"next": 41},
    "ScreenFrame": {"title": "build"},
    "ScreenRow": {"row": 29},
    "ScreenRows": {"title": "build", "full": False, "complete": True},
    "ScreenSpan": {"text": "42 passed", "fg": "2", "bold": True},
    "ScreenPage": {"status": "running", "title": "build"}
    | {"ansi": "42 passed in 3.10s\r\n$ "},
    "SearchResults": {"complete": True},
    "Session": {"id": TERMINAL, "type": "agent", "status": "running"}
    | {"alias": "@build", "cli_flag": "claude-code", "terminal": ...}
    | {"auto_forward_chat": True, "hooks": True},
    "SessionsChanged": {"removedIds": []},
    "SessionBrief": {"id": TERMINAL, "type": "agent", "status": "running"}
    | {"cli_flag": "claude-code", "auto_forward_chat": True},
    "SessionExited": {"status": "exited", "exit_code": 0},
    "SessionHealth": {"alive": True, "status": "running"},
    "SessionInputResolved": {"status": "answered"},
    "SessionList": {"recoverable": []},
    "SessionLoad": {"pid": 4711, "cpuPct": 12.5, "rssMb": 310.2},
    "SessionNeedsInput": {
        "eventClass": "permission_request",
        "kind": "dialog",
        "options": PERMISSION["options"],
    },
    "Share": {"name": "command_block", "count": 1},
    "StatusPage": {
        "needs_input": True,
        "event_id": MESSAGE,
        "event_chat_id": CHAT,
        "event_class": "permission_request",
        "since": AT,
        "agent_status": ...,
        "prompt_bridge": ...,
        "prompt": ...,
        "terminal": ...,
    },
    "StopReceipt": {"ok": True, "action": "interrupt", "key": "ctrl-c", "event": ...},
    "Targets": {"targets": ...},
    "Task": {"id": TASK, "session_id": ROOM, "created_by": "@ada"}
    | {"assigned_to": "@build", "status": "proposed"},
    "Term": {"term": "release", "count": 6},
    "TerminalActivity": {"state": "working", "ageMs": 250},
    "TerminalSize": {"owner": "self", "handle": "desk"},
    "TerminalEvent": {"id": 5, "kind": "resize", "data": {"cols": 120, "rows": 30}},
    "TerminalEvents": {"kind": None, "rows": ..., "since_ms": None},
    "TerminalInfo": {"pid": 4711, "started_at": AT}
    | {"added_arguments": ["--settings", f"/home/ada/.ant/hooks/{TERMINAL}.json"]},
    "TerminalStatus": {"needs_input": True, "prompt": ..., "since": AT}
    | {"folder": "/home/ada/project"}
    | {"screen": ["Do you want to run npm test?", "> 1. Yes", "  2. No"]},
    "RoomBrief": {"id": ROOM, "name": "release"},
    "AccessTokensChanged": {"sessionId": None},
    "TmuxFound": {"version": "3.4", "socket": "ant-1f3a"},
    "Tty": {"echo": False, "foreground": "claude", "icrnl": False},
    "Tombstone": {"eventType": "message_created", "sha256": HASH},
    "Typing": {"sessionId": ROOM, "handle": "@ada", "typing": True},
    "Overview": {"waiting": 1},
    "Waited": {
        "until": "exit",
        "next": "4160.13",
        "status": "exited",
        "state": None,
        "event_id": 118,
        "exit_code": 4,
        "command": None,
    },
}
"""Values of the fields of a class, by the name on the wire; `...` is one made anew."""
