"""Who calls without showing anything, on a server without a key: the kernel tells.

Own uid is the operator; another uid is nobody. A process of one of our terminals, or
one that such a process left behind, is that terminal, with what its token may do. What
cannot be told is refused. It is a fence and no wall: see docs/identity.md.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from itertools import pairwise
from typing import Final

import attrs
import trio

from ant.core.errors import Unauthorized
from ant.http.access.sock_diag import Address, Owner, SockDiag, is_local
from ant.identity.tokens import Caller, TokenSigner, identify
from ant.runtime.session_run import RunServices
from ant.store import Unit
from ant.terminal.host import processes
from ant.terminal.host.processes import Process
from ant.terminal.host.socket_holders import SocketHolders, lineage, uids_of

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing; `WEBSOCKET` is none of them."""

AT_ONCE = 2
"""Looks through /proc that go on at a time; the others wait."""

_KEY = "set ANT_API_KEY (or --api-key-file) for the server, and show that key."
_UNKNOWN: Final = (
    "ANT cannot tell which process makes this call, so it is refused: keep the "
    f"connection open until the answer is there, or {_KEY}"
)
_STRAY: Final = (
    "This call comes from a program that was started in a terminal of this server, and "
    "ANT cannot tell from which: show the ANT_TOKEN of that terminal."
)
_REMOTE: Final = (
    f"This server has no key, so only programs on its own machine may call: {_KEY}"
)
_ENDED: Final = "This call comes from a program of a terminal that has ended."


@attrs.frozen
class TerminalClaim:
    """A terminal that a process is of: by what the kernel tells, or by what it says."""

    session_id: str
    token: str


@attrs.frozen
class ProcessLookup:
    """What /proc tells of the process that holds a connection.

    `named` is the terminal it is of: told by the kernel (`is_proved`), or by the
    environment of it or of one that started it. `ours`: it descends from us or from our
    tmux.
    """

    known: bool
    named: TerminalClaim | None = None
    is_proved: bool = False
    ours: bool = False


class Peers:
    """Tells who made a connection; `tmux` is the name of our tmux' socket.

    `is_open`: the server was told to take calls from other machines (--insecure).
    """

    def __init__(
        self, kernel: SockDiag, services: RunServices, tmux: str, is_open: bool = False
    ) -> None:
        self._kernel, self.services, self.is_open = kernel, services, is_open
        self._tmux = tmux.encode()
        self._holders = SocketHolders()
        self._turn = trio.CapacityLimiter(AT_ONCE)

    def connected(
        self, theirs: Address | None, ours: Address | None
    ) -> "ConnectedPeer | None":
        """What is to be known of a connection from its first moment on.

        None for one that has no addresses, and about which nothing can be asked.
        """
        if theirs is None or ours is None:
            return None
        return ConnectedPeer(self, theirs, ours)

    def ask(self, theirs: Address, ours: Address) -> Owner | None:
        """Whose a connection is now; None where nobody can tell."""
        try:
            return self._kernel.owner(theirs, ours)
        except (OSError, ValueError):
            return None

    async def find(self, inode: int) -> ProcessLookup:
        """Which process holds that socket, and whether it is of a terminal of ours.

        In a thread, since it may read all of /proc. *Cancellation:* the thread ends by
        itself.
        """
        token_signer, leaders = self.services.token_signer, dict[int, TerminalClaim]()
        for session_id, session_run in self.services.running.items():
            if (leader := session_run.live.terminal.identity) is not None:
                named = TerminalClaim(
                    session_id, token_signer.token(session_id, session_run.run)
                )
                leaders[leader.pid] = named
        return await trio.to_thread.run_sync(
            partial(self._look, inode, leaders),
            abandon_on_cancel=True,
            limiter=self._turn,
        )

    def _look(self, inode: int, leaders: dict[int, TerminalClaim]) -> ProcessLookup:
        found = self._holders.find(inode)
        if found.pid is None:
            return ProcessLookup(
                any(self._may_hold(pid, leaders) for pid in found.unseen)
            )
        return self._judge(found.pid, leaders)

    def _may_hold(self, pid: int, leaders: dict[int, TerminalClaim]) -> bool:
        """Whether a process that hides its descriptors may be the operator's.

        One of our user's that is not from a terminal of ours: sshd forwards a port so.
        """
        if pid == 1 or os.geteuid() not in uids_of(pid):
            return False  # An init calls nobody; in a container it may well hide.
        finding = self._judge(pid, leaders)
        return finding.known and not (finding.named or finding.ours)

    def _judge(self, pid: int, leaders: dict[int, TerminalClaim]) -> ProcessLookup:
        if pid == os.getpid():
            return ProcessLookup(known=True)
        line = lineage(pid)
        if not line:
            return ProcessLookup(known=False)
        # What the kernel tells goes before what a process says of itself.
        for process in line:
            named = leaders.get(process.pid) or leaders.get(process.sid)
            if named is not None:
                return ProcessLookup(known=True, named=named, is_proved=True, ours=True)
            if process.pid == os.getpid():
                break
        for number, process in enumerate(line):
            if process.pid == os.getpid() or self._is_tmux(process):
                return ProcessLookup(known=True, named=_named(line[:number]), ours=True)
        return ProcessLookup(known=True, named=_named(line))

    def _is_tmux(self, process: Process) -> bool:
        """Whether it is our tmux server, or a client of it; also of an earlier run."""
        words = processes.told_of(process.pid, "cmdline").split(b"\0")
        return (b"-L", self._tmux) in pairwise(words)


