"""A model server for agent CLIs that answers what the recordings need; not a model.

Run `python tests/terminal/fake_model.py 8123` and point a CLI at 127.0.0.1:8123. It
speaks four dialects as streams: Anthropic messages, OpenAI chat completions, OpenAI
responses and Gemini. What it says is chosen by the word after `demo` in the last
message of the person: `demo run` asks for a command, `demo write` and `demo edit` for
a file, `demo fetch` for a page, `demo ask` and `demo many` put a question of the
agent's own, `demo several` two of them, `demo enter` begins planning, `demo plan` ends
it, `demo propose` ends it by two files, as omp wants it, `demo slow` talks for half a
minute, `demo think` is silent for as long, `demo question` ends in a question, `demo
quote` quotes a menu, `demo fail` breaks. Anything else is greeted; a tool's result is
thanked for. `GET /heard` is the newest result of a tool, as JSON.
"""

import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]

MENU = "The installer will show:\n\n```\n❯ 1. Yes\n  2. No\n```\n\nNothing to do now."
PATCH = "*** Begin Patch\n*** {}\n*** End Patch"
EDIT = PATCH.format('Update File: app.py\n@@\n-print("hello")\n+print("good day")')
MARKED = '<<<<<<< ORIGINAL\nprint("hello")\n=======\nprint("good day")\n>>>>>>> UPDATED'
ADD = PATCH.format("Add File: notes.txt\n+first line\n+second line")
CHOICES = [
    {"label": "SQLite", "description": "One file, nothing to run"},
    {"label": "PostgreSQL", "description": "A server of its own"},
    {"label": "Plain files", "description": "No database at all"},
]
QUESTION = {
    "question": "Which database should the notes use?",
    "header": "Database",
    "id": "database",
    "options": CHOICES,
    "type": "choice",
}
TOOLS = {
    "run": "Bash bash exec_command shell_command shell run_shell_command run_commands",
    "write": "Write write_file write create apply_patch exec_command editor",
    "edit": "Edit replace edit apply_patch exec_command editor",
    "fetch": "WebFetch web_fetch webfetch fetch",
    "ask": "AskUserQuestion ask_user ask_user_question question request_user_input "
    "ask_question ask",
    "many": "AskUserQuestion ask_user ask_user_question question",
    "several": "AskUserQuestion",
    "plan": "ExitPlanMode exit_plan_mode plan_exit",
    "enter": "EnterPlanMode",
    "read": "Read read_file read view read_files",
    "propose": "write",
}
OTHERS = {  # Further names of these tools, and of the agents that use them.
    "run": "Shell execute_bash terminal execute",  # Kimi, deepagents.
    "write": "WriteFile write_to_file create_file save shell",  # Kimi, Grok, gptme.
    "edit": "StrReplaceFile search_replace str_replace_editor string_replace patch "
    "shell",
    "fetch": "Fetch FetchURL fetch_url agentic_fetch web_fetch",
    "ask": "AskUserQuestion AskQuestion ask_user_question ask_user choice clarify",
    "many": "AskUserQuestion ask_user_question",
    "read": "ReadFile view_file",
}
SEARCH = "ToolSearch"
"""Claude Code's tool by which a model gets a tool that was not offered at first."""

