"""Prompts of real programs, from the screen to the answer, on a real server."""

import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient
from ant.core.errors import AlreadyAnswered, Conflict, NotAnOption
from ant.terminal.model.prompt import Form, Kind, Option, Prompt, PromptClass
from tests.live.server import running_server, shared_server
from tests.live.waiting import eventually

SURE = 'read -r -p "Delete all of it? [y/n] " a; echo "said <$a>"'
AGAIN = (
    r'while true; do printf "\033[H\033[J"; read -r -p "Go on? [y/n] " a;'
    r' printf "\033[H\033[J"; sleep 0.01; done'
)
FILES = (
    'for f in a b c; do {begin}; {read} -p "Delete? [y/N] " r </dev/tty;'
    ' printf "R <$r>\\n"; {end}; done; read -p "End: "'
)
WORD = 'read -r -s -p "Password: " a; echo; echo "got ${#a}"; read -r -p "Name: " b'


async def ask(ant: AntClient, script: str) -> Any:
    """A session whose program asks; its row."""
    return await ant.create("asks", command=["bash", "-c", script])


async def pending(ant: AntClient, session_id: str) -> Any:
    """The prompt that waits, once one does."""
    path = f"/api/sessions/{session_id}/prompt-bridge/pending"

    async def look() -> Any:
        return (await ant.call("GET", path))["pending"]

    return await eventually(look)


@pytest.mark.slow
async def test_a_question_is_answered_once() -> None:
    """By its id, with words that are one of its options; then it is history."""
    async with shared_server() as server, server.client() as ant:
        async with ant.socket() as socket:
            await socket.expect("hello")
            row = await ask(ant, SURE)
            with trio.fail_after(10):
                event = await socket.expect("prompt_detected")
                await socket.expect("session_needs_input")
            prompt = event["prompt"]
            assert prompt["id"] == (await pending(ant, row["id"]))["id"]
            assert "Delete all of it?" in prompt["question"]
            path = f"/api/sessions/{row['id']}/prompt-bridge/respond"
            body = {"prompt_id": prompt["id"], "by": "ada"}
            with pytest.raises(NotAnOption):
                await ant.call("POST", path, {**body, "response": "perhaps"})
            answer = await ant.call("POST", path, {**body, "response": "n"})
            assert (True, True) == (answer["ok"], answer["resolved"])
            with pytest.raises(AlreadyAnswered):
                await ant.call("POST", path, {**body, "response": "y"})
            with trio.fail_after(10):
                await socket.expect("prompt_bridge_resolved", promptId=prompt["id"])
                await socket.expect("session_exited", sessionId=row["id"])
        history = await ant.history(row["id"], order="asc")
        assert "said <n>" in "".join(each["text"] for each in history["rows"])
        chat = f"/api/sessions/{row['linked_chat_id']}/messages"
        (card,) = (await ant.call("GET", chat))["messages"]
        assert ("responded", "ada") == (
            card["meta"]["status"],
            card["meta"]["decision"]["by"],
        )


@pytest.mark.slow
async def test_the_same_question_again_is_another_prompt() -> None:
    """However soon it is drawn, and though not a character of the screen differs."""
    async with shared_server() as server, server.client() as ant:
        row = await ask(ant, AGAIN)
        path = f"/api/sessions/{row['id']}/prompt-bridge/respond"
        ids = []
        for _ in range(3):
            prompt = await pending(ant, row["id"])
            body = {"prompt_id": prompt["id"], "response": "y"}
            assert (await ant.call("POST", path, body))["resolved"]
            ids.append(prompt["id"])
        assert 3 == len(set(ids))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ('echo "File $f"', ":"),
        ('clear; echo "File $f"', ":"),
        (":", "clear"),
        (":", ":"),
    ],
)
@pytest.mark.parametrize("read", ["read", "read -t 1"])
async def test_an_answer_is_for_the_question_that_was_shown(
    read: str, begin: str, end: str
) -> None:
    """Somebody else answered it, or it timed out: the next one is not answered."""
    script = FILES.format(begin=begin, end=end, read=read)
    async with shared_server() as server, server.client() as ant:
        row = await ask(ant, script)
        first = await pending(ant, row["id"])
        if read == "read":
            await ant.type(row["id"], "n\r")

        async def another() -> bool:
            shown = await pending(ant, row["id"])
            return bool(shown["id"] != first["id"])

        await eventually(another)
        path = f"/api/sessions/{row['id']}/prompt-bridge/respond"
        body = {"prompt_id": first["id"], "type": "approve"}
        with pytest.raises(AlreadyAnswered):
            await ant.call("POST", path, body)
        history = await ant.history(row["id"], order="asc")
        assert "<y>" not in "".join(each["text"] for each in history["rows"])


