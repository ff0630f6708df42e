"""Many sessions at once: none harms another, none leaves anything behind."""

import sys
from pathlib import Path

import pytest
import trio

from ant.core.errors import AntError, CapacityReached, Conflict
from tests.live.server import left_of, running_server, shared_server
from tests.live.viewer import watching
from tests.live.waiting import eventually

COUNT = 100


@pytest.mark.slow
@pytest.mark.soak
async def test_a_hundred_sessions_come_and_go_and_leave_nothing(
    tmp_path: Path,
) -> None:
    """After 100 hard deletes: no child, no zombie, no descriptor; a sibling lives."""
    async with running_server(tmp_path) as server, server.client() as ant:
        sibling = await ant.create("sibling", command=["cat"])
        first = await ant.create("first", command=["cat"])
        await ant.call("DELETE", f"/api/sessions/{first['id']}", hard="true")
        before = len(server.open_fds())
        ids: list[str] = []

        async def come(number: int) -> None:
            row = await ant.create(f"s{number}", command=["cat"])
            ids.append(row["id"])

        async def go(session_id: str) -> None:
            await ant.type(session_id, "hello\r")
            await ant.call("DELETE", f"/api/sessions/{session_id}", hard="true")

        with trio.fail_after(60):
            async with trio.open_nursery() as nursery:
                for number in range(COUNT):
                    nursery.start_soon(come, number)
            assert len(server.children()) == COUNT + 1
            health = await ant.call("GET", "/api/health")
            assert health["active_session_count"] == COUNT + 1
            async with trio.open_nursery() as nursery:
                for session_id in ids:
                    nursery.start_soon(go, session_id)
        health = await ant.call("GET", "/api/health")
        assert health["active_session_count"] == 1
        assert [child.state for child in server.children()] == ["S"]
        assert [each for each in ids if left_of(each)] == []
        rows = (await ant.call("GET", "/api/sessions"))["sessions"]
        assert {row["name"] for row in rows} == {"sibling", "sibling-Chat"}
        async with watching(ant, sibling["id"]) as view:
            await view.type("still here\r")
            await view.until_text("still here\r\nstill here\r\n")
        # The one that `ant` had at the time of `before` is closed by now, too.
        await ant.__aexit__()
        await eventually(lambda: len(server.open_fds()) == before - 1)


@pytest.mark.slow
async def test_the_cap_refuses_and_says_so(tmp_path: Path) -> None:
    """At ANT_MAX_ACTIVE_SESSIONS create, start, input and join are a 429."""
    env = {"ANT_MAX_ACTIVE_SESSIONS": "2"}
    async with running_server(tmp_path, **env) as server, server.client() as ant:
        rows = [await ant.create(f"s{n}", command=["cat"]) for n in range(2)]
        with pytest.raises(CapacityReached, match="ANT_MAX_ACTIVE_SESSIONS"):
            await ant.create("s2", command=["cat"])
        known = (await ant.call("GET", "/api/sessions"))["sessions"]
        assert "s2" not in [row["name"] for row in known]
        waiting = await ant.create("s2", command=["cat"], start=False)
        path = f"/api/sessions/{waiting['id']}/terminal"
        for action, body in (("start", {}), ("input", {"data": "x"})):
            with pytest.raises(CapacityReached):
                await ant.call("POST", f"{path}/{action}", body)
        async with watching(ant, waiting["id"], spawnPty=True, ref="j") as view:
            await view.until(lambda v: v.frames and v.frames[-1]["type"] == "error")
            assert (view.frames[-1]["status"], view.frames[-1]["ref"]) == (429, "j")
        resources = (await ant.call("GET", "/api/health"))["resources"]
        assert (resources["atCap"], resources["canSpawn"]) == (True, False)
        assert resources["maxActiveSessions"] == 2
        await ant.create("talk", "chat")
        await ant.call("DELETE", f"/api/sessions/{rows[0]['id']}")
        started = await ant.call("POST", f"{path}/start", {})
        assert started["status"] == "running"


@pytest.mark.slow
async def test_racing_creates_keep_name_and_cap_true(tmp_path: Path) -> None:
    """Of ten creates of one name one succeeds; of ten names a cap of four lets four."""
    flags = ("--max-active-sessions", "4")
    async with running_server(tmp_path, *flags) as server, server.client() as ant:
        outcomes: list[str] = []

        async def create(name: str) -> None:
            try:
                await ant.create(name, command=["cat"])
                outcomes.append("created")
            except AntError as exc:
                outcomes.append(type(exc).__name__)

        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                for _ in range(10):
                    nursery.start_soon(create, "same")
        assert outcomes.count("created") == 1
        refused = {*outcomes} - {"created"}
        assert refused <= {Conflict.__name__, CapacityReached.__name__}
        outcomes.clear()
        with trio.fail_after(30):
            async with trio.open_nursery() as nursery:
                for number in range(10):
                    nursery.start_soon(create, f"n{number}")
        assert sorted(outcomes) == [CapacityReached.__name__] * 7 + ["created"] * 3
        assert len(server.children()) == 4
        rows = (await ant.call("GET", "/api/sessions"))["sessions"]
        assert len(rows) == 8, "four terminals and their chats"


@pytest.mark.slow
async def test_health_is_measured(tmp_path: Path) -> None:
    """Memory, descriptors, delay and counts in health are those of this process."""
    async with running_server(tmp_path) as server, server.client() as ant:
        health = await ant.call("GET", "/api/health")
        assert (health["status"], health["active_session_count"]) == ("ok", 0)
        rss = health["pressure"]["rss_bytes"]
        assert abs(rss - server.rss_bytes()) < 8 << 20
        assert 10 << 20 < rss < 96 << 20
        fds = health["pressure"]["open_fds"]
        assert 5 < fds < 40
        assert fds >= len(server.open_fds())
        assert health["pressure"]["max_fds"] >= fds
        assert health["pressure"]["loop_delay_ms_max"] < 1000
        spin = [sys.executable, "-c", "print('up', flush=True)\nwhile True: pass"]
        busy = await ant.create("busy", command=spin)
        health = await ant.call("GET", "/api/health")
        assert health["active_session_count"] == 1
        assert health["uptime_s"] > 0
        await ant.call("DELETE", f"/api/sessions/{busy['id']}")
        health = await ant.call("GET", "/api/health")
        assert health["active_session_count"] == 0


@pytest.mark.slow
async def test_one_session_at_full_speed_leaves_the_others_their_turn() -> None:
    """While three programs flood, a fourth answers each keystroke."""
    async with shared_server() as server, server.client() as ant:
        for number in range(3):
            await ant.create(f"flood{number}", command=["yes", "x" * 70])
        row = await ant.create("calm", command=["cat"])
        async with watching(ant, row["id"]) as view:
            for number in range(10):
                with trio.fail_after(10):
                    await view.type(f"key{number}\r")
                    await view.until_text(f"key{number}\r\nkey{number}\r\n")