VALUES: Json = {
    "command": "touch hello.txt && rm -f old.log",
    "description": "Make one file and delete another",
    "path": "/tmp/demo/app.py",
    "content": "first line\nsecond line\n",
    "old": 'print("hello")',
    "new": 'print("good day")',
    "edits": [{"oldText": 'print("hello")', "newText": 'print("good day")'}],
    "commands": ["touch hello.txt && rm -f old.log"],
    "files": [{"path": "/tmp/demo/app.py"}],
    "url": "https://example.invalid/notes",
    "prompt": "Fetch https://example.invalid/notes and tell me what it says",
    "plan": "# Plan\n\n1. Read app.py\n2. Change the greeting\n3. Run it once",
    "question": QUESTION["question"],
    "message": QUESTION["question"],
    "requestedSchema": {
        "properties": {
            "database": {
                "type": "string",
                "title": "Database",
                "description": QUESTION["question"],
                "enum": [choice["label"] for choice in CHOICES],
            }
        },
        "required": ["database"],
    },
    "choices": [choice["label"] for choice in CHOICES],
    "options": [choice["label"] for choice in CHOICES],
    "questions": [QUESTION],
    "plan_filename": "plan.md",
    "query": "select:ExitPlanMode",
    "max_results": 1,
}
ALIASES = {
    "cmd": "command",
    "file_path": "path",
    "filePath": "path",
    "filepath": "path",
    "absolute_path": "path",
    "file_text": "content",
    "old_string": "old",
    "oldString": "old",
    "old_str": "old",
    "new_string": "new",
    "newString": "new",
    "new_str": "new",
    "oldText": "old",
    "newText": "new",
    "old_text": "old",
    "new_text": "new",
}
PROPOSED = [
    {"path": "local://notes-plan.md", "content": VALUES["plan"]},
    {"path": "xd://propose", "content": "notes"},
]
BLANKS: Json = {"string": "demo", "boolean": False, "array": [], "object": {}}


@dataclass
class Ask:
    """What a request says, whatever its dialect: texts and results, oldest first."""

    said: list[str]
    tools: dict[str, Json]
    title: str = "Demo"  # Of the conversation, for one who asks for that.
    plain: bool = False  # No tools at all: the agent reads the text for what to do.

    def wish(self) -> tuple[str, int]:
        """What the person wants, and how often a tool has answered since."""
        answers = 0
        for text in reversed(self.said):
            answers += text == RESULT
            for word in reversed(re.findall(r"demo (\w+)", text)):
                if word in WORDS:
                    return word, answers
        return "", answers


@dataclass
class Reply:
    """What is sent back: a text, piece by piece, then at most one call of a tool."""

    text: str
    tool: str = ""
    args: Json = field(default_factory=dict)
    gap: float = 0.0
    fail: int = 0

    def pieces(self) -> Iterator[str]:
        for piece in re.findall(r"\S+\s*", self.text):
            time.sleep(self.gap)
            yield piece


RESULT = "RESULT"
TEXTS = {
    "question": Reply("I found two of them. Should I delete the older file?"),
    "quote": Reply(MENU),
    "slow": Reply("Counting slowly: " + "one and then one more " * 12, gap=0.5),
    "think": Reply("I have thought about it.", gap=6.0),
    "fail": Reply("", fail=400),
}
PLAIN = {
    "run": "Run this:\n\n```bash\ntouch hello.txt && rm -f old.log && echo built\n"
    "```\n",
    "edit": 'app.py\n```python\n<<<<<<< SEARCH\nprint("hello")\n=======\n'
    'print("good day")\n>>>>>>> REPLACE\n```\n',
    "write": "notes.txt\n```\n<<<<<<< SEARCH\n=======\nfirst line\nsecond line\n"
    ">>>>>>> REPLACE\n```\n",
    "ask": "I would have to see app.py for that.",
}
WORDS = {*TEXTS, *TOOLS, "hello"}
for _word, _names in OTHERS.items():
    TOOLS[_word] += f" {_names}"


def arguments(schema: Json, values: Json) -> Json:
    """Fill what the tool's schema asks for, and what else we have a value for."""
    made: Json = {}
    for name, kind in schema.get("properties", {}).items():
        value = values.get(ALIASES.get(name, name))
        if kind.get("type") == "array" and isinstance(value, str):
            value = ["bash", "-lc", value]
        if kind.get("type") == "string" and isinstance(value, list):
            value = "\n".join(map(str, value))
        if value is None and name in schema.get("required", []):
            value = kind.get("enum", [BLANKS.get(kind.get("type", "string"), 0)])[0]
        if value is not None:
            made[name] = fitted(value, kind, schema.get("$defs", {}))
    return made


