"""The records and events of one run; real threads."""

from pathlib import Path
from typing import Any

import attrs
import pytest
import trio

from ant.core.errors import Invalid, StorageFailed
from ant.model.events import SessionActivity, SessionExited, TerminalResized
from ant.model.sessions import CliFlag, Status
from ant.runtime import run_records, session_run, unrecorded_ends
from ant.store import Keyframe, Unit
from ant.terminal.host.host_terminal import ExitStatus
from ant.terminal.shell.osc133 import KEY_FD_NAME
from tests.http.asking import ask
from tests.live.waiting import eventually
from tests.store.chunks import chunks_of
from tests.systems import PATIENCE_S, Rig, running
from tests.terminal.drawn import SHELL
from tests.terminal.marks import Marker


async def exited(rig: Rig, session_id: str) -> SessionExited:
    """Wait for the end of a session, and return its event."""
    with trio.fail_after(PATIENCE_S):
        if (live := rig.system.supervisor.find(session_id)) is not None:  # type: ignore
            await live.over.wait()
    return await exited_once(rig)


async def exited_once(rig: Rig) -> SessionExited:
    """Return the only exit event of the room."""
    await rig.settle()
    (event,) = [
        each.event
        for each in rig.bus.published
        if isinstance(each.event, SessionExited)
    ]
    return event


async def test_the_environment_of_a_child(rig: Rig) -> None:
    """Session, run, server and handle, besides the session's own variables."""
    session = await rig.started("one", env={"MINE": "x"}, cols=99, rows=33)
    (spec,) = rig.specs
    assert {
        "MINE": "x",
        "ANT_SESSION_ID": session.id,
        "ANT_SERVER_URL": "http://test",
        "ANT_HANDLE": "@one",
    }.items() <= spec.env.items()
    assert "" != spec.env["ANT_RUN"]
    assert (99, 33) == (spec.cols, spec.rows)
    row = await rig.look(session.id)
    assert Status.RUNNING == row.status


async def test_the_driver_is_that_of_the_session(rig: Rig) -> None:
    """At its start, and after a change."""
    session = await rig.started("one", cli_flag=CliFlag.CODEX_CLI)
    session_run = rig.system.services.running[session.id]
    assert CliFlag.CODEX_CLI == session_run.detector.flag
    path = f"/api/sessions/{session.id}/cli-flag"
    answer = await ask(rig.app, "PATCH", path, {"cli_flag": "gemini-cli"})
    assert (200, "gemini-cli") == (answer.status, session_run.detector.flag)
    await ask(rig.app, "PATCH", path, {"cli_flag": None})
    assert session_run.detector.flag is None


async def test_an_agent_is_given_hooks_at_each_start(rig: Rig, tmp_path: Path) -> None:
    """By arguments that its session and its run event show; the file ends with it."""
    claude = tmp_path / "bin" / "claude"
    claude.parent.mkdir()
    claude.symlink_to("/bin/true")
    session = await rig.started("one", command=(str(claude), "--verbose"))
    file = rig.system.config.data_dir / "hooks" / f"{session.id}.json"
    given = ("--settings", str(file.absolute()))
    assert (str(claude), *given, "--verbose") == rig.specs[0].argv
    assert rig.specs[0].env["ANT_TOKEN"] not in file.read_text()
    row = await rig.look(session.id)
    assert row.terminal is not None
    assert (str(claude), "--verbose") == row.terminal.command
    assert given == row.terminal.added_arguments
    assert [{"added_arguments": [*given]}] == [
        {key: each[key] for key in each if key.startswith("added")}
        for each in await starts(rig, session.id)
    ]
    await rig.system.supervisor.stop(session.id)
    assert not file.exists()
    await rig.system.supervisor.start(session.id)
    assert rig.specs[0].argv == rig.specs[1].argv
    assert file.exists()
    await rig.system.supervisor.stop(session.id)
    await ask(rig.app, "PATCH", f"/api/sessions/{session.id}", {"hooks": False})
    await rig.system.supervisor.start(session.id)
    assert (str(claude), "--verbose") == rig.specs[2].argv
    row = await rig.look(session.id)
    assert row.terminal is not None
    assert () == row.terminal.added_arguments
    assert not file.exists()


async def test_hooks_that_are_not_given_are_recorded(rig: Rig, tmp_path: Path) -> None:
    """Where the command has settings of its own."""
    claude = tmp_path / "claude"
    claude.symlink_to("/bin/true")
    command = (str(claude), "--settings=mine.json")
    session = await rig.started("one", command=command)
    assert command == rig.specs[0].argv
    path = f"/api/sessions/{session.id}/run-events?kind=system"
    (event,) = [
        each
        for each in (await ask(rig.app, "GET", path)).body["events"]
        if each["payload"]["kind"] == "hooks_withheld"
    ]
    said = "No hook settings given: the command has --settings already"
    assert (said, "status", "high") == (event["text"], event["source"], event["trust"])


