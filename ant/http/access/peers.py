"""Identifies callers without credentials on a server without a key, by the kernel.

A process of the server's own uid is the operator; another uid is refused. A process of
a terminal, or one that such a process left behind, is that terminal, with the
permissions of its token. A caller that cannot be identified is refused. This prevents
accidents, and does not stop a hostile program of the same user: see docs/identity.md.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Final, TypeVar

import attrs
import trio

from ant.core.errors import Unauthorized
from ant.http.access.sock_diag import Address, SockDiag, SocketOwner, is_local
from ant.http.server.unix_socket import Credentials, credentials
from ant.identity.terminal_tokens import Caller, TokenSigner, identify
from ant.runtime.services import RunServices
from ant.store import Unit
from ant.terminal.host import processes
from ant.terminal.host.processes import Process
from ant.terminal.host.socket_holders import SocketHolders, lineage, uids_of

T = TypeVar("T")

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing. `WEBSOCKET` is not one of them."""

AT_ONCE = 2
"""Searches of /proc that run at a time; the others wait."""

_KEY = "set ANT_API_KEY (or --api-key-file) for the server, and send that key."
_UNKNOWN: Final = (
    "ANT cannot determine which process makes this call, so it is refused: keep the "
    f"connection open until the answer has arrived, or {_KEY}"
)
_STRAY: Final = (
    "This call comes from a program that was started in a terminal of this server, and "
    "ANT cannot determine which one: send the ANT_TOKEN of that terminal."
)
_REMOTE: Final = (
    f"This server has no key, so only programs on its own host may call: {_KEY}"
)
_ENDED: Final = "This call comes from a program of a terminal that has ended."


@attrs.frozen
class TerminalClaim:
    """The terminal that a process belongs to, by the kernel or by its environment."""

    session_id: str
    token: str


@attrs.frozen
class ProcessLookup:
    """What /proc says about the process that holds a connection.

    `is_known`: the process was found. `terminal` is the terminal it belongs to. With
    `is_proved` the kernel says so; without, the environment of the process or of one of
    its ancestors does. `is_descendant`: it descends from the server or its tmux.
    """

    is_known: bool
    terminal: TerminalClaim | None = None
    is_proved: bool = False
    is_descendant: bool = False

    @property
    def is_operator(self) -> bool:
        """Whether no row of the database can make it a terminal, or refuse it."""
        return self.is_known and not (self.terminal or self.is_descendant)