def fitted(value: Any, kind: Json, defs: Json) -> Any:
    """Leave out what the schema of an object forbids."""
    kind = defs.get(str(kind.get("$ref")).rpartition("/")[2], kind)
    if isinstance(value, list):
        return [fitted(each, kind.get("items", {}), defs) for each in value]
    if isinstance(value, dict) and kind.get("additionalProperties") is False:
        return {k: v for k, v in value.items() if k in kind.get("properties", {})}
    return value


def answer(ask: Ask) -> Reply:
    """The one place that decides what to say."""
    word, answers = ask.wish()
    if ask.plain and word in PLAIN:
        return Reply(PLAIN[word])
    if (
        not ask.tools and not ask.plain
    ):  # A title or a topic for the conversation: nobody reads it.
        return Reply(ask.title)
    if word in TEXTS:
        return TEXTS[word]
    steps = [TOOLS[word]] if word in TOOLS else []
    if word == "edit":  # Some want a file to be read before it is changed.
        steps.insert(0, TOOLS["read"])
    if word == "plan" and SEARCH in ask.tools:  # It gives the tool that ends a plan.
        steps.insert(0, SEARCH)
    if word == "propose":
        steps *= len(PROPOSED)
    calls = [next((n for n in s.split() if n in ask.tools), "") for s in steps]
    calls = [name for name in calls if name]
    if not calls and word == "plan":  # Codex takes a plan from the text.
        return Reply(f"<proposed_plan>\n{VALUES['plan']}\n</proposed_plan>")
    if not calls:
        return Reply("Hello. Tell me what to do.")
    if answers >= len(calls):
        return Reply("Done. That worked as asked.")
    name = calls[answers]
    values = dict(VALUES)
    if word == "write":
        values["path"] = "/tmp/demo/notes.txt"
    if word == "write" and name == "editor":  # Without an old text it makes the file.
        values |= {"new": VALUES["content"], "old": None}
    if word == "propose":
        values |= PROPOSED[answers]
    values["input"] = values["patch"] = patch = ADD if word == "write" else EDIT
    if name == "patch":
        values["patch"] = MARKED
    if name == "exec_command" and word != "run":
        values["command"] = f"apply_patch <<'EOF'\n{patch}\nEOF"
    if name == "shell" and word != "run":
        values["command"] = ["apply_patch", patch]
    if name == "terminal":  # Hermes asks about dangerous commands only.
        values["command"] = "rm -rf build && touch hello.txt"
    several = ("multiSelect", "multiple", "multi_select")
    many = QUESTION | dict.fromkeys(several, word == "many")
    values["questions"] = [many]
    if word == "several":
        many |= {"multiSelect": True}
        values["questions"] = [many, many | {"question": "And which to copy?"}]
    return Reply("Let me do that.", name, arguments(ask.tools[name], values))


def texts_of(content: object) -> list[str]:
    """The texts of a message, and `RESULT` for each result of a tool."""
    if isinstance(content, str):
        return [content]
    texts = []
    for part in content if isinstance(content, list) else []:
        answered = part.get("type") == "tool_result" or "functionResponse" in part
        texts.append(RESULT if answered else str(part.get("text") or ""))
    return texts


def results(part: object) -> Iterator[str]:
    """The results of tools in a request of any dialect, oldest first."""
    if isinstance(part, list):
        for each in part:
            yield from results(each)
    elif isinstance(part, dict):
        kind = str(part.get("type"))
        if kind == "tool_result" or part.get("role") == "tool":
            yield json.dumps(part.get("content"))
        elif kind.endswith("_output"):
            yield json.dumps(part.get("output"))
        elif "functionResponse" in part:
            yield json.dumps(part["functionResponse"].get("response"))
        else:
            yield from results([*part.values()])


def read_anthropic(body: Json) -> Ask:
    users = [m for m in body["messages"] if m["role"] == "user"]
    tools = {t["name"]: t.get("input_schema", {}) for t in body.get("tools") or []}
    said = [text for m in users for text in texts_of(m["content"])]
    return Ask(said, tools, '{"title": "Demo", "isNewTopic": true}')


