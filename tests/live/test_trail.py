"""A whole life on a real server, as its run events tell it, and what they must not."""

import os
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient, EventSocket
from ant.model.run_events import TOMBSTONE
from ant.run_events import hash_chain
from ant.store import Store, Unit
from ant.store.tables.run_events import RunEventRow
from tests.live.server import running_server
from tests.live.waiting import eventually

ANSWERED, TYPED = "Tr0ub4dor", "c0rrecth0rse"
"""Two secrets: one answers a prompt, the other is typed key by key."""

RAW = "hunter2ahead"
"""One that is typed into a program that asks for it otherwise."""

SCRIPT = """
read -r -p "Delete all of it? [y/n] " a
read -r -s -p "Password: " b; echo; echo "got ${#b}"
python3 -c 'import getpass; print("and", len(getpass.getpass("Passphrase: ")))'
stty -echo; echo ready; read -r c; stty echo; echo "and then ${#c}"
read -r d; echo "saw $d"
printf '\\033]0;at work\\007'
sleep 100; exit 3
"""


async def events(ant: AntClient, session_id: str, **query: Any) -> Any:
    path = f"/api/sessions/{session_id}/run-events"
    return (await ant.call("GET", path, **query))["events"]


async def type_keys(socket: EventSocket, session_id: str, keys: str) -> None:
    """One frame for each key."""
    for n, key in enumerate(keys):
        ref = f"key {n}"
        await socket.send("terminal_input", sessionId=session_id, data=key, ref=ref)
        await socket.expect("ack", ref=ref)


def files_with(words: tuple[str, ...], folder: Path) -> list[str]:
    """The files below a folder in which one of these words is, as it is."""
    names = (Path(top, name) for top, _, names in os.walk(folder) for name in names)
    found = ((name, name.read_bytes()) for name in names if name.is_file())
    return [
        f"{name}: {word}"
        for name, data in found
        for word in words
        if word.encode() in data
    ]


@pytest.mark.slow
async def test_tombstones_are_buried_with_the_log(tmp_path: Path) -> None:
    """Of what was removed for good only places and hashes stay, and not for ever."""

    def rows(unit: Unit) -> list[tuple[str, str]]:
        query = RunEventRow.select(RunEventRow.kind, RunEventRow.text)
        return [(row.kind, row.text) for row in query]

    def age(unit: Unit) -> None:
        RunEventRow.update(at="2020-01-01T00:00:00.000000Z").execute()

    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("one", command=["cat"])
        await ant.call("DELETE", f"/api/sessions/{row['id']}", hard="true")
        store = Store.open(tmp_path / "ant.db")
        await eventually(lambda: {(TOMBSTONE, "")} == set(store.read(rows)))
        store.close()
        await server.stop()
    store = Store.open(tmp_path / "ant.db")
    store.transact(age)
    store.close()
    async with running_server(tmp_path):
        store = Store.open(tmp_path / "ant.db")
        await eventually(lambda: not store.read(rows))
        store.close()


@pytest.mark.slow
async def test_a_life_and_its_secrets(tmp_path: Path) -> None:
    """All that happened is there in order, in one whole chain, and no secret anywhere.

    Not in the events, not in the database and its log, nor in any other file.
    """
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("one", command=["bash", "-c", SCRIPT])
        one, base = row["id"], f"/api/sessions/{row['id']}"

        async def said(text: str) -> None:
            async def look() -> bool:
                rows = (await ant.history(one, order="asc"))["rows"]
                return text in "".join(each["text"] for each in rows)

            await eventually(look)

        async def asked(text: str) -> Any:
            async def look() -> Any:
                path = f"{base}/prompt-bridge/pending"
                found = (await ant.call("GET", path))["pending"]
                return found if found and text in found["question"] else None

            return await eventually(look)

        async with ant.socket() as socket:
            await socket.send("join_session", sessionId=one, handle="@eve", ref="in")
            await socket.expect("ack", ref="in")
            respond = f"{base}/prompt-bridge/respond"
            for question, answer in (("Delete", "n"), ("Password", ANSWERED)):
                prompt = await asked(question)
                body = {"prompt_id": prompt["id"], "response": answer, "by": "ada"}
                await ant.call("POST", respond, body)
            await said("got 9")
            await asked("Passphrase")
            await type_keys(socket, one, TYPED + "\r")
            await said("and 12")
            await said("ready")
            await ant.type(one, RAW + "\n")
            await said("and then 12")
            await type_keys(socket, one, "plain line\r")
            await said("saw plain line")
            await eventually(
                lambda: events(ant, one, q="plain line", source="terminal")
            )
            await eventually(lambda: events(ant, one, q="title: at work"))
            await ant.call("POST", f"{base}/terminal/resize", {"cols": 90, "rows": 20})
            hook = {"ant_session_id": one, "event": "Whatever", "its": "own"}
            heard = await ant.call("POST", "/api/hooks", hook)
            assert "ignored" == heard["action"]
            asks = {"content": "a message", "sender_id": "ada", "target": "@one"}
            await ant.call(
                "POST", f"/api/sessions/{row['linked_chat_id']}/messages", asks
            )
            stop = {"reason": "enough", "requested_by": "ada"}
            receipt = await ant.call("POST", f"{base}/terminal/stop", stop)
            with trio.fail_after(15):
                await socket.expect("session_exited", sessionId=one)
        told = await events(ant, one, limit=1000)
        life = await ant.call("GET", f"{base}/terminal/events", order="asc")
        await server.stop()
    assert hash_chain.fault(told) is None
    assert 1 == told[0]["n"]
    assert receipt["event"] in told
    texts = [(each["source"], each["kind"], each["text"]) for each in told]
    in_order = [
        ("json", "prompt_response", "ada chose n for Delete all of it?"),
        ("json", "prompt_response", "ada chose text for Password:"),
        ("terminal", "prompt", "plain line"),
        ("hook", "system", "Whatever"),
        ("json", "delivery", "queued: message from ada"),
        ("status", "terminal_stop", "Stop requested by ada: enough"),
    ]
    assert in_order == [each for each in texts if each in in_order], texts
    assert texts[0][2].startswith("start: pid ")
    system = [text for _, kind, text in texts if kind == "system"]
    assert system[-1].startswith("exit: ")
    asked_for = [each for each in told if each["kind"] == "question"]
    words = ("Delete", "Password", "Passphrase")
    # On a slow machine the lines that it reads without a text are questions, too.
    assert [*words] == [
        word for each in asked_for for word in words if word in each["text"]
    ]
    hidden = sum(
        each["payload"]["hidden"]
        for each in told
        if "capture_source" in each["payload"]
    )
    assert len(TYPED) + len(RAW) <= hidden <= len(TYPED) + len(RAW) + 2
    (line,) = [each for each in told if each["text"] == "plain line"]
    assert ("@eve", "ws") == (line["payload"]["by"], line["payload"]["transport"])
    kinds = [each["kind"] for each in life["rows"]]
    assert ["start", "title", "resize", "exit"] == kinds
    assert sorted(each["offset"] for each in life["rows"]) == [
        each["offset"] for each in life["rows"]
    ]
    assert [] == files_with((ANSWERED, TYPED, RAW), tmp_path)
    assert [] != files_with(("plain line",), tmp_path)
