"""Handles of terminals and rooms, for trio, against a real server."""

import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AsyncAnt, OutputMissing, Unreachable
from ant.core.errors import (
    AlreadyAnswered,
    AntError,
    Conflict,
    Invalid,
    NotAnOption,
    NotFound,
    NotRunning,
    PromptChanged,
)
from tests.cli.real import Proxy, RealServer, proxy_of, real_server
from tests.live.waiting import eventually
from tests.served import serve

ASKS = [
    "bash",
    "-c",
    'read -p "Delete it? [y/N] " a; echo you said $a; '
    'read -p "Sure? [y/N] " b; echo then $b',
]
ROW = {
    "id": "x",
    "name": "web",
    "handle": "@web",
    "type": "terminal",
    "linked_chat_id": None,
}


@pytest.fixture
async def ant(server: RealServer) -> AsyncIterator[AsyncAnt]:
    async with AsyncAnt(server.url) as opened:
        yield opened


async def test_a_command_is_run_to_its_end(ant: AsyncAnt) -> None:
    """A text is for the shell; the output is text, and exact bytes."""
    terminal = await ant.run(r"printf 'a \033[31mred\033[0m\ne\303\251'; exit 4")
    answer = await terminal.wait()
    assert ("exit", 4) == (answer["until"], answer["exit_code"])
    assert 4 == await terminal.exit_code
    assert await terminal.exit_signal is None
    assert "a red\ne\u00e9" == await terminal.output
    assert b"a \x1b[31mred\x1b[0m\r\ne\xc3\xa9" == await terminal.output_bytes
    again = await terminal.wait()
    assert "exit" == again["until"], "it is still true"


async def test_arguments_are_no_text_for_a_shell(ant: AsyncAnt, tmp_path: Path) -> None:
    """Nothing in them is expanded; folder and environment are those that were given."""
    code = "import os, sys; print(sys.argv[1:], os.getcwd(), os.environ['WHO'])"
    argv = [sys.executable, "-c", code, "$HOME", "a b;"]
    terminal = await ant.run(argv, cwd=tmp_path, env={"WHO": "me"}, cols=500)
    await terminal.wait()
    assert f"['$HOME', 'a b;'] {tmp_path} me\n" == await terminal.output


async def test_a_program_starts_in_the_folder_of_its_caller(ant: AsyncAnt) -> None:
    """As in a shell."""
    terminal = await ant.run(["pwd"])
    await terminal.wait()
    assert f"{os.getcwd()}\n" == await terminal.output


async def test_a_terminal_of_a_command_has_its_name(ant: AsyncAnt) -> None:
    """Two of one command have two names; a name that is given is taken as it is."""
    command = "echo\n\t'\u202e\x07' && exit " + 100 * "x"
    one, two = await ant.run(command), await ant.run(command)
    assert one.name.startswith("echo '' && exit xxx")
    assert one.name != two.name
    named = await ant.run("exit", name="named")
    assert ("named", "@named") == (named.name, named.handle)
    with pytest.raises(Conflict):
        await ant.run("exit", name="named")


async def test_a_signal_is_no_exit_code(ant: AsyncAnt) -> None:
    """And Ctrl-C interrupts the program."""
    terminal = await ant.run(["sh", "-c", "echo up; exec sleep 100"])
    await terminal.wait("output:up")
    assert await terminal.exit_code is None
    await terminal.interrupt()
    assert signal.SIGINT == (await terminal.wait())["exit_signal"]
    assert (None, signal.SIGINT) == (
        await terminal.exit_code,
        await terminal.exit_signal,
    )


async def test_no_fact_is_missed(ant: AsyncAnt) -> None:
    """What came before the first wait, and between two, is told once each."""
    terminal = await ant.run("echo one; echo two; read x; echo one")
    await eventually(lambda: has(terminal, "two"))
    assert "one" == (await terminal.wait("output:one"))["text"]
    assert "two" == (await terminal.wait("output:two"))["text"]
    nothing = await terminal.wait("output:one", timeout=0.1)
    assert nothing["timed_out"]
    await terminal.type("", enter=True)
    assert "one" == (await terminal.wait("output:one"))["text"]
    assert "exit" == (await terminal.wait("output:one"))["until"]


