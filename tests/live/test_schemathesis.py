"""The document and the server agree: schemathesis, all its checks, on a real server.

To dig deeper: `ANT_TEST_SCHEMATHESIS="--seed 9 --max-examples 300"`.
"""

import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trio

from ant.client import AntClient
from ant.http import routes
from ant.http.contract.endpoint import ROUTES
from tests.live.server import environment, running_server
from tests.terminal.private_tmux import ended_with_us

assert routes

KEY = "a-key-of-this-test"
UNGUESSED = {"POST /api/drivers/check", "POST /api/sign-in", "POST /api/sign-out"}
"""They need a driver file, a one-use code or an access token; tests of their own have
them."""

SPARE = 40
"""How many things there are of each kind for a run to delete."""

CONFIG = f"""
seed = 1
hooks = {json.dumps(str(Path(__file__).with_name("documented.py")))}
continue-on-failure = true
request-timeout = 20

[cache]
enabled = false

[headers]
Authorization = "Bearer {KEY}"

[generation]
max-examples = 8
database = "none"
no-shrink = true

[checks.positive_data_acceptance]
# What a 400 may say is checked in documented.py.
expected-statuses = ["2xx", "400", "401", "404", "409", "410", "413", "422", "429"]

# Ids that answers told of are used in the stateful phase only: elsewhere they are those
# of rooms that an earlier call archived.
[phases.examples.extra-data-sources]
responses = false
[phases.coverage.extra-data-sources]
responses = false
[phases.fuzzing.extra-data-sources]
responses = false

[phases.stateful]
max-steps = 6
[phases.stateful.generation]
max-examples = 8
"""

ASKS = 'while true; do read -r -p "Go on? [y/n] " answer; done'
"""A program that asks for ever."""

ENDLESS = """#!/bin/sh
# Takes all that is typed, and no key ends it.
trap '' INT QUIT TSTP
stty raw -echo
exec cat
"""


async def prepare(ant: AntClient, root: Path) -> dict[str, dict[str, list[str]]]:
    """A little of everything, and spare ones to delete: ids as documented.py has them.

    Whatever a run deletes or archives is not what its other calls need.
    """
    room = (await ant.create("room", "chat"))["id"]
    terminal = (await ant.create("terminal", root_dir=str(root)))["id"]
    asks = (await ant.create("asks", command=["bash", "-c", ASKS]))["id"]
    ended = (await ant.create("ended", command=["true"]))["id"]
    await ant.wait(ended, "exit")
    tokens = [(await ant.create_token("spare", ["view"]))["id"] for _ in range(SPARE)]
    path = f"/api/sessions/{room}"

    async def many(where: str, body: dict[str, Any], count: int = SPARE) -> list[str]:
        rows = [await ant.call("POST", path + where, body) for _ in range(count)]
        return [(row.get("task") or row.get("ref") or row)["id"] for row in rows]

    async def sessions(name: str) -> list[str]:
        rows = [await ant.create(f"{name} {n}", "chat") for n in range(SPARE)]
        return [row["id"] for row in rows]

    spare, archived = await sessions("spare"), await sessions("archived")
    for each in archived:
        await ant.call("PATCH", f"/api/sessions/{each}", {"archived": True})
    messages = await many("/messages", {"content": "hello"}, 3)
    ids: dict[str, dict[str, list[str]]] = {
        "": {
            "path.session_id": [room],
            "path.message_id": messages,
            "path.task_id": await many("/tasks", {"title": "a task"}, 3),
            "query.msgId": messages,
        },
        "create_session": {
            "body.type": ["terminal", "agent"],
            "body.root_dir": [str(root)],
        },
        "delete_session": {"path.session_id": spare},
        "patch_session": {"path.session_id": spare},
        "restore_session": {"path.session_id": archived},
        "delete_message": {"query.msgId": await many("/messages", {"content": "bye"})},
        "delete_task": {"path.task_id": await many("/tasks", {"title": "done"})},
        "remove_file_ref": {
            "query.refId": await many("/file-refs", {"file_path": "/a/file"})
        },
        "delete_link": {"query.linkId": await many("/links", {})},
        "revoke_token": {"path.token_id": tokens},
        # It has ended; other waits last a second, since the tool is not patient.
        "wait_for_fact": {"path.session_id": [ended]},
        "post_message": {"body.reply_to": messages},
        "mark_read": {"body.reader_id": spare},
        "add_participant": {"body.session_id": spare},
        "remove_participant": {"query.session_id": spare},
    }
    verbs = ("type_input", "get_history", "resize", "stop", "start")
    for operation in (*verbs, "get_screen", "get_pending"):
        ids[operation] = {"path.session_id": [terminal]}
    ids["respond"] = {"path.session_id": [asks], "body.response": ["y", "n"]}
    ids["explain_screen"] = {"path.session_id": [asks], "query.offset": ["0", "13"]}
    ids["report_hook"] = {"body.ant_session_id": [terminal]}
    return ids


