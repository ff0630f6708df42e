"""What was run in a real shell, and taken along: on a real server, to the byte."""

import base64
import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from ant.client import AntClient
from ant.export.verify import verify
from ant.terminal.screen.emulator import ScreenEmulator, open_screen
from tests.live.server import run_ant, running_server
from tests.live.test_programs import needs
from tests.live.test_screen import look, shows
from tests.live.waiting import eventually


async def blocks(ant: AntClient, session_id: str, count: int) -> list[dict[str, Any]]:
    """The commands that are recorded, once there are so many."""
    path = f"/api/sessions/{session_id}/run-events"

    async def found() -> Any:
        page = await ant.call("GET", path, kind="command_block")
        return page["events"] if page["count"] >= count else None

    told: list[dict[str, Any]] = await eventually(found)
    assert count == len(told)
    return told


async def run(ant: AntClient, session_id: str, *commands: str) -> list[dict[str, Any]]:
    """Run these, one after the other; all that is recorded then."""
    path = f"/api/sessions/{session_id}/run-events"
    count = (await ant.call("GET", path, kind="command_block"))["count"]
    told = []
    for command in commands:
        count += 1
        await ant.type(session_id, f"{command}\r")
        told = await blocks(ant, session_id, count)
    return told


async def raw(ant: AntClient, session_id: str, start: int, end: int) -> bytes:
    """Exactly these bytes of the transcript."""
    page = await ant.history(session_id, raw="true", **{"from": str(start)})
    data = b"".join(base64.b64decode(row["raw_b64"]) for row in page["rows"])
    return data[: end - start]


async def exported(ant: AntClient, session_id: str, target: str) -> str:
    """The document."""
    path = f"/api/sessions/{session_id}/export"
    done = await ant.call("POST", path, {"targets": [target]})
    document: str = done["targets"][target]["document"]
    return document


@pytest.mark.slow
async def test_commands_are_evidence(tmp_path: Path) -> None:
    """Recorded with the bytes of their output, digested, exported, and checked."""
    home = {"HOME": str(tmp_path), "PS1": "$ "}
    async with running_server(tmp_path / "data") as server, server.client() as ant:
        row = await ant.create("one", command=["bash"], env=home)
        session_id = row["id"]
        told = await run(ant, session_id, "sh -c 'exit 3'", "printf 'a\\303\\244\\n'")
        await ant.type(session_id, "exec sleep 100\r")
        await shows(ant, session_id, "exec sleep")
        first, second = told
        assert ("sh -c 'exit 3'", 3, str(Path.home())) == (
            *(first["text"], first["payload"]["exit_code"]),
            first["payload"]["cwd"],
        )
        output = await raw(ant, session_id, second["start"], second["end"])
        assert "aä\r\n".encode() == output
        assert hashlib.sha256(output).hexdigest() == second["payload"]["output_sha256"]
        typed = second["payload"]
        line = await raw(ant, session_id, typed["command_start"], typed["command_end"])
        assert line.startswith(b"printf")
        digest = await ant.call("GET", f"/api/sessions/{session_id}/digest")
        assert [first["id"]] == [
            each["event_id"] for each in digest["terminal"]["failures"]
        ]
        await ant.call("DELETE", f"/api/sessions/{session_id}")
        *_, last = await blocks(ant, session_id, 3)
        assert ("exec sleep 100", None) == (last["text"], last["payload"]["exit_code"])
        document = await exported(ant, session_id, "evidence")
    file = tmp_path / "bundle.json"
    file.write_text(document)
    code, said, _ = await run_ant("evidence", "verify", str(file))
    assert (0, True) == (code, "3 outputs compared, 0 not in the bundle." in said), said
    check_each(json.loads(document))


def check_each(bundle: dict[str, Any]) -> None:
    """Whichever event is changed, removed or moved: it is named."""
    events = bundle["run_events"]
    for at, event in enumerate(events):
        other = copy.deepcopy(bundle)
        other["run_events"][at]["text"] += "."
        assert f"Event {event['n']} was changed." == fault(other)
        del other["run_events"][at]
        assert f"Event {event['n']} was removed." == fault(other)
        if at:
            other["run_events"].insert(0, event)
            assert "is out of its place." in str(fault(other))
    for chunk in (other := copy.deepcopy(bundle))["bytes"]["chunks"]:
        data = base64.b64decode(chunk["data_b64"]).replace("ä".encode(), b"oe")
        chunk["data_b64"] = base64.b64encode(data).decode()
    assert str(fault(other)).startswith("The output of event")


def fault(bundle: dict[str, Any]) -> str | None:
    """What is wrong with it."""
    return verify(json.dumps(bundle).encode()).fault


def played(film: str) -> ScreenEmulator:
    """The screen at the end of a film."""
    first, *lines = map(json.loads, film.splitlines())
    screen = open_screen(first["term"]["cols"], first["term"]["rows"])
    for _, kind, text in lines:
        if kind == "o":
            screen.feed(text.encode())
        elif kind == "r":
            screen.resize(*map(int, text.split("x")))
    return screen


@pytest.mark.slow
@needs("vim")
async def test_a_film_of_a_real_session_ends_on_its_screen(tmp_path: Path) -> None:
    """A shell and an editor, resized in their midst; marks stand at commands."""
    (tmp_path / "text").write_text("".join(f"line {n} 漢\n" for n in range(99)))
    home = {"HOME": str(tmp_path), "PS1": "$ "}
    async with running_server(tmp_path / "data") as server, server.client() as ant:
        row = await ant.create(
            "one", command=["bash"], env=home, root_dir=str(tmp_path), cols=70, rows=20
        )
        session_id = row["id"]
        path = f"/api/sessions/{session_id}/terminal/resize"
        await run(ant, session_id, "seq 40", "printf '\\033[31mred\\n'")
        await ant.call("POST", path, {"cols": 41, "rows": 12})
        await run(ant, session_id, "seq 5 | head -3")
        await ant.type(session_id, "vim -u NONE -N text\r")
        await shows(ant, session_id, "line 7")
        await ant.call("POST", path, {"cols": 77, "rows": 23})
        await shows(ant, session_id, "line 15")
        await ant.type(session_id, "5jihello\x1b")
        await shows(ant, session_id, "hello")

        async def settled() -> Any:
            """The film, where the screen is of the same byte before it and after."""
            before = await look(ant, session_id)
            film = await exported(ant, session_id, "asciicast")
            after = await look(ant, session_id)
            return (film, after) if before == after else None

        film, screen = await eventually(settled)
        own = played(film)
        assert screen["lines"] == own.text()
        assert screen["cursor"] == own.cursor._asdict()
        assert screen["modes"]["alternate"]
        labels = [
            text
            for _, kind, text in map(json.loads, film.splitlines()[1:])
            if kind == "m"
        ]
        assert ["$ seq 40", "$ printf '\\033[31mred\\n'", "$ seq 5 | head -3"] == labels