def read_chat(body: Json) -> Ask:
    said = []
    for message in body["messages"]:
        if message["role"] == "user":
            said += texts_of(message["content"])
        elif message["role"] == "tool":
            said.append(RESULT)
    functions = [t["function"] for t in body.get("tools") or [] if "function" in t]
    tools = {f["name"]: f.get("parameters", {}) for f in functions}
    return Ask(said, tools, plain=body.get("model") == "plain")


def read_responses(body: Json) -> Ask:
    said = []
    for item in body["input"] if isinstance(body["input"], list) else []:
        if item.get("role") == "user":
            said += texts_of(item["content"])
        elif str(item.get("type")).endswith("_output"):
            said.append(RESULT)
    free = {"properties": {"input": {"type": "string"}}}
    tools = [t for t in body.get("tools") or [] if "name" in t]
    return Ask(said, {t["name"]: t.get("parameters", free) for t in tools})


def read_gemini(body: Json) -> Ask:
    users = [m for m in body["contents"] if m.get("role") != "model"]
    tools = {
        f["name"]: f.get("parametersJsonSchema") or f.get("parameters") or {}
        for group in body.get("tools") or []
        for f in group.get("functionDeclarations", [])
    }
    return Ask([text for m in users for text in texts_of(m["parts"])], tools)


def write_anthropic(reply: Reply) -> Iterator[Json]:
    usage = {"input_tokens": 10, "output_tokens": 10}
    message: Json = {
        "id": f"msg_{time.monotonic_ns()}",
        "type": "message",
        "role": "assistant",
        "content": [],
    }
    message |= {"model": "demo", "stop_reason": None, "usage": usage}
    yield {"type": "message_start", "message": message}
    text = {"type": "text", "text": ""}
    yield {"type": "content_block_start", "index": 0, "content_block": text}
    for piece in reply.pieces():
        delta = {"type": "text_delta", "text": piece}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    if reply.tool:
        call_id = f"toolu_{time.monotonic_ns()}"
        block = {"type": "tool_use", "id": call_id, "name": reply.tool, "input": {}}
        yield {"type": "content_block_start", "index": 1, "content_block": block}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(reply.args)}
        yield {"type": "content_block_delta", "index": 1, "delta": delta}
        yield {"type": "content_block_stop", "index": 1}
    stop = {"stop_reason": "tool_use" if reply.tool else "end_turn"}
    yield {"type": "message_delta", "delta": stop, "usage": usage}
    yield {"type": "message_stop"}