async def has(terminal: Any, text: str) -> bool:
    return text in await terminal.output


async def test_what_an_input_causes_is_not_missed(ant: AsyncAnt) -> None:
    """Also by a handle that has not waited before."""
    made = await ant.run(["cat"])
    terminal = await ant.terminal(made.id)
    receipt = await terminal.type("caf\u00e9", enter=True)
    assert 6 == receipt["size"]
    await eventually(lambda: has(made, "caf\u00e9\ncaf\u00e9\n"))
    assert "caf\u00e9" == (await terminal.wait("output:caf\u00e9"))["text"]
    await terminal.key("C-d")
    assert "exit" == (await terminal.wait())["until"]
    with pytest.raises(NotRunning):
        await terminal.type("x")


async def test_a_key_that_is_none_presses_none(ant: AsyncAnt) -> None:
    """Also not the ones before it."""
    terminal = await ant.run(["cat", "-v"])
    with pytest.raises(Invalid, match="There is no key 'Entr'"):
        await terminal.key("a", "Entr")
    await terminal.key("b", "M-x", "Enter", "C-d")
    await terminal.wait()
    assert "b^[x\nb^[x\n" == await terminal.output


async def test_a_place_is_where_a_wait_begins(ant: AsyncAnt) -> None:
    """What came before it is not told."""
    terminal = await ant.run("echo one; read x; echo one")
    await terminal.wait("output:one")
    place = await terminal.place()
    await terminal.type("\r")
    found = await terminal.wait("output:one", after=place)
    assert found["start"] is not None
    assert found["start"] > 5


async def test_a_prompt_is_answered_that_was_read(ant: AsyncAnt) -> None:
    """Nothing is answered blindly, and no answer is for another prompt."""
    terminal = await ant.run(ASKS)
    with pytest.raises(Conflict, match=r"No prompt of bash .* was read"):
        await terminal.answer("y")
    first = (await terminal.wait("prompt"))["prompt"]
    assert first is not None
    assert "Delete it?" in first["summary"]
    with pytest.raises(NotAnOption, match="'maybe' is no option"):
        await terminal.answer("maybe")
    with pytest.raises(NotAnOption, match="3 is no option"):
        await terminal.answer(3)
    answer = await terminal.answer("y", why="a test")
    assert ("y", True) == (answer["chosen"], answer["resolved"])
    assert "a test" == (answer["prompt"]["answer"] or {})["justification"]
    assert "script" == (answer["prompt"]["answer"] or {})["by"]
    with pytest.raises((AlreadyAnswered, PromptChanged)):
        await terminal.answer("y")
    second = (await terminal.wait("prompt"))["prompt"]
    assert second is not None
    assert first["id"] != second["id"]
    pending = await terminal.prompt
    assert pending is not None
    assert second["id"] == pending["id"]
    with pytest.raises((AlreadyAnswered, PromptChanged)):
        await terminal.answer("y", prompt=first)
    await terminal.answer(False)
    await terminal.wait()
    assert await terminal.prompt is None
    assert "you said y\n" in await terminal.output
    assert (await terminal.output).endswith("then N\n")


async def test_a_screen_is_read(ant: AsyncAnt) -> None:
    """As it was at the end, too."""
    terminal = await ant.run("printf 'one\ntwo'", cols=20, rows=3)
    await terminal.wait()
    screen = await terminal.screen()
    assert ["one", "two", ""] == [line.rstrip() for line in screen["lines"]]
    assert (20, 3) == (screen["cols"], screen["rows"])


async def test_the_events_of_a_terminal(ant: AsyncAnt) -> None:
    """From its first one, up to the one that the caller names."""
    terminal = await ant.run("exit 3")
    with trio.fail_after(20):
        events = [each async for each in terminal.events(until="session_exited")]
    assert {terminal.id} == {each["sessionId"] for each in events}
    assert ("session_exited", 3) == (events[-1]["type"], events[-1]["exit_code"])
    assert sorted(each["seq"] for each in events) == [each["seq"] for each in events]


