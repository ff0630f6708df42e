"""`/ws` from outside: greetings, joins, events, and many of everything."""

from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient, EventSocket
from tests.live.rude import barge_in, reset
from tests.live.server import running_server, shared_server
from tests.live.viewer import watching
from tests.live.waiting import eventually


async def greeting(socket: EventSocket) -> tuple[dict[str, Any], dict[str, Any]]:
    """The first two frames of every connection."""
    return await socket.receive(), await socket.receive()


async def answer(socket: EventSocket) -> dict[str, Any]:
    """The next frame but for what all are told of agents, which comes at any time."""
    while (frame := await socket.receive())["type"] == "agent_status_updated":
        pass
    return frame


@pytest.mark.slow
async def test_a_socket_is_greeted_and_its_frames_are_answered(tmp_path: Path) -> None:
    """build_id, hello, then an `ack` with its `ref` for each frame that has one."""
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("cat", command=["cat"])
        own = {"sessionId": row["id"]}
        async with ant.socket() as one, ant.socket() as two:
            build, hello = await greeting(one)
            assert build.keys() == {"type", "buildId"}
            assert (build["type"], hello["type"]) == ("build_id", "hello")
            assert (build, hello) == await greeting(two), "one server, one epoch"
            assert hello["seq"] > 0
            await one.send("presence_ping", ref="1")
            assert await answer(one) == {"type": "ack", "ref": "1"}
            await one.send("check_health", ref="2", **own)
            health = await answer(one)
            assert health == {
                "type": "session_health",
                "alive": True,
                "status": "running",
                **own,
            }
            assert (await answer(one))["ref"] == "2"
            await one.send("join_session", ref="3", **own)
            assert (await answer(one))["type"] == "session_health"
            assert await answer(one) == {
                "type": "ack",
                "ref": "3",
                "offset": 0,
                "end": 0,
                **own,
            }
            await one.send("terminal_input", data="hi\r", ref="4", **own)
            ack = await one.expect("ack", ref="4")
            assert ack == {"type": "ack", "ref": "4", "size": 3, **own}
            await one.expect("terminal_output", **own)
            await one.send("leave_session", ref="5", **own)
            await one.expect("ack", ref="5")
            await two.send("terminal_input", data="unseen\r", ref="6", **own)
            await two.expect("ack", ref="6")
            await eventually(lambda: shown(ant, row["id"], "unseen\nunseen"))
            await one.send("presence_ping", ref="7")
            assert await answer(one) == {"type": "ack", "ref": "7"}, "it has left"
            await one.send("join_session", sessionId="__ant_sessions__", ref="8")
            assert (await answer(one))["ref"] == "8"
        async with (
            running_server(tmp_path / "other") as other,
            other.client() as stranger,
            stranger.socket() as socket,
        ):
            _, foreign = await greeting(socket)
            assert foreign["epoch"] != hello["epoch"]
    async with (
        running_server(tmp_path) as server,
        server.client() as ant,
        ant.socket() as socket,
    ):
        again, later = await greeting(socket)
        assert again["buildId"] != build["buildId"]
        assert later["epoch"] == hello["epoch"]
        assert later["seq"] > hello["seq"]


async def shown(ant: AntClient, session_id: str, text: str) -> bool:
    """Whether that is in what the terminal showed of late."""
    page = await ant.history(session_id, order="asc")
    return text in "".join(row["text"] for row in page["rows"])


@pytest.mark.slow
async def test_the_first_milliseconds_are_not_lost() -> None:
    """A join that comes in one packet with the handshake is obeyed."""
    async with shared_server() as server, server.client() as ant:
        for number in range(10):
            command = ["echo", "early"]
            row = await ant.create(f"fast{number}", command=command, start=False)
            stream = await barge_in(server.port, row["id"], spawnPty=True)
            got = b""
            with trio.fail_after(10):
                while b"session_exited" not in got:
                    got += await stream.receive_some(65536)
            assert b'"data":"early\\r\\n","offset":0,"end":7' in got
            await stream.aclose()


@pytest.mark.slow
async def test_a_look_at_a_terminal_shows_its_run_from_the_first_line(
    tmp_path: Path,
) -> None:
    """A `spawnPty` join that names no offset is shown what is there, lines whole."""
    command = ["sh", "-c", "seq 1 $(cat lines); read x"]
    async with shared_server() as server, server.client() as ant:
        lines = tmp_path / "lines"
        row = await ant.create(
            "look", command=command, root_dir=str(tmp_path), start=False
        )
        for count in (3, 3, 30_000):
            lines.write_text(str(count))
            await ant.call("POST", f"/api/sessions/{row['id']}/terminal/start", {})
            await eventually(lambda n=count: shown(ant, row["id"], f"\n{n}\n"))
            async with watching(ant, row["id"], from_=None, spawnPty=True) as view:
                await view.until(lambda v, n=count: v.text.endswith(f"\n{n}\r\n"))
                first = int(view.text.partition("\r\n")[0])
                whole = "".join(f"{n}\r\n" for n in range(first, count + 1))
                assert view.text == whole
                if count == 3:
                    assert first == 1
                else:
                    assert 60 << 10 < len(view.text) <= 64 << 10
                await view.type("\r")
                await view.until_exit()


