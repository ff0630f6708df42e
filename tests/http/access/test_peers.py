"""Who makes a connection, as far as the kernel tells."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
import pytest
import trio

from ant.core.errors import Unauthorized
from ant.http.access import peers
from ant.http.access.peers import (
    ConnectedPeer,
    Peers,
    ProcessLookup,
    TerminalClaim,
    UnixPeer,
    _caller,
)
from ant.http.access.sock_diag import SockDiag
from ant.http.server import unix_socket
from ant.http.server.unix_socket import Credentials
from ant.terminal.host.pty import open_pty
from tests.systems import PATIENCE_S, Rig, running

CALL = (
    "import socket,sys;socket.create_connection(('127.0.0.1',int(sys.argv[1]))).recv(1)"
)


@attrs.define(eq=False)
class Door:
    """A listener that tells of each connection what the kernel does."""

    peers: Peers
    listener: socket.socket
    kept: list[socket.socket] = attrs.field(factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    async def accept(self) -> ConnectedPeer:
        """The next connection."""
        with trio.fail_after(PATIENCE_S):
            await trio.lowlevel.wait_readable(self.listener)
        stream, _ = self.listener.accept()
        self.kept.append(stream)
        peer = self.peers.connected(stream.getpeername()[:2], stream.getsockname()[:2])
        assert peer is not None
        return peer

    def connect(self) -> socket.socket:
        """A client's end, in this process."""
        return socket.create_connection(("127.0.0.1", self.port))


@pytest.fixture
def kernel() -> Iterator[SockDiag]:
    one = SockDiag()
    yield one
    one.close()


@pytest.fixture
def door(rig: Rig, kernel: SockDiag) -> Iterator[Door]:
    """Of a system without terminals."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield Door(Peers(kernel, rig.system.services, "ant-none"), listener)


async def test_our_own_user_is_the_operator(door: Door) -> None:
    """This process, and another one that no terminal has started."""
    with door.connect():
        assert await (await door.accept()).caller("POST") is None
    # It is our child, as a stray program of a terminal would be: nobody can tell.
    words = [sys.executable, "-c", CALL, str(door.port)]
    with subprocess.Popen(words) as child:  # noqa: ASYNC220
        peer = await door.accept()
        with pytest.raises(Unauthorized, match="cannot determine which one"):
            await peer.caller("GET")
        child.kill()


async def test_the_operator_needs_no_read(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No row of the database concerns a process of no terminal."""
    monkeypatch.setattr(door.peers.services.journal, "read", None)
    with door.connect():
        assert await (await door.accept()).caller("POST") is None


async def test_a_closed_connection_is_refused(door: Door) -> None:
    """Before it was accepted or after that, having been found before or not."""
    door.connect().close()
    with pytest.raises(Unauthorized, match="cannot determine which process"):
        await (await door.accept()).caller("GET")
    client = door.connect()
    peer = await door.accept()
    assert await peer.caller("GET") is None
    client.close()
    assert await peer.caller("GET") is None, "it was found for this connection"
    with pytest.raises(Unauthorized, match="cannot determine which process"):
        await peer.caller("POST")
    with pytest.raises(Unauthorized, match="cannot determine which process"):
        await peer.caller("GET")