async def starts(rig: Rig, session_id: str) -> list[dict[str, Any]]:
    """The payloads of the starts of a session."""
    path = f"/api/sessions/{session_id}/run-events?kind=system"
    events = (await ask(rig.app, "GET", path)).body["events"]
    return [e["payload"] for e in events if e["payload"]["kind"] == "start"]


async def test_a_session_cannot_override_variables_of_ant(rig: Rig) -> None:
    """ANT's variables override those of the session."""
    await rig.started("one", env={"ANT_SESSION_ID": "forged"})
    assert "forged" != rig.specs[0].env["ANT_SESSION_ID"]


async def test_a_shell_proves_its_marks_with_a_key(rig: Rig) -> None:
    """A new one for each run; `explain` then names the marks of the shell."""
    session = await rig.started("one", command=("bash",))
    await rig.started("two", command=("bash",))
    first, second = (spec.secret for spec in rig.specs)
    assert first != second
    session_run = rig.system.services.running[session.id]
    key = session_run.detector.shell.key
    assert key is not None
    assert first == key.text
    mark = Marker(key)
    fake = rig.terminals[0]
    fake.discipline, fake.environment = SHELL, rig.specs[0].env
    fake.say(mark("A") + b"$ " + mark("B"))

    async def judged() -> bool:
        verdict = session_run.live.verdict
        return verdict is not None and verdict.rule == "shell/mark"

    await eventually(judged)
    path = f"/api/sessions/{session.id}/prompt-bridge/explain"
    answer = (await ask(rig.app, "GET", path)).body
    assert ("shell/mark", "B") == (answer["rule"], answer["tty"]["mark"])
    await ask(
        rig.app,
        "POST",
        f"/api/sessions/{session.id}/terminal/resize",
        {"cols": 60, "rows": 9},
    )
    end = rig.system.services.flows[session.id].tail.end

    async def kept() -> Any:
        """The explanation of that offset, once the new size is stored."""
        answer = (await ask(rig.app, "GET", f"{path}?offset={end}")).body
        return answer if answer["recorded"] and len(answer["lines"]) == 9 else None

    answer = await eventually(kept)
    assert ("shell/mark", "B") == (answer["rule"], answer["tty"]["mark"])


async def test_a_command_is_recorded_after_its_bytes(rig: Rig) -> None:
    """With the range of its output. A command cut off by the exit has no code."""
    session = await rig.started("one", command=("bash",))
    key = rig.system.services.running[session.id].detector.shell.key
    assert key is not None
    mark = Marker(key)
    fake = rig.terminals[0]
    fake.say(mark("A"), b"$ ", mark("B"), b"ls\r\n", mark("C"), b"one\r\n", mark("D;2"))
    path = f"/api/sessions/{session.id}/run-events?kind=command_block"

    async def blocks() -> list[dict[str, Any]]:
        """The blocks, over HTTP."""
        found: list[dict[str, Any]] = (await ask(rig.app, "GET", path)).body["events"]
        return found

    (event,) = await eventually(blocks)
    assert ("ls", "high", "terminal", 2) == (
        *(event["text"], event["trust"], event["source"]),
        event["payload"]["exit_code"],
    )

    def read(unit: Unit) -> bytes:
        return b"".join(chunk.data for chunk in chunks_of(unit, session.id))

    assert b"one\r\n" == rig.store.read(read)[event["start"] : event["end"]]
    fake.say(mark("A"), mark("B"), b"vi", mark("C"), b"~")
    fake.end(ExitStatus(code=0))
    await exited(rig, session.id)
    _, last = await blocks()
    assert ("vi", None) == (last["text"], last["payload"]["exit_code"])
    assert b"~" == rig.store.read(read)[last["start"] : last["end"]]
    await rig.check_published()


async def test_shell_integration_can_be_switched_off(
    tmp_path: Path,
) -> None:
    """By the server's setting; then ANT ignores marks as well."""
    async with running(tmp_path, shell_integration=False) as rig:
        session = await rig.started(command=("bash",))
        assert KEY_FD_NAME not in rig.specs[0].env
        assert not rig.specs[0].secret
        session_run = rig.system.services.running[session.id]
        assert session_run.detector.shell.key is None


async def test_the_exit_is_emitted_after_all_output_is_stored(rig: Rig) -> None:
    """`end` is one past the last byte, and all before it can be read."""
    session = await rig.started()
    rig.terminals[0].say(b"hello ", b"world")
    rig.terminals[0].end(ExitStatus(code=3))
    event = await exited(rig, session.id)
    assert (Status.EXITED, 3, None, None, 11) == (
        event.status,
        event.exit_code,
        event.exit_signal,
        event.reason,
        event.end,
    )

    def read(unit: Unit) -> bytes:
        return b"".join(chunk.data for chunk in chunks_of(unit, session.id))

    assert b"hello world" == await rig.system.journal.read(read)
    flow = rig.system.services.flows[session.id]
    assert flow.finished
    assert flow.tail.base == flow.tail.end, "memory is let go of"
    assert {} == rig.system.services.running


