"""Errors of connections. The module imports no library, so a short call may use it."""

from ant.core.errors import AntError


class Unreachable(AntError):
    """No server answers, or it has ended the connection."""


class Disconnected(Unreachable):
    """A connection has ended that a client may open again."""