async def test_a_lookup_is_repeated_before_the_first_unsafe_call(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise it is cached for the connection; a refusal is not."""
    looks: list[int] = []
    find = door.peers.find

    async def counted(inode: int) -> ProcessLookup:
        looks.append(inode)
        return await find(inode)

    monkeypatch.setattr(door.peers, "find", counted)
    with door.connect():
        peer = await door.accept()
        counts = []
        for method in ("GET", "HEAD", "POST", "GET", "WEBSOCKET", "DELETE"):
            assert await peer.caller(method) is None
            counts.append(len(looks))
        assert [1, 1, 2, 2, 2, 2] == counts
    with door.connect():
        peer = await door.accept()
        assert await peer.caller("WEBSOCKET") is None
        assert await peer.caller("GET") is None
        assert 3 == len(looks)
    assert 2 == len(set(looks))


async def test_a_remote_call_needs_a_key(door: Door) -> None:
    """Without a key, only --insecure accepts it."""
    ours = ("192.0.2.1", 6458)
    stranger = door.peers.connected(("192.0.2.2", 1), ours)
    assert stranger is not None
    with pytest.raises(Unauthorized, match="only programs on its own host"):
        await stranger.caller("GET")
    door.peers.is_open = True
    assert await stranger.caller("POST") is None
    for theirs in (("192.0.2.1", 1), ("127.0.0.1", 1), ("no address", 1)):
        local = door.peers.connected(theirs, ours)
        assert local is not None
        with pytest.raises(Unauthorized):
            await local.caller("GET")
    with trio.socket.socket() as unconnected:
        assert door.peers.accepted(unconnected) is None


async def test_another_user_is_refused(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By a server that is somebody else's, so to say: it is told what to do."""
    with door.connect():
        peer = await door.accept()
        monkeypatch.setattr(peers.os, "geteuid", lambda: 4242)
        with pytest.raises(Unauthorized, match=r"uid 4242.*from uid \d+: set ANT_API_"):
            await peer.caller("GET")


async def test_a_kernel_error_refuses_the_call(door: Door, kernel: SockDiag) -> None:
    """Out of memory, or out of descriptors."""
    with door.connect():
        peer = await door.accept()
        kernel.close()
        with pytest.raises(Unauthorized, match="cannot determine which process"):
            await peer.caller("GET")


@pytest.mark.slow
async def test_a_program_in_a_terminal_is_that_terminal(
    tmp_path: Path, kernel: SockDiag
) -> None:
    """As long as it runs; its connection is nobody's after that."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with running(tmp_path, open_pty) as rig:
            door = Door(Peers(kernel, rig.system.services, "ant-none"), listener)
            words = (sys.executable, "-c", CALL, str(door.port))
            session = await rig.started(command=words)
            peer = await door.accept()
            caller = await peer.caller("GET")
            assert caller is not None
            assert (session.id, session.handle) == (caller.session_id, caller.handle)
            assert caller == await peer.caller("POST")
            await rig.system.supervisor.stop(session.id)
            with pytest.raises(Unauthorized, match="has ended"):
                await peer.caller("GET")


CONNECT = """
import socket, sys
one = socket.socket(socket.AF_UNIX)
one.connect(sys.argv[1])
one.recv(1)
"""


async def test_a_peer_of_a_unix_socket(
    rig: Rig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process is the operator; another user and one that has ended are nobody."""
    made = unix_socket.listen(tmp_path / "s")
    asked = Peers(None, rig.system.services, "ant-none")

    async def accepted() -> tuple[trio.SocketStream, ConnectedPeer]:
        with trio.fail_after(PATIENCE_S):
            stream = await made.listener.accept()
        peer = asked.accepted(stream.socket)
        assert peer is not None
        return stream, peer

    async with await trio.open_unix_socket(made.path):
        stream, peer = await accepted()
        assert await peer.caller("POST") is None
        with monkeypatch.context() as patch:
            patch.setattr(peers.os, "geteuid", lambda: 4242)
            other = asked.accepted(stream.socket)
            assert other is not None
            with pytest.raises(Unauthorized, match=r"uid 4242.*from uid \d+: set ANT_"):
                await other.caller("GET")
        await stream.aclose()
    words = [sys.executable, "-c", CONNECT, str(made.path)]
    with subprocess.Popen(words) as child:  # noqa: ASYNC220
        stream, peer = await accepted()
        later = asked.accepted(stream.socket)
        with pytest.raises(Unauthorized, match="cannot determine which one"):
            await peer.caller("GET")
        await stream.aclose()
    assert 0 == child.returncode
    with pytest.raises(Unauthorized, match="cannot determine which process"):
        await peer.caller("POST")
    assert isinstance(later, UnixPeer)
    with pytest.raises(Unauthorized, match="cannot determine which process"):
        await later.caller("GET")
    made.remove()


async def test_a_later_process_with_that_pid_is_another(
    rig: Rig, tmp_path: Path
) -> None:
    """The kernel gives pids anew; the time of the start tells them apart."""
    peer = UnixPeer(
        Peers(None, rig.system.services, "ant-none"),
        Credentials(os.getpid(), os.geteuid()),
    )
    assert await peer.caller("GET") is None
    assert peer._process is not None
    earlier = attrs.evolve(peer._process, start_ticks=peer._process.start_ticks - 1)
    peer._process, peer._lookup = earlier, None
    with pytest.raises(Unauthorized, match="cannot determine which process"):
        await peer.caller("GET")
    hidden = UnixPeer(peer._peers, Credentials(0, os.geteuid()))
    with pytest.raises(Unauthorized, match="cannot determine which process"):
        await hidden.caller("GET")


@pytest.mark.parametrize(
    ("is_known", "is_live", "is_proved", "ours", "answer"),
    [
        (True, True, True, True, "caller"),
        (True, True, False, True, "caller"),
        (True, True, False, False, "caller"),
        (True, False, True, True, "has ended"),
        (True, False, False, True, "has ended"),
        (True, False, False, False, "has ended"),
        (False, False, False, True, "determine which one"),
        (False, False, False, False, None),
    ],
)
async def test_a_claim_counts_if_its_token_is_valid(
    rig: Rig,
    is_known: bool,
    is_live: bool,
    is_proved: bool,
    ours: bool,
    answer: str | None,
) -> None:
    """A terminal of another server has no meaning here; an ended one is refused."""
    session, token_signer = await rig.started(), rig.system.services.token_signer
    run = rig.system.services.running[session.id].run if is_live else "an earlier run"
    named = TerminalClaim(
        session.id if is_known else "else", token_signer.token(session.id, run)
    )
    finding = ProcessLookup(True, named, is_proved, ours)
    read = rig.system.journal.read
    if answer == "caller":
        caller = await read(_caller, token_signer, finding)
        assert caller is not None
        assert session.id == caller.session_id
    elif answer is None:
        assert await read(_caller, token_signer, finding) is None
    else:
        with pytest.raises(Unauthorized, match=answer):
            await read(_caller, token_signer, finding)


async def test_a_claim_with_a_foreign_token_is_refused(rig: Rig) -> None:
    """Any process can set the id of another terminal, but not its token."""
    one, two = await rig.started("one"), await rig.started("two")
    services = rig.system.services
    named = TerminalClaim(
        two.id, services.token_signer.token(one.id, services.running[one.id].run)
    )
    with pytest.raises(Unauthorized, match="has ended"):
        await rig.system.journal.read(
            _caller, services.token_signer, ProcessLookup(True, named)
        )
