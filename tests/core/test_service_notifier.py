"""What a service manager is told, over a real datagram socket."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio
import trio.testing

from ant.core.clock import new_id
from ant.core.service_notifier import ServiceNotifier

PID = 7


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[socket.socket]:
    """The socket of a service manager: a file, or a name of the kernel."""
    name = str(tmp_path / "notify") if request.param == "file" else f"\0{new_id()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as receiver:
        receiver.bind(name)
        receiver.settimeout(5)
        yield receiver


def environ(manager: socket.socket, **more: str) -> dict[str, str]:
    name = manager.getsockname()
    if isinstance(name, bytes):
        name = f"@{name[1:].decode()}"
    return {"NOTIFY_SOCKET": name, **more}


async def test_states_are_sent(manager: socket.socket) -> None:
    """One datagram each."""
    notifier = ServiceNotifier(environ(manager), PID)
    await notifier.ready("http://127.0.0.1:1")
    assert b"READY=1\nSTATUS=Serving http://127.0.0.1:1" == manager.recv(4096)
    await notifier.stopping()
    assert b"STOPPING=1\nSTATUS=Stopping" == manager.recv(4096)


async def test_a_watchdog_is_answered_if_asked_for(
    manager: socket.socket, autojump_clock: trio.testing.MockClock
) -> None:
    """At half of its interval; only the process that is asked does."""
    notifier = ServiceNotifier(
        environ(manager, WATCHDOG_USEC="30000000", WATCHDOG_PID=str(PID)), PID
    )
    assert 30.0 == notifier.watchdog_s
    assert notifier.has_watchdog
    with trio.move_on_after(50):
        await notifier.run_watchdog()
    manager.setblocking(False)
    assert [b"WATCHDOG=1"] * 4 == [manager.recv(99) for _ in range(4)]
    with pytest.raises(BlockingIOError):
        manager.recv(99)
    for wrong in (
        {},
        {"WATCHDOG_USEC": "1", "WATCHDOG_PID": "8"},
        {"WATCHDOG_USEC": "x"},
        {"WATCHDOG_USEC": "0"},
    ):
        other = ServiceNotifier(environ(manager, **wrong), PID)
        assert other.watchdog_s is None
        assert not other.has_watchdog


async def test_a_manager_that_is_gone_or_full_stops_nothing(
    tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    """The log has a warning; without a manager nothing is sent."""
    await ServiceNotifier({}, PID).ready("x")
    await ServiceNotifier({"NOTIFY_SOCKET": str(tmp_path / "none")}, PID).stopping()
    await ServiceNotifier({"NOTIFY_SOCKET": "/" + "x" * 200}, PID).stopping()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as full:
        full.bind(str(tmp_path / "full"))
        notifier = ServiceNotifier({"NOTIFY_SOCKET": str(tmp_path / "full")}, PID)
        began = trio.current_time()
        for _ in range(1000):
            await notifier.stopping()
            if trio.current_time() > began:
                break
        assert trio.current_time() > began, "it filled up and was given a second"
