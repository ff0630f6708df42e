"""What has left a terminal session is found by its parents and by its variables."""

import os

import attrs
import pytest

from ant.terminal.host import processes
from ant.terminal.host.host_terminal import Identity
from ant.terminal.host.processes import Process
from ant.terminal.host.run_processes import (
    ProcessTable,
    RunTag,
    cgroup_of,
    tag_of_child,
    tag_of_lost,
)
from tests.terminal.host.programs import READY_THEN_WAIT, Started, start

TAG = RunTag("one", "run", 0, frozenset({os.getpid()}), cgroup_of(os.getpid()))

MINE = {"ANT_SESSION_ID": "one", "ANT_RUN": "run"}


def found(tag: RunTag, sid: int = -1, known: tuple[Process, ...] = ()) -> set[int]:
    table = ProcessTable(processes.snapshot())
    return {each.pid for each in table.strays(sid, tag, known)}


def started_with(started: list[Started], **env: str) -> int:
    """A child of ours that leads a session, as an orphan that we have adopted does."""
    return start(started, READY_THEN_WAIT, env).pid


@pytest.mark.parametrize(
    "other",
    [
        {"ANT_SESSION_ID": "two"},
        {"ANT_RUN": "newer"},
        {"ANT_RUN": ""},
        {"ANT_SESSION_ID": ""},
    ],
)
def test_an_orphan_has_both_variables(
    started: list[Started], other: dict[str, str]
) -> None:
    """That of another session, or of another run of this one, is not found."""
    mine = started_with(started, **MINE)
    started_with(started, **{**MINE, **other})
    started_with(started, PATH="/bin")
    assert {mine} == found(TAG)


def test_a_copied_environment_is_not_enough(started: list[Started]) -> None:
    """The parent must be one that adopts, and the process not older than the run."""
    mine = started_with(started, **MINE)
    process = processes.look(mine)
    assert process is not None
    younger = attrs.evolve(TAG, start_ticks=process.start_ticks)
    assert {mine} == found(younger)
    assert set() == found(attrs.evolve(TAG, start_ticks=process.start_ticks + 1))
    assert set() == found(attrs.evolve(TAG, adopters=frozenset({1})))


def test_another_cgroup_is_elsewhere(started: list[Started]) -> None:
    """As that of a systemd service. An unknown one says nothing."""
    mine = started_with(started, **MINE)
    assert set() == found(attrs.evolve(TAG, cgroup=b"0::/elsewhere\n"))
    assert {mine} == found(attrs.evolve(TAG, cgroup=b""))


@pytest.mark.parametrize(
    ("env", "is_found"),
    [
        ({}, True),
        ({"ANT_SESSION_ID": "one"}, True),
        ({"ANT_RUN": "run"}, False),
        ({"ANT_RUN": "other"}, True),
    ],
)
def test_a_child_belongs_unless_it_was_released(
    started: list[Started], env: dict[str, str], is_found: bool
) -> None:
    """Whatever its environment; released is who has the run and not the session."""
    code = (
        "import os, signal\n"
        "read, write = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.setsid(); words = ['sleep', '1000']; os.set_inheritable(write, False)\n"
        f"    os.execve('/bin/sleep', words, {env!r})\n"
        "os.close(write); os.read(read, 1); os.write(1, b'R'); signal.pause()\n"
    )
    leader = start(started, code).pid
    (child,) = [each for each in processes.snapshot() if each.ppid == leader]
    try:
        tag = attrs.evolve(TAG, adopters=frozenset())
        assert ({child.pid} if is_found else set()) == found(tag, leader)
        assert set() == found(tag), "without its parent nothing shows whose it is"
        assert {child.pid} == found(tag, known=(child,))
        other = attrs.evolve(child, start_ticks=child.start_ticks - 1)
        assert set() == found(tag, known=(other,)), "another process has its pid"
    finally:
        processes.kill(child.pid)


def test_every_child_of_a_starter_belongs(started: list[Started]) -> None:
    """The starter itself does not; another process with its pid is none."""
    code = (
        "import os, signal\n"
        "if os.fork() == 0:\n"
        "    os.setsid(); os.write(1, b'R'); signal.pause()\n"
        "signal.pause()\n"
    )
    starter = processes.identify(start(started, code).pid)
    assert starter is not None
    (child,) = [each for each in processes.snapshot() if each.ppid == starter.pid]
    try:
        tag = attrs.evolve(TAG, starter=starter)
        assert {child.pid} == found(tag)
        reused = attrs.evolve(starter, start_ticks=starter.start_ticks - 1)
        assert set() == found(attrs.evolve(tag, starter=reused))
    finally:
        processes.kill(child.pid)


def test_tags() -> None:
    """None without the variables, for an unknown run, or after another boot."""
    me = processes.identify(os.getpid())
    assert me is not None
    tag = tag_of_child({**MINE, "X": "y"}, me)
    assert attrs.evolve(TAG, start_ticks=me.start_ticks) == tag
    assert tag_of_child({"ANT_RUN": "run"}, me) is None
    assert tag_of_child(MINE, None) is None
    lost = tag_of_lost("one", "run", me)
    assert lost is not None
    assert ("one", "run") == (lost.session_id, lost.run)
    assert me.start_ticks == lost.start_ticks
    assert 1 in lost.adopters
    assert os.getpid() not in lost.adopters
    assert tag_of_lost("one", "", me) is None
    assert tag_of_lost("one", "run", Identity(1, 2, "another boot")) is None
    unrecorded = tag_of_lost("one", "run", None)
    assert unrecorded is not None
    assert 0 == unrecorded.start_ticks