class Peers:
    """Identifies the process behind a connection.

    `kernel` is for TCP; None where the server has Unix sockets only. `tmux` is the
    socket name of the server's tmux. `is_open`: the server accepts calls from other
    hosts without a key (--insecure).
    """

    def __init__(
        self,
        kernel: SockDiag | None,
        services: RunServices,
        tmux: str,
        is_open: bool = False,
    ) -> None:
        self._kernel, self.services, self.is_open = kernel, services, is_open
        self._tmux = tmux.encode()
        self._holders = SocketHolders()
        self._limiter = trio.CapacityLimiter(AT_ONCE)

    def accepted(self, connection: trio.socket.SocketType) -> "ConnectedPeer | None":
        """The peer of a connection; call this when the connection is accepted.

        None for a connection that the kernel says nothing about.
        """
        try:
            if connection.family == trio.socket.AF_UNIX:
                return UnixPeer(self, credentials(connection))
            theirs, ours = connection.getpeername(), connection.getsockname()
        except OSError:  # It was closed.
            return None
        return self.connected(theirs[:2], ours[:2])

    def connected(self, theirs: Address, ours: Address) -> "ConnectedPeer":
        """The peer of a TCP connection between these addresses."""
        return TcpPeer(self, theirs, ours)

    def owner(self, theirs: Address, ours: Address) -> SocketOwner | None:
        """The current owner of a connection; None if the kernel does not know it."""
        if self._kernel is None:
            return None
        try:
            return self._kernel.owner(theirs, ours)
        except (OSError, ValueError):
            return None

    async def find(self, inode: int) -> ProcessLookup:
        """Find the process that holds the socket `inode`, and its terminal.

        Runs in a thread, since it may read all of /proc. *Cancellation:* the thread
        ends by itself.
        """
        return await self._in_thread(self._find, inode)

    async def classify(self, process: Process) -> ProcessLookup:
        """The terminal of a process, unless it has ended. *Cancellation:* as `find`."""
        return await self._in_thread(self._classify_same, process)

    async def _in_thread(
        self, look: Callable[[T, dict[int, TerminalClaim]], ProcessLookup], what: T
    ) -> ProcessLookup:
        token_signer, leaders = self.services.token_signer, dict[int, TerminalClaim]()
        for session_id, session_run in self.services.running.items():
            if (leader := session_run.live.terminal.identity) is not None:
                leaders[leader.pid] = TerminalClaim(
                    session_id, token_signer.token(session_id, session_run.run)
                )
        return await trio.to_thread.run_sync(
            partial(look, what, leaders),
            abandon_on_cancel=True,
            limiter=self._limiter,
        )

    def _classify_same(
        self, process: Process, leaders: dict[int, TerminalClaim]
    ) -> ProcessLookup:
        """As `_classify`; not known if the pid is that of another process by now."""
        found = self._classify(process.pid, leaders)
        now = processes.look(process.pid)
        is_same = (
            now is not None and now.live and now.start_ticks == process.start_ticks
        )
        return found if is_same else ProcessLookup(is_known=False)

    def _find(self, inode: int, leaders: dict[int, TerminalClaim]) -> ProcessLookup:
        found = self._holders.find(inode)
        if found.pid is None:
            return ProcessLookup(
                any(self._may_hold(pid, leaders) for pid in found.unseen)
            )
        return self._classify(found.pid, leaders)

    def _may_hold(self, pid: int, leaders: dict[int, TerminalClaim]) -> bool:
        """Whether a process with hidden descriptors may be the operator's.

        It may if it belongs to our user and to no terminal. An sshd that forwards a
        port is such a process.
        """
        if pid == 1 or os.geteuid() not in uids_of(pid):
            return False  # An init makes no calls; in a container it may be hidden.
        return self._classify(pid, leaders).is_operator

    def _classify(self, pid: int, leaders: dict[int, TerminalClaim]) -> ProcessLookup:
        """Determine the terminal of a process.

        `leaders` are the terminals by the pid of their first process.
        """
        if pid == os.getpid():
            return ProcessLookup(is_known=True)
        line = lineage(pid)
        if not line:
            return ProcessLookup(is_known=False)
        # What the kernel says takes precedence over what an environment says.
        for process in line:
            terminal = leaders.get(process.pid) or leaders.get(process.sid)
            if terminal is not None:
                return ProcessLookup(
                    is_known=True,
                    terminal=terminal,
                    is_proved=True,
                    is_descendant=True,
                )
            if process.pid == os.getpid():
                break
        for number, process in enumerate(line):
            if process.pid == os.getpid() or self._is_tmux(process):
                return ProcessLookup(
                    is_known=True,
                    terminal=_claimed(line[:number]),
                    is_descendant=True,
                )
        return ProcessLookup(is_known=True, terminal=_claimed(line))

    def _is_tmux(self, process: Process) -> bool:
        """Whether it is our tmux server or a client of it, also from an earlier run."""
        words = processes.read_proc(process.pid, "cmdline").split(b"\0")
        return (b"-L", self._tmux) in pairwise(words)


def _claimed(line: Iterable[Process]) -> TerminalClaim | None:
    """The terminal that the environment of the first of these processes names."""
    for process in line:
        env = processes.environ_of(process.pid)
        if session_id := env.get("ANT_SESSION_ID"):
            return TerminalClaim(session_id, env.get("ANT_TOKEN", ""))
    return None