async def test_a_terminal_is_removed(ant: AsyncAnt) -> None:
    """For good, if the caller says so."""
    terminal = await ant.run(["cat"], name="gone")
    await terminal.remove()
    assert (await terminal.row())["deleted_at"] is not None
    await terminal.remove(hard=True)
    with pytest.raises(NotFound):
        await terminal.row()


async def test_a_room_is_no_terminal(ant: AsyncAnt) -> None:
    """It is found as a room; a terminal's is its chat."""
    room = await ant.new_room("a room")
    with pytest.raises(NotRunning, match="'a room' is a room, not a terminal"):
        await ant.terminal("a room")
    assert room.id == (await ant.find_room("a room")).id
    terminal = await ant.run("exit", name="with a chat")
    chat = await ant.find_room("with a chat")
    await chat.post("hello")
    assert ["hello"] == [each["content"] async for each in terminal.messages()]
    assert chat.id == (await terminal.row())["linked_chat_id"]


async def test_a_conversation(ant: AsyncAnt) -> None:
    """All messages in their order, and then those that come."""
    room = await ant.new_room("planning")
    await room.add("@james", role="participant")
    people = (await room.participants())["all"]
    assert ["@james"] == [each["handle"] for each in people]
    posted = [await room.post(f"message {n}") for n in range(5)]
    assert [each["id"] for each in posted] == [
        each["id"] async for each in room.messages()
    ]
    assert "script" == posted[0]["sender_id"]
    later = room.messages(posted[2]["id"], follow=True)
    got = [(await anext(later))["content"] for _ in range(2)]
    reply = await room.post("for one", target="@james", reply_to=posted[0]["id"])
    assert posted[0]["id"] == reply["reply_to"]
    with trio.fail_after(20):
        got.append((await anext(later))["content"])
    assert ["message 3", "message 4", "for one"] == got
    await later.aclose()
    with pytest.raises(StopAsyncIteration):
        await anext(later)


class Answers(dict[str, Any]):
    """A server with one terminal, and the answers for the path with this end."""

    def __init__(self, answers: Iterator[Any], path: str) -> None:
        sessions = {"sessions": [ROW], "recoverable": []}
        wait = {"next": "0.0"}
        super().__init__(
            {"GET /api/sessions": sessions, "GET /api/sessions/x/wait": wait}
        )
        self._answers, self._path = answers, path

    def __getitem__(self, key: str) -> Any:
        return (
            next(self._answers)
            if key.endswith(self._path)
            else super().__getitem__(key)
        )


async def test_what_is_not_stored_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Output with a hole is no output; the error has what there is."""
    pages = iter(
        [
            {"rows": [{"raw_b64": "YWI="}], "gaps": [], "next": 2, "end": 9},
            {
                "rows": [{"raw_b64": "Yw=="}],
                "gaps": [{"from": 2, "to": 8}],
                "next": 9,
                "end": 9,
            },
        ]
    )

    serve(monkeypatch).answers = Answers(pages, "/history")
    async with AsyncAnt("http://127.0.0.1:9") as ant:
        terminal = await ant.terminal("web")
        with pytest.raises(OutputMissing, match="not stored: 2 up to 8") as caught:
            await terminal.output
        with pytest.raises(NotFound, match="chat of session 'web'"):
            terminal.messages()
    assert (b"abc", [(2, 8)]) == (caught.value.data, caught.value.gaps)


async def test_how_much_was_typed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long text is several inputs, and one of them may be refused."""
    full = {
        "problem": 429,
        "detail": "Full.",
    }
    receipts = iter([{"ok": True, "size": 1, "written": 1, "queued": 0}, full])
    fake = serve(monkeypatch)
    fake.answers = Answers(receipts, "/input")
    async with AsyncAnt("http://127.0.0.1:9") as ant:
        terminal = await ant.terminal("web")
        with pytest.raises(AntError, match=r"Full\. ANT typed the first 262144 b"):
            await terminal.type(b"x" * 300_000)
    assert [262_144, 37_856] == [len(each.content) for each in fake.asked[-2:]]