def _named(line: Iterable[Process]) -> TerminalClaim | None:
    for process in line:
        env = processes.environ_of(process.pid)
        if session_id := env.get("ANT_SESSION_ID"):
            return TerminalClaim(session_id, env.get("ANT_TOKEN", ""))
    return None


class ConnectedPeer:
    """The other end of one connection, and who it was found to be."""

    def __init__(self, peers: Peers, theirs: Address, ours: Address) -> None:
        self._peers, self._theirs, self._ours = peers, theirs, ours
        self._is_local = _is_local(theirs, ours)
        self._owner = peers.ask(theirs, ours) if self._is_local else None
        self._finding: ProcessLookup | None = None
        self._is_sure = False

    async def caller(self, method: str) -> Caller | None:
        """The terminal that calls; None is the operator. Raises `Unauthorized`.

        A finding is kept for the connection, and made anew once, before the first call
        that may change something. A refusal is not kept.
        """
        if not self._is_local:  # A server without a key is --insecure then, or this is:
            if self._peers.is_open:
                return None
            raise Unauthorized(_REMOTE)
        services = self._peers.services
        is_unsafe = method not in SAFE
        if self._finding is None or (is_unsafe and not self._is_sure):
            self._finding = None
            finding = await self._look()
            self._finding, self._is_sure = finding, is_unsafe
        return await services.journal.read(
            _caller, services.token_signer, self._finding
        )

    async def _look(self) -> ProcessLookup:
        owner = self._owner
        if owner is None:
            raise Unauthorized(_UNKNOWN)
        if owner.uid != os.geteuid():
            raise Unauthorized(
                f"This server is that of uid {os.geteuid()}, and this call comes from "
                f"uid {owner.uid}: {_KEY}"
            )
        finding = await self._peers.find(owner.inode)
        # Who was found holds it still; nobody else has come by its address meanwhile.
        if not finding.known or self._peers.ask(self._theirs, self._ours) != owner:
            raise Unauthorized(_UNKNOWN)
        return finding


def _is_local(theirs: Address, ours: Address) -> bool:
    """Whether the kernel is asked: what is no address cannot be told."""
    try:
        return is_local(theirs[0], ours[0])
    except ValueError:
        return True


def _caller(
    unit: Unit, token_signer: TokenSigner, finding: ProcessLookup
) -> Caller | None:
    """Who was found. Raises `Unauthorized` where nobody can tell, or it has ended."""
    named = finding.named
    if named is not None:
        with suppress(Unauthorized):
            caller = identify(unit, token_signer, named.token)
            if caller.session_id == named.session_id:
                return caller
        # Of another server's terminals the database knows nothing.
        if finding.is_proved or unit.sessions.get(named.session_id) is not None:
            raise Unauthorized(_ENDED)
    if finding.ours:
        raise Unauthorized(_STRAY)
    return None