def configuration(ids: dict[str, dict[str, list[str]]]) -> str:
    """What is above, and how often the ids are used where the tool makes up its own."""
    lines = [CONFIG]

    def named(operation: str, parameter: str) -> str:
        return f"{operation}.{parameter}".strip(".").replace(".", "-")

    for operation, known in ids.items():
        for parameter, values in known.items():
            name = named(operation, parameter)
            lines.append(f"[dictionaries.{name}]\nvalues = {json.dumps(values)}")
    for operation, known in ids.items():
        if operation:
            lines.append(f'[[operations]]\ninclude-operation-id = "{operation}"')
        lines.append("[operations.parameters]" if operation else "[parameters]")
        if operation == "wait_for_fact":  # A terminal that runs on may be waited for.
            lines.append('"query.timeout" = 1')
        for parameter in known:
            name = named(operation, parameter)
            use = f'{{ dictionary = "{name}", probability = 0.8 }}'
            lines.append(f'"{parameter}" = {use}')
    return "\n".join(lines)


def statuses(report: Path) -> dict[str, set[int]]:
    """Every status that each operation answered with."""
    found: dict[str, set[int]] = defaultdict(set)
    for line in report.read_text().splitlines():
        recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder", {})
        for key, case in recorder.get("cases", {}).items():
            answer = recorder["interactions"].get(key, {}).get("response")
            if answer:
                label = f"{case['value']['method']} {case['value']['path']}"
                found[label].add(answer["status_code"])
    return found


@pytest.fixture
def no_tmux_left(tmp_path: Path) -> Iterator[None]:
    """Some of the sessions are in tmux, and outlive their server."""
    with ended_with_us(tmp_path / "data"):
        yield


@pytest.mark.soak
@pytest.mark.usefixtures("no_tmux_left")
@pytest.mark.timeout(300)
async def test_schemathesis(tmp_path: Path) -> None:
    """No check fails, and every operation was seen to work, not only to refuse."""
    home, program = tmp_path / "home", tmp_path / "endless"
    config, report = tmp_path / "schemathesis.toml", tmp_path / "report.ndjson"
    home.mkdir()
    program.write_text(ENDLESS)
    program.chmod(0o755)
    env = {
        "ANT_API_KEY": KEY,
        # Few, so that it is seen what is said to one too many.
        "ANT_MAX_ACTIVE_SESSIONS": "3",
        "HOME": str(home),
        "SHELL": str(program),
    }
    async with running_server(tmp_path / "data", **env) as server:
        async with server.client(KEY) as ant:
            ids = await prepare(ant, home)
        config.write_text(configuration(ids))
        done = await trio.run_process(
            [
                *(sys.executable, "-m", "schemathesis.cli", "--config-file", config),
                *("run", f"{server.url}/openapi.json", "--checks", "all"),
                *("--report-ndjson-path", report, "--no-color"),
                *os.environ.get("ANT_TEST_SCHEMATHESIS", "").split(),
            ],
            capture_stdout=True,
            stderr=subprocess.STDOUT,
            check=False,
            cwd=tmp_path,
            env=environment(IDS=json.dumps(ids)),
        )
        said = done.stdout.decode()
        assert 0 == done.returncode, said
        assert "Traceback" not in server.log.read_text()
    found = statuses(report)
    rows = {f"{r.method} {r.path.replace('<', '{').replace('>', '}')}" for r in ROUTES}
    rows.remove("GET /openapi.json")  # Where the tool has all this from.
    lucky = {row for row in rows if any(200 <= s < 300 for s in found[row])}
    assert UNGUESSED == rows - lucky
    assert 429 in found["POST /api/sessions"]