@pytest.fixture
def proxy(server: RealServer) -> Iterator[Proxy]:
    with proxy_of(server) as opened:
        yield opened


@pytest.mark.slow
async def test_a_wait_goes_on_after_a_cut(server: RealServer, proxy: Proxy) -> None:
    """The fact that comes meanwhile is told."""
    async with AsyncAnt(proxy.url) as ant, AsyncAnt(server.url) as near:
        terminal = await ant.run("echo up; read x; echo down; read x")
        await terminal.wait("output:up")
        before = proxy.count
        found = []
        with trio.fail_after(20):
            async with trio.open_nursery() as nursery:

                async def wait() -> None:
                    found.append(await terminal.wait("output:down"))

                nursery.start_soon(wait)

                def is_lost() -> bool:
                    proxy.cut()
                    return proxy.count > before

                await eventually(is_lost)
                await near.type(terminal.id, "\r")
        assert ["down"] == [each["text"] for each in found]
        await terminal.remove(hard=True)


@pytest.mark.slow
async def test_a_feed_goes_on_after_a_cut(server: RealServer, proxy: Proxy) -> None:
    """No message is missed and none comes twice."""
    async with AsyncAnt(proxy.url) as ant, AsyncAnt(server.url) as near:
        room = await ant.new_room("cut")
        direct = await near.find_room("cut")
        got = []
        with trio.fail_after(20):
            async with room.messages(follow=True) as feed:
                for number in range(5):
                    await direct.post(str(number))
                    got.append((await anext(feed))["content"])
                    proxy.cut()
                    await direct.post(f"{number} again")
                    got.append((await anext(feed))["content"])
        assert [f"{n}{more}" for n in range(5) for more in ("", " again")] == got


@pytest.mark.slow
async def test_waits_and_feeds_go_on_after_a_restart(tmp_path: Path) -> None:
    """The end of a program with its server is told; no event comes twice."""
    with real_server(tmp_path) as first, proxy_of(first) as proxy:
        async with AsyncAnt(proxy.url) as ant:
            terminal = await ant.run("echo up; read x")
            await terminal.wait("output:up")
            ends: list[Any] = []
            seqs = []
            with trio.fail_after(30):
                async with trio.open_nursery() as nursery:

                    async def wait() -> None:
                        ends.append(await terminal.wait())

                    async def follow() -> None:
                        async for event in ant.event_feed(0, until="task_created"):
                            seqs.append(event["seq"])

                    nursery.start_soon(wait)
                    nursery.start_soon(follow)
                    await eventually(lambda: seqs)
                    await trio.to_thread.run_sync(first.stop)
                    with real_server(tmp_path) as second:
                        proxy.lead_to(second)
                        async with AsyncAnt(second.url) as near:
                            room = await near.new_room("later")
                            path = f"/api/sessions/{room.id}/tasks"
                            await near.call("POST", path, {"title": "one"})
                            page = await near.events(limit=1000)
                            await eventually(lambda: ends)
                        logged = [each["seq"] for each in page["events"]]
                        await eventually(lambda: len(seqs) == len(logged))
            assert logged == seqs
            assert "exit" == ends[0]["until"]


async def test_a_server_that_never_answered_is_not_waited_for() -> None:
    """One sentence at once; a feed would not know where to go on."""
    async with AsyncAnt("http://127.0.0.1:9") as ant:
        with trio.fail_after(10):
            with pytest.raises(
                Unreachable, match=r"cannot reach http://127\.0\.0\.1:9: "
            ):
                await ant.run("exit")
            with pytest.raises(Unreachable):
                await anext(ant.event_feed())
            with pytest.raises(Unreachable):
                await anext(ant.event_feed(5))