@pytest.mark.slow
async def test_a_password_is_typed_and_kept_nowhere(tmp_path: Path) -> None:
    """By a message in the linked chat; not a byte of it is in the folder."""
    data = tmp_path / "data"
    async with running_server(data) as server, server.client() as ant:
        row = await ask(ant, WORD)
        prompt = await pending(ant, row["id"])
        assert ("password", "secret") == (prompt["class"], prompt["form"])
        answer = await ant.call(
            "POST",
            f"/api/sessions/{row['linked_chat_id']}/messages",
            {
                "role": "user",
                "msg_type": "agent_response",
                "content": '{"type":"text","choice":{"value":"correct-horse"}}',
            },
        )
        assert (True, True) == (answer["handled"], answer["resolved"])

        async def told() -> bool:
            rows = (await ant.history(row["id"], order="asc"))["rows"]
            return "got 13" in "".join(each["text"] for each in rows)

        await eventually(told)
        for path in data.iterdir():
            assert b"correct-horse" not in path.read_bytes()


@pytest.mark.slow
async def test_a_prompt_does_not_outlive_its_server(tmp_path: Path) -> None:
    """After a kill it is resolved, with a reason, and its card says so."""
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ask(ant, SURE)
        prompt = await pending(ant, row["id"])
        server.signal(signal.SIGKILL)
        await server.process.wait()
    async with running_server(tmp_path) as server, server.client() as ant:
        path = f"/api/sessions/{row['id']}/prompt-bridge"
        assert (await ant.call("GET", f"{path}/pending"))["pending"] is None
        with pytest.raises(AlreadyAnswered):
            await ant.call(
                "POST", f"{path}/respond", {"prompt_id": prompt["id"], "response": "y"}
            )
        with pytest.raises(Conflict):
            await ant.call("POST", f"{path}/respond", {"response": "y"})
        page = await ant.call("GET", "/api/events", type="prompt_bridge_resolved")
        (event,) = page["events"]
        assert ("resolved", "program_lost") == (
            event["prompt"]["status"],
            event["prompt"]["reason"],
        )
        chat = f"/api/sessions/{row['linked_chat_id']}/messages"
        (card,) = (await ant.call("GET", chat))["messages"]
        assert ("discarded", "program_lost") == (
            card["meta"]["status"],
            card["meta"]["discard_reason"],
        )


@pytest.mark.slow
async def test_a_verdict_is_explained_and_made_again(tmp_path: Path) -> None:
    """Now, at a byte long gone by, and by the command while the server runs."""
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ask(ant, SURE)
        prompt = await pending(ant, row["id"])
        path = f"/api/sessions/{row['id']}/prompt-bridge"
        now = await ant.call("GET", f"{path}/explain")
        assert ("dialog", "words", [0]) == (now["kind"], now["rule"], now["rows"])
        assert ["Delete all of it? [y/n]"] == now["evidence"]
        await ant.call("POST", f"{path}/respond", {"type": "deny"})
        then = await ant.call("GET", f"{path}/explain", offset=prompt["end"])
        assert (now["kind"], now["rule"]) == (then["kind"], then["rule"])
        assert prompt["fingerprint"] == now_fingerprint(then)

        async def made_again() -> bool:
            command = [sys.executable, "-m", "ant", "prompts", "replay"]
            command += ["--data-dir", str(tmp_path)]
            told = await trio.run_process(command, capture_stdout=True)
            return b" verdicts replayed, 0 differ." in told.stdout

        assert await eventually(made_again)


def now_fingerprint(explained: Any) -> str:
    """What decides whether an answer is meant for this prompt, computed anew."""
    prompt = explained["prompt"]
    options = tuple(Option(o["label"], keys=o["keys"]) for o in prompt["options"])
    again = Prompt(
        kind=Kind(prompt["kind"]),
        class_=PromptClass(prompt["class"]),
        form=Form(prompt["form"]),
        question=prompt["question"],
        options=options,
        rule="",
        rows=(0, 0),
        text="",
    )
    return again.fingerprint