class ConnectedPeer:
    """The client end of one connection, and the caller that it was identified as."""

    def __init__(self, peers: Peers) -> None:
        self._peers = peers
        self._lookup: ProcessLookup | None = None
        self._is_confirmed = False

    async def caller(self, method: str) -> Caller | None:
        """The terminal that calls; None is the operator. Raises `Unauthorized`.

        The lookup is cached for the connection, and repeated once, before the first
        call that may change something. A refusal is not cached.
        """
        services = self._peers.services
        is_unsafe = method not in SAFE
        if self._lookup is None or (is_unsafe and not self._is_confirmed):
            self._lookup = None
            lookup = await self._find()
            self._lookup, self._is_confirmed = lookup, is_unsafe
        if self._lookup.is_operator:
            return None
        return await services.journal.read(_caller, services.token_signer, self._lookup)

    async def _find(self) -> ProcessLookup:
        """Look the process up. Raises `Unauthorized` if it may not call."""
        raise NotImplementedError


class TcpPeer(ConnectedPeer):
    """The client end of a TCP connection."""

    def __init__(self, peers: Peers, theirs: Address, ours: Address) -> None:
        super().__init__(peers)
        self._theirs, self._ours = theirs, ours
        self._is_local = _is_local(theirs, ours)
        self._owner = peers.owner(theirs, ours) if self._is_local else None

    async def caller(self, method: str) -> Caller | None:
        """As `ConnectedPeer.caller`. Another host is refused, unless --insecure."""
        if not self._is_local:
            if self._peers.is_open:
                return None
            raise Unauthorized(_REMOTE)
        return await super().caller(method)

    async def _find(self) -> ProcessLookup:
        owner = self._owner
        if owner is None:
            raise Unauthorized(_UNKNOWN)
        _check_uid(owner.uid)
        lookup = await self._peers.find(owner.inode)
        # The same process must still hold the socket: the address may be reused.
        if not lookup.is_known or self._peers.owner(self._theirs, self._ours) != owner:
            raise Unauthorized(_UNKNOWN)
        return lookup


class UnixPeer(ConnectedPeer):
    """The client end of a Unix socket: the process that connected, while it lives.

    The kernel tells its pid and uid as they were when it connected. The time at which
    it started tells it from a later process with that pid.
    """

    def __init__(self, peers: Peers, connected: Credentials) -> None:
        super().__init__(peers)
        self._uid = connected.uid
        self._process = processes.look(connected.pid) if connected.pid > 0 else None

    async def _find(self) -> ProcessLookup:
        _check_uid(self._uid)
        if self._process is None:
            raise Unauthorized(_UNKNOWN)
        lookup = await self._peers.classify(self._process)
        if not lookup.is_known:
            raise Unauthorized(_UNKNOWN)
        return lookup


def _check_uid(uid: int) -> None:
    """Raise `Unauthorized` unless it is the server's own."""
    if uid != os.geteuid():
        raise Unauthorized(
            f"This server belongs to uid {os.geteuid()}, and this call comes from "
            f"uid {uid}: {_KEY}"
        )


def _is_local(theirs: Address, ours: Address) -> bool:
    """Whether to ask the kernel: for local addresses, and for what is no address.

    The kernel does not know the latter, so such a caller is refused.
    """
    try:
        return is_local(theirs[0], ours[0])
    except ValueError:
        return True


def _caller(
    unit: Unit, token_signer: TokenSigner, lookup: ProcessLookup
) -> Caller | None:
    """The caller that a lookup identifies; None is the operator.

    Raises `Unauthorized` if the terminal has ended, or cannot be determined.
    """
    terminal = lookup.terminal
    if terminal is not None:
        with suppress(Unauthorized):
            caller = identify(unit, token_signer, terminal.token)
            if caller.session_id == terminal.session_id:
                return caller
        # A terminal of another server is not in the database.
        if lookup.is_proved or unit.sessions.get(terminal.session_id) is not None:
            raise Unauthorized(_ENDED)
    if lookup.is_descendant:
        raise Unauthorized(_STRAY)
    return None