@pytest.mark.slow
async def test_one_socket_joins_many_and_many_share_one() -> None:
    """40 sessions on one socket and 40 sockets on one session see what is theirs."""
    async with shared_server() as server, server.client() as ant:
        ids = []
        for number in range(40):
            command = ["sh", "-c", f"read x; seq {number}000 {number}200"]
            ids.append((await ant.create(f"m{number}", command=command))["id"])
        text = dict.fromkeys(ids, "")
        async with ant.socket() as socket:
            for each in ids:
                await socket.send("join_session", sessionId=each)
            for each in ids:
                await socket.send("terminal_input", sessionId=each, data="\r")
            exits = 0
            with trio.fail_after(30):
                while exits < len(ids):
                    frame = await socket.receive()
                    if frame["type"] == "terminal_output":
                        text[frame["sessionId"]] += frame["data"]
                    exits += frame["type"] == "session_exited"
        for number, each in enumerate(ids):
            first, last = int(f"{number}000"), int(f"{number}200")
            lines = "".join(f"{n}\r\n" for n in range(first, last + 1))
            assert text[each] == "\r\n" + lines
        row = await ant.create("shared", command=["cat"])
        done = 0

        async def look() -> None:
            nonlocal done
            async with watching(ant, row["id"]) as view:
                await view.until_text("all of you\r\nall of you\r\n")
                done += 1
                await view.until_exit()
            assert view.text == "all of you\r\nall of you\r\n"

        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                for _ in range(40):
                    nursery.start_soon(look)
                await ant.type(row["id"], "all of you\r")
                await eventually(lambda: done == 40)
                await ant.type(row["id"], "\x04")


@pytest.mark.slow
async def test_events_reach_whom_they_concern_in_order(tmp_path: Path) -> None:
    """Durable events go to every socket, each once, with a rising `seq`."""
    async with (
        running_server(tmp_path) as server,
        server.client() as ant,
        ant.socket() as socket,
    ):
        _, hello = await greeting(socket)
        row = await ant.create("event", command=["sh", "-c", "read x; exit 4"])
        path = f"/api/sessions/{row['id']}"
        await ant.call("POST", f"{path}/terminal/resize", {"cols": 90, "rows": 30})
        await ant.type(row["id"], "\r")
        seen = [await socket.receive()]
        with trio.fail_after(10):
            while seen[-1]["type"] != "session_exited":
                seen.append(await socket.receive())
            await ant.call("DELETE", path)
            while not seen[-1].get("removedIds"):
                seen.append(await socket.receive())
        [exited] = [each for each in seen if each["type"] == "session_exited"]
        assert (exited["exit_code"], exited["sessionId"]) == (4, row["id"])
        assert set(seen[-1]["removedIds"]) == {row["id"], row["linked_chat_id"]}
        kinds = {each["type"] for each in seen}
        to_all = {"session_activity", "agent_status_updated"}  # At any time, too.
        assert kinds <= {"sessions_changed", "session_exited"} | to_all
        seqs = [each["seq"] for each in seen if "seq" in each]
        assert seqs == sorted(set(seqs))
        assert seqs[0] > hello["seq"]


@pytest.mark.slow
async def test_a_socket_that_leaves_rudely_leaves_nothing(tmp_path: Path) -> None:
    """Fifty connections reset within a flood cost no descriptor and no peer."""
    async with running_server(tmp_path) as server, server.client() as ant:
        row = await ant.create("flood", command=["yes", "y" * 60])
        await ant.call("GET", "/api/health")
        before = len(server.open_fds())

        async def visit() -> None:
            stream = await barge_in(server.port, row["id"], **{"from": 0})
            got = 0
            while got < 200_000:
                got += len(await stream.receive_some(65536))
            reset(stream)

        with trio.fail_after(60):
            for _ in range(10):
                async with trio.open_nursery() as nursery:
                    for _ in range(5):
                        nursery.start_soon(visit)
        await eventually(lambda: len(server.open_fds()) <= before)
        async with watching(ant, row["id"], from_=None, spawnPty=True) as view:
            await view.until(lambda v: len(v.outputs) > 2)
        assert "Traceback" not in server.log.read_text()