def write_chat(reply: Reply) -> Iterator[Json]:
    def chunk(delta: Json, finish: str | None = None) -> Json:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        head = {"id": "demo", "object": "chat.completion.chunk", "created": 0}
        return head | {"model": "demo", "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in reply.pieces():
        yield chunk({"content": piece})
    if reply.tool:
        function = {"name": reply.tool, "arguments": json.dumps(reply.args)}
        call = {"index": 0, "id": f"call_{time.monotonic_ns()}", "type": "function"}
        yield chunk({"tool_calls": [call | {"function": function}]})
    usage = {"prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20}
    yield chunk({}, "tool_calls" if reply.tool else "stop") | {"usage": usage}


def write_responses(reply: Reply) -> Iterator[Json]:
    yield {"type": "response.created", "response": {"id": "resp_demo"}}
    item: Json = {"type": "message", "id": "msg_1", "role": "assistant", "content": []}
    yield {"type": "response.output_item.added", "output_index": 0, "item": item}
    for piece in reply.pieces():
        head = {"type": "response.output_text.delta", "item_id": "msg_1"}
        yield head | {"output_index": 0, "content_index": 0, "delta": piece}
    item = item | {"content": [{"type": "output_text", "text": reply.text}]}
    yield {"type": "response.output_item.done", "output_index": 0, "item": item}
    if reply.tool:
        call = {"name": reply.tool, "call_id": f"call_{time.monotonic_ns()}"}
        if set(reply.args) == {"input"}:
            call |= {"type": "custom_tool_call", "input": reply.args["input"]}
        else:
            call |= {"type": "function_call", "arguments": json.dumps(reply.args)}
        yield {"type": "response.output_item.done", "output_index": 1, "item": call}
    usage: Json = {"input_tokens": 10, "output_tokens": 10, "total_tokens": 20}
    usage |= {"input_tokens_details": None, "output_tokens_details": None}
    end = {"id": "resp_demo", "usage": usage, "output": [], "status": "completed"}
    yield {"type": "response.completed", "response": end}


def write_gemini(reply: Reply) -> Iterator[Json]:
    def chunk(parts: list[Json], **more: str) -> Json:
        candidate = {"content": {"role": "model", "parts": parts}, "index": 0, **more}
        return {"candidates": [candidate], "modelVersion": "demo"}

    for piece in reply.pieces():
        yield chunk([{"text": piece}])
    call = {"functionCall": {"name": reply.tool, "args": reply.args}}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 10, "totalTokenCount": 20}
    last = chunk([call] if reply.tool else [{"text": ""}], finishReason="STOP")
    yield last | {"usageMetadata": usage}


DIALECTS = {
    "/messages": (read_anthropic, write_anthropic),
    "/chat/completions": (read_chat, write_chat),
    "/responses": (read_responses, write_responses),
    ":streamGenerateContent": (read_gemini, write_gemini),
    ":generateContent": (read_gemini, write_gemini),
}


class Handler(BaseHTTPRequestHandler):
    """One request of a CLI; a path that is not a dialect gets an empty object."""

    heard = ""  # The newest result of a tool that any of them sent.

    def do_GET(self) -> None:
        if self.path == "/heard":
            self._json(200, {"heard": Handler.heard})
            return
        model = {"id": "demo", "object": "model", "name": "demo"}
        self._json(200, {"object": "list", "data": [model], "models": []})

    def do_POST(self) -> None:
        size = int(self.headers.get("content-length") or 0)
        body = json.loads(self.rfile.read(size) or b"{}")
        path = self.path.partition("?")[0]
        dialect = next((d for end, d in DIALECTS.items() if path.endswith(end)), None)
        if dialect is None:
            self._json(200, {"input_tokens": 10, "totalTokens": 10})
            return
        for Handler.heard in results(body):
            pass
        read, write = dialect
        reply = answer(read(body))
        if reply.fail:
            error = {"type": "invalid_request_error", "message": "The model is ill"}
            self._json(reply.fail, {"type": "error", "error": error | {"code": 400}})
        elif body.get("stream") or ":stream" in path:
            self._stream(write(reply), path)
        else:
            self._json(200, whole(list(write(reply)), reply))

    def _stream(self, events: Iterator[Json], path: str) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        try:
            for event in events:
                name = f"event: {event['type']}\n" if "type" in event else ""
                self.wfile.write(f"{name}data: {json.dumps(event)}\n\n".encode())
                self.wfile.flush()
            if path.endswith("/completions"):
                self.wfile.write(b"data: [DONE]\n\n")
        except OSError:
            pass  # The person pressed Escape.

    def _json(self, status: int, body: Json) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        if "--log" in sys.argv:
            super().log_message(format, *args)


def whole(events: list[Json], reply: Reply) -> Json:
    """The answer to one who did not ask for a stream."""
    if "candidates" in events[-1]:
        parts = [{"text": reply.text}]
        candidate = {"content": {"role": "model", "parts": parts}}
        return events[-1] | {"candidates": [candidate | {"finishReason": "STOP"}]}
    if "choices" in events[-1]:
        message: Json = {"role": "assistant", "content": reply.text}
        choice: Json = {"index": 0, "message": message, "finish_reason": "stop"}
        if reply.tool:
            function = {"name": reply.tool, "arguments": json.dumps(reply.args)}
            call = {"id": f"call_{time.monotonic_ns()}", "type": "function"}
            message["tool_calls"] = [call | {"function": function}]
            choice["finish_reason"] = "tool_calls"
        return events[-1] | {"object": "chat.completion", "choices": [choice]}
    if "response" in events[-1]:
        return {**events[-1]["response"], "output": [events[-2]["item"]]}
    message = {
        **events[0]["message"],
        "content": [{"type": "text", "text": reply.text}],
    }
    return message | {"stop_reason": "end_turn"}


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