async def test_a_second_run_goes_on_where_the_first_ended(rig: Rig) -> None:
    """Numbering has no hole after a clean end."""
    session = await rig.started()
    rig.terminals[0].say(b"hello")
    rig.terminals[0].end(ExitStatus(code=0))
    await exited(rig, session.id)
    live = await rig.system.supervisor.start(session.id)
    assert 5 == live.flow.tail.base
    assert Status.RUNNING == (await rig.look(session.id)).status


async def test_activity_and_size_are_published(rig: Rig) -> None:
    """They are ephemeral: no log has them."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    live.resize(70, 20)
    rig.terminals[0].say(b"x")
    with trio.fail_after(PATIENCE_S):
        await live.flow.wait_stored(1)
    events = [each.event for each in rig.bus.published if each.seq is None]
    assert {TerminalResized, SessionActivity} <= set(map(type, events))
    assert rig.system.services.running[session.id].silent_s < PATIENCE_S


async def test_the_row_says_why_a_program_could_not_start(rig: Rig) -> None:
    """The row has the reason, nothing counts as running, and a client may try again."""
    session = await rig.create()
    rig.fault = Invalid("there is no program at $.command[0]")
    with pytest.raises(Invalid):
        await rig.system.supervisor.start(session.id)
    row = await rig.look(session.id)
    assert row.terminal is not None
    assert (Status.NONE, "there is no program at $.command[0]") == (
        row.status,
        row.terminal.status_reason,
    )
    assert {} == rig.system.services.running
    rig.fault = None
    live = await rig.system.supervisor.start(session.id)
    assert 0 == live.flow.tail.base


async def test_an_end_that_is_refused_is_recorded_later(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then the row is unchanged, and no new run begins."""
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    write = rig.system.journal.write

    async def refuse(work: object, *args: object) -> object:
        if work is run_records.end_run:
            raise StorageFailed("full")
        return await write(work, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.system.journal, "write", refuse)
    rig.terminals[0].end(ExitStatus(code=5))
    with trio.fail_after(PATIENCE_S):
        await live.over.wait()
        assert rig.system.supervisor.find(session.id) is None
        assert Status.RUNNING == (await rig.look(session.id)).status
        with pytest.raises(StorageFailed):
            await rig.system.supervisor.start(session.id)
        monkeypatch.undo()
        await eventually(
            lambda: any(isinstance(e.event, SessionExited) for e in rig.bus.published)
        )
    assert (Status.EXITED, 5) == attrs.astuple(await exited(rig, session.id))[1:3]
    assert Status.EXITED == (await rig.look(session.id)).status


async def test_a_stop_and_a_start_record_the_end_before(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new run begins right after it, and the end is emitted once."""
    monkeypatch.setattr(unrecorded_ends, "RETRY_S", 3600.0)
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    with monkeypatch.context() as refused:

        async def refuse(*_: object) -> object:
            raise StorageFailed("full")

        refused.setattr(rig.system.journal, "write", refuse)
        rig.terminals[0].end(ExitStatus(code=5))
        with trio.fail_after(PATIENCE_S):
            await live.over.wait()
    await rig.system.supervisor.start(session.id)
    assert (Status.EXITED, 5) == attrs.astuple(await exited_once(rig))[1:3]
    assert Status.RUNNING == (await rig.look(session.id)).status
    await rig.system.services.endings.settle_all()
    assert Status.RUNNING == (await rig.look(session.id)).status


async def test_an_end_that_hangs_leaves_nothing_running(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dead terminal never counts as live, and the session starts again."""
    monkeypatch.setattr("ant.terminal.run_session.TEARDOWN_S", 0.05)
    session = await rig.started()
    live = rig.system.supervisor.need(session.id)
    write = rig.system.journal.write

    async def hang(work: object, *args: object) -> object:
        if work is run_records.end_run:
            await trio.sleep_forever()
        return await write(work, *args)  # type: ignore[arg-type]

    monkeypatch.setattr(rig.system.journal, "write", hang)
    rig.terminals[0].end(ExitStatus(code=0))
    with trio.fail_after(PATIENCE_S):
        await live.over.wait()
        assert rig.system.supervisor.find(session.id) is None
        monkeypatch.undo()
        await rig.system.supervisor.start(session.id)


async def test_keyframes_follow_the_screen(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First a blank one; then one per interval and new size, and the last screen."""
    monkeypatch.setattr(session_run, "KEYFRAME_EVERY", 10)
    session = await rig.started("one", cols=30, rows=4)

    def newest(unit: Unit) -> Keyframe:
        keyframe = unit.keyframes.get(session.id)
        assert keyframe is not None
        return keyframe

    assert (0, 30, 4) == attrs.astuple(rig.store.read(newest))[1:4]
    rig.terminals[0].say(b"0123456789")
    await eventually(lambda: 10 == rig.store.read(newest).offset)
    rig.system.supervisor.need(session.id).resize(40, 5)
    await eventually(lambda: 40 == rig.store.read(newest).cols)
    rig.terminals[0].say(b"abc")
    rig.terminals[0].end(ExitStatus(code=0))
    await exited(rig, session.id)
    last = rig.store.read(newest)
    assert (13, 40, 5) == (last.offset, last.cols, last.rows)
    assert b"0123456789abc" in last.ansi
